//! Sessions that are records in a real Redis and a real Valkey: what they say, what cannot be read,
//! and servers that are away, slow, strange or too talkative.

use doorward_core::layers::identity::ANSWER_BYTES_MAX;
use doorward_core::remote::Remote;
use doorward_core::secret::Secret;
use doorward_porter::outside::{Limits, OutsideSettings};
use doorward_test::browser::Outcome;
use doorward_test::record_house::{House, REMEMBER_S, at_port, at_socket};
use doorward_test::remote_server::{Make, Passage, RemoteServer};
use rcgen::CertifiedKey;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const ANN: &str = r#"{"cookie":{"expires":null},"passport":{"user":"ann"}}"#;
const SESSION: &str = "anns-own-session";
const KEY: &str = "sess:anns-own-session";
const UNKNOWN: &str = "identity/session-unknown";
const AWAY: &str = "identity/check-away";
/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(15);

/// Questions may take as long.
fn within_ms(ms: u64) -> impl Fn(&mut OutsideSettings) {
    move |settings| settings.limits = Limits { fetch_ms_max: ms, ..Limits::default() }
}

#[tokio::test]
async fn redis_says_who_a_session_is() -> Outcome<()> {
    says_who_a_session_is(Make::Redis).await
}

#[tokio::test]
async fn valkey_says_who_a_session_is() -> Outcome<()> {
    says_who_a_session_is(Make::Valkey).await
}

