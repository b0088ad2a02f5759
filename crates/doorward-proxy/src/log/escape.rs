//! Bytes of a client's, made harmless: what is left is printable ASCII.

/// Writes at most `bytes_max` of `text`'s bytes for a JSON string, without its quotes.
pub(super) fn json(text: &[u8], bytes_max: usize, into: &mut Vec<u8>) {
    escape(text, bytes_max, into, |byte, into| match byte {
        b'"' | b'\\' => into.extend_from_slice(&[b'\\', byte]),
        0x20..=0x7e => into.push(byte),
        // A byte that is not ASCII may not be UTF-8 either: it stays visible as what it is.
        0x80.. => hex(b"\\\\x", byte, into),
        _ => hex(b"\\u00", byte, into),
    });
}

/// Writes at most `bytes_max` of `text`'s bytes for a terminal.
pub(super) fn plain(text: &[u8], bytes_max: usize, into: &mut Vec<u8>) {
    escape(text, bytes_max, into, |byte, into| match byte {
        b'\\' => into.extend_from_slice(b"\\\\"),
        0x20..=0x7e => into.push(byte),
        _ => hex(b"\\x", byte, into),
    });
}

fn escape(text: &[u8], bytes_max: usize, into: &mut Vec<u8>, one: impl Fn(u8, &mut Vec<u8>)) {
    let kept = text.get(..bytes_max).unwrap_or(text);
    for byte in kept {
        one(*byte, into);
    }
    if kept.len() < text.len() {
        into.extend_from_slice(b"...");
    }
}

fn hex(before: &[u8], byte: u8, into: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    into.extend_from_slice(before);
    into.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
}
