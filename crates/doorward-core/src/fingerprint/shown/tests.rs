use super::super::hello::tests::Parts;
use super::super::http1::HeadVersion;
use super::*;
use crate::client_ip::From;
use crate::view::{BodyHint, Fidelity, Target};
use http::{HeaderMap, HeaderValue, Method};

const PROXY: &str = "10.0.0.5";
const STRANGER: &str = "203.0.113.7";
const OTHERS: &str = "t13d1516h2_8daaf6152771_e5627efa2ab1";

fn client_ip() -> ClientIp {
    let trusted = vec!["10.0.0.0/8".parse().expect("a network")];
    ClientIp { trusted, from: From::XForwardedFor }
}

fn policy(from: Option<&str>) -> Policy {
    let settings = Settings { is_wanted: true, from: from.map(str::to_owned) };
    Policy::new(&settings).expect("a header's name")
}

/// What is made of a request with these lines, by a peer whose connection shows all there is.
fn with<T>(peer: &str, lines: &[(&str, &str)], look: impl Fn(&View<'_>) -> T) -> T {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name: HeaderName = name.parse().expect("a name");
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
    }
    let tls = Tls::from(&Parts::browser().read().expect("a hello"));
    let order = HeadOrder::new(HeadVersion::One);
    look(&View {
        method: &Method::GET,
        target: Target { authority: None, path: "/", query: None },
        headers: &headers,
        peer: peer.parse().expect("an address"),
        certificate: None,
        shown: Shown { tls: Seen::Value(&tls), http2: Seen::Absent, head: Seen::Value(&order) },
        body: BodyHint::Empty,
        fidelity: Fidelity::PROXY,
    })
}

#[test]
fn only_a_trusted_proxys_word_stands_for_its_clients_hello() {
    let own = Ja4::of(&Parts::browser().read().expect("a hello"), Form::Whole).to_string();
    let (own, ja4, twice) = (own.as_str(), ("x-ja4", OTHERS), [("x-ja4", OTHERS); 2]);
    let (connection, proxy) = (Source::Connection, Source::Proxy);
    let from = Some("x-ja4");
    for (from, peer, lines, want, claimed) in [
        (from, STRANGER, &[][..], (connection, Seen::Value(own)), false),
        (from, STRANGER, &[ja4], (connection, Seen::Value(own)), true),
        (from, STRANGER, &[("x_ja4", OTHERS)], (connection, Seen::Value(own)), true),
        (from, STRANGER, &[("x-ja4", "")], (connection, Seen::Value(own)), true),
        (from, PROXY, &[], (proxy, Seen::Hidden), false),
        (from, PROXY, &[ja4], (proxy, Seen::Value(OTHERS)), false),
        (from, PROXY, &[("X-JA4", OTHERS)], (proxy, Seen::Value(OTHERS)), false),
        (from, "::ffff:10.0.0.5", &[ja4], (proxy, Seen::Value(OTHERS)), false),
        (from, PROXY, &twice, (proxy, Seen::Unreadable), false),
        (from, PROXY, &[ja4, ("x_ja4", OTHERS)], (proxy, Seen::Unreadable), false),
        (from, PROXY, &[("x-ja4", "")], (proxy, Seen::Unreadable), false),
        (from, PROXY, &[("x-ja4", "none")], (proxy, Seen::Unreadable), false),
        (from, PROXY, &[("x-ja4", "t13d1516h2_8daaf6152771_é")], (proxy, Seen::Unreadable), false),
        (None, STRANGER, &[ja4], (connection, Seen::Value(own)), false),
        (None, PROXY, &[ja4], (proxy, Seen::Hidden), false),
    ] {
        let policy = policy(from);
        let got = with(peer, lines, |view| {
            let of_client = policy.of_client(view, &client_ip());
            let is_shown = of_client.shown.head != Seen::Hidden;
            assert_eq!(is_shown, of_client.source == connection, "{peer} {lines:?}");
            assert_eq!(of_client.shown.tls.value().is_some(), is_shown);
            let ja4 = of_client.ja4.map(|ja4| ja4.to_string());
            (of_client.source, ja4, policy.is_claimed(view, &client_ip()))
        });
        let (source, ja4) = want;
        let want = (source, ja4.map(str::to_owned), claimed);
        assert_eq!(got, want, "{from:?} {peer} {lines:?}");
    }
}

#[test]
fn what_cannot_be_seen_is_told_apart_from_what_is_not_there() {
    for (tls, want) in [
        (Seen::Hidden, Seen::Hidden),
        (Seen::Absent, Seen::Absent),
        (Seen::Unreadable, Seen::Unreadable),
    ] {
        let got = with(STRANGER, &[], |view| {
            let view = View { shown: Shown { tls, ..Shown::NOTHING }, ..*view };
            policy(None).of_client(&view, &client_ip()).ja4
        });
        assert_eq!(got, want);
    }
}

#[test]
fn a_mounting_that_cannot_see_it_shows_nothing() {
    for (shown, want) in [(true, true), (false, false)] {
        let is_told = with(STRANGER, &[], |view| {
            let view = View { fidelity: Fidelity { shown, ..Fidelity::PROXY }, ..*view };
            let of_client = policy(None).of_client(&view, &client_ip());
            assert_eq!(of_client.shown.head != Seen::Hidden, want);
            of_client.ja4.value().is_some()
        });
        assert_eq!(is_told, want);
    }
}

#[test]
fn a_header_with_a_meaning_of_its_own_tells_no_fingerprint() {
    let new = |from: &str| Policy::new(&Settings { is_wanted: false, from: Some(from.to_owned()) });
    for (from, want) in [
        ("x-ja4", None),
        ("X-JA4-Fingerprint", None),
        ("cf-ja4", None),
        ("", Some(PolicyError::NotName)),
        ("x ja4", Some(PolicyError::NotName)),
        ("host", Some(PolicyError::Taken)),
        ("User-Agent", Some(PolicyError::Taken)),
        ("authorization", Some(PolicyError::Taken)),
        ("sec-ja4", Some(PolicyError::Taken)),
        ("x-forwarded-for", Some(PolicyError::Taken)),
        ("doorward-ja4", Some(PolicyError::Taken)),
    ] {
        assert_eq!(new(from).err(), want, "{from}");
    }
}

#[test]
fn a_hello_is_kept_in_what_it_tells() {
    let tls = Tls::from(&Parts::browser().read().expect("a hello"));
    assert!(tls.has_grease && tls.has_name && tls.has_encrypted_hello && !tls.resumes);
    assert_eq!((tls.offers, tls.ja4), ((true, true), tls.lasting));
}
