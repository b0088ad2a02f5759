//! Scenarios: a story, its callers and requests, and what must be seen. One file each; the page,
//! `lab --headless` and the tests run the same ones.

mod built_in;
pub(crate) mod csrf;
mod expect;
mod place;
mod read;
mod step;

pub use built_in::{all, of_id};
pub use expect::{Backend, Counted, Expected, Gets, Side};
pub use place::{Caller, Place};
pub use read::{ScenarioError, read};
pub use step::{Asks, Credentials, Enctype, Mode, Payload, Said, Sender, Step, Way, WithGate};

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One story.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// Its id, as in `hidden-read`.
    pub id: String,
    /// Its number, as in `A1`; a scenario of one's own needs none.
    #[serde(default)]
    pub row: Option<String>,
    /// Its letter in the essay that the lab grew from.
    #[serde(default)]
    pub letter: Option<String>,
    /// Which room of the lab it is in.
    #[serde(default)]
    pub room: Room,
    /// What it is called.
    pub title: String,
    /// What happens, in two or three sentences. `{shop}`, `{evil}` and the other names stand for
    /// the sites' addresses.
    pub story: String,
    /// What a visitor is asked before it runs.
    pub ask: Ask,
    /// What one has seen, in one sentence.
    pub lesson: String,
    /// What the defence does not stop.
    pub not_stopped: String,
    /// Layers that it needs and that are not built yet: with the gate on it cannot be run.
    #[serde(default)]
    pub waits_for: Vec<String>,
    /// It has no side without the gate.
    #[serde(default)]
    pub gate_only: bool,
    /// The backend.
    #[serde(default)]
    pub backend: Setup,
    /// The gate.
    #[serde(default)]
    pub gate: GateSetup,
    /// Engines that cannot show it over `http:`, and why.
    #[serde(default)]
    pub not_on_http: BTreeMap<String, String>,
    /// Who is signed in before it begins, and where.
    #[serde(default)]
    pub sign_in: Option<SignIn>,
    /// What happens, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// Rooms of the lab, in the order of the guided tour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Room {
    /// What a browser hides, the backend has run.
    Hidden,
    /// Where the browser asks first.
    Preflight,
    /// Forms, links and cookies.
    Forms,
    /// Callers that are no browser.
    Programs,
    /// Mistakes of the backend's own CORS.
    Mistakes,
    /// Too much of it.
    Abuse,
    /// One's own.
    #[default]
    Own,
}

/// A question before the run, with two answers.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ask {
    /// The question.
    pub question: String,
    /// The answer when it happens.
    pub yes: String,
    /// The answer when it does not.
    pub no: String,
    /// What it is about.
    pub about: About,
    /// Which step answers it, from 1.
    #[serde(default = "first")]
    pub step: usize,
    /// The cookie that it is about, where it is about one.
    #[serde(default)]
    pub cookie: Option<String>,
}

const fn first() -> usize {
    1
}

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// Whether the backend runs the request: all of them, where there are many.
    Executed,
    /// Whether the caller reads the answer.
    Read,
    /// Whether a cookie arrives.
    Cookie,
}

/// How the backend is set up.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Setup {
    /// Its CORS, by its word.
    pub cors: CorsWord,
    /// Origins that it allows, by their names; `shop` when nothing is said.
    pub allows: Vec<Caller>,
    /// `SameSite` of its session cookie.
    pub same_site: SameSiteWord,
    /// Whose money moves.
    pub trust: TrustWord,
    /// With the gate on it demands the gate's proof of admission.
    pub demands_proof: bool,
}

/// How the gate is set up.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct GateSetup {
    /// What its configuration file says beside the lab's own lines.
    pub config: String,
    /// The backend's CORS behind it, where that is another one.
    pub cors: Option<CorsWord>,
}

/// Who signs in, and where.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SignIn {
    /// The name under which the API is called.
    #[serde(default)]
    pub at: Place,
    /// The path that is posted to: `/login`, or `/cookies` for one of each kind.
    #[serde(default = "login")]
    pub path: String,
}

