//! The gate's own addresses, below `/.doorward`.

use crate::gate::Gate;
use crate::verdict::Reply;
use crate::view::View;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

/// The scripts with which pages ask for passes, as `clients/js` makes them.
const SCRIPTS: [(&str, &str); 4] = [
    ("/auto.js", include_str!("../../../clients/js/dist/auto.js")),
    ("/client.js", include_str!("../../../clients/js/dist/client.js")),
    ("/work.js", include_str!("../../../clients/js/dist/work.js")),
    ("/worker.js", include_str!("../../../clients/js/dist/worker.js")),
];

/// A script: the same for everybody, so any page may load it and any cache keep it for a while.
fn script(text: &'static str) -> Reply {
    let mut headers = HeaderMap::with_capacity(8);
    let lines: [(HeaderName, &str); 6] = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        // A worker answers for the whole site, not for the gate's own addresses alone.
        (HeaderName::from_static("service-worker-allowed"), "/"),
    ];
    for (name, value) in lines {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Reply { status: StatusCode::OK, headers, body: Bytes::from_static(text.as_bytes()) }
}

/// Answers `healthz` and `readyz`, and hands out the scripts of passes: for any Host, with no
/// identity and no store. What else stands below the prefix meets the layers first.
pub(crate) fn reply(gate: &Gate, view: &View<'_>) -> Option<Reply> {
    let name = view.target.path.strip_prefix(gate.endpoints.as_str())?;
    if *view.method != Method::GET && *view.method != Method::HEAD {
        return None;
    }
    let script_of = SCRIPTS.iter().find(|(known, _)| *known == name && gate.has_passes());
    if let Some((_, text)) = script_of {
        return Some(script(text));
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
