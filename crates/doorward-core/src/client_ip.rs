//! Whose address a request comes from: the socket's, or what trusted proxies say in front of it.

use crate::address::unwrap;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::IpAddr;

/// Where a trusted proxy writes the client's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Real-IP`.
    XRealIp,
}

/// Whom to believe about addresses.
#[derive(Debug, Default)]
pub struct ClientIp {
    /// Networks of one's own proxies. Empty: forwarding headers are ignored.
    pub trusted: Vec<IpNet>,
    /// The one header that they write; the others are removed, even theirs.
    pub from: From,
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

impl ClientIp {
    /// Whether `peer` is one of one's own proxies.
    #[must_use]
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = unwrap(peer);
        self.trusted.iter().any(|network| network.contains(&peer))
    }

    /// The client's address: from the right, the first that no trusted proxy has. All lines count.
    /// What cannot be read stops the walk there: the last address that could is the client's.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = unwrap(peer);
        if self.trusted.is_empty() || !self.trusts(client) {
            return client;
        }
        let name = match self.from {
            From::XForwardedFor => &X_FORWARDED_FOR,
            From::Forwarded => &http::header::FORWARDED,
            From::XRealIp => &X_REAL_IP,
        };
        for line in headers.get_all(name).iter().rev() {
            let Ok(line) = line.to_str() else { return client };
            for entry in line.rsplit(',') {
                let entry = entry.trim();
                let address = match self.from {
                    From::Forwarded => forwarded_for(entry).and_then(read_address),
                    From::XForwardedFor | From::XRealIp => read_address(entry),
                };
                let Some(address) = address else { return client };
                client = unwrap(address);
                if !self.trusts(client) {
                    return client;
                }
            }
        }
        client
    }
}

/// The `for` parameter of one element (RFC 7239 4).
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

