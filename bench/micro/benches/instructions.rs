//! What each layer costs in instructions, counted by valgrind.

#![expect(
    missing_docs,
    unused_qualifications,
    reason = "what the macros of gungraun make has no documentation and whole paths"
)]

use doorward_core::verdict::Admitted;
use doorward_micro::shown::Shown;
use doorward_micro::stand::{Does, Stand, answer};
use gungraun::{library_benchmark, library_benchmark_group, main};
use http::HeaderMap;
use std::hint::black_box;

#[library_benchmark]
#[bench::message(args = (Does::Message), setup = Stand::warm)]
#[bench::cors(args = (Does::Cors), setup = Stand::warm)]
#[bench::site(args = (Does::Site), setup = Stand::warm)]
#[bench::method(args = (Does::Method), setup = Stand::warm)]
#[bench::quota(args = (Does::Quota), setup = Stand::warm)]
#[bench::shares(args = (Does::Shares), setup = Stand::warm)]
#[bench::remembered(args = (Does::Identity("ES256")), setup = Stand::warm)]
#[bench::whole(args = (Does::Whole("ES256")), setup = Stand::warm)]
fn judge(mut stand: Stand) -> (Admitted, Stand) {
    (black_box(stand.judge()), stand)
}

#[library_benchmark]
#[bench::first_hs256(args = (Does::Identity("HS256")), setup = Stand::warm)]
#[bench::first_es256(args = (Does::Identity("ES256")), setup = Stand::warm)]
#[bench::first_eddsa(args = (Does::Identity("EdDSA")), setup = Stand::warm)]
#[bench::first_rs256(args = (Does::Identity("RS256")), setup = Stand::warm)]
fn first_sight(mut stand: Stand) -> (Admitted, Stand) {
    (black_box(stand.judge_at_first_sight()), stand)
}

fn admitted() -> (Stand, Admitted, HeaderMap) {
    let mut stand = Stand::warm(Does::Whole("ES256"));
    let admitted = stand.judge();
    (stand, admitted, answer())
}

#[library_benchmark]
#[bench::edits(setup = admitted)]
fn edits((stand, admitted, headers): (Stand, Admitted, HeaderMap)) -> (Stand, Admitted, HeaderMap) {
    stand.edits(black_box(&admitted));
    (stand, admitted, headers)
}

#[library_benchmark]
#[bench::dress(setup = admitted)]
fn dress(
    (stand, admitted, mut headers): (Stand, Admitted, HeaderMap),
) -> (Stand, Admitted, HeaderMap) {
    admitted.dress(black_box(&mut headers));
    (stand, admitted, headers)
}

#[library_benchmark]
#[bench::hello(setup = Shown::new)]
fn read_hello(shown: Shown) -> Shown {
    black_box(shown.hello());
    shown
}

#[library_benchmark]
#[bench::opening(setup = Shown::new)]
fn read_opening(shown: Shown) -> Shown {
    black_box(shown.opening());
    shown
}

#[library_benchmark]
#[bench::order(setup = Shown::new)]
fn note_order(shown: Shown) -> Shown {
    black_box(shown.order());
    shown
}

library_benchmark_group!(
    name = layers;
    benchmarks = judge, first_sight, edits, dress, read_hello, read_opening, note_order
);

main!(library_benchmark_groups = layers);
