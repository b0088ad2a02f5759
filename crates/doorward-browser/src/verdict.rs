//! What comes of a request.

use crate::body::Body;
use crate::headers::Headers;
use crate::jar::Travel;
use crate::preflight::Cause;
use crate::rule::Rule;
use crate::state::State;
use url::Url;

/// A request as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The method.
    pub method: String,
    /// Where to.
    pub url: Url,
    /// The headers that decide something; `Host`, `Accept-Language` and the like are left out.
    pub headers: Headers,
    /// The body.
    pub body: Body,
}

/// What a server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status; 0 where there was no answer.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// Whether the server ran the request, whatever it says of it.
    pub is_executed: bool,
}

/// A rule, and what exactly it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// The rule.
    pub rule: Rule,
    /// The method, header or value; empty where the rule says it all.
    pub detail: String,
}

/// A preflight, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight {
    /// Why it is needed.
    pub causes: Vec<Cause>,
    /// What was sent; none: it was approved before.
    pub sent: Option<Sent>,
    /// What came back.
    pub answer: Option<Answer>,
    /// Why that is no approval; none: it is one.
    pub doubt: Option<Because>,
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown(pub Because);

/// What the page gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The script reads the answer, and of its headers these, in lower case.
    Reads(Vec<String>),
    /// The script gets an answer without content (`no-cors`).
    Opaque,
    /// The script is told that there was a redirect, and nothing of it (`redirect: "manual"`).
    OpaqueRedirect,
    /// The script gets an error, and cannot tell why.
    Hidden,
    /// The call throws before anything is sent.
    Throws,
    /// The tab or the frame shows the answer; the page that asked cannot read it.
    Navigates,
    /// No script waits for it.
    Silent,
    /// The browser asks the person first; nothing is sent before a yes.
    Prompts,
    /// It meets something that is not modelled.
    NotModelled,
}

/// What an element tells its page, which may be all that a page learns of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `load`.
    Load,
    /// `error`.
    Error,
}

/// Whose an answer is (Fetch 2.2.5, response tainting).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tainting {
    /// One's own origin's: CORS has no say.
    #[default]
    Basic,
    /// Another's, if that lets the page.
    Cors,
    /// Another's, and not to be read.
    Opaque,
}

/// One address on the way of a request. There is more than one where servers redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The address.
    pub url: Url,
    /// Whose its answer is.
    pub tainting: Tainting,
    /// The question that comes first, if one does.
    pub preflight: Option<Preflight>,
    /// The request; none: it was not sent here.
    pub sent: Option<Sent>,
    /// Its answer.
    pub answer: Option<Answer>,
    /// It came from the browser's own cache: the server was not asked.
    pub is_from_cache: bool,
    /// Every cookie that the server could have been sent, and whether it was.
    pub cookies: Vec<Travel>,
    /// Every cookie that the answer set, and whether it was kept.
    pub kept: Vec<Travel>,
}

/// What a browser does with a request, and what comes of it. Where servers redirect, the single
/// fields tell of the last hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Headers of the script's that were dropped without a word, in lower case.
    pub dropped: Vec<String>,
    /// Why the browser asks first, or does not; none where it never would: what is not in CORS
    /// mode, and one's own origin.
    pub asking: Option<Rule>,
    /// The question that comes first, if one does.
    pub preflight: Option<Preflight>,
    /// The request, the last that was sent; none: it never left the browser.
    pub sent: Option<Sent>,
    /// Its answer.
    pub answer: Option<Answer>,
    /// Every cookie that the server could have been sent, and whether it was.
    pub cookies: Vec<Travel>,
    /// Every cookie that the answers of all hops set, and whether it was kept.
    pub kept: Vec<Travel>,
    /// Every address on the way, the last one included; empty where nothing was asked.
    pub hops: Vec<Hop>,
    /// What the element tells its page; none where no element waits, or where that depends on
    /// what the body holds.
    pub event: Option<Event>,
    /// What the page gets.
    pub reading: Reading,
    /// The rule that decided that.
    pub because: Because,
    /// What the browser remembers afterwards.
    pub after: State,
}

impl Because {
    /// A rule that says it all.
    #[must_use]
    pub const fn of(rule: Rule) -> Self {
        Self { rule, detail: String::new() }
    }

    /// A rule and what it found.
    #[must_use]
    pub fn on(rule: Rule, detail: impl Into<String>) -> Self {
        Self { rule, detail: detail.into() }
    }
}

impl Verdict {
    /// Whether a server ran the request, on any hop. A preflight that it answered is none.
    #[must_use]
    pub fn is_executed(&self) -> bool {
        self.hops.iter().any(Hop::is_executed)
    }
}

impl Hop {
    /// Whether the server of this hop ran the request.
    #[must_use]
    pub fn is_executed(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.is_executed) && !self.is_from_cache
    }
}
