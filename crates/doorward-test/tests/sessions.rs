//! Sessions and opaque tokens, by the running program: the backend or the issuer is asked once for
//! many, a log-out is seen at once, and where nobody answers, nobody is let in.

use doorward_test::browser::Outcome;
use doorward_test::sessions::{Client, HOME, Mood, Scene, ask, bearer, cookie, scene};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long is waited for what must come: nothing else of an account's share is back by then.
const PATIENCE: Duration = Duration::from_secs(15);

const ITEMS: (&str, &str) = ("GET", "/v1/items");

#[tokio::test]
async fn the_backend_is_asked_once_and_a_log_out_is_seen_at_once() -> Outcome<()> {
    let Scene { backend, gate } = scene().await?;
    let address = gate.address();
    backend.sign_in("anns-own-session", "ann");
    let asking = (0..20).map(|_| ask(address, HOME, ITEMS, cookie("anns-own-session")));
    let asking: Vec<_> = asking.map(tokio::spawn).collect();
    for one in asking {
        assert_eq!(one.await??, (200, String::new(), "ann".to_owned()));
    }
    // One that makes up its mind to ask at the moment in which the answer comes asks anew.
    assert!((1..=3).contains(&backend.asked()), "twenty at once asked {} times", backend.asked());
    let none = ask(address, HOME, ITEMS, cookie("nobodys-session")).await?;
    assert_eq!((none.0, none.1.as_str()), (401, "identity/session-unknown"));
    let out = ask(address, HOME, ("POST", "/logout"), cookie("anns-own-session")).await?;
    assert_eq!(out.0, 200);
    let after = ask(address, HOME, ITEMS, cookie("anns-own-session")).await?;
    assert_eq!((after.0, after.1.as_str()), (401, "identity/session-unknown"));
    assert_eq!(backend.ran(), 20);
    Ok(())
}

#[tokio::test]
async fn who_signs_in_is_asked_about_and_who_fails_is_counted() -> Outcome<()> {
    let Scene { gate, .. } = scene().await?;
    let address = gate.address();
    let post = |form: &'static str| {
        tokio::task::spawn_blocking(move || Client::open(HOME, address)?.post("/login", form))
    };
    // More than its share: each of the first is given back soon, when the backend has said whose
    // its session is.
    let begun = Instant::now();
    let mut signed_in = 0;
    // As many as she may fail, and as many as her own share of successes gives back.
    while signed_in < 6 {
        match post("name=ann&word=right").await?? {
            (302, ..) => signed_in += 1,
            (status, refusal, _) => assert_eq!((status, refusal.as_str()), (429, "quota/sign-in")),
        }
        assert!(begun.elapsed() < PATIENCE, "{signed_in} alone");
        let _ = timeout(Duration::from_millis(1), std::future::pending::<()>()).await;
    }
    // Whoever fails gets a session too, which is nobody's.
    for _ in 0..3 {
        assert_eq!(post("name=bob&word=wrong").await??.0, 302);
    }
    let (status, refusal, _) = post("name=bob&word=right").await??;
    assert_eq!((status, refusal.as_str()), (429, "quota/sign-in"));
    let known = ask(address, HOME, ITEMS, cookie("session-number-0")).await?;
    assert_eq!(known, (200, String::new(), "ann".to_owned()));
    Ok(())
}

#[tokio::test]
async fn an_issuer_is_asked_about_opaque_tokens() -> Outcome<()> {
    let Scene { backend, gate } = scene().await?;
    backend.sign_in("opaque-1%2F%2B", "ann");
    for _ in 0..3 {
        let known = ask(gate.address(), HOME, ITEMS, bearer("opaque-1/+")).await?;
        assert_eq!(known, (200, String::new(), "ann".to_owned()));
    }
    assert_eq!(backend.asked(), 1);
    let other = ask(gate.address(), HOME, ITEMS, bearer("opaque-2/+")).await?;
    assert_eq!((other.0, other.1.as_str()), (401, "identity/token-inactive"));
    Ok(())
}

#[tokio::test]
async fn who_gives_no_answer_lets_nobody_in() -> Outcome<()> {
    let Scene { backend, gate } = scene().await?;
    backend.sign_in("anns-own-credential", "ann");
    // A redirect is a backend's way to say that nobody has signed in; an issuer has no such way.
    let away = (503, "identity/check-away");
    let rows = [
        (Mood::Redirects, (401, "identity/session-unknown"), away),
        (Mood::Floods, away, away),
        (Mood::Nonsense, away, away),
        (Mood::Fails, away, away),
        (Mood::Hangs, away, away),
    ];
    let (session, token) = (cookie("anns-own-credential"), bearer("anns-own-credential"));
    for (mood, of_session, of_token) in rows {
        backend.set_mood(mood);
        for (credential, (status, code)) in [(&session, of_session), (&token, of_token)] {
            let begun = Instant::now();
            let answer = ask(gate.address(), HOME, ITEMS, credential.clone()).await?;
            let took = begun.elapsed();
            assert_eq!((answer.0, answer.1.as_str()), (status, code), "{mood:?}");
            assert!(took < Duration::from_secs(10), "{mood:?} {code} after {took:?}");
        }
    }
    assert_eq!(backend.ran(), 0);
    backend.set_mood(Mood::Well);
    for credential in [session, token] {
        let answer = ask(gate.address(), HOME, ITEMS, credential).await?;
        assert_eq!(answer.0, 200, "as soon as there is an answer again: {}", answer.1);
    }
    Ok(())
}
