//! Slices of hot shares, taken in advance: what a gate has of one it spends without a trip.
//!
//! ## The bound
//!
//! A slice is taken from the share before any of it is spent, so all gates together never have more
//! than the share. It is good for a second, and of a window never beyond its end: a window never
//! grants more than its limit, a bucket in no span of time more than in one that is a second
//! longer. Up to one slice a gate may lie unused meanwhile, while another gate refuses; it is given
//! back when its second is over.

use doorward_core::moment::Now;
use doorward_core::question::{Answer, Answers, Ask, Key, Question, Questions, Rate};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a slice is good.
const GOOD_NS: u64 = 1_000_000_000;
/// Questions about a share within one second from which on it is hot.
const HOT: u32 = 20;
/// Shares that are watched at once; others are asked about each time.
const WATCHED_MAX: usize = 4_096;

/// What may be taken in slices.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Share {
    key: Key,
    /// Nanoseconds of a token and what a bucket holds, or a window's seconds and its limit.
    numbers: (u64, u32),
    is_window: bool,
}

/// What one gate has of a share.
#[derive(Default)]
struct Slice {
    /// The second in which it was asked about, and how often in it.
    second: u64,
    asked: u32,
    /// What is left of the slice, when it was taken, and until when it is good.
    tokens: u32,
    taken_ns: u64,
    good_ns: u64,
    /// What the server said of the rest, and when all of it is whole.
    left: u32,
    reset_s: u32,
}

pub(super) struct Leases {
    /// Hundredths of a share.
    percent: u32,
    slices: Mutex<HashMap<Share, Slice>>,
}

impl Leases {
    pub(super) fn new(percent: u8) -> Self {
        Self { percent: u32::from(percent), slices: Mutex::default() }
    }

    /// Answers a batch from slices, if all of it can be; else nothing is taken.
    pub(super) fn answer(&self, questions: &Questions, now: Now) -> Option<Answers> {
        let mut slices = self.slices();
        let mut answers = Answers::new();
        for (place, question) in questions.iter().enumerate() {
            let (share, cost) = share_of(question)?;
            // Two questions about one share are asked together: that is rare.
            let is_twice = questions[..place]
                .iter()
                .any(|other| share_of(other).is_some_and(|(other, _)| other.key == share.key));
            let slice = slices.get(&share).filter(|_| !is_twice)?;
            let is_good = slice.good_ns > now.steady_ns && slice.tokens >= cost;
            let left = slice.tokens.saturating_sub(cost).saturating_add(slice.left);
            let yes = Answer::Yes { left, reset_s: slice.reset_s };
            answers.push(is_good.then_some(yes)?);
        }
        for (share, cost) in questions.iter().filter_map(share_of) {
            if let Some(slice) = slices.get_mut(&share) {
                slice.tokens -= cost;
                slice.count(now);
            }
        }
        Some(answers)
    }

    /// The same batch, with a wish for a slice of whatever is hot in it. A wish is only watched:
    /// its no stops nothing, and it is granted with the rest or not at all.
    pub(super) fn wish(&self, questions: &Questions, now: Now) -> Questions {
        let mut slices = self.slices();
        let mut out = questions.clone();
        for (share, _) in questions.iter().filter_map(share_of) {
            if slices.len() >= WATCHED_MAX && !slices.contains_key(&share) {
                // Those that nobody asks about any more, and of which nothing is left to give back.
                slices.retain(|_, slice| slice.tokens > 0 || slice.is_of_now(now));
                if slices.len() >= WATCHED_MAX {
                    continue;
                }
            }
            let slice = slices.entry(share).or_default();
            slice.count(now);
            let size = self.size(share);
            if slice.asked > HOT && slice.tokens == 0 && size > 0 && !out.is_full() {
                out.push(Question { ask: share.take(size), always: false, watch: true });
            }
        }
        out
    }

