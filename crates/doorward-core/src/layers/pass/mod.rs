//! # Pass
//!
//! Refuses requests of strangers that carry no pass, or one that is stale, used, forged, or for
//! something else.
//!
//! ## What it stops
//!
//! * A copied request: curl from the network tab, a scraper that repeats what it saw (lab:
//!   `copied-token`; CWE-294).
//! * A changed copy: another method, path, query, body, name or page (CWE-345).
//! * A token in the page's source that works for everybody: each page has its own, for minutes.
//! * A link to a guarded image or stream, passed on.
//!
//! ## How it decides
//!
//! 1. Only strangers on `api` routes need a pass: a known caller does not.
//! 2. A signed request: the pass must open with one of the gate's keys, be of this life of this
//!    instance, and not have ended.
//! 3. The signature must cover method, authority, path, query, pass, and what it has of body and
//!    type. HMAC-SHA256 comes before everything that is remembered.
//! 4. It must be at most `MAX_AGE_S` old and at most `SKEW_S` ahead, and come from the page and the
//!    kind of browser that the pass was made for; the pass must have been seen in few networks.
//! 5. A ticket is for one method and address, named in it in clear.
//! 6. The nonce is claimed last, with the shares: a replay is `pass/used` and says what became of
//!    the first. A signed body is held until its digest is right.
//!
//! ## What it does not stop
//!
//! * **A script that speaks the protocol.** A pass proves that a client spoke it and paid for it,
//!   never that it is a browser or your page (lab: `own-pass`). So each pass costs work, has a
//!   share of its own, and is counted on its address. The work for 10,000 calls at 60 a pass takes
//!   one native core 0.1 to 0.2 s at `work = 11`, and twice as long for each bit more; a browser
//!   that has just begun takes some 20 times as long for it. What holds a script back is the share
//!   of its addresses.
//! * Script that runs in your page: it can use the page's key while it runs.
//! * Answers that were already handed out.
//!
//! ## When it cannot decide
//!
//! A repeated or unreadable header is `pass/malformed`. When the store is away or its claims are
//! full it is `pass/store-away`. After a restart it is `pass/other-instance`, because what was used
//! before is forgotten.
//!
//! ## References
//!
//! RFC 9421; RFC 9530; RFC 8452; RFC 5869; NIST SP 800-56A (ECDH); RFC 9110 4.2.3.

mod held;
mod judge;
mod reason;
mod request;
mod tickets;

pub use held::Held;
pub(crate) use held::{Claimed, Cut, Of, claim_key};
pub use reason::Reason;
pub(crate) use request::{Carried, canonical_authority, find, mounts, page_origin, without_ticket};

use super::{Meta, Need};
use crate::moment::Moment;
use crate::pass::{ChallengeKeys, Pass, SealError, Seals, TicketKeys, WORK_BITS};
use crate::secret::Secret;
use crate::visit::Visit;

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "pass",
    title: "Refuses strangers' requests without a pass, or with one that is not for them.",
    needs: &[Need::Edits],
    can_be_off: true,
    store_away: Some("the request is refused: pass/store-away"),
    source: include_str!("mod.rs"),
};

/// What passes are made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The signing secrets: the first seals and signs, all open and verify.
    pub secrets: Vec<Secret>,
    /// Zero bits that a pass's work begins with, at the least.
    pub work_bits: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { secrets: Vec::new(), work_bits: WORK_BITS }
    }
}

/// Checked settings.
pub struct Policy {
    pub(crate) seals: Option<Seals>,
    pub(crate) tickets: TicketKeys,
    pub(crate) challenges: ChallengeKeys,
    pub(crate) gate_id: String,
    pub(crate) work_bits: u8,
    pub(crate) allows_plain: bool,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("gate_id", &self.gate_id).finish_non_exhaustive()
    }
}

impl Policy {
    /// Derives the keys. `allows_plain`: the gate is being tried out.
    #[must_use]
    pub fn new(settings: &Settings, gate_id: &str, allows_plain: bool) -> Self {
        Self {
            seals: Seals::new(&settings.secrets, gate_id),
            tickets: TicketKeys::new(&settings.secrets, gate_id),
            challenges: ChallengeKeys::new(&settings.secrets, gate_id),
            gate_id: gate_id.to_owned(),
            work_bits: settings.work_bits,
            allows_plain,
        }
    }

    /// Whether there are keys to make passes with.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.seals.is_some()
    }

    /// Opens a pass.
    pub(crate) fn open(&self, text: &str) -> Result<Pass, No> {
        let seals = self.seals.as_ref().ok_or(Reason::OtherInstance)?;
        seals.open(text).map_err(|error| match error {
            SealError::Malformed => Reason::Malformed.into(),
            SealError::UnknownKey => Reason::OtherInstance.into(),
            SealError::Forged => No { is_strike: true, ..Reason::Forged.into() },
        })
    }
}

/// A no, and what else its refusal says.
#[derive(Debug)]
pub(crate) struct No {
    pub(crate) reason: Reason,
    /// What differs, in words; both values stand in it.
    pub(crate) note: Option<String>,
    /// It counts against the address: what no honest client sends. What a redirect, a proxy between
    /// or a restart does to a client is none, nor what a hostile page could make a browser send.
    pub(crate) is_strike: bool,
}

impl No {
    /// A no that says what differs.
    pub(crate) fn noted(reason: Reason, note: String) -> Self {
        Self { reason, note: Some(note), is_strike: false }
    }
}

impl From<Reason> for No {
    fn from(reason: Reason) -> Self {
        Self { reason, note: None, is_strike: false }
    }
}

/// What of a request is the gate's alone, and never goes on to the backend.
pub(crate) const fn cut(carried: Result<Carried<'_>, Reason>) -> Option<Cut> {
    match carried {
        Ok(Carried::Pass(_)) => Some(Cut::Signature),
        Ok(Carried::Ticket(_, cut)) => Some(cut),
        Ok(Carried::Nothing) | Err(_) => None,
    }
}

/// Whether a request carries a pass, whatever it is worth.
pub(crate) fn is_carried(visit: &Visit<'_>) -> bool {
    visit.view.headers.contains_key(&request::PASS)
}

/// Judges the pass or ticket of a request. What it comes to is still to be claimed.
pub(crate) fn inspect(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
    carried: Result<Carried<'_>, Reason>,
) -> Result<Held, No> {
    match carried? {
        // Tickets do not beget tickets.
        Carried::Ticket(..) if visit.route().own.is_some() => Err(Reason::Malformed.into()),
        Carried::Nothing => Err(Reason::Missing.into()),
        Carried::Pass(text) => judge::signed(policy, visit, at, text),
        Carried::Ticket(text, cut) => tickets::ticket(policy, visit, at, (text, cut)),
    }
}
