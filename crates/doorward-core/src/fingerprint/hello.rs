//! What a TLS client says in its first message, the ClientHello (RFC 8446 4.1.2).
//!
//! Read beside the handshake and never instead of it: whether the hello is good enough to serve
//! is for the TLS library to say. What this reader cannot read gives no fingerprint.

mod reading;
#[cfg(test)]
pub(super) mod tests;

use super::cursor::Cursor;
use arrayvec::ArrayVec;
use thiserror::Error;

pub use reading::HelloReading;

/// Bytes of a hello at the most, with the headers of its records. With a post-quantum key it has
/// under two thousand.
pub const HELLO_BYTES_MAX: usize = 16 * 1024;
/// Cipher suites at the most: scanners that offer all there are send under two hundred.
pub const CIPHERS_MAX: usize = 256;
/// Extensions at the most. Some seventy are registered.
pub const EXTENSIONS_MAX: usize = 96;
/// Groups, and signature algorithms, at the most.
pub const ALGORITHMS_MAX: usize = 64;
/// Supported versions at the most.
pub const VERSIONS_MAX: usize = 32;

/// Bytes of `legacy_session_id` at the most.
const SESSION_BYTES_MAX: usize = 32;
/// The one type of a name that there is (RFC 6066 3).
const HOST_NAME: u8 = 0;

/// Extensions that are looked into or left out of something (RFC 8446 4.2, and the registry).
pub(super) mod extension {
    pub(crate) const SERVER_NAME: u16 = 0;
    pub(crate) const SUPPORTED_GROUPS: u16 = 10;
    pub(crate) const SIGNATURE_ALGORITHMS: u16 = 13;
    pub(crate) const ALPN: u16 = 16;
    /// RFC 7685.
    pub(crate) const PADDING: u16 = 21;
    /// RFC 5077 3.2.
    pub(crate) const SESSION_TICKET: u16 = 35;
    pub(crate) const PRE_SHARED_KEY: u16 = 41;
    /// `early_data`.
    pub(crate) const EARLY: u16 = 42;
    pub(crate) const SUPPORTED_VERSIONS: u16 = 43;
    /// RFC 9849.
    pub(crate) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
}

/// Why bytes are no hello.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum HelloError {
    /// A record with something else in it than a part of a handshake.
    #[error("a record that is not a handshake's")]
    NotHandshake,
    /// A record of another protocol, or of SSL 2.
    #[error("a record of an unknown version")]
    RecordVersion,
    /// A record without bytes, or with more than 2^14 (RFC 8446 5.1).
    #[error("a record of no bytes, or of too many")]
    RecordLength,
    /// The first message is another one.
    #[error("the first message is not a ClientHello")]
    NotHello,
    /// More bytes than any client sends.
    #[error("a hello of more than {HELLO_BYTES_MAX} bytes")]
    TooLong,
    /// Bytes in the same record behind the hello (RFC 8446 5.1).
    #[error("bytes behind the hello, in its record")]
    Trailing,
    /// A length that does not fit what it stands in.
    #[error("a length that contradicts another")]
    Length,
    /// A list without an entry where there must be one.
    #[error("an empty list")]
    Empty,
    /// More entries than any client sends.
    #[error("a list of too many entries")]
    TooMany,
    /// An extension that is there twice (RFC 8446 4.2).
    #[error("an extension that is repeated")]
    Repeated,
    /// Something behind `pre_shared_key`, which must be the last (RFC 8446 4.2.11).
    #[error("an extension behind pre_shared_key")]
    NotLast,
    /// It was read to its end before, or given up.
    #[error("bytes behind a hello that is over")]
    Over,
}

/// What the first name of `application_layer_protocol_negotiation` (RFC 7301) is, and whether those
/// of HTTP are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alpn {
    /// The first and the last byte of the first name.
    pub ends: (u8, u8),
    /// Whether `h2` is offered.
    pub has_http2: bool,
    /// Whether `http/1.1` is offered.
    pub has_http1: bool,
}

/// What a client says in its hello, in the order in which it says it; GREASE values (RFC 8701) are
/// still in the lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// `legacy_version`.
    pub version: u16,
    /// Cipher suites.
    pub ciphers: ArrayVec<u16, CIPHERS_MAX>,
    /// The types of its extensions.
    pub extensions: ArrayVec<u16, EXTENSIONS_MAX>,
    /// Groups for the key exchange.
    pub groups: ArrayVec<u16, ALGORITHMS_MAX>,
    /// Signature algorithms.
    pub signatures: ArrayVec<u16, ALGORITHMS_MAX>,
    /// The versions that it really supports.
    pub versions: ArrayVec<u16, VERSIONS_MAX>,
    /// Protocols above TLS.
    pub alpn: Option<Alpn>,
    /// Whether it names whom it calls; browsers do not where that is an address (RFC 6066 3).
    pub has_name: bool,
    /// Whether it offers to encrypt its hello, or pretends to.
    pub has_encrypted_hello: bool,
    /// Whether it would go on with a session from before.
    pub resumes: bool,
    /// Whether it sends reserved values, so that servers stay tolerant: Chromium does.
    pub has_grease: bool,
}

/// Whether a value is one of those that are reserved for no meaning (RFC 8701 2).
#[must_use]
pub const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

