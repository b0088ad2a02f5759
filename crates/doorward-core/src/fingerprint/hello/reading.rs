//! The records of a connection's first flight, put together until the hello is whole.

use super::{HELLO_BYTES_MAX, Hello, HelloError};

/// A record's header (RFC 8446 5.1).
const RECORD_BYTES: usize = 5;
/// A record's bytes at the most.
const FRAGMENT_BYTES_MAX: usize = 1 << 14;
/// The type of records that carry handshakes.
const HANDSHAKE: u8 = 22;
/// The type of the message, and the bytes of its header (RFC 8446 4).
const CLIENT_HELLO: u8 = 1;
const MESSAGE_BYTES: usize = 4;

/// Reads a hello in whichever pieces it comes. Each piece is looked at once, and what is whole in
/// one record and one piece is read where it lies.
#[derive(Debug, Default)]
pub struct HelloReading {
    record: [u8; RECORD_BYTES],
    record_filled: usize,
    /// Bytes of the present record that are to come.
    record_left: usize,
    /// The message as far as it came.
    message: Vec<u8>,
    /// All bytes so far.
    taken: usize,
    is_over: bool,
}

impl HelloReading {
    /// The reading at a connection's first byte.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next bytes of the connection: the hello when it is whole, none while it is not.
    /// Behind its record nothing is read.
    ///
    /// # Errors
    /// What is wrong, once. The same in whichever pieces the bytes come.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<Hello>, HelloError> {
        let fed = if self.is_over { Err(HelloError::Over) } else { self.read(bytes) };
        if !matches!(fed, Ok(None)) {
            self.is_over = true;
            self.message = Vec::new();
        }
        fed
    }

    fn read(&mut self, mut bytes: &[u8]) -> Result<Option<Hello>, HelloError> {
        while !bytes.is_empty() {
            let room = HELLO_BYTES_MAX - self.taken;
            if room == 0 {
                return Err(HelloError::TooLong);
            }
            let is_header = self.record_left == 0;
            let wanted =
                if is_header { RECORD_BYTES - self.record_filled } else { self.record_left };
            let (piece, rest) = bytes.split_at(bytes.len().min(wanted).min(room));
            bytes = rest;
            self.taken += piece.len();
            if is_header {
                self.header(piece)?;
                continue;
            }
            self.record_left -= piece.len();
            if let Some(hello) = self.part(piece)? {
                return Ok(Some(hello));
            }
        }
        Ok(None)
    }

    fn header(&mut self, piece: &[u8]) -> Result<(), HelloError> {
        for byte in piece {
            if let Some(slot) = self.record.get_mut(self.record_filled) {
                *slot = *byte;
                self.record_filled += 1;
            }
        }
        if self.record_filled < RECORD_BYTES {
            return Ok(());
        }
        self.record_filled = 0;
        let [kind, major, _, high, low] = self.record;
        if kind != HANDSHAKE {
            return Err(HelloError::NotHandshake);
        }
        // RFC 8446 5.1: 0x0301 or 0x0303, and to be ignored but for that.
        if major != 3 {
            return Err(HelloError::RecordVersion);
        }
        self.record_left = usize::from(u16::from_be_bytes([high, low]));
        match self.record_left {
            1..=FRAGMENT_BYTES_MAX => Ok(()),
            _ => Err(HelloError::RecordLength),
        }
    }

    /// A part of the message.
    fn part(&mut self, piece: &[u8]) -> Result<Option<Hello>, HelloError> {
        if !self.message.is_empty() {
            self.message.extend_from_slice(piece);
        }
        let message = if self.message.is_empty() { piece } else { &self.message };
        match body(message)? {
            Some(_) if self.record_left > 0 => Err(HelloError::Trailing),
            Some(body) => Hello::read(body).map(Some),
            None => {
                if self.message.is_empty() {
                    self.message.extend_from_slice(piece);
                }
                Ok(None)
            }
        }
    }
}

/// The message's body, when it is whole.
fn body(message: &[u8]) -> Result<Option<&[u8]>, HelloError> {
    if message.first().is_some_and(|kind| *kind != CLIENT_HELLO) {
        return Err(HelloError::NotHello);
    }
    let Some(([_, high, middle, low], rest)) = message.split_first_chunk::<MESSAGE_BYTES>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
    if length > HELLO_BYTES_MAX {
        return Err(HelloError::TooLong);
    }
    match rest.len() {
        bytes if bytes < length => Ok(None),
        bytes if bytes == length => Ok(Some(rest)),
        _ => Err(HelloError::Trailing),
    }
}
