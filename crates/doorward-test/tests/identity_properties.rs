//! What holds for any credential, in the core alone.
//!
//! `DOORWARD_CAMPAIGN` is the number of requests of each property, `DOORWARD_SEED` another
//! sequence.

use doorward_core::layers::identity::Kind;
use doorward_core::settings::Settings;
use doorward_core::verdict::Verdict;
use doorward_test::sample::{Request, Rig, begin, identity_settings, spoken, token};
use doorward_test::tokens;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::LazyLock;

/// Requests of each property when nobody says how many.
const REQUESTS: u32 = 1_000;

fn config() -> ProptestConfig {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    ProptestConfig {
        cases: number("DOORWARD_CAMPAIGN").and_then(|n| n.try_into().ok()).unwrap_or(REQUESTS),
        rng_seed: RngSeed::Fixed(number("DOORWARD_SEED").unwrap_or(1)),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

static GOOD: LazyLock<Vec<String>> =
    LazyLock::new(|| ["es256", "es384", "eddsa", "rs256", "es256 sub=bob"].map(token).into());

static BAD: LazyLock<Vec<String>> = LazyLock::new(|| {
    let lines = [
        "none",
        "es256 by=stranger",
        "es256 by=second",
        "es256 exp=-60",
        "es256 aud=other",
        "es256 sig=none",
        "es256 sig=zero",
        "rs256 by=public",
        "hs256",
        "es256 head.crit=[\"b64\"]",
        "es256 sub=ann sub=bob",
    ];
    let mut out: Vec<String> = lines.map(token).into();
    out.extend(["null", "", "a.b.c", "dwk1_"].map(str::to_owned));
    out
});

/// A line of a request that may have a credential in it.
fn line() -> impl Strategy<Value = (&'static str, String)> {
    let any_token =
        prop_oneof![proptest::sample::select(GOOD.clone()), proptest::sample::select(BAD.clone()),];
    let any_key = proptest::sample::select(vec!["program", "other", "unknown"]);
    prop_oneof![
        4 => any_token.prop_map(|text| ("authorization", format!("Bearer {text}"))),
        2 => any_key.clone().prop_map(|name| ("x-api-key", tokens::api_key(name))),
        1 => any_key.prop_map(tokens::api_key)
            .prop_map(|key| ("authorization", format!("Bearer {key}"))),
        1 => Just(("authorization", "Basic YW5uOnB3".to_owned())),
        1 => Just(("doorward-identity", "admin".to_owned())),
        1 => Just(("cookie", "session=x".to_owned())),
        1 => Just(("accept", "*/*".to_owned())),
    ]
}

fn request(lines: &[(&'static str, String)]) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("api.shop.test"));
    for (name, value) in lines {
        let value = HeaderValue::try_from(value).expect("a header's value");
        headers.append(HeaderName::from_static(name), value);
    }
    Request { headers, ..Request::new(Method::GET, "/v1/orders/4711", &[]) }
}

/// The verdict, and who is named.
fn judged(settings: &Settings, request: &Request) -> (String, Option<String>) {
    let rig = Rig::new(settings);
    let verdict = rig.judge(request.view(), b"", rig.at(begin()));
    let named = match &verdict {
        Verdict::Admit(admitted) => {
            admitted.identity().map(|identity| identity.subject().to_owned())
        }
        Verdict::Refuse(_) | Verdict::Reply(_) => None,
    };
    (spoken(&verdict), named)
}

fn lines() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    proptest::collection::vec(line(), 0..4)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nobody_is_admitted_without_a_credential_that_is_good(lines in lines()) {
        let (said, named) = judged(&identity_settings(), &request(&lines));
        let is_good = |(name, value): &(&str, String)| match *name {
            "authorization" => GOOD.iter().any(|good| *value == format!("Bearer {good}")),
            "x-api-key" => {
                ["program", "other"].iter().any(|known| *value == tokens::api_key(known))
            }
            _ => false,
        };
        let good = lines.iter().filter(|line| is_good(line)).count();
        prop_assert!(said != "admit" || good == 1, "{}", said);
        prop_assert_eq!(said == "admit", named.is_some());
    }

    #[test]
    fn one_more_credential_never_admits_more(lines in lines(), more in line()) {
        let settings = identity_settings();
        let (one, _) = judged(&settings, &request(&lines));
        let (both, _) = judged(&settings, &request(&[lines.clone(), vec![more.clone()]].concat()));
        let (alone, _) = judged(&settings, &request(&[more]));
        prop_assert!(both != "admit" || one == "admit" || alone == "admit", "{} {}", one, alone);
    }

    #[test]
    fn the_order_of_names_changes_neither_verdict_nor_caller(
        lines in lines(), prefer in any::<bool>(),
    ) {
        let mut settings = identity_settings();
        if prefer {
            settings.identity.prefer = vec![Kind::Key, Kind::Jwt];
        }
        let mut sorted = lines.clone();
        sorted.sort_by_key(|(name, _)| std::cmp::Reverse(*name));
        let verdicts = [lines, sorted].map(|lines| judged(&settings, &request(&lines)));
        prop_assert_eq!(&verdicts[0], &verdicts[1]);
    }

    #[test]
    fn what_is_changed_in_a_token_is_never_admitted(
        place in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(),
        to in 0x21..0x7f_u8,
    ) {
        let good = place.get(&GOOD);
        let mut bytes = good.clone().into_bytes();
        *at.get_mut(&mut bytes) = to;
        let other = String::from_utf8(bytes).expect("ASCII");
        let (said, _) = judged(&identity_settings(), &Request::chrome().bearing(&other));
        prop_assert_eq!(said == "admit", other == *good, "{}", other);
    }

    #[test]
    fn whom_nothing_vouches_for_is_never_named(lines in lines()) {
        let mut settings = identity_settings();
        settings.requires_identity = false;
        let strict = judged(&identity_settings(), &request(&lines));
        let (said, named) = judged(&settings, &request(&lines));
        // Where callers need not be known, only who says nothing is let in beside.
        let is_silent = strict.0 == "refuse identity/missing";
        prop_assert_eq!(said == "admit", strict.0 == "admit" || is_silent);
        prop_assert_eq!(named, strict.1);
    }
}

/// The properties would hold if nothing were ever admitted: so something is.
#[test]
fn good_credentials_are_admitted() {
    for good in GOOD.iter() {
        let (said, named) = judged(&identity_settings(), &Request::chrome().bearing(good));
        assert_eq!((said.as_str(), named.is_some()), ("admit", true));
    }
    for bad in BAD.iter() {
        let (said, _) = judged(&identity_settings(), &Request::chrome().bearing(bad));
        assert!(said.starts_with("refuse identity/"), "{said}: {bad}");
    }
}
