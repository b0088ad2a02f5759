//! The headers that decide where a message ends and to whom it goes: each once, each plain.

use doorward_core::fault::Fault;

/// The first Content-Length that is too large: readers with signed 64 bits would wrap.
const LENGTH_END: u64 = 1 << 63;
const CODING: &[u8] = b"chunked";
/// What is matched of the coding when all of it was read.
const CODING_READ: u8 = CODING.len() as u8;
/// The same, with white space behind it.
const CODING_ENDED: u8 = CODING_READ + 1;

/// How the body of a request is delimited (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Nothing,
    /// As many bytes, at least one.
    Length(u64),
    Chunked,
}

/// What the rest of a value must look like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// Any text.
    Text,
    /// Digits, with white space around them.
    Length { digits: u8, ended: bool },
    /// `chunked` in any case, with white space around it.
    Coding { matched: u8 },
}

/// What a head said so far about its framing and its addressee.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub(super) is_http_10: bool,
    host: bool,
    connection: bool,
    length: Option<u64>,
    chunked: bool,
}

impl Facts {
    /// How the body is delimited, when the head is complete.
    pub(super) fn framing(&self) -> Framing {
        match self.length {
            _ if self.chunked => Framing::Chunked,
            None | Some(0) => Framing::Nothing,
            Some(length) => Framing::Length(length),
        }
    }

    /// Takes note of a header by its name, in any case: what its value must look like.
    pub(super) fn meet(&mut self, name: &[u8]) -> Result<Value, Fault> {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.meet_host(),
            10 if name.eq_ignore_ascii_case(b"connection") => self.meet_connection(),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.meet_length(),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.meet_coding(),
            _ => Ok(Value::Text),
        }
    }

    fn meet_host(&mut self) -> Result<Value, Fault> {
        let before = std::mem::replace(&mut self.host, true);
        if before { Err(Fault::HostRepeated) } else { Ok(Value::Text) }
    }

    fn meet_connection(&mut self) -> Result<Value, Fault> {
        let before = std::mem::replace(&mut self.connection, true);
        if before { Err(Fault::ConnectionRepeated) } else { Ok(Value::Text) }
    }

    fn meet_length(&mut self) -> Result<Value, Fault> {
        if self.chunked {
            return Err(Fault::LengthConflict);
        }
        match self.length.replace(0) {
            None => Ok(Value::Length { digits: 0, ended: false }),
            Some(_) => Err(Fault::ContentLength),
        }
    }

    fn meet_coding(&mut self) -> Result<Value, Fault> {
        if self.length.is_some() {
            return Err(Fault::LengthConflict);
        }
        // RFC 9112 6.1: with HTTP/1.0, whoever forwarded it may not have understood it.
        if self.chunked || self.is_http_10 {
            return Err(Fault::TransferEncoding);
        }
        self.chunked = true;
        Ok(Value::Coding { matched: 0 })
    }

    /// Reads a byte of a Content-Length. Nothing is left of it when its CR was read.
    pub(super) fn length(
        &mut self,
        byte: u8,
        digits: u8,
        ended: bool,
    ) -> Result<Option<Value>, Fault> {
        let before = self.length.unwrap_or(0);
        match byte {
            b'0'..=b'9' if !ended && (digits == 0 || before > 0) => {
                // At most ten times 2^63: 128 bits hold it.
                let sum = u128::from(before) * 10 + u128::from(byte - b'0');
                let sum = u64::try_from(sum).ok().filter(|&sum| sum < LENGTH_END);
                self.length = Some(sum.ok_or(Fault::ContentLength)?);
                Ok(Some(Value::Length { digits: digits + 1, ended }))
            }
            b' ' | b'\t' => Ok(Some(Value::Length { digits, ended: digits > 0 })),
            b'\r' if digits > 0 => Ok(None),
            b'\n' => Err(Fault::LineEnding),
            _ => Err(Fault::ContentLength),
        }
    }
}

/// Reads a byte of a Transfer-Encoding. Nothing is left of it when its CR was read.
pub(super) fn coding(byte: u8, matched: u8) -> Result<Option<Value>, Fault> {
    match (byte, matched) {
        (b' ' | b'\t', 0) => Ok(Some(Value::Coding { matched })),
        (b' ' | b'\t', CODING_READ | CODING_ENDED) => {
            Ok(Some(Value::Coding { matched: CODING_ENDED }))
        }
        (b'\r', CODING_READ | CODING_ENDED) => Ok(None),
        (b'\n', _) => Err(Fault::LineEnding),
        _ if CODING.get(usize::from(matched)) == Some(&byte.to_ascii_lowercase()) => {
            Ok(Some(Value::Coding { matched: matched + 1 }))
        }
        _ => Err(Fault::TransferEncoding),
    }
}
