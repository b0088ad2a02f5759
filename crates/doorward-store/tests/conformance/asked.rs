//! Short words for questions, answers and times, and how a story is played.

use doorward_core::address::Prefix;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Answers, Ask, Key, Question, Questions, Rate, Subject};

/// A store under test.
pub(crate) type Store = Box<dyn Fn(&Questions, Now) -> Answers + Send + Sync>;
/// Makes an empty store.
pub(crate) type Fresh = dyn Fn() -> Store;

/// What happens to one fresh store, in order.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<Step>,
}

/// One batch, when it is asked, and what must be said to it.
pub(crate) type Step = (Now, Vec<Question>, Vec<Answer>);

/// Plays a story to a fresh store.
pub(crate) fn play(store: &str, fresh: &Fresh, story: &Story) {
    let ask = fresh();
    for (number, (now, questions, want)) in story.steps.iter().enumerate() {
        let answers = ask(&questions.iter().copied().collect(), *now);
        assert_eq!(answers.as_slice(), want, "{store}: {}, step {}", story.name, number + 1);
    }
}

/// The second of the wall clock at which stories begin: not a multiple of anything of interest.
pub(crate) const BEGIN_S: u64 = 1_790_000_030;

/// So many milliseconds after the beginning.
pub(crate) const fn at(ms: u64) -> Now {
    Now { steady_ns: 5_000_000_000 + ms * 1_000_000, unix_s: BEGIN_S + ms / 1_000 }
}

/// At this second by the wall clock.
pub(crate) const fn on(unix_s: u64) -> Now {
    Now { steady_ns: 5_000_000_000, unix_s }
}

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000 * MS;

/// Ten a second, three at once.
pub(crate) const TEN: Rate = Rate { every_ns: 100 * MS, burst: 3 };

/// A stranger.
pub(crate) fn from(address: &str) -> Subject {
    Subject::Address(Prefix::subscriber(address.parse().expect("a test address")))
}

/// A verified caller.
pub(crate) const fn known(name: u8) -> Subject {
    Subject::Known([name; 16])
}

pub(crate) const fn key(limit: u64, subject: Subject) -> Key {
    Key { limit, subject }
}

const fn plain(ask: Ask) -> Question {
    Question { ask, always: false, watch: false }
}

pub(crate) const fn always(question: Question) -> Question {
    Question { always: true, ..question }
}

pub(crate) const fn watch(question: Question) -> Question {
    Question { watch: true, ..question }
}

pub(crate) const fn take(key: Key, rate: Rate, cost: u32) -> Question {
    plain(Ask::TakeTokens { key, rate, cost })
}

pub(crate) const fn give(key: Key, rate: Rate, cost: u32) -> Question {
    plain(Ask::GiveTokens { key, rate, cost })
}

pub(crate) const fn window(key: Key, window_s: u32, limit: u32, cost: u32) -> Question {
    plain(Ask::TakeFromWindow { key, window_s, limit, cost })
}

pub(crate) const fn settle(
    key: Key,
    window_s: u32,
    (taken, used): (u32, u32),
    age_s: u32,
) -> Question {
    plain(Ask::Settle { key, window_s, taken, used, age_s })
}

pub(crate) const fn claim(key: Key, until_unix_s: u64) -> Question {
    plain(Ask::ClaimOnce { key, until_unix_s })
}

pub(crate) const fn unclaim(key: Key) -> Question {
    plain(Ask::Unclaim { key })
}

pub(crate) const fn answered(key: Key) -> Question {
    plain(Ask::Answered { key })
}

pub(crate) const fn yes(left: u32, reset_s: u32) -> Answer {
    Answer::Yes { left, reset_s }
}

/// Yes, where there is no share.
pub(crate) const YES: Answer = yes(0, 0);

pub(crate) const fn no(retry_ns: u64) -> Answer {
    Answer::No { retry_ns }
}

pub(crate) const NEVER: Answer = no(u64::MAX);
pub(crate) const USED: Answer = Answer::Used { answered: false };
pub(crate) const USED_AND_ANSWERED: Answer = Answer::Used { answered: true };
pub(crate) const SKIPPED: Answer = Answer::Skipped;

pub(crate) const fn said_yes(answer: Answer) -> bool {
    matches!(answer, Answer::Yes { .. })
}
