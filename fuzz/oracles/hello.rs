//! What must hold for any bytes that begin a TLS connection.

use doorward_core::fingerprint::hello::{Hello, HelloError, HelloReading};
use doorward_core::fingerprint::ja4::{Form, Ja4, raw};

/// Whether they hold a hello. It is read alike in any pieces, and its fingerprints are texts that
/// are read back.
#[must_use]
pub(crate) fn check(bytes: &[u8]) -> bool {
    let whole = read(bytes, bytes.len().max(1));
    for size in [1, 3, 64, 1_460] {
        assert_eq!(read(bytes, size), whole, "in pieces of {size}");
    }
    let Ok(Some(hello)) = whole else { return false };
    for form in [Form::Whole, Form::Lasting] {
        let ja4 = Ja4::of(&hello, form);
        assert_eq!(Ja4::parse(ja4.as_str().as_bytes()), Some(ja4), "{ja4}");
        assert!(raw(&hello, form).starts_with(&ja4.as_str()[..10]));
    }
    true
}

fn read(bytes: &[u8], size: usize) -> Result<Option<Hello>, HelloError> {
    let mut reading = HelloReading::new();
    for piece in bytes.chunks(size) {
        let fed = reading.feed(piece)?;
        if fed.is_some() {
            return Ok(fed);
        }
    }
    Ok(None)
}
