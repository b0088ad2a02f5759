//! The walk of a request through a browser, from the page's call to what the page gets.

use crate::body::Body;
use crate::cors;
use crate::document::Document;
use crate::engine::Engine;
use crate::fetched;
use crate::headers::{Headers, is_forbidden, is_never, is_token, is_value};
use crate::jar::{Standing, Travel};
use crate::metadata;
use crate::origin::Origin;
use crate::preflight::{self, Asked, Asker};
use crate::referrer::{origin_outside_cors, referer};
use crate::request::{Credentials, Mode, Options, Request};
use crate::rule::{self, Rule};
use crate::safelist::{is_safelisted, is_safelisted_method};
use crate::state::State;
use crate::verdict::{Answer, Because, Hop, Preflight, Reading, Sent, Tainting, Thrown, Verdict};
use crate::way::Way;

/// What a browser does with a request of `from`'s; nobody's page asks for an address that a person
/// typed. `server` answers whatever is sent, preflights as well. `now_s` is in seconds.
pub fn decide(
    engine: &Engine,
    from: Option<&Document>,
    request: &Request,
    server: &mut dyn FnMut(&Sent) -> Answer,
    state: &State,
    now_s: u64,
) -> Verdict {
    let mut walk = Walk::new(engine, from, request, state, now_s);
    let (reading, because) = walk.go(server).unwrap_or_else(|Thrown(because)| {
        let silent = !request.way.is_scripted();
        (if silent { Reading::Silent } else { Reading::Throws }, because)
    });
    Verdict {
        dropped: walk.dropped,
        asking: walk.asking,
        preflight: walk.preflight,
        sent: walk.sent,
        answer: walk.answer,
        cookies: walk.cookies,
        kept: walk.kept,
        hops: walk.hops,
        event: None,
        reading,
        because,
        after: walk.after,
    }
}

/// A walk, as far as it has come.
struct Walk<'a> {
    engine: &'a Engine,
    from: Option<&'a Document>,
    request: &'a Request,
    now_s: u64,
    method: String,
    mode: Mode,
    credentials: Credentials,
    dropped: Vec<String>,
    asking: Option<Rule>,
    preflight: Option<Preflight>,
    sent: Option<Sent>,
    answer: Option<Answer>,
    cookies: Vec<Travel>,
    kept: Vec<Travel>,
    hops: Vec<Hop>,
    after: State,
}

type Outcome = (Reading, Because);

impl<'a> Walk<'a> {
    fn new(
        engine: &'a Engine,
        from: Option<&'a Document>,
        request: &'a Request,
        state: &State,
        now_s: u64,
    ) -> Self {
        let mode = request.effective_mode();
        Self {
            engine,
            from,
            request,
            now_s,
            method: normalised(&request.method),
            mode,
            credentials: request.way.credentials(mode, request.credentials),
            dropped: Vec::new(),
            asking: None,
            preflight: None,
            sent: None,
            answer: None,
            cookies: Vec::new(),
            kept: Vec::new(),
            hops: Vec::new(),
            after: state.clone(),
        }
    }

    fn go(&mut self, server: &mut dyn FnMut(&Sent) -> Answer) -> Result<Outcome, Thrown> {
        if !is_walked(self.request.way) || self.request.options != Options::default() {
            return Ok((Reading::NotModelled, Because::of(rule::NOT_MODELLED)));
        }
        let said = self.said_headers()?;
        let own = self.is_own();
        if self.mode == Mode::SameOrigin && !own {
            return Ok((Reading::Hidden, Because::of(rule::SAME_ORIGIN_ONLY)));
        }
        if !matches!(self.request.url.scheme(), "http" | "https") {
            return Ok((Reading::Hidden, Because::of(rule::SCHEME)));
        }
        if self.request.way == Way::Prefetch && !self.engine.prefetches {
            return Ok((Reading::Silent, Because::of(rule::NOT_FOLLOWED)));
        }
        let is_cors = self.mode == Mode::Cors && !own;
        if is_cors && let Some(no) = self.ask(&said, server) {
            return Ok((self.unread(), no));
        }
        let answer = self.send(said, is_cors, server);
        Ok(self.read(&answer, is_cors))
    }

