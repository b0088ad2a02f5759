//! Reading a MIME type (MIME Sniffing 4.4), as far as its essence goes.

/// The essence, `type/subtype` in lower case; none where the text is no MIME type.
pub(crate) fn essence(text: &str) -> Option<String> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let (kind, rest) = text.split_once('/')?;
    let subtype = rest.split(';').next()?.trim_end_matches([' ', '\t', '\r', '\n']);
    let is_word = crate::headers::is_token;
    (is_word(kind) && is_word(subtype)).then(|| format!("{kind}/{subtype}").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::essence;

    #[test]
    fn essences() {
        let rows = [
            ("text/plain", Some("text/plain")),
            (" Text/Plain ; charset=utf-8", Some("text/plain")),
            ("text/plain;garbage", Some("text/plain")),
            ("text/plain,", None),
            ("text/plain, text/plain", None),
            ("text", None),
            ("/plain", None),
            ("text/", None),
            ("", None),
        ];
        for (text, want) in rows {
            assert_eq!(essence(text).as_deref(), want, "{text}");
        }
    }
}
