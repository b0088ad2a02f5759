//! Presses a limit, within bounds: at most sixty requests a run. The first 429 ends the pressing;
//! what is asked after it is whether the limit holds.

use crate::call::{Answered, Call};
use crate::finding::{Finding, Severity};
use crate::forge::served;
use crate::look::Look;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Requests that press the limit, at most.
pub const PRESSED_MAX: usize = 30;
/// Requests of a run that presses limits, at most, all operations together. A witness that is read
/// meanwhile takes four more.
pub const REQUESTS_MAX: usize = 56;

/// The requests that pressed a limit, and what is left to ask with.
#[derive(Debug)]
pub struct Burst {
    /// The request.
    pub call: Call,
    /// What it is answered while there is room.
    pub served: Arc<Answered>,
    /// The first 429, and how many requests came before; none where there was none.
    pub limited: Option<(usize, Arc<Answered>)>,
    /// A trusted page's preflight that was approved before.
    pub preflight: Option<Call>,
    /// What a stranger gets right after the session's first 429.
    pub stranger: Option<Arc<Answered>>,
    /// Requests that may still be sent.
    left: AtomicUsize,
}

/// Presses the operation's limit, once; none where that is not asked for, or nothing is served.
pub async fn burst<'m>(look: &'m Look<'_>) -> Option<&'m Burst> {
    look.means.burst.get_or_init(|| pressed(look)).await.as_ref()
}

async fn pressed(look: &Look<'_>) -> Option<Burst> {
    let is_safe = look.operation.is_sendable() || look.asker().allows_writes();
    if !look.means.limits || !is_safe {
        return None;
    }
    let (call, served) = served(look).await?;
    let asked = call.headers.joined("origin");
    let asked = asked.map(|origin| look.preflight(&origin, &look.operation.method, &[]));
    let preflight = match asked {
        Some(asked) => look.ask(&asked).await.ok().filter(|a| a.is_success()).map(|_| asked),
        None => None,
    };
    let left = AtomicUsize::new(REQUESTS_MAX.saturating_sub(look.asker().sent()));
    let mut burst = Burst { call, served, limited: None, preflight, stranger: None, left };
    for before in 0..PRESSED_MAX {
        let answer = burst.again(look, &burst.call).await?;
        if answer.status == 429 {
            burst.limited = Some((before, answer));
            burst.stranger = burst.again(look, &look.operation.call()).await;
            break;
        }
        // Something else stands in the way: this says nothing about limits.
        if answer.status != burst.served.status {
            return None;
        }
    }
    Some(burst)
}

impl Burst {
    /// The answer to a call, sent now; none where the requests are used up.
    pub async fn again(&self, look: &Look<'_>, call: &Call) -> Option<Arc<Answered>> {
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.ok()?;
        look.ask_again(call).await.ok()
    }

    /// Whether an answer is what the request gets while there is room.
    fn is_served(&self, call: &Call, answer: &Answered) -> bool {
        let is_bare = call.method == "HEAD";
        answer.status == self.served.status && (is_bare || answer.body == self.served.body)
    }

    /// Whether a call is served, and served again, while the plain one is not, and then again: a
    /// share that fills up meanwhile looks otherwise.
    pub async fn slips(&self, look: &Look<'_>, call: &Call) -> bool {
        for (asked, is_plain) in [(call, false), (call, false), (&self.call, true), (call, false)] {
            let Some(answer) = self.again(look, asked).await else { return false };
            let is_as_told =
                if is_plain { answer.status == 429 } else { self.is_served(call, &answer) };
            if !is_as_told {
                return false;
            }
        }
        true
    }
}

/// A finding about a limit: its title, who can do what, and what closes it.
pub(crate) fn finding(
    look: &Look<'_>,
    (check, severity): (&'static str, Severity),
    (call, status): (&Call, u16),
    [title, who, fix]: [String; 3],
) -> Finding {
    let mut finding = look.finding(check, severity, &title);
    finding.who = who;
    finding.fix = fix;
    finding.request = call.curl();
    finding.evidence = vec![format!("answer: {status}")];
    finding
}
