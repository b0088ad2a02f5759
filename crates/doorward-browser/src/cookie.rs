//! One cookie: reading `Set-Cookie` (RFC 6265bis 5.6).

mod date;

/// Bytes of name and value, at most.
const PAIR_BYTES_MAX: usize = 4096;
/// Bytes of one attribute's value, at most; longer ones are ignored.
const ATTRIBUTE_BYTES_MAX: usize = 1024;

/// What is left out round names and values.
const WHITE: [char; 2] = [' ', '\t'];

/// The attribute `SameSite`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// `Strict`.
    Strict,
    /// `Lax`.
    Lax,
    /// `None`.
    None,
    /// No attribute, or one that is none of the three.
    #[default]
    Default,
}

/// A cookie in the jar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name; may be empty.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host, or the domain with its subdomains.
    pub domain: String,
    /// Only that host.
    pub host_only: bool,
    /// The path that it is for.
    pub path: String,
    /// Only over secure connections.
    pub secure: bool,
    /// Not for scripts.
    pub http_only: bool,
    /// Its `SameSite`.
    pub same_site: SameSite,
    /// When it was made, in seconds.
    pub created_s: u64,
    /// When it ends; none: with the session.
    pub expires_s: Option<u64>,
    /// It asked for a jar of its own under each top-level site (`Partitioned`).
    pub is_partitioned: bool,
    /// The top-level site whose jar it is in; none: the server's own.
    pub partition: Option<String>,
}

/// What a line of `Set-Cookie` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) domain: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
    pub(crate) max_age_s: Option<i64>,
    pub(crate) expires_s: Option<i64>,
}

/// Reads a line; none where a browser ignores it.
pub(crate) fn read(line: &str) -> Option<Said> {
    if line.bytes().any(|byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f) {
        return None;
    }
    let mut parts = line.split(';');
    let pair = parts.next()?;
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let (name, value) = (name.trim_matches(WHITE), value.trim_matches(WHITE));
    if (name.is_empty() && value.is_empty()) || name.len() + value.len() > PAIR_BYTES_MAX {
        return None;
    }
    let mut said = Said { name: name.to_owned(), value: value.to_owned(), ..Said::default() };
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (name.trim_matches(WHITE), value.trim_matches(WHITE));
        if value.len() <= ATTRIBUTE_BYTES_MAX {
            attribute(&mut said, &name.to_ascii_lowercase(), value);
        }
    }
    Some(said)
}

/// The last of equal attributes counts.
fn attribute(said: &mut Said, name: &str, value: &str) {
    match name {
        "domain" => {
            let domain = value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase();
            said.domain = (!domain.is_empty()).then_some(domain);
        }
        "path" => said.path = value.starts_with('/').then(|| value.to_owned()),
        "secure" => said.secure = true,
        "httponly" => said.http_only = true,
        "partitioned" => said.partitioned = true,
        // What is no number, and what is no date, is ignored.
        "max-age" => said.max_age_s = seconds(value).or(said.max_age_s),
        "expires" => said.expires_s = date::read(value).or(said.expires_s),
        "samesite" => {
            said.same_site = match value.to_ascii_lowercase().as_str() {
                "strict" => SameSite::Strict,
                "lax" => SameSite::Lax,
                "none" => SameSite::None,
                _ => SameSite::Default,
            };
        }
        _ => {}
    }
}

/// RFC 6265bis 5.6.2: digits, with or without a minus; what is too large is the largest.
fn seconds(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let most = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(most))
}

#[cfg(test)]
mod tests {
    use super::{SameSite, read};

    #[test]
    fn lines() {
        let said = read("session=a=b; Path=/x; Domain=.Shop.Test; Secure; HttpOnly; SameSite=lax")
            .expect("a cookie");
        assert_eq!((said.name.as_str(), said.value.as_str()), ("session", "a=b"));
        assert_eq!(said.path.as_deref(), Some("/x"));
        assert_eq!(said.domain.as_deref(), Some("shop.test"));
        assert!(said.secure && said.http_only);
        assert_eq!(said.same_site, SameSite::Lax);
        let rows = [
            ("a=1; SameSite=None; SameSite=Strict", SameSite::Strict),
            ("a=1; SameSite=odd", SameSite::Default),
            ("a=1", SameSite::Default),
        ];
        for (line, want) in rows {
            assert_eq!(read(line).map(|said| said.same_site), Some(want), "{line}");
        }
        assert_eq!(
            read("alone").map(|said| (said.name, said.value)),
            Some((String::new(), "alone".to_owned()))
        );
        assert_eq!(read("a=1; Max-Age=-1").and_then(|said| said.max_age_s), Some(-1));
        assert_eq!(read("a=1; Path=x").and_then(|said| said.path), None);
        for bad in ["", "=", "a=\u{1}", &format!("a={}", "b".repeat(4096))] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
