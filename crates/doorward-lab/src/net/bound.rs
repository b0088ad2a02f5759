//! Ports of this machine's own addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::TcpListener;

/// How many ports after the wanted one are tried before a free one is taken.
const NEXT_PORTS: u16 = 10;

/// One port on `127.0.0.1`, and on `[::1]` where this machine has it: browsers try both for
/// `localhost`, and whoever had the other one would be called instead.
#[derive(Debug)]
pub struct Bound {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Bound {
    /// Listens at `port`, or at one after it, or at any: where it is taken. Port 0 takes any.
    ///
    /// # Errors
    /// The system's, when none can be had.
    pub async fn near(port: u16) -> io::Result<Self> {
        let wanted = (0..NEXT_PORTS).filter_map(|step| port.checked_add(step));
        for port in wanted.take_while(|_| port != 0) {
            match Self::at(port).await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                done => return done,
            }
        }
        Self::any().await
    }

    /// Listens at `port`, on both addresses or not at all.
    ///
    /// # Errors
    /// `AddrInUse` when one of them is taken.
    pub async fn at(port: u16) -> io::Result<Self> {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = first.local_addr()?.port();
        let mut listeners = vec![first];
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(second) => listeners.push(second),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            // A machine without IPv6 sends nobody there.
            Err(_) => {}
        }
        Ok(Self { listeners, port })
    }

    async fn any() -> io::Result<Self> {
        let mut tries = NEXT_PORTS;
        loop {
            match Self::at(0).await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => tries -= 1,
                done => return done,
            }
        }
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn listeners(self) -> Vec<TcpListener> {
        self.listeners
    }
}

/// An address of loopback, whichever family it is.
#[must_use]
pub(super) fn is_loopback(address: &SocketAddr) -> bool {
    match address.ip() {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::Bound;
    use std::net::{Ipv4Addr, Ipv6Addr};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_taken_port_moves_whichever_family_has_it() {
        let four = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let taken = four.local_addr().expect("an address").port();
        let moved = Bound::near(taken).await.expect("another port");
        assert_ne!(moved.port(), taken);
        let Ok(six) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await else { return };
        let taken = six.local_addr().expect("an address").port();
        let moved = Bound::near(taken).await.expect("another port");
        assert_ne!(moved.port(), taken);
    }
}
