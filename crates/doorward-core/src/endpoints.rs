//! The gate's own addresses, below `/.doorward`.

use crate::gate::Gate;
use crate::verdict::Reply;
use crate::view::View;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};

/// Answers `healthz` and `readyz`: for any Host, with no identity and no store. What else stands
/// below the prefix meets the layers first.
pub(crate) fn reply(gate: &Gate, view: &View<'_>) -> Option<Reply> {
    let name = view.target.path.strip_prefix(gate.endpoints.as_str())?;
    if *view.method != Method::GET && *view.method != Method::HEAD {
        return None;
    }
    let (kind, body) = match name {
        "/healthz" => ("text/plain; charset=utf-8", "ok\n"),
        "/readyz" => ("application/json", "{\"ready\":true}\n"),
        _ => return None,
    };
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Some(Reply { status: StatusCode::OK, headers, body: Bytes::from_static(body.as_bytes()) })
}

impl Gate {
    /// Whether a path is the one at which the gate says that it is ready: a mounting that ends says
    /// no there.
    #[must_use]
    pub fn is_readiness(&self, path: &str) -> bool {
        path.strip_prefix(self.endpoints.as_str()) == Some("/readyz")
    }
}

/// Whether a path is one of the gate's own: it never goes on to the backend.
pub(crate) fn is_own(gate: &Gate, path: &str) -> bool {
    path.strip_prefix(gate.endpoints.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
