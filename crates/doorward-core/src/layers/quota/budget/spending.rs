//! What one request spends: taken in advance, counted while its answer goes by, settled behind it.
//!
//! Whoever carries the answer feeds it in, hands on what [`Spending::step`] lets through, and asks
//! the store what [`Spending::wants`] wants to know. Nothing here waits.

use super::reading::{Look, Reading};
use super::share::Share;
use super::{Budget, Policy, Price, ROUTE_BUDGETS_MAX, Spent, Tokens};
use crate::layers::body::Asked;
use crate::layers::quota::{Counted, Reason};
use crate::moment::Now;
use crate::question::{Answer, Question, Questions};
use arrayvec::ArrayVec;
use bytes::Bytes;
use std::sync::Arc;

/// Tokens of an answer that are taken at a time while it streams.
pub(super) const SLICE_TOKENS: u64 = 512;
/// What one request spends.
#[derive(Debug)]
pub struct Spending {
    pub(super) shares: ArrayVec<Share, ROUTE_BUDGETS_MAX>,
    pub(super) is_watched: bool,
    pub(super) plan: Plan,
    /// Tokens of the answer that are paid for.
    pub(super) reserved: u64,
    /// Tokens that the answer may have had so far.
    pub(super) output: u64,
    pub(super) usage: Option<Tokens>,
    /// Nothing was written behind it.
    pub(super) is_final: bool,
    pub(super) has_nonsense: bool,
    /// Its length was announced, so that nothing can be added.
    pub(super) has_length: bool,
    /// The backend has said that it did not run the request.
    pub(super) is_free: bool,
    pub(super) reading: Reading,
    /// What was found out of the next event, which may have to wait.
    pub(super) looked_at: Option<Look>,
    /// What will be paid for, if the store says yes.
    pub(super) asking: Option<u64>,
    pub(super) no: Option<Reason>,
    pub(super) state: State,
    pub(super) is_settled: bool,
}

/// What a request can cost, as far as it says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plan {
    pub(super) price: Option<Price>,
    pub(super) prompt: u64,
    /// The answer's tokens at the most, where the request bounds them.
    pub(super) most: Option<u64>,
    /// It asks for a stream, which can be ended at any time.
    pub(super) can_be_cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// All of it came.
    Whole,
    /// It broke off.
    Broken,
    /// It was ended because there is nothing left to spend.
    Cut,
}

/// What is done with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// These bytes go on.
    Pass(Bytes),
    /// More of the answer is wanted.
    More,
    /// The store's answer is wanted first.
    Wait,
    /// There is nothing left to spend: the answer ends, with these bytes if there are any; without,
    /// it breaks off. Nothing more of it is wanted.
    End(Option<Bytes>),
    /// All of it went on.
    Done,
}

/// The answer cannot be read, and would stream without anybody counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Which budget does not suffice.
#[derive(Clone, Debug)]
pub(crate) struct Beyond {
    pub(crate) reason: Reason,
    pub(crate) retry_ns: Option<u64>,
    pub(crate) budget: Option<Arc<Budget>>,
}

impl Spending {
    /// What a request is to spend, of these budgets of the policy's. None: it spends nothing that
    /// is counted.
    pub(crate) fn new(
        policy: &Policy,
        budgets: &[usize],
        asked: Option<&Asked>,
        counted: Counted<'_>,
        is_watched: bool,
    ) -> Option<Box<Self>> {
        let mut shares = ArrayVec::new();
        for purse in budgets.iter().filter_map(|place| policy.budgets.get(*place)) {
            let space = purse.spaces[usize::from(is_watched)];
            let key = purse.budget.key(counted, space);
            // A route with more is no route: it was checked for.
            let _ = shares.try_push(Share::new(Arc::clone(&purse.budget), key));
        }
        if shares.is_empty() {
            return None;
        }
        let plan = asked.map_or_else(Plan::default, |asked| Plan {
            price: policy.price(&asked.model),
            prompt: asked.prompt_tokens_max,
            most: asked.said_tokens_max,
            can_be_cut: asked.is_stream,
        });
        let all = asked.map_or(0, |asked| asked.tokens_max);
        let reserved = if plan.can_be_cut { all.min(SLICE_TOKENS) } else { all };
        Some(Box::new(Self {
            shares,
            is_watched,
            plan,
            reserved,
            output: 0,
            usage: None,
            is_final: false,
            has_nonsense: false,
            has_length: false,
            is_free: false,
            reading: Reading::Nothing,
            looked_at: None,
            asking: None,
            no: None,
            state: State::Open,
            is_settled: false,
        }))
    }

