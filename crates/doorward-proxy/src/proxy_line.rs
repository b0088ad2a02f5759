//! The PROXY protocol (haproxy's proxy-protocol.txt, versions 1 and 2): a load balancer tells,
//! ahead of all else on a connection, whose connection it passes on.
//!
//! Believed from listed peers only, because whoever may send it chooses its own address. The TLVs
//! of version 2 are passed over unread, its checksum among them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest line of version 1, with its CR LF.
const TEXT_BYTES_MAX: usize = 107;
/// What begins version 2.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The fixed part of version 2.
const FIXED_BYTES: usize = 16;
/// What may follow it: addresses and TLVs.
const REST_BYTES_MAX: usize = 536;
/// The longest line of either version.
pub(crate) const LINE_BYTES_MAX: usize = FIXED_BYTES + REST_BYTES_MAX;

/// What was read of a connection's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// It may be a line, and goes on.
    More,
    /// A whole line.
    Whole {
        /// How long it is; what follows is the client's.
        bytes: usize,
        /// The client's address. None where the sender speaks for itself (`LOCAL`, `UNKNOWN`).
        client: Option<SocketAddr>,
    },
    /// No line, or a malformed one.
    Wrong,
}

/// Whether a connection begins as a line does, well formed or not.
pub(crate) fn is_alike(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PROXY ") || bytes.starts_with(&SIGNATURE[..5])
}

/// Reads a connection's first bytes.
pub(crate) fn read(bytes: &[u8]) -> Read {
    match bytes.first() {
        None => Read::More,
        Some(b'P') => text(bytes),
        Some(b'\r') => binary(bytes),
        Some(_) => Read::Wrong,
    }
}

/// Version 1: `PROXY TCP4 client gate port port CR LF`.
fn text(bytes: &[u8]) -> Read {
    let start = b"PROXY ";
    let seen = bytes.len().min(start.len());
    if bytes[..seen] != start[..seen] {
        return Read::Wrong;
    }
    let window = &bytes[..bytes.len().min(TEXT_BYTES_MAX)];
    let Some(end) = window.windows(2).position(|pair| pair == b"\r\n") else {
        let may_go_on = window.len() < TEXT_BYTES_MAX && !window.contains(&b'\n');
        return if may_go_on { Read::More } else { Read::Wrong };
    };
    let line = std::str::from_utf8(&bytes[start.len()..end]).unwrap_or_default();
    let whole = |client| Read::Whole { bytes: end + 2, client };
    if line == "UNKNOWN" || line.starts_with("UNKNOWN ") {
        return whole(None);
    }
    match told(line) {
        Some(client) => whole(Some(client)),
        None => Read::Wrong,
    }
}

fn told(line: &str) -> Option<SocketAddr> {
    let mut words = line.split(' ');
    let family = words.next()?;
    let [client, gate] = [words.next()?, words.next()?];
    let [client_port, gate_port] = [port(words.next()?)?, port(words.next()?)?];
    if words.next().is_some() {
        return None;
    }
    let client: IpAddr = match family {
        "TCP4" => (client.parse::<Ipv4Addr>().ok()?, gate.parse::<Ipv4Addr>().ok()?).0.into(),
        "TCP6" => (client.parse::<Ipv6Addr>().ok()?, gate.parse::<Ipv6Addr>().ok()?).0.into(),
        _ => return None,
    };
    let _ = gate_port;
    Some(SocketAddr::new(client, client_port))
}

/// A port in plain digits: no sign, no leading zero.
fn port(text: &str) -> Option<u16> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && (text == "0" || !text.starts_with('0'))).then(|| text.parse().ok())?
}

/// Version 2: the signature, version and command, family, length, addresses, TLVs.
fn binary(bytes: &[u8]) -> Read {
    let seen = bytes.len().min(SIGNATURE.len());
    if bytes[..seen] != SIGNATURE[..seen] {
        return Read::Wrong;
    }
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED_BYTES>() else { return Read::More };
    let [command, family, high, low] = [fixed[12], fixed[13], fixed[14], fixed[15]];
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > REST_BYTES_MAX || !matches!(command, 0x20 | 0x21) {
        return Read::Wrong;
    }
    let Some(rest) = rest.get(..length) else { return Read::More };
    let client = match (command, family) {
        // LOCAL: the sender's own connection, a check of its health; the family is to be ignored.
        (0x20, _) | (_, 0x00) => None,
        (_, 0x11) => match address_4(rest) {
            Some(client) => Some(client),
            None => return Read::Wrong,
        },
        (_, 0x21) => match address_6(rest) {
            Some(client) => Some(client),
            None => return Read::Wrong,
        },
        // Datagrams and unix sockets: not what this connection is.
        _ => return Read::Wrong,
    };
    Read::Whole { bytes: FIXED_BYTES + length, client }
}

fn address_4(bytes: &[u8]) -> Option<SocketAddr> {
    let bytes = bytes.first_chunk::<12>()?;
    let [a, b, c, d, ..] = *bytes;
    let port = u16::from_be_bytes([bytes[8], bytes[9]]);
    Some(SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), port))
}

