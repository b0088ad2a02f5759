//! What a cache may keep of an answer, and for whom (RFC 9111).

use crate::call::Answered;
use http::{HeaderName, HeaderValue, StatusCode};
use http_cache_semantics::{CacheOptions, CachePolicy};
use std::time::{Duration, SystemTime};

/// Who may give an answer again, without asking the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keeper {
    /// Nobody.
    Nobody,
    /// The browser of the person who asked.
    Browser,
    /// A cache that many people share.
    Everybody,
}

/// Who may keep an answer to a GET without a session, and give it again without asking.
#[must_use]
pub fn keeper(answered: &Answered, now: SystemTime) -> Keeper {
    let is_kept = |shared| {
        let request = http::Request::new(());
        let mut response = http::Response::new(());
        *response.status_mut() = StatusCode::from_u16(answered.status).unwrap_or_default();
        for (name, value) in answered.headers.iter() {
            // RFC 9111 5.2: directives are the same in any case; the library knows small letters.
            let is_control = name.eq_ignore_ascii_case("cache-control");
            let value = if is_control { value.to_ascii_lowercase() } else { value.to_owned() };
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_bytes(value.as_bytes());
            if let (Ok(name), Ok(value)) = (name, value) {
                response.headers_mut().append(name, value);
            }
        }
        let options = CacheOptions { shared, ..CacheOptions::default() };
        let policy = CachePolicy::new_options(&request, &response, now, options);
        policy.is_storable() && policy.time_to_live(now) > Duration::ZERO
    };
    // RFC 9111 4.1: what varies by everything is never given again.
    if varies(answered) == Varies::Always {
        Keeper::Nobody
    } else if is_kept(true) {
        Keeper::Everybody
    } else if is_kept(false) {
        Keeper::Browser
    } else {
        Keeper::Nobody
    }
}

/// What `Vary` says about `Origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Varies {
    /// The answer may be given to any origin.
    Never,
    /// `Origin` is listed.
    ByOrigin,
    /// `*`: the answer is never given again.
    Always,
}

/// What `Vary` says about `Origin`.
#[must_use]
pub fn varies(answered: &Answered) -> Varies {
    let text = answered.header("vary").unwrap_or_default();
    let names = || text.split(',').map(str::trim);
    if names().any(|name| name == "*") {
        Varies::Always
    } else if names().any(|name| name.eq_ignore_ascii_case("origin")) {
        Varies::ByOrigin
    } else {
        Varies::Never
    }
}

/// Whether a cache says that the answer was its own: `Age` above zero (RFC 9111 5.1), `hit` in
/// `Cache-Status` (RFC 9211), or what was usual before that.
#[must_use]
pub fn is_from_a_cache(answered: &Answered) -> bool {
    let age = answered.header("age").and_then(|age| age.parse::<u64>().ok());
    let names = ["cache-status", "x-cache", "cf-cache-status", "x-cache-status", "x-vercel-cache"];
    let says_hit = |name: &&str| {
        let text = answered.header(name).unwrap_or_default().to_ascii_lowercase();
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| word == "hit")
    };
    age.is_some_and(|age| age > 0) || names.iter().any(says_hit)
}

#[cfg(test)]
mod tests {
    use super::{Keeper, Varies, is_from_a_cache, keeper, varies};
    use crate::call::Answered;
    use std::time::{Duration, SystemTime};

    fn answered(said: &[(&str, &str)]) -> Answered {
        let headers = said.iter().copied().collect();
        Answered { status: 200, headers, body: Vec::new(), is_cut: false }
    }

    #[test]
    fn who_keeps_what() {
        let control = |text| vec![("Cache-Control", text)];
        let old = "Thu, 19 Nov 1981 08:52:00 GMT";
        let rows = [
            (vec![], Keeper::Nobody),
            (control("max-age=60"), Keeper::Everybody),
            (control("public"), Keeper::Nobody),
            (control("Public, Max-Age=60"), Keeper::Everybody),
            (control("private, max-age=60"), Keeper::Browser),
            (control("max-age=0, s-maxage=60"), Keeper::Everybody),
            (control("max-age=60, s-maxage=0"), Keeper::Browser),
            (control("max-age=soon"), Keeper::Nobody),
            (control("no-store, max-age=60"), Keeper::Nobody),
            (control("no-cache"), Keeper::Nobody),
            (vec![("Last-Modified", old)], Keeper::Everybody),
            (vec![("Last-Modified", old), ("Vary", "Accept, *")], Keeper::Nobody),
            (vec![("Expires", "0"), ("Last-Modified", old)], Keeper::Nobody),
            (vec![("Expires", old)], Keeper::Nobody),
            (vec![("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")], Keeper::Everybody),
        ];
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for (said, want) in rows {
            assert_eq!(keeper(&answered(&said), now), want, "{said:?}");
        }
    }

    #[test]
    fn what_varies_and_what_was_kept() {
        for (text, want) in [
            ("Accept-Encoding", Varies::Never),
            ("accept-encoding, ORIGIN", Varies::ByOrigin),
            ("Origin-Agent", Varies::Never),
            ("*", Varies::Always),
        ] {
            assert_eq!(varies(&answered(&[("Vary", text)])), want, "{text}");
        }
        for (name, value, want) in [
            ("Age", "3", true),
            ("Age", "0", false),
            ("Age", "old", false),
            ("X-Cache", "HIT from edge", true),
            ("X-Cache", "MISS", false),
            ("Cache-Status", "edge; hit", true),
            ("X-Cache", "whitelisted", false),
        ] {
            assert_eq!(is_from_a_cache(&answered(&[(name, value)])), want, "{name}: {value}");
        }
    }
}
