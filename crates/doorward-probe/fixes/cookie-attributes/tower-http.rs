use axum::http::header::InvalidHeaderValue;
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// How a session's cookie is set.
pub fn sign_in(response: &mut Response, session: &str) -> Result<(), InvalidHeaderValue> {
    let cookie = format!("__Host-session={session}; Path=/; Secure; HttpOnly; SameSite=Lax");
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie)?);
    Ok(())
}
