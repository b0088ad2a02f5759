use axum::Router;
use axum::http::HeaderValue;
use tower_http::cors::CorsLayer;

/// By `layer`, and not by `route_layer`: then what is not there has it too.
pub fn mend(app: Router) -> Router {
    app.layer(CorsLayer::new().allow_origin([HeaderValue::from_static("https://app.example")]))
}
