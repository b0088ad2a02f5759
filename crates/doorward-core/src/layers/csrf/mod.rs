//! # Csrf
//!
//! Refuses a change that a cookie alone would allow: without a token of this session.
//!
//! ## What it stops
//!
//! * Forged changes where `site` is off, or a browser says nothing of where a request comes from:
//!   a foreign page cannot read the token, and so cannot send it (lab: `csrf-token`; CWE-352).
//! * A token fixed by an attacker, his own, another user's, or one from before a log-in: it holds
//!   for one anchor and one subject (CWE-384).
//! * An anchor planted by a sibling: `__Host-` keeps siblings from setting it, and two are refused.
//! * Login CSRF, on routes that say `csrf = "required"`: the token of a stranger's anchor.
//! * BREACH: no two answers show a token by the same bytes (CVE-2013-3587).
//!
//! ## How it decides
//!
//! 1. Asked are callers known by a cookie, or by a certificate that a browser shows, on `api`
//!    routes, for every method but GET, HEAD and OPTIONS; a method override is judged as what it
//!    names. On a route with `csrf = "required"` strangers are asked too. A caller with a bearer
//!    token or key is not: no browser sends one by itself, and the cookies beside it never go on.
//!    Nor is a program with a certificate: it has none of the headers that only browsers write.
//!    Nor is a POST that signs in (`sign_in`) where strangers need no token and `site` is enforced:
//!    a session that is still there is about to be replaced.
//! 2. The token stands in `X-CSRF-Token` or `X-XSRF-TOKEN` and begins with `dwc1.`; any other is
//!    the application's own, and goes on. Without one, a form's field `_csrf` or `csrf_token`, or
//!    the member `csrf` of a JSON object is read: where `csrf = "body"` or `fields = true` says so,
//!    and with `csrf = "required"` where the route has a `sign_in` or its forms get tokens.
//! 3. Its HMAC-SHA256 must be of one of the gate's keys: else `csrf/forged`.
//! 4. It must be at most `TOKEN_S` old: else `csrf/expired`.
//! 5. It must be of the anchor (the gate's own cookie) and the subject of the request: else
//!    `csrf/other-session`. What cookies the application sets has no part in it.
//! 6. A page asks for one with `fetch("/.doorward/csrf", { credentials: "include" })`: the answer
//!    is `{"token":"dwc1.…"}`, with a new anchor where there is none or the subject has changed. It
//!    asks again after a log-in, a log-out and every `csrf/…`, which has run nothing; and
//!    where nobody can say whose its session is, which `identity` refuses there (503).
//! 7. With `forms = "inject"` the forms of pages come with one, in the field `_csrf`, and with an
//!    anchor. A page: its request's `Accept` names `text/html`, and so does its `Content-Type`; it
//!    is asked for whole and uncompressed, and leaves with `Cache-Control: private, no-store`, and
//!    with nothing that is said to one cache alone. So does every page of such a route without a
//!    token: a cache would hand it to somebody whose form needs one. A form: sent by POST, as its
//!    `action`, `<base>` and buttons say, to the page's own origin. One with a field `_csrf` of its
//!    application gets the token as `csrf_token`; one that has a token already, none. The page
//!    streams; each form is held to its end, up to 128 KiB.
//! 8. A form that stood open in one tab while its visitor signed in or out in another is refused
//!    (`csrf/other-session`): its anchor is gone, and nothing else tells his token of before from
//!    an attacker's. Who sent it from one's own page is shown how to go on, as with a token that
//!    ended: by a link that loads the form again, where it stands at the address it is sent to.
//!
//! ## What it does not stop
//!
//! * Script that runs in an allowed page: it asks for a token as the page does.
//! * An application that changes state on GET: say `effect = "write"` there.
//! * On plain http, while trying out: a sibling may plant the anchor `doorward-anchor`; by https
//!   the one with `__Host-`, in browsers that do not know the prefix (WebKit's GTK port, 2.50).
//! * A subject that logs out and in again, when no page asked in between: its tokens go on.
//! * Forms without script, where the file does not say `forms = "inject"`.
//! * With it, a token that an attacker's markup carries out of a page: a `<base>` or a button with
//!   `form=ID` that stands behind the form and leads away (nobody can know while the page streams),
//!   style sheets that read a field's value. It counts beside its visitor's anchor alone, which
//!   browsers put on no other site's POST (`SameSite=Lax`); pages of one's own site are left, which
//!   `site` refuses.
//!
//! ## When it cannot decide
//!
//! Two tokens that differ, a repeated header with one, two anchors, or a form in which backends
//! could find different fields are `csrf/unclear`. Webhooks, returns, pages and health checks are
//! not asked.
//!
//! A form gets no token in doubt, and what it sends is refused; the gate says why once:
//! `forms/encoded` (compressed all the same), `forms/charset` (UTF-16, ISO-2022-JP), `forms/large`,
//! `forms/own-field` (both names are taken, or an empty `_csrf` waits for a script; where tokens
//! are the application's own, `csrf = "app"` leaves them to it), `forms/unclear` (a form within a
//! form or in a drawing, a selection with a form's tags, whatever parsers read in two ways: nothing
//! behind it gets one). Forms in `<template>` and `<noscript>`, answers that say `no-transform`,
//! files to be saved and 206 get none, and nobody is told.
//!
//! A page whose visitor has a session of which nobody can say whose it is (`check` or an issuer's
//! keys are away) gets no token: a stranger's would take the place of his own. Nor does a page that
//! signs in or out by its own answer: it sets another session than a stranger's change came with,
//! or deletes a caller's. Its forms come with the session that holds then, and a token of the one
//! before would be refused. Let a sign-in lead on to a page (303), or say how it succeeds:
//! `sign_in.success`. A refused sign-in (a 4xx, or none by `success`) keeps its form's token.
//!
//! ## References
//!
//! OWASP Cross-Site Request Forgery Prevention Cheat Sheet; RFC 6265bis 4.1.3 (`__Host-`);
//! CHIPS (`Partitioned`); RFC 2104; RFC 5869; CVE-2013-3587; HTML 13.2.6.4.7 (which form is open),
//! 4.10.21.3 (where it is sent); RFC 9111 5.2.2; RFC 9213.

