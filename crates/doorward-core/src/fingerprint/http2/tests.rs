use super::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

/// `GET https://shop.test/`, in the static table's entries: `m,a,s,p`, and `accept`.
const HEAD: &[u8] = &[0x82, 0x41, 3, b'a', b'.', b'b', 0x87, 0x84, 0x53, 1, b'*'];

fn frame(kind: u8, flags: u8, stream: u32, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("a short frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), bytes].concat()
}

fn settings(pairs: &[(u16, u32)]) -> Vec<u8> {
    let one = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(SETTINGS, 0, 0, &pairs.iter().flat_map(one).collect::<Vec<u8>>())
}

fn window(stream: u32, more: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &more.to_be_bytes())
}

/// As Chromium opens.
fn browser() -> Vec<Vec<u8>> {
    let head = [&[0x80, 0, 0, 0, 255][..], HEAD].concat();
    vec![
        settings(&[(1, 65_536), (2, 0), (4, 6_291_456), (6, 262_144)]),
        window(0, 15_663_105),
        frame(HEADERS, 0x25, 1, &head),
    ]
}

fn bytes(frames: &[Vec<u8>]) -> Vec<u8> {
    [PREFACE, &frames.concat()].concat()
}

fn in_pieces(bytes: &[u8], size: usize) -> Result<Option<Opening>, OpeningError> {
    let mut reading = OpeningReading::new();
    for piece in bytes.chunks(size) {
        let fed = reading.feed(piece)?;
        if fed.is_some() {
            return Ok(fed);
        }
    }
    Ok(None)
}

fn read(frames: &[Vec<u8>]) -> Result<Option<Opening>, OpeningError> {
    let bytes = bytes(frames);
    let whole = in_pieces(&bytes, bytes.len());
    for size in [1, 2, 9, 24, 33] {
        assert_eq!(in_pieces(&bytes, size), whole, "{size}");
    }
    whole
}

fn text(frames: &[Vec<u8>]) -> String {
    read(frames).expect("frames").expect("a whole opening").text().to_string()
}

/// With another head in place of the last frame.
fn with_head(flags: u8, head: &[u8]) -> Result<Option<Opening>, OpeningError> {
    read(&[settings(&[(1, 65_536)]), frame(HEADERS, flags, 1, head)])
}

fn pseudo(head: &[u8]) -> Result<String, OpeningError> {
    let opening = with_head(4, head)?.expect("a whole opening");
    Ok(opening.pseudo.iter().map(|pseudo| pseudo.letter()).collect())
}

#[test]
fn an_opening_is_told_in_the_fields_own_text() {
    assert_eq!(text(&browser()), "1:65536;2:0;4:6291456;6:262144|15663105|0|m,a,s,p");
    let priority = |stream: u32, on: u32, weight: u8| {
        frame(PRIORITY, 0, stream, &[&on.to_be_bytes()[..], &[weight]].concat())
    };
    let old = [
        settings(&[(1, 65_536), (4, 131_072), (5, 16_384)]),
        window(0, 12_517_377),
        priority(3, 0, 200),
        priority(5, 0x8000_0003, 0),
        frame(HEADERS, 5, 15, &[0x82, 0x84, 0x41, 1, b'a', 0x87]),
    ];
    let want = "1:65536;4:131072;5:16384|12517377|3:0:0:201,5:1:3:1|m,p,a,s";
    assert_eq!(text(&old), want);
    assert_eq!(text(&[settings(&[]), frame(HEADERS, 5, 1, HEAD)]), "|00|0|m,a,s,p");
}

#[test]
fn what_says_nothing_of_the_client_does_not_change_it() {
    let [first, more, head] = <[Vec<u8>; 3]>::try_from(browser()).expect("three frames");
    let want = "1:65536;2:0;4:6291456;6:262144|15663105|0|m,a,s,p";
    let reserved =
        settings(&[(1, 65_536), (2, 0), (4, 6_291_456), (6, 262_144), (0x1a2a, 77), (0xfafa, 3)]);
    let ping = frame(PING, 0, 0, &[0; 8]);
    let acknowledged = frame(SETTINGS, 1, 0, &[]);
    let unknown = frame(0xbe, 7, 9, &[1; 70]);
    for frames in [
        vec![first.clone(), more.clone(), head.clone(), frame(HEADERS, 5, 3, &[0xff])],
        vec![reserved, more.clone(), head.clone()],
        vec![first.clone(), acknowledged, more.clone(), ping, head.clone()],
        vec![first.clone(), unknown, more.clone(), settings(&[(3, 1)]), head.clone()],
        vec![first, more, window(0, 9), head],
    ] {
        assert_eq!(text(&frames), want);
    }
}

