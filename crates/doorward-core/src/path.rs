//! Paths: what in them could be read in two ways. Nothing is rewritten; the client's bytes go on as
//! they came, or the request is refused.

/// Why a path is refused whatever the routes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFault {
    /// A `.` or `..` segment in any spelling.
    DotSegment,
    /// A NUL or another control byte, percent-encoded.
    Control,
    /// A backslash in any spelling.
    Backslash,
    /// UTF-8 in more bytes than needed.
    Overlong,
    /// A `%` that is not followed by two hexadecimal digits.
    Percent,
    /// It does not begin with a slash.
    Form,
}

/// What a path contains that a backend could read in a second way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// A percent-encoded byte.
    pub encoded: bool,
    /// `%2F`, at any depth of encoding.
    pub encoded_slash: bool,
    /// A `;`.
    pub parameters: bool,
    /// `//`.
    pub empty_segment: bool,
    /// An upper-case letter.
    pub upper: bool,
    /// A slash, dot or space at the end of a segment's reading.
    pub ending: bool,
}

impl Oddities {
    /// Whether there is a second reading at all.
    #[must_use]
    pub const fn any(self) -> bool {
        self.encoded || self.parameters || self.empty_segment || self.upper || self.ending
    }
}

/// How often a backend may decode a path before this stops following it. Two decodings in a row are
/// seen in the field (CVE-2021-42013); a third is for safety.
const DECODINGS_MAX: usize = 3;

const SLASH: u8 = 1;
const DOT: u8 = 2;
const PERCENT: u8 = 4;
const SEMICOLON: u8 = 8;
const UPPER: u8 = 16;
const BACKSLASH: u8 = 32;

const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'/' => SLASH,
            b'.' => DOT,
            b'%' => PERCENT,
            b';' => SEMICOLON,
            b'A'..=b'Z' => UPPER,
            b'\\' => BACKSLASH,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// Looks a path over.
///
/// # Errors
/// What makes it ambiguous for every backend.
pub fn inspect(path: &str) -> Result<Oddities, PathFault> {
    let bytes = path.as_bytes();
    if bytes.first() != Some(&b'/') {
        return Err(PathFault::Form);
    }
    let mut seen = 0;
    let mut odd = Oddities::default();
    let mut before = 0;
    for byte in bytes {
        let class = CLASS[usize::from(*byte)];
        odd.empty_segment |= before == SLASH && class == SLASH;
        odd.ending |= before == DOT && class == SLASH;
        seen |= class;
        before = class;
    }
    odd.upper = seen & UPPER != 0;
    odd.parameters = seen & SEMICOLON != 0;
    odd.encoded = seen & PERCENT != 0;
    odd.ending |= bytes.len() > 1 && (before == SLASH || before == DOT);
    if seen & BACKSLASH != 0 {
        return Err(PathFault::Backslash);
    }
    if odd.encoded {
        return inspect_encoded(path, odd);
    }
    if seen & DOT != 0 && has_dot_segment(bytes) {
        return Err(PathFault::DotSegment);
    }
    Ok(odd)
}

fn inspect_encoded(path: &str, mut odd: Oddities) -> Result<Oddities, PathFault> {
    let mut reading = path.as_bytes().to_vec();
    if has_dot_segment(&reading) {
        return Err(PathFault::DotSegment);
    }
    // A stray `%` is refused where the client wrote it; what only appears by decoding once is
    // somebody's literal percent sign, and must not hide what stands behind it.
    let mut decoded = decode(&reading).ok_or(PathFault::Percent)?;
    for _ in 0..DECODINGS_MAX {
        inspect_decoded(&decoded)?;
        let slashes = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'/').count();
        odd.encoded_slash |= slashes(&decoded) > slashes(&reading);
        odd.parameters |= decoded.contains(&b';');
        odd.ending |= decoded.len() > 1 && decoded.last() == Some(&b'/');
        odd.ending |=
            decoded.split(|byte| *byte == b'/').any(|segment| trimmed(segment) != segment);
        if decoded == reading {
            break;
        }
        reading = decoded;
        decoded = decode_leniently(&reading, true).0;
    }
    Ok(odd)
}

