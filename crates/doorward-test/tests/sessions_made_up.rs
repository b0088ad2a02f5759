//! Whoever makes sessions and tokens up waits for himself alone, by the running program: 100,000 of
//! each, and the number of questions stays at what an address may cause.

use doorward_test::browser::Outcome;
use doorward_test::sessions::{Backend, Client, Scene, bearer, cookie, scene};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Credentials that are made up, in all. A campaign says how many.
const MADE_UP: usize = 100_000;
/// Questions that the gate asks at once, at the most.
const AT_ONCE_MAX: usize = 32;
/// Connections that send them.
const FLOODERS: usize = 8;
/// One in so many comes from an address of its own, all others from one.
const OWN_ADDRESS: usize = 20;
/// What an honest caller waits at the most, in the midst of it: 99 of 100.
const WAIT_MAX: Duration = Duration::from_millis(200);

/// How a caller shows who he is.
type Shown = fn(&str) -> String;

/// Sends its part of them, and counts what is refused.
fn flood(
    flooder: usize,
    address: SocketAddr,
    count: usize,
    shown: Shown,
) -> std::io::Result<usize> {
    let mut refused = 0;
    let mut own = Client::open(Ipv4Addr::new(127, 0, 1, 1), address)?;
    for number in 0..count {
        let credential = shown(&format!("made-up-{flooder}-{number}"));
        let answer = if number % OWN_ADDRESS == 0 {
            let part = u8::try_from(number / OWN_ADDRESS % 250).unwrap_or(0);
            let host = u8::try_from(flooder + 1).unwrap_or(1);
            let from = Ipv4Addr::new(127, 1, part, host);
            Client::open(from, address)?.ask("GET", "/v1/items", &credential)?
        } else {
            own.ask("GET", "/v1/items", &credential)?
        };
        refused += usize::from(answer.0 >= 400);
    }
    Ok(refused)
}

/// Another person each time, for a person has a share: how long each waited.
fn honest(
    backend: &Backend,
    address: SocketAddr,
    is_over: &AtomicBool,
    shown: Shown,
) -> std::io::Result<Vec<Duration>> {
    let mut waits = Vec::new();
    while !is_over.load(Ordering::Acquire) {
        let person = format!("honest-{}", waits.len());
        backend.sign_in(&person, &person);
        let begun = std::time::Instant::now();
        let mut client = Client::open(Ipv4Addr::new(127, 0, 2, 1), address)?;
        let answer = client.ask("GET", "/v1/items", &shown(&person))?;
        assert_eq!((answer.0, answer.2.as_str()), (200, &*person), "{}", answer.1);
        waits.push(begun.elapsed());
    }
    waits.sort();
    Ok(waits)
}

async fn nobody_else_waits(what: &str, shown: Shown) -> Outcome<()> {
    let Scene { backend, gate } = scene().await?;
    let address = gate.address();
    let count = std::env::var("DOORWARD_CAMPAIGN").ok().and_then(|text| text.parse().ok());
    let each = count.unwrap_or(MADE_UP) / FLOODERS;
    let is_over = Arc::new(AtomicBool::new(false));
    let flooders: Vec<_> = (0..FLOODERS)
        .map(|flooder| thread::spawn(move || flood(flooder, address, each, shown)))
        .collect();
    let waits = {
        let (backend, is_over) = (Arc::clone(&backend), Arc::clone(&is_over));
        thread::spawn(move || honest(&backend, address, &is_over, shown))
    };
    let refused: usize = tokio::task::spawn_blocking(move || {
        let ended = flooders.into_iter().map(|flooder| flooder.join().expect("no panic"));
        ended.sum::<std::io::Result<usize>>()
    })
    .await??;
    is_over.store(true, Ordering::Release);
    let waits = tokio::task::spawn_blocking(move || waits.join().expect("no panic")).await??;
    let part = |hundredths: usize| waits.get((waits.len() - 1) * hundredths / 100).copied();
    let [median, late, worst] = [50, 99, 100].map(|part_| part(part_).unwrap_or_default());
    let (asked, most) = (backend.asked(), backend.most_at_once());
    println!(
        "{refused} made-up {what} refused; asked {asked} times, {most} at once; {} honest new ones \
         in the midst: median {median:?}, 99 of 100 within {late:?}, worst {worst:?}",
        waits.len()
    );
    assert_eq!(refused, each * FLOODERS);
    assert!(most <= AT_ONCE_MAX, "{most} at once");
    // One address gives sixty, and two more each second; each of the others what it sent.
    assert!(asked <= waits.len() + each * FLOODERS / OWN_ADDRESS + 500, "asked {asked} times");
    assert!(late < WAIT_MAX, "99 of 100 within {late:?}");
    Ok(())
}

#[tokio::test]
async fn made_up_sessions_keep_nobody_else_waiting() -> Outcome<()> {
    nobody_else_waits("sessions", cookie).await
}

#[tokio::test]
async fn made_up_tokens_keep_nobody_else_waiting() -> Outcome<()> {
    nobody_else_waits("opaque tokens", bearer).await
}