fn login() -> String {
    "/login".to_owned()
}

/// The backend's CORS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CorsWord {
    /// None at all.
    None,
    /// Right: exact origins, mirrored, with `Vary`.
    #[default]
    Exact,
    /// One origin for everybody.
    Static,
    /// Whatever origin asks, mirrored, without `Vary`.
    Mirrored,
    /// `*`.
    Star,
    /// `*`, and `Authorization` by name.
    StarListed,
    /// `*` with credentials.
    StarCredentials,
    /// `*`, and every preflight approved.
    Blanket,
    /// Exact origins, without `Vary`.
    NoVary,
    /// Exact, and requests without `Origin` are refused.
    RequireOrigin,
    /// Exact, and requests with another `Origin` are refused.
    CheckOrigin,
}

/// `SameSite` of the session cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SameSiteWord {
    /// `Strict`.
    Strict,
    /// `Lax`.
    #[default]
    Lax,
    /// `None; Secure`.
    None,
    /// No attribute.
    Unset,
}

/// Whose money moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustWord {
    /// The user's whose cookie came along.
    #[default]
    Cookie,
    /// Ann's, whoever calls.
    Network,
}

impl GateSetup {
    /// Whether strangers need a pass.
    #[must_use]
    pub fn asks_for_passes(&self) -> bool {
        let table = self.config.parse::<toml::Table>().unwrap_or_default();
        let mode = table.get("layers").and_then(|layers| layers.get("pass")?.get("mode"));
        mode.and_then(toml::Value::as_str) == Some("enforce")
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            cors: CorsWord::Exact,
            allows: vec![Caller::Shop],
            same_site: SameSiteWord::Lax,
            trust: TrustWord::Cookie,
            demands_proof: false,
        }
    }
}

impl CorsWord {
    /// All of them, in the order of the page's list.
    pub const ALL: [Self; 11] = [
        Self::None,
        Self::Exact,
        Self::Static,
        Self::Mirrored,
        Self::Star,
        Self::StarListed,
        Self::StarCredentials,
        Self::Blanket,
        Self::NoVary,
        Self::RequireOrigin,
        Self::CheckOrigin,
    ];

    /// What it is, in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::None => "no CORS headers",
            Self::Exact => "the allowed origin, exactly, with Vary",
            Self::Static => "one origin, whoever asks",
            Self::Mirrored => "whatever origin asks, mirrored",
            Self::Star => "*",
            Self::StarListed => "*, and Authorization by name",
            Self::StarCredentials => "* with credentials",
            Self::Blanket => "*, and every preflight approved",
            Self::NoVary => "the allowed origin, without Vary",
            Self::RequireOrigin => "refuses requests without Origin",
            Self::CheckOrigin => "refuses requests of other Origins",
        }
    }
}

impl Scenario {
    /// Whether it can be run with the gate on.
    #[must_use]
    pub fn has_gate(&self) -> bool {
        self.waits_for.is_empty()
    }

    /// The steps of one side, as they are there, with their places in the file.
    pub fn steps(&self, side: Side) -> impl Iterator<Item = (usize, Cow<'_, Step>)> {
        let all = self.steps.iter().enumerate();
        let own = all.filter(move |(_, step)| step.expected(side).is_some());
        own.filter_map(move |(at, _)| Some((at, self.step(at, side)?)))
    }

    /// A step as it is on one side: a copy goes where what it copies went.
    #[must_use]
    pub fn step(&self, at: usize, side: Side) -> Option<Cow<'_, Step>> {
        let own = self.steps.get(at)?.on_side(side);
        let Some(copied) = own.copied().filter(|copied| *copied < at) else { return Some(own) };
        let to = self.step(copied, side)?.to;
        Some(Cow::Owned(Step { to, ..own.into_owned() }))
    }

    /// Whether a step of this side needs a window of its own.
    #[must_use]
    pub fn needs_window(&self, side: Side) -> bool {
        self.sign_in.is_some() || self.steps(side).any(|(_, step)| step.needs_window())
    }
}
