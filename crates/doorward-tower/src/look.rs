//! What a parsed head still shows of what the proxy's scan refuses. It costs one pass over the
//! lines; what the server settled silently is gone by then (`quirks.toml`).

use doorward_core::fault::Fault;
use doorward_core::header::{One, single};
use http::header;
use http::request::Parts;
use http::uri::PathAndQuery;

/// The fault of a parsed head, if it still shows one.
pub(crate) fn fault(parts: &Parts, head_bytes_max: usize) -> Option<Fault> {
    let target = parts.uri.path_and_query().map_or("", PathAndQuery::as_str);
    let lines = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    if target.len() + lines.sum::<usize>() > head_bytes_max {
        return Some(Fault::HeadTooLarge);
    }
    // The parser takes any UTF-8 and braces; browsers encode both, and readers differ.
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    if path.bytes().any(|byte| is_odd(byte) || matches!(byte, b'`' | b'{' | b'}'))
        || query.bytes().any(is_odd)
    {
        return Some(Fault::TargetBytes);
    }
    match single(&parts.headers, &header::TRANSFER_ENCODING) {
        One::Absent => return length(parts),
        One::Value(coding) if coding.trim().eq_ignore_ascii_case("chunked") => {}
        One::Value(_) | One::Repeated | One::Unreadable => return Some(Fault::TransferEncoding),
    }
    parts.headers.contains_key(header::CONTENT_LENGTH).then_some(Fault::LengthConflict)
}

/// Whether a byte of a target is one that browsers encode everywhere in it.
const fn is_odd(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f || matches!(byte, b'"' | b'<' | b'>' | b'#')
}

/// The first length that is too large: readers with signed 64 bits would wrap.
const LENGTH_END: u64 = 1 << 63;

/// The length stands once and is plain: digits, without leading zeros.
fn length(parts: &Parts) -> Option<Fault> {
    let is_plain = match single(&parts.headers, &header::CONTENT_LENGTH) {
        One::Absent | One::Value("0") => true,
        One::Value(text) => {
            text.starts_with(|first| matches!(first, '1'..='9'))
                && text.parse().is_ok_and(|length: u64| length < LENGTH_END)
        }
        One::Repeated | One::Unreadable => false,
    };
    (!is_plain).then_some(Fault::ContentLength)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn look(target: &str, lines: &[(&str, &str)]) -> Option<Fault> {
        let mut request = Request::post(target);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a row's request").into_parts();
        fault(&parts, 100)
    }

    #[test]
    fn lengths_and_codings_stand_once_and_plainly() {
        let (cl, te) = ("content-length", "transfer-encoding");
        let two = "a".repeat(90);
        for (lines, want) in [
            (&[][..], None),
            (&[(cl, "0")], None),
            (&[(cl, "10")], None),
            (&[(cl, "05")], Some(Fault::ContentLength)),
            (&[(cl, "00")], Some(Fault::ContentLength)),
            (&[(cl, "")], Some(Fault::ContentLength)),
            (&[(cl, "+5")], Some(Fault::ContentLength)),
            (&[(cl, "5a")], Some(Fault::ContentLength)),
            (&[(cl, "9223372036854775807")], None),
            (&[(cl, "9223372036854775808")], Some(Fault::ContentLength)),
            (&[(cl, "99999999999999999999999")], Some(Fault::ContentLength)),
            (&[(cl, "5, 5")], Some(Fault::ContentLength)),
            (&[(cl, "5"), (cl, "5")], Some(Fault::ContentLength)),
            (&[(te, "chunked")], None),
            (&[(te, "Chunked")], None),
            (&[(te, "gzip, chunked")], Some(Fault::TransferEncoding)),
            (&[(te, "identity")], Some(Fault::TransferEncoding)),
            (&[(te, "chunked"), (te, "chunked")], Some(Fault::TransferEncoding)),
            (&[(te, "chunked"), (cl, "5")], Some(Fault::LengthConflict)),
            (&[("x", &two)], None),
            (&[("x", &two), ("y-longer", "")], None),
            (&[("x", &two), ("y-longer", "a")], Some(Fault::HeadTooLarge)),
        ] {
            assert_eq!(look("/", lines), want, "{lines:?}");
        }
    }

    #[test]
    fn targets_are_as_browsers_write_them() {
        for (target, want) in [
            ("/a[1]^2|3?q={}&r=`[]^|\\", None),
            ("/caf%C3%A9?q=%22", None),
            ("*", None),
            ("/{a}", Some(Fault::TargetBytes)),
            ("/a\"b\"", Some(Fault::TargetBytes)),
            ("/caf\u{e9}", Some(Fault::TargetBytes)),
            ("/?caf\u{e9}", Some(Fault::TargetBytes)),
        ] {
            assert_eq!(look(target, &[]), want, "{target}");
        }
    }
}
