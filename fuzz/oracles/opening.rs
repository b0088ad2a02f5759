//! What must hold for any bytes that begin an HTTP/2 connection.

use doorward_core::fingerprint::http2::{Opening, OpeningError, OpeningReading};

/// Whether they hold an opening. It is read alike in any pieces; its text has four parts, and tells
/// apart what is not the same but for the first request's own priority.
#[must_use]
pub(crate) fn check(bytes: &[u8]) -> bool {
    let whole = read(bytes, bytes.len().max(1));
    for size in [1, 3, 64, 1_460] {
        assert_eq!(read(bytes, size), whole, "in pieces of {size}");
    }
    let Ok(Some(opening)) = whole else { return false };
    let text = opening.text().to_string();
    let parts = text.split('|').count();
    assert_eq!(parts, if opening.pseudo.is_empty() { 3 } else { 4 }, "{text}");
    assert_eq!(opening.clone().digest(), opening.digest());
    let less = Opening { window: Some(opening.window.map_or(1, |more| more ^ 1)), ..opening };
    assert_ne!(less.text().to_string(), text);
    true
}

fn read(bytes: &[u8], size: usize) -> Result<Option<Opening>, OpeningError> {
    let mut reading = OpeningReading::new();
    for piece in bytes.chunks(size) {
        let fed = reading.feed(piece)?;
        if fed.is_some() {
            return Ok(fed);
        }
    }
    Ok(None)
}
