//! What the model says of a trial.

use super::compare::{End, Predicted};
use super::server::{self, Arrived, SEEDS, Server, names_of};
use super::trial::{From, Site, Trial};
use doorward_browser::{
    Answer, Document, Engine, EngineId, Event, Headers, Options, Reading, ReferrerPolicy, Request,
    Sent, State, Verdict, Way, decide, said,
};
use std::time::{SystemTime, UNIX_EPOCH};
use url::Url;

/// The model of one engine, with what it remembers.
pub(super) struct Model<'s> {
    engine: Engine,
    server: &'s Server,
    state: State,
}

impl<'s> Model<'s> {
    pub(super) fn new(engine: EngineId, server: &'s Server) -> Self {
        Self { engine: Engine::of(engine), server, state: State::default() }
    }

    /// A person types the address that sets the first cookies.
    pub(super) fn seed(&mut self, site: Site) {
        let mut answer = |_: &Sent| Answer {
            status: 200,
            headers: SEEDS.into_iter().map(|seed| ("Set-Cookie", seed)).collect(),
            ..Answer::default()
        };
        let request = Request::by(Way::Typed, self.url(site, "/seed"));
        let verdict = decide(&self.engine, None, &request, &mut answer, &self.state, now_s());
        self.state = verdict.after;
    }

    /// The names of the cookies that a person's visit to a site takes there, sorted.
    pub(super) fn jar(&self, site: Site) -> Vec<String> {
        let mut answer = |_: &Sent| Answer { status: 200, ..Answer::default() };
        let request = Request::by(Way::Typed, self.url(site, "/t/jar"));
        let verdict = decide(&self.engine, None, &request, &mut answer, &self.state, now_s());
        let line = verdict.sent.and_then(|sent| sent.headers.joined("cookie"));
        let mut names = names_of(&line.unwrap_or_default());
        names.sort();
        names
    }

    /// What becomes of a trial.
    pub(super) fn predict(&mut self, trial: &Trial) -> Predicted {
        let mut predicted = Predicted::default();
        for _ in 0..trial.times() {
            let (verdict, line) = self.decide(trial);
            predicted.console.extend(line);
            predicted.arrived.extend(arrived(&verdict));
            predicted.page.push(end(&verdict, trial));
            self.state = verdict.after;
        }
        predicted
    }

    fn decide(&self, trial: &Trial) -> (Verdict, Option<String>) {
        let from = self.document(trial.from);
        let request = Request {
            way: trial.way,
            url: self.url(trial.to, &trial.path(0)),
            method: trial.method.clone(),
            headers: trial.headers.iter().cloned().collect(),
            body: trial.body.clone(),
            mode: trial.mode,
            credentials: trial.credentials,
            options: Options { redirect: trial.redirect, ..Options::default() },
        };
        let mut answer = |sent: &Sent| self.answer(trial, sent);
        let verdict =
            decide(&self.engine, Some(&from), &request, &mut answer, &self.state, now_s());
        let page = from.origin().to_string();
        let line = said(self.engine.id, &page, &request, &verdict);
        (verdict, line)
    }

    fn answer(&self, trial: &Trial, sent: &Sent) -> Answer {
        let origin = sent.headers.joined("origin").unwrap_or_else(|| "none".to_owned());
        let asked = sent.headers.joined("access-control-request-method");
        let (status, headers) = match &asked {
            Some(method) if sent.method == "OPTIONS" => {
                let names = sent.headers.joined("access-control-request-headers");
                let names = names.unwrap_or_default();
                let headers = server::preflight(&trial.preflight, &origin, (method, &names));
                (trial.preflight.status, headers)
            }
            _ => {
                let hop = hop(&sent.url);
                let status = trial.replies.get(hop).map_or(404, |reply| reply.status);
                (status, self.server.headers(trial, hop, &origin))
            }
        };
        let headers: Headers = headers.into_iter().collect();
        Answer { status, headers, is_executed: asked.is_none() }
    }

    fn document(&self, from: From) -> Document {
        let mut page = Document::top(self.url(from.site(), "/page"));
        match from {
            From::Shop | From::Evil | From::Own | From::OtherPort => {}
            From::Sandbox => {
                page.is_sandboxed = true;
                page.ancestors = vec![self.url(from.top(), from.page())];
            }
            From::EvilInShop | From::OwnInEvil => {
                page.ancestors = vec![self.url(from.top(), from.page())];
            }
            From::NoReferrer => {
                page.url = self.url(from.site(), from.page());
                page.referrer_policy = ReferrerPolicy::NoReferrer;
            }
            From::SameOriginReferrer => {
                page.url = self.url(from.site(), from.page());
                page.referrer_policy = ReferrerPolicy::SameOrigin;
            }
        }
        page
    }

    fn url(&self, site: Site, path: &str) -> Url {
        Url::parse(&self.server.url(site, path)).expect("the kit's own address")
    }
}

/// All that the model sends, in its order.
fn arrived(verdict: &Verdict) -> Vec<Arrived> {
    let mut arrived = Vec::new();
    if verdict.hops.is_empty() {
        let asked = verdict.preflight.as_ref().and_then(|preflight| preflight.sent.as_ref());
        arrived.extend(asked.map(wire));
        arrived.extend(verdict.sent.as_ref().map(wire));
    }
    for hop in &verdict.hops {
        let asked = hop.preflight.as_ref().and_then(|preflight| preflight.sent.as_ref());
        arrived.extend(asked.map(wire));
        arrived.extend(hop.sent.as_ref().filter(|_| !hop.is_from_cache).map(wire));
    }
    arrived
}

fn wire(sent: &Sent) -> Arrived {
    let headers = sent.headers.iter();
    let mut names: Vec<(String, String)> =
        headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    names.sort();
    // A script that sets a header twice sends one line.
    let mut joined: Vec<(String, String)> = Vec::new();
    for (name, _) in names {
        if joined.last().is_none_or(|(last, _)| *last != name) {
            let value = sent.headers.joined(&name).unwrap_or_default();
            joined.push((name, value));
        }
    }
    Arrived { hop: hop(&sent.url), method: sent.method.clone(), headers: joined }
}

fn hop(url: &Url) -> usize {
    url.path().rsplit('/').next().and_then(|hop| hop.parse().ok()).unwrap_or_default()
}

fn end(verdict: &Verdict, trial: &Trial) -> End {
    let is_element = matches!(trial.way, Way::Image | Way::Script | Way::Stylesheet);
    if is_element {
        return match verdict.event {
            Some(Event::Load) => End::Is("load"),
            Some(Event::Error) => End::Is("failed"),
            None => End::Any,
        };
    }
    match &verdict.reading {
        Reading::Reads(_) if trial.way == Way::EventSource => End::Is("open"),
        Reading::Reads(names) => {
            let status = verdict.answer.as_ref().map_or(0, |answer| answer.status);
            End::Read { status, names: names.clone() }
        }
        Reading::Opaque => End::Is("opaque"),
        Reading::OpaqueRedirect => End::Is("redirect"),
        Reading::Hidden | Reading::Throws => End::Is("error"),
        Reading::Navigates => End::Is("frame"),
        Reading::Silent => End::Any,
        Reading::Prompts => End::Is("prompt"),
        Reading::NotModelled => End::Is("not modelled"),
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}
