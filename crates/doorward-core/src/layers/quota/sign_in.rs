//! Attempts to sign in: counted on the account that they name and on the address, before the
//! backend sees them. What succeeds is given back, so that only failures count; and since each is
//! counted on its way in, ten thousand guesses at once do not pass before the first has failed.

use super::Reason;
use crate::address::Prefix;
use crate::crypto;
use crate::form::{self, Kind};
use crate::question::{Ask, Key, Question, Rate, Subject};
use crate::visit::Visit;
use std::net::Ipv6Addr;

/// Attempts to sign in on a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The form's field that names the account; of a JSON object, the names on the way to it.
    pub account: Vec<String>,
    /// Failures of one account.
    pub per_account: Rate,
    /// Failures of one address.
    pub per_address: Rate,
}

/// What an attempt takes: of its account's share, and of its address's.
pub(crate) type Taken = [Question; 2];

/// Bytes of an account's name at the most: as long as an address of mail (RFC 5321 4.5.3.1).
const ACCOUNT_BYTES_MAX: usize = 320;
/// The field by which a form may name its charset (WHATWG HTML 4.10.18.1).
const CHARSET: &str = "_charset_";
/// Tells these shares from the configured limits.
const ACCOUNT_LIMIT: u64 = 0x7369_676e_2d69_6e61;
const ADDRESS_LIMIT: u64 = 0x7369_676e_2d69_6e62;

/// What an attempt asks the store. Whoever names no account, or two, could have the backend read
/// another one.
pub(crate) fn questions(
    sign_in: &SignIn,
    visit: &Visit<'_>,
    body: &[u8],
    watch: bool,
) -> Result<Taken, Reason> {
    let account = account(sign_in, visit, body).ok_or(Reason::AccountUnclear)?;
    let take = |limit: u64, subject, rate| {
        // What is only watched is counted in a space of its own.
        let key = Key { limit: limit ^ u64::from(watch), subject };
        Question { ask: Ask::TakeTokens { key, rate, cost: 1 }, always: false, watch }
    };
    Ok([
        take(ACCOUNT_LIMIT, Subject::Address(place(&account)), sign_in.per_account),
        take(ADDRESS_LIMIT, Subject::Address(visit.prefix), sign_in.per_address),
    ])
}

/// What gives an attempt's shares back.
pub(crate) fn give_back(taken: &Taken) -> impl Iterator<Item = Question> {
    taken.iter().filter_map(|question| match question.ask {
        Ask::TakeTokens { key, rate, cost } => {
            let ask = Ask::GiveTokens { key, rate, cost };
            Some(Question { ask, always: true, watch: false })
        }
        _ => None,
    })
}

/// The account that an attempt names, as backends compare them: in lower case, without blanks
/// around it.
fn account(sign_in: &SignIn, visit: &Visit<'_>, body: &[u8]) -> Option<String> {
    let kind = form::kind(visit.view.headers)?;
    let text = match kind {
        Kind::Json => form::member(body, &sign_in.account)?,
        Kind::Form | Kind::Multipart(_) => {
            let name = sign_in.account.last()?;
            let wanted = form::folded(name);
            // A backend could read another field for it, or all of them in another charset.
            let others = form::fields(&kind, body, |field| {
                field != name && (form::folded(field) == wanted || field == CHARSET)
            });
            let mut found = form::fields(&kind, body, |field| field == name);
            let one = found.pop()?;
            if !found.is_empty() || !others.is_empty() {
                return None;
            }
            one
        }
    };
    // Upper case first: some letters have two lower ones.
    let text = text.trim().to_uppercase().to_lowercase();
    let is_plain = !text.is_empty() && !text.chars().any(char::is_control);
    (is_plain && text.len() <= ACCOUNT_BYTES_MAX).then_some(text)
}

/// Where an account is counted: among strangers, whose part of the table cannot push known callers
/// out however many names are made up. It looks like a network of IPv6 by the name's digest.
fn place(account: &str) -> Prefix {
    let digest = crypto::sha256(&[b"account\n", account.as_bytes()].concat());
    let first: [u8; 16] = digest.first_chunk().copied().unwrap_or_default();
    Prefix::subscriber(Ipv6Addr::from(first).into())
}
