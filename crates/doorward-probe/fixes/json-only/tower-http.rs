use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};

/// Other types are what forms send, and what scripts may send without asking. There is no layer of
/// tower-http for it.
pub fn mend(app: Router) -> Router {
    app.layer(from_fn(async |request: Request, next: Next| -> Response {
        let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
        if !has_body || is_json(request.headers()) {
            return next.run(request).await;
        }
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "application/json alone").into_response()
    }))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
