use super::*;

/// A hello's parts, to be written and to be bent.
pub(crate) struct Parts {
    pub(crate) version: u16,
    pub(crate) session: Vec<u8>,
    pub(crate) ciphers: Vec<u16>,
    pub(crate) extensions: Option<Vec<(u16, Vec<u8>)>>,
}

pub(crate) fn shorts(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

pub(crate) fn behind16(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a short list");
    [&length.to_be_bytes(), bytes].concat()
}

pub(crate) fn behind8(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).expect("a short list")], bytes].concat()
}

pub(crate) fn named(host: &str) -> Vec<u8> {
    behind16(&[&[HOST_NAME][..], &behind16(host.as_bytes())].concat())
}

pub(crate) fn offered(protocols: &[&[u8]]) -> Vec<u8> {
    behind16(&protocols.iter().flat_map(|name| behind8(name)).collect::<Vec<u8>>())
}

impl Parts {
    /// As a browser says it: reserved values, a name, protocols.
    pub(crate) fn browser() -> Self {
        Self {
            version: 0x0303,
            session: vec![7; 32],
            ciphers: vec![0x1a1a, 0x1301, 0x1302, 0xc02b],
            extensions: Some(vec![
                (0x2a2a, Vec::new()),
                (extension::SERVER_NAME, named("shop.test")),
                (extension::SUPPORTED_GROUPS, behind16(&shorts(&[0x3a3a, 0x11ec, 29]))),
                (extension::ALPN, offered(&[b"h2", b"http/1.1"])),
                (extension::SIGNATURE_ALGORITHMS, behind16(&shorts(&[0x0403, 0x0804]))),
                (extension::SUPPORTED_VERSIONS, behind8(&shorts(&[0x4a4a, 0x0304, 0x0303]))),
                (extension::ENCRYPTED_CLIENT_HELLO, vec![0; 40]),
                (51, vec![9; 90]),
            ]),
        }
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let mut out = self.version.to_be_bytes().to_vec();
        out.extend([3; 32]);
        out.extend(behind8(&self.session));
        out.extend(behind16(&shorts(&self.ciphers)));
        out.extend(behind8(&[0]));
        if let Some(extensions) = &self.extensions {
            let one = |(kind, value): &(u16, Vec<u8>)| {
                [kind.to_be_bytes().to_vec(), behind16(value)].concat()
            };
            out.extend(behind16(&extensions.iter().flat_map(one).collect::<Vec<u8>>()));
        }
        out
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        records(&message(&self.body()), 1 << 14)
    }

    pub(crate) fn read(&self) -> Result<Hello, HelloError> {
        read(&self.bytes())
    }

    fn extension(&mut self, kind: u16) -> &mut Vec<u8> {
        let all = self.extensions.get_or_insert_default();
        if !all.iter().any(|(other, _)| *other == kind) {
            all.push((kind, Vec::new()));
        }
        &mut all.iter_mut().find(|(other, _)| *other == kind).expect("it was put in").1
    }
}

fn message(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a short message").to_be_bytes();
    [&[1], &length[1..], body].concat()
}

/// A message in records of so many bytes.
fn records(message: &[u8], bytes: usize) -> Vec<u8> {
    let record = |piece: &[u8]| [&[22, 3, 1][..], &behind16(piece)].concat();
    message.chunks(bytes).flat_map(record).collect()
}

fn read(bytes: &[u8]) -> Result<Hello, HelloError> {
    HelloReading::new().feed(bytes).map(|hello| hello.expect("a whole hello"))
}

/// What comes of the bytes in pieces of so many.
fn in_pieces(bytes: &[u8], size: usize) -> Result<Option<Hello>, HelloError> {
    let mut reading = HelloReading::new();
    for piece in bytes.chunks(size) {
        let fed = reading.feed(piece)?;
        if fed.is_some() {
            return Ok(fed);
        }
    }
    Ok(None)
}

#[test]
fn a_hello_is_read_in_its_own_order() {
    let hello = Parts::browser().read().expect("a hello");
    assert_eq!(hello.version, 0x0303);
    assert_eq!(hello.ciphers[..], [0x1a1a, 0x1301, 0x1302, 0xc02b]);
    assert_eq!(hello.extensions[..], [0x2a2a, 0, 10, 16, 13, 43, 0xfe0d, 51]);
    assert_eq!(hello.groups[..], [0x3a3a, 0x11ec, 29]);
    assert_eq!(hello.signatures[..], [0x0403, 0x0804]);
    assert_eq!(hello.versions[..], [0x4a4a, 0x0304, 0x0303]);
    assert_eq!(hello.alpn, Some(Alpn { ends: (b'h', b'2'), has_http2: true, has_http1: true }));
    assert!(hello.has_name && hello.has_encrypted_hello && hello.has_grease && !hello.resumes);
    let old = Parts { extensions: None, ..Parts::browser() };
    let hello = Parts { ciphers: vec![0x002f], ..old }.read().expect("a hello");
    assert!(hello.extensions.is_empty() && !hello.has_name && !hello.has_grease);
}