/// An address, with or without brackets and port. Obfuscated names (`_hidden`, `unknown`) are none.
fn read_address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(inner) = text.strip_prefix('[') {
        let (address, port) = inner.split_once(']')?;
        let port_is_one = port.is_empty()
            || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        return port_is_one.then(|| address.parse().ok()).flatten();
    }
    let (address, port) = text.split_once(':')?;
    port.parse::<u16>().ok()?;
    address.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(from: From, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let rule = ClientIp {
            trusted: ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().expect("a network")).into(),
            from,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = http::HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            headers.append(HeaderName::from_static(name), value);
        }
        rule.client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_from_the_right() {
        let xff = "x-forwarded-for";
        for (peer, lines, want) in [
            ("203.0.113.7", vec![(xff, "198.51.100.1")], "203.0.113.7"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec![(xff, "198.51.100.1")], "198.51.100.1"),
            ("::ffff:10.0.0.1", vec![(xff, "198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", vec![(xff, "1.1.1.1, 198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", vec![(xff, "1.1.1.1, 198.51.100.1, 10.0.0.2")], "198.51.100.1"),
            ("10.0.0.1", vec![(xff, "1.1.1.1"), (xff, "198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", vec![(xff, "198.51.100.1"), (xff, "10.0.0.2")], "198.51.100.1"),
            ("10.0.0.1", vec![(xff, "198.51.100.1:4711")], "198.51.100.1"),
            ("10.0.0.1", vec![(xff, "[2001:db8::1]:4711")], "2001:db8::1"),
            ("10.0.0.1", vec![(xff, "2001:db8::1")], "2001:db8::1"),
            ("10.0.0.1", vec![(xff, "::ffff:198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", vec![(xff, "1.1.1.1, unknown")], "10.0.0.1"),
            ("10.0.0.1", vec![(xff, "1.1.1.1, _hidden, 10.0.0.3")], "10.0.0.3"),
            ("10.0.0.1", vec![(xff, "")], "10.0.0.1"),
            ("10.0.0.1", vec![(xff, "1.1.1.1, 198.51.100.1:x")], "10.0.0.1"),
            ("10.0.0.1", vec![("x_forwarded_for", "1.1.1.1")], "10.0.0.1"),
            ("10.0.0.1", vec![("forwarded", "for=1.1.1.1")], "10.0.0.1"),
            ("10.0.0.1", vec![("x-real-ip", "1.1.1.1")], "10.0.0.1"),
        ] {
            assert_eq!(client(From::XForwardedFor, peer, &lines), want, "{peer} {lines:?}");
        }
        for (line, want) in [
            ("for=198.51.100.1;proto=https", "198.51.100.1"),
            ("for=1.1.1.1, For=\"[2001:db8::1]:47\"", "2001:db8::1"),
            ("for=\"1.1.1.1, for=198.51.100.1", "198.51.100.1"),
            ("for=1.1.1.1;by=1.1.1.2, FOR = 198.51.100.1 ; host=a", "198.51.100.1"),
            ("for=1.1.1.1, for=198.51.100.1, for=10.0.0.2", "198.51.100.1"),
            ("proto=https", "10.0.0.1"),
            ("for=_hidden", "10.0.0.1"),
            ("for=1.1.1.1, for=unknown", "10.0.0.1"),
            ("for=1.1.1.1, proto=https", "10.0.0.1"),
            ("for=1.1.1.1, for=2001:db8::1::", "10.0.0.1"),
        ] {
            assert_eq!(client(From::Forwarded, "10.0.0.1", &[("forwarded", line)]), want, "{line}");
        }
    }

    #[test]
    fn no_spelling_of_a_forwarding_header_makes_up_an_address() {
        let (xff, forwarded, real) = ("x-forwarded-for", "forwarded", "x-real-ip");
        let proxy = "10.0.0.1";
        for (from, lines, want) in [
            // Only the one that the proxies write is asked, whatever stands beside it.
            (From::XForwardedFor, vec![(real, "1.1.1.1"), (forwarded, "for=1.1.1.2")], proxy),
            (From::XRealIp, vec![(xff, "1.1.1.1"), (forwarded, "for=1.1.1.2")], proxy),
            (From::Forwarded, vec![(xff, "1.1.1.1"), (real, "1.1.1.2")], proxy),
            (From::XRealIp, vec![("x_real_ip", "1.1.1.1"), ("x-realip", "1.1.1.2")], proxy),
            (From::XForwardedFor, vec![("x_forwarded-for", "1.1.1.1")], proxy),
            // A line of the client's comes before the proxy's.
            (From::XRealIp, vec![(real, "1.1.1.1"), (real, "198.51.100.1")], "198.51.100.1"),
            (
                From::Forwarded,
                vec![(forwarded, "for=1.1.1.1"), (forwarded, "for=198.51.100.1")],
                "198.51.100.1",
            ),
            (
                From::XForwardedFor,
                vec![(xff, "1.1.1.1, 10.0.0.9"), (xff, "10.0.0.8, 198.51.100.1"), (xff, "fd00::1")],
                "198.51.100.1",
            ),
            // What is no address ends the walk where it stands.
            (From::XForwardedFor, vec![(xff, "1.1.1.1, 198.51.100.01")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1, 3325256705")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1, 198.51.100")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1, 0xc6336401")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1, fe80::1%eth0")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1, [2001:db8::1")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1, [2001:db8::1]:")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1, [2001:db8::1]:99999")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1, \"198.51.100.1\"")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1, for=198.51.100.1")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1,")], proxy),
            (From::XForwardedFor, vec![(xff, "1.1.1.1"), (xff, "caf\u{e9}")], proxy),
            // Twins: what proxies do write.
            (From::XRealIp, vec![(real, "198.51.100.1")], "198.51.100.1"),
            (From::XForwardedFor, vec![(xff, " 198.51.100.1\t,10.0.0.2")], "198.51.100.1"),
            (From::XForwardedFor, vec![(xff, "[2001:db8::1]")], "2001:db8::1"),
            (From::XForwardedFor, vec![(xff, "64:ff9b::198.51.100.1")], "198.51.100.1"),
        ] {
            assert_eq!(client(from, proxy, &lines), want, "{from:?} {lines:?}");
            // A stranger's own lines are never asked.
            assert_eq!(client(from, "203.0.113.7", &lines), "203.0.113.7", "{lines:?}");
        }
    }
}
