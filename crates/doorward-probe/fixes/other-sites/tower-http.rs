use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};

const OURS: &[&str] = &["https://api.example", "https://app.example"];

/// A request that may change something is refused if its page is none of ours. There is no layer
/// of tower-http for it.
pub fn mend(app: Router) -> Router {
    app.layer(from_fn(async |request: Request, next: Next| -> Response {
        if request.method().is_safe() || is_ours(request.headers()) {
            return next.run(request).await;
        }
        (StatusCode::FORBIDDEN, "this comes from another site").into_response()
    }))
}

fn is_ours(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    match said("origin") {
        Some(origin) => OURS.contains(&origin),
        None => matches!(said("sec-fetch-site"), None | Some("same-origin" | "none")),
    }
}
