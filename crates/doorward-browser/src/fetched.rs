//! Which headers of an answer a script may read (Fetch 2.2.6).

use crate::headers::{Headers, is_token};
use crate::request::Credentials;

/// Readable without being exposed.
const SAFELIST: &[&str] = &[
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
];

/// The names of an answer of one's own origin.
pub(crate) fn all(headers: &Headers) -> Vec<String> {
    visible(headers, |_| true)
}

/// The names of an answer of another origin that passed the CORS check.
pub(crate) fn exposed(headers: &Headers, credentials: Credentials) -> Vec<String> {
    let said = headers.joined("access-control-expose-headers").unwrap_or_default();
    let said: Vec<String> = said
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| is_token(name))
        .collect();
    let everything = credentials != Credentials::Include && said.iter().any(|name| name == "*");
    visible(headers, |name| {
        everything || SAFELIST.contains(&name) || said.iter().any(|own| own == name)
    })
}

fn visible(headers: &Headers, may: impl Fn(&str) -> bool) -> Vec<String> {
    let names = headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    let mut names: Vec<String> =
        names.filter(|name| name != "set-cookie" && name != "set-cookie2" && may(name)).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::{all, exposed};
    use crate::headers::Headers;
    use crate::request::Credentials::{self, Include, SameOrigin};

    #[test]
    fn what_is_exposed() {
        let read = |expose: &str, credentials: Credentials| {
            let pairs = [
                ("Content-Type", "a/b"),
                ("X-Total-Count", "2"),
                ("Set-Cookie", "a=1"),
                ("Access-Control-Expose-Headers", expose),
            ];
            let headers: Headers = pairs.into_iter().collect();
            exposed(&headers, credentials).join(" ")
        };
        assert_eq!(read("", SameOrigin), "content-type");
        assert_eq!(read("x-total-count, Set-Cookie", SameOrigin), "content-type x-total-count");
        assert_eq!(
            read("*", SameOrigin),
            "access-control-expose-headers content-type x-total-count"
        );
        assert_eq!(read("*", Include), "content-type");
        let own: Headers = [("X-A", "1"), ("Set-Cookie", "a=1")].into_iter().collect();
        assert_eq!(all(&own), ["x-a"]);
    }
}
