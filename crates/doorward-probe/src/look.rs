//! What a check has: an operation, who may be trusted, and the means to ask.

use crate::ask::{Asker, Exchange, Failed};
use crate::call::{Answered, Call};
use crate::finding::{Confidence, Engines, Finding, Rung, Severity};
use crate::means::Means;
use crate::operation::{Operation, is_named_like_a_write as is_named};
use crate::origins::Origins;
use crate::payload::Breadth;
use crate::session::Session;
use crate::tap::Arrival;
use doorward_browser::{
    Answer, Document, Engine, Origin, Relation, Request, Sent, State, Verdict, decide, relation,
};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::OnceCell;
use url::Url;

/// How often one visit may find out that it needs one more answer: a preflight, a request, and
/// twenty redirects with a preflight each.
const ROUNDS_MAX: usize = 44;

/// One operation, looked at by one check after the other.
#[derive(Debug)]
pub struct Look<'r> {
    /// What is looked at.
    pub operation: &'r Operation,
    /// Origins that should be allowed: those of the command line, else what the API itself names,
    /// else its own.
    pub trusted: &'r [String],
    /// Two origins of nobody's, drawn for this run.
    pub canaries: &'r [String; 2],
    /// A signed-in person's credentials, if a session may travel.
    pub session: Option<&'r Session>,
    /// How many origins are tried.
    pub breadth: Breadth,
    /// What it may use beyond asking, and what it knows already.
    pub(crate) means: Means<'r>,
    asker: &'r Asker,
    origins: OnceCell<Origins>,
}

impl<'r> Look<'r> {
    pub(crate) fn new(
        operation: &'r Operation,
        (trusted, canaries): (&'r [String], &'r [String; 2]),
        session: Option<&'r Session>,
        asker: &'r Asker,
    ) -> Self {
        let breadth = Breadth { is_thorough: false, with_raw: false };
        let origins = OnceCell::const_new();
        let means = Means::none();
        Self { operation, trusted, canaries, session, breadth, means, asker, origins }
    }

    /// Which origins the API allows; they are tried once for all checks.
    pub async fn origins(&self) -> &Origins {
        self.origins.get_or_init(|| Origins::observe(self)).await
    }

