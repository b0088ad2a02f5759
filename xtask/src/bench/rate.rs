//! Latency at a fixed rate: an open model, in which requests are due whether or not the last one
//! was answered.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::message::Connection;

/// Connections that share the rate; each is one thread.
const CONNECTIONS: u32 = 16;

/// Latency, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Latency {
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

/// Sends `per_second` requests a second for some seconds, evenly spread, turn by turn of
/// `requests`.
pub(super) fn run(
    port: u16,
    requests: &[Vec<u8>],
    per_second: u32,
    seconds: u32,
) -> anyhow::Result<Latency> {
    ensure!(!requests.is_empty() && per_second >= CONNECTIONS, "a rate of {per_second} is too low");
    let between = Duration::from_secs(1) / per_second;
    let each = (per_second * seconds / CONNECTIONS).max(1);
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(port)?);
    }
    let begin = Instant::now() + between * CONNECTIONS;
    let mut waits = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .zip(connections)
            .map(|(first, connection)| {
                let turns = (0..each).map(move |turn| turn * CONNECTIONS + first);
                scope.spawn(move || send(connection, requests, turns, |at| begin + between * at))
            })
            .collect();
        let mut waits = Vec::new();
        for thread in threads {
            let of_thread = thread.join().ok().context("a thread of the load panicked")?;
            waits.extend(of_thread?);
        }
        anyhow::Ok(waits)
    })?;
    waits.sort();
    let at = |part: f64| {
        let index = ((waits.len() as f64 * part).ceil() as usize).clamp(1, waits.len()) - 1;
        waits[index].as_secs_f64() * 1e6
    };
    Ok(Latency { p50_us: at(0.50), p99_us: at(0.99) })
}

/// Sends the requests of one connection when they are due; how long each waited for its answer.
fn send(
    mut connection: Connection,
    requests: &[Vec<u8>],
    turns: impl Iterator<Item = u32>,
    due: impl Fn(u32) -> Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut waits = Vec::new();
    let mut answered = Instant::now();
    for turn in turns {
        let due = due(turn);
        let now = Instant::now();
        if due > now {
            std::thread::sleep(due - now);
        }
        // A late answer makes the next request late: that wait counts too. A thread that merely
        // woke late tells nothing of the peer.
        let begin = if answered > due { due } else { Instant::now() };
        let answer = connection.ask(&requests[turn as usize % requests.len()])?;
        answered = Instant::now();
        ensure!(answer.status == 200, "at a fixed rate one was answered with\n{}", answer.head);
        waits.push(answered - begin);
    }
    Ok(waits)
}
