//! Requests that another site's page can have a visitor's browser send without being asked first.
//!
//! Each is what the model of a browser sends, so what no browser can send is not tried. Tokens of
//! the operation are left out: the page does not know them. The visitor's cookies go along; whether
//! a browser would send them is for [`exposure`] to say.

use crate::call::{Answered, Call};
use crate::finding::{Engines, Rung, Severity};
use crate::look::{Look, call_of, page_of};
use crate::set_cookie::SetCookie;
use crate::token;
use crate::witness::{Allowed, Seen, is_well, rung};
use doorward_browser::{
    Answer, Body, Credentials, Document, Engine, EngineId, Mode, Origin, Relation, Request, State,
    Target, Way, decide, relation, unsafe_names,
};
use serde_json::Value;
use std::sync::Arc;
use url::Url;

/// Cookies of a session that are taken away in turn, at most: each costs a request.
const COOKIES_MAX: usize = 10;

/// What another site's page can put into a body without being asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dress {
    /// As the operation has it: where that is a form's own type.
    Own,
    /// Its fields as `application/x-www-form-urlencoded`.
    Fields,
    /// Its fields as `multipart/form-data`.
    Parts,
    /// Its body as `text/plain`.
    Plain,
    /// Its body without a `Content-Type`.
    Untyped,
    /// Its body as `text/plain` with `application/json` behind it.
    Disguised,
}

/// The call of a page for the operation; none where a browser would ask first, or cannot send it.
#[must_use]
pub fn call(look: &Look<'_>, from: &Document, dress: Dress) -> Option<Call> {
    let url = stripped(look).url;
    let body = stripped(look).body;
    let text = || String::from_utf8(body.clone()).ok();
    let kind = look.operation.content_type.as_str();
    let (way, body) = match dress {
        Dress::Own if token::form(look.operation).is_some() => {
            (Way::Form(Target::Top), Body::UrlEncoded(text()?))
        }
        Dress::Own if body.is_empty() => (Way::Fetch, Body::Empty),
        Dress::Own => (Way::Fetch, Body::Blob(kind.to_owned(), body.clone())),
        Dress::Fields => {
            let mut out = url::form_urlencoded::Serializer::new(String::new());
            let fields = fields(&body)?;
            (Way::Form(Target::Top), Body::UrlEncoded(out.extend_pairs(fields).finish()))
        }
        Dress::Parts => (Way::Form(Target::Top), Body::Multipart(fields(&body)?)),
        Dress::Plain => (Way::Fetch, Body::Text(text()?)),
        Dress::Untyped => (Way::Fetch, Body::Bytes(body.clone())),
        Dress::Disguised => {
            (Way::Fetch, Body::Blob("text/plain;application/json".to_owned(), body.clone()))
        }
    };
    let mut request = Request::by(way, url);
    look.operation.method.clone_into(&mut request.method);
    request.body = body;
    (request.mode, request.credentials) = (Mode::NoCors, Credentials::Include);
    // What is not safelisted is dropped from such a request, and what is left is another one.
    let kind = request.body.implied_type().unwrap_or_default();
    let kinds = [("Content-Type", kind.as_str())].into_iter().filter(|(_, kind)| !kind.is_empty());
    if !unsafe_names(&kinds.collect()).is_empty() {
        return None;
    }
    // A form knows two methods.
    let is_form_method = matches!(request.method.as_str(), "GET" | "POST");
    (is_form_method || way == Way::Fetch).then_some(())?;
    sent(from, &request).map(|call| signed(look, &call))
}

/// The way in which a page sends it so: a form, or a script where no form can.
#[must_use]
pub fn way(look: &Look<'_>, dress: Dress) -> Way {
    match dress {
        Dress::Own if token::form(look.operation).is_some() => Way::Form(Target::Top),
        Dress::Fields | Dress::Parts => Way::Form(Target::Top),
        Dress::Own | Dress::Plain | Dress::Untyped | Dress::Disguised => Way::Fetch,
    }
}

/// A navigation by GET, as a link makes it.
#[must_use]
pub fn link(look: &Look<'_>, from: &Document, url: &Url) -> Option<Call> {
    let request = Request::by(Way::Link(Target::Top), url.clone());
    sent(from, &request).map(|call| signed(look, &call))
}

/// A HEAD, as a script makes it.
#[must_use]
pub fn head(look: &Look<'_>, from: &Document, url: &Url) -> Option<Call> {
    let mut request = Request::fetch(url.clone());
    "HEAD".clone_into(&mut request.method);
    (request.mode, request.credentials) = (Mode::NoCors, Credentials::Include);
    sent(from, &request).map(|call| signed(look, &call))
}

/// A form that posts these fields.
#[must_use]
pub fn form(
    look: &Look<'_>,
    from: &Document,
    url: &Url,
    fields: &[(String, String)],
) -> Option<Call> {
    let mut request = Request::by(Way::Form(Target::Top), url.clone());
    "POST".clone_into(&mut request.method);
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    request.body = Body::UrlEncoded(out.extend_pairs(fields).finish());
    sent(from, &request).map(|call| signed(look, &call))
}

