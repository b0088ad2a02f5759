//! The first frames of a connection, put together until its first request is whole.

use super::super::cursor::Cursor;
use super::{OPENING_BYTES_MAX, Opening, OpeningError, Priority, hpack};

/// What a client's side begins with (RFC 9113 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A frame's header (RFC 9113 4.1).
const HEADER_BYTES: usize = 9;
/// A frame's bytes at the most, before this side has allowed more (RFC 9113 4.2).
const FRAME_BYTES_MAX: usize = 1 << 14;

const HEADERS: u8 = 0x1;
const PRIORITY: u8 = 0x2;
const SETTINGS: u8 = 0x4;
const WINDOW_UPDATE: u8 = 0x8;
const CONTINUATION: u8 = 0x9;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const HAS_PRIORITY: u8 = 0x20;
/// The highest bit of a stream's number, and of an increment, says nothing.
const NUMBER: u32 = 0x7fff_ffff;

/// A frame's header.
#[derive(Clone, Copy, Debug)]
struct Header {
    length: usize,
    kind: u8,
    flags: u8,
    stream: u32,
}

/// Reads an opening in whichever pieces it comes. Each piece is looked at once, and a frame that is
/// whole in one piece is read where it lies.
#[derive(Debug, Default)]
pub struct OpeningReading {
    opening: Opening,
    /// Bytes so far, the preface's too.
    taken: usize,
    header: [u8; HEADER_BYTES],
    header_filled: usize,
    /// The present frame, when its header was read.
    frame: Option<Header>,
    /// Bytes of it that are to come.
    left: usize,
    /// The present frame as far as it came, where it is read at all.
    payload: Vec<u8>,
    /// The stream of a head that is not complete, and its bytes.
    head: Option<(u32, Vec<u8>)>,
    has_settings: bool,
    is_over: bool,
}

