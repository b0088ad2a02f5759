//! Which origins an API allows: every payload is sent once, what was granted once more, and each
//! hit goes to the one check that says the least that explains it.
//!
//! An API that mirrors every origin allows `null`, names below and this machine as well; that is
//! one mistake, and said once.

use crate::ask::is_safe;
use crate::call::{Answered, Call};
use crate::finding::Finding;
use crate::grant::{Allowed, Grant};
use crate::join::{Claim, Standing};
use crate::look::Look;
use crate::payload::{Class, Emitter, Payload, payloads};
use crate::position::{Position, host};
use doorward_browser::Origin;
use std::cmp::Reverse;
use std::sync::Arc;

/// Trusted origins whose own answers are looked at.
const TRUSTED_MAX: usize = 3;
/// Further hits that a finding names.
const EVIDENCE_MAX: usize = 8;

/// An origin that is allowed and should not be.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The check that it belongs to.
    pub check: &'static str,
    /// What was sent.
    pub payload: Payload,
    /// Where an attacker stands to use it.
    pub position: Position,
    /// The call.
    pub call: Call,
    /// Its answer.
    pub answered: Arc<Answered>,
}

/// An answer to an origin that should be allowed, or to nobody's page.
#[derive(Clone, Debug)]
pub struct Control {
    /// The origin; none where no `Origin` was sent.
    pub origin: Option<String>,
    /// The call.
    pub call: Call,
    /// Its answer.
    pub answered: Arc<Answered>,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Origins {
    /// What is allowed and should not be.
    pub hits: Vec<Hit>,
    /// Answers to whom it should allow, to a call without `Origin`, and to a stranger.
    pub controls: Vec<Control>,
    /// What is known of the API's sign-in.
    pub standing: Standing,
    /// Every origin is allowed.
    pub is_mirror: bool,
}

impl Origins {
    /// Asks the API.
    pub(crate) async fn observe(look: &Look<'_>) -> Self {
        let standing = Standing::of(look).await;
        let is_signed = needs_session(look).await;
        let mut controls = Vec::new();
        let strangers = look.canaries.iter().take(1);
        let trusted = look.trusted.iter().take(TRUSTED_MAX);
        for origin in [None].into_iter().chain(trusted.chain(strangers).map(Some)) {
            let call = call(look, origin.map(String::as_str), is_signed);
            if let Ok(answered) = look.ask(&call).await {
                controls.push(Control { origin: origin.cloned(), call, answered });
            }
        }
        let target = Origin::of(&look.operation.url).to_string();
        let mut hits = Vec::new();
        for payload in payloads(look.trusted, &target, look.canaries, look.breadth) {
            // A mirror has said all that it can.
            if payload.class != Class::Any && is_mirror(&hits) {
                break;
            }
            let call = call(look, Some(&payload.origin), is_signed);
            if let Some(answered) = granted(look, &call, &payload.origin).await {
                let position = Position::of(&payload);
                hits.push(Hit { check: "", payload, position, call, answered });
            }
        }
        // Where one write may be sent, its own answer outranks what its preflight promised.
        if is_asked(look) && is_mirror(&hits) && denies(look, is_signed).await {
            hits.clear();
        }
        let is_mirror = is_mirror(&hits);
        Self { hits: told_apart(hits), controls, standing, is_mirror }
    }

    /// What one check finds: the worst of its hits, with the others as evidence.
    pub fn finding(
        &self,
        look: &Look<'_>,
        check: &'static str,
        title: &str,
        fix: &'static str,
    ) -> Option<Finding> {
        // A name with a letter less tells the least of how names are compared.
        let mut hits: Vec<&Hit> = self.of(check).collect();
        hits.sort_by_key(|hit| {
            (Reverse(hit.position.severity_max()), hit.payload.class == Class::Part)
        });
        let (hit, others) = hits.split_first()?;
        let claim = Claim {
            check,
            title: title.to_owned(),
            position: hit.position.clone(),
            payload: &hit.payload,
            call: &hit.call,
            answered: &hit.answered,
            fix,
        };
        let mut finding = self.standing.finding(look, &claim);
        let also = others.iter().take(EVIDENCE_MAX);
        finding.evidence.extend(also.map(|hit| {
            format!("Origin: {} is allowed too ({})", hit.payload.origin, hit.payload.class.id())
        }));
        Some(finding)
    }

    /// What belongs to one check.
    pub fn of(&self, check: &str) -> impl Iterator<Item = &Hit> {
        self.hits.iter().filter(move |hit| hit.check == check)
    }

