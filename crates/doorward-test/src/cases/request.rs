//! A request's bytes as a mounting's server would read them, for the core alone.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

/// A request, read.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Reads a request's bytes.
pub(super) fn read(bytes: &[u8]) -> Result<Request, String> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or("the head has no end")?;
    let mut lines = bytes[..end].split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end());
    let line = lines.next().and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default();
    let parts: Vec<&str> = line.split(' ').collect();
    let [method, target, _version] = parts.as_slice() else {
        return Err(format!("no request line: {line:?}"));
    };
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let uri: Uri = target.parse().map_err(|error| format!("{target}: {error}"))?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':').ok_or("a line has no colon")?;
        let name = HeaderName::from_bytes(&line[..colon]).map_err(|error| error.to_string())?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        headers.append(name, value.map_err(|error| error.to_string())?);
    }
    Ok(Request { method, uri, headers, body: bytes[end + 4..].to_vec() })
}
