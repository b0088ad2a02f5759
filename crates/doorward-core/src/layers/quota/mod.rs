//! # Quota
//!
//! Refuses addresses on the deny-list or over their strikes, and callers beyond their share.
//!
//! ## What it stops
//!
//! * Floods from one address or network (lab: `flood`; CWE-770).
//! * One address spread over many spellings: v4-mapped and NAT64 addresses count as IPv4, IPv6 by
//!   /64.
//! * Addresses that keep sending what no honest client sends (strikes), before any work is done.
//! * Addresses, callers and tokens that the operator has denied, with an expiry and a reason.
//!
//! ## How it decides
//!
//! 1. The deny-list, by prefix, and behind `identity` by caller, token and the visitor that a
//!    caller acts for: `quota/denied`.
//! 2. The address's strikes, kept in this process: over `strikes` it is `quota/strikes`, but for
//!    callers whom `identity` knows without cryptography.
//! 3. One batch of questions to the store, one a limit that applies to this caller and route: all
//!    are tested, then all are taken, or none. The first no is `quota/share`.
//! 4. An attempt to sign in is whatever comes to a route with `sign_in` by another method than GET,
//!    HEAD and OPTIONS, or with a body, and does not sign out: DELETE, or a form's
//!    `_method=delete`, with a token at the most. What backends could read in two ways (JSON that
//!    is sent as a form, too) names no account, and a query with such a field is refused by any
//!    method: `quota/account-unclear`. Names are compared in any case, by NFKC, without what nobody
//!    sees. What is read clearly and has no field like the account, as a code of a second step,
//!    takes a share of its address alone, which no answer gives back.
//! 5. Any other takes a share of the account and of its address, and gets both back when it
//!    succeeds: `quota/sign-in`. Where an account has signed in before, by the very same name (IPv4
//!    by /24, IPv6 by /48), it has a share of its own. Each rate has shares of its own.
//! 6. It has succeeded when the answer is what `success` says; or sets a session of which `check`
//!    says whose it is, that this is not whose it was before, and this user has a success left of
//!    as many as `per_account`; or, where callers are known by tokens alone, is JSON with a status
//!    of 2xx. Nothing else is known for a success.
//! 7. With `counts = "attempts"` nothing is known for a success: each attempt takes a share of its
//!    account and of its address, on that route alone, and beyond it is `quota/share`.
//! 8. A stranger's request that asks for a stream (`Upgrade`, or `Accept: text/event-stream`) takes
//!    a place of its pass and of its address for as long as the stream is open, in this process:
//!    `quota/streams`.
//! 9. What was taken for a request that never left for the backend is given back.
//! 10. On a route with a `budget`, tokens or money are taken before the request runs: a token for
//!     each byte of the body, which no tokenizer exceeds, and those of the answer that the request
//!     asks for (`ai.tokens_max` where it asks for no number); of a stream, 512 at first and more
//!     when half is used. What is not left is `quota/budget`; a stream ends there with an event
//!     that says so, and its upstream is aborted.
//! 11. It is settled by what the backend's answer says (`usage`), never by what a client says. An
//!     answer that says nothing, or what cannot be, costs what was taken or what went on,
//!     whichever is more; one that the backend refused (4xx) costs nothing, and one that its client
//!     left costs what went on.
//!
//! Pages and programs of one address have shares of their own, so that a script does not use up
//! what the people beside it need.
//!
//! ## What it does not stop
//!
//! * One guess each at very many accounts, from very many addresses; spellings of one account that
//!   only its backend takes for the same (accents, letters that look alike, a mail address with
//!   `+tag`): then the address counts.
//! * Somebody who fails for an account again and again, so that it can sign in nowhere but where it
//!   has before, and where that was forgotten (a restart, 65,536 others) nowhere at all.
//! * A backend that takes the account from a field of another name too: then the address counts.
//! * An API for callers with tokens that answers a wrong password with 200 and JSON: say `success`.
//! * A stream that its request does not announce (a POST whose answer is an event stream): it is
//!   one request, and held open is counted nowhere.
//! * A backend that signs people in under the session that they came with: nobody tells that from a
//!   failure, and it costs a share. Neither does a second line that sets the session.
//! * A backend that signs people in by another cookie (remember me) although the password is wrong:
//!   each user of an attacker gives back as many guesses as `per_account`, and makes as many
//!   networks familiar. Say `success`.
//! * Whoever uses up an account's share learns where it is let through still: where it has signed
//!   in before.
//! * An answer that costs more than its request lets expect: thoughts that it does not show, and
//!   no number that would bound it. It is charged in full, and only the next one is refused.
//! * A prompt that its provider makes longer (images, tools of its own): bytes bound text alone.
//! * A flood from very many networks, each below its share.
//! * A script that sends what a browser sends: it then shares the pages' part of its address.
//! * Slow abuse below every limit.
//!
//! ## When it cannot decide
//!
//! When the store is away the request is refused (`quota/store-away`). When its table is full, a
//! stranger is counted with his neighbourhood; nobody is forgotten, and known callers keep their
//! own.
//!
//! ## References
//!
//! RFC 6585 4 (429); draft-ietf-httpapi-ratelimit-headers; RFC 6177; RFC 6052; ITU-T I.371 (GCRA).

