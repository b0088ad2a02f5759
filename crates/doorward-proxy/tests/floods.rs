//! Floods of HTTP/2 frames end early and named, and nobody else is kept waiting.

mod kit;

use doorward_proxy::settings::Bounds;
use kit::frames::{self, Frames, frame};
use kit::second::{Second, get, story};
use kit::{GET, Scripted, Under, bounds, gate};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Rounds of a flood: many times what any budget allows.
const ROUNDS: u32 = 20_000;

/// The stream of a round.
fn stream(round: u32) -> u32 {
    round * 2 + 1
}

fn open(stream: u32) -> Vec<u8> {
    frame(frames::HEADERS, frames::END_HEADERS, stream, &frames::request("POST", "/a"))
}

fn once(round: u32, first: impl FnOnce() -> Vec<u8>, then: &[u8]) -> Vec<u8> {
    if round == 0 { [first().as_slice(), then].concat() } else { then.to_vec() }
}

/// A header that is remembered, then named again and again by its number (RFC 7541 6.1).
fn bomb(round: u32) -> Vec<u8> {
    let mut block = frames::request("GET", "/a");
    // 0x40: kept in the table. A value of 4,000 bytes: 0x7f, then 4,000 - 127 in sevens of bits.
    block.extend_from_slice(b"\x40\x01x\x7f\xa1\x1e");
    block.extend_from_slice(&[b'y'; 4_000]);
    block.resize(frames::request("GET", "/a").len() + 4_006 + 12_000, 0xbe);
    frame(frames::HEADERS, frames::END_HEADERS | frames::END_STREAM, stream(round), &block)
}

type Round = fn(u32) -> Vec<u8>;

const FLOODS: [(&str, Round); 16] = [
    ("rapid reset (CVE-2023-44487)", |round| {
        let reset = frame(frames::RST_STREAM, 0, stream(round), &[0, 0, 0, 8]);
        [frames::get(stream(round), "/a"), reset].concat()
    }),
    ("made you reset: a window beyond 2^31 (CVE-2025-8671)", |round| {
        let window = frame(frames::WINDOW_UPDATE, 0, stream(round), &[0x7f, 0xff, 0xff, 0xff]);
        [frames::get(stream(round), "/a"), window].concat()
    }),
    ("made you reset: a priority over itself", |round| {
        let priority = [&stream(round).to_be_bytes()[..], &[1]].concat();
        let priority = frame(frames::PRIORITY, 0, stream(round), &priority);
        [frames::get(stream(round), "/a"), priority].concat()
    }),
    ("malformed heads", |round| {
        let block = frames::fields(&[("connection", "close")]);
        frame(frames::HEADERS, frames::END_HEADERS, stream(round), &block)
    }),
    ("streams beyond those that are served", |round| open(stream(round))),
    ("one head in endless frames", |round| {
        let head = || frame(frames::HEADERS, 0, 1, &frames::request("GET", "/a"));
        once(round, head, &frame(frames::CONTINUATION, 0, 1, &frames::fields(&[("x", "y")])))
    }),
    ("one head in endless empty frames", |round| {
        let head = || frame(frames::HEADERS, 0, 1, &frames::request("GET", "/a"));
        once(round, head, &frame(frames::CONTINUATION, 0, 1, &[]))
    }),
    ("empty bodies", |round| once(round, || open(1), &frame(frames::DATA, 0, 1, &[]))),
    ("bodies of padding", |round| {
        once(round, || open(1), &frame(frames::DATA, 8, 1, &[3, 0, 0, 0]))
    }),
    ("pings", |_| frame(frames::PING, 0, 0, &[0; 8])),
    ("settings", |_| frame(frames::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 9])),
    ("empty settings", |_| frame(frames::SETTINGS, 0, 0, &[])),
    ("priorities", |_| frame(frames::PRIORITY, 0, 1, &[0, 0, 0, 3, 9])),
    ("windows of a byte", |round| {
        once(round, || open(1), &frame(frames::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]))
    }),
    ("unknown frames", |_| frame(0x42, 0, 0, &[0; 30])),
    ("a bomb of headers", bomb),
];

/// What ends the connection at once, because HTTP/2 itself says so: no budget is needed.
const BREAKS: [(&str, Round); 2] = [
    ("made you reset: a window of 0 (CVE-2025-8671)", |round| {
        let window = frame(frames::WINDOW_UPDATE, 0, stream(round), &[0; 4]);
        [frames::get(stream(round), "/a"), window].concat()
    }),
    ("made you reset: a body behind its end", |round| {
        let body = frame(frames::DATA, 0, stream(round), b"x");
        [frames::get(stream(round), "/a"), body].concat()
    }),
];

