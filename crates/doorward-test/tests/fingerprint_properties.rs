//! What real clients have shown, cut up and bent by chance: the readers find the same in any
//! pieces, and never panic. What comes in one piece costs no allocation.

use doorward_core::fingerprint::hello::HelloReading;
use doorward_core::fingerprint::http1::{HeadOrder, HeadVersion};
use doorward_core::fingerprint::http2::OpeningReading;
use doorward_core::fingerprint::shown::Tls;
use proptest::prelude::*;
use std::fmt::Debug;
use std::path::Path;
use std::sync::LazyLock;

#[path = "../../../fuzz/oracles/hello.rs"]
mod hello;
#[path = "../../../fuzz/oracles/opening.rs"]
mod opening;

/// The bytes behind this word of each file.
fn all(word: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
        .join("../doorward-core/tests/shown");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("a text");
        let values = text.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(": "));
        all.extend(values.map(|hex| {
            let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
            (0..hex.len()).step_by(2).map(digits).collect::<Vec<u8>>()
        }));
    }
    assert!(all.len() > 10, "{} files have {word}", all.len());
    all
}

static HELLOS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| all("hello"));
static OPENINGS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| all("http2"));

/// What is done to bytes.
#[derive(Clone, Debug)]
enum Bend {
    Put(usize, u8),
    Drop(usize, usize),
    Double(usize, usize),
    End(usize),
}

fn bends() -> impl Strategy<Value = Vec<Bend>> {
    let at = 0_usize..2_000;
    let bend = prop_oneof![
        4 => (at.clone(), any::<u8>()).prop_map(|(at, byte)| Bend::Put(at, byte)),
        1 => (at.clone(), 1_usize..9).prop_map(|(at, count)| Bend::Drop(at, count)),
        1 => (at.clone(), 1_usize..99).prop_map(|(at, count)| Bend::Double(at, count)),
        1 => at.prop_map(Bend::End),
    ];
    prop::collection::vec(bend, 0..5)
}

fn bent(bytes: &[u8], bends: &[Bend]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for bend in bends {
        let length = out.len().max(1);
        match *bend {
            Bend::Put(at, byte) => {
                if let Some(slot) = out.get_mut(at % length) {
                    *slot = byte;
                }
            }
            Bend::Drop(at, count) => {
                let from = (at % length).min(out.len());
                out.drain(from..(from + count).min(out.len()));
            }
            Bend::Double(at, count) => {
                let from = (at % length).min(out.len());
                let again = out[from..(from + count).min(out.len())].to_vec();
                out.splice(from..from, again);
            }
            Bend::End(at) => out.truncate(at % length),
        }
    }
    out
}

/// What comes of the bytes, cut where chance has it.
fn cut<T, E>(
    bytes: &[u8],
    cuts: &[usize],
    mut feed: impl FnMut(&[u8]) -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let mut rest = bytes;
    for cut in cuts.iter().chain([&usize::MAX]) {
        let (piece, behind) = rest.split_at(rest.len().min(*cut));
        rest = behind;
        let fed = feed(piece)?;
        if fed.is_some() {
            return Ok(fed);
        }
    }
    Ok(None)
}

fn same<T: PartialEq + Debug>(one: T, other: T) {
    assert_eq!(one, other);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    })]

    #[test]
    fn hellos_are_read_alike_in_any_pieces(
        place in any::<prop::sample::Index>(),
        bends in bends(),
        cuts in prop::collection::vec(0_usize..700, 0..6),
    ) {
        let real: &Vec<u8> = place.get(HELLOS.as_slice());
        let bytes = bent(real, &bends);
        let _ = hello::check(&bytes);
        let (mut whole, mut pieces) = (HelloReading::new(), HelloReading::new());
        same(whole.feed(&bytes), cut(&bytes, &cuts, |piece| pieces.feed(piece)));
    }

    #[test]
    fn openings_are_read_alike_in_any_pieces(
        place in any::<prop::sample::Index>(),
        bends in bends(),
        cuts in prop::collection::vec(0_usize..200, 0..6),
    ) {
        let real: &Vec<u8> = place.get(OPENINGS.as_slice());
        let bytes = bent(real, &bends);
        let _ = opening::check(&bytes);
        let (mut whole, mut pieces) = (OpeningReading::new(), OpeningReading::new());
        same(whole.feed(&bytes), cut(&bytes, &cuts, |piece| pieces.feed(piece)));
    }
}

#[test]
fn what_comes_in_one_piece_costs_no_allocation() {
    for bytes in HELLOS.iter() {
        let counted = allocation_counter::measure(|| {
            let hello = HelloReading::new().feed(bytes).expect("a hello").expect("a whole one");
            std::hint::black_box(Tls::from(&hello));
        });
        assert_eq!(counted.count_total, 0);
    }
    for bytes in OPENINGS.iter() {
        let counted = allocation_counter::measure(|| {
            let opening = OpeningReading::new().feed(bytes).expect("one").expect("a whole one");
            std::hint::black_box(opening.digest());
        });
        assert_eq!(counted.count_total, 0);
    }
    let counted = allocation_counter::measure(|| {
        let mut order = HeadOrder::new(HeadVersion::One);
        for name in ["Host", "User-Agent", "x-own"] {
            order.meet(name.as_bytes());
        }
        std::hint::black_box(order.digest());
    });
    assert_eq!(counted.count_total, 0);
}
