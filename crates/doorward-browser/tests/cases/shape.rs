//! The shape of a case: document, request, servers' answers, state, wants.

use doorward_browser::{
    AddressSpace, Answer, Body, CacheMode, Credentials, Document, EmbedderPolicy, Engine, EngineId,
    GoneWithBody, Headers, Mode, Options, Permission, PlainTaint, Redirect, ReferrerPolicy,
    Request, SandboxReferer, Sent, SiteBehindRedirects, State, Streams, Target, ThirdParty, Way,
    decide,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use url::Url;

/// A file: what its cases have in common, and the cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[expect(dead_code, reason = "for readers of the file")]
    pub(crate) about: String,
    #[serde(default)]
    pub(crate) base: Value,
    pub(crate) cases: Vec<Value>,
}

/// A case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[expect(dead_code, reason = "the rule's section, for readers; it must be there")]
    pub(crate) from: String,
    #[serde(default = "all")]
    engine: String,
    #[serde(default)]
    knobs: Knobs,
    pub(crate) document: Option<Page>,
    pub(crate) request: Ask,
    pub(crate) server: Option<Vec<Said>>,
    #[serde(default)]
    cookies: Vec<Planted>,
    #[serde(default)]
    pub(crate) before: Vec<Step>,
    #[serde(default = "now")]
    pub(crate) now: u64,
    pub(crate) want: crate::check::Want,
}

/// Knobs that are turned for a case.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Knobs {
    /// For a case that names its engines: their measured habits are off all the same.
    by_the_book: Option<bool>,
    star_covers_authorization: Option<bool>,
    blocks_third_party: Option<bool>,
    allows_third_party: Option<bool>,
    chain_counts_for_cookies: Option<bool>,
    schemeful_cookies: Option<bool>,
    lax_by_default: Option<bool>,
    upgrades_mixed: Option<bool>,
    blocks_opaque: Option<bool>,
    says_user: Option<bool>,
    limits_safelisted_sum: Option<bool>,
    keeps_partitioned: Option<bool>,
    trusts_loopback: Option<bool>,
    streams: Option<String>,
    refused_styles_load: Option<bool>,
}

/// An address.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Address(Url);

impl TryFrom<String> for Address {
    type Error = url::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Url::parse(&text).map(Self)
    }
}

/// A page: its address, or more of it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Page {
    Address(Address),
    Whole(Box<WholePage>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct WholePage {
    url: Address,
    #[serde(default)]
    sandboxed: bool,
    #[serde(default)]
    srcdoc: bool,
    worker: Option<Address>,
    #[serde(default)]
    ancestors: Vec<Address>,
    policy: Option<String>,
    embedder_policy: Option<String>,
    space: Option<String>,
    local_network: Option<String>,
}

/// A request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Ask {
    url: Address,
    #[serde(default)]
    way: Option<String>,
    method: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: Option<Content>,
    mode: Option<String>,
    credentials: Option<String>,
    redirect: Option<String>,
    cache: Option<String>,
    #[serde(default)]
    keepalive: bool,
    #[serde(default)]
    lacks_duplex: bool,
    #[serde(default)]
    integrity: bool,
    #[serde(default)]
    clicked: bool,
    target_space: Option<String>,
    server_space: Option<String>,
}

/// A body.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Content {
    Text(String),
    Urlencoded(String),
    Multipart(BTreeMap<String, String>),
    Plain(String),
    /// So many bytes.
    Bytes(usize),
    /// Of this type.
    Blob(String),
    Stream,
}

/// An answer.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
}

/// Cookies that a visit of this address set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Planted {
    by: Address,
    set: Vec<String>,
    #[serde(default = "now")]
    at: u64,
}

/// What happened before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) document: Option<Page>,
    pub(crate) request: Ask,
    pub(crate) server: Option<Vec<Said>>,
    #[serde(default = "now")]
    pub(crate) now: u64,
}

fn all() -> String {
    "all".to_owned()
}

const fn now() -> u64 {
    100
}

const fn ok() -> u16 {
    200
}

/// Lays a case over its file's base: objects are merged, anything else takes the place of what
/// was there.
pub(crate) fn lay_over(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

/// Headers from an object; a list is as many headers.
pub(crate) fn headers(map: &Map<String, Value>) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in map {
        match value {
            Value::String(text) => headers.append(name, text),
            Value::Array(texts) => {
                for text in texts {
                    headers.append(name, text.as_str().expect("a text"));
                }
            }
            Value::Null => {}
            other => panic!("{name}: {other} is no value of a header"),
        }
    }
    headers
}

impl Case {
    pub(crate) fn engines(&self) -> Vec<EngineId> {
        crate::ids(&self.engine)
    }

