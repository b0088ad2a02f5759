//! Client addresses: unwrapped, cut to the prefix that one subscriber holds, and widened again.

use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network prefix: what a share of an address is counted by.
///
/// IPv4 addresses are kept in their v4-mapped form (`::ffff:a.b.c.d`), so that one type serves both
/// and a client cannot have two shares by writing its address in two ways.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// The upper and the lower half of the address: a `u128` would align every key to 16 bytes.
    halves: [u64; 2],
    length: u8,
}

const MAPPED: u128 = 0xffff_0000_0000;
/// RFC 6052 2.1: the well-known prefix of NAT64.
const NAT64: u128 = 0x0064_ff9b << 96;
const LOW_96: u128 = u128::MAX >> 96;
/// RFC 3056 2: the upper half of what 6to4 makes of an IPv4 address begins so.
const SIX_TO_FOUR: u64 = 0x2002 << 48;
/// Bits of a mapped address that come before its IPv4 part.
const MAPPED_BITS: u8 = 96;

/// What one subscriber holds: IPv4 by the whole address, IPv6 by /64 (RFC 6177).
const SUBSCRIBER_V6_BITS: u8 = 64;

/// The IPv4 address inside an IPv6 one, where it is v4-mapped (RFC 4291 2.5.5.2) or NAT64's
/// (RFC 6052); any other address as it is.
#[must_use]
pub fn unwrap(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let bits = u128::from(v6);
    let inner = bits & LOW_96 & 0xffff_ffff;
    let head = bits & !0xffff_ffff;
    if head == MAPPED || head == NAT64 {
        return IpAddr::V4(Ipv4Addr::from(inner as u32));
    }
    address
}

impl Prefix {
    const fn new(bits: u128, length: u8) -> Self {
        Self { halves: [(bits >> 64) as u64, bits as u64], length }
    }

    const fn bits(self) -> u128 {
        (self.halves[0] as u128) << 64 | self.halves[1] as u128
    }

    /// What one subscriber holds: an IPv4 address, or an IPv6 /64.
    #[must_use]
    pub fn subscriber(address: IpAddr) -> Self {
        let own = Self::whole(address);
        if own.is_v4() { own } else { own.cut(SUBSCRIBER_V6_BITS) }
    }

    /// One address, whole.
    #[must_use]
    pub fn whole(address: IpAddr) -> Self {
        match unwrap(address) {
            IpAddr::V4(v4) => Self::new(MAPPED | u128::from(u32::from(v4)), MAPPED_BITS + 32),
            IpAddr::V6(v6) => Self::new(u128::from(v6), 128),
        }
    }

    /// A network, as a prefix.
    #[must_use]
    pub fn of_network(network: IpNet) -> Self {
        let bits = match network {
            IpNet::V4(_) => MAPPED_BITS,
            IpNet::V6(_) => 0,
        };
        Self::whole(network.addr()).cut(bits + network.prefix_len())
    }

    /// The neighbourhood: IPv4 /24, IPv6 /48.
    #[must_use]
    pub fn neighbourhood(address: IpAddr) -> Self {
        let own = Self::subscriber(address);
        if own.is_v4() { own.cut(MAPPED_BITS + 24) } else { own.cut(48) }
    }

    /// So many bits of an IPv4 and of an IPv6 address; more than there are is the whole.
    #[must_use]
    pub fn of_bits(address: IpAddr, [v4, v6]: [u8; 2]) -> Self {
        let own = Self::whole(address);
        if own.is_v4() { own.cut(MAPPED_BITS + v4.min(32)) } else { own.cut(v6.min(128)) }
    }

    /// A place of its own within this prefix: an overflowing table judges it with all others of
    /// the same prefix, and then as it would the prefix. IPv4 addresses stand there as 6to4 writes
    /// them (RFC 3056 2), since within them there is no room.
    #[must_use]
    pub(crate) const fn with_within(self, within: u64) -> Self {
        let upper = match self.is_v4() {
            true => SIX_TO_FOUR | (self.halves[1] & 0xffff_ffff) << 16,
            false => self.halves[0],
        };
        Self { halves: [upper, within], length: 128 }
    }

