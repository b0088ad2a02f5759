use super::grammar::PLATFORMS;
use super::{Breadth, Class, Emitter, PAYLOADS_MAX, Payload, payloads};
use doorward_browser::Origin;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use std::collections::BTreeSet;

const ALL: Breadth = Breadth { is_thorough: true, with_raw: true };
const TARGET: &str = "https://api.shop.com";

fn canaries(seed: u64) -> [String; 2] {
    [
        format!("https://canary-{:08x}.example", seed as u32),
        format!("https://canary-{:08x}.com", (seed >> 32) as u32),
    ]
}

fn of(trusted: &[&str], breadth: Breadth) -> Vec<Payload> {
    let trusted: Vec<String> = trusted.iter().map(|one| (*one).to_owned()).collect();
    payloads(&trusted, TARGET, &canaries(0x1234_5678_9abc_def0), breadth)
}

#[test]
fn what_is_made_of_a_shop() {
    let made = of(&["https://www.shop.com", "https://other.net"], Breadth::default());
    let rows = [
        (Class::Any, "https://canary-9abcdef0.example"),
        (Class::Any, "https://canary-12345678.com"),
        (Class::Null, "null"),
        (Class::Before, "https://www.shop.com.canary-12345678.com"),
        (Class::GluedBehind, "https://www.shop.comcanary-12345678.com"),
        (Class::GluedBefore, "https://canary-9abcdef0shop.com"),
        (Class::Below, "https://canary-9abcdef0.shop.com"),
        (Class::Below, "https://canary-9abcdef0.www.shop.com"),
        (Class::Downgrade, "http://www.shop.com"),
        (Class::Dot, "https://wwwxshop.com"),
        (Class::Part, "https://canary-9abcdef0-www.shop.com-x.canary-12345678.com"),
        (Class::Part, "https://hop.com"),
        (Class::Part, "https://shop.co"),
        (Class::Ending, "https://shop.icu"),
        (Class::Punctuation, "https://www.shop.com_.canary-12345678.com"),
        (Class::Local, "http://localhost.canary-12345678.com"),
        (Class::Platform, "https://canary-9abcdef0.github.io"),
        (Class::Joined, "https://othershop.com"),
        (Class::Joined, "https://shopother.net"),
        (Class::Suffix, "https://canary-9abcdef0.com"),
    ];
    for (class, origin) in rows {
        let found = made.iter().find(|payload| payload.origin == origin);
        assert_eq!(found.map(|payload| payload.class), Some(class), "{origin}");
    }
    // The last dot's letter leaves a single label, which nobody registers.
    assert!(made.iter().all(|payload| payload.origin != "https://www.shopxcom"));
}

#[test]
fn a_neighbour_on_the_same_platform() {
    let made = of(&["https://shop.vercel.app"], Breadth::default());
    let origins: Vec<&str> = made
        .iter()
        .filter(|payload| payload.class == Class::Platform)
        .map(|payload| payload.origin.as_str())
        .collect();
    assert_eq!(origins.first(), Some(&"https://canary-9abcdef0.vercel.app"));
    assert!(made.iter().all(|payload| payload.class != Class::Suffix));
}

#[test]
fn every_class_has_payloads_and_the_usual_ones_are_few() {
    let made = of(&["https://www.shop.com", "https://other.net"], ALL);
    let classes: BTreeSet<Class> = made.iter().map(|payload| payload.class).collect();
    assert_eq!(classes.len(), Class::ALL.len(), "{classes:?}");
    let usual = Class::ALL.iter().filter(|class| class.ordinary() > 0);
    for trusted in ["http://shop.localhost:5173", "https://app.shop.com", "https://x.co.uk"] {
        let made = of(&[trusted], Breadth::default());
        assert!((25..=42).contains(&made.len()), "{trusted}: {}", made.len());
        let classes: BTreeSet<Class> = made.iter().map(|payload| payload.class).collect();
        for class in usual.clone() {
            let is_other = match class {
                Class::Joined => true,
                Class::Downgrade => trusted.starts_with("http:"),
                // No dot whose letter leaves a name.
                Class::Dot => !trusted.contains("app."),
                _ => false,
            };
            assert!(is_other || classes.contains(class), "{trusted}: {class:?}");
        }
    }
    // For an address there are no names to be made, but strangers and `null` are sent.
    for trusted in ["http://127.0.0.1:3000", "http://[::1]", "http://localhost:3000"] {
        let made = of(&[trusted], Breadth::default());
        assert!(made.len() >= 14, "{trusted}: {}", made.len());
    }
}

