//! Looking outside, against servers on loopback that behave well and badly.

mod kit;

use doorward_core::layers::identity::{KEY_SET_BYTES_MAX, KeySetError, LookedUp};
use doorward_porter::outside::{Kind, Limits, Names, Outside, Why};
use kit::{Gatehouse, ISSUER, Server, Signer, Visitor, keys_url, respond, settings};
use rcgen::CertifiedKey;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// An answer with some keys.
fn keys(signers: &[&Signer]) -> impl Fn(&mut dyn Write) + Send + Sync + 'static {
    let set = Signer::set(signers);
    move |out| respond(out, "200 OK", "", &set)
}

/// An answer that comes when the sender is used, or never.
fn held(answer: impl Fn(&mut dyn Write) + Send + Sync + 'static) -> (Sender<()>, Answering) {
    let (go, wait): (Sender<()>, Receiver<()>) = channel();
    let wait = Mutex::new(wait);
    let answering = Box::new(move |out: &mut dyn Write| {
        if wait.lock().expect("no panic").recv().is_ok() {
            answer(out);
        }
    });
    (go, answering)
}

type Answering = Box<dyn Fn(&mut dyn Write) + Send + Sync>;

#[tokio::test]
async fn the_first_request_with_a_new_key_waits_and_passes() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let server = Server::start(keys(&[&old]));
    let house = Gatehouse::new(&server.url());
    assert_eq!(house.visit(Visitor(1), &old.token(ISSUER)).await, "admit");
    let asked = server.count();
    assert_eq!(house.visit(Visitor(1), &old.token(ISSUER)).await, "admit");
    assert_eq!(server.count(), asked, "a known key costs no look-up");
    assert_eq!(house.visit(Visitor(1), &new.token(ISSUER)).await, "identity/unknown-key");
    server.answer(keys(&[&old, &new]));
    assert_eq!(house.visit(Visitor(1), &new.token(ISSUER)).await, "admit");
    assert_eq!(house.visit(Visitor(1), &old.token(ISSUER)).await, "admit");
    assert_eq!(server.count(), asked + 2);
    // A key that is withdrawn is not believed any longer, and a forged name helps nobody.
    server.answer(keys(&[&new]));
    assert_eq!(house.visit(Visitor(1), &Signer::new("x").token(ISSUER)).await, UNKNOWN);
    assert_eq!(house.visit(Visitor(1), &old.token(ISSUER)).await, UNKNOWN);
    let head = &server.heads()[0];
    assert!(head.starts_with("GET /jwks.json HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("accept-encoding: identity\r\n"), "{head}");
    let report = &house.outside.report()[0];
    assert_eq!((report.failures, &report.error, report.success_age_s), (0, &None, Some(0)));
}

const UNKNOWN: &str = "identity/unknown-key";

#[tokio::test]
async fn a_look_up_that_began_before_the_request_is_not_fresh_for_it() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let (go, answering) = held(keys(&[&old]));
    let server = Server::start(answering);
    let house = Gatehouse::new(&server.url());
    server.asked(1).await;
    // The keys change while the first look-up is under way; then the request comes.
    server.answer(keys(&[&old, &new]));
    let token = new.token(ISSUER);
    let visit = house.visit(Visitor(1), &token);
    let release = async {
        while house.outside.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        go.send(()).expect("it waits");
    };
    let (visit, ()) = tokio::join!(visit, release);
    assert_eq!((visit, server.count()), ("admit", 2));
}

#[tokio::test]
async fn a_spray_of_unknown_keys_does_not_hammer_the_issuer_nor_delay_an_honest_new_key() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let server = Server::start(keys(&[&old]));
    let every = Duration::from_millis(200);
    let limits = Limits { fetches_burst: 2, fetch_every_ms_min: 200, ..Limits::default() };
    let house = Arc::new(Gatehouse::with(&keys_url(&server.url(), false), |settings| {
        settings.limits = limits;
    }));
    let begin = Instant::now();
    let mut spray = Vec::new();
    for number in 0..200_u16 {
        let (house, token) = (Arc::clone(&house), Signer::new("spray").token(ISSUER));
        spray.push(tokio::spawn(async move {
            for _ in 0..3 {
                house.visit(Visitor(1_000 + number), &token).await;
            }
        }));
    }
    while house.outside.waiting() < 100 {
        tokio::task::yield_now().await;
    }
    server.answer(keys(&[&old, &new]));
    let (at, came) = (server.count(), Instant::now());
    assert_eq!(house.visit(Visitor(1), &new.token(ISSUER)).await, "admit");
    let (later, took) = (server.count(), came.elapsed());
    assert!(later - at <= 2, "one under way, and the next: {}", later - at);
    assert!(took < every * 5, "{took:?}");
    for one in spray {
        one.await.expect("no panic");
    }
    // The first in the background, the burst, and one for each pause.
    let most = 1 + 2 + begin.elapsed().as_millis() / 200 + 1;
    assert!(u128::from(server.count()) <= most, "{} of {most}", server.count());
}

