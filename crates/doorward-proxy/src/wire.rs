//! The last touch on a request's head: what belongs to the HTTP in which its upstream is spoken to.

use crate::body::RequestBody;
use crate::settings::Upstream;
use doorward_core::fault::Fault;
use http::header::{self, HeaderValue};
use http::uri::{Authority, Parts, Scheme};
use http::{Uri, Version, request};

/// HTTP/1.1: framing, and what `Connection` must name (RFC 9110 7.6.1).
pub(crate) fn one(
    parts: &mut request::Parts,
    body: &RequestBody,
    has_length: bool,
    takes_trailers: bool,
) {
    if takes_trailers {
        parts.headers.insert(header::TE, HeaderValue::from_static("trailers"));
        parts.headers.insert(header::CONNECTION, HeaderValue::from_static("TE"));
    }
    match body {
        // hyper would leave out the body of a GET otherwise.
        RequestBody::Stream(_) if !has_length => {
            parts.headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        RequestBody::Stream(_) | RequestBody::Held(_) | RequestBody::Empty => {}
    }
}

/// HTTP/2: `:scheme` and `:authority` in place of `Host` (RFC 9113 8.3.1).
///
/// # Errors
/// [`Fault::UpstreamBroken`] where the name that it is to be told is none.
pub(crate) fn two(
    parts: &mut request::Parts,
    upstream: &Upstream,
    takes_trailers: bool,
) -> Result<(), Fault> {
    if takes_trailers {
        // RFC 9113 8.2.2: the one header about its connection that a request may have.
        parts.headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    let host = parts.headers.remove(header::HOST).ok_or(Fault::UpstreamBroken)?;
    let authority = Authority::try_from(host.as_bytes()).map_err(|_| Fault::UpstreamBroken)?;
    let mut uri = Parts::default();
    uri.scheme = Some(if upstream.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP });
    uri.authority = Some(authority);
    uri.path_and_query = parts.uri.path_and_query().cloned();
    parts.uri = Uri::from_parts(uri).map_err(|_| Fault::UpstreamBroken)?;
    parts.version = Version::HTTP_2;
    Ok(())
}
