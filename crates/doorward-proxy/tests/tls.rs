//! TLS from clients: handshakes, certificates and their exchange, and what is no handshake.

mod kit;

use doorward_proxy::settings::{Bounds, Certificate, CertificateError};
use kit::second::{Second, asking, get, story};
use kit::tls::{Made, config, connect, connect_in_story};
use kit::{GET, Scripted, Under, bounds, gate};
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// One request and its whole answer, as text.
fn ask(stream: &mut (impl Read + Write), request: &str) -> String {
    stream.write_all(request.as_bytes()).expect("the gate reads");
    answer(stream)
}

fn answer(stream: &mut impl Read) -> String {
    let mut text = String::new();
    let mut byte = [0];
    while !text.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a head comes");
        text.push(char::from(byte[0]));
    }
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a body comes");
    text + &String::from_utf8(body).expect("text")
}

fn under(upstream: &str, made: &Made) -> Under {
    let certificate = made.certificate();
    Under::with(upstream, gate(|_| {}), |settings| settings.tls = Some(certificate))
}

#[test]
fn http_1_on_tls_is_scanned_and_kept_alive_as_without() {
    let upstream = Scripted::echo();
    let made = Made::new();
    let under = under(&upstream.url, &made);
    for alpn in [&[][..], &["http/1.1"], &["spdy/3", "http/1.1"]] {
        let mut client = connect(under.proxy.address(), &config(&[&made], alpn));
        for number in 0..3 {
            let request = format!("GET /{number} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let text = ask(&mut client, &request);
            assert!(text.ends_with(&format!("GET /{number} HTTP/1.1 ")), "{text}");
            let head = upstream.told().to_ascii_lowercase();
            assert!(head.contains("\r\nx-forwarded-proto: https\r\n"), "{head}");
        }
        let body = "x".repeat(300_000);
        let post = "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n";
        let text = ask(&mut client, &format!("{post}{body}"));
        assert!(text.ends_with(&format!("POST /a HTTP/1.1 {body}")), "the whole body came back");
        upstream.told();
        let text = ask(&mut client, "GET /#x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(text.contains("doorward-refusal: message/fragment"), "{text}");
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).expect("TLS is closed, not cut off");
        assert!(rest.is_empty());
    }
    assert_eq!(under.proxy.handshakes(), (0, 3));
}

#[test]
fn both_versions_of_tls_are_spoken_and_no_older_one_is_known() {
    let upstream = Scripted::echo();
    let made = Made::new();
    let under = under(&upstream.url, &made);
    for version in rustls::ALL_VERSIONS {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.der.clone()).expect("a certificate");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_root_certificates(roots)
            .with_no_client_auth();
        // The second connection resumes the first one's session by its ticket.
        let config = Arc::new(config);
        for wanted in [rustls::HandshakeKind::Full, rustls::HandshakeKind::Resumed] {
            let mut client = connect(under.proxy.address(), &config);
            assert!(ask(&mut client, GET).ends_with("GET /a HTTP/1.1 "));
            assert_eq!(client.conn.protocol_version(), Some(version.version));
            assert_eq!(client.conn.handshake_kind(), Some(wanted), "{version:?}");
        }
    }
}

