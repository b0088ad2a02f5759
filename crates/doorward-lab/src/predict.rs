//! What is going to happen, said before it happens: by the model of the browser, the backend's own
//! policy and the core of the gate.
//!
//! Nothing of this is ever taken for what happened: that is read from the wire, from the page's
//! report and from the backend's witness.

mod csrf;
mod everywhere;
mod gate;
mod passes;
mod program;
mod script;
mod server;

pub use everywhere::Elsewhere;
pub(crate) use everywhere::Everywhere;

use crate::acts::Act;
use crate::backend::{CorsPolicy, SameSite};
use crate::cache::Shelf;
use crate::client::Call;
use crate::gate::Gate;
use crate::lab::Scene;
use crate::run::Plan;
use crate::scenario::{self, Backend, Gets, Payload};
use crate::wire::Node;
use doorward_browser::{
    Answer, Because, Body, Cause, Credentials, Document, Engine, Headers, Mode, Reading, Request,
    Rule, Sent, State, Target, Travel, Verdict, Way, decide,
};
use gate::FutureGate;
use passes::Signed;
use serde::Serialize;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};
use url::Url;

/// Where the browsers of this machine call from.
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What is predicted of one step.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Predicted {
    /// What the caller gets; none where the model does not reach.
    pub gets: Option<Gets>,
    /// What the backend's log will say, each once.
    pub backend: Vec<Backend>,
    /// How often the backend will run it.
    pub executed: u64,
    /// The gate's code for what it will refuse.
    pub gate: Option<String>,
    /// The names of the cookies that will arrive, sorted.
    pub cookies: Vec<String>,
    /// The `Origin` that will arrive.
    pub origin: Option<String>,
    /// Nothing will reach the API: the shared cache answers.
    pub from_cache: bool,
    /// The rules that decide, in the order in which they do.
    pub rules: Vec<Told>,
    /// What the engine's console is expected to say.
    pub console: Option<String>,
}

/// A rule, told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Told {
    /// Its id.
    pub id: String,
    /// The specification's section; the layer's page for the gate's own.
    pub section: String,
    /// Its address; empty where there is none.
    pub link: String,
    /// What it says.
    pub says: String,
    /// What it found.
    pub detail: String,
    /// The header that decided.
    pub header: Option<String>,
}

/// Predicts a story's steps, one after the other.
pub(crate) struct Predictor {
    engine: Engine,
    state: State,
    now_s: u64,
    world: World,
    /// What each step sent: others copy it.
    sent: HashMap<u32, Call>,
}

/// What answers.
struct World {
    policy: CorsPolicy,
    same_site: SameSite,
    gate: Option<FutureGate>,
    demands_proof: bool,
    shelf: Shelf,
    /// Everything that was answered in this step.
    heard: Vec<Heard>,
}

/// One message that the world answered.
struct Heard {
    backend: Option<Backend>,
    gate: Option<String>,
    is_preflight: bool,
    from_cache: bool,
}

/// Where a request is going to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// The backend's own address.
    Backend,
    /// The gate.
    Gate,
    /// The cache, and what is behind it.
    Cache,
    /// The paid service.
    PaidAi,
}

/// Who asks: a page in a frame or a window of its own, or a program at an address.
pub(crate) enum Asker<'a> {
    Page { act: &'a Act, frame_of: Option<&'a str> },
    Program(&'a Plan),
}

impl Predictor {
    pub(crate) fn new(engine: Engine, scene: &Scene, now_s: u64) -> Self {
        let world = World {
            policy: scene.policy.clone(),
            same_site: scene.same_site,
            gate: scene.gate.as_ref().map(|gate| FutureGate::new(Gate::core(gate), now_s)),
            demands_proof: scene.demands_proof,
            shelf: Shelf::default(),
            heard: Vec::new(),
        };
        Self { engine, state: State::default(), now_s, world, sent: HashMap::new() }
    }

    /// The backend says something else of CORS from now on.
    pub(crate) fn set_policy(&mut self, policy: CorsPolicy) {
        self.world.policy = policy;
    }

    /// Time goes by at the gate, and at nobody else's.
    pub(crate) fn wait(&mut self, time: Duration) {
        if let Some(gate) = &mut self.world.gate {
            gate.wait(time);
        }
    }

    /// Predicts one step, and remembers what the browser will.
    pub(crate) fn step(&mut self, step: u32, asker: &Asker<'_>, via: Via) -> Predicted {
        self.world.heard.clear();
        // Steps follow each other, and a cache tells older from newer.
        self.now_s += 1;
        match asker {
            Asker::Page { act, frame_of } => self.page(step, act, *frame_of, via),
            Asker::Program(plan) => self.program(step, plan, via),
        }
    }

