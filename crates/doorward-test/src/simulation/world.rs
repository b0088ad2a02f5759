//! The worlds that visits happen in: a gate's settings, and the same in plain facts for the shadow.

use super::dice::Dice;
use crate::sample::Rig;
use doorward_core::layers::quota::{By, Deny, Limit, Measure, Who};
use doorward_core::mode::Mode;
use doorward_core::question::Rate;
use doorward_core::route::{self, Effect, Embed, Kind, Override};
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;

/// What the shadow knows of a route.
#[derive(Clone, Copy, Debug)]
pub(super) struct RouteFacts {
    /// Its path.
    pub(super) path: &'static str,
    /// What it is for.
    pub(super) kind: Kind,
    /// Declared methods.
    pub(super) methods: &'static [&'static str],
    /// It changes state.
    pub(super) writes: bool,
    /// Only the partner's page may call it.
    pub(super) partners: bool,
    /// Who may embed it.
    pub(super) embed: Embed,
    /// People are sent back to it by POST.
    pub(super) post: bool,
    /// No override at all.
    pub(super) refuses_overrides: bool,
    /// Body bytes at the most.
    pub(super) body_bytes_max: Option<u64>,
    /// Its body goes into the proof.
    pub(super) binds: bool,
    /// Its mode.
    pub(super) mode: Mode,
    /// Its own limit.
    pub(super) limit: Option<LimitFacts>,
    /// The file's limits do not count here.
    pub(super) limits_only: bool,
}

/// What the shadow knows of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LimitFacts {
    /// Its name.
    pub(super) name: &'static str,
    /// Counts networks, not subscribers.
    pub(super) by_network: bool,
    /// Only pages (true), only programs (false), or everybody.
    pub(super) pages: Option<bool>,
    /// Each route has a share of its own.
    pub(super) per_route: bool,
    /// How much.
    pub(super) much: Much,
}

/// How much a limit grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Much {
    /// One comes back every so many milliseconds; so many can be saved up.
    Tokens {
        /// Milliseconds.
        every_ms: u64,
        /// Saved up at the most.
        burst: u32,
    },
    /// So many in each window.
    Window {
        /// Seconds.
        window_s: u32,
        /// How many.
        limit: u32,
    },
}

const PLAIN: RouteFacts = RouteFacts {
    path: "",
    kind: Kind::Api,
    methods: &[],
    writes: false,
    partners: false,
    embed: Embed::Own,
    post: false,
    refuses_overrides: false,
    body_bytes_max: None,
    binds: false,
    mode: Mode::Enforce,
    limit: None,
    limits_only: false,
};

const WINDOW: LimitFacts = LimitFacts {
    name: "window",
    by_network: false,
    pages: None,
    per_route: false,
    much: Much::Window { window_s: 7, limit: 3 },
};

const ALONE: LimitFacts = LimitFacts {
    name: "alone",
    by_network: false,
    pages: None,
    per_route: false,
    much: Much::Tokens { every_ms: 300, burst: 2 },
};

/// The routes of every world. The first stands for paths that no route names, the last for a page
/// that the gate makes by itself.
pub(super) const ROUTES: [RouteFacts; 14] = [
    PLAIN,
    RouteFacts { path: "/write", methods: &["POST", "PUT"], writes: true, ..PLAIN },
    RouteFacts { path: "/any-write", writes: true, refuses_overrides: true, ..PLAIN },
    RouteFacts { path: "/read", methods: &["GET"], ..PLAIN },
    RouteFacts { path: "/page", kind: Kind::Page, ..PLAIN },
    RouteFacts { path: "/back", kind: Kind::Return, post: true, ..PLAIN },
    RouteFacts { path: "/health", kind: Kind::Health, ..PLAIN },
    RouteFacts { path: "/for-site", embed: Embed::SameSite, ..PLAIN },
    RouteFacts { path: "/for-anyone", embed: Embed::Anyone, ..PLAIN },
    RouteFacts { path: "/small", body_bytes_max: Some(100), binds: true, ..PLAIN },
    RouteFacts { path: "/partner", partners: true, limit: Some(WINDOW), ..PLAIN },
    RouteFacts { path: "/alone", limit: Some(ALONE), limits_only: true, ..PLAIN },
    RouteFacts { path: "/soft", mode: Mode::Monitor, ..PLAIN },
    RouteFacts { path: "/robots.txt", kind: Kind::Page, ..PLAIN },
];

/// The file's limits in every world: small, so that they are met.
pub(super) const LIMITS: [LimitFacts; 4] = [
    LimitFacts {
        name: "pages",
        by_network: false,
        pages: Some(true),
        per_route: false,
        much: Much::Tokens { every_ms: 1_000, burst: 5 },
    },
    LimitFacts {
        name: "programs",
        by_network: false,
        pages: Some(false),
        per_route: false,
        much: Much::Tokens { every_ms: 1_500, burst: 3 },
    },
    LimitFacts {
        name: "network",
        by_network: true,
        pages: None,
        per_route: false,
        much: Much::Tokens { every_ms: 125, burst: 12 },
    },
    LimitFacts {
        name: "route",
        by_network: true,
        pages: None,
        per_route: true,
        much: Much::Tokens { every_ms: 500, burst: 4 },
    },
];

