//! Clients' certificates: who is known by one, who is turned away at the handshake, and what an
//! exchange of the authorities means for sessions and connections that were there before.

mod kit;

use doorward_core::certificate::NameKind;
use doorward_core::layers::identity::CertificateSettings;
use doorward_proxy::settings::{Certificate, Clients, ClientsError};
use kit::authority::Authority;
use kit::clients::{Own, Wanted, showing};
use kit::second::{Second, get, story};
use kit::tls::{Made, connect, connect_in_story};
use kit::{GET, Scripted, Under, gate};
use rcgen::ExtendedKeyUsagePurpose;
use rustls::{ALL_VERSIONS, ClientConfig, HandshakeKind};
use std::io::{Read, Write};
use std::sync::Arc;

const URI: &str = "spiffe://prod/web";
const KNOWN: &str = "doorward-identity: spiffe://prod/web\r\n";

/// A gate that asks clients for certificates.
struct Rig {
    made: Made,
    upstream: Scripted,
    under: Under,
}

impl Rig {
    fn new(clients: Clients) -> Self {
        let (made, upstream) = (Made::new(), Scripted::echo());
        let shown = made.certificate().with_clients(clients);
        let knows = gate(|settings| {
            settings.requires_identity = true;
            let scopes = Vec::new();
            let certificate = CertificateSettings { subject: NameKind::Uri, scopes };
            settings.identity.certificate = Some(certificate);
        });
        let under = Under::with(&upstream.url, knows, |settings| settings.tls = Some(shown));
        Self { made, upstream, under }
    }

    fn config(&self, own: Option<&Own>) -> Arc<ClientConfig> {
        showing(&self.made, own, &["http/1.1"], ALL_VERSIONS)
    }

    fn swap(&self, clients: Option<Clients>) {
        let shown = self.made.certificate();
        let shown = match clients {
            Some(clients) => shown.with_clients(clients),
            None => shown,
        };
        self.under.proxy.swap_certificate(shown).expect("randomness");
    }

    /// One request on a connection of its own.
    fn ask(&self, config: &Arc<ClientConfig>) -> std::io::Result<String> {
        ask(&mut connect(self.under.proxy.address(), config))
    }

    /// It is let on, and the upstream hears who it is.
    fn knows(&self, answer: std::io::Result<String>) {
        let answer = answer.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let head = self.upstream.told().to_ascii_lowercase();
        assert!(head.contains(KNOWN), "{head}");
    }
}

/// One request and the head of its answer.
fn ask(stream: &mut (impl Read + Write)) -> std::io::Result<String> {
    stream.write_all(GET.as_bytes())?;
    stream.flush()?;
    let mut text = String::new();
    let mut byte = [0];
    while !text.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        text.push(char::from(byte[0]));
    }
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    stream.read_exact(&mut vec![0; length])?;
    Ok(text)
}

fn refused(answer: std::io::Result<String>, code: &str) {
    let answer = answer.expect("an answer");
    assert!(answer.contains(&format!("doorward-refusal: {code}\r\n")), "{answer}");
}

fn clients(authority: &Authority) -> Clients {
    Clients::parse(authority.pem.as_bytes(), None).expect("an authority")
}

fn with_list(authority: &Authority, list: &str) -> Clients {
    let list = Some(list.as_bytes());
    Clients::parse(authority.pem.as_bytes(), list).expect("an authority and its list")
}

#[test]
fn a_client_is_known_by_its_certificate_and_unknown_without() {
    let authority = Authority::new();
    let rig = Rig::new(clients(&authority));
    let own = authority.vouch_for(&Wanted::new(URI));
    for version in ALL_VERSIONS {
        let config = showing(&rig.made, Some(&own), &["http/1.1"], &[version]);
        let mut client = connect(rig.under.proxy.address(), &config);
        for _ in 0..3 {
            rig.knows(ask(&mut client));
        }
        let bare = showing(&rig.made, None, &["http/1.1"], &[version]);
        refused(rig.ask(&bare), "identity/missing");
    }
    let nameless = authority.vouch_for(&Wanted::new("no-scheme"));
    refused(rig.ask(&rig.config(Some(&nameless))), "identity/certificate-ambiguous");
    assert!(rig.upstream.is_untouched());
    assert_eq!(rig.under.proxy.handshakes().0, 0);
}