#[test]
fn the_digest_tells_apart_what_the_text_does_and_the_first_priority_too() {
    let digest = |frames: &[Vec<u8>]| read(frames).expect("frames").expect("whole").digest();
    let [first, more, head] = <[Vec<u8>; 3]>::try_from(browser()).expect("three frames");
    let one = digest(&browser());
    assert_eq!(one.as_str().len(), DIGEST_DIGITS);
    assert_eq!(digest(&[first.clone(), more.clone(), head]), one);
    let other = frame(HEADERS, 0x25, 1, &[&[0, 0, 0, 0, 255][..], HEAD].concat());
    assert_ne!(digest(&[first.clone(), more.clone(), other]), one);
    assert_ne!(digest(&[first, more, frame(HEADERS, 5, 1, HEAD)]), one);
    // All that fits into an opening fits into the text of its digest.
    let priorities = ArrayVec::from(
        [Priority { stream: 0x7fff_ffff, is_exclusive: true, on: 0x7fff_ffff, weight: 256 };
            PRIORITIES_MAX],
    );
    let full = Opening {
        settings: ArrayVec::from([(0xffff, u32::MAX); SETTINGS_MAX]),
        window: Some(u32::MAX),
        own_priority: priorities.first().copied(),
        priorities,
        pseudo: [Pseudo::Method; PSEUDO_MAX].into(),
    };
    let less = Opening { window: Some(1), ..full.clone() };
    assert_ne!(full.digest(), less.digest());
    assert!(full.text().to_string().len() + 32 < TEXT_BYTES_MAX);
}

