//! Attempts to sign in: counted on the account that they name and on the address, before the
//! backend sees them. What succeeds is given back, so that only failures count; and since each is
//! counted on its way in, ten thousand guesses at once do not pass before the first has failed.

use super::account::{Account, Whom};
use super::limit::fnv;
use super::success::Success;
use super::{Reason, familiar};
use crate::address::Prefix;
use crate::crypto;
use crate::form::{self, Kind};
use crate::moment::Moment;
use crate::question::{Answer, Answers, Ask, Key, Question, Questions, Rate, Subject};
use crate::visit::Visit;
use arrayvec::ArrayVec;
use http::Method;
use std::net::Ipv6Addr;

/// What of the attempts on a route counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counts {
    /// Those that fail: a log-in.
    #[default]
    Failures,
    /// All of them, whatever comes of it: a mail with a link or a code, which each one costs.
    Attempts,
}

/// Attempts to sign in on a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Where the account's name stands.
    pub account: Account,
    /// What of them counts.
    pub counts: Counts,
    /// Failures, or attempts, of one account.
    pub per_account: Rate,
    /// Those of one address.
    pub per_address: Rate,
    /// What a success answers; none: the session that it makes tells, or the token.
    pub success: Option<Success>,
}

/// What an attempt takes: of its account's share, where it names one, and of its address's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) questions: ArrayVec<Question, 2>,
    /// The account, as it is known in the network that the attempt came from.
    pub(crate) here: Option<familiar::Here>,
    /// What a user's successes take of is like an account's share.
    per_account: Rate,
    watch: bool,
}

/// Tells these shares from the configured limits, and from each other.
const ACCOUNT_LIMIT: u64 = 0x7369_676e_2d69_6e61;
const ADDRESS_LIMIT: u64 = 0x7369_676e_2d69_6e62;
const FAMILIAR_LIMIT: u64 = 0x7369_676e_2d69_6e66;
/// Where attempts are counted, each route has shares of its own: a mail that was asked for is no
/// guess at a password.
const ATTEMPTS_OF_ACCOUNT: u64 = 0x6174_7465_6d70_7461;
const ATTEMPTS_OF_ADDRESS: u64 = 0x6174_7465_6d70_7462;
const USER_LIMIT: u64 = 0x7369_676e_2d69_6e75;

/// Fields beside which nothing is tried out, where somebody signs out: what frameworks write into
/// the form of a button.
const SIGN_OUT_FIELDS: [&str; 9] = [
    METHOD,
    "authenticity_token",
    "_csrf",
    "csrf_token",
    "_token",
    "csrfmiddlewaretoken",
    "utf8",
    "commit",
    "button",
];
const METHOD: &str = "_method";

/// What an attempt asks the store; none: it is none. Whoever names two accounts could have the
/// backend read another one. Who names none may still try out what belongs to one, a code of a
/// second step: then the address counts alone.
pub(crate) fn questions(
    sign_in: &SignIn,
    visit: &Visit<'_>,
    body: &[u8],
    watch: bool,
    at: Moment<'_>,
) -> Result<Option<Taken>, Reason> {
    let SignIn { account, per_account, per_address, .. } = sign_in;
    let whom = account.read(visit.view.headers, body).ok_or(Reason::AccountUnclear)?;
    let route = of_route(&visit.route().path);
    let (account_limit, address_limit) = match sign_in.counts {
        Counts::Failures => (ACCOUNT_LIMIT, ADDRESS_LIMIT),
        Counts::Attempts => (ATTEMPTS_OF_ACCOUNT ^ route, ATTEMPTS_OF_ADDRESS ^ route),
    };
    let of_address = take(address_limit, Subject::Address(visit.prefix), *per_address, watch);
    let taken = |here, questions| Taken { questions, here, per_account: *per_account, watch };
    let named = match whom {
        Whom::Account(named) => named,
        Whom::Nobody => {
            if visit.view.target.query.is_some_and(|query| account.is_near_in_query(query)) {
                return Err(Reason::AccountUnclear);
            }
            let of_address = [of_address].into_iter().collect();
            return Ok((!signs_out(visit, body)).then(|| taken(None, of_address)));
        }
    };
    let here = familiar::Here::of(&named.exact, visit.client);
    // Failures elsewhere do not lock it out where it has signed in before.
    let is_familiar = sign_in.counts == Counts::Failures && at.memory.familiar.has(here);
    let (limit, place) = match is_familiar {
        true => (FAMILIAR_LIMIT, here.place()),
        false => (account_limit, place(&named.folded)),
    };
    let of_account = take(limit, Subject::Address(place), *per_account, watch);
    Ok(Some(taken(Some(here), [of_account, of_address].into())))
}