#[test]
fn platforms_are_those_of_the_list() {
    for platform in PLATFORMS {
        let name = format!("x.{platform}");
        let suffix = psl::suffix(name.as_bytes()).expect("a suffix");
        assert_eq!(suffix.typ(), Some(psl::Type::Private), "{platform}");
        assert_eq!(suffix.as_bytes(), platform.as_bytes());
    }
}

#[test]
fn an_applications_origin_alone_leaves_strangers_to_be_tried() {
    let made = of(&["capacitor://localhost"], Breadth::default());
    for class in [Class::Any, Class::Null, Class::Before] {
        assert!(made.iter().any(|payload| payload.class == class), "{class:?}");
    }
}

#[test]
fn many_trusted_origins_leave_room_for_every_class() {
    let many: Vec<String> =
        (0..40).map(|at| format!("https://a.long-name-as-sold-{at}.shop-{at}.co.uk")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let made = of(&many, ALL);
    let classes: BTreeSet<Class> = made.iter().map(|payload| payload.class).collect();
    assert_eq!(classes.len(), Class::ALL.len());
    assert!(made.len() < PAYLOADS_MAX, "{}", made.len());
    assert!(of(&many, Breadth::default()).len() <= 50);
}

#[test]
fn nothing_hostile_in_a_trusted_origin_breaks_it() {
    for odd in ["", "null", "capacitor://localhost", "https://", "http://a\u{0}b", "x", "https://."]
    {
        let made = of(&[odd], ALL);
        assert!(made.len() <= PAYLOADS_MAX);
    }
}

/// Hosts of one to four labels, addresses, and endings that the list knows.
fn hosts() -> impl Strategy<Value = String> {
    let label = "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?";
    let ending = prop_oneof![
        Just("com"),
        Just("co.uk"),
        Just("github.io"),
        Just("localhost"),
        Just("test"),
        Just("compute.amazonaws.com"),
    ];
    let name = (proptest::collection::vec(label, 1..4), ending)
        .prop_map(|(labels, ending)| format!("{}.{ending}", labels.join(".")));
    let address = any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}"));
    prop_oneof![4 => name, 1 => address, 1 => Just("localhost".to_owned())]
}

proptest::proptest! {
    #[test]
    fn what_a_page_may_send_is_written_as_browsers_write_it(
        first in hosts(),
        second in hosts(),
        port in proptest::option::of(1_u16..),
        is_https in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let scheme = if is_https { "https" } else { "http" };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let trusted = [format!("{scheme}://{first}{port}"), format!("https://{second}")];
        let own = |breadth| payloads(&trusted, TARGET, &canaries(seed), breadth);
        let (usual, all) = (own(Breadth::default()), own(ALL));
        assert!(usual.len() <= 45, "{}", usual.len());
        assert!(all.len() <= PAYLOADS_MAX);
        for payload in &usual {
            assert!(matches!(payload.emitter, Emitter::Browser(_)), "{payload:?}");
            assert!(all.iter().any(|one| one.origin == payload.origin), "{payload:?}");
        }
        for payload in &all {
            assert!(!trusted.contains(&payload.origin) && payload.origin != TARGET);
            if let Emitter::Browser(engines) = &payload.emitter {
                let read = Origin::parse(&payload.origin).expect("an origin");
                assert_eq!(read.to_string(), payload.origin);
                assert!(!engines.is_empty());
            }
        }
        let origins: BTreeSet<&str> = all.iter().map(|payload| payload.origin.as_str()).collect();
        assert_eq!(origins.len(), all.len());
    }
}
