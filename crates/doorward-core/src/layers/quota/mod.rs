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
//! * Scans and guesses by what they come to (`counts`: 401, 404), and whoever goes beyond a limit
//!   again and again (`penalty`).
//! * Addresses, callers and tokens that the operator has denied, with an expiry and a reason.
//!
//! ## How it decides
//!
//! 1. The deny-list, by prefix, and behind `identity` by caller, token and the visitor that a
//!    caller acts for: `quota/denied`. The configuration's own list, and beside it what `doorward
//!    deny` has said since.
//! 2. The address's strikes, kept in this process: over `strikes` it is `quota/strikes`, but for
//!    callers whom `identity` knows without cryptography.
//! 3. Whoever is on the allow-list (`allow`) is counted by no limit, takes no place of a stream and
//!    has no strikes; he is judged by all else, and his attempts to sign in and the passes that he
//!    asks for count. A trusted proxy's own address is never on it.
//! 4. A limit's key is what `by` names, joined, in any order the same. A part that is absent is a
//!    value of its own, and what is repeated, unreadable or longer than 1 KiB is another one; a
//!    header's value is the same in any case. Whom no part of it tells apart (no token, no claim)
//!    is counted by his name, a stranger by his address: leaving a part away gains nothing. A key
//!    that a client chooses, or that all share, is refused by `doorward check`. `ip4/28` and
//!    `ip6/56` count by so many bits: for three levels write three limits, by `["address"]`,
//!    `["network"]` and `["ip4/16", "ip6/32"]`.
//! 5. Whoever went beyond a limit with a `penalty` is refused for its time, in this process, and
//!    takes nothing meanwhile: `quota/penalty`. Each further time is twice as long, up to `most`,
//!    unless he has behaved for ten times the last one.
//! 6. One batch of questions to the store, one a limit that applies to this caller and route: all
//!    are tested, then all are taken, or none. The first no is `quota/share`. A limit takes one,
//!    or its `cost`: by the method (the dearest, where a request could be read as two; a form's
//!    own field does not say), by the body's length, or what the backend says with its answer, of
//!    which the most is taken before. Of a limit that is `mode = "monitor"` the no is only noted.
//! 7. When the answer comes, what a limit does not count (`counts`) or was not used is given back;
//!    of a body, where it was held. What a backend says unclearly (repeated, negative, no whole
//!    number) or beyond the most stays taken, and so does whatever was aborted. Who guesses at once
//!    in parallel has taken each guess before the first has failed. At the gate's own addresses
//!    such limits do not count.
//! 8. `Retry-After` says when the share is back, and up to a tenth more, at most five seconds: the
//!    same for each reason. What costs more than a share ever holds has none.
//! 9. An attempt to sign in is whatever comes to a route with `sign_in` by another method than GET,
//!    HEAD and OPTIONS, or with a body, and does not sign out: DELETE, or a form's
//!    `_method=delete`, with a token at the most. What backends could read in two ways (JSON that
//!    is sent as a form, too) names no account, and a query with such a field is refused by any
//!    method: `quota/account-unclear`. Names are compared in any case, by NFKC, without what nobody
//!    sees. What is read clearly and has no field like the account, as a code of a second step,
//!    takes a share of its address alone, which no answer gives back.
//! 10. Any other takes a share of the account and of its address, and gets both back when it
//!     succeeds: `quota/sign-in`. Where an account has signed in before, by the very same name
//!     (IPv4 by /24, IPv6 by /48), it has a share of its own. Each rate has shares of its own.
//! 11. It has succeeded when the answer is what `success` says; or sets a session of which `check`
//!     says whose it is, that this is not whose it was before, and this user has a success left of
//!     as many as `per_account`; or, where callers are known by tokens alone, is JSON with a status
//!     of 2xx. Nothing else is known for a success.
//! 12. With `counts = "attempts"` nothing is known for a success: each attempt takes a share of its
//!     account and of its address, on that route alone, and beyond it is `quota/share`.
//! 13. A stranger's request that asks for a stream (`Upgrade`, or `Accept: text/event-stream`)
//!     takes a place of its pass and of its address for as long as it is open, in this process:
//!     `quota/streams`.
//! 14. What was taken for a request that never left for the backend is given back; of a window only
//!     where it has lasted for an hour, since nobody knows how long the request was waited for.
//! 15. On a route with a `budget`, tokens or money are taken before the request runs: a token for
//!     each byte of the body, which no tokenizer exceeds, and those of the answer that the request
//!     asks for (`ai.tokens_max` where it asks for no number); of a stream, 512 at first and more
//!     when half is used. What is not left is `quota/budget`; a stream ends there with an event
//!     that says so, and its upstream is aborted.
//! 16. It is settled by what the backend's answer says (`usage`), never by what a client says. An
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
//! * Whoever makes up values of a header that a limit counts by has a share for each: beside it
//!   stands a limit by address or user, or `doorward check` warns.
//! * A method that a field of a form names (`_method`) costs what the form's own costs.
//! * What is taken until an answer tells is taken of an honest page too: a burst that does not hold
//!   what it has under way at once refuses it. `doorward check` warns.
//! * A penalty is forgotten at a restart, and kept by each process for itself.
//! * More than `most`, where a backend says it: no more than was taken before is charged.
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
//! RFC 6585 4 (429); draft-ietf-httpapi-ratelimit-headers-10; RFC 6177; RFC 6052; RFC 3056 2;
//! ITU-T I.371 (GCRA).