#[test]
fn http_2_is_agreed_on_by_alpn_only() {
    let upstream = Scripted::echo();
    let made = Made::new();
    let both = under(&upstream.url, &made);
    let certificate = made.certificate();
    let first_only = Under::with(&upstream.url, gate(|_| {}), |settings| {
        settings.tls = Some(certificate);
        settings.http2 = false;
    });
    let offer = config(&[&made], &["h2", "http/1.1"]);
    story(async {
        let socket = connect_in_story(both.proxy.address(), &offer).await.expect("TLS");
        assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let client = Second::on(socket).await;
        let answer = client.ask(get("/a")).await.expect("an answer");
        assert_eq!((answer.status, answer.text()), (200, "GET /a HTTP/1.1 "));
        assert!(upstream.told().to_ascii_lowercase().contains("x-forwarded-proto: https\r\n"));
        let body = bytes::Bytes::from(vec![b'x'; 3_000_000]);
        let (answer, _) = client.upload(asking("POST", "/b", &[]), body).await;
        assert_eq!(answer.expect("an answer").body.len(), "POST /b HTTP/1.1 ".len() + 3_000_000);
        let socket = connect_in_story(first_only.proxy.address(), &offer).await.expect("TLS");
        assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let strange = config(&[&made], &["spdy/3"]);
        assert!(connect_in_story(both.proxy.address(), &strange).await.is_err());
    });
    // The preface counts on plain connections, and where it was agreed on.
    let mut client = connect(both.proxy.address(), &config(&[&made], &["http/1.1"]));
    let text = ask(&mut client, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert!(text.contains("doorward-refusal: message/version"), "{text}");
}

#[test]
fn a_short_answer_leaves_in_one_record() {
    let upstream = Scripted::echo();
    let made = Made::new();
    let under = under(&upstream.url, &made);
    let name = ServerName::try_from("localhost").expect("a name");
    let mut client =
        ClientConnection::new(config(&[&made], &["http/1.1"]), name).expect("a client");
    let mut socket = TcpStream::connect(under.proxy.address()).expect("the proxy listens");
    socket.set_read_timeout(Some(kit::PATIENCE)).expect("a timeout can be set");
    client.complete_io(&mut socket).expect("a handshake");
    // The first answer brings the session's tickets along.
    for round in 0..2 {
        client.writer().write_all(GET.as_bytes()).expect("a buffer");
        client.write_tls(&mut socket).expect("the gate reads");
        let mut bytes = Vec::new();
        let mut text = Vec::new();
        while !text.ends_with(b"GET /a HTTP/1.1 ") {
            let mut into = [0; 4096];
            let read = socket.read(&mut into).expect("an answer");
            bytes.extend_from_slice(&into[..read]);
            client.read_tls(&mut &into[..read]).expect("records");
            client.process_new_packets().expect("records");
            let mut plain = [0; 4096];
            match client.reader().read(&mut plain) {
                Ok(read) => text.extend_from_slice(&plain[..read]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        let mut records = 0;
        let mut rest = &bytes[..];
        while let [_, _, _, high, low, ..] = rest {
            records += 1;
            rest = &rest[5 + usize::from(u16::from_be_bytes([*high, *low]))..];
        }
        assert!(round == 0 || records == 1, "{records} records");
    }
}

#[test]
fn twenty_certificates_under_load_lose_no_request_and_show_at_the_next_handshake() {
    const CHANGES: usize = 20;
    let upstream = Scripted::echo();
    let made: Vec<_> = (0..=CHANGES).map(|_| Made::new()).collect();
    let under = under(&upstream.url, &made[0]);
    let address = under.proxy.address();
    let known = config(&made.iter().collect::<Vec<_>>(), &["http/1.1"]);
    let is_over = AtomicBool::new(false);
    let asked = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let over = OnDrop(&is_over);
        let mut stands = connect(address, &known);
        assert!(ask(&mut stands, GET).starts_with("HTTP/1.1 200"));
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let mut client = connect(address, &known);
                    for _ in 0..3 {
                        let text = ask(&mut client, GET);
                        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        for next in &made[1..] {
            let before = asked.load(Ordering::Relaxed);
            under.proxy.swap_certificate(next.certificate()).expect("randomness");
            let mut client = connect(address, &known);
            assert!(ask(&mut client, GET).starts_with("HTTP/1.1 200"));
            let shown = client.conn.peer_certificates().expect("a certificate");
            assert_eq!(shown, std::slice::from_ref(&next.der));
            assert!(ask(&mut stands, GET).starts_with("HTTP/1.1 200"), "its connection goes on");
            while asked.load(Ordering::Relaxed) < before + 6 {
                std::thread::yield_now();
            }
        }
        drop(over);
    });
    assert!(asked.load(Ordering::Relaxed) >= CHANGES * 6);
    assert_eq!(under.proxy.handshakes().0, 0);
}

/// Ends the load when the story ends, however it does.
struct OnDrop<'f>(&'f AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_broken_certificate_is_told_by_what_is_broken() {
    let one = Made::new();
    let other = Made::new();
    let (chain, key) = (one.chain_pem.as_str(), one.key_pem.as_str());
    let two_chains = format!("{chain}\n# issuer\n{}", other.chain_pem);
    let two_keys = format!("{key}\n{}", other.key_pem);
    let both = format!("{key}\n{chain}");
    let cut = &chain[..chain.len() - 30];
    let not_base64 = chain.replacen("MII", "M*I", 1);
    let other_kind = chain.replace("CERTIFICATE", "PUBLIC KEY");
    let not_x509 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let not_a_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let cut_key = &key[..key.len() - 30];
    let long = "x".repeat(1024 * 1024 + 1);
    let many = chain.repeat(17);
    for (chain, key, want) in [
        (chain, key, Ok(())),
        (&two_chains, key, Ok(())),
        (&both, &both, Ok(())),
        ("", key, Err(CertificateError::NoCertificate)),
        (key, key, Err(CertificateError::NoCertificate)),
        (&other_kind, key, Err(CertificateError::NoCertificate)),
        (cut, key, Err(CertificateError::ChainPem)),
        (&not_base64, key, Err(CertificateError::ChainPem)),
        (not_x509, key, Err(CertificateError::NotX509)),
        (&many, key, Err(CertificateError::ChainTooLong)),
        (chain, "", Err(CertificateError::NoKey)),
        (chain, chain, Err(CertificateError::NoKey)),
        (chain, &encrypted, Err(CertificateError::KeyEncrypted)),
        (chain, cut_key, Err(CertificateError::KeyPem)),
        (chain, not_a_key, Err(CertificateError::KeyKind)),
        (chain, &two_keys, Err(CertificateError::SeveralKeys)),
        (chain, other.key_pem.as_str(), Err(CertificateError::KeyDiffers)),
        (&long, key, Err(CertificateError::TooLong)),
        (chain, &long, Err(CertificateError::TooLong)),
    ] {
        let got = Certificate::parse(chain.as_bytes(), key.as_bytes()).map(drop);
        assert_eq!(got, want, "{chain:.40} {key:.40}");
    }
}

#[test]
fn a_certificates_last_second_is_told_expired_or_not() {
    let key = rcgen::KeyPair::generate().expect("a key");
    for (year, want) in [(2001, 978_307_200), (2049, 2_493_072_000), (2050, 2_524_608_000)] {
        let mut wanted =
            rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        wanted.not_before = rcgen::date_time_ymd(2000, 1, 1);
        wanted.not_after = rcgen::date_time_ymd(year, 1, 1);
        let pem = wanted.self_signed(&key).expect("a certificate").pem();
        let got = Certificate::parse(pem.as_bytes(), key.serialize_pem().as_bytes());
        assert_eq!(got.expect("it is whole").not_after_unix_s(), want, "{year}");
    }
}

#[test]
fn what_is_no_handshake_is_told_in_plain_bytes() {
    let upstream = Scripted::echo();
    let made = Made::new();
    let under = under(&upstream.url, &made);
    let plain = under.ask(GET);
    assert_eq!((plain.status, plain.code()), (400, None));
    assert!(plain.text().contains("https://"), "{plain:?}");
    let line = under.ask("PROXY TCP4 203.0.113.7 10.0.0.1 1 2\r\n");
    assert_eq!((line.status, line.code()), (400, Some("message/proxy-line")));
    for bytes in ["\x16", "\x16\x03\x01\x00\x02xx", "\x16\x03\x01\u{7f}\u{7f}aaaaa"] {
        let mut client = under.connect();
        client.send(bytes);
        client.socket.shutdown(std::net::Shutdown::Write).expect("half-closed");
        let rest = client.rest();
        assert!(rest.is_empty() || rest[0] == 0x15, "nothing but an alert: {rest:x?}");
    }
    let strange = config(&[], &[]);
    let mut client = connect(under.proxy.address(), &strange);
    assert!(client.write_all(GET.as_bytes()).is_err(), "it does not trust the certificate");
    drop(client);
    let mut twin = connect(under.proxy.address(), &config(&[&made], &[]));
    assert!(ask(&mut twin, GET).starts_with("HTTP/1.1 200"));
    assert!(upstream.told().starts_with("GET /a "));
    assert!(upstream.is_untouched());
    assert_eq!(under.proxy.handshakes(), (6, 7));
}

#[test]
fn a_slow_handshake_is_ended_and_delays_nobody() {
    let upstream = Scripted::echo();
    let made = Made::new();
    let certificate = made.certificate();
    let under = Under::with(&upstream.url, gate(|_| {}), |settings| {
        settings.tls = Some(certificate);
        settings.bounds = Bounds { head: Duration::from_millis(300), ..bounds() };
    });
    let mut silent: Vec<_> = (0..50).map(|_| under.connect()).collect();
    let mut slow: Vec<_> = (0..50).map(|_| under.connect()).collect();
    for client in &mut slow {
        client.send("\x16\x03\x01\x02\x00\x01");
    }
    let mut twin = connect(under.proxy.address(), &config(&[&made], &[]));
    assert!(ask(&mut twin, GET).starts_with("HTTP/1.1 200"));
    for client in silent.iter_mut().chain(&mut slow) {
        assert!(client.rest().is_empty());
    }
    // Whoever is served now is served behind the last count: there is one thread.
    let mut last = connect(under.proxy.address(), &config(&[&made], &[]));
    assert!(ask(&mut last, GET).starts_with("HTTP/1.1 200"));
    assert_eq!(under.proxy.handshakes(), (50, 102));
}

#[test]
fn stopping_ends_tls_by_its_own_word() {
    let upstream = Scripted::echo();
    let made = Made::new();
    let under = under(&upstream.url, &made);
    let mut client = connect(under.proxy.address(), &config(&[&made], &["http/1.1"]));
    assert!(ask(&mut client, GET).starts_with("HTTP/1.1 200"));
    under.finish();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).expect("a closing word, not only an end");
    assert!(rest.is_empty());
}