    /// Where the API is; none where nobody may call it.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        let socket = self.asker.scope().socket(&self.operation.url).ok()?;
        Some(socket.ip().to_canonical())
    }

    /// The same with more than asking.
    pub(crate) fn with(mut self, means: Means<'r>) -> Self {
        self.means = means;
        self
    }

    pub(crate) const fn asker(&self) -> &Asker {
        self.asker
    }

    /// The answer to a call; the same one is sent once in a run.
    pub async fn ask(&self, call: &Call) -> Exchange {
        self.may_send(call)?;
        self.asker.ask(call).await
    }

    /// The answer to a call that may have been sent before: is it stable?
    pub async fn ask_again(&self, call: &Call) -> Exchange {
        self.may_send(call)?;
        self.asker.ask_again(call).await
    }

    /// Where a call came to when it was last sent.
    #[must_use]
    pub fn arrival(&self, call: &Call) -> Arrival {
        self.asker.arrival(call)
    }

    /// What is known of a call's running, if a tap knows more than its answer says.
    #[must_use]
    pub fn seen_by_tap(&self, call: &Call, rung: Rung) -> Rung {
        match (self.arrival(call), rung) {
            (Arrival::Kept, _) => Rung::Unknown,
            (Arrival::Passed(_), Rung::Strong) => Rung::InPath,
            (Arrival::Passed(_) | Arrival::Unwatched, rung) => rung,
        }
    }

    /// A GET on an address that sounds like a write is one: the operation's own, one beside it,
    /// and one that a redirect leads to.
    fn may_send(&self, call: &Call) -> Result<(), Failed> {
        let is_question = matches!(call.method.as_str(), "OPTIONS" | "TRACE");
        let own = call.url.path() == self.operation.url.path();
        let is_write = (own && self.operation.sounds_like_a_write()) || is_named(&call.url);
        if is_write && !is_question {
            let is_allowed = self.asker.allows_writes() || (own && self.operation.is_harmless);
            if !is_allowed {
                let named = format!("{} {}", call.method, call.url);
                return Err(Failed::CouldWrite(named));
            }
        }
        Ok(())
    }

    /// The operation's request as a page of this origin sends it by `fetch`: with `Origin` and
    /// Fetch Metadata. `null` is a sandboxed frame.
    #[must_use]
    pub fn from_page(&self, origin: &str) -> Call {
        let own = Origin::of(&self.operation.url);
        let site = match Origin::parse(origin).map(|from| relation(&own, &from)) {
            Ok(Relation::SameOrigin) => "same-origin",
            Ok(Relation::SameSite) => "same-site",
            Ok(Relation::CrossSite) | Err(_) => "cross-site",
        };
        let call = self.operation.call().with("Origin", origin);
        call.with("Sec-Fetch-Site", site)
            .with("Sec-Fetch-Mode", "cors")
            .with("Sec-Fetch-Dest", "empty")
    }

    /// The question that a browser asks first for a page of this origin.
    #[must_use]
    pub fn preflight(&self, origin: &str, method: &str, headers: &[&str]) -> Call {
        let call = Call::new("OPTIONS", &self.operation.url)
            .with("Origin", origin)
            .with("Access-Control-Request-Method", method);
        if headers.is_empty() {
            return call;
        }
        let mut names: Vec<String> = headers.iter().map(|name| name.to_ascii_lowercase()).collect();
        names.sort();
        call.with("Access-Control-Request-Headers", &names.join(","))
    }

    /// The call with the session; none where there is no session, or it is for another host.
    #[must_use]
    pub fn signed_in(&self, call: &Call) -> Option<Call> {
        self.session.and_then(|session| session.on(call))
    }

    /// What a browser of this engine does with a request of `from`, with the live API as the
    /// server. A request that may not be sent counts as one without an answer.
    pub async fn visit(&self, engine: &Engine, from: &Document, request: &Request) -> Verdict {
        self.visit_as(engine, from, request, false).await
    }

    /// The same, and where a session is there its cookie travels along, preflights apart.
    pub(crate) async fn visit_as(
        &self,
        engine: &Engine,
        from: &Document,
        request: &Request,
        is_signed_in: bool,
    ) -> Verdict {
        let mut known: Vec<(Sent, Answer)> = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let mut wanted = None;
            let mut server = |sent: &Sent| {
                let answer = known.iter().find(|(own, _)| own == sent);
                if answer.is_none() && wanted.is_none() {
                    wanted = Some(sent.clone());
                }
                answer.map(|(_, answer)| answer.clone()).unwrap_or_default()
            };
            let verdict = decide(engine, Some(from), request, &mut server, &State::default(), 0);
            let Some(sent) = wanted else { return verdict };
            let answer = self.ask(&self.call_as(&sent, is_signed_in)).await;
            known.push((sent, answer.map(|found| answer_of(&found)).unwrap_or_default()));
        }
        decide(engine, Some(from), request, &mut |_| Answer::default(), &State::default(), 0)
    }

    /// What a browser sends, as a call; with the session's cookie, if it is to travel.
    pub(crate) fn call_as(&self, sent: &Sent, is_signed_in: bool) -> Call {
        let call = call_of(sent);
        let session = self.session.filter(|_| is_signed_in && sent.method != "OPTIONS");
        session.and_then(|session| session.cookie_on(&call)).unwrap_or(call)
    }

    /// A finding about this operation; its words are filled in by the check.
    #[must_use]
    pub fn finding(&self, check: &'static str, severity: Severity, title: &str) -> Finding {
        Finding {
            check,
            title: title.to_owned(),
            severity,
            confidence: Confidence::Firm,
            who: String::new(),
            engines: Engines::all(),
            operation: self.operation.name(),
            request: String::new(),
            evidence: Vec::new(),
            rung: None,
            fix: String::new(),
            variant: String::new(),
        }
    }
}

/// An origin without its scheme.
pub(crate) fn name_of(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, name)| name)
}

/// A page of this origin; `null` is a sandboxed frame. None where no page can have it.
#[must_use]
pub fn page_of(origin: &str) -> Option<Document> {
    if origin == "null" {
        let mut page = Document::top(Url::parse("https://sandbox.example/").ok()?);
        page.is_sandboxed = true;
        return Some(page);
    }
    let url = Url::parse(origin).ok()?;
    (Origin::of(&url).to_string() == origin).then(|| Document::top(url))
}

pub(crate) fn call_of(sent: &Sent) -> Call {
    Call {
        method: sent.method.clone(),
        url: sent.url.clone(),
        headers: sent.headers.clone(),
        body: bytes_of(&sent.body),
    }
}

/// A body as it travels. The boundary is the one that the model's content type names.
fn bytes_of(body: &doorward_browser::Body) -> Vec<u8> {
    use doorward_browser::Body;
    match body {
        Body::Empty | Body::Stream => Vec::new(),
        Body::Text(text) | Body::UrlEncoded(text) | Body::Plain(text) => text.clone().into_bytes(),
        Body::Bytes(bytes) | Body::Blob(_, bytes) => bytes.clone(),
        Body::Multipart(fields) => {
            let mut out = String::new();
            for (name, value) in fields {
                out.push_str("------\r\nContent-Disposition: form-data; name=\"");
                out.push_str(&format!("{name}\"\r\n\r\n{value}\r\n"));
            }
            out.push_str("--------\r\n");
            out.into_bytes()
        }
    }
}

pub(crate) fn answer_of(found: &Arc<Answered>) -> Answer {
    // Whether it ran is not for a status to say: that is the rung's.
    Answer { status: found.status, headers: found.headers.clone(), is_executed: false }
}