impl OpeningReading {
    /// The reading at a connection's first byte.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next bytes of the connection: how it was opened, when its first request's head is
    /// whole; none while it is not. Behind that nothing is read.
    ///
    /// # Errors
    /// What is wrong, once. The same in whichever pieces the bytes come.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<Opening>, OpeningError> {
        let fed = if self.is_over { Err(OpeningError::Over) } else { self.read(bytes) };
        if !matches!(fed, Ok(None)) {
            *self = Self { is_over: true, ..Self::default() };
        }
        fed
    }

    fn read(&mut self, mut bytes: &[u8]) -> Result<Option<Opening>, OpeningError> {
        while !bytes.is_empty() {
            let room = OPENING_BYTES_MAX - self.taken;
            if room == 0 {
                return Err(OpeningError::TooLong);
            }
            let wanted = match self.frame {
                _ if self.taken < PREFACE.len() => PREFACE.len() - self.taken,
                None => HEADER_BYTES - self.header_filled,
                Some(_) => self.left,
            };
            let (piece, rest) = bytes.split_at(bytes.len().min(wanted).min(room));
            bytes = rest;
            let before = self.taken;
            self.taken += piece.len();
            if before < PREFACE.len() {
                if PREFACE.get(before..self.taken) != Some(piece) {
                    return Err(OpeningError::Preface);
                }
                continue;
            }
            let frame = match self.frame {
                None => match self.begin(piece)? {
                    // A frame without bytes is over at once.
                    Some(frame) if frame.length == 0 => self.piece(frame, &[])?,
                    Some(_) | None => None,
                },
                Some(frame) => self.piece(frame, piece)?,
            };
            if frame.is_some() {
                return Ok(frame);
            }
        }
        Ok(None)
    }

    /// A piece of a frame's header: the frame, when it is whole.
    fn begin(&mut self, piece: &[u8]) -> Result<Option<Header>, OpeningError> {
        for byte in piece {
            if let Some(slot) = self.header.get_mut(self.header_filled) {
                *slot = *byte;
                self.header_filled += 1;
            }
        }
        if self.header_filled < HEADER_BYTES {
            return Ok(None);
        }
        self.header_filled = 0;
        let [high, middle, low, kind, flags, stream @ ..] = self.header;
        let frame = Header {
            length: u32::from_be_bytes([0, high, middle, low]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & NUMBER,
        };
        if frame.length > FRAME_BYTES_MAX {
            return Err(OpeningError::Length);
        }
        if !self.has_settings && (kind != SETTINGS || flags & ACK != 0) {
            return Err(OpeningError::NotSettings);
        }
        let continues = kind == CONTINUATION;
        let is_due = self.head.as_ref().is_some_and(|(stream, _)| *stream == frame.stream);
        if continues != self.head.is_some() || (continues && !is_due) {
            return Err(OpeningError::Interrupted);
        }
        self.left = frame.length;
        self.frame = Some(frame);
        Ok(self.frame)
    }

    /// A piece of a frame; with its last, the frame is read.
    fn piece(&mut self, frame: Header, piece: &[u8]) -> Result<Option<Opening>, OpeningError> {
        self.left -= piece.len();
        let is_read =
            matches!(frame.kind, HEADERS | PRIORITY | SETTINGS | WINDOW_UPDATE | CONTINUATION);
        let is_whole = self.left == 0;
        if is_whole {
            self.frame = None;
        }
        if !is_read {
            return Ok(None);
        }
        if is_whole && self.payload.is_empty() {
            return self.frame(frame, piece);
        }
        self.payload.extend_from_slice(piece);
        if !is_whole {
            return Ok(None);
        }
        let payload = std::mem::take(&mut self.payload);
        self.frame(frame, &payload)
    }

    fn frame(&mut self, frame: Header, bytes: &[u8]) -> Result<Option<Opening>, OpeningError> {
        let mut cursor = Cursor::new(bytes);
        match frame.kind {
            SETTINGS => self.settings(frame, cursor)?,
            WINDOW_UPDATE => {
                let more = cursor.word().filter(|_| cursor.is_empty());
                let more = more.ok_or(OpeningError::Length)? & NUMBER;
                if frame.stream == 0 {
                    self.opening.window.get_or_insert(more);
                }
            }
            PRIORITY => {
                let priority = priority(frame.stream, &mut cursor)?;
                if !cursor.is_empty() {
                    return Err(OpeningError::Length);
                }
                let priorities = &mut self.opening.priorities;
                priorities.try_push(priority).map_err(|_| OpeningError::TooMany)?;
            }
            HEADERS => {
                let mut block = unpadded(frame, cursor)?;
                if frame.flags & HAS_PRIORITY != 0 {
                    self.opening.own_priority = Some(priority(frame.stream, &mut block)?);
                } else if frame.stream == 0 {
                    return Err(OpeningError::Stream);
                }
                if frame.flags & END_HEADERS != 0 {
                    return self.end(block.rest()).map(Some);
                }
                self.head = Some((frame.stream, block.rest().to_vec()));
            }
            CONTINUATION => {
                let Some((_, head)) = &mut self.head else {
                    return Err(OpeningError::Interrupted);
                };
                head.extend_from_slice(bytes);
                if frame.flags & END_HEADERS != 0 {
                    let (_, head) = self.head.take().unwrap_or_default();
                    return self.end(&head).map(Some);
                }
            }
            // RFC 9113 4.1: what is unknown says nothing, and the rest not how it was opened.
            _ => {}
        }
        Ok(None)
    }

    fn settings(&mut self, frame: Header, mut cursor: Cursor<'_>) -> Result<(), OpeningError> {
        if frame.stream != 0 {
            return Err(OpeningError::Stream);
        }
        // Later ones, and answers to this side's, are no part of the opening.
        let is_first = !std::mem::replace(&mut self.has_settings, true);
        while !cursor.is_empty() {
            let id = cursor.short().ok_or(OpeningError::Length)?;
            let value = cursor.word().ok_or(OpeningError::Length)?;
            // As with TLS: some clients send reserved ones, another each time.
            if is_first && id & 0x0f0f != 0x0a0a {
                let settings = &mut self.opening.settings;
                settings.try_push((id, value)).map_err(|_| OpeningError::TooMany)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, block: &[u8]) -> Result<Opening, OpeningError> {
        self.opening.pseudo = hpack::pseudo_headers(block)?;
        Ok(std::mem::take(&mut self.opening))
    }
}

/// A head's bytes without their padding (RFC 9113 6.2).
fn unpadded(frame: Header, mut cursor: Cursor<'_>) -> Result<Cursor<'_>, OpeningError> {
    if frame.flags & PADDED == 0 {
        return Ok(cursor);
    }
    let padding = cursor.byte().ok_or(OpeningError::Length)?;
    let bytes = cursor.len().checked_sub(padding.into()).ok_or(OpeningError::Length)?;
    cursor.take(bytes).map(Cursor::new).ok_or(OpeningError::Length)
}

fn priority(stream: u32, cursor: &mut Cursor<'_>) -> Result<Priority, OpeningError> {
    if stream == 0 {
        return Err(OpeningError::Stream);
    }
    let on = cursor.word().ok_or(OpeningError::Length)?;
    let weight = cursor.byte().ok_or(OpeningError::Length)?;
    let is_exclusive = on & !NUMBER != 0;
    Ok(Priority { stream, is_exclusive, on: on & NUMBER, weight: u16::from(weight) + 1 })
}
