//! The gate's own addresses, below `/.doorward`.

use crate::gate::Gate;
use crate::verdict::Reply;
use crate::view::View;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

/// A script with which pages ask for passes, as `clients/js` makes it: as it is, and compressed.
struct Script {
    name: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

macro_rules! script {
    ($name:literal) => {
        Script {
            name: concat!("/", $name),
            plain: include_bytes!(concat!("../../../clients/js/dist/", $name)),
            brotli: include_bytes!(concat!("../../../clients/js/dist/", $name, ".br")),
            gzip: include_bytes!(concat!("../../../clients/js/dist/", $name, ".gz")),
        }
    };
}

const SCRIPTS: [Script; 5] = [
    script!("auto.js"),
    script!("client.js"),
    script!("work.js"),
    script!("worker.js"),
    script!("open.js"),
];

/// A script: the same for everybody, so any page may load it and any cache keep it for a while.
fn hand_out(script: &Script, asked: &HeaderMap) -> Reply {
    let (encoding, bytes) = if takes(asked, "br") {
        (Some("br"), script.brotli)
    } else if takes(asked, "gzip") {
        (Some("gzip"), script.gzip)
    } else {
        (None, script.plain)
    };
    let mut headers = HeaderMap::with_capacity(10);
    let lines: [(HeaderName, &str); 7] = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::VARY, "Accept-Encoding"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        // A worker answers for the whole site, not for the gate's own addresses alone.
        (HeaderName::from_static("service-worker-allowed"), "/"),
    ];
    for (name, value) in lines {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Reply { status: StatusCode::OK, headers, body: Bytes::from_static(bytes) }
}

/// Whether a client names an encoding (RFC 9110 12.5.3), with another weight than nought. What it
/// does not name it gets in no encoding at all.
fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    let mut items = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    items.any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let nought = weight.trim().strip_prefix("q=").is_some_and(|q| {
            q.trim_matches(|letter: char| letter == '0' || letter == '.').is_empty()
        });
        name.trim().eq_ignore_ascii_case(encoding) && !nought
    })
}

/// What a page is told whose script is older than the settings: no passes are given here, and it
/// may go on without. Any page may read it, for it says nothing else.
fn no_passes() -> Reply {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let body = Bytes::from_static(b"No passes are given here.\n");
    Reply { status: StatusCode::NOT_FOUND, headers, body }
}

/// Answers `healthz` and `readyz`, and hands out the scripts of passes: for any Host, with no
/// identity and no store. What else stands below the prefix meets the layers first.
pub(crate) fn reply(gate: &Gate, view: &View<'_>) -> Option<Reply> {
    let name = view.target.path.strip_prefix(gate.endpoints.as_str())?;
    if name == "/pass" && *view.method == Method::POST && !gate.has_passes() {
        return Some(no_passes());
    }
    if *view.method != Method::GET && *view.method != Method::HEAD {
        return None;
    }
    let script = SCRIPTS.iter().find(|script| script.name == name && gate.has_passes());
    if let Some(script) = script {
        return Some(hand_out(script, view.headers));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_sent_to_whoever_names_it() {
        for (said, brotli) in [
            ("gzip, deflate, br, zstd", true),
            ("BR", true),
            ("br;q=0.5", true),
            ("br;q=0", false),
            ("br; q=0.000", false),
            ("gzip", false),
            ("*", false),
            ("", false),
            ("brotli", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(said));
            assert_eq!(takes(&headers, "br"), brotli, "{said}");
        }
        assert!(!takes(&HeaderMap::new(), "gzip"));
    }

    #[test]
    fn compressed_scripts_are_smaller_and_of_their_kind() {
        for Script { name, plain, brotli, gzip } in &SCRIPTS {
            assert!(brotli.len() < gzip.len() && gzip.len() < plain.len(), "{name}");
            assert!(gzip.starts_with(&[0x1f, 0x8b]) && plain.starts_with(b"/*"), "{name}");
        }
    }
}
