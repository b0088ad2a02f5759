//! HTTP/1.1 messages at a socket, read plainly: by other code than the proxy's.

use std::io::{self, BufRead, Read};

/// A message: its first line, headers and body.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) first: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    fn value(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The status of a response.
    pub(super) fn status(&self) -> u16 {
        let word = self.first.split(' ').nth(1);
        word.and_then(|word| word.parse().ok()).unwrap_or_default()
    }
}

/// Reads a request; none where the connection ends before one.
pub(super) fn read_request(from: &mut impl BufRead) -> io::Result<Option<Message>> {
    let Some(mut request) = read_head(from)? else { return Ok(None) };
    read_body(from, &mut request, false)?;
    Ok(Some(request))
}

/// Reads a response, past interim ones; that to HEAD has no body.
pub(super) fn read_response(from: &mut impl BufRead, to_head: bool) -> io::Result<Message> {
    loop {
        let early = || io::Error::new(io::ErrorKind::UnexpectedEof, "no answer came");
        let mut response = read_head(from)?.ok_or_else(early)?;
        let status = response.status();
        if (100..200).contains(&status) && status != 101 {
            continue;
        }
        if !to_head && status != 204 && status != 304 {
            read_body(from, &mut response, true)?;
        }
        return Ok(response);
    }
}

fn read_head(from: &mut impl BufRead) -> io::Result<Option<Message>> {
    let Some(first) = read_line(from)? else { return Ok(None) };
    let mut headers = Vec::new();
    loop {
        let line = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line.is_empty() {
            return Ok(Some(Message { first, headers, body: Vec::new() }));
        }
        let (name, value) = line.split_once(':').ok_or(io::ErrorKind::InvalidInput)?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if from.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let line = line.strip_suffix(b"\r\n").ok_or(io::ErrorKind::InvalidInput)?;
    // Bytes that are no UTF-8 stay apart from each other, one character each.
    let apart = || line.iter().copied().map(char::from).collect();
    Ok(Some(std::str::from_utf8(line).map_or_else(|_| apart(), str::to_owned)))
}

fn read_body(from: &mut impl BufRead, message: &mut Message, to_end: bool) -> io::Result<()> {
    if let Some(coding) = message.value("transfer-encoding") {
        if !coding.eq_ignore_ascii_case("chunked") {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        return read_chunks(from, &mut message.body);
    }
    match message.value("content-length") {
        Some(length) => {
            let length: usize = length.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
            message.body = vec![0; length];
            from.read_exact(&mut message.body)
        }
        None if to_end => from.read_to_end(&mut message.body).map(drop),
        None => Ok(()),
    }
}

fn read_chunks(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let line = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let size = u64::from_str_radix(&line, 16).map_err(|_| io::ErrorKind::InvalidInput)?;
        from.by_ref().take(size).read_to_end(body)?;
        loop {
            // Behind the last chunk come trailers, if any, and an empty line.
            let line = read_line(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line.is_empty() {
                break;
            }
        }
        if size == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{read_request, read_response};

    #[test]
    fn messages_end_where_they_say() {
        let text = b"POST /a HTTP/1.1\r\nA: b\r\ncontent-length: 2\r\n\r\nhiGET / HTTP/1.1\r\n\r\n";
        let mut from = &text[..];
        let first = read_request(&mut from).expect("one").expect("one");
        assert_eq!((first.body.as_slice(), first.value("a")), (&b"hi"[..], Some("b")));
        assert_eq!(read_request(&mut from).expect("two").expect("two").first, "GET / HTTP/1.1");
        assert!(read_request(&mut from).expect("an end").is_none());
        let mut from =
            &b"HTTP/1.1 100 a\r\n\r\nHTTP/1.1 200 b\r\ntransfer-encoding: chunked\r\n\r\n\
            2\r\nhi\r\n1\r\n!\r\n0\r\n\r\nrest"[..];
        let response = read_response(&mut from, false).expect("a response");
        assert_eq!((response.status(), response.body.as_slice()), (200, &b"hi!"[..]));
        assert_eq!(from, b"rest");
        let mut from = &b"HTTP/1.1 200 b\r\ncontent-length: 9\r\n\r\n"[..];
        assert!(read_response(&mut from, true).expect("a response").body.is_empty());
    }
}
