//! A count of the frames that a client sends (RFC 9113 4.1), under hyper, which does not show them.
//!
//! Reads frame headers and skips payloads; keeps no bytes and allocates nothing. Each kind of frame
//! that costs this side work and moves nothing has a budget. Time refills it slowly, and useful
//! work at once: pieces of answers that were taken, bytes of uploads, answers that came to their
//! end. So a long-lived honest connection never comes near one, and a flood is over within a few
//! hundred.

#[cfg(test)]
mod tests;

use thiserror::Error;

/// Frames that continue one head. A head of 64 KiB needs four, after its first.
const CONTINUATIONS_MAX: u32 = 5;
/// The length of a frame's header.
const HEADER_BYTES: usize = 9;
/// Frames of a body below so many bytes are small.
const SMALL_BYTES: usize = 128;
/// Small frames after which those who read them must have had their turn.
const SMALL_A_TURN: u32 = 1_024;
/// Bytes of an answer that earn one WINDOW_UPDATE.
const BYTES_A_WINDOW: u64 = 512;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const SETTINGS: u8 = 0x4;
const PING: u8 = 0x6;
const WINDOW_UPDATE: u8 = 0x8;
const CONTINUATION: u8 = 0x9;
const ACK: u8 = 0x1;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;

/// Of which frames there were too many.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Flood {
    #[error("too many streams were broken off")]
    Reset,
    #[error("too many frames without content")]
    Empty,
    #[error("too many PING frames")]
    Ping,
    #[error("too many SETTINGS frames")]
    Settings,
    #[error("too many WINDOW_UPDATE frames")]
    Window,
    #[error("too many PRIORITY or unknown frames")]
    Other,
    #[error("too many small frames of bodies that nobody has read yet")]
    Small,
    #[error("too many streams beyond those that are served at once")]
    Refused,
    #[error("a head in too many frames")]
    Continued,
}

/// A budget: what it holds at the most, and what a second refills.
const fn row(most: u32, per_s: u32) -> (u32, u32) {
    (most, per_s)
}

/// The budgets, in the order of [`Flood`].
const BUDGETS: [(u32, u32); 8] = [
    // Browsers break off what a page no longer needs; so do calls whose time is up.
    row(200, 20),
    row(100, 10),
    // gRPC measures its round trip with one for each piece that it is sent.
    row(100, 10),
    row(50, 1),
    row(2_000, 200),
    // Older browsers describe their tree of priorities first; newer ones tell of each request.
    row(500, 20),
    // A window counts bytes, and each frame costs hundreds of them until it is read. Who reads
    // refills it; so does time, for what was refused unread.
    row(16_384, 50),
    // Before it has read how many streams there may be, a client may open all that it wants.
    row(1_000, 50),
];

/// Useful work since the last look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Work {
    /// Pieces of answers.
    pub(crate) pieces: u64,
    /// Their bytes.
    pub(crate) piece_bytes: u64,
    /// Answers that came to their end.
    pub(crate) whole: u64,
    /// Pieces of uploads that were read.
    pub(crate) read: u64,
    /// Streams that were taken up.
    pub(crate) opened: u64,
    /// Streams that did not: not useful, and spent from the budget of resets.
    pub(crate) broken: u64,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug)]
enum State {
    Header { filled: usize },
    Padding,
    Payload,
}

/// The count of one connection's frames.
#[derive(Debug)]
pub(crate) struct Frames {
    state: State,
    header: [u8; HEADER_BYTES],
    /// Bytes of the present payload (at first, of the preface) that are to come.
    left: usize,
    left_of: [u32; BUDGETS.len()],
    refilled_at_ms: u64,
    /// Small frames since the last turn of those who read them.
    small: u32,
    /// Frames that continued the present head.
    continuations: u32,
    is_in_head: bool,
    last_stream: u32,
}

