//! A batch as the script's words, and the script's numbers as answers. All that is divided or
//! multiplied is so here, in integers: Lua's numbers are doubles.

use super::names::Names;
use doorward_core::moment::Now;
use doorward_core::pass::SKEW_S;
use doorward_core::question::{Answer, Answers, Ask, Question, Questions, Rate};
use doorward_core::table::WINDOW_S_MAX;
use redis::{Cmd, Value};

/// The script, behind the time.
const BODY: &str = include_str!("batch.lua");
/// The time is the server's own, so that no two gates count by two clocks.
const SERVERS_TIME: &str = "local time = redis.call('TIME')
local now_s, now_ns = tonumber(time[1]), tonumber(time[2]) * 1000
local wall_s, told_s, least_ms, first = now_s, now_s, 0, 2
";
/// For tests: the time is the caller's, in which nothing ends by the server's.
const CALLERS_TIME: &str = "local now_s, now_ns = tonumber(ARGV[2]), tonumber(ARGV[3])
local wall_s, told_s, least_ms, first = tonumber(ARGV[4]), 0, 3600000, 5
";

const NS_PER_S: u128 = 1_000_000_000;
/// Seconds that are more than any clock holds, and that doubles still hold exactly.
const SECONDS_MAX: u128 = 1 << 52;
/// Seconds of a claim at the most: far more than anybody claims.
const CLAIM_S_MAX: u64 = 1 << 40;
/// Seconds for which a claim is kept beyond its own: clocks of gates may differ by as much, and
/// what one of them takes for over may still be good at another. One more, because neither clock
/// says which part of its second has passed.
const CLAIM_SLACK_S: u64 = SKEW_S + 1;

/// Whose clock counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// The server's.
    Server,
    /// The asking test's.
    Caller,
}

/// What a script says to a batch.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "matched where it is made, never kept")]
pub(super) enum Told {
    /// The answers, the second of the server's clock, and the version of the denials.
    Answers(Answers, u64, u64),
    /// Nothing was done: this is not the epoch that the gate knows.
    OtherEpoch,
}

/// The script's text.
pub(super) fn script(clock: Clock) -> String {
    let begin = match clock {
        Clock::Server => SERVERS_TIME,
        Clock::Caller => CALLERS_TIME,
    };
    format!("{begin}{BODY}")
}

/// Whether a batch may be asked again when nobody heard its answer: what is taken twice is lost to
/// its caller, but what is given back twice is everybody's.
pub(super) fn may_repeat(questions: &Questions) -> bool {
    questions.iter().all(|question| match question.ask {
        Ask::TakeTokens { .. }
        | Ask::TakeFromWindow { .. }
        | Ask::ClaimOnce { .. }
        | Ask::Answered { .. } => true,
        Ask::Unclaim { .. } | Ask::GiveTokens { .. } | Ask::Settle { .. } => false,
    })
}

/// Writes a batch behind what calls the script. `maker` tells this batch's claims from all others.
pub(super) fn write(
    command: &mut Cmd,
    (names, epoch): (&Names, &str),
    questions: &Questions,
    (now, clock): (Now, Clock),
    maker: (&str, u64),
) {
    command.arg(questions.len() + 2).arg(&names.epoch).arg(&names.version);
    for question in questions {
        command.arg(names.of(&question.ask));
    }
    command.arg(epoch);
    if clock == Clock::Caller {
        let (s, ns) = pair(u128::from(now.steady_ns));
        command.arg(s).arg(ns).arg(now.unix_s);
    }
    let slack_s = if clock == Clock::Server { CLAIM_SLACK_S } else { 0 };
    for (place, question) in questions.iter().enumerate() {
        command.arg(word(question));
        match question.ask {
            Ask::TakeTokens { rate, cost, .. } => {
                let (s, ns) = tokens(rate, cost);
                // What is more than the bucket holds is never granted.
                let s = if cost > rate.burst { -1 } else { s };
                bucket(command, (s, ns), rate);
            }
            Ask::GiveTokens { rate, cost, .. } => bucket(command, tokens(rate, cost), rate),
            Ask::TakeFromWindow { window_s, limit, cost, .. } => {
                let window_s = window_s.clamp(1, WINDOW_S_MAX);
                command.arg(window_s).arg(limit).arg(cost).arg(0);
            }
            Ask::Settle { window_s, taken, used, age_s, .. } => {
                let window_s = window_s.clamp(1, WINDOW_S_MAX);
                command.arg(window_s).arg(taken).arg(used).arg(age_s);
            }
            Ask::ClaimOnce { until_unix_s, .. } => {
                // A duration: the server's clock may be another. One that has passed cannot be
                // kept.
                let seconds = until_unix_s.checked_sub(now.unix_s).map_or(-1, |seconds| {
                    i64::try_from(seconds.min(CLAIM_S_MAX) + slack_s).unwrap_or(i64::MAX)
                });
                command.arg(seconds).arg(format!("{}.{}.{place}", maker.0, maker.1));
                command.arg(0).arg(0);
            }
            Ask::Unclaim { .. } | Ask::Answered { .. } => {
                command.arg(0).arg(0).arg(0).arg(0);
            }
        }
    }
}

