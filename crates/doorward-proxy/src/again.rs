//! A request without a body, made once more of the bytes that were written of it.

use crate::body::RequestBody;
use http::{HeaderName, HeaderValue, Method, Request, Uri};

/// Header lines of a head that was written by this gate: what a client may send, and what is added.
const HEADERS_MAX: usize = 256;

/// Reads a head back. None unless `bytes` are one whole head, and nothing behind it.
pub(crate) fn read_back(bytes: &[u8]) -> Option<Request<RequestBody>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(bytes).ok()? else { return None };
    if length != bytes.len() {
        return None;
    }
    let mut request = Request::new(RequestBody::Empty);
    *request.method_mut() = Method::from_bytes(head.method?.as_bytes()).ok()?;
    *request.uri_mut() = Uri::try_from(head.path?).ok()?;
    for line in head.headers.iter() {
        let name = HeaderName::try_from(line.name).ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(line.value).ok()?);
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_back_only_when_it_is_whole_and_alone() {
        let head = b"GET /a?b HTTP/1.1\r\nhost: a\r\nx: 1\r\nx: \xff\r\n\r\n";
        let request = read_back(head).expect("a whole head");
        assert_eq!((request.method(), request.uri().to_string()), (&Method::GET, "/a?b".into()));
        assert_eq!(request.headers().len(), 3);
        assert_eq!(request.headers().get_all("x").iter().count(), 2);
        assert!(read_back(&head[..head.len() - 1]).is_none());
        assert!(read_back(&[head, &b"x"[..]].concat()).is_none());
        assert!(read_back(b"").is_none());
    }
}
