//! One step: somebody makes a request in some way.

use super::expect::{Expected, Side};
use super::place::{Caller, Place};
use super::{CorsWord, GateSetup};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A step.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// What happens, in a few words.
    pub says: String,
    /// Who does it.
    pub caller: Caller,
    /// How; a program says nothing of it.
    #[serde(default)]
    pub way: Way,
    /// Where to.
    #[serde(default)]
    pub to: Place,
    /// The request.
    #[serde(default)]
    pub request: Said,
    /// Its row of the closing table, where it is one.
    #[serde(default)]
    pub table: Option<String>,
    /// It is an attack, and has a row in the defence matrix.
    #[serde(default)]
    pub attack: bool,
    /// The backend's CORS from here on, where it changes.
    #[serde(default)]
    pub cors: Option<CorsWord>,
    /// How often a program does it.
    #[serde(default = "once")]
    pub times: u32,
    /// How many addresses a program calls from, all of one network.
    #[serde(default = "once")]
    pub addresses: u32,
    /// So many visitors behind the one address, each with a pass of its own: programs that sign.
    #[serde(default = "once")]
    pub visitors: u32,
    /// Seconds of the gate's clock over which all of it is spread.
    #[serde(default)]
    pub over: u32,
    /// Seconds of the gate's clock that go by before it.
    #[serde(default)]
    pub later: u32,
    /// A program sends what another step sent, as it travelled; steps are counted from 1. What its
    /// own request says is put in its place.
    #[serde(default)]
    pub copy_of: Option<usize>,
    /// What is asked for and where, with the gate on, if that is something else.
    #[serde(default)]
    pub with_gate: Option<WithGate>,
    /// What must be seen without the gate; none: it does not happen there.
    #[serde(default)]
    pub off: Option<Expected>,
    /// What must be seen with the gate.
    #[serde(default)]
    pub on: Option<Expected>,
}

/// What a caller asks for where there is a gate.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct WithGate {
    /// Where to.
    pub to: Place,
    /// The request.
    pub request: Said,
}

const fn once() -> u32 {
    1
}

/// How a page makes a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// `fetch()`; or a program's own request.
    #[default]
    Fetch,
    /// `XMLHttpRequest`.
    Xhr,
    /// A form that submits itself and replaces the page.
    Form,
    /// A link that is followed and replaces the page.
    Link,
    /// `<meta http-equiv=refresh>`, on a page without scripts.
    Refresh,
    /// `<img>`.
    Image,
    /// `<img>`, on a page without scripts.
    PlainImage,
    /// `<link rel=prefetch>`.
    Prefetch,
}

/// What is said of a request.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Said {
    /// The method; GET when nothing is said, POST for a form with fields.
    pub method: Option<String>,
    /// Path and query.
    pub path: String,
    /// Headers that the caller sets.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Option<Payload>,
    /// `mode` of `fetch`.
    pub mode: Option<Mode>,
    /// `credentials` of `fetch`.
    pub credentials: Option<Credentials>,
    /// What a page's script writes into `document.cookie` before it asks: a line for each cookie.
    pub sets: Vec<String>,
    /// A program presents the integration's key.
    pub with_key: bool,
    /// A program asks `GET /api/token` first and sends the token along.
    pub with_token: bool,
    /// With the gate on, the caller has a pass and signs what it sends: a page loads the gate's
    /// `auto.js`, a program speaks the protocol by itself.
    pub signed: bool,
    /// With the gate on, a page asks the gate for a CSRF token first and sends it along: a form in
    /// its field, all else in a header.
    pub with_csrf: bool,
    /// A program asks the gate for a pass, and that is all.
    pub asks: Option<Asks>,
    /// A webhook's sender signs it in its own way.
    pub signed_as: Option<Sender>,
}

/// Whose webhooks they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sender {
    /// A payment provider.
    Stripe,
    /// A code host.
    GitHub,
}

/// How a pass is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// With the work done.
    WithWork,
    /// With eight numbers that nobody worked for.
    WithoutWork,
}

/// A body.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payload {
    /// A string.
    Text(String),
    /// Bytes without a content type.
    Bytes(Vec<u8>),
    /// Fields of a form, or of a `URLSearchParams`.
    Fields(BTreeMap<String, String>),
    /// Fields of a form with another encoding.
    Encoded {
        /// Which one.
        enctype: Enctype,
        /// The fields.
        fields: BTreeMap<String, String>,
    },
}

/// The encodings of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Enctype {
    /// `application/x-www-form-urlencoded`.
    #[serde(rename = "application/x-www-form-urlencoded")]
    UrlEncoded,
    /// `multipart/form-data`.
    #[serde(rename = "multipart/form-data")]
    Multipart,
    /// `text/plain`.
    #[serde(rename = "text/plain")]
    Plain,
}

/// `mode` of `fetch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// `cors`.
    Cors,
    /// `no-cors`.
    NoCors,
    /// `same-origin`.
    SameOrigin,
}

/// `credentials` of `fetch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credentials {
    /// `omit`.
    Omit,
    /// `same-origin`.
    SameOrigin,
    /// `include`.
    Include,
}

impl Step {
    /// The step as it is on one side.
    #[must_use]
    pub fn on_side(&self, side: Side) -> Cow<'_, Self> {
        match (&self.with_gate, side) {
            (Some(WithGate { to, request }), Side::On) => {
                Cow::Owned(Self { to: *to, request: request.clone(), ..self.clone() })
            }
            (_, Side::On | Side::Off) => Cow::Borrowed(self),
        }
    }

    /// The step whose request it copies, from 0.
    #[must_use]
    pub fn copied(&self) -> Option<usize> {
        self.copy_of?.checked_sub(1)
    }

    /// What must be seen on one side; none: the step does not happen there.
    #[must_use]
    pub const fn expected(&self, side: Side) -> Option<&Expected> {
        match side {
            Side::Off => self.off.as_ref(),
            Side::On => self.on.as_ref(),
        }
    }

    /// The method that is asked for.
    #[must_use]
    pub fn method(&self) -> &str {
        match (&self.request.method, &self.request.body) {
            (Some(method), _) => method,
            (None, Some(_)) => "POST",
            (None, None) => "GET",
        }
    }

    /// Whether it needs a window of its own: what replaces the page does, and what is about
    /// cookies, because frames change which of them travel.
    #[must_use]
    pub fn needs_window(&self) -> bool {
        let with_cookies =
            self.request.credentials == Some(Credentials::Include) || self.sets_cookies();
        self.caller.is_page() && (self.way.navigates() || with_cookies || self.request.with_csrf)
    }

    /// Whether its page writes cookies, which later steps meet.
    #[must_use]
    pub fn sets_cookies(&self) -> bool {
        let gated = self.with_gate.iter().map(|own| &own.request);
        gated.chain([&self.request]).any(|said| !said.sets.is_empty())
    }

    /// The backend's CORS behind a gate that is set up so, or without one.
    #[must_use]
    pub fn cors(&self, side: Side, gate: &GateSetup) -> Option<CorsWord> {
        match side {
            Side::Off => self.cors,
            // Behind the gate it stays what the scenario says for there.
            Side::On => self.cors.filter(|_| gate.cors.is_none()),
        }
    }
}

impl Way {
    /// Whether it replaces the page.
    #[must_use]
    pub const fn navigates(self) -> bool {
        matches!(self, Self::Form | Self::Link | Self::Refresh)
    }

    /// Whether its page may run no script.
    #[must_use]
    pub const fn is_without_scripts(self) -> bool {
        matches!(self, Self::Refresh | Self::PlainImage)
    }
}
