//! What is wrong with the axum application: for tower-http, and behind what stands in front.

use crate::applications::Parts;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

const APP: HeaderValue = HeaderValue::from_static("https://app.example");

/// The parts of the faulty application, by the check that finds its fault.
pub(crate) fn faulty(check: &str) -> Option<Parts> {
    let parts = |mend: fn(Router) -> Router| Parts { mend, ..Parts::default() };
    Some(match check {
        "C-01" => parts(|app| {
            let mirror = CorsLayer::new().allow_origin(AllowOrigin::mirror_request());
            app.layer(mirror.allow_credentials(true))
        }),
        "C-14" => parts(|app| {
            let name = header::ACCESS_CONTROL_ALLOW_ORIGIN;
            app.layer(SetResponseHeaderLayer::overriding(name, APP))
        }),
        "C-17" => parts(|app| app.layer(list()).layer(from_fn(approve_all))),
        "C-21" => parts(|app| app.layer(list().vary([]))),
        "K-01" => {
            Parts { sign_in: |response| set_cookie(response, "session=of-ann"), ..Parts::default() }
        }
        _ => return None,
    })
}

fn list() -> CorsLayer {
    CorsLayer::new().allow_origin([APP])
}

fn set_cookie(response: &mut Response, cookie: &'static str) {
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
}

/// Approves every preflight, whatever the answer says later.
async fn approve_all(request: Request, next: Next) -> Response {
    let said = |name: HeaderName| request.headers().get(name).cloned();
    if request.method() != Method::OPTIONS {
        return next.run(request).await;
    }
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, said(header::ORIGIN)),
        (header::ACCESS_CONTROL_ALLOW_METHODS, said(header::ACCESS_CONTROL_REQUEST_METHOD)),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, said(header::ACCESS_CONTROL_REQUEST_HEADERS)),
    ] {
        headers.extend(value.map(|value| (name, value)));
    }
    (StatusCode::NO_CONTENT, headers).into_response()
}
