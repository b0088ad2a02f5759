//! WebSocket's frames (RFC 6455 5.2), read by their headers alone. Payloads are neither kept nor
//! unmasked.

/// Payload of a control frame at the most (RFC 6455 5.5).
const CONTROL_BYTES_MAX: u64 = 125;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Why a WebSocket is closed (RFC 6455 7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum CloseCode {
    /// This gate goes away.
    GoingAway = 1001,
    /// A frame was malformed.
    Protocol = 1002,
    /// It may not go on: its caller's leave has ended.
    Policy = 1008,
}

impl CloseCode {
    /// The frame that says so, as a server sends it: unmasked, without a reason.
    pub(crate) const fn frame(self) -> [u8; 4] {
        let [high, low] = (self as u16).to_be_bytes();
        [0x88, 2, high, low]
    }
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Its frames are masked.
    Client,
    /// Its frames are not.
    Server,
}

/// The frames of one direction.
#[derive(Clone, Debug)]
pub(crate) struct Frames {
    side: Side,
    has_extensions: bool,
    /// Bytes of the present frame's payload that are still to come.
    payload_left: u64,
    /// Whether a message in several frames is not complete.
    is_in_message: bool,
    /// Whether the present frame, or one before it, closes the WebSocket.
    has_closed: bool,
    frames: u64,
    bytes: u64,
}

/// What came of one [`Frames::feed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fed {
    /// How many of the fed bytes may go on. A header goes on only when all of it is there; what is
    /// left is fed again, with more behind it.
    pub(crate) passed: usize,
    /// The last place among the passed bytes, 0 for their beginning, at which one frame has ended
    /// and the next has not begun.
    pub(crate) boundary: Option<usize>,
    /// Whether the frame behind the passed bytes is malformed.
    pub(crate) is_malformed: bool,
}

/// A frame's header.
struct Header {
    length: usize,
    payload: u64,
    is_final: bool,
    opcode: u8,
}

/// A frame that RFC 6455 does not allow here.
struct Malformed;

impl Frames {
    /// The frames that `side` sends. With extensions, reserved bits may be set.
    pub(crate) const fn new(side: Side, has_extensions: bool) -> Self {
        Self {
            side,
            has_extensions,
            payload_left: 0,
            is_in_message: false,
            has_closed: false,
            frames: 0,
            bytes: 0,
        }
    }

    /// Frames so far.
    pub(crate) const fn count(&self) -> u64 {
        self.frames
    }

    /// Bytes of payload so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether all that went on were whole frames.
    pub(crate) const fn is_between(&self) -> bool {
        self.payload_left == 0
    }

    /// Whether its last frame went on: RFC 6455 5.5.1 allows none behind a close.
    pub(crate) const fn is_over(&self) -> bool {
        self.has_closed && self.payload_left == 0
    }

