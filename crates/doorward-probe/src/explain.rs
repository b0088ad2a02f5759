//! # Why a page is not let
//!
//! From a page, its request and what the server answers: what each browser does, the rule that
//! decides, what the console prints, and the smallest change that makes it work. Nothing of that is
//! guessed: [`doorward_browser`] judges the answers as they are, and judges them again with each
//! change that is tried. What nobody says, of a page's network or of a redirect's next address,
//! stands in `beyond.rs`.

mod beyond;
mod live;
mod mend;
mod pasted;
mod words;

use doorward_browser::{
    Answer, Because, Document, Engine, EngineId, Mode, Origin, Reading, Request, Rule, Sent, State,
    Verdict, decide, said,
};
pub use live::{Live, live};
pub use mend::{Change, On, What};
pub use pasted::{Case, Pasted, Unclear, case};
use url::Url;

/// What a server answers, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// To the preflight; none: as to the request itself.
    pub preflight: Option<Answer>,
    /// To the request; none: a success that says nothing of CORS.
    pub answer: Option<Answer>,
    /// Nobody was asked: a person or a policy keeps pages from this machine and its network.
    pub is_denied: bool,
}

/// Why it is as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The rule's id.
    pub id: &'static str,
    /// The specification's section.
    pub section: &'static str,
    /// Its address.
    pub link: &'static str,
    /// What it says.
    pub says: &'static str,
    /// The method, header or value that it met; may be empty.
    pub detail: String,
}

/// What became of a request in one engine.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The engine.
    pub engine: EngineId,
    /// What the page gets.
    pub reading: Reading,
    /// Why.
    pub cause: Cause,
    /// It was met in the answer to the preflight.
    pub in_preflight: bool,
    /// The walk.
    pub verdict: Verdict,
}

/// A request, explained.
#[derive(Clone, Debug)]
pub struct Explained {
    /// In the engine that was asked about.
    pub judged: Judged,
    /// What the browser does, one sentence a step.
    pub steps: Vec<String>,
    /// What each engine's console prints; none where it prints nothing, or nobody knows the words.
    pub consoles: Vec<(EngineId, Option<String>)>,
    /// Engines in which it ends otherwise than in the one that was asked about, and how.
    pub others: Vec<(EngineId, String)>,
    /// The smallest change of the server's answers that lets the page read; empty where it may, or
    /// where no such change was found.
    pub changes: Vec<Change>,
    /// Changes of the page's call, each of which is enough by itself.
    pub page_changes: Vec<String>,
    /// What else helps to see it.
    pub hints: Vec<String>,
    /// Why it should perhaps not be made to work.
    pub warnings: Vec<String>,
}

impl Answers {
    /// What is answered to a request.
    #[must_use]
    pub fn to(&self, sent: &Sent) -> Answer {
        let silent = || Answer { status: 200, ..Answer::default() };
        let answer = || self.answer.clone().unwrap_or_else(silent);
        match is_preflight(sent) {
            true => self.preflight.clone().unwrap_or_else(answer),
            false => answer(),
        }
    }
}

/// Whether a request is a preflight (Fetch 4.8).
#[must_use]
pub fn is_preflight(sent: &Sent) -> bool {
    sent.method == "OPTIONS" && sent.headers.has("access-control-request-method")
}

impl Cause {
    fn of(because: &Because) -> Self {
        let Because { rule: Rule { id, section, link, says, .. }, detail } = because;
        Self { id, section, link, says, detail: detail.clone() }
    }
}

impl Judged {
    /// Whether the page gets what it asked for.
    #[must_use]
    pub const fn works(&self) -> bool {
        matches!(self.reading, Reading::Reads(_) | Reading::Navigates)
    }

    /// Whether it is let so far, and goes on to an address whose answer is not known.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.works() || self.cause.id == "redirect"
    }

    /// Whether the request itself went to the server.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.verdict.sent.is_some()
    }

    /// The answer in which the cause was met.
    fn answer(&self) -> Option<&Answer> {
        match self.in_preflight {
            true => self.verdict.preflight.as_ref()?.answer.as_ref(),
            false => self.verdict.answer.as_ref(),
        }
    }
}

/// A page by its origin or its address. `null` is a page from a file.
#[must_use]
pub fn page(text: &str) -> Option<Document> {
    let text = if text == "null" { "file:///page.html" } else { text };
    let url = Url::parse(text).ok()?;
    let is_known = matches!(url.scheme(), "http" | "https" | "file");
    is_known.then(|| Document::top(url))
}

/// What an engine does with a request, with these answers.
#[must_use]
pub fn judge(engine: EngineId, page: &Document, request: &Request, answers: &Answers) -> Judged {
    let first = request.url.clone();
    let mut server = |sent: &Sent| match sent.url == first {
        true => answers.to(sent),
        // What another address answers is not known.
        false => Answer::default(),
    };
    let (page, request) = (beyond::standing(page, answers), beyond::led(request, answers));
    let engine_of = Engine::of(engine);
    let verdict = decide(&engine_of, Some(&page), &request, &mut server, &State::default(), 0);
    let doubt = verdict.preflight.as_ref().and_then(|preflight| preflight.doubt.as_ref());
    let in_preflight = doubt.is_some();
    let cause = Cause::of(doubt.unwrap_or(&verdict.because));
    let reading = verdict.reading.clone();
    beyond::after(Judged { engine, reading, cause, in_preflight, verdict })
}

/// Explains a request.
#[must_use]
pub fn explain(
    engine: EngineId,
    page: &Document,
    request: &Request,
    answers: &Answers,
) -> Explained {
    let judged = judge(engine, page, request, answers);
    let mut consoles = Vec::new();
    let mut others = Vec::new();
    for id in EngineId::ALL {
        let other = judge(id, page, request, answers);
        consoles.push((id, console(&other, page, request)));
        let is_same = other.works() == judged.works()
            && other.is_sent() == judged.is_sent()
            && other.cause.id == judged.cause.id;
        if !is_same {
            others.push((id, words::end(&other)));
        }
    }
    let mended = mend::mended(&judged, page, request, answers);
    Explained {
        steps: words::steps(&judged, request),
        hints: words::hints(&judged, page, request),
        warnings: words::warnings(&mended.changes, page, request),
        consoles,
        others,
        changes: mended.changes,
        page_changes: mended.page_changes,
        judged,
    }
}

/// What an engine's console prints.
fn console(judged: &Judged, page: &Document, request: &Request) -> Option<String> {
    match judged.goes_on() {
        true => None,
        false => said(judged.engine, &page.origin().to_string(), request, &judged.verdict),
    }
}

/// Whether page and server are one origin.
fn is_own(page: &Document, request: &Request) -> bool {
    page.origin().is_same(&Origin::of(&request.url))
}

/// Whether the page asks for an answer that it cannot read in any case.
fn is_blind(request: &Request) -> bool {
    request.way.is_scripted() && request.mode == Mode::NoCors
}

#[cfg(test)]
mod tests;