/// The operation's fields, whatever its type, without its tokens.
#[must_use]
pub fn plain_fields(look: &Look<'_>) -> Option<Vec<(String, String)>> {
    let body = stripped(look).body;
    match token::form(look.operation) {
        Some(_) => Some(url::form_urlencoded::parse(&body).into_owned().collect()),
        None => fields(&body),
    }
}

/// What a browser sends for it; none where it asks first, or throws.
#[must_use]
pub fn sent(from: &Document, request: &Request) -> Option<Call> {
    let mut nobody = |_: &_| Answer::default();
    // What is sent does not differ between engines; cookies do, and there are none in this jar.
    let engine = Engine::chromium();
    let verdict = decide(&engine, Some(from), request, &mut nobody, &State::default(), 0);
    if verdict.preflight.is_some() {
        return None;
    }
    verdict.sent.as_ref().map(call_of)
}

/// The call with the visitor's cookies, and nothing else of the session.
#[must_use]
pub fn signed(look: &Look<'_>, call: &Call) -> Call {
    look.session.map_or_else(|| call.clone(), |session| session.cookies_on(call))
}

/// The same call of pages of both canaries; empty where there is none.
pub fn of_strangers(look: &Look<'_>, make: impl Fn(&Document) -> Option<Call>) -> Vec<Call> {
    let calls: Vec<Call> = strangers(look).iter().filter_map(make).collect();
    if calls.len() == look.canaries.len() { calls } else { Vec::new() }
}

/// Pages of both canaries, by the scheme of the API: an https page hides its origin from http
/// (Fetch 3.2), and what is told of `null` is to be told apart.
#[must_use]
pub fn strangers(look: &Look<'_>) -> Vec<Document> {
    let scheme = look.operation.url.scheme();
    let page = |canary: &String| {
        let (_, host) = canary.split_once("://")?;
        page_of(&format!("{scheme}://{host}"))
    };
    look.canaries.iter().filter_map(page).collect()
}

/// The operation without its tokens.
fn stripped(look: &Look<'_>) -> Call {
    let tokens = token::tokens(look.operation, None);
    tokens.iter().fold(look.operation.call(), |call, token| token::with(&call, &token.place, None))
}

/// An object of JSON as the fields of a form.
fn fields(body: &[u8]) -> Option<Vec<(String, String)>> {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return None };
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    };
    Some(object.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// The operation's request of an allowed caller, and its answer.
pub async fn served(look: &Look<'_>) -> Option<(Call, Arc<Answered>)> {
    let own = Origin::of(&look.operation.url).to_string();
    let mut calls: Vec<Call> =
        look.trusted.iter().chain([&own]).map(|origin| look.from_page(origin)).collect();
    calls.push(look.operation.call());
    for call in calls {
        let call = look.signed_in(&call).unwrap_or(call);
        let answer = look.ask(&call).await.ok()?;
        if is_well(&answer) {
            return Some((call, answer));
        }
    }
    None
}

/// What an allowed caller gets: a trusted origin's page, the API's own, or a program; the first
/// that is served. None where nobody is, or where that could write and may not.
pub async fn honest<'m>(look: &'m Look<'_>) -> Option<&'m Allowed> {
    let found = look.means.honest.get_or_init(|| async {
        let (call, _) = served(look).await?;
        Allowed::of(look, &call).await.ok()
    });
    found.await.as_ref().filter(|allowed| allowed.is_well() || allowed.has_effect())
}

/// Whether writes may be tried on this operation.
#[must_use]
pub fn may_write(look: &Look<'_>) -> bool {
    let is_unsafe = !crate::ask::is_safe(&look.operation.method);
    is_unsafe && look.asker().allows_writes()
}

/// Whether all of these calls are run, and how that is known: the least of them counts.
pub async fn run(look: &Look<'_>, calls: &[Call], allowed: &Allowed) -> Option<Seen> {
    let mut least: Option<Seen> = None;
    let mut has_effect = true;
    for call in calls {
        // Without an answer nothing is known of it.
        let Ok(seen) = rung(look, call, allowed).await else { return None };
        if !seen.rung.is_run() {
            return None;
        }
        has_effect &= seen.has_effect;
        if least.as_ref().is_none_or(|least| seen.rung < least.rung) {
            least = Some(seen);
        }
    }
    least.map(|least| Seen { has_effect, ..least })
}

/// What a forged request is worth to an attacker, by what a browser would send along.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// How bad it is.
    pub severity: Severity,
    /// Where it works.
    pub engines: Engines,
    /// As whom it is run.
    pub as_whom: String,
}

