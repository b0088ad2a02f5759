//! The three encodings of an HTML form, and query strings.

/// The pairs of an `application/x-www-form-urlencoded` text (WHATWG URL 5.1), in their order.
pub(super) fn urlencoded(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// The pairs of a `text/plain` form (HTML 4.10.22.8): a line each.
pub(super) fn plain(text: &str) -> Vec<(String, String)> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The text fields of a `multipart/form-data` body (RFC 7578), its parts divided by `boundary`.
pub(super) fn multipart(text: &str, boundary: &str) -> Vec<(String, String)> {
    let divider = format!("--{boundary}");
    // What stands before the first divider is no part.
    text.split(divider.as_str()).skip(1).filter_map(part).collect()
}

/// The first value of a name.
pub(super) fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

fn part(part: &str) -> Option<(String, String)> {
    let (head, body) = part.split_once("\r\n\r\n")?;
    let (_, name) = head.split_once("name=\"")?;
    let (name, _) = name.split_once('"')?;
    Some((name.to_owned(), body.strip_suffix("\r\n").unwrap_or(body).to_owned()))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let pair = (byte == b'%').then(|| (ahead.next().and_then(hex), ahead.next().and_then(hex)));
        match (byte, pair) {
            (_, Some((Some(high), Some(low)))) => {
                bytes.push(high << 4 | low);
                rest = ahead;
            }
            (b'+', _) => bytes.push(b' '),
            (other, _) => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::{multipart, plain, urlencoded};

    fn check(got: &[(String, String)], want: &[(&str, &str)]) {
        let got: Vec<_> = got.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn urlencoded_pairs() {
        check(&urlencoded("to=evil&amount=100"), &[("to", "evil"), ("amount", "100")]);
        check(&urlencoded("a=1+2%20%C3%BC&&b"), &[("a", "1 2 ü"), ("b", "")]);
        check(&urlencoded("a=%4&b=%zz%"), &[("a", "%4"), ("b", "%zz%")]);
        check(&urlencoded(""), &[]);
    }

    #[test]
    fn plain_lines() {
        check(&plain("to=evil\r\namount=100\r\n"), &[("to", "evil"), ("amount", "100")]);
    }

    #[test]
    fn multipart_parts() {
        let part = |name: &str, value: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let text = format!("{}{}--x--\r\n", part("to", "evil"), part("amount", "100"));
        check(&multipart(&text, "x"), &[("to", "evil"), ("amount", "100")]);
        check(&multipart(&text, "other"), &[]);
    }
}