/// What is asked, and how: a letter, and marks for `always` and `watch`.
const fn word(question: &Question) -> &'static str {
    let words = match question.ask {
        Ask::TakeTokens { .. } => ["T", "Ta", "Tw", "Taw"],
        Ask::GiveTokens { .. } => ["G", "Ga", "Gw", "Gaw"],
        Ask::TakeFromWindow { .. } => ["W", "Wa", "Ww", "Waw"],
        Ask::Settle { .. } => ["S", "Sa", "Sw", "Saw"],
        Ask::ClaimOnce { .. } => ["C", "Ca", "Cw", "Caw"],
        Ask::Unclaim { .. } => ["U", "Ua", "Uw", "Uaw"],
        Ask::Answered { .. } => ["A", "Aa", "Aw", "Aaw"],
    };
    match (question.always, question.watch) {
        (false, false) => words[0],
        (true, false) => words[1],
        (false, true) => words[2],
        (true, true) => words[3],
    }
}

fn bucket(command: &mut Cmd, (s, ns): (i64, u32), rate: Rate) {
    let (whole_s, whole_ns) = tokens(rate, rate.burst);
    command.arg(s).arg(ns).arg(whole_s).arg(whole_ns);
}

/// What so many tokens are in time: seconds, and nanoseconds beyond them.
fn tokens(rate: Rate, count: u32) -> (i64, u32) {
    pair(every(rate) * u128::from(count))
}

fn every(rate: Rate) -> u128 {
    u128::from(rate.every_ns.max(1))
}

fn pair(ns: u128) -> (i64, u32) {
    let s = (ns / NS_PER_S).min(SECONDS_MAX);
    (i64::try_from(s).unwrap_or(i64::MAX), u32::try_from(ns % NS_PER_S).unwrap_or(0))
}

/// Reads what the script says. None: it says something else.
pub(super) fn read(questions: &Questions, said: &Value) -> Option<Told> {
    let Value::Array(said) = said else { return None };
    let mut numbers = said.iter().map(|value| match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    });
    if numbers.next()?? == 0 {
        return numbers.next().is_none().then_some(Told::OtherEpoch);
    }
    let (server_s, version) = (numbers.next()??, numbers.next()??);
    let mut answers = Answers::new();
    for question in questions {
        let (code, one, other) = (numbers.next()??, numbers.next()??, numbers.next()??);
        answers.push(answer(question, code, one, other)?);
    }
    numbers.next().is_none().then_some(Told::Answers(answers, server_s, version))
}

fn answer(question: &Question, code: u64, one: u64, other: u64) -> Option<Answer> {
    let ns = u128::from(one) * NS_PER_S + u128::from(other);
    Some(match code {
        0 => Answer::Skipped,
        1 => match question.ask {
            Ask::TakeTokens { rate, .. } | Ask::GiveTokens { rate, .. } => left(rate, ns),
            Ask::TakeFromWindow { .. }
            | Ask::Settle { .. }
            | Ask::ClaimOnce { .. }
            | Ask::Unclaim { .. }
            | Ask::Answered { .. } => Answer::Yes { left: clip_u32(one), reset_s: clip_u32(other) },
        },
        2 => Answer::No { retry_ns: u64::try_from(ns).unwrap_or(u64::MAX) },
        3 => Answer::No { retry_ns: u64::MAX },
        4 => Answer::Used { answered: false },
        5 => Answer::Used { answered: true },
        _ => return None,
    })
}