mod account;
pub mod budget;
mod deny;
mod familiar;
mod limit;
mod reason;
mod sign_in;
mod streams;
mod success;

pub use account::Account;
pub use deny::{Deny, DenyKnown};
pub(crate) use deny::{denies, denies_held, denies_stream, digests};
pub(crate) use familiar::Familiar;
pub use limit::{By, Counted, Limit, Measure, Who};
pub use reason::Reason;
pub use sign_in::{Counts, SignIn};
pub(crate) use sign_in::{Taken, inspect as inspect_sign_in, questions as sign_in_questions};
pub use streams::StreamsMax;
pub(crate) use streams::{Seat, Streams, seat};
pub use success::{Success, SuccessError};

use super::Meta;
use crate::address::Prefix;
use crate::moment::Moment;
use crate::question::{Answer, Answers, Ask, Question, Questions, Rate};
use crate::visit::Visit;
use deny::DenyList;

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "quota",
    title: "Refuses denied or striking addresses, and callers beyond their share.",
    needs: &[],
    can_be_off: true,
    store_away: Some("the request is refused: quota/store-away"),
    source: include_str!("mod.rs"),
};

/// What is counted and refused.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Strikes that an address may make.
    pub strikes: Rate,
    /// The file's limits, for every route that does not replace them.
    pub limits: Vec<Limit>,
    /// Streams of strangers that may be open at once.
    pub streams: StreamsMax,
    /// Denied addresses.
    pub deny: Vec<Deny>,
    /// Denied callers and tokens.
    pub deny_known: Vec<DenyKnown>,
}

/// Checked settings.
#[derive(Debug)]
pub struct Policy {
    strikes: Rate,
    pub(crate) streams: StreamsMax,
    /// The file's limits first, then the routes' own.
    limits: Vec<Counter>,
    file_limits: usize,
    deny: DenyList,
}

/// A limit with the spaces that it is counted in: enforced, and only noted.
#[derive(Debug)]
struct Counter {
    limit: Limit,
    spaces: [u64; 2],
}

impl Policy {
    /// Takes the file's limits and, behind them, the routes'.
    #[must_use]
    pub fn new(settings: &Settings, of_routes: Vec<Limit>) -> Self {
        let file_limits = settings.limits.len();
        let limits = settings.limits.iter().cloned().chain(of_routes);
        let limits =
            limits.map(|limit| Counter { spaces: [limit.space(false), limit.space(true)], limit });
        let limits = limits.collect();
        let deny = DenyList::new(&settings.deny, &settings.deny_known);
        Self { strikes: settings.strikes, streams: settings.streams, limits, file_limits, deny }
    }

