//! Answers that belong to their caller alone.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// An answer to a known caller, or one that was bought with a credential, belongs to its caller: a
/// shared cache in front would hand it to anyone (RFC 9111 5.2.2.7). What else is said of caching
/// stays; `private` for some fields alone is not enough.
pub(crate) fn make_private(headers: &mut HeaderMap) {
    drop_words_to_one_cache(headers);
    let lines = headers.get_all(header::CACHE_CONTROL).into_iter();
    let said: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    let said = said.join(",");
    let names = |directive: &str, name: &str| {
        directive.split('=').next().unwrap_or_default().trim().eq_ignore_ascii_case(name)
    };
    let mut kept: Vec<&str> = said.split(',').map(str::trim).collect();
    if kept.iter().any(|one| one.eq_ignore_ascii_case("no-store")) {
        return;
    }
    kept.retain(|one| {
        !one.is_empty() && !["public", "s-maxage", "private"].iter().any(|name| names(one, name))
    });
    kept.insert(0, "private");
    let value = HeaderValue::from_str(&kept.join(", "));
    headers.insert(header::CACHE_CONTROL, value.unwrap_or(HeaderValue::from_static("private")));
}

/// Keeps an answer from every store, the visitor's own too.
pub(crate) fn keep_from_stores(headers: &mut HeaderMap) {
    drop_words_to_one_cache(headers);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
}

/// Drops what is said to one kind of cache by a header of its own: such a cache does not look at
/// `Cache-Control` beside it. The headers are those of RFC 9213 and of its makers (`CDN-`,
/// `X-LiteSpeed-Cache-Control` and their like), of the Edge Architecture (`Surrogate-Control`), of
/// nginx (`X-Accel-Expires`) and of Akamai (`Edge-Control`).
fn drop_words_to_one_cache(headers: &mut HeaderMap) {
    let is_one = |name: &HeaderName| {
        let name = name.as_str();
        name.ends_with("-cache-control")
            || matches!(name, "surrogate-control" | "x-accel-expires" | "edge-control")
    };
    while let Some(name) = headers.keys().find(|name| is_one(name)).cloned() {
        headers.remove(name);
    }
}