fn inspect_decoded(decoded: &[u8]) -> Result<(), PathFault> {
    if decoded.iter().any(|byte| *byte < 0x20 || *byte == 0x7f) {
        return Err(PathFault::Control);
    }
    if decoded.contains(&b'\\') {
        return Err(PathFault::Backslash);
    }
    if has_overlong(decoded) {
        return Err(PathFault::Overlong);
    }
    if has_dot_segment(decoded) {
        return Err(PathFault::DotSegment);
    }
    Ok(())
}

/// Whether a segment is `.` or `..` once its parameters and the spaces and dots that Windows drops
/// are cut off (`..;x`, `.. `).
fn has_dot_segment(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'/').any(|segment| {
        let end = segment.iter().position(|byte| *byte == b';').unwrap_or(segment.len());
        let name = segment[..end].trim_ascii();
        name == b"." || name == b".."
    })
}

/// Whether UTF-8 is written in more bytes than needed: C0, C1, E0 80-9F, F0 80-8F, and the forms of
/// five and six bytes that no longer are UTF-8 (RFC 3629 3).
fn has_overlong(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| {
        matches!(
            pair,
            [0xc0 | 0xc1 | 0xf8..=0xfd, 0x80..=0xbf] | [0xe0, 0x80..=0x9f] | [0xf0, 0x80..=0x8f]
        )
    })
}

/// Percent-encodes everything but ASCII letters, digits and `kept`.
#[must_use]
pub(crate) fn encode(text: &str, kept: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// Percent-decodes once. `None`: a `%` without two hexadecimal digits.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    let (decoded, stray) = decode_leniently(bytes, true);
    (!stray).then_some(decoded)
}

/// Percent-decodes once, as lenient backends do: a stray `%` stays, and without `slashes` an
/// encoded slash too. Whether there was a stray one.
fn decode_leniently(bytes: &[u8], slashes: bool) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(bytes.len());
    let mut stray = false;
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        let escaped = if *first == b'%' { two_digits(tail) } else { None };
        stray |= *first == b'%' && escaped.is_none();
        let escaped = escaped.filter(|byte| slashes || *byte != b'/');
        out.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    (out, stray)
}

