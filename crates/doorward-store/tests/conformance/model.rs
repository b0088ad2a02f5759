//! A second, slow and plain store as model: maps without bounds, copied before every batch. Random
//! batches at random times must get the same answers from both.

use crate::asked::{
    Fresh, always, answered, claim, from, give, key, known, settle, take, unclaim, watch, window,
};
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Ask, Key, Question, Questions, Rate};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::HashMap;

#[derive(Clone, Default)]
struct Model {
    buckets: HashMap<Key, u64>,
    windows: HashMap<(Key, u32), (u64, u32)>,
    claims: HashMap<Key, (u64, bool)>,
}

impl Model {
    fn answer(&mut self, questions: &[Question], now: Now) -> Vec<Answer> {
        let is_claim = |question: &Question| matches!(question.ask, Ask::ClaimOnce { .. });
        let mut order: Vec<usize> = (0..questions.len()).collect();
        order.sort_by_key(|index| is_claim(&questions[*index]));
        let mut tested = self.clone();
        let mut answers = vec![Answer::Skipped; questions.len()];
        let stopped = order.iter().position(|&index| {
            answers[index] = tested.commit(&questions[index].ask, now);
            matches!(answers[index], Answer::No { .. } | Answer::Used { .. })
                && !questions[index].watch
        });
        let Some(stopped) = stopped else {
            *self = tested;
            return answers;
        };
        for (turn, &index) in order.iter().enumerate() {
            let Question { ask, always, watch } = &questions[index];
            let said_yes = matches!(answers[index], Answer::Yes { .. });
            if turn == stopped
                || (turn < stopped && !said_yes)
                || (turn > stopped && !always && !watch)
            {
                continue;
            }
            let mut after = self.clone();
            answers[index] = after.commit(ask, now);
            if *always {
                *self = after;
            } else if matches!(answers[index], Answer::Yes { .. }) {
                answers[index] = self.clone().commit(&for_nothing(*ask), now);
            }
        }
        answers
    }

    fn commit(&mut self, ask: &Ask, now: Now) -> Answer {
        match *ask {
            Ask::TakeTokens { key, rate, cost } => {
                let arrival = self.buckets.entry(key).or_default();
                let next = now.steady_ns.max(*arrival) + rate.every_ns * u64::from(cost);
                let empty = now.steady_ns + rate.every_ns * u64::from(rate.burst);
                if cost > rate.burst {
                    return Answer::No { retry_ns: u64::MAX };
                }
                if next > empty {
                    return Answer::No { retry_ns: next - empty };
                }
                *arrival = next;
                left(next, rate, now)
            }
            Ask::GiveTokens { key, rate, cost } => {
                let arrival = self.buckets.entry(key).or_default();
                let given = arrival.saturating_sub(rate.every_ns * u64::from(cost));
                *arrival = now.steady_ns.max(given);
                left(*arrival, rate, now)
            }
            Ask::TakeFromWindow { key, window_s, limit, cost } => {
                let number = now.unix_s / u64::from(window_s);
                let held = self.windows.entry((key, window_s)).or_default();
                if held.0 != number {
                    *held = (number, 0);
                }
                let to_end = u64::from(window_s) - now.unix_s % u64::from(window_s);
                if cost > limit {
                    return Answer::No { retry_ns: u64::MAX };
                }
                // Settlements spend beyond the limit too; who takes nothing is told what is left.
                if cost > 0 && held.1 + cost > limit {
                    return Answer::No { retry_ns: to_end * 1_000_000_000 };
                }
                held.1 += cost;
                let reset_s = if held.1 == 0 { 0 } else { to_end as u32 };
                Answer::Yes { left: limit.saturating_sub(held.1), reset_s }
            }
            Ask::Settle { key, window_s, taken, used, age_s } => {
                let number = now.unix_s / u64::from(window_s);
                let then = (now.unix_s - u64::from(age_s)) / u64::from(window_s);
                let held = self.windows.entry((key, window_s)).or_default();
                if held.0 != number {
                    *held = (number, 0);
                }
                if then == number && held.1 > 0 {
                    held.1 = held.1.saturating_sub(taken.saturating_sub(used));
                }
                held.1 += used.saturating_sub(taken);
                let to_end = u64::from(window_s) - now.unix_s % u64::from(window_s);
                Answer::Yes { left: 0, reset_s: if held.1 == 0 { 0 } else { to_end as u32 } }
            }
            Ask::ClaimOnce { key, until_unix_s } => match self.claims.get(&key) {
                _ if until_unix_s < now.unix_s => Answer::No { retry_ns: u64::MAX },
                Some((held, answered)) if *held >= now.unix_s => {
                    Answer::Used { answered: *answered }
                }
                _ => {
                    self.claims.insert(key, (until_unix_s, false));
                    Answer::Yes { left: 0, reset_s: 0 }
                }
            },
            Ask::Unclaim { key } => {
                // What was answered stays claimed.
                if self.claims.get(&key).is_some_and(|(_, answered)| !answered) {
                    self.claims.remove(&key);
                }
                Answer::Yes { left: 0, reset_s: 0 }
            }
            Ask::Answered { key } => {
                if let Some((_, answered)) = self.claims.get_mut(&key) {
                    *answered = true;
                }
                Answer::Yes { left: 0, reset_s: 0 }
            }
        }
    }
}