    /// Takes what the wishes behind the first `count` questions came to; `sent` is when they left.
    pub(super) fn learn(&self, count: usize, asked: &Questions, answers: &mut Answers, sent: Now) {
        // A wish that was granted is only taken with the whole batch.
        let is_taken = answers
            .iter()
            .take(count)
            .zip(asked)
            .all(|(answer, question)| question.watch || matches!(answer, Answer::Yes { .. }));
        let mut slices = self.slices();
        for (question, answer) in asked.iter().zip(answers.iter()).skip(count) {
            let (Some((share, size)), Answer::Yes { left, reset_s }, true) =
                (share_of_wish(question), answer, is_taken)
            else {
                continue;
            };
            let whole_ns = u64::from(reset_s.saturating_sub(1)).saturating_mul(GOOD_NS);
            let good_for_ns = if share.is_window { GOOD_NS.min(whole_ns) } else { GOOD_NS };
            let slice = slices.entry(share).or_default();
            // Another worker may have got one at the same time.
            slice.tokens = slice.tokens.saturating_add(size);
            slice.taken_ns = sent.steady_ns;
            slice.good_ns = sent.steady_ns.saturating_add(good_for_ns);
            (slice.left, slice.reset_s) = (*left, *reset_s);
        }
        answers.truncate(count);
    }

    /// What is given back of slices whose time is over.
    pub(super) fn over(&self, now: Now) -> Questions {
        let mut out = Questions::new();
        let mut slices = self.slices();
        slices.retain(|share, slice| {
            let is_over = slice.good_ns <= now.steady_ns;
            if is_over && slice.tokens > 0 && !out.is_full() {
                let age_s = now.steady_ns.saturating_sub(slice.taken_ns).div_ceil(GOOD_NS);
                let age_s = u32::try_from(age_s).unwrap_or(u32::MAX);
                let ask = share.give(slice.tokens, age_s);
                out.push(Question { ask, always: true, watch: false });
                slice.tokens = 0;
            }
            slice.tokens > 0 || slice.is_of_now(now)
        });
        out
    }

    /// Nothing of it counts any more: what was taken stays spent.
    pub(super) fn forget(&self) {
        self.slices().clear();
    }

    /// The size of a slice.
    fn size(&self, share: Share) -> u32 {
        let (_, whole) = share.numbers;
        u32::try_from(u64::from(whole) * u64::from(self.percent) / 100).unwrap_or(u32::MAX)
    }

    fn slices(&self) -> MutexGuard<'_, HashMap<Share, Slice>> {
        self.slices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slice {
    fn count(&mut self, now: Now) {
        let second = now.steady_ns / GOOD_NS;
        if self.second != second {
            (self.second, self.asked) = (second, 0);
        }
        self.asked = self.asked.saturating_add(1);
    }

    const fn is_of_now(&self, now: Now) -> bool {
        self.second + 1 >= now.steady_ns / GOOD_NS
    }
}

impl Share {
    const fn take(self, cost: u32) -> Ask {
        let Self { key, numbers: (one, other), is_window } = self;
        if is_window {
            Ask::TakeFromWindow { key, window_s: low(one), limit: other, cost }
        } else {
            Ask::TakeTokens { key, rate: Rate { every_ns: one, burst: other }, cost }
        }
    }