fn two_digits(bytes: &[u8]) -> Option<u8> {
    let [high, low, ..] = bytes else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// Every second reading that a backend could have of `path`: decoded once or twice, parameters cut
/// before or after that, ended at a `?` or `#` that decoding brought to light, slashes merged, in
/// any combination; always in lower case, without a slash at its end, and without dots and spaces
/// around its segments. `slashes`: an encoded slash may be read as one; where it is known to be
/// read right, it stays as it is, and nothing else does.
#[must_use]
pub fn readings(path: &str, odd: Oddities, slashes: bool) -> Vec<Vec<u8>> {
    let mut bases = vec![path.as_bytes().to_vec()];
    if odd.encoded {
        let mut last = vec![bases[0].clone()];
        for _ in 1..DECODINGS_MAX {
            let mut next = Vec::new();
            for reading in &last {
                // Some servers cut parameters from the bytes as sent, and decode what is left.
                for raw in [reading.clone(), cut_parameters(reading)] {
                    let (decoded, _) = decode_leniently(&raw, slashes);
                    if decoded != *reading && !next.contains(&decoded) {
                        next.push(decoded);
                    }
                }
            }
            for reading in &next {
                let end = reading.iter().position(|byte| matches!(byte, b'?' | b'#'));
                bases.extend(end.map(|end| reading[..end].to_vec()));
            }
            bases.extend(next.iter().cloned());
            last = next;
        }
    }
    let mut out: Vec<Vec<u8>> = Vec::new();
    for base in bases {
        for cut in [false, true] {
            for merge in [false, true] {
                let mut reading = if cut { cut_parameters(&base) } else { base.clone() };
                if merge {
                    reading.dedup_by(|next, before| *next == b'/' && *before == b'/');
                }
                reading.make_ascii_lowercase();
                let mut reading = trim_segments(&reading);
                while reading.len() > 1 && reading.last() == Some(&b'/') {
                    reading.pop();
                }
                if !out.contains(&reading) {
                    out.push(reading);
                }
            }
        }
    }
    out
}

/// Without the dots and spaces at a segment's end, and the spaces at its beginning, which file
/// systems and routers drop. A segment of nothing else is somebody's text, and stays.
fn trimmed(segment: &[u8]) -> &[u8] {
    let dropped = |byte: &u8| matches!(byte, b'.' | b' ');
    let Some(end) = segment.iter().rposition(|byte| !dropped(byte)) else { return segment };
    segment[..=end].trim_ascii_start()
}

fn trim_segments(path: &[u8]) -> Vec<u8> {
    path.split(|byte| *byte == b'/').map(trimmed).collect::<Vec<_>>().join(&b'/')
}

fn cut_parameters(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut inside = false;
    for byte in path {
        inside = match byte {
            b';' => true,
            b'/' => false,
            _ => inside,
        };
        if !inside {
            out.push(*byte);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambiguous_paths_are_refused_and_honest_ones_are_not() {
        use PathFault::{Backslash, Control, DotSegment, Form, Overlong, Percent};
        for (path, want) in [
            ("/", Ok(())),
            ("/a/b.c/d..e/...x", Ok(())),
            ("/.well-known/x", Ok(())),
            ("/files/my%20doc", Ok(())),
            ("/projects/group%2Fname", Ok(())),
            ("/100%25", Ok(())),
            ("/b%C3%BCcher", Ok(())),
            ("/caf%E9", Ok(())),
            ("/a;v=1/b", Ok(())),
            ("/a//b", Ok(())),
            ("/..", Err(DotSegment)),
            ("/a/../b", Err(DotSegment)),
            ("/a/./b", Err(DotSegment)),
            ("/a/..;/b", Err(DotSegment)),
            ("/a/%2e%2e/b", Err(DotSegment)),
            ("/a/%2E./b", Err(DotSegment)),
            ("/a/.%2e", Err(DotSegment)),
            ("/a%2f..%2fb", Err(DotSegment)),
            ("/a/%252e%252e/b", Err(DotSegment)),
            ("/a/%25252e%25252e/b", Err(DotSegment)),
            ("/a/..%20/b", Err(DotSegment)),
            ("/%25/a/%252e%252e/b", Err(DotSegment)),
            ("/a%255/%252504", Err(Control)),
            ("/a/..%3bx/b", Err(DotSegment)),
            ("/a\\b", Err(Backslash)),
            ("/a%5cb", Err(Backslash)),
            ("/a%255Cb", Err(Backslash)),
            ("/a%00", Err(Control)),
            ("/a%0d%0ab", Err(Control)),
            ("/a%7f", Err(Control)),
            ("/%c0%ae%c0%ae/b", Err(Overlong)),
            ("/%e0%80%ae", Err(Overlong)),
            ("/%f8%80%80%80%ae", Err(Overlong)),
            ("/a%", Err(Percent)),
            ("/a%zz", Err(Percent)),
            ("/a%u002e", Err(Percent)),
            ("*", Err(Form)),
            ("", Err(Form)),
            ("a/b", Err(Form)),
        ] {
            assert_eq!(inspect(path).map(|_| ()), want, "{path}");
        }
    }

    #[test]
    fn readings_are_those_of_common_backends() {
        let found = |path: &str| {
            let odd = inspect(path).expect("a plain path");
            let list = readings(path, odd, true).into_iter();
            list.map(|one| String::from_utf8_lossy(&one).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("/V1/Transfer/"), ["/v1/transfer"]);
        assert_eq!(found("/v1//transfer"), ["/v1//transfer", "/v1/transfer"]);
        assert_eq!(found("/v1/transfer;x"), ["/v1/transfer;x", "/v1/transfer"]);
        assert_eq!(found("/v1%2ftransfer"), ["/v1%2ftransfer", "/v1/transfer"]);
        assert!(found("/v1/transfer%20").contains(&"/v1/transfer".to_owned()));
        assert!(found("/v1/%74ransfer.").contains(&"/v1/transfer".to_owned()));
        assert!(found("/v1/%2574ransfer").contains(&"/v1/transfer".to_owned()));
        assert!(found("/v1/%2574ransfer;%25").contains(&"/v1/transfer".to_owned()));
    }
}