    /// The next wider prefix along which an overflowing table degrades:
    /// /64 → /56 → /48 → /32, and /32 → /24 → /16. None above that.
    #[must_use]
    pub fn wider(self) -> Option<Self> {
        let length = if self.is_v4() {
            match self.length - MAPPED_BITS {
                25..=32 => MAPPED_BITS + 24,
                17..=24 => MAPPED_BITS + 16,
                _ => return None,
            }
        } else {
            match self.length {
                65.. => 64,
                57..=64 => 56,
                49..=56 => 48,
                33..=48 => 32,
                _ => return None,
            }
        };
        Some(self.cut(length))
    }

    /// Address bits (v4-mapped for IPv4) with everything behind the prefix cleared, and the length
    /// in those 128 bits. What a store hashes.
    #[must_use]
    pub const fn parts(self) -> (u128, u8) {
        (self.bits(), self.length)
    }

    /// The prefix of which [`Prefix::parts`] says this.
    #[must_use]
    pub(crate) const fn of_parts(bits: u128, length: u8) -> Self {
        Self::new(bits, length)
    }

    const fn is_v4(self) -> bool {
        self.length >= MAPPED_BITS && self.bits() >> 32 == MAPPED >> 32
    }

    /// The wider prefix of `length` bits (of the 128).
    pub(crate) const fn cut(self, length: u8) -> Self {
        let mask = if length == 0 { 0 } else { u128::MAX << (128 - length as u32) };
        Self::new(self.bits() & mask, length)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match unwrap(IpAddr::V6(Ipv6Addr::from(self.bits()))) {
            IpAddr::V4(v4) if self.is_v4() => write!(f, "{v4}/{}", self.length - MAPPED_BITS),
            _ => write!(f, "{}/{}", Ipv6Addr::from(self.bits()), self.length),
        }
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscriber(text: &str, want: &str) {
        let address: IpAddr = text.parse().expect("a test address");
        assert_eq!(Prefix::subscriber(address).to_string(), want, "{text}");
    }

    #[test]
    fn one_subscriber_has_one_share_however_its_address_is_written() {
        subscriber("203.0.113.7", "203.0.113.7/32");
        subscriber("::ffff:203.0.113.7", "203.0.113.7/32");
        subscriber("64:ff9b::203.0.113.7", "203.0.113.7/32");
        subscriber("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64");
        subscriber("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64");
        // Twins: another subscriber, and addresses that merely look wrapped.
        subscriber("203.0.113.8", "203.0.113.8/32");
        subscriber("64:ff9b:1::203.0.113.7", "64:ff9b:1::/64");
        subscriber("2002:cb00:7107::1", "2002:cb00:7107::/64");
        subscriber("::1", "::/64");
    }

    #[test]
    fn a_place_within_a_prefix_degrades_to_it() {
        let within = |text: &str, bits, number| {
            let address: IpAddr = text.parse().expect("a test address");
            Prefix::of_bits(address, bits).with_within(number)
        };
        let chain = |prefix: Prefix| {
            let wider = std::iter::successors(prefix.wider(), |prefix| prefix.wider());
            wider.map(|prefix| prefix.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            chain(within("203.0.113.7", [32, 64], 5)),
            "2002:cb00:7107::/64 2002:cb00:7107::/56 2002:cb00:7107::/48 2002:cb00::/32"
        );
        let v6 = within("2001:db8:1:2ab::5", [32, 64], 5);
        assert_eq!(
            chain(v6),
            "2001:db8:1:2ab::/64 2001:db8:1:200::/56 2001:db8:1::/48 2001:db8::/32"
        );
        assert_ne!(v6, within("2001:db8:1:2ab::5", [32, 64], 6));
        assert_eq!(v6, within("2001:db8:1:2ab::6", [32, 64], 5));
        assert_ne!(within("203.0.113.7", [32, 64], 5), within("203.0.113.8", [32, 64], 5));
        assert_eq!(within("203.0.113.7", [24, 64], 5), within("203.0.113.8", [24, 64], 5));
    }

    #[test]
    fn an_overflowing_table_degrades_along_the_hierarchy() {
        let chain = |text: &str| {
            let mut at = Prefix::subscriber(text.parse().expect("a test address"));
            let mut out = vec![at.to_string()];
            while let Some(wider) = at.wider() {
                at = wider;
                out.push(at.to_string());
            }
            out.join(" ")
        };
        assert_eq!(chain("203.0.113.7"), "203.0.113.7/32 203.0.113.0/24 203.0.0.0/16");
        assert_eq!(
            chain("2001:db8:1:2ab::5"),
            "2001:db8:1:2ab::/64 2001:db8:1:200::/56 2001:db8:1::/48 2001:db8::/32"
        );
    }
}