async fn says_who_a_session_is(make: Make) -> Outcome<()> {
    let server = RemoteServer::start(make, &[]).await?;
    let passage = Passage::to(&server.socket()).await?;
    let house = House::new(&at_port("127.0.0.1", passage.port, false), |_| {});
    assert_eq!(house.who(SESSION).await, UNKNOWN);
    server.set(KEY, ANN).await?;
    assert_eq!(house.who(SESSION).await, "ann", "a no is not remembered");
    let asked = server.count("getrange").await?;
    assert_eq!(house.who(SESSION).await, "ann");
    assert_eq!(server.count("getrange").await?, asked, "a yes is");
    // A log-out is seen when what is remembered ends.
    server.tell(&[b"DEL", KEY.as_bytes()]).await?;
    house.later_s(REMEMBER_S - 1);
    assert_eq!(house.who(SESSION).await, "ann");
    house.later_s(1);
    assert_eq!(house.who(SESSION).await, UNKNOWN);
    assert_eq!(house.notes(), "", "a no is worth no line");
    assert_eq!(passage.opened(), 1, "one connection serves them all");
    // Every letter that an id may have stands in the key as it is.
    let id = "aZ09.-_~:aZ09";
    server.set(&format!("sess:{id}"), r#"{"passport":{"user":42}}"#).await?;
    assert_eq!(house.who(id).await, "42");
    // What could lead elsewhere is asked about nowhere.
    let asked = server.count("getrange").await?;
    for id in ["anns-own-sess*", "anns-own-session%0d%0a", "session", "anns-own-session="] {
        assert_eq!(house.who(id).await, "identity/session-malformed", "{id}");
    }
    assert_eq!(server.count("getrange").await?, asked);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_lets_nobody_in() -> Outcome<()> {
    let server = RemoteServer::start(Make::Redis, &[]).await?;
    let house = House::new(&at_socket(&server.socket()), |_| {});
    let fill = |bytes: usize| {
        let begin = r#"{"passport":{"user":"ann"},"cart":""#;
        format!("{begin}{}\"}}", "x".repeat(bytes - begin.len() - 2))
    };
    let (longest, longer) = (fill(ANSWER_BYTES_MAX), fill(ANSWER_BYTES_MAX + 1));
    let huge = fill(10 * 1024 * 1024);
    let too_long = "longer than 65536 bytes";
    for (record, want, note) in [
        (ANN, "ann", ""),
        ("{}", UNKNOWN, ""),
        (r#"{"passport":{}}"#, UNKNOWN, ""),
        ("", UNKNOWN, ""),
        ("ann", AWAY, "no JSON object"),
        ("\u{81}user\u{a3}ann", AWAY, "no JSON object"),
        (r#"["ann"]"#, AWAY, "no JSON object"),
        (r#"{"passport":{"user":"ann","user":"bob"}}"#, AWAY, ""),
        (longest.as_str(), "ann", ""),
        (longer.as_str(), AWAY, too_long),
        (huge.as_str(), AWAY, too_long),
    ] {
        server.set(KEY, record).await?;
        let what: String = record.chars().take(60).collect();
        assert_eq!(house.who(SESSION).await, want, "{what}");
        let notes = house.notes();
        assert!(notes.contains(note) && notes.is_empty() == note.is_empty(), "{what}: {notes}");
    }
    // Spring writes a hash; and somebody may forbid the gate to read.
    server.tell(&[b"DEL", KEY.as_bytes()]).await?;
    server.tell(&[b"HSET", KEY.as_bytes(), b"user", b"ann"]).await?;
    assert_eq!(house.who(SESSION).await, AWAY);
    let notes = house.notes();
    assert!(notes.contains("WRONGTYPE"), "{notes}");
    server.tell(&[b"ACL", b"SETUSER", b"default", b"-getrange"]).await?;
    assert_eq!(house.who(SESSION).await, AWAY);
    let notes = house.notes();
    assert!(notes.contains("no permissions"), "{notes}");
    server.tell(&[b"ACL", b"SETUSER", b"default", b"+getrange"]).await?;
    server.set(KEY, ANN).await?;
    assert_eq!(house.who(SESSION).await, "ann");
    Ok(())
}

#[tokio::test]
async fn user_password_and_database_count() -> Outcome<()> {
    let server = RemoteServer::start(Make::Redis, &[]).await?;
    server.set(KEY, ANN).await?;
    server.tell(&[b"MOVE", KEY.as_bytes(), b"3"]).await?;
    // No more rights than docs/identity.md gives it.
    let rules = "ACL SETUSER gate on >s:3@cret %R~sess:* +getrange +select";
    server.tell(&rules.split(' ').map(str::as_bytes).collect::<Vec<_>>()).await?;
    server.tell(&[b"CONFIG", b"SET", b"requirepass", b"another"]).await?;
    let plain = at_socket(&server.socket());
    let remote = |user: Option<&str>, password: Option<&str>, database| Remote {
        user: user.map(str::to_owned),
        password: password.map(Secret::new),
        database,
        ..plain.clone()
    };
    for (remote, want, note) in [
        (remote(Some("gate"), Some("s:3@cret"), 3), "ann", ""),
        (remote(None, Some("another"), 3), "ann", ""),
        (remote(None, Some("another"), 0), UNKNOWN, ""),
        (remote(None, Some("another"), 99), AWAY, "it does not let the gate in"),
        (remote(Some("gate"), Some("hush-hush"), 3), AWAY, "it does not let the gate in"),
        (remote(None, None, 0), AWAY, "NOAUTH"),
    ] {
        let house = House::new(&remote, |_| {});
        assert_eq!(house.who(SESSION).await, want, "{remote:?}");
        let notes = house.notes();
        assert!(notes.contains(note) && notes.is_empty() == note.is_empty(), "{notes}");
        assert!(!notes.contains("hush"), "{notes}");
        assert!(!format!("{remote:?}").contains("s:3@"));
    }
    Ok(())
}

#[tokio::test]
async fn many_requests_with_one_session_are_one_question() -> Outcome<()> {
    let server = RemoteServer::start(Make::Redis, &[]).await?;
    server.set(KEY, ANN).await?;
    let house = Arc::new(House::new(&at_socket(&server.socket()), |_| {}));
    // It answers when all of them wait.
    server.tell(&[b"CLIENT", b"PAUSE", b"300", b"ALL"]).await?;
    let asking = (0..50_u8).map(|number| {
        let house = Arc::clone(&house);
        let peer = IpAddr::from([198, 51, 100, number]);
        tokio::spawn(async move { house.who_from(peer, SESSION).await })
    });
    for one in asking.collect::<Vec<_>>() {
        assert_eq!(one.await?, "ann");
    }
    // One that makes up its mind to ask at the moment in which the answer comes asks anew.
    let asked = server.count("getrange").await?;
    assert!((1..=3).contains(&asked), "fifty at once asked {asked} times");
    // Who makes up many is stopped; whoever was known goes on, and so does anybody elsewhere.
    let mut stopped = 0;
    for number in 0..100 {
        let said = house.who(&format!("made-up-session-{number}")).await;
        stopped += usize::from(said == "identity/too-many-unknown");
    }
    assert_eq!(stopped, 40);
    house.later_s(REMEMBER_S);
    assert_eq!(house.who(SESSION).await, "ann");
    Ok(())
}

#[tokio::test]
async fn a_server_that_was_killed_is_found_again() -> Outcome<()> {
    let mut server = RemoteServer::start(Make::Redis, &[]).await?;
    let house = House::new(&at_socket(&server.socket()), |_| {});
    server.set(KEY, ANN).await?;
    assert_eq!(house.who(SESSION).await, "ann");
    server.kill().await?;
    assert_eq!(house.who(SESSION).await, "ann", "it is still remembered");
    house.later_s(REMEMBER_S);
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(house.who(SESSION).await, AWAY);
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "nobody waits for who is away");
    let notes = house.notes();
    assert!(notes.contains("no connection to the socket"), "{notes}");
    server.begin().await?;
    server.set(KEY, ANN).await?;
    let begun = Instant::now();
    while house.who(SESSION).await != "ann" {
        assert!(begun.elapsed() < PATIENCE, "it is not found again");
        let _ = timeout(Duration::from_millis(5), std::future::pending::<()>()).await;
    }
    // One that is started anew between two questions costs nobody anything.
    server.kill().await?;
    server.begin().await?;
    server.set(KEY, ANN).await?;
    house.later_s(REMEMBER_S);
    assert_eq!(house.who(SESSION).await, "ann");
    Ok(())
}

#[tokio::test]
async fn a_server_that_says_nothing_is_waited_for_once() -> Outcome<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let house = House::new(&at_port("127.0.0.1", port, false), within_ms(200));
    let begun = Instant::now();
    assert_eq!(house.who(SESSION).await, AWAY);
    assert!(begun.elapsed() >= Duration::from_millis(200));
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(house.who(SESSION).await, AWAY);
    }
    // It may be tried again once a second, and each time it takes its time.
    let most = Duration::from_millis(200) * (1 + begun.elapsed().as_secs() as u32);
    assert!(begun.elapsed() < most + Duration::from_millis(800), "{:?}", begun.elapsed());
    let notes = house.notes();
    assert!(notes.contains("it took longer than 200 ms"), "{notes}");
    Ok(())
}

#[tokio::test]
async fn a_server_that_never_ends_is_not_listened_to() -> Outcome<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let sent = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&sent);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut question = [0; 16];
        stream.read_exact(&mut question).await?;
        stream.write_all(b"$1000000000\r\n").await?;
        loop {
            stream.write_all(&[b'x'; 4096]).await?;
            counts.fetch_add(4096, Ordering::Relaxed);
        }
        #[expect(unreachable_code, reason = "it says what the errors are")]
        Ok::<(), std::io::Error>(())
    });
    let house = House::new(&at_port("127.0.0.1", port, false), within_ms(4_000));
    assert_eq!(house.who(SESSION).await, AWAY);
    let notes = house.notes();
    assert!(notes.contains("the connection broke"), "{notes}");
    // What was read, and what stands in the machine's own buffers.
    let sent = sent.load(Ordering::Relaxed);
    assert!(sent < 32 * 1024 * 1024, "{sent} bytes were taken");
    Ok(())
}

