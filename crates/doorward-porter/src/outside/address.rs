//! Which addresses a look-up may lead to. A name that leads into one's own network is how a fetcher
//! is turned against it (SSRF, CWE-918).

use doorward_core::address;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind an address is of (the registries of RFC 6890).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anybody's, on the Internet.
    Public,
    /// The machine itself.
    Loopback,
    /// A network of one's own: RFC 1918, RFC 4193.
    Private,
    /// The link, and the machine's metadata in clouds: RFC 3927, RFC 4291.
    LinkLocal,
    /// A provider's own: RFC 6598.
    Shared,
    /// For documentation, measurements, transition, or later.
    Reserved,
    /// Many machines or none: never a server's.
    Never,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Shared => "shared",
            Self::Reserved => "reserved",
            Self::Never => "impossible",
        })
    }
}

/// What was said of where a look-up leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// Nothing: it is somewhere on the Internet.
    Public,
    /// This machine: it is called `localhost`.
    Loopback,
    /// Anywhere: the address itself is written down, or `private = true`.
    Anywhere,
}

impl Meant {
    pub(super) const fn allows(self, kind: Kind) -> bool {
        match (self, kind) {
            (_, Kind::Never) => false,
            (Self::Anywhere, _) => true,
            (Self::Loopback, kind) => matches!(kind, Kind::Loopback),
            (Self::Public, kind) => matches!(kind, Kind::Public),
        }
    }
}

/// The kind of an address; of one that holds an IPv4 address, the kind of that.
pub(super) fn kind(address: IpAddr) -> Kind {
    match address::unwrap(address) {
        IpAddr::V4(v4) => kind_v4(v4),
        IpAddr::V6(v6) => kind_v6(v6),
    }
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [0 | 224..=239, ..] | [255, 255, 255, 255] => Kind::Never,
        [127, ..] => Kind::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Kind::Private,
        [169, 254, ..] => Kind::LinkLocal,
        [100, 64..=127, ..] => Kind::Shared,
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => Kind::Reserved,
        [198, 51, 100, _] | [203, 0, 113, _] | [240..=255, ..] => Kind::Reserved,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    if address.is_loopback() {
        return Kind::Loopback;
    }
    if address.is_unspecified() {
        return Kind::Never;
    }
    match address.segments() {
        [0xff00..=0xffff, ..] => Kind::Never,
        [0xfc00..=0xfdff, ..] => Kind::Private,
        [0xfe80..=0xfebf, ..] => Kind::LinkLocal,
        // Special protocols and Teredo, documentation, 6to4: they may hold an IPv4 address.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => Kind::Reserved,
        // Of all others only 2000::/3 is given out (RFC 4291 2.4).
        [0x2000..=0x3fff, ..] => Kind::Public,
        _ => Kind::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_a_kind() {
        for (text, want) in [
            ("93.184.216.34", Kind::Public),
            ("2606:2800:220:1:248:1893:25c8:1946", Kind::Public),
            ("::ffff:93.184.216.34", Kind::Public),
            ("64:ff9b::93.184.216.34", Kind::Public),
            ("127.0.0.1", Kind::Loopback),
            ("127.255.255.254", Kind::Loopback),
            ("::1", Kind::Loopback),
            ("::ffff:127.0.0.1", Kind::Loopback),
            ("10.0.0.5", Kind::Private),
            ("172.16.0.1", Kind::Private),
            ("172.31.255.255", Kind::Private),
            ("172.32.0.1", Kind::Public),
            ("192.168.1.1", Kind::Private),
            ("192.169.1.1", Kind::Public),
            ("::ffff:10.0.0.5", Kind::Private),
            ("64:ff9b::10.0.0.5", Kind::Private),
            ("fd00:ec2::254", Kind::Private),
            ("fc00::1", Kind::Private),
            ("169.254.169.254", Kind::LinkLocal),
            ("::ffff:169.254.169.254", Kind::LinkLocal),
            ("fe80::1", Kind::LinkLocal),
            ("100.64.0.1", Kind::Shared),
            ("100.100.100.200", Kind::Shared),
            ("100.128.0.1", Kind::Public),
            ("192.0.2.1", Kind::Reserved),
            ("198.18.0.1", Kind::Reserved),
            ("240.0.0.1", Kind::Reserved),
            ("2001:db8::1", Kind::Reserved),
            ("2001::1", Kind::Reserved),
            ("2002:a00:5::1", Kind::Reserved),
            ("64:ff9b:1::a00:5", Kind::Reserved),
            ("::10.0.0.5", Kind::Reserved),
            ("fec0::1", Kind::Reserved),
            ("0.0.0.0", Kind::Never),
            ("0.1.2.3", Kind::Never),
            ("255.255.255.255", Kind::Never),
            ("224.0.0.1", Kind::Never),
            ("::", Kind::Never),
            ("ff02::1", Kind::Never),
            ("::ffff:0.0.0.0", Kind::Never),
        ] {
            assert_eq!(kind(text.parse().expect("a test address")), want, "{text}");
        }
    }

    #[test]
    fn only_what_is_meant_is_allowed() {
        for (kind, public, loopback, anywhere) in [
            (Kind::Public, true, false, true),
            (Kind::Loopback, false, true, true),
            (Kind::Private, false, false, true),
            (Kind::LinkLocal, false, false, true),
            (Kind::Shared, false, false, true),
            (Kind::Reserved, false, false, true),
            (Kind::Never, false, false, false),
        ] {
            assert_eq!(Meant::Public.allows(kind), public, "{kind}");
            assert_eq!(Meant::Loopback.allows(kind), loopback, "{kind}");
            assert_eq!(Meant::Anywhere.allows(kind), anywhere, "{kind}");
        }
    }
}
