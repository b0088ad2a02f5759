//! A request as it is lent to the core.

use doorward_core::certificate::Certificate;
use doorward_core::fingerprint::shown::Shown;
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use http::request::Parts;
use http_body::Body;
use hyper::body::Incoming;
use std::net::IpAddr;

/// Lends a request to the core.
pub(crate) fn lend<'v>(
    parts: &'v Parts,
    peer: IpAddr,
    (certificate, shown): (Option<&'v Certificate>, Shown<'v>),
    body: BodyHint,
) -> View<'v> {
    View {
        method: &parts.method,
        target: Target {
            authority: parts.uri.authority().map(http::uri::Authority::as_str),
            path: parts.uri.path(),
            query: parts.uri.query(),
        },
        headers: &parts.headers,
        peer,
        certificate,
        shown,
        body,
        fidelity: Fidelity::PROXY,
    }
}

/// What is known of a body before it is read.
pub(crate) fn hint(incoming: &Incoming) -> BodyHint {
    if incoming.is_end_stream() {
        return BodyHint::Empty;
    }
    incoming.size_hint().exact().map_or(BodyHint::Stream, BodyHint::Length)
}
