//! Attempts to sign in: counted on the account that they name and on the address, before the
//! backend sees them. What succeeds is given back, so that only failures count; and since each is
//! counted on its way in, ten thousand guesses at once do not pass before the first has failed.

use super::account::Account;
use super::success::Success;
use super::{Reason, familiar};
use crate::address::Prefix;
use crate::crypto;
use crate::moment::Moment;
use crate::question::{Answer, Answers, Ask, Key, Question, Rate, Subject};
use crate::visit::Visit;
use arrayvec::ArrayVec;
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

/// What an attempt takes: of its account's share, and of its address's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) questions: ArrayVec<Question, 2>,
    /// The account, as it is known in the network that the attempt came from.
    pub(crate) here: familiar::Here,
}

/// Tells these shares from the configured limits.
const ACCOUNT_LIMIT: u64 = 0x7369_676e_2d69_6e61;
const ADDRESS_LIMIT: u64 = 0x7369_676e_2d69_6e62;
const FAMILIAR_LIMIT: u64 = 0x7369_676e_2d69_6e66;
/// Where attempts are counted, each route has shares of its own: a mail that was asked for is no
/// guess at a password.
const ATTEMPTS_OF_ACCOUNT: u64 = 0x6174_7465_6d70_7461;
const ATTEMPTS_OF_ADDRESS: u64 = 0x6174_7465_6d70_7462;

/// What an attempt asks the store. Whoever names no account, or two, could have the backend read
/// another one.
pub(crate) fn questions(
    sign_in: &SignIn,
    visit: &Visit<'_>,
    body: &[u8],
    watch: bool,
    at: Moment<'_>,
) -> Result<Taken, Reason> {
    let account = sign_in.account.read(visit.view.headers, body).ok_or(Reason::AccountUnclear)?;
    let here = familiar::Here::of(&account, visit.client);
    let ((limit, place), of_address) = match sign_in.counts {
        // Failures elsewhere do not lock it out where it has signed in before.
        Counts::Failures if at.memory.familiar.has(here) => {
            ((FAMILIAR_LIMIT, here.place()), ADDRESS_LIMIT)
        }
        Counts::Failures => ((ACCOUNT_LIMIT, place(&account)), ADDRESS_LIMIT),
        Counts::Attempts => {
            let route = of_route(&visit.route().path);
            ((ATTEMPTS_OF_ACCOUNT ^ route, place(&account)), ATTEMPTS_OF_ADDRESS ^ route)
        }
    };
    let take = |limit: u64, subject, rate| {
        // What is only watched is counted in a space of its own.
        let key = Key { limit: limit ^ u64::from(watch), subject };
        Question { ask: Ask::TakeTokens { key, rate, cost: 1 }, always: false, watch }
    };
    let questions = ArrayVec::from([
        take(limit, Subject::Address(place), sign_in.per_account),
        take(of_address, Subject::Address(visit.prefix), sign_in.per_address),
    ]);
    Ok(Taken { questions, here })
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
