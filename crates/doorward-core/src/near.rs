//! Origins that are one edit away from an allowed one: mostly one's own page under another name.

use crate::origin::{Origin, Origins, is_local_host};

/// The allowed origin that `origin` misses by its scheme, its port, `www.`, or another name for
/// this machine, and by nothing else.
#[must_use]
pub(crate) fn near_origin<'o>(origins: &'o Origins, origin: &str) -> Option<&'o Origin> {
    let sent = Origin::parse(origin).ok()?;
    origins.exact().find(|allowed| {
        let bare = |host: &'_ str| host.strip_prefix("www.").unwrap_or(host).to_owned();
        let same_host = allowed.host() == sent.host();
        let same_scheme = allowed.scheme() == sent.scheme();
        let same_port = allowed.port() == sent.port();
        let only_www = bare(allowed.host()) == bare(sent.host()) && same_scheme && same_port;
        let web = |origin: &Origin| matches!(origin.scheme(), "http" | "https");
        let only_scheme = same_host && web(allowed) && web(&sent) && !same_scheme;
        let only_port = same_host && same_scheme && !same_port;
        let both_here = is_local_host(allowed.host()) && is_local_host(sent.host());
        let plain = |host: &str| !host.ends_with(".localhost");
        let only_local =
            both_here && same_scheme && same_port && plain(allowed.host()) && plain(sent.host());
        sent != **allowed && (only_www || only_scheme || only_port || only_local)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_edit_away_is_near_and_two_are_not() {
        let list = ["https://shop.example", "http://localhost:5173"].map(String::from);
        let origins = Origins::parse(&list).expect("two origins");
        for (origin, want) in [
            ("https://www.shop.example", Some("https://shop.example")),
            ("http://shop.example", Some("https://shop.example")),
            ("https://shop.example:8443", Some("https://shop.example")),
            ("http://127.0.0.1:5173", Some("http://localhost:5173")),
            ("http://localhost:5174", Some("http://localhost:5173")),
            ("https://shop.example", None),
            ("https://evilshop.example", None),
            ("https://shop.example.evil.test", None),
            ("http://evil.localhost:5173", None),
            ("null", None),
        ] {
            let found = near_origin(&origins, origin).map(Origin::as_str);
            assert_eq!(found, want, "{origin}");
        }
    }
}