fn left(arrival: u64, rate: Rate, now: Now) -> Answer {
    let debt = arrival - now.steady_ns;
    let free = rate.every_ns * u64::from(rate.burst) - debt;
    Answer::Yes {
        left: (free / rate.every_ns) as u32,
        reset_s: debt.div_ceil(1_000_000_000) as u32,
    }
}

/// The question that asks what is left and takes nothing.
fn for_nothing(ask: Ask) -> Ask {
    match ask {
        Ask::TakeTokens { key, rate, .. } | Ask::GiveTokens { key, rate, .. } => {
            Ask::TakeTokens { key, rate, cost: 0 }
        }
        Ask::TakeFromWindow { key, window_s, limit, .. } => {
            Ask::TakeFromWindow { key, window_s, limit, cost: 0 }
        }
        Ask::Settle { .. } => ask,
        // Giving a claim back answers the same whatever is claimed.
        Ask::ClaimOnce { key, .. } | Ask::Unclaim { key } | Ask::Answered { key } => {
            Ask::Unclaim { key }
        }
    }
}

/// The second one is of those that a file keeps.
const WINDOWS_S: [u32; 2] = [5, 3_600];

fn question() -> impl Strategy<Value = Question> {
    let subjects = [from("203.0.113.7"), from("2001:db8::1"), known(1)];
    let key = (0..2_u64, prop::sample::select(subjects.to_vec())).prop_map(|(l, s)| key(l, s));
    let flags = (prop::bool::weighted(0.3), prop::bool::weighted(0.2));
    (0..10, key, 0..4_u32, flags).prop_map(|(kind, key, cost, (is_always, is_watch))| {
        let rate = Rate { every_ns: [300_000_000, 7_000_000_000][key.limit as usize], burst: 3 };
        let question = match kind {
            0..3 => take(key, rate, cost),
            3..5 => window(key, WINDOWS_S[key.limit as usize], 4, cost),
            5 => claim(key, 3_595 + u64::from(cost) * 8),
            6 => unclaim(key),
            7 => answered(key),
            8 => settle(key, WINDOWS_S[key.limit as usize], (2, cost), cost * 2),
            _ => give(key, rate, cost),
        };
        let question = if is_always { always(question) } else { question };
        if is_watch { watch(question) } else { question }
    })
}

pub(crate) fn compare(fresh: &Fresh) {
    let batch = (prop::collection::vec(question(), 0..=6), 0..4_u64);
    let visits = prop::collection::vec(batch, 1..40);
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(96) });
    let run = runner.run(&visits, |visits| {
        let (ask, mut model) = (fresh(), Model::default());
        let mut now = Now { steady_ns: 77, unix_s: 3_595 };
        for (questions, quarters) in visits {
            now.steady_ns += quarters * 250_000_000;
            now.unix_s += quarters / 2;
            let batch: Questions = questions.iter().copied().collect();
            let want = model.answer(&questions, now);
            let answers = ask(&batch, now);
            prop_assert_eq!(answers.as_slice(), want, "{:?} at {:?}", questions, now);
        }
        Ok(())
    });
    run.expect("the same answers");
}