    fn page(&mut self, step: u32, act: &Act, frame_of: Option<&str>, via: Via) -> Predicted {
        let (Ok(page), Some(request)) = (Url::parse(&act.origin), request(act)) else {
            return Predicted::default();
        };
        let mut from = Document::top(page);
        from.ancestors = frame_of.and_then(|url| Url::parse(url).ok()).into_iter().collect();
        let written = self.written(act, &from);
        let request = match self.signed(act, &from, request, via) {
            Signed::Request(request) => request,
            // The script fails before it sends what the page wanted to send.
            Signed::Nothing(predicted) => return predicted,
        };
        let Some(request) = self.with_csrf(act, &from, request, via) else {
            let (gets, rules) = (Some(Gets::Hidden), vec![Told::has_csrf()]);
            return Predicted { gets, rules, ..Predicted::default() };
        };
        let (world, now_s) = (&mut self.world, self.now_s);
        let mut server = |sent: &Sent| world.answer(sent, via, LOOPBACK, now_s);
        let verdict =
            decide(&self.engine, Some(&from), &request, &mut server, &self.state, self.now_s);
        let console = doorward_browser::said(self.engine.id, &act.origin, &request, &verdict);
        let mut rules = rules(&verdict, request.way);
        if act.script.is_some() {
            rules.insert(0, Told::signs());
        }
        if act.said.with_csrf {
            rules.insert(0, Told::has_csrf());
        }
        rules.splice(0..0, written);
        rules.extend(Told::of_order(&verdict.cookies));
        let predicted = Predicted {
            gets: gets(&verdict),
            rules,
            console: console.map(|line| crate::wire::unmarked(&line)),
            cookies: taken(&verdict.cookies),
            origin: origin(&verdict),
            ..self.world.told()
        };
        if let Some(sent) = &verdict.sent {
            self.sent.insert(step, passes::call(sent));
        }
        self.state = verdict.after;
        predicted.with_gate_rule()
    }
}

impl World {
    fn answer(&mut self, sent: &Sent, via: Via, address: IpAddr, now_s: u64) -> Answer {
        let Some(head) = server::head(sent) else { return Answer::default() };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now_s);
        if via == Via::Cache
            && let Some((answer, _)) = self.shelf.look_up(&head, now)
        {
            self.heard.push(Heard {
                backend: None,
                gate: None,
                is_preflight: false,
                from_cache: true,
            });
            return server::answer(answer.status.as_u16(), &answer.headers, false);
        }
        let behind = match (via, &self.gate) {
            (Via::Gate, _) | (Via::Cache, Some(_)) => Node::Gate,
            (Via::Backend, _) | (Via::Cache, None) => Node::Backend,
            (Via::PaidAi, _) => Node::PaidAi,
        };
        let said = self.behind(behind).answer(&head, &server::body(sent), address);
        let is_preflight = head.method == http::Method::OPTIONS;
        let (backend, gate) = (said.backend, said.gate);
        self.heard.push(Heard { backend, gate, is_preflight, from_cache: false });
        if via == Via::Cache {
            self.shelf.keep(&head, &said.head, bytes::Bytes::new(), now);
        }
        let is_executed = backend == Some(Backend::Executed);
        server::answer(said.head.status.as_u16(), &said.head.headers, is_executed)
    }

    /// What stands there.
    fn behind(&self, node: Node) -> server::Behind<'_> {
        server::Behind {
            policy: &self.policy,
            same_site: self.same_site,
            gate: self.gate.as_ref().filter(|_| node == Node::Gate),
            demands_proof: self.demands_proof,
            is_paid_ai: node == Node::PaidAi,
        }
    }

    /// What was heard, in the words of a prediction.
    fn told(&self) -> Predicted {
        let mut backend: Vec<Backend> = self.heard.iter().filter_map(|one| one.backend).collect();
        let ran = backend.iter().filter(|one| **one == Backend::Executed).count();
        backend.sort_unstable();
        backend.dedup();
        let gate = self.heard.iter().rev().find_map(|heard| heard.gate.clone());
        let mut own = self.heard.iter().filter(|heard| !heard.is_preflight);
        let from_cache = own.next().is_some_and(|heard| heard.from_cache);
        let executed = u64::try_from(ran).unwrap_or(u64::MAX);
        Predicted { backend, executed, gate, from_cache, ..Predicted::default() }
    }
}