    const fn give(self, cost: u32, age_s: u32) -> Ask {
        let Self { key, numbers: (one, other), is_window } = self;
        if is_window {
            Ask::Settle { key, window_s: low(one), taken: cost, used: 0, age_s }
        } else {
            Ask::GiveTokens { key, rate: Rate { every_ns: one, burst: other }, cost }
        }
    }
}

/// The share that a question takes from, and how much; none where it does something else, or is not
/// to be stopped by what others say.
const fn share_of(question: &Question) -> Option<(Share, u32)> {
    if question.always || question.watch {
        return None;
    }
    share_of_wish(question)
}

const fn share_of_wish(question: &Question) -> Option<(Share, u32)> {
    match question.ask {
        Ask::TakeTokens { key, rate, cost } => {
            let numbers = (rate.every_ns, rate.burst);
            Some((Share { key, numbers, is_window: false }, cost))
        }
        Ask::TakeFromWindow { key, window_s, limit, cost } => {
            let numbers = (window_s as u64, limit);
            Some((Share { key, numbers, is_window: true }, cost))
        }
        Ask::ClaimOnce { .. }
        | Ask::Unclaim { .. }
        | Ask::Answered { .. }
        | Ask::GiveTokens { .. }
        | Ask::Settle { .. } => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it was made of as many bits")]
const fn low(wide: u64) -> u32 {
    wide as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::question::Subject;

    const RATE: Rate = Rate { every_ns: 1_000_000, burst: 1_000 };
    const KEY: Key = Key { limit: 1, subject: Subject::Known([1; 16]) };

    fn batch(ask: Ask) -> Questions {
        [Question { ask, always: false, watch: false }].into_iter().collect()
    }

    fn take() -> Questions {
        batch(Ask::TakeTokens { key: KEY, rate: RATE, cost: 1 })
    }

    const fn at(ms: u64) -> Now {
        Now { steady_ns: 10 * GOOD_NS + ms * 1_000_000, unix_s: 0 }
    }

    /// A store that grants every wish.
    fn lease(leases: &Leases, questions: &Questions, now: Now, reset_s: u32) -> usize {
        let mut wishes = 0;
        for _ in 0..=HOT {
            let asked = leases.wish(questions, now);
            wishes += asked.len() - questions.len();
            let mut answers: Answers =
                asked.iter().map(|_| Answer::Yes { left: 500, reset_s }).collect();
            leases.learn(questions.len(), &asked, &mut answers, now);
            assert_eq!(answers.len(), questions.len());
        }
        wishes
    }

    #[test]
    fn a_hot_share_is_spent_from_a_slice_and_no_further() {
        let leases = Leases::new(2);
        assert!(leases.answer(&take(), at(0)).is_none());
        assert_eq!(lease(&leases, &take(), at(0), 1), 1, "once it is hot, and not before");
        for spent in 1..=20 {
            let answers = leases.answer(&take(), at(1)).expect("of the slice");
            assert_eq!(answers[0], Answer::Yes { left: 520 - spent, reset_s: 1 });
        }
        assert!(leases.answer(&take(), at(1)).is_none(), "it is spent");
        assert!(leases.over(at(5_000)).is_empty());
    }

    #[test]
    fn a_slice_is_good_for_a_second_and_then_given_back() {
        let leases = Leases::new(2);
        lease(&leases, &take(), at(0), 1);
        assert!(leases.answer(&take(), at(999)).is_some());
        assert!(leases.over(at(999)).is_empty());
        assert!(leases.answer(&take(), at(1_000)).is_none());
        let back = leases.over(at(1_000));
        assert_eq!(back[0].ask, Ask::GiveTokens { key: KEY, rate: RATE, cost: 19 });
        assert!(leases.over(at(1_000)).is_empty(), "once");
    }

    #[test]
    fn a_slice_of_a_window_does_not_outlive_it() {
        let questions =
            batch(Ask::TakeFromWindow { key: KEY, window_s: 60, limit: 1_000, cost: 1 });
        for (reset_s, good_ms) in [(9, 1_000), (2, 1_000), (1, 0)] {
            let leases = Leases::new(2);
            lease(&leases, &questions, at(0), reset_s);
            for ms in [0, 999, 1_000] {
                let is_good = leases.answer(&questions, at(ms)).is_some();
                assert_eq!(is_good, ms < good_ms, "{reset_s} {ms}");
            }
        }
    }

    #[test]
    fn what_is_refused_or_claimed_is_never_answered_from_slices() {
        let leases = Leases::new(2);
        // A wish beside a no was not granted.
        for _ in 0..=HOT {
            let asked = leases.wish(&take(), at(0));
            let yes = Answer::Yes { left: 1, reset_s: 1 };
            let mut answers: Answers = asked.iter().map(|_| yes).collect();
            answers[0] = Answer::No { retry_ns: 1 };
            leases.learn(1, &asked, &mut answers, at(0));
        }
        assert!(leases.answer(&take(), at(0)).is_none());
        lease(&leases, &take(), at(0), 1);
        let mut with_claim = take();
        let ask = Ask::ClaimOnce { key: KEY, until_unix_s: 9 };
        with_claim.push(Question { ask, always: false, watch: false });
        assert!(leases.answer(&with_claim, at(0)).is_none());
        let twice: Questions = take().into_iter().chain(take()).collect();
        assert!(leases.answer(&twice, at(0)).is_none());
        let mut always = take();
        always[0].always = true;
        assert!(leases.answer(&always, at(0)).is_none());
        assert!(leases.answer(&take(), at(0)).is_some(), "the twin");
        leases.forget();
        assert!(leases.answer(&take(), at(0)).is_none());
    }
}
