//! The head that the application sees: made of the lines that were judged and may go on.
//!
//! The application is the last hop, so what belongs to the connection stays as its server left it;
//! but no other upgrade than a WebSocket is offered, because behind it nobody would judge.

use doorward_core::header::{One, single};
use doorward_core::refused::Refused;
use doorward_core::verdict::Admitted;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Uri};
use std::borrow::Cow;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

/// Makes the head what the application is to see.
///
/// # Errors
/// A refusal, when the proof of admission cannot be written.
pub(crate) fn rebuild(parts: &mut Parts, admitted: &Admitted) -> Result<(), Box<Refused>> {
    let cut = admitted.upstream_target(&target(&parts.uri));
    if let Some(target) = cut.and_then(|cut| PathAndQuery::try_from(cut).ok()) {
        parts.uri = target.into();
    }
    let edits = admitted.upstream_edits(&parts.method, &target(&parts.uri))?;
    let headers = &mut parts.headers;
    let dropped: Vec<HeaderName> =
        headers.keys().filter(|name| !edits.keeps(name)).cloned().collect();
    for name in dropped {
        headers.remove(name);
    }
    edits.strip_cookies(headers);
    edits.strip_own(headers);
    if !is_web_socket(headers) {
        headers.remove(header::UPGRADE);
        headers.remove(&HTTP2_SETTINGS);
    }
    forwarding(parts, admitted);
    if admitted.spends() {
        // What is paid for is counted as it goes by.
        parts.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    for (name, value) in edits.into_adds() {
        parts.headers.insert(name, value);
    }
    Ok(())
}

/// The target in its origin form (RFC 9112 3.2.1): what the proof of admission is made for.
fn target(uri: &Uri) -> Cow<'_, str> {
    match uri.path_and_query().map(PathAndQuery::as_str) {
        Some(target) if target.starts_with('/') => target.into(),
        Some(target) => format!("/{target}").into(),
        None => "/".into(),
    }
}

/// Whether the one protocol that is asked for is a WebSocket.
fn is_web_socket(headers: &HeaderMap) -> bool {
    match single(headers, &header::UPGRADE) {
        One::Value(text) => text.trim().eq_ignore_ascii_case("websocket"),
        One::Absent | One::Repeated | One::Unreadable => false,
    }
}

/// Tells the application who asked, where and how, as it was judged. The client's own words about
/// it are gone by then, and so is every other name than the judged one, which a trusted proxy may
/// have told. HTTP/2 has its name in the target; here it stands in `Host` too, as in HTTP/1.1.
fn forwarding(parts: &mut Parts, admitted: &Admitted) {
    let headers = &mut parts.headers;
    if let Ok(address) = HeaderValue::try_from(admitted.client().to_string()) {
        headers.insert(&X_FORWARDED_FOR, address);
    }
    let proto = if admitted.is_secure() { "https" } else { "http" };
    headers.insert(&X_FORWARDED_PROTO, HeaderValue::from_static(proto));
    let host = match admitted.external() {
        Some(external) => Some(external.authority().clone()),
        None => match single(headers, &header::HOST) {
            One::Value(host) => HeaderValue::from_str(host).ok(),
            One::Absent | One::Repeated | One::Unreadable => {
                let authority = parts.uri.authority().map(Authority::as_str);
                authority.and_then(|authority| HeaderValue::from_str(authority).ok())
            }
        },
    };
    if let Some(host) = host {
        headers.insert(header::HOST, host.clone());
        headers.insert(&X_FORWARDED_HOST, host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_made_for_the_origin_form() {
        for (uri, want) in [
            ("/a?b", "/a?b"),
            ("http://shop.test/a?b", "/a?b"),
            ("http://shop.test?b", "/?b"),
            ("http://shop.test", "/"),
        ] {
            let uri: Uri = uri.parse().expect("a row's target");
            assert_eq!(target(&uri), want, "{uri}");
        }
    }

    #[test]
    fn only_a_web_socket_is_asked_for_on() {
        for (lines, want) in [
            (&["websocket"][..], true),
            (&["WebSocket"], true),
            (&["h2c"], false),
            (&["websocket, h2c"], false),
            (&["websocket", "websocket"], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::UPGRADE, HeaderValue::from_static(line));
            }
            assert_eq!(is_web_socket(&headers), want, "{lines:?}");
        }
    }
}