#[test]
fn neither_records_nor_segments_change_what_is_read() {
    let body = message(&Parts::browser().body());
    let want = read(&records(&body, 1 << 14));
    for record in [1, 2, 3, 4, 5, 63, 500, body.len() - 1, body.len()] {
        let bytes = records(&body, record);
        for piece in 1..40 {
            assert_eq!(in_pieces(&bytes, piece), want.clone().map(Some), "{record} {piece}");
        }
        for cut in 1..bytes.len() {
            let mut reading = HelloReading::new();
            assert_eq!(reading.feed(&bytes[..cut]), Ok(None), "{record} {cut}");
            assert_eq!(reading.feed(&bytes[cut..]), want.clone().map(Some), "{record} {cut}");
            assert_eq!(reading.feed(&bytes), Err(HelloError::Over));
        }
    }
}

#[test]
fn what_is_cut_off_is_never_a_hello() {
    let bytes = Parts::browser().bytes();
    for end in 0..bytes.len() {
        assert_eq!(in_pieces(&bytes[..end], 7), Ok(None), "{end}");
    }
    // Shorter by its own lengths, too.
    let body = Parts::browser().body();
    for end in 0..body.len() {
        // Without extensions, and so with an end of its own.
        let is_whole = end == 2 + 32 + 33 + 10 + 2;
        let read = read(&records(&message(&body[..end]), 1 << 14));
        assert_eq!(read.is_ok(), is_whole, "{end} {read:?}");
    }
}

#[test]
fn whatever_is_flipped_is_read_alike_in_any_pieces() {
    let bytes = records(&message(&Parts::browser().body()), 120);
    let mut refused = 0;
    for place in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        let whole = in_pieces(&flipped, bytes.len());
        refused += usize::from(whole.is_err());
        for size in [1, 13, 119] {
            assert_eq!(in_pieces(&flipped, size), whole, "{place} {size}");
        }
    }
    assert!(refused > 300, "only {refused} flips were seen");
}

#[test]
fn records_are_those_of_a_handshake() {
    let good = Parts::browser().bytes();
    let bend = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[place] = byte;
        in_pieces(&bytes, 11)
    };
    let long = message(&vec![0; HELLO_BYTES_MAX + 1]);
    let next = [&good[..], &[20, 3, 3, 0, 1, 1]].concat();
    let inside = records(&[message(&Parts::browser().body()), vec![0]].concat(), 1 << 14);
    for (got, want) in [
        (bend(0, 23), HelloError::NotHandshake),
        (bend(0, 0x80), HelloError::NotHandshake),
        (bend(1, 2), HelloError::RecordVersion),
        (bend(3, 0x41), HelloError::RecordLength),
        (in_pieces(&[22, 3, 1, 0, 0], 1), HelloError::RecordLength),
        (bend(5, 2), HelloError::NotHello),
        (bend(6, 1), HelloError::TooLong),
        (in_pieces(&records(&long, 9_000), 4_000), HelloError::TooLong),
        (in_pieces(&inside, 1 << 14), HelloError::Trailing),
        (in_pieces(&inside, 1), HelloError::Trailing),
    ] {
        assert_eq!(got, Err(want));
    }
    // Each honest twin.
    assert!(bend(2, 3).is_ok_and(|hello| hello.is_some()));
    assert!(in_pieces(&next, 1 << 14).is_ok_and(|hello| hello.is_some()));
}

#[test]
fn a_long_hello_is_read_and_a_longer_one_is_not() {
    let with = |bytes: usize| {
        let mut parts = Parts::browser();
        *parts.extension(51) = vec![0; bytes];
        parts
    };
    let spare = HELLO_BYTES_MAX - with(0).bytes().len();
    assert!(with(spare).read().is_ok());
    let over = with(spare + 1).bytes();
    for size in [1, 5_000, 20_000] {
        assert_eq!(in_pieces(&over, size), Err(HelloError::TooLong), "{size}");
    }
    // Records of one byte cost five more each: they count.
    let body = message(&with(2_800).body());
    assert_eq!(in_pieces(&records(&body, 1), 1_000), Err(HelloError::TooLong));
    assert!(in_pieces(&records(&body, 10), 1_000).is_ok_and(|hello| hello.is_some()));
}

