//! The lines of a head or of a trailer section, up to the empty line that closes it.

use doorward_core::fault::Fault;
use doorward_core::fingerprint::http1::HeadOrder;

use super::ScanLimits;
use super::classes::{PATH, QUERY, TOKEN, is, is_refused_in_trailers, run, text_run};
use super::framing::{Facts, Framing, Value, coding};

/// The longest method, in bytes; the longest registered one has 17.
const METHOD_BYTES_MAX: u32 = 32;
/// A trailer section with its closing empty line, in bytes; hyper would take 16 KiB.
const TRAILER_BYTES_MAX: usize = 8 * 1024;
/// Lines of a trailer section.
const TRAILER_LINES_MAX: u32 = 32;
/// Kept bytes of a name that arrives in pieces; every name looked for is shorter.
const NAME_BYTES_KEPT: usize = 32;
const VERSION: &[u8] = b"HTTP/1.";

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug)]
enum Line {
    Method { bytes: u32 },
    Target { bytes: u32, query: bool },
    Version { matched: u8 },
    Start,
    Name,
    Value(Value),
    ValueLf,
    SectionLf,
    Complete,
}

/// One head or trailer section on its way in.
#[derive(Clone, Debug)]
pub(super) struct Section {
    line: Line,
    is_trailers: bool,
    bytes_left: usize,
    lines_left: u32,
    target_bytes_max: u32,
    facts: Facts,
    /// The order of the names, where it is wanted.
    pub(super) order: Option<HeadOrder>,
    kept: [u8; NAME_BYTES_KEPT],
    kept_bytes: usize,
}

impl Section {
    /// A head of which nothing was read.
    pub(super) fn head(limits: &ScanLimits) -> Self {
        Self {
            line: Line::Method { bytes: 0 },
            is_trailers: false,
            bytes_left: limits.head_bytes_max,
            lines_left: limits.headers_max,
            target_bytes_max: limits.target_bytes_max,
            facts: Facts::default(),
            order: None,
            kept: [0; NAME_BYTES_KEPT],
            kept_bytes: 0,
        }
    }

    /// A trailer section of which nothing was read.
    pub(super) fn trailers() -> Self {
        let limits = ScanLimits {
            head_bytes_max: TRAILER_BYTES_MAX,
            headers_max: TRAILER_LINES_MAX,
            target_bytes_max: 0,
        };
        Self { line: Line::Start, is_trailers: true, ..Self::head(&limits) }
    }

    /// Whether a head may start with this byte, which is not yet read.
    pub(super) fn may_start_with(byte: u8) -> Result<(), Fault> {
        match byte {
            _ if is(TOKEN, byte) => Ok(()),
            b'\r' | b'\n' | b' ' | b'\t' => Err(Fault::LineEnding),
            _ => Err(Fault::MethodBytes),
        }
    }

    /// How the body is delimited, once the closing empty line was read.
    pub(super) fn complete(&self) -> Option<Framing> {
        matches!(self.line, Line::Complete).then(|| self.facts.framing())
    }