mod again;
mod anchor;
mod body;
mod forms;
mod hand_out;
mod html;
mod policy;
mod reason;
mod session;
mod token;

pub(crate) use again::offer;
pub(crate) use anchor::is_anchor;
pub use forms::{Forms, Injection, Left, Page};
pub(crate) use forms::{are_written, close};
pub(crate) use hand_out::hand_out;
pub use policy::{Policy, Settings};
pub(crate) use policy::{check, injects};
pub use reason::Reason;
pub use token::TOKEN_S;

use super::{Meta, Need, Step, method};
use crate::form;
use crate::header::{self, One};
use crate::moment::Moment;
use crate::route::{Csrf, Effect, Kind};
use crate::signing_in;
use crate::view::BodyHint;
use crate::visit::Visit;
use http::{HeaderMap, HeaderName, Method};
use token::{PREFIX, Subject};

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "csrf",
    title: "Refuses a change that a cookie alone would allow: without a token of this session.",
    needs: &[Need::Edits],
    can_be_off: true,
    store_away: None,
    source: include_str!("mod.rs"),
};

/// The headers that a token comes back in.
static HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-csrf-token"), HeaderName::from_static("x-xsrf-token")];

/// What of a request is between its page and this layer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carried<'v> {
    /// The token in its headers.
    token: One<'v>,
    /// Which of `HEADERS` are the gate's, and never go on.
    pub(crate) cut: [bool; 2],
    /// The token is looked for in the body.
    pub(crate) waits: bool,
}

/// Finds the token in the headers. What does not begin as one is the application's own.
pub(crate) fn find(headers: &HeaderMap) -> Carried<'_> {
    let mut out = Carried::default();
    for (name, cut) in HEADERS.iter().zip(&mut out.cut) {
        *cut = headers.get_all(name).into_iter().any(|line| holds_own(line.as_bytes()));
        if !*cut {
            continue;
        }
        out.token = match (out.token, header::single(headers, name)) {
            (One::Absent, One::Value(text)) if text.starts_with(PREFIX) => One::Value(text),
            (One::Value(known), One::Value(text)) if known == text => One::Value(known),
            _ => One::Repeated,
        };
    }
    out
}

/// Whether a token of the gate's stands in a value: alone, or in a list, as what a proxy between
/// made of two lines.
fn holds_own(value: &[u8]) -> bool {
    let mut items = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii_start);
    items.any(|item| item.starts_with(PREFIX.as_bytes()))
}

/// Removes the headers that held a token of the gate's.
pub(crate) fn strip(cut: [bool; 2], headers: &mut HeaderMap) {
    for (name, _) in HEADERS.iter().zip(cut).filter(|(_, cut)| *cut) {
        headers.remove(name);
    }
}

/// Judges a request's token. One that may stand in the body is judged there.
#[must_use]
pub(crate) fn inspect(policy: &Policy, visit: &mut Visit<'_>, at: Moment<'_>) -> Step {
    if !is_asked(visit) {
        return Step::Next;
    }
    let judged = match visit.csrf.token {
        One::Value(text) => judge(policy, visit, text, at),
        One::Repeated | One::Unreadable => Err(Reason::Unclear),
        One::Absent if may_stand_in_body(policy, visit) => {
            visit.csrf.waits = true;
            Ok(())
        }
        One::Absent => Err(Reason::Missing),
    };
    match judged {
        Ok(()) => Step::Next,
        Err(reason) => Step::Refuse(crate::reason::Reason::Csrf(reason)),
    }
}