/// A window counts bytes, and small frames hold much more than that.
#[test]
fn small_frames_that_nobody_reads_are_a_flood_and_messages_that_are_read_are_not() {
    const FRAMES: u32 = 40_000;
    let upstream = Scripted::start(|mut scene| {
        let request = scene.request();
        if request.head.starts_with("POST /unread") {
            let _ = scene.client.until("never");
        }
        let mut bytes = 0;
        loop {
            match scene.client.chunk().len() {
                0 => break,
                more => bytes += more,
            }
        }
        scene.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{bytes}"));
    });
    let under = Under::plain(&upstream.url);
    let mut messages = Frames::to(under.proxy.address(), &[]);
    messages.send(&open(1));
    for _ in 0..FRAMES - 1 {
        messages.send(&frame(frames::DATA, 0, 1, b"x"));
    }
    messages.send(&frame(frames::DATA, frames::END_STREAM, 1, b"x"));
    assert_eq!(messages.until(frames::DATA, 1).payload, FRAMES.to_string().as_bytes());
    let mut flood = Frames::to(under.proxy.address(), &[]);
    let block = frames::request("POST", "/unread");
    flood.send(&frame(frames::HEADERS, frames::END_HEADERS, 1, &block));
    // What the upstream's socket takes is read; only what nobody takes is counted.
    let sent = flood.flood(|_| frame(frames::DATA, 0, 1, b"x").repeat(1_000), 10_000);
    let end = flood.end();
    assert!(matches!(end, None | Some(frames::ENHANCE_YOUR_CALM)), "{end:?}");
    assert!(sent < 10_000);
}

#[test]
fn what_breaks_the_protocol_ends_its_connection() {
    for (name, round) in BREAKS {
        let upstream = Scripted::echo();
        let under = Under::plain(&upstream.url);
        let mut flood = Frames::to(under.proxy.address(), &[]);
        let sent = flood.flood(round, ROUNDS);
        let end = flood.end();
        assert!(sent < ROUNDS || end.is_some(), "{name}");
        assert_ne!(end, Some(0), "{name}");
        assert_eq!(under.ask(GET).status, 200, "{name}");
    }
}

#[test]
fn each_flood_ends_early_and_named_while_others_are_served() {
    for (name, round) in FLOODS {
        let upstream = Scripted::echo();
        let under = Under::plain(&upstream.url);
        let address = under.proxy.address();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let mut served = 0;
                let mut client = kit::Client::to(address);
                while !is_over.load(Ordering::Relaxed) || served < 10 {
                    client.send(GET);
                    assert_eq!(client.answer().status, 200, "{name}");
                    served += 1;
                }
            });
            let mut flood = Frames::to(address, &[]);
            let sent = flood.flood(round, ROUNDS);
            let end = flood.end();
            is_over.store(true, Ordering::Relaxed);
            // A reset may overtake the GOAWAY when more was sent than is read and dropped.
            assert!(sent < ROUNDS || end.is_some(), "{name}");
            assert!(matches!(end, None | Some(frames::ENHANCE_YOUR_CALM)), "{name}: {end:?}");
            other.join().expect("the other client is served");
        });
        let lines = under.finish();
        let told = lines.iter().filter(|line| line["code"] == "message/flood").count();
        assert_eq!(told, 1, "{name}");
        let reached = lines.iter().filter(|line| line["broken_off"] == true).count();
        assert!(reached < 500, "{name}: {reached}");
    }
}

/// What the scripts answer: one text for all of them, so that they hold no memory.
static LARGE: LazyLock<String> = LazyLock::new(|| "x".repeat(1_000_000));

/// What this process holds in memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux machine");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("KiB");
    kib * 1024
}

#[test]
fn readers_without_windows_hold_little_and_lose_their_streams() {
    let upstream = Scripted::start(|mut scene| {
        while let Some(request) = scene.next_request() {
            let body = if request.head.starts_with("GET /large") { &*LARGE } else { "ok" };
            let length = body.len();
            scene.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"));
            scene.send(body);
        }
    });
    let short = Bounds { write_stall: Duration::from_millis(1_500), ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let before = resident();
    let mut readers: Vec<_> =
        (0..4).map(|_| Frames::to(under.proxy.address(), &[(4, 0)])).collect();
    for reader in &mut readers {
        for round in 0..50 {
            reader.send(&frames::get(stream(round), "/large"));
        }
    }
    for reader in &mut readers {
        reader.count(frames::HEADERS, 50);
    }
    let held = resident().saturating_sub(before);
    // 200 MB were asked for; most of what is held are the upstream connections' buffers.
    assert!(held < 50_000_000, "{held}");
    story(async {
        let twin = Second::to(under.proxy.address()).await;
        let answer = twin.ask(get("/large")).await.expect("an answer");
        assert_eq!(answer.body.len(), 1_000_000);
    });
    for reader in &mut readers {
        reader.count(frames::RST_STREAM, 50);
        reader.send(&frames::get(201, "/small"));
        reader.until(frames::HEADERS, 201);
    }
}