    /// Answers to the origins that should be allowed.
    pub fn trusted(&self, look: &Look<'_>) -> Vec<&Control> {
        let is_trusted = |control: &&Control| {
            control.origin.as_ref().is_some_and(|origin| look.trusted.contains(origin))
        };
        self.controls.iter().filter(is_trusted).collect()
    }
}

/// The call by which an origin is tried. What could write is asked by its preflight alone, and an
/// address that wants a session is called with it.
fn call(look: &Look<'_>, origin: Option<&str>, is_signed: bool) -> Call {
    let operation = look.operation;
    let call = match origin {
        Some(origin) if is_asked(look) => {
            return look.preflight(origin, &operation.method, &["content-type"]);
        }
        Some(origin) => look.from_page(origin),
        None => operation.call(),
    };
    if is_signed { look.signed_in(&call).unwrap_or(call) } else { call }
}

/// Whether the operation is tried by preflights: forty requests that write are not sent, whoever
/// allowed one.
fn is_asked(look: &Look<'_>) -> bool {
    !(look.operation.is_sendable() && is_safe(&look.operation.method))
}

/// Whether the answer to the operation itself, if it may be sent, is kept from a stranger's page.
async fn denies(look: &Look<'_>, is_signed: bool) -> bool {
    let canary = &look.canaries[0];
    let call = look.from_page(canary);
    let call = if is_signed { look.signed_in(&call).unwrap_or(call) } else { call };
    look.ask(&call).await.is_ok_and(|answered| !Grant::of(&answered, canary).reads())
}

async fn needs_session(look: &Look<'_>) -> bool {
    let plain = look.operation.call();
    let Some(signed) = look.signed_in(&plain) else { return false };
    let is_success = |found: &Arc<Answered>| found.is_success();
    let without = look.ask(&plain).await.is_ok_and(|found| is_success(&found));
    !without && look.ask(&signed).await.is_ok_and(|found| is_success(&found))
}

/// The answer, where it is a success that names this origin, byte for byte, and does so again.
async fn granted(look: &Look<'_>, call: &Call, origin: &str) -> Option<Arc<Answered>> {
    let grants = |answered: &Arc<Answered>| {
        answered.is_success() && Grant::of(answered, origin).allowed == Allowed::Exactly
    };
    let answered = look.ask(call).await.ok().filter(grants)?;
    let again = look.ask_again(call).await.ok().filter(grants)?;
    let [first, second] = [&answered, &again].map(|one| Grant::of(one, origin).credentials);
    // What it says once and not twice is not held against it.
    Some(if first && !second { again } else { answered })
}

fn is_mirror(hits: &[Hit]) -> bool {
    hits.iter().filter(|hit| hit.payload.class == Class::Any).count() == 2
}

/// Gives each hit its check, and leaves out what another hit explains.
fn told_apart(mut hits: Vec<Hit>) -> Vec<Hit> {
    if is_mirror(&hits) {
        hits.retain(|hit| hit.payload.class == Class::Any);
        let credentials =
            hits.iter().all(|hit| Grant::of(&hit.answered, &hit.payload.origin).reads_signed_in());
        for hit in &mut hits {
            hit.position = Position::AnyPage;
            hit.check = if credentials { "C-01" } else { "C-02" };
        }
        return hits;
    }
    let endings: Vec<String> = hits.iter().filter_map(|hit| hit.position.ending()).collect();
    let has = |wanted: Class| hits.iter().any(|hit| hit.payload.class == wanted);
    let (glued, local) = (has(Class::GluedBefore), has(Class::Local));
    let begins_local = hits.iter().any(|hit| {
        hit.payload.class == Class::Local && matches!(hit.position, Position::Bought(_))
    });
    let is_explained = |hit: &Hit| {
        let (host, own) = (host(&hit.payload.origin), hit.position.ending());
        let is_wider =
            |other: &String| host.ends_with(other.as_str()) && own.as_ref() != Some(other);
        if hit.payload.class != Class::Null && endings.iter().any(is_wider) {
            return true;
        }
        match hit.payload.class {
            // The end of a name is compared: names below have that end too.
            Class::Below | Class::Joined => glued,
            Class::Local => begins_local && matches!(hit.position, Position::Near(_)),
            Class::Port => local && is_this_machine(&hit.payload.made_of),
            // A form that pages have is the same owner's.
            Class::Form => matches!(hit.payload.emitter, Emitter::Browser(_)),
            Class::Any
            | Class::Null
            | Class::Before
            | Class::GluedBehind
            | Class::GluedBefore
            | Class::Downgrade
            | Class::Dot
            | Class::Part
            | Class::Ending
            | Class::Punctuation
            | Class::Unwritten
            | Class::Scheme
            | Class::Private
            | Class::Platform
            | Class::Lookalike
            | Class::Suffix
            | Class::Line => false,
        }
    };
    let explained: Vec<bool> = hits.iter().map(is_explained).collect();
    let mut explained = explained.into_iter();
    hits.retain(|_| !explained.next().unwrap_or_default());
    for hit in &mut hits {
        hit.check = check(hit);
    }
    hits
}

/// The check that a hit belongs to, where not every origin is allowed.
fn check(hit: &Hit) -> &'static str {
    match (hit.payload.class, &hit.position) {
        (Class::Null, _) => "C-05",
        (Class::Any | Class::Suffix, _) => "P-21",
        (Class::Below, _) => "C-07",
        (Class::Downgrade, _) => "C-08",
        (Class::Local | Class::Private, Position::Near(_)) => "C-09",
        (Class::Platform, _) => "C-10",
        (Class::Joined, _) => "P-19",
        (
            Class::Local
            | Class::Private
            | Class::Before
            | Class::GluedBehind
            | Class::GluedBefore
            | Class::Dot
            | Class::Part
            | Class::Ending
            | Class::Punctuation
            | Class::Unwritten
            | Class::Port
            | Class::Scheme
            | Class::Form
            | Class::Lookalike
            | Class::Line,
            _,
        ) => "C-06",
    }
}

/// Whether an origin is this machine's own, under a name that everybody has for it.
#[must_use]
pub fn is_this_machine(origin: &str) -> bool {
    matches!(host(origin).as_str(), "localhost" | "127.0.0.1" | "[::1]")
}
