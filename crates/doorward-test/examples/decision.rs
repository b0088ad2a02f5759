//! What one decision costs: nanoseconds and allocations, for Chrome's `fetch` from a page of an
//! allowed origin, by the public profile with twenty routes. `--json` prints one object.

use doorward_core::moment::Now;
use doorward_core::turn::Turn;
use doorward_core::verdict::{Admitted, Verdict};
use doorward_store::Sizes;
use doorward_test::allocations::{self, Allocations, LAYERS};
use doorward_test::sample::{
    BEGIN_UNIX_S, Request, Rig, begin, identity_settings, settings, token,
};
use serde_json::json;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long each figure is measured.
const MEASURE: Duration = Duration::from_secs(1);
/// Decisions between two looks at the clock.
const BATCH: u32 = 1_000;
/// From one request to the next, so that the caller stays within all its shares.
const BETWEEN_NS: u64 = 50_000_000;

struct Times {
    decision: f64,
    opening: f64,
    store: f64,
    edits: f64,
    /// The decision with a token that was verified before, by its algorithm's first look and after.
    remembered: f64,
    first: f64,
    forged: f64,
    struck: f64,
}

fn main() {
    let counted = allocations::of_the_sample(&|what| allocation_counter::measure(what).count_total);
    let times = times();
    if std::env::args().any(|argument| argument == "--json") {
        let layers: serde_json::Map<_, _> = LAYERS
            .iter()
            .zip(counted.layers)
            .map(|(layer, count)| ((*layer).to_owned(), json!(count)))
            .collect();
        println!(
            "{}",
            json!({
                "decision_ns": times.decision, "opening_ns": times.opening,
                "store_ns": times.store, "edits_ns": times.edits,
                "decision_allocations": counted.decision, "layer_allocations": layers,
                "remembered_ns": times.remembered, "first_ns": times.first,
                "forged_ns": times.forged, "struck_ns": times.struck,
                "remembered_allocations": counted.remembered,
                "store_allocations": counted.store, "edits_allocations": counted.edits,
            })
        );
        return;
    }
    print(&times, &counted);
}

fn print(times: &Times, counted: &Allocations) {
    println!("{:>8.0} ns per decision (open, ask, answer, admit)", times.decision);
    println!("{:>8.0} ns of them until the store is asked", times.opening);
    println!("{:>8.0} ns of them in the memory store", times.store);
    println!("{:>8.0} ns more for the edits upstream (proof of admission)", times.edits);
    println!("{:>8.0} ns per decision with an ES256 token that is remembered", times.remembered);
    println!("{:>8.0} ns with one that is seen for the first time", times.first);
    println!("{:>8.0} ns for a forged one", times.forged);
    println!("{:>8.0} ns for a forged one from an address over its strikes", times.struck);
    println!("{:>8} allocations per decision", counted.decision);
    println!("{:>8} with a token that is remembered", counted.remembered);
    for (layer, count) in LAYERS.iter().zip(counted.layers) {
        println!("{count:>8} allocations in {layer}");
    }
    println!("{:>8} allocations in the memory store", counted.store);
    println!("{:>8} allocations in the edits upstream", counted.edits);
}

fn times() -> Times {
    let rig = Rig::sized(&settings(), Sizes::default());
    let request = Request::chrome();
    let mut now = begin();
    let at = rig.at(now);
    let decision = measure(|| {
        now = now.later_ns(BETWEEN_NS);
        black_box(admit(&rig, &request, now));
    });
    let opening = measure(|| {
        black_box(rig.gate.open(black_box(request.view()), at));
    });
    let Turn::Ask(pending) = rig.gate.open(request.view(), at) else {
        panic!("the sample has shares")
    };
    let questions = pending.questions();
    let store = measure(|| {
        now = now.later_ns(BETWEEN_NS);
        black_box(rig.store.answer(black_box(&questions), now));
    });
    let admitted = admit(&rig, &request, now);
    let edits = measure(|| {
        let edits = admitted.upstream_edits(black_box(&request.method), black_box(&request.path));
        black_box(edits.is_ok());
    });
    let (remembered, first, forged, struck) = with_tokens();
    Times { decision, opening, store, edits, remembered, first, forged, struck }
}

/// Decisions with tokens: remembered, seen for the first time, forged, and forged from an address
/// over its strikes.
fn with_tokens() -> (f64, f64, f64, f64) {
    let rig = Rig::sized(&identity_settings(), Sizes::default());
    let mut now = begin();
    let mut judge = |request: &Request, is_struck: bool| {
        // Far enough apart that no strike adds up, or close enough that they all do.
        now = now.later_ns(if is_struck { 1 } else { 2_000_000_000 });
        let at = doorward_core::moment::Moment {
            now: Now { unix_s: BEGIN_UNIX_S, ..now },
            ..rig.at(now)
        };
        black_box(rig.judge(black_box(request.view()), b"", at));
    };
    let good = Request::chrome().bearing(&token("es256"));
    let remembered = measure(|| judge(&good, false));
    // More tokens than are remembered at a time, so that each is new when it comes round.
    let some = |line: &str, count: u32| -> Vec<Request> {
        let one = |number| Request::chrome().bearing(&token(&format!("{line} jti=t{number}")));
        (0..count).map(one).collect()
    };
    let fresh = some("es256", 60_000);
    let mut turn = fresh.iter().cycle();
    let first = measure(|| turn.next().into_iter().for_each(|request| judge(request, false)));
    let bad = some("es256 by=stranger", 1_000);
    let mut turn = bad.iter().cycle();
    let forged = measure(|| turn.next().into_iter().for_each(|request| judge(request, false)));
    let mut turn = bad.iter().cycle();
    let struck = measure(|| turn.next().into_iter().for_each(|request| judge(request, true)));
    (remembered, first, forged, struck)
}

fn admit(rig: &Rig, request: &Request, now: Now) -> Admitted {
    let at = doorward_core::moment::Moment { now, ..rig.at(now) };
    match rig.judge(black_box(request.view()), b"", at) {
        Verdict::Admit(admitted) => admitted,
        Verdict::Reply(_) | Verdict::Refuse(_) => panic!("the sample is admitted"),
    }
}

/// Nanoseconds of one run of `what`: the least of its batches' means, since a busy machine can only
/// add to it, and the median would tell about the neighbours.
fn measure(mut what: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    while begin.elapsed() < MEASURE {
        let batch = Instant::now();
        for _ in 0..BATCH {
            what();
        }
        best = best.min(batch.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH));
    }
    best
}