#[tokio::test]
async fn who_waits_is_bounded_in_all_and_for_each_prefix() {
    let signer = Signer::new("one");
    let (go, answering) = held(keys(&[&signer]));
    let server = Server::start(answering);
    let house = Arc::new(Gatehouse::with(&keys_url(&server.url(), false), |settings| {
        settings.limits.waiting_max = 20;
    }));
    let wait = |number| {
        let house = Arc::clone(&house);
        tokio::spawn(
            async move { house.outside.keys(house.issuer(), Visitor(number).prefix()).await },
        )
    };
    let waiting: Vec<_> = (0..16).map(|_| wait(1)).chain((2..6).map(wait)).collect();
    server.asked(1).await;
    while house.outside.waiting() < 20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(wait(1).await.expect("no panic"), LookedUp::Busy);
    assert_eq!(wait(7).await.expect("no panic"), LookedUp::Busy);
    assert_eq!(house.visit(Visitor(7), &signer.token(ISSUER)).await, "identity/busy");
    server.answer(keys(&[&signer]));
    go.send(()).expect("it waits");
    for one in waiting {
        assert_eq!(one.await.expect("no panic"), LookedUp::Fresh);
    }
    assert_eq!(house.outside.waiting(), 0);
    assert_eq!(house.visit(Visitor(1), &signer.token(ISSUER)).await, "admit");
}

#[tokio::test]
async fn a_gate_starts_while_its_issuer_is_away_and_is_well_when_it_is_back() {
    let signer = Signer::new("one");
    let server = Server::start(|out| respond(out, "500 Internal Server Error", "", b"{}"));
    let house = Gatehouse::new(&server.url());
    assert_eq!(house.visit(Visitor(1), &signer.token(ISSUER)).await, "identity/keys-away");
    let report = &house.outside.report()[0];
    assert_eq!(report.error.as_ref().map(|error| &error.why), Some(&Why::Status(500)));
    server.answer(keys(&[&signer]));
    assert_eq!(house.visit(Visitor(1), &signer.token(ISSUER)).await, "admit");
    let notes = house.notes.lock().expect("no panic").clone();
    assert!(notes[0].starts_with("the keys of https://id.test cannot be had"), "{notes:?}");
    assert!(notes[0].ends_with("/jwks.json: it answers 500 instead of 200"), "{notes:?}");
    assert!(notes[1].starts_with("the keys of https://id.test are had again"), "{notes:?}");
    assert_eq!(notes.len(), 2, "{notes:?}");
}

#[tokio::test]
async fn keys_that_cannot_be_refreshed_are_believed_until_they_are_stale() {
    let signer = Signer::new("one");
    let server = Server::start(keys(&[&signer]));
    let house = Gatehouse::new(&server.url());
    let token = signer.token(ISSUER);
    assert_eq!(house.visit(Visitor(1), &token).await, "admit");
    server.answer(|out| respond(out, "500 Internal Server Error", "", b""));
    house.later_s(300 + 3_600 - 1);
    assert_eq!(house.visit(Visitor(1), &token).await, "admit");
    house.later_s(1);
    assert_eq!(house.visit(Visitor(1), &token).await, "identity/keys-away");
    server.answer(keys(&[&signer]));
    assert_eq!(house.visit(Visitor(1), &token).await, "admit");
}

#[tokio::test]
async fn keys_are_refreshed_in_the_background() {
    let signer = Signer::new("one");
    let server = Server::start(keys(&[&signer]));
    let mut url = keys_url(&server.url(), false);
    url.refresh_s = 1;
    let _house = Gatehouse::with(&url, |_| {});
    server.asked(3).await;
}

