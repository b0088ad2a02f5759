//! One request in the core alone: a gate, its store and its memory, and the request that figures
//! are about: Chrome's `fetch` from a page of an allowed origin.

use crate::tokens;
use doorward_core::fingerprint::shown::Shown;
use doorward_core::gate::Gate;
use doorward_core::layers::identity::{
    self, Algorithm, ApiKey, IssuerSettings, KeySettings, KeysFrom, LookedUp, Place, Told,
};
use doorward_core::memory::Memory;
use doorward_core::moment::{Chance, Moment, Now, RequestId};
use doorward_core::question::{Answers, Questions};
use doorward_core::route;
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_core::turn::Turn;
use doorward_core::verdict::Verdict;
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use doorward_porter::chance::SeededChance;
use doorward_store::{MemoryStore, Sizes};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::net::IpAddr;
use std::sync::Arc;

/// The page's origin.
pub const ORIGIN: &str = "https://shop.test";
/// How browsers reach the gate.
pub const EXTERNAL: &str = "https://api.shop.test";
/// The path of the request.
pub const PATH: &str = "/v1/orders/4711";
/// The second in which the samples' time begins.
pub const BEGIN_UNIX_S: u64 = 1_767_225_600;

/// The routes of the sample's file.
const ROUTES: [&str; 20] = [
    "/login",
    "/logout",
    "/status",
    "/v1/account",
    "/v1/account/{part}",
    "/v1/basket",
    "/v1/basket/{item}",
    "/v1/catalogue",
    "/v1/catalogue/{item}",
    "/v1/catalogue/{item}/reviews",
    "/v1/invoices/{id}",
    "/v1/orders",
    "/v1/orders/{id}",
    "/v1/orders/{id}/items",
    "/v1/search",
    "/v1/stock/{item}",
    "/v1/transfer",
    "/v1/users/{id}",
    "/v1/users/{id}/avatar",
    "/static/**",
];

/// What Chrome sends with `fetch(url)` from a page on `https://shop.test`.
pub const CHROME: [(&str, &str); 13] = [
    ("host", "api.shop.test"),
    ("connection", "keep-alive"),
    ("sec-ch-ua-platform", "\"Linux\""),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/156.0.0.0 Safari/537.36",
    ),
    ("sec-ch-ua", "\"Chromium\";v=\"156\", \"Google Chrome\";v=\"156\", \"Not_A Brand\";v=\"24\""),
    ("sec-ch-ua-mobile", "?0"),
    ("accept", "*/*"),
    ("origin", ORIGIN),
    ("sec-fetch-site", "same-site"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
    ("referer", "https://shop.test/"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
];

/// A request that owns its parts.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The query, without its question mark.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The other end of the connection.
    pub peer: IpAddr,
    /// What is said of the body.
    pub body: BodyHint,
}

/// A gate with all that it is given from outside.
pub struct Rig {
    /// The gate.
    pub gate: Arc<Gate>,
    /// The store that it asks.
    pub store: MemoryStore,
    /// Its memory of strikes.
    pub memory: Memory,
    /// Its random bytes: always the same ones.
    pub chance: SeededChance,
}

/// The public profile's settings with one allowed origin and twenty routes.
#[must_use]
pub fn settings() -> Settings {
    let mut settings = Settings::public();
    settings.external = vec![EXTERNAL.to_owned()];
    settings.trying_out = false;
    settings.origins = vec![ORIGIN.to_owned()];
    settings.credential.admission_key = Secret::new([7; 32]);
    settings.routes = ROUTES
        .map(|path| route::Settings { path: path.to_owned(), ..route::Settings::default() })
        .into();
    settings
}

/// The sample's settings, where callers must be known: by a token of the kit's first issuer, or by
/// one of two of its API keys.
///
/// # Panics
/// When the kit lacks its own files.
#[must_use]
pub fn identity_settings() -> Settings {
    let keys = KeysFrom::Set(tokens::file("kit.json").expect("the kit's keys").to_vec());
    let algorithms = [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256];
    let issuer = IssuerSettings::new(tokens::ISSUER, tokens::AUDIENCE, keys, &algorithms);
    let api_key = |id: &str, name| ApiKey {
        id: id.to_owned(),
        sha256: identity::hash(&tokens::api_key(name)),
        scopes: Vec::new(),
        ends_unix_s: None,
        is_revoked: false,
        acts_for_visitors: false,
        as_page: false,
    };
    let mut settings = settings();
    settings.requires_identity = true;
    settings.identity.issuers = vec![issuer];
    settings.identity.keys = Some(KeySettings {
        place: Place::Header(HeaderName::from_static("x-api-key")),
        keys: vec![api_key("k_00000001", "program"), api_key("k_00000002", "other")],
    });
    settings
}