mod account;
mod allow;
pub mod budget;
mod cost;
mod deny;
mod familiar;
mod judge;
mod kept;
mod key;
mod limit;
mod penalty;
mod reason;
mod sign_in;
mod streams;
mod success;
mod told;
mod whose;

pub use account::Account;
pub use allow::Allow;
pub use cost::{AnswerError, AnswerIs, Cost};
pub use deny::{Denials, Deny, DenyKnown};
pub(crate) use deny::{denies, denies_held, denies_stream, digests};
pub(crate) use familiar::Familiar;
pub use judge::{Beyond, Judged, boxed, give_back, inspect, judge, questions};
pub(crate) use judge::{allows, punish, strike, tell, told};
pub(crate) use kept::Kept;
pub use key::{By, ByError, IP4_BITS, IP6_BITS, WORDS, WhoseError, inspect as inspect_key};
pub use limit::{Asked, Counted, Limit, Measure, Who};
pub(crate) use penalty::Boxes;
pub use penalty::Penalty;
pub use reason::Reason;
pub use sign_in::{Counts, SignIn};
pub(crate) use sign_in::{Taken, inspect as inspect_sign_in, questions as sign_in_questions};
pub use streams::StreamsMax;
pub(crate) use streams::{Seat, Streams, seat};
pub use success::{Success, SuccessError};
pub(crate) use told::{Told, retry_s};

use super::Meta;
use crate::question::Rate;
use allow::AllowList;
use deny::DenyList;
use http::HeaderName;
use limit::Counter;

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
    /// Whether callers are told of their shares with each answer, and not with a refusal alone.
    pub tells_answers: bool,
    /// Streams of strangers that may be open at once.
    pub streams: StreamsMax,
    /// Whom no limit counts.
    pub allow: Allow,
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
    tells_answers: bool,
    /// Some limit is looked at again when an answer comes.
    keeps: bool,
    has_penalties: bool,
    /// Headers in which backends say what a request costs.
    cost_headers: Vec<HeaderName>,
    allow: AllowList,
    deny: DenyList,
}

impl Policy {
    /// Takes the file's limits and, behind them, the routes'.
    #[must_use]
    pub fn new(settings: &Settings, of_routes: Vec<Limit>) -> Self {
        let limits = settings.limits.iter().cloned().chain(of_routes).enumerate();
        let limits: Vec<Counter> =
            limits.map(|(place, limit)| Counter::new(place, limit)).collect();
        let costs = limits.iter().map(|counter| &counter.limit.cost);
        let cost_headers = costs.filter_map(|cost| match cost {
            Cost::ByAnswer { header, .. } => Some(header.clone()),
            Cost::Each(_) | Cost::ByMethod { .. } | Cost::ByBody { .. } => None,
        });
        Self {
            strikes: settings.strikes,
            streams: settings.streams,
            file_limits: settings.limits.len(),
            tells_answers: settings.tells_answers,
            keeps: settings.tells_answers || limits.iter().any(|counter| counter.is_kept),
            has_penalties: limits.iter().any(|counter| counter.limit.penalty.is_some()),
            cost_headers: cost_headers.collect(),
            allow: AllowList::new(&settings.allow),
            deny: DenyList::new(&settings.deny, &settings.deny_known),
            limits,
        }
    }

    /// The limits that apply to a caller, in the order of their questions.
    fn limits_for<'p>(&'p self, counted: Counted<'_>) -> impl Iterator<Item = &'p Counter> {
        let of_file = if counted.route.limits_only { 0 } else { self.file_limits };
        let of_route = counted.route.limits.iter().filter_map(|place| self.limits.get(*place));
        let all = self.limits[..of_file].iter().chain(of_route);
        all.filter(move |counter| counter.counts(counted))
    }

    /// How many limits count this caller.
    pub(crate) fn count(&self, counted: Counted<'_>) -> usize {
        self.limits_for(counted).count()
    }

    /// Headers in which a backend says what a request costs: they stay between gate and backend.
    pub(crate) fn cost_headers(&self) -> &[HeaderName] {
        &self.cost_headers
    }

    /// Claims that some limit counts by, by the name that they begin at.
    pub(crate) fn claims(&self) -> impl Iterator<Item = Box<str>> {
        let parts = self.limits.iter().flat_map(|counter| &counter.limit.by);
        parts.filter_map(By::first_of_claim)
    }
}