    /// Reads one piece of what is not empty: how many bytes it has. Of a trailer section, only the
    /// first of them can be wrong; of a head, any.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let bytes = &bytes[..bytes.len().min(self.bytes_left)];
        let Some(&first) = bytes.first() else { return Err(Fault::HeadTooLarge) };
        let (line, read) = match self.line {
            Line::Method { bytes: before } => method(bytes, before)?,
            Line::Target { bytes: before, query } => self.target(bytes, before, query)?,
            Line::Version { matched } => self.version(bytes, matched)?,
            Line::Start => self.start(bytes)?,
            Line::Name => self.name(bytes)?,
            Line::Value(Value::Text) => text(bytes)?,
            Line::Value(Value::Length { digits, ended }) => {
                (self.facts.length(first, digits, ended)?.map_or(Line::ValueLf, Line::Value), 1)
            }
            Line::Value(Value::Coding { matched }) => {
                (coding(first, matched)?.map_or(Line::ValueLf, Line::Value), 1)
            }
            Line::ValueLf if first == b'\n' => (Line::Start, 1),
            Line::SectionLf if first == b'\n' => (Line::Complete, 1),
            Line::ValueLf => return Err(Fault::HeaderValue),
            Line::SectionLf | Line::Complete => return Err(Fault::LineEnding),
        };
        self.line = line;
        self.bytes_left -= read;
        Ok(read)
    }

    fn target(&self, bytes: &[u8], before: u32, query: bool) -> Result<(Line, usize), Fault> {
        let read = run(if query { QUERY } else { PATH }, bytes);
        let length = before.saturating_add(u32::try_from(read).unwrap_or(u32::MAX));
        if length > self.target_bytes_max {
            return Err(Fault::TargetTooLong);
        }
        match bytes.get(read) {
            None => Ok((Line::Target { bytes: length, query }, read)),
            // The `?` is the first byte of the query's run, where a `?` is like any other.
            Some(b'?') => Ok((Line::Target { bytes: length, query: true }, read)),
            Some(b' ') if length > 0 => Ok((Line::Version { matched: 0 }, read + 1)),
            Some(b' ' | b'\r') => Err(Fault::RequestLine),
            Some(b'\n') => Err(Fault::LineEnding),
            Some(b'#') => Err(Fault::Fragment),
            Some(_) => Err(Fault::TargetBytes),
        }
    }

    fn version(&mut self, bytes: &[u8], matched: u8) -> Result<(Line, usize), Fault> {
        if matched == 0 && bytes.starts_with(b"HTTP/1.1\r\n") {
            return Ok((Line::Start, 10));
        }
        match (bytes[0], matched) {
            (byte, _) if VERSION.get(usize::from(matched)) == Some(&byte) => {}
            (byte @ (b'0' | b'1'), 7) => self.facts.is_http_10 = byte == b'0',
            (b'\r', 8) => {}
            (b'\n', 9) => return Ok((Line::Start, 1)),
            (b'\n', _) | (_, 9) => return Err(Fault::LineEnding),
            (b' ' | b'\t', 8) => return Err(Fault::RequestLine),
            // More likely a target with a space in it than another protocol's name.
            (byte, 0) if byte != b'h' => return Err(Fault::RequestLine),
            _ => return Err(Fault::Version),
        }
        Ok((Line::Version { matched: matched + 1 }, 1))
    }

    fn start(&mut self, bytes: &[u8]) -> Result<(Line, usize), Fault> {
        match bytes[0] {
            byte if is(TOKEN, byte) => {
                self.lines_left = self.lines_left.checked_sub(1).ok_or(Fault::TooManyHeaders)?;
                self.kept_bytes = 0;
                self.name(bytes)
            }
            b'\r' => Ok((Line::SectionLf, 1)),
            b'\n' => Err(Fault::LineEnding),
            b' ' | b'\t' => Err(Fault::FoldedLine),
            _ => Err(Fault::HeaderName),
        }
    }

    fn name(&mut self, bytes: &[u8]) -> Result<(Line, usize), Fault> {
        let read = run(TOKEN, bytes);
        match bytes.get(read) {
            Some(b':') if self.kept_bytes == 0 && !self.is_trailers => {
                if let Some(order) = &mut self.order {
                    order.meet(&bytes[..read]);
                }
                Ok((Line::Value(self.facts.meet(&bytes[..read])?), read + 1))
            }
            Some(b':') if read == 0 => {
                let name = &self.kept[..self.kept_bytes];
                if !self.is_trailers {
                    if let Some(order) = &mut self.order {
                        order.meet(name);
                    }
                    return Ok((Line::Value(self.facts.meet(name)?), 1));
                }
                let is_refused = is_refused_in_trailers(name);
                if is_refused { Err(Fault::Trailer) } else { Ok((Line::Value(Value::Text), 1)) }
            }
            Some(_) if read == 0 => Err(Fault::HeaderName),
            Some(_) | None => {
                let taken = read.min(NAME_BYTES_KEPT - self.kept_bytes);
                let room = &mut self.kept[self.kept_bytes..][..taken];
                room.copy_from_slice(&bytes[..taken]);
                self.kept_bytes += taken;
                Ok((Line::Name, read))
            }
        }
    }
}

fn method(bytes: &[u8], before: u32) -> Result<(Line, usize), Fault> {
    let read = run(TOKEN, bytes);
    let length = before.saturating_add(u32::try_from(read).unwrap_or(u32::MAX));
    if length > METHOD_BYTES_MAX {
        return Err(Fault::MethodBytes);
    }
    match bytes.get(read) {
        None => Ok((Line::Method { bytes: length }, read)),
        Some(b' ') => Ok((Line::Target { bytes: 0, query: false }, read + 1)),
        Some(b'\n') => Err(Fault::LineEnding),
        Some(b'\r') => Err(Fault::RequestLine),
        Some(_) => Err(Fault::MethodBytes),
    }
}

fn text(bytes: &[u8]) -> Result<(Line, usize), Fault> {
    let read = text_run(bytes);
    match (&bytes[read..], read) {
        ([b'\r', b'\n', ..], _) => Ok((Line::Start, read + 2)),
        ([b'\t', ..], _) => Ok((Line::Value(Value::Text), read + 1)),
        ([b'\r', ..], _) => Ok((Line::ValueLf, read + 1)),
        ([_, ..], 1..) | ([], _) => Ok((Line::Value(Value::Text), read)),
        ([b'\n', ..], 0) => Err(Fault::LineEnding),
        ([_, ..], 0) => Err(Fault::HeaderValue),
    }
}
