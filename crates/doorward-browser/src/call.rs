//! The call itself: what a script may say of a request, and what is left of it (Fetch 2.2.2, 5).

use crate::body::Body;
use crate::engine::{Engine, Streams};
use crate::headers::{Headers, is_forbidden, is_never, is_token, is_value, normalised_value};
use crate::request::{CacheMode, Mode, Request};
use crate::rule::{self, Rule};
use crate::safelist::{is_safelisted, is_safelisted_method};
use crate::verdict::{Because, Thrown};
use crate::way::Way;

/// What a call leaves to be sent.
#[derive(Debug)]
pub(crate) struct Said {
    /// The method.
    pub(crate) method: String,
    /// The headers that count as the script's.
    pub(crate) headers: Headers,
    /// Names that were dropped without a word, in lower case.
    pub(crate) dropped: Vec<String>,
    /// The body.
    pub(crate) body: Body,
}

/// Reads a call, as far as it may be made at all.
pub(crate) fn said(engine: &Engine, request: &Request, mode: Mode) -> Result<Said, Thrown> {
    match request.way {
        Way::Fetch => fetch(engine, request, mode),
        Way::Xhr { .. } => xhr(engine, request, mode),
        Way::Beacon => beacon(request),
        Way::WebSocket => scheme(request, &["ws", "wss", "http", "https"]).map(|()| plain("GET")),
        Way::EventSource => Ok(event_source(request)),
        Way::Form(_) => Ok(form(request)),
        Way::Ping => Ok(posted(Body::Text("PING".to_owned()), Some("text/ping".to_owned()))),
        Way::CspReport => {
            Ok(posted(request.body.clone(), Some("application/csp-report".to_owned())))
        }
        Way::Report => {
            Ok(posted(request.body.clone(), Some("application/reports+json".to_owned())))
        }
        Way::Link(_)
        | Way::Image
        | Way::Script
        | Way::Stylesheet
        | Way::Font
        | Way::Audio
        | Way::Video
        | Way::Worker
        | Way::SharedWorker
        | Way::Prefetch
        | Way::Typed => Ok(plain("GET")),
    }
}

/// Fetch 5.4, the constructor of `Request`, in its order.
fn fetch(engine: &Engine, request: &Request, mode: Mode) -> Result<Said, Thrown> {
    let options = &request.options;
    if !request.url.username().is_empty() || request.url.password().is_some() {
        return no(rule::ADDRESS_CREDENTIALS, "");
    }
    if matches!(mode, Mode::Navigate | Mode::WebSocket) {
        return no(rule::MODE_FORBIDDEN, "");
    }
    if options.cache == CacheMode::OnlyIfCached && mode != Mode::SameOrigin {
        return no(rule::ONLY_IF_CACHED_MODE, "");
    }
    let method = method(request)?;
    if mode == Mode::NoCors && !is_safelisted_method(&method) {
        return no(rule::NO_CORS_METHOD, &method);
    }
    let (mut headers, dropped) = kept(engine, request, mode)?;
    if !request.body.is_empty() && matches!(method.as_str(), "GET" | "HEAD") {
        return no(rule::BODY_NOT_ALLOWED, &method);
    }
    let body = streamed(engine, &request.body);
    if body == Body::Stream {
        if engine.streams == Streams::Refused {
            return no(rule::STREAM_UNKNOWN, "");
        }
        if options.keepalive {
            return no(rule::STREAM_KEEPALIVE, "");
        }
        if options.lacks_duplex {
            return no(rule::STREAM_DUPLEX, "");
        }
        if mode == Mode::NoCors {
            return no(rule::STREAM_MODE, "");
        }
    }
    let implied = body.implied_type().filter(|_| !headers.has("content-type"));
    // In no-cors mode the browser's own type goes through the same gate as the script's.
    if let Some(kind) = implied.filter(|kind| {
        mode != Mode::NoCors || engine.sends_any_type_in_no_cors || is_type_safe(kind)
    }) {
        headers.append("Content-Type", kind);
    }
    Ok(Said { method, headers, dropped, body })
}

/// A body as the engine takes it: one that knows no streams makes a text of them (Web IDL 3.2.10).
fn streamed(engine: &Engine, body: &Body) -> Body {
    match body {
        Body::Stream if engine.streams == Streams::Text => {
            Body::Text("[object ReadableStream]".into())
        }
        own => own.clone(),
    }
}

