//! What it costs to read what a browser shows: once a connection its hello and its opening of
//! HTTP/2, with each head the order of its names.

use doorward_core::fingerprint::hello::HelloReading;
use doorward_core::fingerprint::http1::{HeadOrder, HeadVersion};
use doorward_core::fingerprint::http2::{OpeningDigest, OpeningReading};
use doorward_core::fingerprint::shown::Tls;
use std::hint::black_box;

/// What Chromium has shown, from the core's own tests.
const CHROMIUM: &str = include_str!("../../../crates/doorward-core/tests/shown/chromium.shown");

/// The names of a navigation of Chromium's by HTTP/1.1.
const NAMES: [&str; 15] = [
    "Host",
    "Connection",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "Upgrade-Insecure-Requests",
    "User-Agent",
    "Accept",
    "Sec-Fetch-Site",
    "Sec-Fetch-Mode",
    "Sec-Fetch-User",
    "Sec-Fetch-Dest",
    "Accept-Encoding",
    "Accept-Language",
    "Cookie",
];

/// A browser's first bytes.
#[derive(Debug)]
pub struct Shown {
    hello: Vec<u8>,
    opening: Vec<u8>,
}

impl Default for Shown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shown {
    /// As they were taken down.
    #[must_use]
    pub fn new() -> Self {
        Self { hello: bytes("hello"), opening: bytes("http2") }
    }

    /// Reads the hello and makes both of its fingerprints.
    #[must_use]
    pub fn hello(&self) -> Tls {
        let hello = HelloReading::new().feed(black_box(&self.hello));
        Tls::from(&hello.expect("a hello").expect("a whole one"))
    }

    /// Reads the opening of HTTP/2 and makes its digest.
    #[must_use]
    pub fn opening(&self) -> OpeningDigest {
        let opening = OpeningReading::new().feed(black_box(&self.opening));
        opening.expect("an opening").expect("a whole one").digest()
    }

    /// Notes the order of a head's names.
    #[must_use]
    pub fn order(&self) -> HeadOrder {
        let mut order = HeadOrder::new(HeadVersion::One);
        for name in black_box(&NAMES) {
            order.meet(name.as_bytes());
        }
        order
    }
}

fn bytes(word: &str) -> Vec<u8> {
    let line = CHROMIUM.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(": "));
    let hex = line.expect("the file has this word");
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(digits).collect()
}
