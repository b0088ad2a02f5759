//! What is kept of an admitted request's shares until its answer comes: what it was counted by, and
//! what of it is given back then.

use super::Policy;
use super::judge::{UNSENT_AGE_S, back};
use super::limit::Counted;
use super::told::{self, Told};
use crate::moment::Now;
use crate::question::{Answer, Answers, Ask, Question};
use http::{HeaderMap, StatusCode};
use std::sync::OnceLock;

/// The shares that a request was admitted by.
#[derive(Debug)]
pub(crate) struct Kept {
    shares: Vec<Share>,
    at: Now,
    /// Bytes that its body may have, where its length was not said and its cost depends on it.
    stream_bytes_max: Option<u64>,
    /// Bytes of its body, where it was held.
    body_bytes: Option<u64>,
    said: OnceLock<Said>,
}

/// One of them.
#[derive(Debug)]
struct Share {
    /// The limit's place in the policy's list.
    place: usize,
    ask: Ask,
    left: u32,
    reset_s: u32,
    is_watched: bool,
}

/// What the answer says.
#[derive(Debug)]
struct Said {
    /// What was used of each share, in their order.
    used: Vec<u32>,
    /// Since the shares were taken, rounded up.
    age_s: u32,
}

impl Kept {
    /// What is kept of what the store has answered; none where nothing is looked at again.
    pub(crate) fn of(
        policy: &Policy,
        counted: Counted<'_>,
        watch: bool,
        answers: &Answers,
        at: Now,
    ) -> Option<Box<Self>> {
        if !policy.keeps {
            return None;
        }
        let mut stream_bytes_max: Option<u64> = None;
        let mut shares = Vec::new();
        for (counter, answer) in policy.limits_for(counted).zip(answers) {
            let Answer::Yes { left, reset_s } = *answer else { continue };
            if !counter.is_kept && !policy.tells_answers {
                continue;
            }
            let question = counter.question(counted, watch);
            if !question.watch {
                let most = counter.limit.cost.stream_bytes_max(counted);
                stream_bytes_max = stream_bytes_max.into_iter().chain(most).min();
            }
            let (place, is_watched) = (counter.place, question.watch);
            shares.push(Share { place, ask: question.ask, left, reset_s, is_watched });
        }
        if shares.is_empty() {
            return None;
        }
        let said = OnceLock::new();
        Some(Box::new(Self { shares, at, stream_bytes_max, body_bytes: None, said }))
    }

    /// Notes how long its body was, which was held.
    pub(crate) fn held(&mut self, bytes: usize) {
        self.body_bytes = u64::try_from(bytes).ok();
    }

    /// Bytes that its body may have; none: nobody has to look.
    pub(crate) const fn stream_bytes_max(&self) -> Option<u64> {
        self.stream_bytes_max
    }

    /// Notices what its answer says.
    pub(crate) fn notice(
        &self,
        policy: &Policy,
        (status, headers): (StatusCode, &HeaderMap),
        now: Now,
    ) {
        self.said.get_or_init(|| {
            let used = self.shares.iter().map(|share| {
                let Some(counter) = policy.limits.get(share.place) else { return share.taken() };
                let limit = &counter.limit;
                let counts = &limit.counts;
                if !counts.is_empty() && !counts.iter().any(|answer| answer.fits(status)) {
                    return 0;
                }
                limit.cost.after(share.taken(), headers, self.body_bytes)
            });
            let age_ns = now.steady_ns.saturating_sub(self.at.steady_ns);
            let age_s = u32::try_from(age_ns.div_ceil(1_000_000_000)).unwrap_or(u32::MAX);
            Said { used: used.collect(), age_s }
        });
    }

    /// What is given back once it was answered. Of what was not noticed, nothing.
    pub(crate) fn settle(&self) -> impl Iterator<Item = Question> {
        let said = self.said.get();
        let age_s = said.map_or(0, |said| said.age_s);
        let used = said.into_iter().flat_map(|said| &said.used);
        self.shares.iter().zip(used).filter_map(move |(share, used)| back(share.ask, *used, age_s))
    }

    /// What is given back of those that nobody could tell without the request, because it never
    /// left.
    pub(crate) fn give_back(&self, policy: &Policy) -> impl Iterator<Item = Question> {
        let counter = |share: &Share| policy.limits.get(share.place);
        let kept = self.shares.iter();
        let kept = kept.filter(move |share| counter(share).is_some_and(|counter| counter.is_kept));
        kept.filter_map(|share| back(share.ask, 0, UNSENT_AGE_S))
    }

    /// What `RateLimit` and `RateLimit-Policy` say of them.
    pub(crate) fn told(&self, policy: &Policy) -> Option<Told> {
        if !policy.tells_answers {
            return None;
        }
        let used = self.said.get().map(|said| said.used.as_slice());
        let shares = self.shares.iter().enumerate().filter(|(_, share)| !share.is_watched);
        told::write(shares.filter_map(|(index, share)| {
            let limit = &policy.limits.get(share.place)?.limit;
            let used = used.and_then(|used| used.get(index)).copied().unwrap_or(share.taken());
            let (quantity, _) = limit.policy();
            let back = share.taken().saturating_sub(used);
            let left = share.left.saturating_add(back).min(quantity);
            Some((limit, left, u64::from(share.reset_s)))
        }))
    }
}

impl Share {
    const fn taken(&self) -> u32 {
        match self.ask {
            Ask::TakeTokens { cost, .. } | Ask::TakeFromWindow { cost, .. } => cost,
            _ => 0,
        }
    }
}