/// XMLHttpRequest: with GET and HEAD the body is left out, without a word.
fn xhr(engine: &Engine, request: &Request, mode: Mode) -> Result<Said, Thrown> {
    let method = method(request)?;
    let (mut headers, dropped) = kept(engine, request, mode)?;
    let has_body = !matches!(method.as_str(), "GET" | "HEAD");
    let body = if has_body { request.body.clone() } else { Body::Empty };
    if let Some(kind) = body.implied_type().filter(|_| !headers.has("content-type")) {
        headers.append("Content-Type", kind);
    }
    Ok(Said { method, headers, dropped, body })
}

/// Beacon 3.1.
fn beacon(request: &Request) -> Result<Said, Thrown> {
    scheme(request, &["http", "https"])?;
    if request.body == Body::Stream {
        return no(rule::STREAM_KEEPALIVE, "");
    }
    let kind = request.body.implied_type();
    Ok(posted(request.body.clone(), kind))
}

/// HTML 9.2.2; after a break it says where it was.
fn event_source(request: &Request) -> Said {
    let mut headers = Headers::new();
    headers.append("Accept", "text/event-stream");
    if let Some(last) = request.headers.joined("last-event-id") {
        headers.append("Last-Event-ID", last);
    }
    Said { headers, ..plain("GET") }
}

/// HTML 4.10.22.3: only GET and POST; with GET the fields are in the address.
fn form(request: &Request) -> Said {
    if !request.method.eq_ignore_ascii_case("post") {
        return plain("GET");
    }
    let kind = match &request.body {
        // A form's own type names no character set.
        Body::UrlEncoded(_) => Some("application/x-www-form-urlencoded".to_owned()),
        other => other.implied_type(),
    };
    posted(request.body.clone(), kind)
}

fn posted(body: Body, kind: Option<String>) -> Said {
    let headers = kind.map(|kind| ("Content-Type", kind)).into_iter().collect();
    Said { body, headers, ..plain("POST") }
}

fn plain(method: &str) -> Said {
    let method = method.to_owned();
    Said { method, headers: Headers::new(), dropped: Vec::new(), body: Body::Empty }
}

fn no<T>(rule: Rule, detail: &str) -> Result<T, Thrown> {
    Err(Thrown(Because::on(rule, detail)))
}

fn scheme(request: &Request, schemes: &[&str]) -> Result<(), Thrown> {
    match request.url.scheme() {
        scheme if schemes.contains(&scheme) => Ok(()),
        scheme => no(rule::SCHEME_FORBIDDEN, scheme),
    }
}

fn method(request: &Request) -> Result<String, Thrown> {
    if !is_token(&request.method) || is_never(&request.method) {
        return no(rule::METHOD_FORBIDDEN, &request.method);
    }
    Ok(normalised(&request.method))
}

/// What is left of the script's headers, and the names of those that were dropped.
fn kept(engine: &Engine, request: &Request, mode: Mode) -> Result<(Headers, Vec<String>), Thrown> {
    let mut headers = Headers::new();
    let mut dropped = Vec::new();
    for (name, value) in request.headers.iter() {
        let value = normalised_value(value);
        if !is_token(name) || !is_value(value) {
            return no(rule::HEADER_MALFORMED, name);
        }
        let lower = name.to_ascii_lowercase();
        let is_dropped = is_forbidden(name, value)
            || (lower == "user-agent" && !engine.sets_user_agent)
            || (mode == Mode::NoCors && !is_left_in_no_cors(&headers, &lower, value));
        if is_dropped {
            dropped.push(lower);
        } else {
            headers.append(name, value);
        }
    }
    let stays_apart = engine.keeps_headers_apart && request.way == Way::Fetch;
    let headers = if stays_apart { headers } else { headers.together() };
    Ok((headers, dropped))
}

/// Fetch 5.1: in `no-cors` mode a header is kept while all values of its name together are safe.
fn is_left_in_no_cors(headers: &Headers, name: &str, value: &str) -> bool {
    const NAMES: [&str; 4] = ["accept", "accept-language", "content-language", "content-type"];
    let together = match headers.joined(name) {
        Some(before) => format!("{before}, {value}"),
        None => value.to_owned(),
    };
    NAMES.contains(&name) && is_safelisted(name, &together)
}

fn is_type_safe(kind: &str) -> bool {
    is_safelisted("content-type", kind)
}

/// Fetch 2.2.1, normalise: only these six are written in capitals.
fn normalised(method: &str) -> String {
    let upper = method.to_ascii_uppercase();
    match upper.as_str() {
        "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" => upper,
        _ => method.to_owned(),
    }
}
