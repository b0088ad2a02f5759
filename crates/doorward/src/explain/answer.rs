//! `doorward explain --request FILE --answer FILE`: what the backend set, and what leaves.

use anyhow::{Context, bail};
use doorward_core::explained::{Answer, Left, escaped};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a file that are read.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// Reads an answer's headers; what a verbose client printed loses its marks (`< `).
pub(super) fn read(file: &Path) -> anyhow::Result<HeaderMap> {
    let opened = File::open(file);
    let opened = opened.with_context(|| format!("cannot read {}", file.display()))?;
    let mut bytes = Vec::new();
    opened.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes)?;
    headers(&bytes).with_context(|| format!("{} is no answer", file.display()))
}

pub(super) fn headers(bytes: &[u8]) -> anyhow::Result<HeaderMap> {
    let is_marked = bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"< HTTP/"));
    let mut lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| match is_marked {
        true => line.strip_prefix(b"<").map(<[u8]>::trim_ascii),
        false => Some(line.trim_ascii_end()),
    });
    if !lines.next().is_some_and(|line| line.starts_with(b"HTTP/")) {
        bail!("it does not begin with a status line, as in HTTP/1.1 200 OK");
    }
    let mut out = HeaderMap::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let shown = escaped(line);
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            bail!("this line is no header: {shown}");
        };
        let name = HeaderName::from_bytes(line[..colon].trim_ascii());
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        let (Ok(name), Ok(value)) = (name, value) else {
            bail!("this line is no header: {shown}");
        };
        out.append(name, value);
    }
    Ok(out)
}

/// The table in words. Writing to a string does not fail.
pub(super) fn text(answer: &Answer) -> String {
    let mut out = String::from("\nthe answer\n");
    if answer.is_of_cookies {
        out.push_str("  its cookies alone: who calls is not known here, or it is not admitted\n");
    }
    for Left { name, set, leaves } in &answer.lefts {
        let mut lines = |word: &str, values: &[String]| {
            for value in values {
                let _ = writeln!(out, "  {word:<8} {name}: {value}");
            }
        };
        if set == leaves {
            lines("as set", set);
            continue;
        }
        lines("set", set);
        lines("leaves", leaves);
        if leaves.is_empty() {
            out.push_str("  leaves   (not at all)\n");
        }
    }
    if answer.lefts.is_empty() {
        out.push_str("  no header of it is touched\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_is_and_as_a_client_printed_it() {
        for text in [
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nVary: Accept\r\n\r\nSet-Cookie: body=1",
            "HTTP/1.1 200 OK\nSet-Cookie: a=1\nVary: Accept\n",
            "* Connected\n> GET / HTTP/2\n< HTTP/2 200 \n< set-cookie: a=1\n< vary: Accept\n< \n{}",
        ] {
            let headers = headers(text.as_bytes()).expect(text);
            assert_eq!(headers.len(), 2, "{text}");
            assert_eq!(headers["set-cookie"], "a=1");
        }
        for bad in ["", "Set-Cookie: a=1\n", "HTTP/1.1 200 OK\nno header\n", "HTTP/1.1 200\n: b\n"]
        {
            assert!(headers(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let error = headers(b"HTTP/1.1 200 OK\n\x1b[2J\xc2\x9b\n").expect_err("no header");
        assert!(!error.to_string().contains(char::is_control), "{error}");
    }
}
