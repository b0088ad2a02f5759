use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use tower_http::set_header::SetResponseHeaderLayer;

/// In every answer.
pub fn mend(app: Router) -> Router {
    [
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-site"),
        ("content-security-policy", "frame-ancestors 'none'"),
    ]
    .into_iter()
    .fold(app, |app, (name, value)| {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        app.layer(SetResponseHeaderLayer::overriding(name, value))
    })
}