impl Predicted {
    /// Adds the gate's reason to the rules.
    fn with_gate_rule(mut self) -> Self {
        if let Some(told) = self.gate.as_deref().and_then(Told::of_code) {
            self.rules.push(told);
        }
        self
    }
}

impl Told {
    /// What a code of the gate's says.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        let words = gate::words(code)?;
        let layer = code.split('/').next().unwrap_or_default();
        Some(Self {
            id: code.to_owned(),
            section: format!("doorward explain {layer}"),
            link: String::new(),
            says: format!("{}.", words.title),
            detail: String::new(),
            header: match layer {
                "site" => Some("sec-fetch-site".to_owned()),
                "cors" => Some("origin".to_owned()),
                "identity" => Some("x-api-key".to_owned()),
                "pass" => Some("signature".to_owned()),
                _ => None,
            },
        })
    }

    /// A caller that has a pass signs what it sends.
    fn signs() -> Self {
        Self {
            id: "signs".to_owned(),
            section: "RFC 9421".to_owned(),
            link: "https://www.rfc-editor.org/rfc/rfc9421".to_owned(),
            says: "It asks the gate for a pass, works for it, and signs what it sends: method, \
                   address, body and type."
                .to_owned(),
            detail: String::new(),
            header: Some("signature".to_owned()),
        }
    }

    fn of(because: &Because) -> Self {
        let Rule { id, section, link, says, header } = because.rule;
        Self {
            id: id.to_owned(),
            section: section.to_owned(),
            link: link.to_owned(),
            says: says.to_owned(),
            detail: because.detail.clone(),
            header: header.map(str::to_owned),
        }
    }
}

/// One of the three conditions of a simple request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Condition {
    /// What it is about: `method`, `headers`, `content type`.
    pub about: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// What was found.
    pub found: String,
    /// The rule.
    pub rule: Told,
}

/// The three conditions of a simple request, for what a page is about to send; none where it makes
/// no address.
#[must_use]
pub fn conditions(act: &Act) -> Option<Vec<Condition>> {
    let request = request(act)?;
    let page = Url::parse(&act.origin).ok()?;
    let mut headers = request.headers.clone();
    if let Some(kind) = request.body.implied_type().filter(|_| !headers.has("content-type")) {
        headers.append("Content-Type", kind);
    }
    let mut silent = |_: &Sent| Answer { status: 200, ..Answer::default() };
    let from = Document::top(page);
    let engine = Engine::chromium();
    let verdict = decide(&engine, Some(&from), &request, &mut silent, &State::default(), 0);
    let scripted = request.way.is_scripted();
    let causes = verdict.preflight.as_ref().map_or(&[][..], |preflight| &preflight.causes);
    let of = |wanted: &dyn Fn(&Cause) -> bool| {
        causes.iter().filter(|cause| wanted(cause)).map(cause_text).collect::<Vec<_>>()
    };
    let method = of(&|cause| matches!(cause, Cause::Method(_)));
    let kind = of(&|cause| matches!(cause, Cause::Header(name) if name == "content-type"));
    let named = of(&|cause| matches!(cause, Cause::Header(name) if name != "content-type"));
    let simple = Told::of(&Because::of(Rule::simple()));
    let condition = |about, found: Vec<String>, fallback: String| {
        let cause = causes.iter().find(|cause| found.contains(&cause_text(cause)));
        let rule = cause.map_or_else(|| simple.clone(), |c| Told::of(&Because::of(c.rule())));
        let holds = found.is_empty() || !scripted;
        let found = if found.is_empty() { fallback } else { found.join(", ") };
        Condition { about, holds, found, rule }
    };
    let said_kind = headers.joined("content-type").unwrap_or_else(|| "none".to_owned());
    let said_names: Vec<&str> = headers
        .iter()
        .map(|(name, _)| name)
        .filter(|n| !n.eq_ignore_ascii_case("content-type"))
        .collect();
    let said_names = if said_names.is_empty() { "none".to_owned() } else { said_names.join(", ") };
    Some(vec![
        condition("method", method, request.method.clone()),
        condition("headers", named, said_names),
        condition("content type", kind, said_kind),
    ])
}

fn cause_text(cause: &Cause) -> String {
    match cause {
        Cause::Method(text) | Cause::Header(text) => text.clone(),
        Cause::Stream => "a stream".to_owned(),
        Cause::Upload => "a listener".to_owned(),
    }
}

