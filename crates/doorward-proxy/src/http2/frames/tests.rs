use super::*;
use crate::http2::PREFACE;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn frames() -> Frames {
    let mut frames = Frames::new();
    frames.feed(PREFACE, Work::default(), 0).expect("a preface");
    frames
}

/// How many of `bytes` are let pass, up to 20,000, while nothing else happens.
fn passed(bytes: &[u8]) -> (usize, Option<Flood>) {
    let mut frames = frames();
    for count in 0..20_000 {
        if let Err(flood) = frames.feed(bytes, Work::default(), 0) {
            return (count, Some(flood));
        }
    }
    (20_000, None)
}

#[test]
fn each_kind_of_frame_without_a_purpose_has_its_budget() {
    let open = frame(HEADERS, END_HEADERS, 1, b"x");
    let continued = frame(HEADERS, 0, 1, b"x");
    for (bytes, want) in [
        ([&open[..], &frame(RST_STREAM, 0, 1, &[0; 4])].concat(), (200, Some(Flood::Reset))),
        (frame(DATA, 0, 1, b""), (100, Some(Flood::Empty))),
        (frame(DATA, PADDED, 1, &[0]), (100, Some(Flood::Empty))),
        (frame(DATA, PADDED, 1, &[3, 0, 0, 0]), (100, Some(Flood::Empty))),
        (frame(DATA, PADDED, 1, &[2, 0, 0, 0]), (16_384, Some(Flood::Small))),
        (frame(DATA, PADDED, 1, &[255]), (100, Some(Flood::Empty))),
        (frame(DATA, PADDED, 1, &[]), (100, Some(Flood::Empty))),
        (frame(DATA, END_STREAM, 1, b""), (20_000, None)),
        (frame(DATA, 0, 1, b"x"), (16_384, Some(Flood::Small))),
        (frame(DATA, 0, 1, &[b'x'; 128]), (20_000, None)),
        (open, (20_000, None)),
        (frame(HEADERS, 0, 1, b""), (100, Some(Flood::Empty))),
        (frame(CONTINUATION, 0, 1, b"x"), (5, Some(Flood::Continued))),
        (frame(CONTINUATION, END_HEADERS, 1, b""), (5, Some(Flood::Continued))),
        (
            [&continued[..], &frame(CONTINUATION, END_HEADERS, 1, b"x").repeat(5)].concat(),
            (20_000, None),
        ),
        (frame(PING, 0, 0, &[0; 8]), (100, Some(Flood::Ping))),
        (frame(PING, ACK, 0, &[0; 8]), (100, Some(Flood::Ping))),
        (frame(SETTINGS, 0, 0, &[]), (50, Some(Flood::Settings))),
        (frame(SETTINGS, ACK, 0, &[]), (500, Some(Flood::Other))),
        (frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]), (2_000, Some(Flood::Window))),
        (frame(0x2, 0, 1, &[0; 5]), (500, Some(Flood::Other))),
        (frame(0x10, 0, 0, b"u=1"), (500, Some(Flood::Other))),
        (frame(0xff, 0, 0, b""), (500, Some(Flood::Other))),
    ] {
        assert_eq!(passed(&bytes), want, "{bytes:x?}");
    }
}

#[test]
fn in_any_splitting_the_count_is_the_same() {
    let stream = [
        PREFACE.to_vec(),
        frame(SETTINGS, 0, 0, &[0; 12]),
        frame(HEADERS, 0, 1, b"abc"),
        frame(CONTINUATION, END_HEADERS, 1, b"abc"),
        frame(DATA, PADDED, 1, &[1, 7, 0]),
        frame(PING, 0, 0, &[0; 8]).repeat(101),
        frame(PING, 0, 0, &[0; 8]),
    ];
    let stream = stream.concat();
    for size in [1, 2, 3, 7, 9, 64, 10_000] {
        let mut frames = Frames::new();
        let mut pieces = stream.chunks(size);
        let found = pieces.find_map(|piece| frames.feed(piece, Work::default(), 0).err());
        assert_eq!(found, Some(Flood::Ping), "{size}");
        assert_eq!(frames.last_stream(), 1);
    }
}

#[test]
fn a_head_is_open_from_its_first_frame_to_its_last_byte() {
    let mut frames = frames();
    let head = [frame(HEADERS, 0, 7, b"abc"), frame(CONTINUATION, END_HEADERS, 7, b"abc")].concat();
    for (at, byte) in head.iter().enumerate() {
        frames.feed(&[*byte], Work::default(), 0).expect("a head");
        let wanted = at >= 8 && at < head.len() - 1;
        assert_eq!(frames.is_in_head(), wanted, "{at}");
    }
}

#[test]
fn streams_that_are_not_taken_up_are_counted_and_those_that_are_cost_nothing() {
    for (opened, want) in [(0, 1_000), (1, 20_000)] {
        let mut frames = frames();
        let work = Work { opened, ..Work::default() };
        let passed = (0..20_000).take_while(|number| {
            let head = frame(HEADERS, END_HEADERS | END_STREAM, number * 2 + 1, b"x");
            frames.feed(&head, work, 0).is_ok()
        });
        assert_eq!(passed.count(), want);
    }
}

/// A gRPC stream that lives for hours: small messages both ways, two windows and a ping for each
/// that comes; a browser that breaks off every second request; and nobody is taken for a flood.
#[test]
fn long_lived_honest_connections_never_meet_a_budget() {
    let mut grpc = frames();
    let message = [
        frame(DATA, 0, 1, b"\0\0\0\0\x02ok"),
        frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 7]),
        frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 7]),
        frame(PING, 0, 0, &[0; 8]),
    ];
    let message = message.concat();
    let piece = Work { pieces: 1, piece_bytes: 7, read: 1, ..Work::default() };
    for number in 0..100_000 {
        grpc.feed(&message, piece, number).expect("a message each millisecond");
    }
    let mut browser = frames();
    let page = [
        frame(HEADERS, END_HEADERS | END_STREAM, 1, b"x"),
        frame(0x10, 0, 0, b"u=1"),
        frame(HEADERS, END_HEADERS | END_STREAM, 3, b"x"),
        frame(RST_STREAM, 0, 3, &[0; 4]),
    ];
    let page = page.concat();
    // The one that it breaks off counts twice: by its frame, and by its answer that did not end.
    let answered = Work { whole: 1, broken: 1, pieces: 3, piece_bytes: 40_000, ..Work::default() };
    for number in 0..10_000 {
        browser.feed(&page, answered, number * 100).expect("ten pages a second");
    }
    let mut download = frames();
    let windows = frame(WINDOW_UPDATE, 0, 1, &[0, 0, 2, 0]).repeat(32);
    let piece = Work { pieces: 1, piece_bytes: 16_384, ..Work::default() };
    for _ in 0..100_000 {
        download.feed(&windows, piece, 0).expect("a window for each half KiB");
    }
    let mut idle = frames();
    for second in 0..10_000 {
        idle.feed(&frame(PING, 0, 0, &[0; 8]), Work::default(), second * 1_000).expect("alive");
    }
}

#[test]
fn time_alone_refills_slowly() {
    let ping = frame(PING, 0, 0, &[0; 8]);
    for (now_ms, want) in
        [(0, 0), (999, 0), (1_000, 10), (5_999, 50), (60_000, 100), (u64::MAX, 100)]
    {
        let mut frames = frames();
        frames.feed(&ping.repeat(100), Work::default(), 0).expect("the whole budget");
        let passed = (0..=200).take_while(|_| frames.feed(&ping, Work::default(), now_ms).is_ok());
        assert_eq!(passed.count(), want, "{now_ms}");
    }
}