impl Hello {
    fn empty(version: u16) -> Self {
        Self {
            version,
            ciphers: ArrayVec::new(),
            extensions: ArrayVec::new(),
            groups: ArrayVec::new(),
            signatures: ArrayVec::new(),
            versions: ArrayVec::new(),
            alpn: None,
            has_name: false,
            has_encrypted_hello: false,
            resumes: false,
            has_grease: false,
        }
    }

    /// Reads the body of a ClientHello, without its message's header.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(body: &[u8]) -> Result<Self, HelloError> {
        let mut cursor = Cursor::new(body);
        let mut hello = Self::empty(cursor.short().ok_or(HelloError::Length)?);
        let _random = cursor.take(32).ok_or(HelloError::Length)?;
        // In TLS 1.2 a session's number, in 1.3 any bytes for the sake of middle boxes: up to 32.
        let session = cursor.block8().ok_or(HelloError::Length)?;
        if session.len() > SESSION_BYTES_MAX {
            return Err(HelloError::Length);
        }
        list(cursor.block16(), &mut hello.ciphers)?;
        if cursor.block8().ok_or(HelloError::Length)?.is_empty() {
            return Err(HelloError::Empty);
        }
        // TLS 1.2 may have none, and then ends here (RFC 5246 7.4.1.2).
        if !cursor.is_empty() {
            let mut extensions = cursor.block16().ok_or(HelloError::Length)?;
            if !cursor.is_empty() {
                return Err(HelloError::Length);
            }
            while !extensions.is_empty() {
                let kind = extensions.short().ok_or(HelloError::Length)?;
                let value = extensions.block16().ok_or(HelloError::Length)?;
                hello.meet(kind, value)?;
            }
        }
        let lists = [&hello.ciphers[..], &hello.extensions, &hello.groups, &hello.versions];
        hello.has_grease = lists.into_iter().flatten().any(|value| is_grease(*value));
        Ok(hello)
    }

    fn meet(&mut self, kind: u16, mut value: Cursor<'_>) -> Result<(), HelloError> {
        if self.extensions.contains(&kind) {
            return Err(HelloError::Repeated);
        }
        if self.extensions.last() == Some(&extension::PRE_SHARED_KEY) {
            return Err(HelloError::NotLast);
        }
        self.extensions.try_push(kind).map_err(|_| HelloError::TooMany)?;
        match kind {
            extension::SERVER_NAME => {
                names(value)?;
                self.has_name = true;
                return Ok(());
            }
            extension::SUPPORTED_GROUPS => list(value.block16(), &mut self.groups)?,
            extension::SIGNATURE_ALGORITHMS => list(value.block16(), &mut self.signatures)?,
            extension::SUPPORTED_VERSIONS => list(value.block8(), &mut self.versions)?,
            extension::ALPN => self.alpn = Some(protocols(value.block16())?),
            extension::SESSION_TICKET => {
                // Empty, it asks for one.
                self.resumes |= !value.is_empty();
                return Ok(());
            }
            extension::PRE_SHARED_KEY => {
                self.resumes = true;
                return Ok(());
            }
            extension::ENCRYPTED_CLIENT_HELLO => {
                self.has_encrypted_hello = true;
                return Ok(());
            }
            _ => return Ok(()),
        }
        if value.is_empty() { Ok(()) } else { Err(HelloError::Length) }
    }
}

/// A list of values of two bytes each; at least one.
fn list<const MAX: usize>(
    block: Option<Cursor<'_>>,
    into: &mut ArrayVec<u16, MAX>,
) -> Result<(), HelloError> {
    let mut block = block.ok_or(HelloError::Length)?;
    if block.is_empty() {
        return Err(HelloError::Empty);
    }
    while !block.is_empty() {
        let value = block.short().ok_or(HelloError::Length)?;
        into.try_push(value).map_err(|_| HelloError::TooMany)?;
    }
    Ok(())
}

/// Whether `server_name` names somebody. Which name it is, the TLS library reads.
fn names(mut value: Cursor<'_>) -> Result<(), HelloError> {
    let mut names = value.block16().ok_or(HelloError::Length)?;
    if names.is_empty() {
        return Err(HelloError::Empty);
    }
    let kind = names.byte().ok_or(HelloError::Length)?;
    let name = names.block16().ok_or(HelloError::Length)?;
    if name.is_empty() {
        return Err(HelloError::Empty);
    }
    // RFC 6066 3: not more than one name of one type, and there is one type.
    let is_one = kind == HOST_NAME && names.is_empty() && value.is_empty();
    if is_one { Ok(()) } else { Err(HelloError::Length) }
}

/// The protocols above TLS (RFC 7301 3.1).
fn protocols(block: Option<Cursor<'_>>) -> Result<Alpn, HelloError> {
    let mut block = block.ok_or(HelloError::Length)?;
    let mut alpn: Option<Alpn> = None;
    while !block.is_empty() {
        let name = block.block8().ok_or(HelloError::Length)?.rest();
        let (Some(&first), Some(&last)) = (name.first(), name.last()) else {
            return Err(HelloError::Empty);
        };
        let alpn =
            alpn.get_or_insert(Alpn { ends: (first, last), has_http2: false, has_http1: false });
        alpn.has_http2 |= name == b"h2";
        alpn.has_http1 |= name == b"http/1.1";
    }
    alpn.ok_or(HelloError::Empty)
}