/// Whether somebody signs out, at the address where he has signed in, and nothing else: DELETE, or
/// a form that stands for it.
fn signs_out(visit: &Visit<'_>, body: &[u8]) -> bool {
    let method = visit.view.method;
    if *method == Method::DELETE && body.is_empty() {
        return true;
    }
    let Some(kind @ (Kind::Form | Kind::Multipart(_))) = form::kind(visit.view.headers) else {
        return false;
    };
    let Ok(fields) = form::fields(&kind, body, |_| true) else { return false };
    let mut methods = fields.iter().filter(|field| field.name == METHOD);
    let is_delete = |value: &str| value.eq_ignore_ascii_case("delete");
    let is_one = match (methods.next(), methods.next()) {
        (Some(one), None) => *method == Method::POST && is_delete(&one.value),
        (None, None) => *method == Method::DELETE,
        _ => false,
    };
    is_one && fields.iter().all(|field| SIGN_OUT_FIELDS.contains(&field.name.as_str()))
}

/// Asks for one of a share. Each rate has shares of its own, since what is given back by one would
/// not be what was taken by another; and so has what is only watched.
fn take(limit: u64, subject: Subject, rate: Rate, watch: bool) -> Question {
    let limit = fnv(fnv(limit, &rate.every_ns.to_be_bytes()), &rate.burst.to_be_bytes());
    let key = Key { limit: fnv(limit, &[u8::from(watch)]), subject };
    Question { ask: Ask::TakeTokens { key, rate, cost: 1 }, always: false, watch }
}

/// Whether a request names an account where no attempt may: in its query, which some backends read
/// before the body, or beside it.
pub(crate) fn inspect(visit: &Visit<'_>) -> Option<Reason> {
    let sign_in = visit.route().sign_in.as_ref()?;
    let query = visit.view.target.query?;
    sign_in.account.is_in_query(query).then_some(Reason::AccountUnclear)
}

impl Taken {
    /// What of it was taken: of what is only watched, one may be taken without the other.
    pub(crate) fn keep_taken(&mut self, answers: &Answers) {
        let mut answers = answers.iter();
        self.questions.retain(|_| matches!(answers.next(), Some(Answer::Yes { .. })));
    }

    /// What gives it back if this user has a success left: a backend that knows somebody by another
    /// cookie makes a session for him whatever the account, and the password, of an attempt.
    pub(crate) fn give_back_to(&self, user: [u8; 16]) -> Questions {
        let success = take(USER_LIMIT, Subject::Known(user), self.per_account, self.watch);
        // What is only watched gives nothing back without it either.
        let success = Question { watch: false, ..success };
        let given = self.give_back().map(|question| Question { always: false, ..question });
        [success].into_iter().chain(given).collect()
    }

    /// What gives it back.
    pub(crate) fn give_back(&self) -> impl Iterator<Item = Question> {
        self.questions.iter().filter_map(|question| match question.ask {
            Ask::TakeTokens { key, rate, cost } => {
                let ask = Ask::GiveTokens { key, rate, cost };
                Some(Question { ask, always: true, watch: false })
            }
            _ => None,
        })
    }
}

/// Where an account is counted: among strangers, whose part of the table cannot push known callers
/// out however many names are made up. It looks like a network of IPv6 by the name's digest.
fn place(account: &str) -> Prefix {
    let digest = crypto::sha256(&[b"account\n", account.as_bytes()].concat());
    place_of(&digest)
}

/// Tells a route's shares from another's.
fn of_route(path: &str) -> u64 {
    let digest = crypto::sha256(&[b"attempts\n", path.as_bytes()].concat());
    u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
}

/// The place of a digest.
pub(super) fn place_of(digest: &[u8; 32]) -> Prefix {
    let first: [u8; 16] = digest.first_chunk().copied().unwrap_or_default();
    Prefix::subscriber(Ipv6Addr::from(first).into())
}
