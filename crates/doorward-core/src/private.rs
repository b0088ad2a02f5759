//! Answers that belong to their caller alone.

use http::{HeaderMap, HeaderValue, header};

/// An answer to a known caller, or one that was bought with a credential, belongs to its caller: a
/// shared cache in front would hand it to anyone (RFC 9111 5.2.2.7). What else is said of caching
/// stays; `private` for some fields alone is not enough.
pub(crate) fn make_private(headers: &mut HeaderMap) {
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
