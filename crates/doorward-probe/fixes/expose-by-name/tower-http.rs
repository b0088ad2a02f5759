use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use tower_http::cors::CorsLayer;

/// By name: `*` is only a name where credentials travel.
pub fn mend(app: Router) -> Router {
    let cors = CorsLayer::new()
        .allow_origin([HeaderValue::from_static("https://app.example")])
        .allow_credentials(true)
        .expose_headers([HeaderName::from_static("x-total-count")]);
    app.layer(cors)
}