    /// The engine, with its knobs as the case wants them.
    pub(crate) fn engine(&self, id: EngineId) -> Engine {
        let mut engine = Engine::of(id);
        let knobs = &self.knobs;
        if self.engine == all() || knobs.by_the_book == Some(true) {
            by_the_book(&mut engine);
        }
        let turned = [
            (knobs.star_covers_authorization, &mut engine.star_covers_authorization),
            (knobs.chain_counts_for_cookies, &mut engine.chain_counts_for_cookies),
            (knobs.schemeful_cookies, &mut engine.schemeful_cookies),
            (knobs.lax_by_default, &mut engine.lax_by_default),
            (knobs.upgrades_mixed, &mut engine.upgrades_mixed),
            (knobs.blocks_opaque, &mut engine.blocks_opaque),
            (knobs.says_user, &mut engine.says_user),
            (knobs.limits_safelisted_sum, &mut engine.limits_safelisted_sum),
            (knobs.keeps_partitioned, &mut engine.keeps_partitioned),
            (knobs.trusts_loopback, &mut engine.trusts_loopback),
            (knobs.refused_styles_load, &mut engine.refused_styles_load),
        ];
        for (wanted, knob) in turned {
            *knob = wanted.unwrap_or(*knob);
        }
        engine.streams = match knobs.streams.as_deref() {
            None => engine.streams,
            Some("sent") => Streams::Sent,
            Some("text") => Streams::Text,
            Some("refused") => Streams::Refused,
            Some(other) => panic!("{other} becomes of no stream"),
        };
        if knobs.blocks_third_party == Some(true) {
            engine.third_party = ThirdParty::Blocked;
        }
        if knobs.allows_third_party == Some(true) {
            engine.third_party = ThirdParty::Allowed;
        }
        engine
    }

    /// A browser that these cookies were planted in.
    pub(crate) fn state(&self, engine: &Engine) -> State {
        let mut state = State::default();
        for planted in &self.cookies {
            let lines = planted.set.iter().map(|line| ("Set-Cookie", line.as_str()));
            let answer = Answer { status: 200, headers: lines.collect(), is_executed: true };
            let visit = Request::by(Way::Typed, planted.by.0.clone());
            let mut server = |_: &Sent| answer.clone();
            state = decide(engine, None, &visit, &mut server, &state, planted.at).after;
        }
        state
    }
}

/// Turns off what engines do against the specifications, as it was measured: a case for all of
/// them is the specifications' own.
fn by_the_book(engine: &mut Engine) {
    engine.knows_prefixes = true;
    engine.star_covers_authorization = false;
    engine.refused_styles_load = false;
    engine.sandbox_referer = SandboxReferer::Nothing;
    engine.trims_framed_referer = false;
    engine.names_origin_to_own = false;
    engine.asks_on = false;
    engine.forgets_after_failure = true;
    engine.gone_with_body = GoneWithBody::All;
    engine.turns_delete_into_get = false;
    engine.tells_storage_access = false;
    engine.keeps_origin_behind_redirects = false;
    engine.beacon_sees_through_sandbox = false;
    engine.preflight_repeats_referer = false;
    engine.sandbox_is_no_site = false;
    engine.policy_hides_origin_in_no_cors = true;
    engine.keeps_for_top_host_only = false;
    engine.upload_needs_body = false;
    engine.plain_taint = PlainTaint::AsForPages;
    engine.preflight_sees_through_taint = false;
    engine.site_behind_redirects = SiteBehindRedirects::Worst;
    engine.trusts_top_for_cookies = false;
    engine.keeps_headers_apart = false;
    engine.remembers_literally = false;
    engine.sends_any_type_in_no_cors = false;
    engine.remembers_for_opaque = true;
    engine.takes_own_method_for_approved = true;
    engine.looks_for_any_method = true;
}

impl Page {
    pub(crate) fn build(&self) -> Document {
        let page = match self {
            Self::Address(url) => return Document::top(url.0.clone()),
            Self::Whole(page) => page,
        };
        let mut document = Document::top(page.url.0.clone());
        document.is_sandboxed = page.sandboxed;
        document.ancestors = page.ancestors.iter().map(|page| page.0.clone()).collect();
        if let Some(word) = &page.policy {
            document.referrer_policy = ReferrerPolicy::of_word(word).expect("a policy");
        }
        document.embedder_policy = match page.embedder_policy.as_deref() {
            None => EmbedderPolicy::UnsafeNone,
            Some("credentialless") => EmbedderPolicy::Credentialless,
            Some("require-corp") => EmbedderPolicy::RequireCorp,
            Some(other) => panic!("{other} is no embedder policy"),
        };
        document.space = page.space.as_deref().map(space);
        document.local_network = match page.local_network.as_deref() {
            None | Some("prompt") => Permission::Prompt,
            Some("granted") => Permission::Granted,
            Some("denied") => Permission::Denied,
            Some(other) => panic!("{other} is no answer of a person"),
        };
        if let Some(script) = &page.worker {
            document = document.worker(script.0.clone());
        }
        if page.srcdoc { document.srcdoc() } else { document }
    }
}

fn space(word: &str) -> AddressSpace {
    match word {
        "loopback" => AddressSpace::Loopback,
        "local" => AddressSpace::Local,
        "public" => AddressSpace::Public,
        other => panic!("{other} is no address space"),
    }
}