/// Judges the token in a body that was waited for.
pub(crate) fn judge_body(
    policy: &Policy,
    visit: &Visit<'_>,
    bytes: &[u8],
    at: Moment<'_>,
) -> Result<(), Reason> {
    let kind = form::kind(visit.view.headers).ok_or(Reason::Missing)?;
    match body::find(&kind, bytes)? {
        Some(text) => judge(policy, visit, &text, at),
        None => Err(Reason::Missing),
    }
}

/// Whether a request needs a token.
fn is_asked(visit: &Visit<'_>) -> bool {
    let route = visit.route();
    let ambient = visit.known.as_ref().map(|known| known.is_ambient);
    let is_meant = match (route.csrf, ambient) {
        (Csrf::App | Csrf::Off, _) => false,
        (Csrf::Cookie | Csrf::Body | Csrf::Required, Some(ambient)) => ambient,
        (Csrf::Required, None) => true,
        (Csrf::Cookie | Csrf::Body, None) => false,
    };
    // Asking the gate itself for something changes nothing at the backend.
    is_meant
        && route.kind == Kind::Api
        && route.own.is_none()
        && changes(visit)
        && !signing_in::replaces_session(visit)
}

/// Whether a request may change something, by its method or by one that it names beside it.
fn changes(visit: &Visit<'_>) -> bool {
    let is_safe = |name: &[u8]| {
        let named = Method::from_bytes(&name.to_ascii_uppercase());
        named.is_ok_and(|named| method::is_safe(&named))
    };
    let is_overridden = match visit.seen.method_override {
        One::Absent => false,
        One::Value(text) => !is_safe(text.as_bytes()),
        One::Repeated | One::Unreadable => true,
    };
    let mut fields = visit.view.target.query.into_iter().flat_map(method::method_fields);
    !method::is_safe(visit.view.method)
        || visit.route().effect == Effect::Write
        || is_overridden
        || fields.any(|name| !is_safe(&name))
}

fn may_stand_in_body(policy: &Policy, visit: &Visit<'_>) -> bool {
    let is_empty = matches!(visit.view.body, BodyHint::Empty | BodyHint::Length(0));
    let route = visit.route();
    // A form that signs somebody in has no script that could write a header.
    let is_of_form = route.sign_in.is_some() || route.injects;
    let is_read = policy.fields
        || match route.csrf {
            Csrf::Body => true,
            Csrf::Required => is_of_form,
            Csrf::Cookie | Csrf::App | Csrf::Off => false,
        };
    is_read && !is_empty && form::kind(visit.view.headers).is_some()
}

fn judge(policy: &Policy, visit: &Visit<'_>, text: &str, at: Moment<'_>) -> Result<(), Reason> {
    let anchor = match anchor::find(visit) {
        One::Absent => None,
        One::Value(anchor) => Some(anchor),
        One::Repeated | One::Unreadable => return Err(Reason::Unclear),
    };
    policy.keys.judge(text, anchor, Subject::of(visit), at.now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn what_does_not_begin_as_a_token_is_the_applications_own() {
        let token = |lines: &[(usize, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (place, value) in lines {
                headers.append(HEADERS[*place].clone(), HeaderValue::from_static(value));
            }
            let found = find(&headers);
            let text = found.token.value().map(str::to_owned);
            (text, found.token.is_unclear(), found.cut)
        };
        let own = Some("dwc1.a".to_owned());
        assert_eq!(token(&[]), (None, false, [false, false]));
        assert_eq!(token(&[(0, "abc")]), (None, false, [false, false]));
        assert_eq!(token(&[(0, "DWC1.a")]), (None, false, [false, false]));
        assert_eq!(token(&[(0, "abc"), (0, "def")]), (None, false, [false, false]));
        assert_eq!(token(&[(0, "dwc1.a")]), (own.clone(), false, [true, false]));
        assert_eq!(token(&[(1, "dwc1.a")]), (own.clone(), false, [false, true]));
        assert_eq!(token(&[(0, "abc"), (1, "dwc1.a")]), (own.clone(), false, [false, true]));
        assert_eq!(token(&[(0, "dwc1.a"), (1, "dwc1.a")]), (own, false, [true, true]));
        assert_eq!(token(&[(0, "dwc1.a"), (1, "dwc1.b")]), (None, true, [true, true]));
        assert_eq!(token(&[(0, "dwc1.a"), (0, "dwc1.a")]), (None, true, [true, false]));
        assert_eq!(token(&[(0, "abc, dwc1.a")]), (None, true, [true, false]));
    }
}