#[test]
fn every_stream_of_a_connection_has_its_certificate() {
    let authority = Authority::new();
    let rig = Rig::new(clients(&authority));
    let own = authority.vouch_for(&Wanted::new(URI));
    let config = showing(&rig.made, Some(&own), &["h2"], ALL_VERSIONS);
    let bare = showing(&rig.made, None, &["h2"], ALL_VERSIONS);
    story(async {
        let socket = connect_in_story(rig.under.proxy.address(), &config).await.expect("TLS");
        let client = Second::on(socket).await;
        for path in ["/a", "/b"] {
            assert_eq!(client.ask(get(path)).await.expect("an answer").status, 200);
            assert!(rig.upstream.told().to_ascii_lowercase().contains(KNOWN));
        }
        let socket = connect_in_story(rig.under.proxy.address(), &bare).await.expect("TLS");
        let answer = Second::on(socket).await.ask(get("/a")).await.expect("an answer");
        assert_eq!((answer.status, answer.code()), (401, Some("identity/missing")));
        // The first goes on.
        assert_eq!(client.ask(get("/c")).await.expect("an answer").status, 200);
        assert!(rig.upstream.told().to_ascii_lowercase().contains(KNOWN));
    });
}

#[test]
fn a_certificate_that_does_not_hold_ends_its_handshake_and_hears_why() {
    let (authority, other) = (Authority::new(), Authority::named("another"));
    let rig = Rig::new(with_list(&authority, &authority.crl(&[9], 4096)));
    let by = |authority: &Authority, edit: fn(&mut Wanted<'_>)| {
        let mut wanted = Wanted::new(URI);
        edit(&mut wanted);
        authority.vouch_for(&wanted)
    };
    let server = |wanted: &mut Wanted<'_>| wanted.purpose = ExtendedKeyUsagePurpose::ServerAuth;
    for (own, alert) in [
        (by(&other, |_| {}), "UnknownCA"),
        // Who takes an authority's name has not its key.
        (by(&Authority::new(), |_| {}), "DecryptError"),
        (by(&authority, |wanted| wanted.year = 2020), "CertificateExpired"),
        (by(&authority, |wanted| wanted.serial = 9), "CertificateRevoked"),
        (by(&authority, server), "UnsupportedCertificate"),
        (authority.vouch_with(&Wanted::new(URI), 9), "BadCertificate"),
    ] {
        for version in ALL_VERSIONS {
            let config = showing(&rig.made, Some(&own), &["http/1.1"], &[version]);
            let error = rig.ask(&config).expect_err(alert);
            assert!(format!("{error:?}").contains(alert), "{alert}: {error:?}");
        }
    }
    assert!(rig.upstream.is_untouched());
    rig.knows(rig.ask(&rig.config(Some(&authority.vouch_with(&Wanted::new(URI), 8)))));
    assert_eq!(rig.under.proxy.handshakes(), (12, 13));
}

#[test]
fn a_list_that_has_ended_says_nothing_of_anybody() {
    let authority = Authority::new();
    let rig = Rig::new(with_list(&authority, &authority.crl(&[], 2020)));
    let own = authority.vouch_for(&Wanted::new(URI));
    assert!(rig.ask(&rig.config(Some(&own))).is_err());
    refused(rig.ask(&rig.config(None)), "identity/missing");
    rig.swap(Some(with_list(&authority, &authority.crl(&[], 4096))));
    rig.knows(rig.ask(&rig.config(Some(&own))));
}