    fn is_own(&self) -> bool {
        self.from.is_some_and(|from| from.origin().is_same(&Origin::of(&self.request.url)))
    }

    /// What of the script's headers is left, with the content type that the body implies.
    fn said_headers(&mut self) -> Result<Headers, Thrown> {
        let request = self.request;
        let no = |rule: Rule, detail: &str| Err(Thrown(Because::on(rule, detail)));
        if request.way.is_scripted() {
            if !is_token(&request.method) || is_never(&request.method) {
                return no(rule::METHOD_FORBIDDEN, &request.method);
            }
            if self.mode == Mode::NoCors && !is_safelisted_method(&self.method) {
                return no(rule::NO_CORS_METHOD, &self.method);
            }
            if !request.body.is_empty() && matches!(self.method.as_str(), "GET" | "HEAD") {
                return no(rule::BODY_NOT_ALLOWED, &self.method);
            }
        }
        let malformed =
            request.headers.iter().find(|(name, value)| !is_token(name) || !is_value(value));
        if let Some((name, _)) = malformed {
            return no(rule::HEADER_MALFORMED, name);
        }
        let (engine, mode) = (self.engine, self.mode);
        let is_dropped = |name: &str, value: &str| {
            is_forbidden(name, value)
                || (name.eq_ignore_ascii_case("user-agent") && !engine.sets_user_agent)
                || (mode == Mode::NoCors
                    && (!is_safelisted(name, value) || name.eq_ignore_ascii_case("range")))
        };
        let mut said = request.headers.clone();
        self.dropped = said
            .iter()
            .filter(|(name, value)| is_dropped(name, value))
            .map(|(name, _)| name.to_ascii_lowercase())
            .collect();
        said.retain(|name, value| !is_dropped(name, value));
        if !said.has("content-type")
            && let Some(kind) = request.body.implied_type()
        {
            said.append("Content-Type", kind);
        }
        Ok(said)
    }

    /// Asks first, where that is needed; the reason why the request is not sent, if it is not.
    fn ask(&mut self, said: &Headers, server: &mut dyn FnMut(&Sent) -> Answer) -> Option<Because> {
        let from = self.from?;
        let asked = Asked::of(self.request, &self.method, said);
        self.asking = Some(asked.causes.first().map_or(rule::SIMPLE, preflight::Cause::rule));
        if !asked.asks() {
            return None;
        }
        let url = &self.request.url;
        let asker = Asker::new(from, url, self.credentials);
        let mut preflight =
            Preflight { causes: asked.causes.clone(), sent: None, answer: None, doubt: None };
        if !self.after.remembered.cover(&asker, &asked, &self.method, self.now_s) {
            let sent = preflight::request(from, url, &self.method, &asked.names);
            let answer = server(&sent);
            let question = (self.method.as_str(), asked.names.as_slice());
            preflight.doubt = if answer.status == 0 {
                Some(Because::of(rule::NO_ANSWER))
            } else {
                preflight::doubt(self.engine, &answer, &from.origin(), question, self.credentials)
            };
            if preflight.doubt.is_none() {
                self.after.remembered.keep(self.engine, &asker, &answer, self.now_s);
            }
            (preflight.sent, preflight.answer) = (Some(sent), Some(answer));
        } else {
            self.asking = Some(rule::REMEMBERED);
        }
        let doubt = preflight.doubt.clone();
        self.preflight = Some(preflight);
        doubt
    }