fn address_6(bytes: &[u8]) -> Option<SocketAddr> {
    let bytes = bytes.first_chunk::<36>()?;
    let address: [u8; 16] = *bytes.first_chunk::<16>()?;
    let port = u16::from_be_bytes([bytes[32], bytes[33]]);
    Some(SocketAddr::new(Ipv6Addr::from(address).into(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: usize, client: &str) -> Read {
        Read::Whole { bytes, client: client.parse().ok() }
    }

    fn version_2(command: u8, family: u8, length: u16, rest: &[u8]) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        [SIGNATURE.as_slice(), &[command, family, high, low], rest].concat()
    }

    #[test]
    fn version_1_is_read_by_the_letter() {
        let longest = format!("PROXY UNKNOWN {}\r\n", "x".repeat(TEXT_BYTES_MAX - 16));
        let longer = format!("PROXY UNKNOWN {}\r\n", "x".repeat(TEXT_BYTES_MAX - 15));
        for (line, want) in [
            ("PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n", whole(42, "203.0.113.7:4711")),
            ("PROXY TCP4 203.0.113.7 10.0.0.1 0 65535\r\nGET /", whole(41, "203.0.113.7:0")),
            ("PROXY TCP6 2001:db8::1 ::1 4711 443\r\n", whole(37, "[2001:db8::1]:4711")),
            ("PROXY UNKNOWN\r\nPROXY TCP4", whole(15, "")),
            ("PROXY UNKNOWN ffff:f ::1 65535 65535\r\n", whole(38, "")),
            (&longest, whole(TEXT_BYTES_MAX, "")),
            (&longer, Read::Wrong),
            ("", Read::More),
            ("P", Read::More),
            ("PROXY TCP4 203.0.113.7 10.0", Read::More),
            ("PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r", Read::More),
            ("PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\n", Read::Wrong),
            ("PROXY TCP4 203.0.113.7 10.0.0.1 4711\r\n", Read::Wrong),
            ("PROXY TCP4 203.0.113.7 10.0.0.1 4711 443 \r\n", Read::Wrong),
            ("PROXY TCP4  203.0.113.7 10.0.0.1 4711 443\r\n", Read::Wrong),
            ("PROXY TCP4 203.0.113.7 10.0.0.1 4711 65536\r\n", Read::Wrong),
            ("PROXY TCP4 203.0.113.7 10.0.0.1 +711 443\r\n", Read::Wrong),
            ("PROXY TCP4 203.0.113.7 10.0.0.1 04711 443\r\n", Read::Wrong),
            ("PROXY TCP4 203.0.113.07 10.0.0.1 4711 443\r\n", Read::Wrong),
            ("PROXY TCP4 2001:db8::1 ::1 4711 443\r\n", Read::Wrong),
            ("PROXY TCP6 203.0.113.7 10.0.0.1 4711 443\r\n", Read::Wrong),
            ("PROXY UDP4 203.0.113.7 10.0.0.1 4711 443\r\n", Read::Wrong),
            ("PROXY tcp4 203.0.113.7 10.0.0.1 4711 443\r\n", Read::Wrong),
            ("PROXY UNKNOWNX\r\n", Read::Wrong),
            ("PROXY \r\n", Read::Wrong),
            ("PRI * HTTP/2.0\r\n\r\n", Read::Wrong),
            ("POST / HTTP/1.1\r\n", Read::Wrong),
            ("GET / HTTP/1.1\r\n", Read::Wrong),
            ("\x16\x03\x01", Read::Wrong),
        ] {
            assert_eq!(read(line.as_bytes()), want, "{line:?}");
        }
    }

    #[test]
    fn version_2_is_read_by_the_byte() {
        let four = [203, 0, 113, 7, 10, 0, 0, 1, 0x12, 0x67, 1, 187];
        let mut six = [0; 36];
        six[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        six[15] = 1;
        six[33] = 80;
        let with_tlv = [&four[..], &[4, 0, 1, 9]].concat();
        let long = vec![0; REST_BYTES_MAX + 1];
        for (bytes, want) in [
            (version_2(0x21, 0x11, 12, &four), whole(28, "203.0.113.7:4711")),
            (version_2(0x21, 0x11, 16, &with_tlv), whole(32, "203.0.113.7:4711")),
            (version_2(0x21, 0x21, 36, &six), whole(52, "[2001:db8::1]:80")),
            (version_2(0x20, 0x11, 12, &four), whole(28, "")),
            (version_2(0x20, 0x00, 0, b"GET"), whole(16, "")),
            (version_2(0x21, 0x00, 0, b""), whole(16, "")),
            (version_2(0x20, 0x00, 536, &long[1..]), whole(552, "")),
            (version_2(0x20, 0x00, 537, &long), Read::Wrong),
            (version_2(0x21, 0x11, 12, &four[..11]), Read::More),
            (version_2(0x21, 0x11, 11, &four), Read::Wrong),
            (version_2(0x21, 0x21, 12, &four), Read::Wrong),
            (version_2(0x21, 0x12, 12, &four), Read::Wrong),
            (version_2(0x21, 0x31, 216, &[0; 216]), Read::Wrong),
            (version_2(0x22, 0x11, 12, &four), Read::Wrong),
            (version_2(0x11, 0x11, 12, &four), Read::Wrong),
            (SIGNATURE.to_vec(), Read::More),
            (SIGNATURE[..1].to_vec(), Read::More),
            (b"\r\n\r\n\0\r\nQUIX\n".to_vec(), Read::Wrong),
            (b"\r\nGET".to_vec(), Read::Wrong),
        ] {
            assert_eq!(read(&bytes), want, "{bytes:x?}");
        }
    }

    #[test]
    fn in_any_splitting_it_is_the_same_line_and_nothing_more() {
        let four = [203, 0, 113, 7, 10, 0, 0, 1, 0x12, 0x67, 1, 187];
        let text = b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n".to_vec();
        for line in [text, version_2(0x21, 0x11, 12, &four)] {
            for end in 0..line.len() {
                assert_eq!(read(&line[..end]), Read::More, "{end}");
            }
            let more = [&line[..], b"GET / HTTP/1.1\r\n"].concat();
            assert_eq!(read(&more), whole(line.len(), "203.0.113.7:4711"));
        }
    }
}
