//! The strict scan beside hyper: whatever both accept, they read alike. Seeded, so that a failure
//! comes back; `DOORWARD_CAMPAIGN` is the number of rounds.

use std::path::Path;

#[path = "../../../fuzz/oracles/head_scan.rs"]
mod head_scan;

const ROUNDS: u64 = 4_000;

/// xorshift64*: enough to choose by, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let roll = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        roll as usize % end
    }

    fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    /// One of the first `plain` of the choices, and now and then one of the others.
    fn choose<'a>(&mut self, choices: &[&'a [u8]], plain: usize) -> &'a [u8] {
        if self.one_in(80) {
            choices[self.below(choices.len())]
        } else {
            choices[self.below(plain)]
        }
    }
}

const METHODS: [&[u8]; 9] =
    [b"GET", b"POST", b"PUT", b"OPTIONS", b"M-SEARCH", b"get", b"CONNECT", b"", b"G@T"];

const TARGETS: [&[u8]; 24] = [
    b"/",
    b"/a/b?c=d",
    b"/a//b;c/%2e%2E/%252f?x={y}|`\\^",
    b"/a[b]^c|d",
    b"*",
    b"/?",
    b"/a??b?",
    b"http://a.example/b",
    b"http://a.example",
    b"http://a.example?b",
    b"HTTP://u@a.example:80/b",
    b"a.example:443",
    b"a",
    b"a/b",
    b"?a",
    b"//a/b",
    b"http:/a",
    b"http://",
    b"/a#b",
    b"/a b",
    b"/\xc3\xa9",
    b"/<",
    b"",
    b"/a\\b",
];

const VERSIONS: [&[u8]; 7] =
    [b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b""];

const LINES: [&[u8]; 36] = [
    b"Host: a.example",
    b"A: b",
    b"a:b",
    b"Accept: */*",
    b"Empty:",
    b"Spaces: \t b c \t ",
    b"Latin: \xe9\xff",
    b"Cookie: a=b; c=\"d\"",
    b"Cookie: e=f",
    b"Connection: keep-alive",
    b"Connection: close",
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Expect: 100-continue",
    b"TE: trailers",
    b"Trailer: a",
    b"Content-Type: text/plain",
    b"Content_Length: 3",
    b"Content-Length : 3",
    b"Content-Length: 3",
    b"Content-Length: 0",
    b"Content-Length: +3",
    b"Content-Length: 3,3",
    b"Content-Length: 03",
    b"Content-Length: 18446744073709551615",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: \x0bchunked",
    b"Transfer-Encoding: identity",
    b" folded: line",
    b"A : b",
    b": b",
    b"No colon",
    b"A: b\0",
    b"A: b\nTransfer-Encoding: chunked",
    b"A: b\rContent-Length: 3",
];

const CHUNK_SIZES: [&[u8]; 8] = [b"", b"0", b"000", b" ", b";a=b", b"\t", b"+", b"0x"];

const TRAILERS: [&[u8]; 10] = [
    b"",
    b"Digest: a\r\n",
    b"A: b\r\nC: d\r\nA: e\r\n",
    b"Empty:\r\n",
    b"Content-Length: 3\r\n",
    b"Host: b\r\n",
    b"A : b\r\n",
    b"A: b\n",
    b" a: b\r\n",
    b"\n",
];

fn message(dice: &mut Dice, stream: &mut Vec<u8>) {
    let parts = [dice.choose(&METHODS, 5), dice.choose(&TARGETS, 12), dice.choose(&VERSIONS, 3)];
    stream.extend_from_slice(&parts.join(&b' '));
    stream.extend_from_slice(b"\r\n");
    for _ in 0..dice.below(6) {
        stream.extend_from_slice(dice.choose(&LINES, 18));
        stream.extend_from_slice(b"\r\n");
    }
    let body = &b"GET /hidden HTTP/1.1\r\nHost: b\r\n\r\n0\r\n\r\n5\r\n"[..dice.below(42)];
    match dice.below(4) {
        0 => stream.extend_from_slice(b"\r\n"),
        1 => {
            let line = format!("Content-Length: {}\r\n\r\n", body.len());
            stream.extend_from_slice(line.as_bytes());
            stream.extend_from_slice(body);
        }
        _ => {
            stream.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in body.chunks(1 + dice.below(20)) {
                stream.extend_from_slice(dice.choose(&CHUNK_SIZES, 3));
                stream.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                stream.extend_from_slice(chunk);
                stream.extend_from_slice(b"\r\n");
            }
            stream.extend_from_slice(b"0\r\n");
            stream.extend_from_slice(dice.choose(&TRAILERS, 4));
            stream.extend_from_slice(b"\r\n");
        }
    }
}

/// Changes the stream at one place: another byte, one more, one less, a piece twice, a cut.
fn mutate(dice: &mut Dice, stream: &mut Vec<u8>) {
    const BYTES: &[u8] = b"\r\n\t :;,\0\x0b\x7f\x80\xff#?/\\{}\"0159afx_-+.";
    let at = dice.below(stream.len());
    let byte = BYTES[dice.below(BYTES.len())];
    match dice.below(5) {
        0 => stream[at] = byte,
        1 => stream.insert(at, byte),
        2 => drop(stream.remove(at)),
        3 => {
            let end = stream.len().min(at + dice.below(30));
            stream.extend_from_within(at..end);
        }
        _ => stream.truncate(at + 1),
    }
}

#[test]
fn whatever_both_accept_they_read_alike() {
    let rounds = std::env::var("DOORWARD_CAMPAIGN").ok().and_then(|rounds| rounds.parse().ok());
    let rounds: u64 = rounds.unwrap_or(ROUNDS);
    let (mut alike, mut scan_refused, mut hyper_refused) = (0, 0, 0);
    for round in 0..rounds {
        let mut dice = Dice((round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut stream = Vec::new();
        for _ in 0..1 + dice.below(4) {
            message(&mut dice, &mut stream);
        }
        for _ in 0..dice.below(4).saturating_sub(1) {
            mutate(&mut dice, &mut stream);
        }
        let tally = head_scan::check(&stream);
        alike += tally.alike;
        scan_refused += u64::from(tally.scan_refused);
        hyper_refused += u64::from(tally.hyper_refused);
    }
    println!(
        "{rounds} streams: {alike} messages read alike; {scan_refused} streams refused by the \
         scan, {hyper_refused} by hyper behind it"
    );
    // A campaign that only refuses would show nothing.
    assert!(alike as u64 > rounds / 2, "only {alike} messages in {rounds} streams");
    assert!(scan_refused > rounds / 10, "only {scan_refused} of {rounds} streams refused");
}

#[test]
fn seeds_of_the_fuzz_target_hold() {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
        .join("../../fuzz/seeds/head_scan");
    let seeds = std::fs::read_dir(folder).expect("the folder of seeds");
    let mut replayed = 0;
    for seed in seeds {
        let path = seed.expect("a seed").path();
        let bytes = std::fs::read(&path).expect("its bytes");
        let tally = head_scan::check(&bytes);
        // A seed says in its name whether the scan refuses it.
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert_eq!(tally.scan_refused, name.starts_with("refused-"), "{name}");
        replayed += 1;
    }
    assert!(replayed >= 20, "only {replayed} seeds");
}