#[test]
fn frames_have_their_place_and_their_length() {
    use OpeningError::{Interrupted, Length, NotSettings, Preface, Stream, TooMany};
    let first = settings(&[(1, 65_536)]);
    let head = frame(HEADERS, 5, 1, HEAD);
    let half = frame(HEADERS, 1, 1, &HEAD[..4]);
    let rest = frame(CONTINUATION, 4, 1, &HEAD[4..]);
    let many = |count: u16| settings(&(0..count).map(|id| (id, 1)).collect::<Vec<_>>());
    let priority = frame(PRIORITY, 0, 3, &[0; 5]);
    let priorities = |count: usize| {
        [vec![first.clone()], vec![priority.clone(); count], vec![head.clone()]].concat()
    };
    let of = |frame: Vec<u8>| vec![first.clone(), frame, head.clone()];
    for (frames, want) in [
        (vec![first.clone(), half.clone(), rest.clone()], Ok(())),
        (vec![first.clone(), half.clone(), frame(CONTINUATION, 0, 1, &[]), rest.clone()], Ok(())),
        (vec![head.clone()], Err(NotSettings)),
        (vec![frame(SETTINGS, 1, 0, &[]), first.clone(), head.clone()], Err(NotSettings)),
        (vec![first.clone(), half.clone(), head.clone()], Err(Interrupted)),
        (vec![first.clone(), half, frame(CONTINUATION, 4, 3, &HEAD[4..])], Err(Interrupted)),
        (of(rest), Err(Interrupted)),
        (vec![frame(SETTINGS, 0, 1, &[]), head.clone()], Err(Stream)),
        (vec![frame(SETTINGS, 0, 0, &[0; 5]), head.clone()], Err(Length)),
        (of(frame(WINDOW_UPDATE, 0, 0, &[0; 3])), Err(Length)),
        (of(frame(WINDOW_UPDATE, 0, 0, &[0; 5])), Err(Length)),
        (of(frame(PRIORITY, 0, 3, &[0; 4])), Err(Length)),
        (of(frame(PRIORITY, 0, 3, &[0; 6])), Err(Length)),
        (of(frame(PRIORITY, 0, 0, &[0; 5])), Err(Stream)),
        (of(frame(0xbe, 0, 0, &vec![0; (1 << 14) + 1])), Err(Length)),
        (of(frame(HEADERS, 5, 0, HEAD)), Err(Stream)),
        (of(frame(HEADERS, 0x25, 1, &[0; 4])), Err(Length)),
        (of(frame(HEADERS, 0xd, 1, &[])), Err(Length)),
        (of(frame(HEADERS, 0xd, 1, &[2, 0x82])), Err(Length)),
        (of(frame(HEADERS, 0xd, 1, &[1, 0x82, 0])), Ok(())),
        (vec![many(SETTINGS_MAX as u16), head.clone()], Ok(())),
        (vec![many(SETTINGS_MAX as u16 + 1), head.clone()], Err(TooMany)),
        (priorities(PRIORITIES_MAX), Ok(())),
        (priorities(PRIORITIES_MAX + 1), Err(TooMany)),
    ] {
        assert_eq!(read(&frames).map(|opening| opening.map(|_| ())), want.map(Some), "{frames:?}");
    }
    assert_eq!(in_pieces(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r ", 5), Err(Preface));
    assert_eq!(in_pieces(b"GET / HTTP/1.1\r\n\r\n", 5), Err(Preface));
}

#[test]
fn pseudo_headers_are_read_however_they_are_written() {
    use OpeningError::{Hpack, Pseudo, TooLong};
    let literal = |first: u8, name: &[u8]| {
        [&[first, u8::try_from(name.len()).expect("short")], name, &[1, b'x']].concat()
    };
    let coded = |first: u8, name: &[u8]| {
        [&[first, 0x80 | u8::try_from(name.len()).expect("short")], name, &[1, b'x']].concat()
    };
    // As another encoder writes `:method`, `:authority`, `:protocol`, `:nonsense` and `cookie`.
    let method = &[0xb9, 0x49, 0x53, 0x39, 0xe4][..];
    let authority = &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f][..];
    let protocol = &[0xb9, 0x5d, 0x87, 0x49, 0xc8, 0x7a, 0x3f][..];
    let nonsense = &[0xb9, 0x51, 0xea, 0x41, 0x6a, 0x41, 0x7f][..];
    let cookie = &[0x21, 0xcf, 0xd4, 0xc5][..];
    for (head, want) in [
        (HEAD.to_vec(), Ok("masp")),
        (vec![0x87, 0x84, 0x82], Ok("spm")),
        (vec![0x3f, 0xe1, 0x1f, 0x20, 0x82, 0x84], Ok("mp")),
        (vec![0x02, 1, b'x', 0x11, 1, b'y', 0x44, 0x81, 0xff], Ok("map")),
        (literal(0x00, b":path"), Ok("p")),
        (literal(0x10, b":scheme"), Ok("s")),
        (literal(0x40, b":protocol"), Ok("r")),
        (coded(0x40, method), Ok("m")),
        (coded(0x00, authority), Ok("a")),
        (coded(0x00, protocol), Ok("r")),
        ([&[0x82][..], &coded(0x00, cookie)].concat(), Ok("m")),
        (vec![0x82, 0x53, 1, b'*', 0x84], Ok("m")),
        (vec![], Ok("")),
        (vec![0x82, 0xbe], Ok("m")),
        (vec![0x82, 0x83], Err(Pseudo)),
        (vec![0x88], Err(Pseudo)),
        (literal(0x00, b":nonsense"), Err(Pseudo)),
        (coded(0x00, nonsense), Err(Pseudo)),
        (literal(0x00, b":Path"), Err(Pseudo)),
        (vec![0x80], Err(Hpack)),
        (vec![0x00, 0, 1, b'x'], Err(Hpack)),
        (vec![0x41], Err(Hpack)),
        (vec![0x41, 3, b'a'], Err(Hpack)),
        (vec![0x00, 9, b':'], Err(Hpack)),
        (vec![0x3f, 0xff, 0xff, 0xff, 0xff, 0x01], Err(Hpack)),
        (vec![0xff], Err(Hpack)),
    ] {
        assert_eq!(pseudo(&head), want.map(str::to_owned), "{head:02x?}");
    }
    // A whole opening in the last byte there is, and one that is a byte too late.
    let long = |spare: usize| {
        let spent = bytes(&browser()).len() + 9;
        let filler = frame(0xbe, 0, 0, &vec![0; OPENING_BYTES_MAX - spent - spare]);
        let [first, more, head] = <[Vec<u8>; 3]>::try_from(browser()).expect("three frames");
        read(&[first, more, filler, head])
    };
    assert!(long(0).is_ok_and(|opening| opening.is_some()));
    let twice = frame(0xbe, 0, 0, &vec![0; OPENING_BYTES_MAX / 2]);
    let late = [settings(&[]), twice.clone(), twice, frame(HEADERS, 5, 1, HEAD)];
    assert_eq!(read(&late), Err(TooLong));
}

#[test]
fn what_is_cut_off_or_flipped_is_read_alike_in_any_pieces() {
    let whole = bytes(&browser());
    for end in 0..whole.len() {
        assert_eq!(in_pieces(&whole[..end], 5), Ok(None), "{end}");
    }
    let mut refused = 0;
    for place in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        let want = in_pieces(&flipped, flipped.len());
        refused += usize::from(want.is_err());
        for size in [1, 7, 40] {
            assert_eq!(in_pieces(&flipped, size), want, "{place} {size}");
        }
    }
    assert!(refused > 200, "only {refused} flips were seen");
    let mut reading = OpeningReading::new();
    assert!(reading.feed(&whole).is_ok_and(|opening| opening.is_some()));
    assert_eq!(reading.feed(&whole), Err(OpeningError::Over));
}
