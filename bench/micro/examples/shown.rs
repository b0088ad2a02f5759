//! What it costs to read what a browser shows: the least of many rounds, since a busy machine can
//! only add. Figures with instructions are those of `cargo xtask bench micro`.

use doorward_micro::shown::Shown;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 200;
const TURNS: u32 = 1_000;

fn main() {
    let shown = Shown::new();
    let rows: [(&str, &dyn Fn()); 3] = [
        ("a hello, to both of its fingerprints", &|| {
            black_box(shown.hello());
        }),
        ("an opening of HTTP/2, to its digest", &|| {
            black_box(shown.opening());
        }),
        ("the order of a head's names", &|| {
            black_box(shown.order());
        }),
    ];
    for (what, turn) in rows {
        let round = || {
            let begin = Instant::now();
            (0..TURNS).for_each(|_| turn());
            begin.elapsed().as_nanos() / u128::from(TURNS)
        };
        let least = (0..ROUNDS).map(|_| round()).min().unwrap_or_default();
        println!("{least:>6} ns for {what}");
    }
}