fn gets(verdict: &Verdict) -> Option<Gets> {
    let asked = verdict.preflight.as_ref().is_some_and(|preflight| preflight.sent.is_some());
    Some(match &verdict.reading {
        Reading::Reads(_) => Gets::Read,
        Reading::Opaque | Reading::OpaqueRedirect => Gets::Opaque,
        // To a script what was never sent looks like what was hidden; the wire tells them apart.
        Reading::Hidden if verdict.answer.is_none() && !asked => Gets::Throws,
        Reading::Hidden => Gets::Hidden,
        Reading::Throws => Gets::Throws,
        Reading::Navigates => Gets::Navigated,
        Reading::Silent => Gets::Silent,
        Reading::Prompts | Reading::NotModelled => return None,
    })
}

fn taken(travels: &[Travel]) -> Vec<String> {
    let taken = travels.iter().filter(|travel| travel.is_taken);
    let mut names: Vec<String> = taken.map(|travel| travel.name.clone()).collect();
    names.sort();
    names
}

fn origin(verdict: &Verdict) -> Option<String> {
    let asked = verdict.preflight.as_ref().and_then(|preflight| preflight.sent.as_ref());
    verdict.sent.as_ref().or(asked)?.headers.joined("origin")
}

/// The rules in the order in which they decide: does it ask, is that answered, which cookies go
/// along, who reads.
fn rules(verdict: &Verdict, way: Way) -> Vec<Told> {
    let mut rules = Vec::new();
    for name in &verdict.dropped {
        let says = "A script may not set this header: the browser drops it and writes its own.";
        rules.push(Told {
            id: "forbidden-header".to_owned(),
            section: "Fetch 2.2.2".to_owned(),
            link: "https://fetch.spec.whatwg.org/#forbidden-request-header".to_owned(),
            says: says.to_owned(),
            detail: name.clone(),
            header: Some(name.clone()),
        });
    }
    if let Some(rule) = verdict.asking.filter(|_| way.is_scripted()) {
        rules.push(Told::of(&Because::of(rule)));
    }
    let asked = verdict.preflight.as_ref().filter(|preflight| preflight.sent.is_some());
    if asked.is_some_and(|preflight| preflight.doubt.is_none()) {
        rules.push(Told::of(&Because::of(Rule::approved())));
    }
    let shown = verdict.cookies.iter().filter(|travel| travel.rule.id != "cookie-no-credentials");
    rules.extend(shown.map(|travel| Told::of(&Because::on(travel.rule, &travel.name))));
    rules.push(Told::of(&verdict.because));
    rules
}

/// An act in the words of the model.
fn request(act: &Act) -> Option<Request> {
    let url = Url::parse(&act.url).ok()?;
    let way = match act.way {
        scenario::Way::Fetch => Way::Fetch,
        scenario::Way::Xhr => Way::Xhr { listens_to_upload: false },
        scenario::Way::Form => Way::Form(Target::Top),
        scenario::Way::Link | scenario::Way::Refresh => Way::Link(Target::Top),
        scenario::Way::Image | scenario::Way::PlainImage => Way::Image,
        scenario::Way::Prefetch => Way::Prefetch,
    };
    let mode = match (way, act.said.mode) {
        (Way::Image, _) | (_, Some(scenario::Mode::NoCors)) => Mode::NoCors,
        (_, Some(scenario::Mode::SameOrigin)) => Mode::SameOrigin,
        (_, Some(scenario::Mode::Cors) | None) => Mode::Cors,
    };
    let credentials = match act.said.credentials {
        Some(scenario::Credentials::Include) => Credentials::Include,
        Some(scenario::Credentials::Omit) => Credentials::Omit,
        Some(scenario::Credentials::SameOrigin) | None => Credentials::SameOrigin,
    };
    let headers: Headers = act.said.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let body = body(act.said.body.as_ref());
    let method = act.method.clone();
    Some(Request { method, headers, body, mode, credentials, ..Request::by(way, url) })
}

fn body(payload: Option<&Payload>) -> Body {
    let encoded = |fields: &std::collections::BTreeMap<String, String>| {
        let pairs = fields.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("&")
    };
    match payload {
        None => Body::Empty,
        Some(Payload::Text(text)) => Body::Text(text.clone()),
        Some(Payload::Bytes(bytes)) => Body::Bytes(bytes.clone()),
        Some(Payload::Fields(fields)) => Body::UrlEncoded(encoded(fields)),
        Some(Payload::Encoded { enctype, fields }) => match enctype {
            scenario::Enctype::UrlEncoded => Body::UrlEncoded(encoded(fields)),
            scenario::Enctype::Multipart => Body::Multipart(fields.clone().into_iter().collect()),
            scenario::Enctype::Plain => Body::Plain(encoded(fields)),
        },
    }
}
