//! Who may ask: the lab's own page in a browser on this machine, and nobody else.

use super::Control;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

/// The header that carries the token. No form can set it, and no other origin is allowed to.
pub(super) static TOKEN: HeaderName = HeaderName::from_static("lab-token");
static FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Answers under the lab's own names only, and tells browsers to keep the page to itself.
pub(super) async fn host(
    State(control): State<Arc<Control>>,
    request: Request,
    next: Next,
) -> Response {
    let port = control.lab.sites().ports.lab;
    let own = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
    if hosts.next().is_some() || !own.iter().any(|own| own == host) {
        let said = "This is the Doorward lab, and it answers under its own name only.";
        return no(StatusCode::MISDIRECTED_REQUEST, "host", said);
    }
    let mut response = next.run(request).await;
    dress(response.headers_mut(), &policy(&control));
    response
}

/// Wants the token of this run.
pub(super) async fn token(
    State(control): State<Arc<Control>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let single = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        (values.next().map(HeaderValue::as_bytes), values.next().is_some())
    };
    let site = single(&FETCH_SITE);
    if !matches!(site, (None | Some(b"same-origin"), false)) {
        return no(StatusCode::FORBIDDEN, "site", "Only the lab's own page may ask this.");
    }
    let lab = control.lab.sites().lab();
    let origin = single(&ORIGIN);
    let port = control.lab.sites().ports.lab;
    let own = [lab, format!("http://127.0.0.1:{port}"), format!("http://[::1]:{port}")];
    let is_own = origin.0.is_none_or(|origin| own.iter().any(|own| own.as_bytes() == origin));
    if !is_own || origin.1 {
        return no(StatusCode::FORBIDDEN, "origin", "Only the lab's own page may ask this.");
    }
    match single(&TOKEN) {
        (Some(token), false) if control.token.matches(token) => next.run(request).await,
        _ => {
            let said = "The token is missing or of another run: open the address that \
                        `doorward lab` printed.";
            no(StatusCode::FORBIDDEN, "token", said)
        }
    }
}

/// What the page may do: its own scripts, and frames of the lab's sites.
fn policy(control: &Control) -> String {
    let sites = control.lab.sites();
    let scheme = if sites.tls { "https" } else { "http" };
    let frames = ["*.localhost", "localhost", "127.0.0.1"];
    let frames = frames.map(|name| format!("{scheme}://{name}:*")).join(" ");
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; frame-src {frames}; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'none'"
    )
}

fn dress(headers: &mut HeaderMap, policy: &str) {
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let own = HeaderValue::from_static("same-origin");
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), own);
}

/// A refusal in the words of the page.
pub(super) fn no(status: StatusCode, code: &str, said: &str) -> Response {
    let body = json!({ "error": { "code": code, "says": said } }).to_string();
    let kind = [(CONTENT_TYPE, "application/json")];
    (status, kind, body).into_response()
}
