//! What each layer costs in time.

use criterion::{BatchSize, Criterion};
use doorward_micro::shown::Shown;
use doorward_micro::stand::{Does, Stand, answer};
use std::hint::black_box;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let group = &mut criterion;
    for (name, does) in [
        ("message", Does::Message),
        ("cors", Does::Cors),
        ("site", Does::Site),
        ("method", Does::Method),
        ("quota", Does::Quota),
        ("shares", Does::Shares),
        ("remembered", Does::Identity("ES256")),
        ("whole", Does::Whole("ES256")),
    ] {
        let mut stand = Stand::warm(does);
        group.bench_function(name, |bencher| bencher.iter(|| black_box(stand.judge())));
    }
    for (name, algorithm) in [
        ("first_hs256", "HS256"),
        ("first_es256", "ES256"),
        ("first_eddsa", "EdDSA"),
        ("first_rs256", "RS256"),
    ] {
        let mut stand = Stand::warm(Does::Identity(algorithm));
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(stand.judge_at_first_sight()));
        });
    }
    let mut stand = Stand::warm(Does::Whole("ES256"));
    let admitted = stand.judge();
    group.bench_function("edits", |bencher| bencher.iter(|| stand.edits(black_box(&admitted))));
    group.bench_function("dress", |bencher| {
        let dress = |mut headers| {
            admitted.dress(&mut headers);
            headers
        };
        bencher.iter_batched(answer, dress, BatchSize::SmallInput);
    });
    let shown = Shown::new();
    group.bench_function("hello", |bencher| bencher.iter(|| black_box(shown.hello())));
    group.bench_function("opening", |bencher| bencher.iter(|| black_box(shown.opening())));
    group.bench_function("order", |bencher| bencher.iter(|| black_box(shown.order())));
    group.final_summary();
}
