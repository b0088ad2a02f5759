//! axum: `Router::new().route(…).layer(axum::middleware::from_fn(only_through_the_gate))`.
//!
//! base64 = "0.22", hmac = "0.12", sha2 = "0.10"; the layer goes on the outermost router.

use axum::body::{Body, to_bytes};
use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Whether this very request came through the gate.
pub fn admitted(proof: &str, method: &str, target: &str, body: &[u8]) -> Option<()> {
    let key = BASE64.decode(std::env::var("DOORWARD_ADMISSION_KEY").ok()?).ok()?;
    let gate = std::env::var("DOORWARD_GATE_ID").unwrap_or("doorward".into());
    let parts: Vec<&str> = proof.split('.').collect();
    let &["dwa1", time, id, identity, digest, mac] = parts.as_slice() else { return None };
    let mut hmac = Hmac::<Sha256>::new_from_slice(&key).ok().filter(|_| key.len() == 32)?;
    for field in ["dwa1", &gate, time, id, method, target, identity, digest] {
        hmac.update(format!("{}:{field}", field.len()).as_bytes());
    }
    hmac.verify_slice(&BASE64.decode(mac).ok()?).ok()?;
    let made = UNIX_EPOCH + Duration::from_secs(time.parse().ok()?);
    let age = SystemTime::now().duration_since(made).unwrap_or_else(|ahead| ahead.duration());
    let fits = digest == "-" || digest == BASE64.encode(Sha256::digest(body));
    (age.as_secs() <= 60 && fits).then_some(())
}

/// The middleware.
pub async fn only_through_the_gate(
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let (parts, body) = request.into_parts();
    // Only where a route binds its body: this reads it whole.
    let body = to_bytes(body, 1 << 20).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let mut proofs = headers.get_all("doorward-admitted").iter();
    let (Some(proof), None) = (proofs.next(), proofs.next()) else {
        return Err(StatusCode::FORBIDDEN);
    };
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    admitted(proof.to_str().unwrap_or_default(), parts.method.as_str(), target, &body)
        .ok_or(StatusCode::FORBIDDEN)?;
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}