/// What is left in a bucket that is whole again after so many nanoseconds.
fn left(rate: Rate, debt_ns: u128) -> Answer {
    let whole = every(rate) * u128::from(rate.burst);
    let left = whole.saturating_sub(debt_ns) / every(rate);
    let clip = |wide: u128| u32::try_from(wide).unwrap_or(u32::MAX);
    Answer::Yes { left: clip(left), reset_s: clip(debt_ns.div_ceil(NS_PER_S)) }
}

fn clip_u32(wide: u64) -> u32 {
    u32::try_from(wide).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::question::{Key, Subject};

    fn questions() -> Questions {
        let key = Key { limit: 1, subject: Subject::Known([1; 16]) };
        let plain = |ask| Question { ask, always: false, watch: false };
        let rate = Rate { every_ns: 500, burst: 4 };
        [
            plain(Ask::TakeTokens { key, rate, cost: 1 }),
            plain(Ask::ClaimOnce { key, until_unix_s: 9 }),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn only_whole_answers_are_read() {
        let numbers = |numbers: &[i64]| {
            let said = Value::Array(numbers.iter().copied().map(Value::Int).collect());
            read(&questions(), &said)
        };
        let yes = Answer::Yes { left: 0, reset_s: 0 };
        let told = |first, second| {
            let answers = [first, second].into_iter().collect();
            Some(Told::Answers(answers, 77, 8))
        };
        let whole = Answer::Yes { left: 2, reset_s: 1 };
        assert_eq!(numbers(&[1, 77, 8, 1, 0, 1_000, 1, 0, 0]), told(whole, yes));
        let no = Answer::No { retry_ns: 1_000_000_002 };
        assert_eq!(numbers(&[1, 77, 8, 2, 1, 2, 0, 0, 0]), told(no, Answer::Skipped));
        let used = Answer::Used { answered: true };
        assert_eq!(numbers(&[1, 77, 8, 1, 0, 1_000, 5, 0, 0]), told(whole, used));
        assert_eq!(numbers(&[0]), Some(Told::OtherEpoch));
        for wrong in [
            &[][..],
            &[0, 0],
            &[1],
            &[1, 77],
            &[1, 77, 8],
            &[1, 77, 8, 1, 0, 1_000],
            &[1, 77, 8, 1, 0, 1_000, 1, 0],
            &[1, 77, 8, 1, 0, 1_000, 1, 0, 0, 0],
            &[1, 77, 8, 6, 0, 1_000, 1, 0, 0],
            &[1, 77, 8, 1, 0, -1, 1, 0, 0],
            &[-1],
        ] {
            assert_eq!(numbers(wrong), None, "{wrong:?}");
        }
        for wrong in [Value::Nil, Value::Okay, Value::Int(1), Value::Array(vec![Value::Nil])] {
            assert_eq!(read(&questions(), &wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_given_back_is_not_asked_twice() {
        let mut batch = questions();
        assert!(may_repeat(&batch));
        let Ask::TakeTokens { key, rate, .. } = batch[0].ask else { panic!("tokens") };
        for ask in [
            Ask::GiveTokens { key, rate, cost: 1 },
            Ask::Unclaim { key },
            Ask::Settle { key, window_s: 1, taken: 2, used: 1, age_s: 0 },
        ] {
            batch[1].ask = ask;
            assert!(!may_repeat(&batch), "{ask:?}");
        }
    }

    #[test]
    fn times_beyond_all_clocks_stay_so() {
        let slow = Rate { every_ns: u64::MAX, burst: u32::MAX };
        assert_eq!(tokens(slow, u32::MAX).0, 1 << 52);
        assert_eq!(tokens(slow, 1), (18_446_744_073, 709_551_615));
        assert_eq!(tokens(Rate { every_ns: 0, burst: 1 }, 1), (0, 1));
    }
}
