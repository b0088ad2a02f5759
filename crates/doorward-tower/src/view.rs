//! A request as it is lent to the core.

use crate::peer::PeerCertificate;
use doorward_core::fingerprint::shown::Shown;
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use http::header::{self, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Version, uri};
use http_body::Body;
use std::net::IpAddr;

/// What this mounting can see and do: everything but the connection's and the head's own bytes,
/// which the server has read already. Upgrades are the application's: an admitted WebSocket
/// handshake reaches it, and what flows behind its 101 is not seen here.
pub const FIDELITY: Fidelity = Fidelity {
    raw_head: false,
    body: true,
    dress: true,
    edits: true,
    settle: true,
    pages: false,
    upgrades: true,
    shown: false,
};

/// Lends a request to the core.
pub(crate) fn lend(parts: &Parts, peer: IpAddr, body: BodyHint) -> View<'_> {
    View {
        method: &parts.method,
        target: Target {
            authority: parts.uri.authority().map(uri::Authority::as_str),
            path: parts.uri.path(),
            query: parts.uri.query(),
        },
        headers: &parts.headers,
        peer,
        certificate: parts.extensions.get::<PeerCertificate>().map(|shown| &*shown.0),
        shown: Shown::NOTHING,
        body,
        fidelity: FIDELITY,
    }
}

/// What is known of a body before it is read.
pub(crate) fn hint(body: &impl Body) -> BodyHint {
    if body.is_end_stream() {
        return BodyHint::Empty;
    }
    body.size_hint().exact().map_or(BodyHint::Stream, BodyHint::Length)
}

/// HTTP/2 may cut a cookie into crumbs, each a line; they are one header (RFC 9113 8.2.3). In
/// HTTP/1.1 several lines are several headers, and stay so for the core to judge.
pub(crate) fn join_crumbs(version: Version, headers: &mut HeaderMap) {
    if version < Version::HTTP_2 {
        return;
    }
    let mut crumbs = headers.get_all(header::COOKIE).iter();
    let (Some(first), Some(second)) = (crumbs.next(), crumbs.next()) else { return };
    let mut joined = first.as_bytes().to_vec();
    for crumb in std::iter::once(second).chain(crumbs) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(crumb.as_bytes());
    }
    // Joined values are a value: neither they nor what stands between them has a control byte.
    if let Ok(joined) = HeaderValue::from_bytes(&joined) {
        headers.insert(header::COOKIE, joined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crumbs_are_one_header_in_http_2_only() {
        for (version, crumbs, want) in [
            (Version::HTTP_2, &["a=b", "c=d", "e"][..], &["a=b; c=d; e"][..]),
            (Version::HTTP_2, &["a=b"], &["a=b"]),
            (Version::HTTP_2, &[], &[]),
            (Version::HTTP_11, &["a=b", "c=d"], &["a=b", "c=d"]),
        ] {
            let mut headers = HeaderMap::new();
            for crumb in crumbs {
                headers.append(header::COOKIE, HeaderValue::from_static(crumb));
            }
            join_crumbs(version, &mut headers);
            let got: Vec<&HeaderValue> = headers.get_all(header::COOKIE).iter().collect();
            assert_eq!(got, want, "{version:?} {crumbs:?}");
        }
    }
}