/// Strikes: one is forgotten every so many milliseconds.
pub(super) const STRIKES_EVERY_MS: u64 = 2_000;
/// So many strikes are too many.
pub(super) const STRIKES_BURST: u32 = 3;

/// By which names the gate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GoesBy {
    /// `https://gate.test` alone.
    One,
    /// That, and `http://plain.test:8080`, which browsers do not trust.
    Two,
    /// Any local name: it is only tried out.
    Local,
}

/// A gate, and what the shadow knows of it.
pub(super) struct World {
    /// The gate.
    pub(super) rig: Rig,
    /// Its names.
    pub(super) goes_by: GoesBy,
    /// Paths without a route are refused.
    pub(super) closed: bool,
    /// 10.0.0.0/8 are its own proxies.
    pub(super) proxied: bool,
    /// The mounting carries upgrades.
    pub(super) upgrades: bool,
    /// The file's mode.
    pub(super) mode: Mode,
    /// The modes of cors, site, method, quota.
    pub(super) modes: [Mode; 4],
    /// A denied subscriber of the first network.
    pub(super) denied: Option<u8>,
}

/// The layers whose modes a world has.
pub(super) const LAYERS: [&str; 4] = ["cors", "site", "method", "quota"];

impl World {
    /// A world, chosen by the dice.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let mut modes = [Mode::Enforce; 4];
        if dice.one_in(3) {
            let place = usize::try_from(dice.below(4)).unwrap_or(0);
            modes[place] = dice.pick(&[Mode::Monitor, Mode::Off]);
        }
        let mode = if dice.one_in(12) { Mode::Monitor } else { Mode::Enforce };
        let goes_by = dice.pick(&[GoesBy::One, GoesBy::Two, GoesBy::Two, GoesBy::Local]);
        let denied = dice.one_in(3).then_some(2);
        let (closed, proxied) = (dice.one_in(6), dice.one_in(2));
        let settings = settings(goes_by, closed, proxied, mode, &modes, denied);
        let rig = Rig::new(&settings);
        Self { rig, goes_by, closed, proxied, upgrades: dice.one_in(4), mode, modes, denied }
    }
}

fn settings(
    goes_by: GoesBy,
    closed: bool,
    proxied: bool,
    mode: Mode,
    modes: &[Mode; 4],
    denied: Option<u8>,
) -> Settings {
    let mut out = Settings::public();
    let names: &[&str] = match goes_by {
        GoesBy::One => &["https://gate.test"],
        GoesBy::Two => &["https://gate.test/api", "http://plain.test:8080"],
        GoesBy::Local => &[],
    };
    out.external = names.iter().map(|name| (*name).to_owned()).collect();
    out.trying_out = names.is_empty();
    out.origins = ["https://shop.test", "https://pr-{number}.shop.test"].map(String::from).into();
    out.mode = mode;
    out.layer_modes = LAYERS.iter().copied().zip(modes.iter().copied()).collect();
    out.message.refuse_unmatched = closed;
    if proxied {
        out.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    }
    out.quota.strikes = Rate { every_ns: STRIKES_EVERY_MS * 1_000_000, burst: STRIKES_BURST };
    out.quota.limits = LIMITS.iter().map(limit).collect();
    out.quota.deny = denied
        .map(|last| Deny {
            network: format!("203.0.100.{last}/32").parse().expect("a network"),
            until_unix_s: None,
            why: "a story".to_owned(),
        })
        .into_iter()
        .collect();
    out.credential.admission_key = Secret::new([9; 32]);
    out.routes = ROUTES[1..ROUTES.len() - 1].iter().map(route).collect();
    out
}

fn route(facts: &RouteFacts) -> route::Settings {
    route::Settings {
        path: facts.path.to_owned(),
        kind: facts.kind,
        methods: facts.methods.iter().map(|name| (*name).to_owned()).collect(),
        effect: if facts.writes { Effect::Write } else { Effect::ByMethod },
        mode: facts.mode,
        origins: facts.partners.then(|| vec!["https://partner.test".to_owned()]),
        embed: facts.embed,
        post: facts.post,
        overrides: if facts.refuses_overrides { Override::Refuse } else { Override::Judge },
        limits: facts.limit.iter().map(limit).collect(),
        limits_only: facts.limits_only,
        body_bytes_max: facts.body_bytes_max,
        bind_body: facts.binds,
        ..route::Settings::default()
    }
}

fn limit(facts: &LimitFacts) -> Limit {
    let mut by = vec![if facts.by_network { By::Network } else { By::Address }];
    if facts.per_route {
        by.push(By::Route);
    }
    let measure = match facts.much {
        Much::Tokens { every_ms, burst } => {
            Measure::Rate(Rate { every_ns: every_ms * 1_000_000, burst })
        }
        Much::Window { window_s, limit } => Measure::Window { window_s, limit },
    };
    let who = match facts.pages {
        None => Who::All,
        Some(true) => Who::Pages,
        Some(false) => Who::Programs,
    };
    Limit { who, ..Limit::new(facts.name, &by, measure) }
}
