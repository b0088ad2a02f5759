//! The guard before any parser, beside `serde_json`: whatever it takes a parser takes, in any
//! pieces, and what it refuses besides is what it is for.

use doorward_core::json::Why;
use doorward_core::json::guard::{JsonGuard, Limits};
use proptest::prelude::*;

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Into::into),
        "[^\0]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map("[a-e\u{e9}]{0,10}", inner, 0..16)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A guard's whole life over these pieces.
fn read<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Result<(), Why> {
    let mut guard = JsonGuard::new(Limits::default());
    for piece in pieces {
        guard.feed(piece).map_err(|fault| fault.why)?;
    }
    guard.finish().map_err(|fault| fault.why)
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_value_that_is_written_is_taken_in_any_pieces(
        value in value(),
        cuts in prop::collection::vec(0..2_000_usize, 0..4),
    ) {
        let text = serde_json::to_string_pretty(&value).unwrap();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]);
        prop_assert_eq!(read(pieces), Ok(()));
    }

    #[test]
    fn what_the_guard_takes_a_parser_takes(
        value in value(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = serde_json::to_vec(&value).unwrap();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let told = read([&bytes[..]]);
        let parsed = serde_json::from_slice::<serde_json::Value>(&bytes);
        match (told, parsed) {
            (Ok(()), parsed) => prop_assert!(parsed.is_ok(), "{:?}", parsed),
            // What a parser takes and the guard does not is one of the differences that it is for.
            (Err(why), Ok(parsed)) => prop_assert!(is_meant(why), "{:?} {:?}", why, parsed),
            (Err(_), Err(_)) => {}
        }
        let (first, rest) = bytes.split_at(cut.index(bytes.len()));
        prop_assert_eq!(read([first, rest]), told);
    }
}

const fn is_meant(why: Why) -> bool {
    matches!(
        why,
        Why::NameTwice | Why::Prototype | Why::Nul | Why::NumberTooLarge | Why::NumberTooLong
    )
}
