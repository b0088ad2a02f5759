use axum::Router;
use axum::http::HeaderValue;
use tower_http::cors::CorsLayer;

/// Whole origins, in a list: `mirror_request` and predicates allow more than they say.
pub fn mend(app: Router) -> Router {
    let origins = [HeaderValue::from_static("https://app.example")];
    app.layer(CorsLayer::new().allow_origin(origins).allow_credentials(true))
}
