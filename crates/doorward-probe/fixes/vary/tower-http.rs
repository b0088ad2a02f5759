use axum::Router;
use axum::http::{HeaderValue, header};
use tower_http::cors::CorsLayer;

/// The layer sends `Vary` to everybody, unless `vary` is told otherwise.
pub fn mend(app: Router) -> Router {
    let origins = [HeaderValue::from_static("https://app.example")];
    app.layer(CorsLayer::new().allow_origin(origins).vary([header::ORIGIN]))
}