    /// The limits that apply to a caller, in the order of their questions.
    fn limits_for<'p>(&'p self, counted: Counted<'_>) -> impl Iterator<Item = &'p Counter> {
        let of_file = if counted.route.limits_only { 0 } else { self.file_limits };
        let of_route = counted.route.limits.iter().filter_map(|place| self.limits.get(*place));
        let all = self.limits[..of_file].iter().chain(of_route);
        all.filter(move |counter| counter.limit.counts(counted))
    }

    /// How many limits count this caller.
    pub(crate) fn count(&self, counted: Counted<'_>) -> usize {
        self.limits_for(counted).count()
    }
}

/// What speaks against a caller, and how long it has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond<'p> {
    /// Why.
    pub reason: Reason,
    /// Nanoseconds to wait; none: waiting does not help.
    pub retry_ns: Option<u64>,
    /// The limit that was reached, where one was.
    pub limit: Option<&'p Limit>,
}

/// The address itself: deny-list and strikes.
#[must_use]
pub fn inspect(policy: &Policy, visit: &Visit<'_>, at: Moment<'_>) -> Option<Beyond<'static>> {
    if policy.deny.has(Prefix::whole(visit.client), at.now) {
        return Some(Beyond { reason: Reason::Denied, retry_ns: None, limit: None });
    }
    let wait = at.memory.strikes.wait_ns(visit.prefix, policy.strikes, at.now)?;
    Some(Beyond { reason: Reason::Strikes, retry_ns: Some(wait), limit: None })
}

/// What the store is asked for a caller. `watch`: the answers are only noted.
#[must_use]
pub fn questions(policy: &Policy, counted: Counted<'_>, watch: bool) -> Questions {
    let mut out = Questions::new();
    for Counter { limit, spaces } in policy.limits_for(counted) {
        let question = limit.question(counted, spaces[usize::from(watch)], watch);
        // As many as fit were checked for when the gate was made.
        if out.try_push(question).is_err() {
            break;
        }
    }
    out
}

/// What the store's answers come to: the longest wait, and the limit that asks for it.
#[must_use]
pub fn judge<'p>(
    policy: &'p Policy,
    counted: Counted<'_>,
    answers: &Answers,
) -> Option<Beyond<'p>> {
    let store_away = Beyond { reason: Reason::StoreAway, retry_ns: None, limit: None };
    let mut answers = answers.iter();
    let mut unanswered = false;
    let mut worst: Option<Beyond<'p>> = None;
    for Counter { limit, .. } in policy.limits_for(counted) {
        match answers.next() {
            Some(Answer::Yes { .. }) => {}
            Some(Answer::Skipped) | None => unanswered = true,
            // A share is never claimed: whoever answers so did not understand the question.
            Some(Answer::Unavailable | Answer::Used { .. }) => return Some(store_away),
            Some(Answer::No { retry_ns }) => {
                let waits = |beyond: &Beyond<'p>| beyond.retry_ns.unwrap_or(0);
                if worst.as_ref().is_none_or(|beyond| waits(beyond) < *retry_ns) {
                    let retry_ns = Some(*retry_ns);
                    worst = Some(Beyond { reason: Reason::Share, retry_ns, limit: Some(limit) });
                }
            }
        }
    }
    // Questions are skipped behind a no. Without one, a store that left some open answered nothing.
    worst.or_else(|| unanswered.then_some(store_away))
}

/// What is given back for a request that never left for the backend.
#[must_use]
pub fn give_back(policy: &Policy, counted: Counted<'_>) -> Questions {
    let mut out = Questions::new();
    for question in questions(policy, counted, false) {
        let Ask::TakeTokens { key, rate, cost } = question.ask else { continue };
        let ask = Ask::GiveTokens { key, rate, cost };
        out.push(Question { ask, always: true, watch: false });
    }
    out
}

/// Counts a strike.
pub(crate) fn strike(policy: &Policy, prefix: Prefix, at: Moment<'_>) {
    at.memory.strikes.strike(prefix, policy.strikes, at.now);
}
