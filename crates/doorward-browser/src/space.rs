//! Address spaces: this machine, the local network, everybody (Local Network Access 2.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Where an address leads; the nearest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressSpace {
    /// This machine.
    Loopback,
    /// The network that this machine is in.
    Local,
    /// Everybody's.
    Public,
}

impl AddressSpace {
    /// The space that an address names by itself: an IP address, or a name of this machine. What
    /// any other name leads to, only a resolver knows.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        match url.host()? {
            Host::Domain(name) => crate::origin::is_local(name).then_some(Self::Loopback),
            Host::Ipv4(address) => Some(Self::of_address(IpAddr::V4(address))),
            Host::Ipv6(address) => Some(Self::of_address(IpAddr::V6(address))),
        }
    }

    /// Its word, as scripts and consoles write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Local => "local",
            Self::Public => "public",
        }
    }

    /// The space of an IP address.
    #[must_use]
    pub fn of_address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }
}

/// The rows of the specification's table for IPv4.
fn of_v4(address: Ipv4Addr) -> AddressSpace {
    let [a, b, ..] = address.octets();
    match (a, b) {
        (127, _) | (198, 18 | 19) => AddressSpace::Loopback,
        (0, _) if address.is_unspecified() => AddressSpace::Loopback,
        (0 | 10, _) | (192, 168) | (169, 254) => AddressSpace::Local,
        (100, 64..=127) | (172, 16..=31) => AddressSpace::Local,
        _ => AddressSpace::Public,
    }
}

/// The rows of the specification's table for IPv6.
fn of_v6(address: Ipv6Addr) -> AddressSpace {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return of_v4(mapped);
    }
    if address.is_loopback() || address.is_unspecified() {
        return AddressSpace::Loopback;
    }
    let [first, second, ..] = address.segments();
    let is_local = matches!(first & 0xfe00, 0xfc00)
        || matches!(first & 0xffc0, 0xfe80 | 0xfec0)
        || (first, second) == (0x2001, 0x0db8)
        || (first == 0x3fff && second & 0xf000 == 0);
    if is_local { AddressSpace::Local } else { AddressSpace::Public }
}

#[cfg(test)]
mod tests {
    use super::AddressSpace::{self, Local, Loopback, Public};
    use url::Url;

    #[test]
    fn blocks() {
        let rows = [
            ("127.0.0.1", Some(Loopback)),
            ("127.255.255.255", Some(Loopback)),
            ("126.255.255.255", Some(Public)),
            ("198.18.0.1", Some(Loopback)),
            ("198.20.0.1", Some(Public)),
            ("0.0.0.0", Some(Loopback)),
            ("0.0.0.1", Some(Local)),
            ("10.1.2.3", Some(Local)),
            ("11.1.2.3", Some(Public)),
            ("100.64.0.1", Some(Local)),
            ("100.128.0.1", Some(Public)),
            ("172.16.0.1", Some(Local)),
            ("172.32.0.1", Some(Public)),
            ("192.168.1.1", Some(Local)),
            ("169.254.1.1", Some(Local)),
            ("8.8.8.8", Some(Public)),
            ("[::1]", Some(Loopback)),
            ("[::]", Some(Loopback)),
            ("[::ffff:10.0.0.1]", Some(Local)),
            ("[::ffff:8.8.8.8]", Some(Public)),
            ("[fc00::1]", Some(Local)),
            ("[fdff::1]", Some(Local)),
            ("[fe00::1]", Some(Public)),
            ("[fe80::1]", Some(Local)),
            ("[fec0::1]", Some(Local)),
            ("[2001:db8::1]", Some(Local)),
            ("[2001:db9::1]", Some(Public)),
            ("[3fff::1]", Some(Local)),
            ("[3fff:1000::1]", Some(Public)),
            ("localhost", Some(Loopback)),
            ("api.shop.localhost", Some(Loopback)),
            ("notlocalhost", None),
            ("router.lan", None),
        ];
        for (host, want) in rows {
            let url = Url::parse(&format!("http://{host}/")).expect("an address");
            assert_eq!(AddressSpace::of(&url), want, "{host}");
        }
    }
}