impl Frames {
    /// The count at a connection's first byte.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Payload,
            header: [0; HEADER_BYTES],
            left: super::PREFACE.len(),
            left_of: BUDGETS.map(|(most, _)| most),
            refilled_at_ms: 0,
            small: 0,
            continuations: 0,
            is_in_head: false,
            last_stream: 0,
        }
    }

    /// Whether a head has begun and is not complete.
    pub(crate) const fn is_in_head(&self) -> bool {
        self.is_in_head
    }

    /// The last stream that the client opened.
    pub(crate) const fn last_stream(&self) -> u32 {
        self.last_stream
    }

    /// Whether those who read the bodies must have their turn before more is read. Then they have
    /// it.
    pub(crate) fn yields(&mut self) -> bool {
        let yields = self.small >= SMALL_A_TURN;
        if yields {
            self.small = 0;
        }
        yields
    }

    /// Reads the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8], work: Work, now_ms: u64) -> Result<(), Flood> {
        self.earn(work, now_ms);
        self.spend(Flood::Reset, u32::try_from(work.broken).unwrap_or(u32::MAX))?;
        let mut bytes = bytes;
        while let Some(&first) = bytes.first() {
            let read = match self.state {
                State::Header { filled } => {
                    let taken = bytes.len().min(HEADER_BYTES - filled);
                    self.header[filled..filled + taken].copy_from_slice(&bytes[..taken]);
                    self.state = State::Header { filled: filled + taken };
                    if filled + taken == HEADER_BYTES {
                        self.begin()?;
                    }
                    taken
                }
                State::Padding => {
                    self.left -= 1;
                    self.data(self.left.saturating_sub(usize::from(first)))?;
                    self.state = State::Payload;
                    self.end_if_over();
                    1
                }
                State::Payload => {
                    let taken = bytes.len().min(self.left);
                    self.left -= taken;
                    self.end_if_over();
                    taken
                }
            };
            bytes = &bytes[read..];
        }
        Ok(())
    }

    /// A frame's header was read.
    fn begin(&mut self) -> Result<(), Flood> {
        let [high, middle, low, kind, flags, id @ ..] = self.header;
        self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        self.state = State::Payload;
        match kind {
            DATA if flags & PADDED != 0 && self.left > 0 => self.state = State::Padding,
            DATA => self.data(self.left)?,
            HEADERS => {
                let stream = u32::from_be_bytes(id) & 0x7fff_ffff;
                if stream > self.last_stream {
                    self.last_stream = stream;
                    self.spend(Flood::Refused, 1)?;
                }
                self.is_in_head = true;
                self.continuations = 0;
                self.earn_of(Flood::Other, 10);
                self.piece_of_head(flags)?;
            }
            CONTINUATION => {
                self.continuations += 1;
                if self.continuations > CONTINUATIONS_MAX {
                    return Err(Flood::Continued);
                }
                self.piece_of_head(flags)?;
            }
            RST_STREAM => self.spend(Flood::Reset, 1)?,
            // hyper asks for an answer to neither more than a few times.
            PING => self.spend(Flood::Ping, 1)?,
            SETTINGS if flags & ACK == 0 || self.left > 0 => self.spend(Flood::Settings, 1)?,
            SETTINGS => self.spend(Flood::Other, 1)?,
            WINDOW_UPDATE => self.spend(Flood::Window, 1)?,
            _ => self.spend(Flood::Other, 1)?,
        }
        self.end_if_over();
        Ok(())
    }

    fn piece_of_head(&mut self, flags: u8) -> Result<(), Flood> {
        let is_empty = self.left == 0 && flags & END_HEADERS == 0;
        if is_empty { self.spend(Flood::Empty, 1) } else { Ok(()) }
    }

    /// A frame of so many bytes of a body, without its padding.
    fn data(&mut self, bytes: usize) -> Result<(), Flood> {
        if bytes > 0 {
            self.earn_of(Flood::Empty, 1);
            self.earn_of(Flood::Ping, 1);
            if bytes >= SMALL_BYTES {
                return Ok(());
            }
            self.small += 1;
            return self.spend(Flood::Small, 1);
        }
        // Each body may end in an empty frame.
        let is_end = self.header[4] & END_STREAM != 0;
        if is_end { Ok(()) } else { self.spend(Flood::Empty, 1) }
    }

    fn end_if_over(&mut self) {
        if self.left > 0 || matches!(self.state, State::Padding) {
            return;
        }
        self.state = State::Header { filled: 0 };
        if matches!(self.header[3], HEADERS | CONTINUATION) && self.header[4] & END_HEADERS != 0 {
            self.is_in_head = false;
        }
    }

    fn spend(&mut self, flood: Flood, count: u32) -> Result<(), Flood> {
        let left = &mut self.left_of[flood as usize];
        *left = left.checked_sub(count).ok_or(flood)?;
        Ok(())
    }

    fn earn_of(&mut self, flood: Flood, count: u64) {
        let (most, _) = BUDGETS[flood as usize];
        let left = &mut self.left_of[flood as usize];
        *left = left.saturating_add(u32::try_from(count).unwrap_or(most)).min(most);
    }

    fn earn(&mut self, work: Work, now_ms: u64) {
        if work.pieces > 0 || work.whole > 0 {
            self.earn_of(Flood::Reset, work.whole);
            self.earn_of(Flood::Ping, work.pieces + work.whole);
            let windows = work.pieces * 4 + work.piece_bytes / BYTES_A_WINDOW;
            self.earn_of(Flood::Window, windows + work.whole * 4);
        }
        self.earn_of(Flood::Small, work.read);
        self.earn_of(Flood::Refused, work.opened);
        // In whole seconds: what a slower look would refill is the same.
        let seconds = now_ms.saturating_sub(self.refilled_at_ms) / 1_000;
        if seconds > 0 {
            self.refilled_at_ms = now_ms;
            for (left, (most, per_s)) in self.left_of.iter_mut().zip(BUDGETS) {
                let more = u64::from(per_s).saturating_mul(seconds).min(u64::from(most));
                *left = left.saturating_add(u32::try_from(more).unwrap_or(most)).min(most);
            }
        }
    }
}
