//! The strict scan of HTTP/1 requests. It sits under hyper and sees each byte before hyper does.
//!
//! hyper repairs what could be read in two ways (bare LF, leading CR LF, two lengths, a length
//! beside chunks, a fragment), and whoever stands behind may choose the other. The scan refuses
//! these, and follows the message boundaries over keep-alive and pipelining so as to see each head.
//! It keeps no bytes, allocates nothing, and finds the same in any splitting of the stream.
//!
//! Left to the core: what the bytes mean (methods, target forms, percent-encoding, Host, non-ASCII
//! values). Refused although RFC 9112 allows it, because nobody honest sends it and readers differ
//! in it: chunk extensions, a Content-Length with leading zeros, empty lines before a request line,
//! and Connection spread over several lines.

mod chunk;
mod classes;
mod framing;
mod line;
#[cfg(test)]
mod tests;

use doorward_core::fault::Fault;
use doorward_core::fingerprint::http1::{HeadOrder, HeadVersion};

use self::chunk::Chunk;
pub(crate) use self::classes::is_refused_in_trailers;
use self::classes::{PATH, QUERY, run};
use self::framing::Framing;
use self::line::Section;

/// How large a head may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanLimits {
    /// Bytes from the first of the method to the last of the closing empty line.
    pub head_bytes_max: usize,
    /// Header lines.
    pub headers_max: u32,
    /// Bytes of the request target.
    pub target_bytes_max: u32,
}

impl Default for ScanLimits {
    /// 64 KiB, 100 lines, 8 KiB.
    fn default() -> Self {
        Self { head_bytes_max: 64 * 1024, headers_max: 100, target_bytes_max: 8 * 1024 }
    }
}

/// Where in the stream the scan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Between messages: not one byte of a next head was seen.
    Between,
    /// Within a head, which is not complete.
    Head,
    /// Within a body, its chunk lines or its trailers.
    Body,
    /// After [`Scan::stop`]: the bytes are no longer HTTP/1.
    Tunnel,
}

/// A fault and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is wrong.
    pub fault: Fault,
    /// Where the scan stood before the wrong byte. In `Between` and `Head` nothing of this request
    /// was passed on as complete; in `Body` its head was.
    pub standing: Standing,
}

/// What came of one [`Scan::feed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fed {
    /// How many of the fed bytes may be handed on: without a fault all of them; with one, those
    /// before the faulty head (0 if it began in an earlier feed), or, in a body, those before the
    /// wrong byte.
    pub passed: usize,
    /// The first fault. After it, each feed passes nothing and says it again.
    pub found: Option<Found>,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug)]
enum State {
    Between,
    /// The lines of a head.
    Head,
    /// What is left of a body with a Content-Length, in bytes.
    Body(u64),
    Chunk(Chunk),
    /// The lines after the last chunk.
    Trailers,
    Tunnel,
    Broken(Found),
}

/// The scan of one connection's request stream.
#[derive(Clone, Debug)]
pub struct Scan {
    limits: ScanLimits,
    state: State,
    section: Section,
    heads: u64,
    notes_order: bool,
    /// The order of the names of the last head that was complete.
    order: Option<HeadOrder>,
}

impl Scan {
    /// A scan at the start of a connection.
    #[must_use]
    pub fn new(limits: ScanLimits) -> Self {
        let section = Section::head(&limits);
        Self { limits, state: State::Between, section, heads: 0, notes_order: false, order: None }
    }

    /// The same, which notes the order and case of each head's names too.
    #[must_use]
    pub fn noting_order(limits: ScanLimits) -> Self {
        Self { notes_order: true, ..Self::new(limits) }
    }

    /// Reads the next bytes of the stream.
    pub fn feed(&mut self, bytes: &[u8]) -> Fed {
        let mut at = 0;
        let mut head_at = 0;
        while at < bytes.len() {
            if let State::Between = self.state {
                head_at = at;
            }
            match self.step(&bytes[at..]) {
                Ok(read) => at += read,
                Err(fault) => {
                    let found = Found { fault, standing: self.standing() };
                    self.state = State::Broken(found);
                    let passed = if found.standing == Standing::Body { at } else { head_at };
                    return Fed { passed, found: Some(found) };
                }
            }
        }
        Fed { passed: at, found: self.found() }
    }

    /// Where the scan stands; after a fault, where that lies.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.state {
            State::Between => Standing::Between,
            State::Head => Standing::Head,
            State::Body(_) | State::Chunk(_) | State::Trailers => Standing::Body,
            State::Tunnel => Standing::Tunnel,
            State::Broken(found) => found.standing,
        }
    }

    /// How many heads were complete so far.
    #[must_use]
    pub fn heads(&self) -> u64 {
        self.heads
    }

    /// The order of the names of the last head that was complete, once.
    pub fn take_order(&mut self) -> Option<HeadOrder> {
        self.order.take()
    }

    /// Ends the scan: after a 101 the bytes belong to another protocol, and all pass. A fault
    /// stays.
    pub fn stop(&mut self) {
        if self.found().is_none() {
            self.state = State::Tunnel;
        }
    }

    fn found(&self) -> Option<Found> {
        match self.state {
            State::Broken(found) => Some(found),
            State::Between
            | State::Head
            | State::Body(_)
            | State::Chunk(_)
            | State::Trailers
            | State::Tunnel => None,
        }
    }

    /// Reads one piece of what is not empty: how many bytes it has, or that its first is wrong.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        match &mut self.state {
            State::Between => {
                Section::may_start_with(bytes[0])?;
                self.section = Section::head(&self.limits);
                self.section.order = self.notes_order.then(|| HeadOrder::new(HeadVersion::One));
                self.state = State::Head;
                Ok(0)
            }
            State::Head => {
                let read = self.section.read(bytes)?;
                if let Some(framing) = self.section.complete() {
                    self.heads += 1;
                    self.order = self.section.order;
                    self.state = match framing {
                        Framing::Nothing => State::Between,
                        Framing::Length(length) => State::Body(length),
                        Framing::Chunked => State::Chunk(Chunk::START),
                    };
                }
                Ok(read)
            }
            State::Body(left) => {
                let read = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= read as u64;
                if *left == 0 {
                    self.state = State::Between;
                }
                Ok(read)
            }
            State::Chunk(chunk) => {
                let read = chunk.read(bytes).ok_or(Fault::Chunk)?;
                if chunk.was_last() {
                    self.section = Section::trailers();
                    self.state = State::Trailers;
                }
                Ok(read)
            }
            State::Trailers => {
                let read = self.section.read(bytes).map_err(|_| Fault::Trailer)?;
                if self.section.complete().is_some() {
                    self.state = State::Between;
                }
                Ok(read)
            }
            State::Tunnel => Ok(bytes.len()),
            State::Broken(found) => Err(found.fault),
        }
    }
}

/// What is wrong with a target that came by HTTP/2: the same as in a request line.
pub(crate) fn target_fault(target: &[u8], limits: &ScanLimits) -> Option<Fault> {
    if target.len() > limits.target_bytes_max as usize {
        return Some(Fault::TargetTooLong);
    }
    let path = run(PATH, target);
    let read = match target.get(path) {
        Some(b'?') => path + run(QUERY, &target[path..]),
        Some(_) | None => path,
    };
    match target.get(read) {
        None => None,
        Some(b'#') => Some(Fault::Fragment),
        Some(_) => Some(Fault::TargetBytes),
    }
}
