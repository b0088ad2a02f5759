//! What every store must answer. A store joins by one line in [`stores`]: it hands out fresh
//! stores, as functions from questions and a time to answers.

mod asked;
mod batches;
mod file;
mod hammer;
mod memory;
mod model;
mod oracle;
mod shares;
mod valkey;

use asked::{Fresh, play};
use doorward_store::{MemoryStore, Sizes};

/// Small enough to be made for every story, large enough that no story overflows it.
const SIZES: Sizes = Sizes { strangers_max: 10_000, known_max: 10_000, claims_max: 10_000 };

fn memory() -> asked::Store {
    let store = MemoryStore::new(SIZES, *b"a seed for tests");
    Box::new(move |questions, now| store.answer(questions, now))
}

/// Every store of this crate, by name.
fn stores() -> Vec<(&'static str, Box<Fresh>)> {
    vec![
        ("memory", Box::new(memory)),
        ("file", Box::new(file::fresh)),
        ("redis", valkey::fresh(valkey::Make::Redis)),
        ("valkey", valkey::fresh(valkey::Make::Valkey)),
    ]
}

#[test]
fn every_store_answers_every_story() {
    for (name, fresh) in stores() {
        for story in shares::stories().into_iter().chain(batches::stories()) {
            play(name, &fresh, &story);
        }
    }
}

#[test]
fn every_store_admits_never_one_too_many_under_a_hammer() {
    for (_, fresh) in stores() {
        hammer::two_buckets_in_opposite_orders(fresh());
        hammer::one_claim_one_winner(fresh());
        hammer::a_refused_batch_is_never_seen_half_done(fresh());
    }
}

#[test]
fn every_store_counts_as_governor_does() {
    for (_, fresh) in stores() {
        oracle::compare(&fresh);
    }
}

#[test]
fn every_store_answers_as_the_model_does() {
    for (_, fresh) in stores() {
        model::compare(&fresh);
    }
}
