//! What the core asks a store. Every question is atomic; there is no `get` followed by `set`.
//!
//! Questions travel in one batch of two phases: *test* all of them in order without effect; if
//! every answer is yes, *commit* all; if one is no, commit only those marked `always`. `ClaimOnce`
//! is tested last wherever it stands, so that a refused share never burns a claim.

use crate::address::Prefix;
use arrayvec::ArrayVec;

/// Questions in one batch at the most.
pub const QUESTIONS_MAX: usize = 16;

/// A batch of questions, in the order in which they are tested.
pub type Questions = ArrayVec<Question, QUESTIONS_MAX>;
/// The answers of a batch, one for each question, in the questions' order.
pub type Answers = ArrayVec<Answer, QUESTIONS_MAX>;

/// How fast a share comes back, and how much of it can be saved up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Nanoseconds in which one token comes back; at least 1.
    pub every_ns: u64,
    /// Tokens the bucket holds; at least 1.
    pub burst: u32,
}

impl Rate {
    /// `count` in a minute; `count` is taken for at least 1.
    #[must_use]
    pub const fn per_minute(count: u64, burst: u32) -> Self {
        Self { every_ns: 60_000_000_000 / if count == 0 { 1 } else { count }, burst }
    }
}

/// Whose share or claim it is, under which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Tells limits apart: a hash of the limit's name (so that a share survives a reload by name),
    /// and of the space it is counted in (monitored limits have their own).
    pub limit: u64,
    /// Who is counted.
    pub subject: Subject,
}

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A stranger, by network prefix. When the table is full he may be judged with his
    /// neighbourhood: see [`Prefix::wider`].
    Address(Prefix),
    /// A verified caller (user, key, pass), by a 128-bit digest of its name. Lives in a reserved
    /// part of the table that strangers cannot push.
    Known([u8; 16]),
}

/// One atomic question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub ask: Ask,
    /// Committed even when another question of the batch says no.
    pub always: bool,
    /// A monitored question: its no is reported, but stops nobody and nothing of the batch.
    pub watch: bool,
}

impl Question {
    /// Whether it is about the share of a verified caller or a pass, not of an address.
    #[must_use]
    pub const fn is_of_known(&self) -> bool {
        match self.ask {
            Ask::TakeTokens { key, .. }
            | Ask::TakeFromWindow { key, .. }
            | Ask::ClaimOnce { key, .. }
            | Ask::Unclaim { key }
            | Ask::Answered { key }
            | Ask::Settle { key, .. }
            | Ask::GiveTokens { key, .. } => matches!(key.subject, Subject::Known(_)),
        }
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Takes `cost` tokens from a bucket (GCRA).
    ///
    /// A wrong yes serves a caller beyond its share; a wrong no refuses one within it. On
    /// `Unavailable` the quota layer refuses.
    TakeTokens {
        /// Whose bucket.
        key: Key,
        /// How fast it refills, and how much it holds.
        rate: Rate,
        /// Tokens wanted; more than `rate.burst` is never granted.
        cost: u32,
    },
    /// Takes `cost` from what is left of `limit` in the present window. Windows are fixed and
    /// begin at multiples of `window_s` since the Unix epoch (a day is a UTC day).
    ///
    /// For days and money, where GCRA would admit almost twice the limit. A wrong yes spends what
    /// the caller does not have; a wrong no refuses what it has. On `Unavailable` the quota layer
    /// refuses.
    TakeFromWindow {
        /// Whose window.
        key: Key,
        /// Length of a window in seconds; at least 1.
        window_s: u32,
        /// What may be taken in one window.
        limit: u32,
        /// What is wanted.
        cost: u32,
    },
    /// Claims `key` once; a second claim before `until_unix_s` is [`Answer::Used`].
    ///
    /// A wrong yes lets a replay in; a wrong no refuses an honest first use. On `Unavailable`, or
    /// when the claims are full, the layer refuses.
    ClaimOnce {
        /// What is claimed.
        key: Key,
        /// The claim is kept until this second, inclusive.
        until_unix_s: u64,
    },
    /// Gives a claim back, because what it stood for was never sent; what was answered
    /// meanwhile stays claimed. Always yes.
    Unclaim {
        /// What was claimed.
        key: Key,
    },
    /// What stood for `key` was answered by the backend: whoever claims it again is told so. Always
    /// yes.
    ///
    /// A wrong yes tells an honest client that a lost request ran; a wrong no, that it may have.
    Answered {
        /// What was claimed.
        key: Key,
    },
    /// Gives back tokens taken by `TakeTokens` with the same numbers. Always yes.
    GiveTokens {
        /// Whose bucket.
        key: Key,
        /// As in `TakeTokens`.
        rate: Rate,
        /// Tokens to give back.
        cost: u32,
    },
    /// What `TakeFromWindow` took in advance came to `used`. In the window from which it was taken
    /// the difference is given back, or taken on top, beyond the limit if it has to be; when that
    /// window has ended, only what is on top is taken, from the present one. Always yes.
    ///
    /// A wrong yes forgets what was spent; a wrong no (a store that is away) leaves spent what was
    /// taken in advance.
    Settle {
        /// Whose window.
        key: Key,
        /// As in `TakeFromWindow`.
        window_s: u32,
        /// What was taken in advance.
        taken: u32,
        /// What it came to.
        used: u32,
        /// Seconds since it was taken, rounded up. A duration: a store may have a clock of its own.
        age_s: u32,
    },
}

/// What the store says to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes {
        /// What is left of the share after this (after the commit), where there is one.
        left: u32,
        /// Seconds until the share is whole again, where there is one; rounded up.
        reset_s: u32,
    },
    /// No, not before `retry_ns` nanoseconds have passed (`u64::MAX`: never).
    No {
        /// Nanoseconds to wait.
        retry_ns: u64,
    },
    /// No: it was claimed before.
    Used {
        /// What it stood for was answered by the backend; else nobody knows what became of it.
        answered: bool,
    },
    /// Not asked any more: an earlier question of the batch said no.
    Skipped,
    /// The store is away, too slow, or full.
    Unavailable,
}

/// What becomes of questions that must be kept while the store cannot keep them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenAway {
    /// They are unavailable, and so refused.
    #[default]
    Refuse,
    /// They are answered from this process's memory alone.
    Memory,
}

impl WhenAway {
    /// Both by their words.
    pub const WORDS: &[(&'static str, Self)] =
        &[("refuse", Self::Refuse), ("memory", Self::Memory)];
}
