//! A request as a case writes it, to the bytes that are sent.

/// The bytes of a request's lines.
pub(super) fn request(lines: &[&str]) -> Result<Vec<u8>, String> {
    if lines.iter().any(|line| line.starts_with("raw:")) {
        return mixed(lines);
    }
    let end = lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len());
    let head = &lines[..end];
    let body = lines.get(end + 1..).unwrap_or_default().join("\n");
    let mut out = String::new();
    for line in head {
        out.push_str(line);
        out.push_str("\r\n");
    }
    let is_framed = head.iter().any(|line| {
        let name = line.split(':').next().unwrap_or_default();
        name.eq_ignore_ascii_case("content-length")
            || name.eq_ignore_ascii_case("transfer-encoding")
    });
    if !body.is_empty() && !is_framed {
        out.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    out.push_str("\r\n");
    out.push_str(&body);
    Ok(out.into_bytes())
}

/// Lines with escapes stand as they are written; the others end in CR LF, an empty one too.
fn mixed(lines: &[&str]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    for line in lines {
        match line.strip_prefix("raw:") {
            Some(text) => unescape(text.strip_prefix(' ').unwrap_or(text), &mut out)?,
            None => {
                out.extend_from_slice(line.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
        }
    }
    Ok(out)
}

fn unescape(text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let mut after = rest[at + 1..].chars();
        match after.next() {
            Some('r') => out.push(b'\r'),
            Some('n') => out.push(b'\n'),
            Some('t') => out.push(b'\t'),
            Some('0') => out.push(0),
            Some('\\') => out.push(b'\\'),
            Some('x') => {
                let digits = after.as_str().get(..2).ok_or("two digits stand behind \\x")?;
                let byte = u8::from_str_radix(digits, 16);
                out.push(byte.map_err(|_| format!("\\x{digits} is no byte"))?);
                after = after.as_str()[2..].chars();
            }
            Some('{') => {
                let (inner, tail) = after.as_str().split_once('}').ok_or("\\{ has no }")?;
                let (piece, count) = inner.rsplit_once('*').ok_or("\\{text*N} has no *")?;
                let count: usize = count.parse().map_err(|_| format!("{count} is no number"))?;
                let mut bytes = Vec::new();
                unescape(piece, &mut bytes)?;
                out.extend(bytes.repeat(count));
                after = tail.chars();
            }
            other => return Err(format!("there is no escape \\{}", other.unwrap_or(' '))),
        }
        rest = after.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::request;

    #[test]
    fn requests() {
        let rows: [(&[&str], &str); 6] = [
            (&["GET / HTTP/1.1", "Host: a"], "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            (
                &["POST / HTTP/1.1", "Host: a", "", "x=1", "y"],
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nx=1\ny",
            ),
            (
                &["POST / HTTP/1.1", "content-length: 9", "", "x"],
                "POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nx",
            ),
            (&["raw: GET / HTTP/1.1\\n\\t\\\\"], "GET / HTTP/1.1\n\t\\"),
            (&["GET / HTTP/1.1", "raw:A: \\x0b\\r\\n", ""], "GET / HTTP/1.1\r\nA: \u{b}\r\n\r\n"),
            (&["raw: a\\{b\\n*3}c"], "ab\nb\nb\nc"),
        ];
        for (lines, want) in rows {
            assert_eq!(request(lines).map(String::from_utf8), Ok(Ok(want.into())), "{lines:?}");
        }
        for bad in ["raw: \\q", "raw: \\x1", "raw: \\xzz", "raw: \\{a}", "raw: \\{a*2", "raw: \\"] {
            assert!(request(&[bad]).is_err(), "{bad}");
        }
    }
}