    /// What is taken before the request runs.
    pub(crate) fn questions(&self) -> Questions {
        self.wish(self.reserved).collect()
    }

    /// The questions by which the prompt and so many tokens of the answer are paid for.
    pub(super) fn wish(&self, output: u64) -> impl Iterator<Item = Question> + '_ {
        let tokens = Tokens { input: self.plan.prompt, cached: 0, output };
        let units = move |share: &Share| share.units(tokens, self.plan.price);
        self.shares.iter().filter_map(move |share| share.take(units(share), self.is_watched))
    }

    /// How many questions there are.
    pub(crate) fn count(&self) -> usize {
        self.wish(self.reserved).count()
    }

    /// What the store's answers come to, one for each question.
    pub(crate) fn taken(&mut self, answers: &[Answer], now: Now, spent: &Spent) -> Option<Beyond> {
        let beyond = self.judge(answers, self.reserved);
        match &beyond {
            Some(Beyond { budget: Some(budget), .. }) => {
                spent.note(&budget.name, |counts| counts.refused += 1);
            }
            Some(_) => {}
            None => self.note_taken(answers, self.reserved, now, spent),
        }
        if beyond.is_some() && self.is_watched {
            // Those that said yes have taken it all the same.
            self.note_taken(answers, self.reserved, now, spent);
        }
        beyond
    }

    pub(super) fn judge(&self, answers: &[Answer], output: u64) -> Option<Beyond> {
        let tokens = Tokens { input: self.plan.prompt, cached: 0, output };
        let wishes = |share: &&Share| {
            let units = share.units(tokens, self.plan.price);
            share.take(units, self.is_watched).is_some()
        };
        let mut asked = self.shares.iter().filter(wishes);
        let mut beyond: Option<Beyond> = None;
        for answer in answers {
            let share = asked.next();
            match answer {
                Answer::Yes { .. } => {}
                Answer::No { retry_ns } => {
                    let budget = share.map(|share| Arc::clone(&share.budget));
                    let retry_ns = (*retry_ns != u64::MAX).then_some(*retry_ns);
                    return Some(Beyond { reason: Reason::Budget, retry_ns, budget });
                }
                Answer::Skipped | Answer::Used { .. } | Answer::Unavailable => {
                    let away = Beyond { reason: Reason::StoreAway, retry_ns: None, budget: None };
                    beyond = beyond.or(Some(away));
                }
            }
        }
        beyond
    }

    pub(super) fn note_taken(&mut self, answers: &[Answer], output: u64, now: Now, spent: &Spent) {
        let tokens = Tokens { input: self.plan.prompt, cached: 0, output };
        let price = self.plan.price;
        let mut answers = answers.iter();
        for share in &mut self.shares {
            let units = share.units(tokens, price);
            if share.take(units, self.is_watched).is_none() {
                continue;
            }
            if let Some(Answer::Yes { .. }) = answers.next() {
                let more = share.has_taken(units, now);
                spent.note(&share.budget.name, |counts| counts.reserved += u64::from(more));
            }
        }
    }

    /// What is given back for a request that never left for the backend.
    pub(crate) fn give_back(&self) -> impl Iterator<Item = Question> + '_ {
        self.shares.iter().filter_map(Share::give_back)
    }

    /// Whether nothing of it is enforced.
    pub(crate) const fn is_watched(&self) -> bool {
        self.is_watched
    }

    /// Whether it ends where nothing is left.
    pub(super) fn is_bound(&self) -> bool {
        self.plan.can_be_cut && !self.is_watched
    }

    /// The tokens so far with so many more; never more than the request has bounded.
    pub(super) fn with_more(&self, tokens: u64) -> u64 {
        let sum = self.output.saturating_add(tokens);
        self.plan.most.map_or(sum, |most| sum.min(most))
    }
}

#[cfg(test)]
#[path = "spending_tests.rs"]
mod tests;
