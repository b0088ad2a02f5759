//! The vectors of `clients/js`, made from `docs/passes.md` by a third implementation: gate and
//! client agree because both agree with them.

use super::mint::{agree, read_request};
use super::signature::{Base, parse_bytes, parse_input};
use super::work::{is_done, seed};
use crate::crypto::{MacKey, from_base64url};
use crate::moment::Chance;
use crate::secret::Secret;
use serde_json::{Value, json};

fn vectors() -> Value {
    let text = include_str!("../../../../clients/js/test/vectors.json");
    serde_json::from_str(text).expect("JSON")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

fn hex(text: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digits).collect()
}

fn thirty_two(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().expect("32 bytes")
}

/// A chance that always says the same.
struct Says([u8; 32]);

impl Chance for Says {
    fn fill(&self, out: &mut [u8]) {
        out.copy_from_slice(&self.0[..out.len()]);
    }
}

#[test]
fn both_sides_derive_one_key() {
    let key = &vectors()["key"];
    let work = "A".repeat(43);
    let body = json!({ "key": text(key, "client_public"), "time": 1, "work": work });
    let asked = read_request(body.to_string().as_bytes()).expect("a request");
    let info = from_base64url(text(key, "info")).expect("base64url");
    let chance = Says(thirty_two(&hex(text(key, "gate_private"))));
    let (own, public) = agree(&asked, &info, &chance).expect("a secret");
    assert_eq!(public, text(key, "gate_public"));
    assert_eq!(own.to_vec(), hex(text(key, "K")));
}

#[test]
fn bases_and_signatures_are_the_same_bytes() {
    let all = vectors();
    let key = MacKey::new(&Secret::new(hex(text(&all["key"], "K"))));
    let requests = all["requests"].as_array().expect("a list");
    assert!(requests.len() >= 9);
    for request in requests {
        let input = text(request, "signature_input");
        let signed = parse_input(input).unwrap_or_else(|error| panic!("{input}: {error:?}"));
        let said = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let query = text(request, "query").strip_prefix('?').expect("a question mark");
        let [digest, kind] = ["content_digest", "content_type"].map(said);
        let length = request["body_length"].as_u64().map(|bytes| bytes.to_string());
        let length = length.unwrap_or_default();
        let base = Base {
            method: text(request, "method"),
            authority: text(request, "authority"),
            path: ["", text(request, "path")],
            query: Some(query),
            digest: &digest,
            length: &length,
            content_type: &kind,
            pass: text(&all["pass"], "text"),
            signed,
        };
        let mut written = Vec::new();
        base.write(&mut written);
        assert_eq!(String::from_utf8_lossy(&written), text(request, "base"));
        let signature = parse_bytes("doorward", text(request, "signature")).expect("a signature");
        assert!(key.matches(&written, &signature), "{}", text(request, "name"));
    }
}

#[test]
fn the_work_of_one_is_right_for_the_other() {
    let all = vectors();
    for work in all["work"].as_array().expect("a list") {
        let time = work["time"].as_u64().expect("a time");
        let own = seed(text(work, "authority"), text(work, "origin"), text(work, "key"), time);
        assert_eq!(own.to_vec(), hex(text(work, "seed")));
        let numbers = from_base64url(text(work, "work")).expect("base64url");
        let bits = u8::try_from(work["bits"].as_u64().expect("bits")).expect("few");
        assert!(is_done(&own, &thirty_two(&numbers), bits));
    }
}