#[test]
fn lists_have_entries_that_fit_and_are_not_too_many() {
    use HelloError::{Empty, Length, NotLast, Repeated, TooMany};
    use extension::{ALPN, PRE_SHARED_KEY, SERVER_NAME, SIGNATURE_ALGORITHMS, SUPPORTED_GROUPS};
    let many = |count: usize| shorts(&vec![0x0403; count]);
    let two = behind16(&[&[0][..], &behind16(b"a"), &[0], &behind16(b"b")].concat());
    for (kind, value, want) in [
        (SUPPORTED_GROUPS, behind16(&shorts(&[29])), Ok(())),
        (SUPPORTED_GROUPS, behind16(&[]), Err(Empty)),
        (SUPPORTED_GROUPS, behind16(&[0, 29, 0]), Err(Length)),
        (SUPPORTED_GROUPS, [behind16(&[0, 29]), vec![0]].concat(), Err(Length)),
        (SUPPORTED_GROUPS, Vec::new(), Err(Length)),
        (SIGNATURE_ALGORITHMS, behind16(&many(ALGORITHMS_MAX)), Ok(())),
        (SIGNATURE_ALGORITHMS, behind16(&many(ALGORITHMS_MAX + 1)), Err(TooMany)),
        (extension::SUPPORTED_VERSIONS, behind8(&shorts(&[0x0304])), Ok(())),
        (extension::SUPPORTED_VERSIONS, behind8(&[3]), Err(Length)),
        (extension::SUPPORTED_VERSIONS, behind8(&[]), Err(Empty)),
        (ALPN, offered(&[b"h2"]), Ok(())),
        (ALPN, offered(&[b"h2", b""]), Err(Empty)),
        (ALPN, offered(&[]), Err(Empty)),
        (ALPN, vec![0, 3, 9, b'h', b'2'], Err(Length)),
        (SERVER_NAME, named("a"), Ok(())),
        (SERVER_NAME, named(""), Err(Empty)),
        (SERVER_NAME, behind16(&[]), Err(Empty)),
        (SERVER_NAME, Vec::new(), Err(Length)),
        (SERVER_NAME, two, Err(Length)),
        (SERVER_NAME, behind16(&[&[1][..], &behind16(b"a")].concat()), Err(Length)),
        (SERVER_NAME, [named("a"), vec![0]].concat(), Err(Length)),
        (extension::SESSION_TICKET, Vec::new(), Ok(())),
        (PRE_SHARED_KEY, vec![0; 9], Ok(())),
    ] {
        let mut parts = Parts::browser();
        *parts.extension(kind) = value.clone();
        assert_eq!(parts.read().map(|_| ()), want, "{kind} {value:?}");
    }
    for (kinds, want) in [
        (&[1, 2, 3][..], Ok(())),
        (&[1, 2, 1], Err(Repeated)),
        (&[1, PRE_SHARED_KEY], Ok(())),
        (&[PRE_SHARED_KEY, 1], Err(NotLast)),
    ] {
        let extensions = kinds.iter().map(|kind| (*kind, Vec::new())).collect();
        let parts = Parts { extensions: Some(extensions), ..Parts::browser() };
        assert_eq!(parts.read().map(|_| ()), want, "{kinds:?}");
    }
    let extensions = |count: u16| (100..100 + count).map(|kind| (kind, Vec::new())).collect();
    for (ciphers, session, count, want) in [
        (CIPHERS_MAX, 32, 1, Ok(())),
        (CIPHERS_MAX + 1, 32, 1, Err(TooMany)),
        (0, 32, 1, Err(Empty)),
        (1, 33, 1, Err(Length)),
        (1, 0, EXTENSIONS_MAX, Ok(())),
        (1, 0, EXTENSIONS_MAX + 1, Err(TooMany)),
    ] {
        let parts = Parts {
            version: 0x0303,
            session: vec![0; session],
            ciphers: vec![5; ciphers],
            extensions: Some(extensions(u16::try_from(count).expect("few"))),
        };
        assert_eq!(parts.read().map(|_| ()), want, "{ciphers} {session} {count}");
    }
}

#[test]
fn who_comes_back_is_told_by_what_it_brings() {
    for (kind, value, want) in [
        (extension::SESSION_TICKET, vec![], false),
        (extension::SESSION_TICKET, vec![1], true),
        (extension::PRE_SHARED_KEY, vec![0; 9], true),
        (extension::EARLY, vec![], false),
    ] {
        let mut parts = Parts::browser();
        *parts.extension(kind) = value;
        assert_eq!(parts.read().expect("a hello").resumes, want, "{kind}");
    }
}

#[test]
fn reserved_values_are_sixteen() {
    let all: Vec<u16> = (0..=u16::MAX).filter(|value| is_grease(*value)).collect();
    assert_eq!(all.len(), 16);
    assert!(all.contains(&0x0a0a) && all.contains(&0xfafa) && !all.contains(&0x0a1a));
}
