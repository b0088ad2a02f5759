//! What must hold of a secret in any answer, however it is cut into pieces.

use doorward_core::scrub::{Scrub, Spellings, is_tellable};
use doorward_core::secret::Secret;
use hyper::body::Bytes;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::ops::Range;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 2_000,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Secrets of few letters, so that they overlap with themselves and with each other, and of those
/// that have spellings of their own.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{8,12}", "[ab*/+]{8,12}", "Bearer [ab/]{8,10}", "[a-c\"%=]{8,16}"]
}

/// An answer with whole, half and spelled secrets in it.
fn answer() -> impl Strategy<Value = (Vec<String>, Vec<u8>, Vec<usize>)> {
    let secrets = prop::collection::vec(secret(), 1..4);
    secrets.prop_flat_map(|secrets| {
        let spelled: Vec<String> = secrets.iter().flat_map(|secret| spellings(secret)).collect();
        let whole = prop::sample::select(spelled.clone());
        let half = (prop::sample::select(spelled), 0..12_usize)
            .prop_map(|(text, length)| text.chars().take(length).collect::<String>());
        let text = prop_oneof![2 => whole, 2 => half, 1 => "[ab*/ ]{0,6}", 1 => "data: x\n\n"];
        let pieces = prop::collection::vec(text, 0..8).prop_map(|list| list.concat().into_bytes());
        let cuts = prop::collection::vec(1..9_usize, 1..40);
        (Just(secrets), pieces, cuts)
    })
}

/// The spellings as they are described, found by other means than the scrubber's.
fn spellings(secret: &str) -> Vec<String> {
    let words: Vec<&str> = match secret.split_once(' ') {
        Some((_, rest)) => rest.split(' ').chain([secret]).collect(),
        None => vec![secret],
    };
    let mut out = Vec::new();
    for word in words {
        let encoded: String = url::form_urlencoded::byte_serialize(word.as_bytes()).collect();
        let encoded = encoded.replace('+', "%20").replace('*', "%2A");
        let json = word.replace('\\', "\\\\").replace('"', "\\\"");
        let escapes = ["%2A", "%2B", "%2F", "%3D"];
        let lower = escapes.iter().fold(encoded.clone(), |text, escape| {
            text.replace(escape, &escape.to_ascii_lowercase())
        });
        out.extend([word.to_owned(), encoded, lower, json.replace('/', "\\/"), json]);
    }
    out.retain(|spelling| spelling.len() >= 8);
    out
}

fn scrub(secrets: &[String]) -> Scrub {
    let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(text.as_bytes())).collect();
    Scrub::new(Spellings::of(secrets.iter()))
}

/// What goes on of a text in these pieces, with what was held back behind each.
fn sent(secrets: &[String], text: &[u8], cuts: &[usize]) -> (Vec<u8>, Vec<(usize, usize)>) {
    let mut scrub = scrub(secrets);
    let (mut out, mut held, mut from) = (Vec::new(), Vec::new(), 0);
    for cut in cuts.iter().copied().cycle() {
        let end = (from + cut).min(text.len());
        out.extend_from_slice(&scrub.write(Bytes::copy_from_slice(&text[from..end])));
        held.push((end, scrub.held_bytes()));
        assert_eq!(out.len() + scrub.held_bytes(), end, "no byte is lost, and none is made");
        from = end;
        if from == text.len() {
            break;
        }
    }
    out.extend_from_slice(&scrub.end());
    (out, held)
}

/// Which bytes stand in an occurrence, looked for in the plainest way.
fn covered(secrets: &[String], text: &[u8]) -> Vec<bool> {
    let mut out = vec![false; text.len()];
    for spelling in secrets.iter().flat_map(|secret| spellings(secret)) {
        for begin in 0..text.len() {
            if text[begin..].starts_with(spelling.as_bytes()) {
                let range: Range<usize> = begin..begin + spelling.len();
                out[range].fill(true);
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn pieces_make_no_difference((secrets, text, cuts) in answer()) {
        let (in_pieces, _) = sent(&secrets, &text, &cuts);
        let (at_once, _) = sent(&secrets, &text, &[text.len().max(1)]);
        prop_assert_eq!(&in_pieces, &at_once);
        let mut whole = text.clone();
        scrub(&secrets).spellings().cover(&mut whole);
        prop_assert_eq!(in_pieces, whole);
    }

    #[test]
    fn a_secret_is_covered_and_nothing_else((secrets, text, cuts) in answer()) {
        let (out, _) = sent(&secrets, &text, &cuts);
        prop_assert_eq!(out.len(), text.len());
        let covered = covered(&secrets, &text);
        for ((before, after), is_covered) in text.iter().zip(&out).zip(&covered) {
            prop_assert_eq!(before != after, *is_covered);
        }
        for spelling in secrets.iter().flat_map(|secret| spellings(secret)) {
            let has = out.windows(spelling.len()).any(|window| window == spelling.as_bytes());
            prop_assert!(!has, "{} in {}", spelling, String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn nothing_waits_but_a_word((secrets, text, cuts) in answer()) {
        let (_, held) = sent(&secrets, &text, &cuts);
        let all: Vec<String> = secrets.iter().flat_map(|secret| spellings(secret)).collect();
        let most = all.iter().map(String::len).max().unwrap_or(0) - 1;
        for (end, bytes) in held {
            let last = text[..end].iter().rev().take(most);
            let word = last.take_while(|byte| !b" \n\"".contains(byte)).count();
            let tail = &text[end - bytes..end];
            let begins = |spelling: &String| {
                spelling.as_bytes().starts_with(tail) && spelling.len() > tail.len()
            };
            let has_gap = tail.iter().any(|byte| b" \"".contains(byte));
            prop_assert!(bytes == word || bytes > word && has_gap && all.iter().any(begins));
        }
    }

    #[test]
    fn what_waits_does_not_tell_a_secret(
        text in "[ab/ ]{0,60}",
        secrets in ["[ab]{10}", "[ab]{10}"],
        cuts in prop::collection::vec(1..9_usize, 1..40),
    ) {
        let [one, other] = secrets.map(|secret| sent(&[secret], text.as_bytes(), &cuts).1);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn a_secret_of_these_can_be_told(secret in secret()) {
        prop_assert!(is_tellable(secret.as_bytes()));
    }
}