#[tokio::test]
async fn what_is_no_such_server_lets_nobody_in() -> Outcome<()> {
    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b":1\r\n", b"+ann\r\n", b""] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut question = [0; 16];
                // Whoever has gone hears nothing.
                let _ = stream.read_exact(&mut question).await;
                let _ = stream.write_all(answer).await;
            }
        });
        let house = House::new(&at_port("127.0.0.1", port, false), |_| {});
        let what = String::from_utf8_lossy(answer);
        assert_eq!(house.who(SESSION).await, AWAY, "{what}");
        let notes = house.notes();
        assert!(notes.contains("is it the server that is meant?"), "{what}: {notes}");
    }
    Ok(())
}

#[tokio::test]
async fn tls_is_spoken_with_who_is_believed() -> Outcome<()> {
    let server = RemoteServer::start(Make::Redis, &[]).await?;
    server.set(KEY, ANN).await?;
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let pem = own.cert.pem().into_bytes();
    let CertifiedKey { cert, signing_key } = own;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let socket = server.socket();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, socket) = (acceptor.clone(), socket.clone());
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await?;
                let mut server = UnixStream::connect(socket).await?;
                copy_bidirectional(&mut stream, &mut server).await
            });
        }
    });
    let remote = at_port("localhost", port, true);
    let house = House::new(&remote, |settings| settings.roots_pem.clone_from(&pem));
    assert_eq!(house.who(SESSION).await, "ann");
    let stranger = House::new(&remote, |_| {});
    assert_eq!(stranger.who(SESSION).await, AWAY);
    let notes = stranger.notes();
    assert!(notes.contains("certificate is not believed"), "{notes}");
    // Without TLS there is no answer from it, and with TLS none from a server without.
    let plain = House::new(&at_port("localhost", port, false), within_ms(500));
    assert_eq!(plain.who(SESSION).await, AWAY);
    let passage = Passage::to(&server.socket()).await?;
    let remote = at_port("localhost", passage.port, true);
    let wrong = House::new(&remote, |settings| {
        within_ms(500)(settings);
        settings.roots_pem.clone_from(&pem);
    });
    assert_eq!(wrong.who(SESSION).await, AWAY);
    Ok(())
}