#[tokio::test]
async fn a_reload_keeps_what_is_known_and_ends_what_is_not_wanted() {
    let signer = Signer::new("one");
    let server = Server::start(keys(&[&signer]));
    let mut house = Gatehouse::new(&server.url());
    let token = signer.token(ISSUER);
    assert_eq!(house.visit(Visitor(1), &token).await, "admit");
    let asked = server.count();
    for _ in 0..100 {
        house.reload(&keys_url(&server.url(), false));
        assert_eq!(house.visit(Visitor(1), &token).await, "admit");
    }
    assert_eq!((server.count(), house.outside.report().len()), (asked, 1));
    // A request of the gate before is served as well, and both gates learn.
    let before = Arc::clone(&house.gate);
    house.reload(&keys_url(&server.url(), false));
    let learned = house.outside.keys(&before.issuers()[0], Visitor(1).prefix()).await;
    assert_eq!(learned, LookedUp::Fresh);
    // Another address: whoever waits for the one before goes on at once.
    let (_go, answering) = held(keys(&[&signer]));
    server.answer(answering);
    let before = Arc::clone(&house.gate);
    let outside = Arc::clone(&house.outside);
    let waiting =
        tokio::spawn(async move { outside.keys(&before.issuers()[0], Visitor(1).prefix()).await });
    while house.outside.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let other = Server::start(keys(&[&signer]));
    house.reload(&keys_url(&other.url(), false));
    assert_eq!(waiting.await.expect("no panic"), LookedUp::Away);
    assert_eq!(house.visit(Visitor(1), &token).await, "admit");
    assert_eq!(house.outside.report().len(), 1);
}

/// What looking up fails with.
async fn why(house: &Gatehouse) -> Why {
    let looked_up = house.outside.keys(house.issuer(), Visitor(1).prefix()).await;
    assert_eq!(looked_up, LookedUp::Away);
    assert!(!house.issuer().is_believed(doorward_porter::clock::Clock::now(&*house.clock)));
    let error = house.outside.report()[0].error.clone();
    error.expect("it failed").why
}