/// A token of the kit's, signed at the first moment of a sample's time; words as in
/// [`of_line`](tokens::of_line).
///
/// # Panics
/// When the words say nothing.
#[must_use]
pub fn token(line: &str) -> String {
    tokens::of_line(line, BEGIN_UNIX_S).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// The first moment of a sample's time.
#[must_use]
pub const fn begin() -> Now {
    Now { steady_ns: 1_000_000_000, unix_s: BEGIN_UNIX_S }
}

impl Request {
    /// Chrome's `fetch` from a page of the allowed origin.
    #[must_use]
    pub fn chrome() -> Self {
        Self::new(Method::GET, PATH, &CHROME)
    }

    /// A request without a body, from 203.0.113.7.
    ///
    /// # Panics
    /// When a header's name or value is none.
    #[must_use]
    pub fn new(method: Method, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut map = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header's value"));
        }
        Self {
            method,
            path: path.to_owned(),
            query: None,
            headers: map,
            peer: IpAddr::from([203, 0, 113, 7]),
            body: BodyHint::Empty,
        }
    }

    /// The same request with a token.
    ///
    /// # Panics
    /// When the token cannot stand in a header.
    #[must_use]
    pub fn bearing(mut self, token: &str) -> Self {
        let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a header's value");
        self.headers.insert(http::header::AUTHORIZATION, value);
        self
    }

    /// The request as the proxy lends it.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View {
            method: &self.method,
            target: Target { authority: None, path: &self.path, query: self.query.as_deref() },
            headers: &self.headers,
            peer: self.peer,
            certificate: None,
            shown: Shown::NOTHING,
            body: self.body,
            fidelity: Fidelity::PROXY,
        }
    }
}

impl Rig {
    /// A gate of these settings, with empty memory for a few thousand callers.
    ///
    /// # Panics
    /// When the settings are wrong.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self::sized(settings, Sizes { strangers_max: 10_000, known_max: 100, claims_max: 100 })
    }

    /// The same, with a store of these sizes.
    ///
    /// # Panics
    /// When the settings are wrong.
    #[must_use]
    pub fn sized(settings: &Settings, sizes: Sizes) -> Self {
        Self {
            gate: Gate::new(settings).unwrap_or_else(|errors| panic!("wrong settings: {errors:?}")),
            store: MemoryStore::new(sizes, [3; 16]),
            memory: Memory::new(1_000, [5; 16]),
            chance: SeededChance::insecure(1),
        }
    }

    /// A moment of this rig at `now`; its request id is drawn.
    #[must_use]
    pub fn at(&self, now: Now) -> Moment<'_> {
        let chance: &dyn Chance = &self.chance;
        Moment { now, id: RequestId::draw(chance), chance, memory: &self.memory }
    }

    /// The verdict about a request; its body, where one is held, is `body`.
    #[must_use]
    pub fn judge(&self, view: View<'_>, body: &[u8], at: Moment<'_>) -> Verdict {
        self.judge_with(view, body, at, |questions| self.store.answer(questions, at.now))
    }

    /// The verdict about a request, with answers from elsewhere.
    pub fn judge_with(
        &self,
        view: View<'_>,
        body: &[u8],
        at: Moment<'_>,
        mut store: impl FnMut(&Questions) -> Answers,
    ) -> Verdict {
        let mut turn = self.gate.open(view, at);
        loop {
            turn = match turn {
                Turn::Done(verdict) => return verdict,
                Turn::Body(awaiting) => awaiting.with(body, at),
                Turn::Keys(awaiting) => awaiting.with(LookedUp::Away, at),
                Turn::Caller(awaiting) => awaiting.with(&Told::Away, 0, at),
                Turn::Ask(pending) => {
                    let answers = store(&pending.questions());
                    pending.answer(&answers, at)
                }
            };
        }
    }
}

/// A verdict in one line: `admit`, `reply 204`, `refuse site/cross-site`.
#[must_use]
pub fn spoken(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Admit(_) => "admit".to_owned(),
        Verdict::Reply(reply) => format!("reply {}", reply.status.as_u16()),
        Verdict::Refuse(refused) => format!("refuse {}", refused.reason().code()),
    }
}
