//! `GET /.doorward/csrf`: a token for whoever asks, by the cookies that he sends.

use super::anchor;
use super::token::Subject;
use crate::header::One;
use crate::layers::{cors, method, site};
use crate::moment::Moment;
use crate::reason::Reason;
use crate::verdict::Reply;
use crate::visit::{OriginIs, Visit};
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};

/// Hands out a token, with a new anchor where there is none for this subject. Never to a page of
/// another site that is not allowed, whatever the mode of `site`.
pub(crate) fn hand_out(visit: &Visit<'_>, at: Moment<'_>) -> Result<Reply, Reason> {
    let gate = &visit.gate;
    // A preflight that is left to the backend comes past `method`.
    if *visit.view.method != Method::GET && *visit.view.method != Method::HEAD {
        return Err(Reason::Method(method::Reason::NotDeclared));
    }
    let is_from_elsewhere = asks_from_elsewhere(visit).map_err(Reason::Site)?;
    // A stranger's token would be refused as soon as somebody can say whose the session is.
    if let Some(reason) = visit.unjudged {
        return Err(Reason::Identity(reason));
    }
    let subject = Subject::of(visit);
    let keys = &gate.csrf.keys;
    let (kept, drawn);
    let (anchor, set) = match anchor::find(visit) {
        One::Repeated | One::Unreadable => return Err(Reason::Csrf(super::Reason::Unclear)),
        One::Value(text) if keys.is_sealed_for(text, subject) => {
            kept = text;
            (Some(kept), None)
        }
        One::Value(_) | One::Absent => {
            drawn = keys.draw(subject, at.chance);
            let anchor = drawn.as_deref();
            (anchor, anchor.and_then(|text| anchor::set(visit, text, is_from_elsewhere)))
        }
    };
    let token = anchor.and_then(|anchor| keys.write(anchor, subject, at.now, at.chance));
    // A layer that is on has keys: it was checked when the gate was made.
    let token = token.ok_or(Reason::Csrf(super::Reason::Missing))?;
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
    if let Some(set) = set {
        headers.insert(header::SET_COOKIE, set);
    }
    cors::dress_own(&gate.cors, cors::mirror(visit).as_ref(), &mut headers);
    // A token's text needs no escaping.
    let body = Bytes::from(format!("{{\"token\":\"{token}\"}}\n"));
    Ok(Reply { status: StatusCode::OK, headers, body })
}

/// Whether an allowed page of another site asks. One that is not allowed gets nothing.
fn asks_from_elsewhere(visit: &Visit<'_>) -> Result<bool, site::Reason> {
    let site = visit.seen.fetch_site;
    if site.is_unclear() {
        return Err(site::Reason::Unclear);
    }
    match (visit.origin, site.value()) {
        (OriginIs::Allowed, site) => Ok(site == Some("cross-site")),
        (OriginIs::Own, _) => Ok(false),
        // One's own page under `Referrer-Policy: no-referrer`.
        (OriginIs::Null, Some("same-origin")) => Ok(false),
        (OriginIs::Null, _) => Err(site::Reason::NullOrigin),
        // Browsers put no `Origin` on what a page asks of its own origin; programs, on nothing.
        (OriginIs::Absent, None | Some("same-origin" | "none")) => Ok(false),
        (OriginIs::Absent, Some("same-site")) => Err(site::Reason::SameSite),
        (OriginIs::Absent | OriginIs::Other, _) => Err(site::Reason::CrossSite),
        (OriginIs::Unclear, _) => Err(site::Reason::Unclear),
    }
}
