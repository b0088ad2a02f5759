//! Upstreams under TLS: who they must prove to be, and who the gate proves to be.

mod kit;

use doorward_proxy::settings::{Roots, UpstreamHttp, UpstreamTls};
use kit::authority::{Authority, numbering, under_tls};
use kit::{GET, Under, bounds, gate};

const GOOD: &str = "upstream.test";

fn under(url: &str, tls: UpstreamTls) -> Under {
    Under::to(under_tls(url, tls, UpstreamHttp::One), gate(|_| {}), bounds())
}

#[test]
fn a_trusted_upstream_is_spoken_to_on_connections_that_are_kept() {
    let authority = Authority::new();
    let upstream = numbering(Authority::server(&authority.vouch(GOOD), None, &["h2", "http/1.1"]));
    let under = under(&upstream.url, authority.tls(None));
    let mut client = under.connect();
    for _ in 0..3 {
        client.send(GET);
        assert_eq!(client.answer().text(), "connection 1");
        assert!(upstream.told().starts_with("GET /a HTTP/1.1\r\n"));
    }
}

#[test]
fn an_upstream_that_does_not_prove_who_it_is_gets_no_request() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (made, why) in [
        (other.vouch(GOOD), "another authority"),
        (authority.vouch("upstream2.test"), "another name"),
        (authority.vouch("127.0.0.1"), "its address in place of its name"),
        (authority.vouch_until(GOOD, 2020), "expired"),
    ] {
        let upstream = numbering(Authority::server(&made, None, &[]));
        let under = under(&upstream.url, authority.tls(None));
        for _ in 0..2 {
            let answer = under.ask(GET);
            assert_eq!(
                (answer.status, answer.code()),
                (502, Some("upstream/certificate")),
                "{why}"
            );
        }
        assert!(upstream.is_untouched(), "{why}");
    }
}

#[test]
fn an_upstream_without_tls_is_not_spoken_to_in_the_clear() {
    let authority = Authority::new();
    let upstream = kit::Scripted::start(|mut scene| {
        scene.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        let sent = scene.client.rest();
        scene.tell(&String::from_utf8_lossy(&sent));
    });
    let under = under(&upstream.url, authority.tls(None));
    assert_eq!(under.ask(GET).code(), Some("upstream/certificate"));
    assert!(!upstream.told().contains("GET"));
}

#[test]
fn this_machines_authorities_do_not_know_one_of_a_test() {
    let authority = Authority::new();
    let upstream = numbering(Authority::server(&authority.vouch(GOOD), None, &[]));
    let tls = UpstreamTls::new(GOOD, Roots::Platform, None).expect("this machine has some");
    assert_eq!(under(&upstream.url, tls).ask(GET).code(), Some("upstream/certificate"));
    assert!(upstream.is_untouched());
}

#[test]
fn an_upstream_may_demand_a_certificate() {
    let (authority, other) = (Authority::new(), Authority::new());
    let upstream =
        numbering(Authority::server(&authority.vouch(GOOD), Some(&authority), &["http/1.1"]));
    let (good, foreign) = (authority.vouch("gate.test"), other.vouch("gate.test"));
    for (identity, want) in [
        (None, Some("upstream/certificate")),
        (Some(foreign.identity()), Some("upstream/certificate")),
        (Some(good.identity()), None),
    ] {
        let under = under(&upstream.url, authority.tls(identity));
        assert_eq!(under.ask(GET).code(), want);
        assert_eq!(upstream.is_untouched(), want.is_some());
    }
}

#[test]
fn a_large_answer_passes_whole_under_tls() {
    let authority = Authority::new();
    let upstream = numbering(Authority::server(&authority.vouch(GOOD), None, &[]));
    let under = under(&upstream.url, authority.tls(None));
    // More than a TLS record and a socket's buffer hold: what is left must be flushed.
    let long = "x".repeat(7 * 1024);
    for _ in 0..3 {
        let answer = under.ask(&GET.replacen("/a", &format!("/{long}"), 1));
        assert_eq!(answer.status, 200);
        assert!(upstream.told().len() > long.len());
    }
}
