//! A list of headers, as scripts and servers write it; and which of a script's a browser drops.

/// Names and values in their order; a name may stand more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a header behind the others.
    pub fn append(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// All values of a name, joined as Fetch joins them (2.2.2 "get"); none where it is absent.
    #[must_use]
    pub fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self.all(name).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The values of a name, in their order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let name = name.to_ascii_lowercase();
        let own = self.0.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(&name));
        // RFC 9112 5: optional white space round a value is not part of it.
        own.map(|(_, value)| value.trim_matches([' ', '\t']))
    }

    /// Whether there is such a header.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// All names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same with each name once, and all its values in one line (Fetch 2.2.2, combine).
    pub(crate) fn together(&self) -> Self {
        let mut out = Self::new();
        for (name, _) in self.iter() {
            if !out.has(name) {
                out.append(name, self.joined(name).unwrap_or_default());
            }
        }
        out
    }

    /// Keeps those that `keep` says yes to.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str, &str) -> bool) {
        self.0.retain(|(name, value)| keep(name, value));
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(pairs: T) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Names that no script may set (Fetch 2.2.2, forbidden request-header).
const FORBIDDEN: &[&str] = &[
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Headers by which some frameworks let a request name another method.
const OVERRIDES: &[&str] = &["x-http-method", "x-http-method-override", "x-method-override"];

/// Whether a browser drops this header of a script's without a word.
pub(crate) fn is_forbidden(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if FORBIDDEN.contains(&name.as_str()) || name.starts_with("proxy-") || name.starts_with("sec-")
    {
        return true;
    }
    OVERRIDES.contains(&name.as_str()) && value.split(',').any(|one| is_never(one.trim()))
}

/// Methods that no script may use (Fetch 2.2.1).
pub(crate) fn is_never(method: &str) -> bool {
    ["CONNECT", "TRACE", "TRACK"].iter().any(|never| never.eq_ignore_ascii_case(method))
}

/// Whether a text is a name: a token of RFC 9110 5.6.2.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A value without what stands round it (Fetch 2.2.2, normalise).
pub(crate) fn normalised_value(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// Whether a text may be a value (Fetch 2.2.2): no NUL, no line end, and nothing that is more than
/// a byte (Web IDL, ByteString).
pub(crate) fn is_value(text: &str) -> bool {
    !text.contains(['\0', '\r', '\n']) && text.chars().all(|one| u32::from(one) <= 0xff)
}

#[cfg(test)]
mod tests {
    use super::{Headers, is_forbidden, is_token};

    #[test]
    fn what_a_script_may_not_set() {
        for name in ["Origin", "cookie", "REFERER", "Sec-Fetch-Site", "Proxy-Authorization", "Host"]
        {
            assert!(is_forbidden(name, "x"), "{name}");
        }
        for name in ["Authorization", "X-API-Key", "User-Agent", "Accept", "Range", "X-Origin"] {
            assert!(!is_forbidden(name, "x"), "{name}");
        }
        // Only what names a method that is never sent is dropped; DELETE asks first instead.
        assert!(is_forbidden("X-HTTP-Method-Override", "GET, trace"));
        assert!(!is_forbidden("X-HTTP-Method-Override", "DELETE"));
    }

    #[test]
    fn repeated_values_are_joined() {
        let headers: Headers = [("A", "1"), ("b", " x "), ("a", "2")].into_iter().collect();
        assert_eq!(headers.joined("a").as_deref(), Some("1, 2"));
        assert_eq!(headers.joined("B").as_deref(), Some("x"));
        assert_eq!(headers.joined("c"), None);
    }

    #[test]
    fn tokens() {
        for good in ["PUT", "x-api-key", "a!#$%&'*+-.^_`|~1"] {
            assert!(is_token(good), "{good}");
        }
        for bad in ["", "a b", "a:b", "ü", "a/b"] {
            assert!(!is_token(bad), "{bad}");
        }
    }
}