impl Ask {
    pub(crate) fn build(&self) -> Request {
        let way = way(self.way.as_deref().unwrap_or("fetch"));
        let said_mode = match self.mode.as_deref() {
            None | Some("cors") => Mode::Cors,
            Some("no-cors") => Mode::NoCors,
            Some("same-origin") => Mode::SameOrigin,
            Some("navigate") => Mode::Navigate,
            Some("websocket") => Mode::WebSocket,
            Some(other) => panic!("{other} is no mode"),
        };
        // An element without `crossorigin` is in no-cors mode.
        let mode = match self.mode {
            None if way.is_watched() => Mode::NoCors,
            _ => said_mode,
        };
        Request {
            method: self.method.clone().unwrap_or_else(|| "GET".to_owned()),
            headers: headers(&self.headers),
            body: self.body.clone().map_or(Body::Empty, Content::build),
            mode,
            credentials: match self.credentials.as_deref() {
                None | Some("same-origin") => Credentials::SameOrigin,
                Some("include") => Credentials::Include,
                Some("omit") => Credentials::Omit,
                Some(other) => panic!("{other} is no credentials mode"),
            },
            options: self.options(),
            ..Request::by(way, self.url.0.clone())
        }
    }

    fn options(&self) -> Options {
        Options {
            redirect: match self.redirect.as_deref() {
                None | Some("follow") => Redirect::Follow,
                Some("error") => Redirect::Error,
                Some("manual") => Redirect::Manual,
                Some(other) => panic!("{other} is no redirect mode"),
            },
            cache: match self.cache.as_deref() {
                None | Some("default") => CacheMode::Default,
                Some("no-store") => CacheMode::NoStore,
                Some("reload") => CacheMode::Reload,
                Some("no-cache") => CacheMode::NoCache,
                Some("force-cache") => CacheMode::ForceCache,
                Some("only-if-cached") => CacheMode::OnlyIfCached,
                Some(other) => panic!("{other} is no cache mode"),
            },
            keepalive: self.keepalive,
            lacks_duplex: self.lacks_duplex,
            has_integrity: self.integrity,
            is_clicked: self.clicked,
            target_space: self.target_space.as_deref().map(space),
            server_space: self.server_space.as_deref().map(space),
        }
    }
}

fn way(word: &str) -> Way {
    match word {
        "fetch" => Way::Fetch,
        "xhr" => Way::Xhr { listens_to_upload: false },
        "xhr-upload" => Way::Xhr { listens_to_upload: true },
        "beacon" => Way::Beacon,
        "event-source" => Way::EventSource,
        "websocket" => Way::WebSocket,
        "form" => Way::Form(Target::Top),
        "form-in-frame" => Way::Form(Target::Frame),
        "link" => Way::Link(Target::Top),
        "frame" => Way::Link(Target::Frame),
        "ping" => Way::Ping,
        "image" => Way::Image,
        "script" => Way::Script,
        "stylesheet" => Way::Stylesheet,
        "font" => Way::Font,
        "audio" => Way::Audio,
        "video" => Way::Video,
        "worker" => Way::Worker,
        "shared-worker" => Way::SharedWorker,
        "prefetch" => Way::Prefetch,
        "csp-report" => Way::CspReport,
        "report" => Way::Report,
        "typed" => Way::Typed,
        other => panic!("{other} is no way"),
    }
}

impl Content {
    fn build(self) -> Body {
        match self {
            Self::Text(text) => Body::Text(text),
            Self::Urlencoded(text) => Body::UrlEncoded(text),
            Self::Multipart(fields) => Body::Multipart(fields.into_iter().collect()),
            Self::Plain(text) => Body::Plain(text),
            Self::Bytes(count) => Body::Bytes(vec![0; count]),
            Self::Blob(kind) => Body::Blob(kind, vec![0]),
            Self::Stream => Body::Stream,
        }
    }
}

/// The servers: their answers in the order in which they are asked. Without any, each is a 200 of
/// no words.
pub(crate) struct Server<'a> {
    answers: Option<&'a [Said]>,
    asked: usize,
}

impl<'a> Server<'a> {
    pub(crate) const fn new(answers: Option<&'a [Said]>) -> Self {
        Self { answers, asked: 0 }
    }

    pub(crate) fn answer(&mut self, sent: &Sent) -> Answer {
        let said = self.answers.map(|answers| answers.get(self.asked).cloned());
        self.asked += 1;
        let said = said.unwrap_or(Some(Said { status: 200, headers: Map::new() }));
        let is_executed = !sent.headers.has("access-control-request-method");
        match said {
            Some(said) => {
                Answer { status: said.status, headers: headers(&said.headers), is_executed }
            }
            None => Answer::default(),
        }
    }

    /// Whether it was asked as often as it has answers.
    pub(crate) fn fault(&self) -> Option<String> {
        let (asked, have) = (self.asked, self.answers?.len());
        (asked != have).then(|| format!("{asked} messages were sent, and {have} are answered"))
    }
}
