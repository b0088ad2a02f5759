//! What passes need of preflights that are left to the backend. The page's script adds headers to
//! what it signs; the backend's own CORS knows nothing of them, and a page that works today must
//! work while the gate only watches.

use super::{Policy, TRUE, approve, is_preflight};
use crate::verdict::Reply;
use crate::visit::{OriginIs, Visit};
use http::header::{self, HeaderMap, HeaderValue};

/// What the script adds to a request.
const OWN: [&str; 5] =
    ["content-digest", "doorward-again", "doorward-pass", "signature", "signature-input"];
/// Methods that need no preflight of their own (Fetch 2.2.1).
const SIMPLE: [&str; 3] = ["GET", "HEAD", "POST"];

/// Seconds for which such an approval holds, as long as browsers take for granted.
static MAX_AGE: HeaderValue = HeaderValue::from_static("5");

fn is_own(name: &str) -> bool {
    OWN.iter().any(|own| name.trim().eq_ignore_ascii_case(own))
}

/// The headers that a preflight asks for.
fn asked<'v>(visit: &Visit<'v>) -> impl Iterator<Item = &'v str> {
    let lines = visit.view.headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).into_iter();
    lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','))
}

/// Whether a preflight asks for what the script adds.
pub(crate) fn asks_for_own(visit: &Visit<'_>) -> bool {
    let is_ours = matches!(visit.origin, OriginIs::Allowed | OriginIs::Own);
    is_preflight(visit) && is_ours && asked(visit).any(is_own)
}

/// The answer to a preflight that is there for the script's sake alone: without it, the request
/// would have come at once, with cookies or without.
pub(crate) fn reply_alone(policy: &Policy, visit: &Visit<'_>) -> Option<Reply> {
    let method = visit.seen.preflight_method.value()?;
    let is_alone = SIMPLE.contains(&method) && asks_for_own(visit) && asked(visit).all(is_own);
    let mut reply = is_alone.then(|| approve(policy, visit)).flatten()?;
    reply.headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE.clone());
    // What the backend would say of other methods is not known here, nor for how long.
    let method = HeaderValue::from_str(method).ok()?;
    reply.headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, method);
    reply.headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE.clone());
    Some(reply)
}

/// Takes what the script adds out of what the backend is asked for.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let name = header::ACCESS_CONTROL_REQUEST_HEADERS;
    let lines = headers.get_all(&name).into_iter().filter_map(|line| line.to_str().ok());
    let kept: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let kept: Vec<&str> = kept.into_iter().filter(|name| !is_own(name)).collect();
    let kept = HeaderValue::from_str(&kept.join(",")).ok().filter(|list| !list.is_empty());
    headers.remove(&name);
    if let Some(kept) = kept {
        headers.insert(name, kept);
    }
}

/// Adds it to what the backend approves, where it approves anything.
pub(crate) fn approve_own(headers: &mut HeaderMap) {
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        let own = HeaderValue::from_static(
            "content-digest, doorward-again, doorward-pass, signature, signature-input",
        );
        headers.append(header::ACCESS_CONTROL_ALLOW_HEADERS, own);
    }
}