    /// Reads the next bytes. Behind a close nothing is passed.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Fed {
        let mut fed = Fed { passed: 0, boundary: None, is_malformed: false };
        loop {
            let rest = bytes.len() - fed.passed;
            let payload = rest.min(usize::try_from(self.payload_left).unwrap_or(usize::MAX));
            self.payload_left -= payload as u64;
            self.bytes += payload as u64;
            fed.passed += payload;
            if !self.is_between() {
                return fed;
            }
            fed.boundary = Some(fed.passed);
            if self.has_closed {
                return fed;
            }
            match self.header(&bytes[fed.passed..]) {
                Ok(None) => return fed,
                Ok(Some(header)) => {
                    fed.passed += header.length;
                    self.begin(&header);
                }
                Err(Malformed) => {
                    fed.is_malformed = true;
                    return fed;
                }
            }
        }
    }

    fn begin(&mut self, header: &Header) {
        self.frames += 1;
        self.payload_left = header.payload;
        match header.opcode {
            CLOSE => self.has_closed = true,
            CONTINUATION | TEXT | BINARY => self.is_in_message = !header.is_final,
            _ => {}
        }
    }

    /// Reads a frame's header; none while it is not all there. What is wrong with it is found in
    /// its first bytes already.
    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Malformed> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let is_final = first & 0x80 != 0;
        let opcode = first & 0x0f;
        self.check_first(first)?;
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        let is_masked = second & 0x80 != 0;
        if is_masked != (self.side == Side::Client) {
            return Err(Malformed);
        }
        let short = u64::from(second & 0x7f);
        // A close has a code of two bytes, or nothing (RFC 6455 5.5.1).
        let is_control = opcode >= CLOSE;
        if is_control && (short > CONTROL_BYTES_MAX || (opcode == CLOSE && short == 1)) {
            return Err(Malformed);
        }
        let (length_bytes, least) = match short {
            126 => (2, 126),
            127 => (8, 1 << 16),
            _ => (0, 0),
        };
        let length = 2 + length_bytes + if is_masked { 4 } else { 0 };
        let Some(long) = bytes.get(2..2 + length_bytes) else { return Ok(None) };
        let long = long.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        let payload = if length_bytes == 0 { short } else { long };
        // RFC 6455 5.2: the shortest form, and the most significant bit is 0.
        if payload < least || payload > i64::MAX.unsigned_abs() {
            return Err(Malformed);
        }
        let is_whole = bytes.len() >= length;
        Ok(is_whole.then_some(Header { length, payload, is_final, opcode }))
    }

    /// What the first byte says: the final bit, three reserved ones, the opcode.
    const fn check_first(&self, first: u8) -> Result<(), Malformed> {
        let is_final = first & 0x80 != 0;
        if first & 0x70 != 0 && !self.has_extensions {
            return Err(Malformed);
        }
        let fits = match first & 0x0f {
            CONTINUATION => self.is_in_message,
            TEXT | BINARY => !self.is_in_message,
            CLOSE | PING | PONG => is_final,
            _ => false,
        };
        if fits { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest header of a frame: two bytes, eight of length, four of mask.
    const HEADER_BYTES_MAX: usize = 14;
    const CLIENT: Frames = Frames::new(Side::Client, false);
    const SERVER: Frames = Frames::new(Side::Server, false);

    /// What one feed passes, and whether it ends in a fault.
    fn fed(frames: &Frames, bytes: &[u8]) -> (usize, bool) {
        let fed = frames.clone().feed(bytes);
        (fed.passed, fed.is_malformed)
    }

    fn long(second: u8, length: &[u8], payload: usize) -> Vec<u8> {
        [&[0x82, second][..], length, &vec![b'x'; payload]].concat()
    }

    #[test]
    fn whole_frames_pass_in_either_direction() {
        for bytes in [
            &[0x81, 2, b'h', b'i'][..],
            &[0x82, 0],
            &[0x89, 0],
            &[0x8a, 1, 1],
            &[0x88, 0],
            &[0x88, 2, 3, 0xe8],
            &[0x01, 1, b'a', 0x89, 0, 0x80, 1, b'b'],
            &long(126, &[0, 126], 126),
            &long(127, &[0, 0, 0, 0, 0, 1, 0, 0], 1 << 16),
        ] {
            assert_eq!(fed(&SERVER, bytes), (bytes.len(), false), "{:?}", &bytes[..2]);
            assert!(fed(&CLIENT, bytes).1, "unmasked from a client: {:?}", &bytes[..2]);
        }
        let masked = [0x81, 0x82, 1, 2, 3, 4, b'h', b'i'];
        assert_eq!(fed(&CLIENT, &masked), (masked.len(), false));
        assert_eq!(fed(&SERVER, &masked), (0, true));
    }

    #[test]
    fn malformed_frames_are_found_at_their_beginning() {
        for (bytes, why) in [
            (&[0xc1][..], "a reserved bit"),
            (&[0x83], "a reserved opcode"),
            (&[0x8b], "a reserved control opcode"),
            (&[0x80], "a continuation of nothing"),
            (&[0x09], "a ping in pieces"),
            (&[0x08], "a close in pieces"),
            (&[0x89, 126], "a long ping"),
            (&[0x88, 1], "half a code"),
            (&[0x82, 126, 0, 125], "a length that is too long written"),
            (&[0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], "the same in eight bytes"),
            (&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], "a negative length"),
        ] {
            let before = [&[0x81, 1, b'a'][..], bytes].concat();
            assert_eq!(fed(&SERVER, &before), (3, true), "{why}");
        }
        let nested = [0x01, 1, b'a', 0x81, 1, b'b'];
        assert_eq!(fed(&SERVER, &nested), (3, true), "a message within a message");
        let extended = Frames::new(Side::Server, true);
        assert_eq!(fed(&extended, &[0xc1, 1, b'a']), (3, false), "a negotiated extension");
        assert_eq!(fed(&extended, &[0xc3, 1]), (0, true), "never its opcodes");
    }

    #[test]
    fn any_splitting_comes_to_the_same() {
        let stream = [
            &[0x01, 0x83, 1, 2, 3, 4, 9, 9, 9, 0x89, 0x80, 1, 2, 3, 4][..],
            &[0x80, 0xfe, 0, 126, 1, 2, 3, 4],
            &[7; 126],
            &[0x88, 0x82, 1, 2, 3, 4, 5, 6],
        ]
        .concat();
        for size in 1..stream.len() {
            let mut frames = CLIENT.clone();
            let (mut begin, mut end) = (0, 0);
            while end < stream.len() {
                end = (end + size).min(stream.len());
                let fed = frames.feed(&stream[begin..end]);
                assert!(!fed.is_malformed, "{size} {begin} {end}");
                begin += fed.passed;
                assert!(end - begin < HEADER_BYTES_MAX);
            }
            assert_eq!((begin, frames.count(), frames.bytes()), (stream.len(), 4, 131), "{size}");
            assert!(frames.is_over());
        }
    }

    #[test]
    fn boundaries_are_between_frames_and_nothing_passes_behind_a_close() {
        let mut frames = SERVER.clone();
        let step = |frames: &mut Frames, bytes: &[u8]| {
            let fed = frames.feed(bytes);
            (fed.passed, fed.boundary, frames.is_between())
        };
        assert_eq!(step(&mut frames, &[0x81, 2, b'a']), (3, Some(0), false));
        assert_eq!(step(&mut frames, b"b"), (1, Some(1), true));
        assert_eq!(step(&mut frames, &[0x89, 0, 0x89, 3, 1]), (5, Some(2), false));
        assert_eq!(step(&mut frames, &[2]), (1, None, false));
        assert_eq!(step(&mut frames, &[3, 0x88]), (1, Some(1), true));
        assert_eq!(step(&mut frames, &[0x88, 0, 0x81, 1, b'x']), (2, Some(2), true));
        assert_eq!(step(&mut frames, &[0x81, 1, b'x']), (0, Some(0), true));
        assert_eq!(CloseCode::Policy.frame(), [0x88, 2, 0x03, 0xf0]);
    }
}
