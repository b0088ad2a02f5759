//! Two threads at once: never one too many.

use crate::asked::{Store, always, at, claim, key, known, said_yes, take, yes};
use doorward_core::question::{Answers, Question, Rate};
use std::sync::Barrier;

const ROUNDS: usize = 3_000;
/// So slow that nothing comes back while the clock stands.
const fn bucket(burst: u32) -> Rate {
    Rate { every_ns: 1_000_000_000, burst }
}

fn ask(store: &Store, questions: &[Question]) -> Answers {
    store(&questions.iter().copied().collect(), at(0))
}

/// Runs `work` in two threads that begin together; what both counted.
fn twice(work: impl Fn(usize) -> usize + Sync) -> usize {
    let barrier = Barrier::new(2);
    let run = |thread| {
        barrier.wait();
        work(thread)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(1));
        run(0) + other.join().expect("the other thread")
    })
}

/// Both threads take from both buckets, each in its own order: no deadlock, and exactly as many
/// batches pass as the smaller bucket holds.
pub(crate) fn two_buckets_in_opposite_orders(store: Store) {
    let (large, small) = (key(1, known(1)), key(2, known(2)));
    let mut batch = [take(large, bucket(2_000), 1), take(small, bucket(1_000), 1)];
    let forth = batch;
    batch.reverse();
    let passed = twice(|thread| {
        let batch = if thread == 0 { &forth } else { &batch };
        let all_yes = |answers: &Answers| answers.iter().copied().all(said_yes);
        (0..ROUNDS).filter(|_| all_yes(&ask(&store, batch))).count()
    });
    assert_eq!(passed, 1_000);
    let left = ask(&store, &[take(large, bucket(2_000), 0), take(small, bucket(1_000), 0)]);
    assert_eq!(left.as_slice(), [yes(1_000, 1_000), yes(0, 1_000)]);
}

/// Both threads claim the same names: each is claimed once.
pub(crate) fn one_claim_one_winner(store: Store) {
    let won = twice(|_| {
        let claimed = |name: &usize| {
            let nonce = key(*name as u64, known(3));
            said_yes(ask(&store, &[claim(nonce, at(0).unix_s + 60)])[0])
        };
        (0..ROUNDS).filter(claimed).count()
    });
    assert_eq!(won, ROUNDS);
}

/// One thread's batches are all refused after they took; the other thread never misses what they
/// took for a moment, and `always` is counted every time.
pub(crate) fn a_refused_batch_is_never_seen_half_done(store: Store) {
    let (shared, empty, address) = (key(1, known(1)), key(2, known(2)), key(3, known(3)));
    let whole = bucket(ROUNDS as u32);
    let refused = [
        take(shared, whole, ROUNDS as u32),
        always(take(address, whole, 1)),
        take(empty, whole, u32::MAX),
    ];
    let passed = twice(|thread| {
        if thread == 0 {
            let no = |answers: Answers| !said_yes(answers[2]);
            return (0..ROUNDS).filter(|_| !no(ask(&store, &refused))).count();
        }
        (0..ROUNDS).filter(|_| said_yes(ask(&store, &[take(shared, whole, 1)])[0])).count()
    });
    assert_eq!(passed, ROUNDS);
    assert_eq!(ask(&store, &[take(address, whole, 0)])[0], yes(0, ROUNDS as u32));
}
