//! What a good pass, ticket, signature or delivery comes to: what is still to be claimed, and whose
//! share is counted.

use super::Reason as PassReason;
use crate::crypto;
use crate::http_signature::ContentDigest;
use crate::layers::identity::{Reason as IdentityReason, SignatureReason};
use crate::life::Boot;
use crate::moment::Now;
use crate::pass::PassId;
use crate::question::{Ask, Key, Question, Subject};
use crate::reason::Reason;

/// What is good once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// A pass's signature, or a ticket.
    Pass,
    /// An integration's signature.
    Signature,
    /// A webhook's delivery.
    Delivery,
    /// A token's proof of possession.
    Proof,
}

impl Of {
    /// It was used before.
    pub(crate) const fn used(self) -> Reason {
        match self {
            Self::Pass => Reason::Pass(PassReason::Used),
            Self::Signature | Self::Delivery => Reason::Signature(SignatureReason::Used),
            Self::Proof => Reason::Identity(IdentityReason::ProofUsed),
        }
    }

    /// Whether it was used before cannot be told.
    pub(crate) const fn store_away(self) -> Reason {
        match self {
            Self::Pass => Reason::Pass(PassReason::StoreAway),
            Self::Signature | Self::Delivery | Self::Proof => {
                Reason::Signature(SignatureReason::StoreAway)
            }
        }
    }

    /// Whoever remembered what was used forgot it while this was judged.
    pub(crate) const fn outlived(self) -> Reason {
        match self {
            Self::Pass => Reason::Pass(PassReason::OtherInstance),
            Self::Signature | Self::Delivery | Self::Proof => self.store_away(),
        }
    }

    /// The body is not the one that was signed.
    pub(crate) const fn body_differs(self) -> Reason {
        match self {
            Self::Pass => Reason::Pass(PassReason::BodyDiffers),
            Self::Signature | Self::Delivery | Self::Proof => {
                Reason::Signature(SignatureReason::BodyDiffers)
            }
        }
    }

    /// Its body took too long.
    pub(crate) const fn expired(self) -> Reason {
        match self {
            Self::Pass => Reason::Pass(PassReason::Expired),
            Self::Signature | Self::Delivery => Reason::Signature(SignatureReason::Expired),
            Self::Proof => Reason::Identity(IdentityReason::ProofExpired),
        }
    }
}

/// What was found good, but for its being used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What it is.
    pub(crate) of: Of,
    /// Whose share is counted: the pass.
    pub(crate) pass: Option<PassId>,
    /// Whose share is counted where a known caller asked for a ticket.
    pub(crate) user: Option<[u8; 16]>,
    /// What is claimed, and until when; none: it is good more than once.
    claim: Option<(Key, u64)>,
    /// The body's digest, where it was signed.
    pub(crate) digest: Option<ContentDigest>,
    /// Where it is used is noted once it is admitted: of which pass or ticket.
    pub(crate) traveller: Option<[u8; 16]>,
    /// It is a signature, not a ticket.
    pub(crate) is_signed: bool,
    /// In which life it was judged.
    pub(crate) life: Boot,
    /// It is a proof whose nonce ends soon.
    pub(crate) needs_nonce: bool,
}

/// What is taken out of a request on its way upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The signature's headers.
    Signature,
    /// The query's last parameter; what stays has this many bytes. None: nothing stays.
    Query(Option<usize>),
    /// Two of the WebSocket's subprotocols.
    Protocols,
}

/// What a [`Held`] is made of.
pub(crate) struct Claimed<'f> {
    pub(crate) of: Of,
    pub(crate) pass: Option<PassId>,
    pub(crate) user: Option<[u8; 16]>,
    /// What makes it the only one of its kind; none: it is good more than once.
    pub(crate) once: Option<&'f [&'f [u8]]>,
    pub(crate) until_unix_s: u64,
    pub(crate) digest: Option<ContentDigest>,
    pub(crate) traveller: Option<[u8; 16]>,
    pub(crate) is_signed: bool,
    pub(crate) life: Boot,
}

/// Nonces and keys are claimed in one space: their digests tell them apart.
const SPACE: u64 = 0x646f_6f72_7761_7264;

impl Held {
    pub(crate) fn new(facts: &Claimed<'_>) -> Self {
        let claim = facts.once.map(|parts| (claim_key(parts), facts.until_unix_s));
        Self {
            of: facts.of,
            pass: facts.pass,
            user: facts.user,
            claim,
            digest: facts.digest.clone(),
            traveller: facts.traveller,
            is_signed: facts.is_signed,
            life: facts.life,
            needs_nonce: false,
        }
    }

    /// Whether it is good once.
    pub(crate) const fn is_once(&self) -> bool {
        self.claim.is_some()
    }

    /// Whether what is claimed could be forgotten by now.
    pub(crate) fn is_late(&self, now: Now) -> bool {
        self.claim.is_some_and(|(_, until_unix_s)| until_unix_s < now.unix_s)
    }

    /// Claims it. `watch`: only to note what would have been said, in a space of its own.
    pub(crate) fn question(&self, watch: bool) -> Option<Question> {
        let (key, until_unix_s) = self.claim?;
        let key = Key { limit: key.limit ^ u64::from(watch), ..key };
        let ask = Ask::ClaimOnce { key, until_unix_s };
        Some(Question { ask, always: false, watch })
    }
}

/// What is claimed for these parts.
pub(crate) fn claim_key(parts: &[&[u8]]) -> Key {
    let digest = crypto::sha256(&parts.concat());
    let subject = Subject::Known(digest.first_chunk().copied().unwrap_or_default());
    Key { limit: SPACE, subject }
}
