//! Fields of a sealed or signed text, each as `<length>:<bytes>`, so that no two lists of fields
//! have the same bytes.

/// Appends one field.
pub(super) fn push(field: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(field.len().to_string().as_bytes());
    out.push(b':');
    out.extend_from_slice(field);
}

/// The fields of a text, exactly `N`. A length is written without zeros in front.
pub(super) fn read<const N: usize>(text: &str) -> Option<[&str; N]> {
    let mut out = [""; N];
    let mut rest = text;
    for field in &mut out {
        let (length, behind) = rest.split_once(':')?;
        let is_plain = (1..=4).contains(&length.len())
            && length.bytes().all(|byte| byte.is_ascii_digit())
            && (length == "0" || !length.starts_with('0'));
        let length = is_plain.then(|| length.parse::<usize>().ok()).flatten()?;
        (*field, rest) = behind.split_at_checked(length)?;
    }
    rest.is_empty().then_some(out)
}

/// A number as it is written in a field: decimal, without zeros in front.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_spelling_is_read() {
        let mut out = Vec::new();
        for field in ["", "a:b", "1234567890"] {
            push(field.as_bytes(), &mut out);
        }
        let text = String::from_utf8(out).expect("ASCII");
        assert_eq!(text, "0:3:a:b10:1234567890");
        assert_eq!(read::<3>(&text), Some(["", "a:b", "1234567890"]));
        for wrong in ["", "0:3:a:b", "00:3:a:b1:c", "0:3:a:b1:cd", "0:3:a:b2:c", "0:+1:a1:b"] {
            assert_eq!(read::<3>(wrong), None, "{wrong}");
        }
        assert_eq!(read::<2>("0:3:aäb"), None);
        for (text, want) in [("0", Some(0)), ("17", Some(17)), ("017", None), ("", None)] {
            assert_eq!(number(text), want, "{text}");
        }
        assert_eq!((number("-1"), number("99999999999999999999")), (None, None));
    }
}