/// What a request made in this way carries of the visitor's session, engine by engine.
pub async fn exposure(look: &Look<'_>, (way, method): (Way, &str)) -> Exposure {
    let names = session_cookies(look).await;
    let all = Engines::all();
    if names.is_empty() || !needs_session(look).await {
        return Exposure {
            severity: Severity::Medium,
            engines: all,
            as_whom: "It needs no cookie: what it is worth is the visitor's network and address."
                .to_owned(),
        };
    }
    let cookies = look.asker().cookies().all();
    let own: Vec<&Arc<SetCookie>> = cookies
        .iter()
        .filter(|cookie| names.contains(&cookie.name) && !cookie.is_deletion())
        .collect();
    let Some(page) = page_of(&look.canaries[0]).filter(|_| !own.is_empty()) else {
        return Exposure {
            severity: Severity::High,
            engines: all,
            as_whom: "It is run as the visitor wherever the session's cookie travels to another \
                      site: with `SameSite=None`, and in some browsers without `SameSite`."
                .to_owned(),
        };
    };
    let travels = |id: EngineId| {
        own.iter().all(|cookie| cookie.travels(&Engine::of(id), &page, (way, method)))
    };
    let engines = Engines::which(travels);
    match engines.is_empty() {
        false => Exposure {
            severity: Severity::High,
            as_whom: format!(
                "{engines} send the session's cookie along: it is run as the visitor."
            ),
            engines,
        },
        true => Exposure {
            severity: Severity::Low,
            engines: all,
            as_whom:
                "The session's `SameSite` holds the cookie back from other sites; a page of a \
                      sibling's host still has it sent."
                    .to_owned(),
        },
    }
}

/// Whether a stranger's program is refused what the session gets.
async fn needs_session(look: &Look<'_>) -> bool {
    let Some(allowed) = honest(look).await else { return true };
    let bare = without(&allowed.call, &["cookie", "authorization"]);
    !rung(look, &bare, allowed).await.is_ok_and(|seen| seen.rung.is_run())
}

/// The call without these headers.
#[must_use]
pub fn without(call: &Call, names: &[&str]) -> Call {
    let mut call = call.clone();
    let is_kept = |name: &str| !names.iter().any(|own| own.eq_ignore_ascii_case(name));
    let kept = call.headers.iter().filter(|(name, _)| is_kept(name));
    call.headers = kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    call
}

/// The names of the cookies that make the session: those without which its answer is a stranger's.
/// Where that cannot be told, those of the given session that no script may read.
pub async fn session_cookies<'m>(look: &'m Look<'_>) -> &'m [String] {
    let found = look.means.session_cookies.get_or_init(|| async { by_behaviour(look).await });
    found.await
}

async fn by_behaviour(look: &Look<'_>) -> Vec<String> {
    let Some(session) = look.session else { return Vec::new() };
    let names = session.cookie_names().into_iter().take(COOKIES_MAX);
    let names: Vec<String> = names.map(str::to_owned).collect();
    let plain = look.operation.call();
    let readable = look.operation.is_sendable() && !names.is_empty();
    let told = async {
        let signed = session.on(&plain).filter(|_| readable)?;
        let full = look.ask(&signed).await.ok()?;
        let again = look.ask_again(&signed).await.ok()?;
        let nobody = look.ask(&plain).await.ok()?;
        let is_steady = full.status == again.status && full.body == again.body;
        let differs = full.status != nobody.status || full.body != nobody.body;
        if !is_steady || !differs {
            return None;
        }
        let mut own = Vec::new();
        for name in &names {
            let without = session.without_cookie(name).on(&plain)?;
            let without = look.ask(&without).await.ok()?;
            let is_nobody = match full.status == nobody.status {
                true => without.status == nobody.status && without.body == nobody.body,
                false => without.status == nobody.status,
            };
            if is_nobody {
                own.push(name.clone());
            }
        }
        Some(own)
    };
    if let Some(own) = told.await {
        return own;
    }
    // What nobody can ask is told by what the server hides from scripts; else all may be needed.
    let cookies = look.asker().cookies().all();
    let hidden =
        |name: &String| cookies.iter().any(|cookie| cookie.name == *name && cookie.has("httponly"));
    if names.iter().any(hidden) { names.into_iter().filter(hidden).collect() } else { names }
}

/// The name of a host beside the API's, as a neighbour on the same site has it.
#[must_use]
pub fn sibling(look: &Look<'_>) -> Option<Document> {
    let own = Origin::of(&look.operation.url);
    let (_, parent) = own.host()?.split_once('.')?;
    let name = crate::look::name_of(&look.canaries[0]).split('.').next()?.to_owned();
    let page = Url::parse(&format!("{}://{name}.{parent}/", own.scheme()?)).ok()?;
    let is_neighbour = relation(&own, &Origin::of(&page)) == Relation::SameSite;
    is_neighbour.then(|| Document::top(page))
}

/// How it is known, at the end of a list of evidence.
#[must_use]
pub fn rung_words(rung: Rung) -> String {
    format!("{}: {}", rung.id(), rung.words())
}