    /// Sends the request, and takes in what the answer sets.
    fn send(
        &mut self,
        said: Headers,
        is_cors: bool,
        server: &mut dyn FnMut(&Sent) -> Answer,
    ) -> Answer {
        let request = self.request;
        let mut headers = said;
        let changes = !matches!(self.method.as_str(), "GET" | "HEAD");
        if let Some(from) = self.from {
            if is_cors {
                headers.append("Origin", from.origin().to_string());
            } else if changes {
                headers.append("Origin", origin_outside_cors(from, &request.url));
            }
            if let Some(referer) = referer(from, &request.url) {
                headers.append("Referer", referer);
            }
        }
        metadata::add(&mut headers, self.from, request.way, self.mode, &request.url);
        let top = self.from.map(Document::top_origin);
        let from = self.from.zip(top.as_ref());
        let to = (&request.url, self.method.as_str());
        let standing = Standing::new(self.engine, from, request.way, to, self.now_s);
        let with_credentials = match self.credentials {
            Credentials::Omit => false,
            Credentials::SameOrigin => !is_cors && (self.mode != Mode::NoCors || self.is_own()),
            Credentials::Include => true,
        };
        let (line, mut cookies) = self.after.jar.take_along(&standing);
        match line.filter(|_| with_credentials) {
            Some(line) => headers.append("Cookie", line),
            None if !with_credentials => {
                for travel in &mut cookies {
                    (travel.is_taken, travel.rule) = (false, rule::COOKIE_NO_CREDENTIALS);
                }
            }
            None => {}
        }
        self.cookies = cookies;
        let body = if changes { request.body.clone() } else { Body::Empty };
        let sent = Sent { method: self.method.clone(), url: request.url.clone(), headers, body };
        let answer = server(&sent);
        if with_credentials {
            for line in answer.headers.all("set-cookie") {
                self.kept.push(self.after.jar.take_in(line, &standing));
            }
        }
        self.hops.push(Hop {
            url: request.url.clone(),
            tainting: match (is_cors, self.mode) {
                (true, _) => Tainting::Cors,
                (false, Mode::NoCors) if !self.is_own() => Tainting::Opaque,
                (false, _) => Tainting::Basic,
            },
            preflight: self.preflight.clone(),
            sent: Some(sent.clone()),
            answer: Some(answer.clone()),
            is_from_cache: false,
            cookies: self.cookies.clone(),
            kept: self.kept.clone(),
        });
        self.sent = Some(sent);
        self.answer = Some(answer.clone());
        answer
    }

    /// What the page gets of the answer.
    fn read(&self, answer: &Answer, is_cors: bool) -> Outcome {
        if answer.status == 0 {
            return (self.unread(), Because::of(rule::NO_ANSWER));
        }
        let is_redirect = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
        if is_redirect && answer.headers.has("location") {
            return (Reading::NotModelled, Because::of(rule::REDIRECT));
        }
        let scripted = self.request.way.is_scripted();
        match self.mode {
            Mode::Navigate => (Reading::Navigates, Because::of(rule::NAVIGATION)),
            _ if !is_cors && self.is_own() => {
                let seen = fetched::all(&answer.headers);
                let reading = if scripted { Reading::Reads(seen) } else { Reading::Silent };
                (reading, Because::of(rule::OWN_ORIGIN))
            }
            Mode::NoCors if scripted => (Reading::Opaque, Because::of(rule::OPAQUE)),
            Mode::NoCors => (Reading::Silent, Because::of(rule::EMBEDDED)),
            Mode::Cors | Mode::SameOrigin | Mode::WebSocket => {
                let origin = self.from.map_or(Origin::Opaque, Document::origin);
                let (passes, rule) = cors::check(answer, &origin, self.credentials);
                let reading = match (passes, scripted) {
                    (false, _) => self.unread(),
                    (true, true) => {
                        Reading::Reads(fetched::exposed(&answer.headers, self.credentials))
                    }
                    (true, false) => Reading::Silent,
                };
                (reading, Because::of(rule))
            }
        }
    }

    fn unread(&self) -> Reading {
        if self.request.way.is_scripted() { Reading::Hidden } else { Reading::Silent }
    }
}

/// The ways that the walk knows.
const fn is_walked(way: Way) -> bool {
    match way {
        Way::Fetch
        | Way::Xhr { .. }
        | Way::Form(_)
        | Way::Link(_)
        | Way::Image
        | Way::Prefetch
        | Way::Typed => true,
        Way::Beacon
        | Way::EventSource
        | Way::WebSocket
        | Way::Ping
        | Way::Script
        | Way::Stylesheet
        | Way::Font
        | Way::Audio
        | Way::Video
        | Way::Worker
        | Way::SharedWorker
        | Way::CspReport
        | Way::Report => false,
    }
}

/// Fetch 2.2.1, normalise: only these six are written in capitals.
fn normalised(method: &str) -> String {
    let upper = method.to_ascii_uppercase();
    match upper.as_str() {
        "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" => upper,
        _ => method.to_owned(),
    }
}

#[cfg(test)]
mod tests;