#[test]
fn a_resumed_session_has_its_certificate_while_the_authorities_stay() {
    let (authority, other) = (Authority::new(), Authority::named("another"));
    let own = authority.vouch_for(&Wanted::new(URI));
    for version in ALL_VERSIONS {
        let rig = Rig::new(clients(&authority));
        let config = showing(&rig.made, Some(&own), &["http/1.1"], &[version]);
        let kind = |wanted| {
            let mut client = connect(rig.under.proxy.address(), &config);
            rig.knows(ask(&mut client));
            assert_eq!(client.conn.handshake_kind(), Some(wanted), "{version:?}");
        };
        kind(HandshakeKind::Full);
        kind(HandshakeKind::Resumed);
        // The gate's own certificate is exchanged: nothing is said of clients by that.
        rig.swap(Some(clients(&authority)));
        kind(HandshakeKind::Resumed);
        rig.swap(Some(clients(&other)));
        let error = rig.ask(&config).expect_err("nobody vouches for it");
        assert!(format!("{error:?}").contains("UnknownCA"), "{error:?}");
        // Where nobody is asked, nobody is known.
        rig.swap(None);
        refused(rig.ask(&config), "identity/missing");
        rig.swap(Some(clients(&authority)));
        kind(HandshakeKind::Full);
    }
}

#[test]
fn a_connection_that_stands_is_judged_by_the_authorities_of_now() {
    let (authority, other) = (Authority::new(), Authority::named("another"));
    let rig = Rig::new(clients(&authority));
    let own = authority.vouch_for(&Wanted::new(URI));
    let mut client = connect(rig.under.proxy.address(), &rig.config(Some(&own)));
    rig.knows(ask(&mut client));
    let both = format!("{}{}", other.pem, authority.pem);
    rig.swap(Some(Clients::parse(both.as_bytes(), None).expect("two authorities")));
    rig.knows(ask(&mut client));
    for clients in
        [Some(with_list(&authority, &authority.crl(&[7], 4096))), Some(clients(&other)), None]
    {
        rig.swap(clients);
        refused(ask(&mut client), "identity/certificate-ended");
        refused(ask(&mut client), "identity/certificate-ended");
    }
    assert!(rig.upstream.is_untouched());
    rig.swap(Some(clients(&authority)));
    rig.knows(ask(&mut client));
}

#[test]
fn what_is_no_authority_and_no_list_is_told_by_what_is_broken() {
    let authority = Authority::new();
    let (pem, list) = (authority.pem.as_str(), authority.crl(&[7], 4096));
    let not_x509 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let not_a_list = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
    let long = "x".repeat(4 * 1024 * 1024 + 1);
    let code = |authorities: &str, list: Option<&str>| match Clients::parse(
        authorities.as_bytes(),
        list.map(str::as_bytes),
    ) {
        Ok(_) => "good",
        Err(ClientsError::TooLong) => "too long",
        Err(ClientsError::Authorities) => "authorities",
        Err(ClientsError::NotX509) => "not X.509",
        Err(ClientsError::Lists) => "lists",
        Err(ClientsError::List(_)) => "list",
    };
    for (authorities, lists, want) in [
        (pem, None, "good"),
        (pem, Some(list.as_str()), "good"),
        ("", None, "authorities"),
        (&pem[..pem.len() - 40], None, "authorities"),
        (&pem.repeat(65), None, "authorities"),
        (not_x509, None, "not X.509"),
        (pem, Some(""), "lists"),
        (pem, Some(pem), "lists"),
        (pem, Some(&list[..list.len() - 40]), "lists"),
        (pem, Some(not_a_list), "list"),
        (&long, None, "too long"),
        (pem, Some(&long), "too long"),
    ] {
        assert_eq!(code(authorities, lists), want, "{authorities:.40} {lists:.40?}");
    }
    let made = Made::new();
    let shown: Certificate = made.certificate().with_clients(clients(&authority));
    assert!(!format!("{shown:?}").contains("PRIVATE"));
}