#[tokio::test]
async fn bad_answers_are_bounded_and_named() {
    let fine = Signer::set(&[&Signer::new("one")]);
    let fits = |length: usize| {
        let mut set = fine.clone();
        set.resize(length, b' ');
        set
    };
    let (just, beyond) = (fits(KEY_SET_BYTES_MAX), fits(KEY_SET_BYTES_MAX + 1));
    let rows: Vec<(&str, Answering, Option<Why>)> = vec![
        ("256 KiB", Box::new(move |out| respond(out, "200 OK", "", &just)), None),
        ("more", Box::new(move |out| respond(out, "200 OK", "", &beyond)), Some(Why::TooLong)),
        (
            "10 MB in chunks",
            Box::new(|out| {
                let _ = out.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                for _ in 0..160 {
                    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
                    if out.write_all(chunk.as_bytes()).is_err() {
                        return;
                    }
                }
            }),
            Some(Why::TooLong),
        ),
        (
            "redirect",
            Box::new(|out| respond(out, "302 Found", "Location: http://10.0.0.5/\r\n", b"")),
            Some(Why::Redirect(302, "\"http://10.0.0.5/\"".to_owned())),
        ),
        (
            "redirect with a control character",
            Box::new(|out| respond(out, "302 Found", "Location: http://10.0.0.5/\x07\r\n", b"")),
            None,
        ),
        (
            "redirect without",
            Box::new(|out| respond(out, "307 Temporary Redirect", "", b"")),
            Some(Why::Redirect(307, "nowhere".to_owned())),
        ),
        ("204", Box::new(|out| respond(out, "204 No Content", "", b"")), Some(Why::Status(204))),
        ("404", Box::new(|out| respond(out, "404 Not Found", "", b"{}")), Some(Why::Status(404))),
        (
            "garbage",
            Box::new(|out| respond(out, "200 OK", "", b"<html>")),
            Some(Why::Keys(KeySetError::NoObject)),
        ),
        (
            "a private key",
            Box::new(|out| respond(out, "200 OK", "", br#"{"keys":[{"kty":"oct","k":"AA"}]}"#)),
            Some(Why::Keys(KeySetError::Private)),
        ),
        (
            "compressed",
            Box::new(|out| respond(out, "200 OK", "Content-Encoding: gzip\r\n", b"\x1f\x8b")),
            Some(Why::Encoded("\"gzip\"".to_owned())),
        ),
        (
            "endless head",
            Box::new(|out| {
                let _ = out.write_all(b"HTTP/1.1 200 OK\r\nX: ");
                while out.write_all(&[b'x'; 4_096]).is_ok() {}
            }),
            Some(Why::HeadTooLong),
        ),
        (
            "many headers",
            Box::new(|out| respond(out, "200 OK", &"X: y\r\n".repeat(100), b"{}")),
            Some(Why::HeadTooLong),
        ),
    ];
    for (name, answering, want) in rows {
        let server = Server::start(answering);
        let house = Gatehouse::new(&server.url());
        match (name, want) {
            ("256 KiB", _) => {
                let looked_up = house.outside.keys(house.issuer(), Visitor(1).prefix()).await;
                assert_eq!(looked_up, LookedUp::Fresh, "{name}");
            }
            (_, Some(want)) => assert_eq!(why(&house).await, want, "{name}"),
            // A head with a control character is none at all.
            (_, None) => assert!(matches!(why(&house).await, Why::Http(_)), "{name}"),
        }
    }
}

#[tokio::test]
async fn answers_that_break_off_are_named() {
    for (name, answer) in [
        ("no HTTP", "SSH-2.0-x\r\n\r\n"),
        ("nothing", ""),
        ("half a head", "HTTP/1.1 200 OK\r\nContent-"),
    ] {
        let server = Server::start(move |out| {
            let _ = out.write_all(answer.as_bytes());
        });
        let why = why(&Gatehouse::new(&server.url())).await;
        assert!(matches!(why, Why::Http(_)), "{name}: {why}");
    }
    let server = Server::start(|out| {
        let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    });
    let why = why(&Gatehouse::new(&server.url())).await;
    assert!(matches!(why, Why::CutOff(_)), "{why}");
}

#[tokio::test]
async fn one_that_hangs_takes_its_time_and_no_more() {
    let (_go, silent) = held(|_| {});
    let (_go, after_head) = held(|_| {});
    let half = move |out: &mut dyn Write| {
        let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{");
        let _ = out.flush();
        after_head(out);
    };
    for answering in [silent, Box::new(half) as Answering] {
        let server = Server::start(answering);
        let house = Gatehouse::with(&keys_url(&server.url(), false), |settings| {
            settings.limits.fetch_ms_max = 100;
        });
        assert_eq!(why(&house).await, Why::TooSlow(100));
    }
    // A request does not wait for longer than it may, whatever the look-up does.
    let (_go, silent) = held(|_| {});
    let server = Server::start(silent);
    let house = Gatehouse::with(&keys_url(&server.url(), false), |settings| {
        settings.limits.wait_ms_max = 100;
    });
    let token = Signer::new("one").token(ISSUER);
    assert_eq!(house.visit(Visitor(1), &token).await, "identity/keys-away");
}

#[tokio::test]
async fn one_that_does_not_answer_any_more_is_away_for_those_who_wait_in_vain_too() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let server = Server::start(keys(&[&old]));
    let house = Gatehouse::with(&keys_url(&server.url(), false), |settings| {
        let seldom = Limits { fetches_burst: 1, fetch_every_ms_min: 60_000, ..settings.limits };
        settings.limits = Limits { fetch_ms_max: 100, wait_ms_max: 300, ..seldom };
    });
    let (old, new) = (old.token(ISSUER), new.token(ISSUER));
    while house.outside.report()[0].success_age_s.is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.visit(Visitor(1), &old).await, "admit");
    let (_go, silent) = held(|_| {});
    server.answer(silent);
    for who in ["whose look-up it is", "who waits for another, which is not due"] {
        assert_eq!(house.visit(Visitor(2), &new).await, "identity/keys-away", "{who}");
    }
    assert_eq!(house.visit(Visitor(2), &old).await, "admit", "what is known is believed");
}

#[tokio::test]
async fn names_lead_nowhere_inside_unless_that_is_meant() {
    let signer = Signer::new("one");
    let server = Server::start(keys(&[&signer]));
    let port = server.address.port();
    let private: IpAddr = [10, 0, 0, 5].into();
    let metadata: IpAddr = "::ffff:169.254.169.254".parse().expect("an address");
    let public: IpAddr = [93, 184, 216, 34].into();
    let names = vec![
        ("here.test".to_owned(), vec![HERE]),
        ("private.test".to_owned(), vec![private]),
        ("metadata.test".to_owned(), vec![metadata]),
        ("two.test".to_owned(), vec![public, private]),
        ("second.test".to_owned(), vec![[127, 0, 0, 2].into(), HERE]),
        ("public.test".to_owned(), vec![public]),
        ("none.test".to_owned(), vec![]),
        ("zero.test".to_owned(), vec![[0, 0, 0, 0].into()]),
        ("localhost".to_owned(), vec![HERE]),
        ("odd.localhost".to_owned(), vec![private]),
    ];
    let inside = |address, kind| Some(Why::Inside(address, kind));
    for (host, is_private, want) in [
        ("here.test", false, inside(HERE, Kind::Loopback)),
        ("here.test", true, None),
        ("second.test", true, None),
        ("localhost", false, None),
        ("odd.localhost", false, inside(private, Kind::Private)),
        ("127.0.0.1", false, None),
        ("private.test", false, inside(private, Kind::Private)),
        ("metadata.test", false, inside(metadata, Kind::LinkLocal)),
        ("two.test", false, Some(Why::Plain(public))),
        ("public.test", false, Some(Why::Plain(public))),
        ("public.test", true, Some(Why::Plain(public))),
        ("none.test", true, Some(Why::NoAddress)),
        ("zero.test", true, Some(Why::Never([0, 0, 0, 0].into()))),
        ("unknown.test", true, Some(Why::Name("it is not in the list".to_owned()))),
    ] {
        let url = keys_url(&format!("http://{host}:{port}/"), is_private);
        let house = Gatehouse::with(&url, |settings| settings.names = Names::Fixed(names.clone()));
        match want {
            Some(want) => assert_eq!(why(&house).await, want, "{host} {is_private}"),
            None => {
                let token = signer.token(ISSUER);
                assert_eq!(house.visit(Visitor(1), &token).await, "admit", "{host} {is_private}");
            }
        }
    }
    let two = keys_url("https://two.test/", false);
    let house = Gatehouse::with(&two, |settings| settings.names = Names::Fixed(names.clone()));
    let why = why(&house).await;
    assert_eq!(why, Why::Inside(private, Kind::Private));
    let said = "its name resolves to the private address 10.0.0.5; if that is meant, say private \
                = true";
    assert_eq!(why.to_string(), said);
}

#[tokio::test]
async fn nobody_at_the_door_is_named() {
    let listener = TcpListener::bind((HERE, 0)).expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    drop(listener);
    let why = why(&Gatehouse::new(&format!("http://127.0.0.1:{port}/"))).await;
    assert!(matches!(why, Why::Connect(HERE, _)), "{why}");
}

fn certificate(name: &str) -> (Arc<ServerConfig>, String) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("its versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("its certificate");
    (Arc::new(config), cert.pem())
}

#[tokio::test]
async fn certificates_are_checked() {
    let signer = Signer::new("one");
    let (config, pem) = certificate("id.test");
    let server = Server::with_tls(config, keys(&[&signer]));
    let port = server.address.port();
    let names = ["id.test", "other.test"].map(|name| (name.to_owned(), vec![HERE])).to_vec();
    let house = |host: &str, pem: &str| {
        Gatehouse::with(&keys_url(&format!("https://{host}:{port}/"), true), |settings| {
            settings.names = Names::Fixed(names.clone());
            settings.roots_pem = pem.as_bytes().to_vec();
        })
    };
    assert_eq!(house("id.test", &pem).visit(Visitor(1), &signer.token(ISSUER)).await, "admit");
    let (_, foreign) = certificate("id.test");
    for (host, pem) in [("id.test", foreign.as_str()), ("other.test", pem.as_str())] {
        let why = why(&house(host, pem)).await;
        assert!(matches!(why, Why::Certificate(_)), "{host}: {why}");
    }
    let listener = TcpListener::bind((HERE, 0)).expect("a free port");
    let url = format!("https://{}/", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            respond(&mut stream, "400 Bad Request", "", b"this is no TLS");
        }
    });
    let house = Gatehouse::with(&keys_url(&url, false), |settings| {
        settings.roots_pem = pem.as_bytes().to_vec();
    });
    let why = why(&house).await;
    assert!(matches!(why, Why::Tls(_)), "{why}");
}

#[test]
fn roots_that_are_none_do_not_start() {
    let (mut settings, _clock) = settings();
    settings.roots_pem = b"no certificate".to_vec();
    let error = Outside::start(settings).expect_err("no roots");
    assert_eq!(error.to_string(), "there is no certificate in PEM in it");
}

#[test]
fn its_thread_ends_with_it() {
    let (mut settings, _clock) = settings();
    let (kept, ended) = channel::<()>();
    settings.note = Box::new(move |_| {
        let _ = &kept;
    });
    let outside = Outside::start(settings).expect("it starts");
    drop(outside);
    assert!(ended.recv().is_err(), "all that it held is dropped");
}
