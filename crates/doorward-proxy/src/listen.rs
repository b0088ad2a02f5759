//! The listening sockets: one a worker, on one port.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Clients that may wait to be accepted, a worker; the system's own limit may be lower.
const QUEUE_MAX: i32 = 4_096;

/// Binds `count` sockets to `address`.
///
/// Sockets that share a port hide that another program has it too: so it is bound once without
/// sharing first, and that socket also settles the number of port 0.
///
/// # Errors
/// What the system says; `AddrInUse` when the port is taken.
pub(crate) fn bind(
    address: SocketAddr,
    count: usize,
) -> io::Result<(SocketAddr, Vec<TcpListener>)> {
    let first = open(address, false)?;
    let bound = first.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
    if count == 1 {
        first.listen(QUEUE_MAX)?;
        return Ok((bound, vec![first.into()]));
    }
    drop(first);
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = open(bound, true)?;
        socket.listen(QUEUE_MAX)?;
        out.push(socket.into());
    }
    Ok((bound, out))
}

fn open(address: SocketAddr, is_shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of an earlier run that are still closing do not hold the port; listeners do.
    socket.set_reuse_address(true)?;
    if is_shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_an_error_and_a_free_one_is_shared_by_all_workers() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (bound, workers) = bind(any, 2).expect("a free port");
        assert_eq!(workers.len(), 2);
        assert_ne!(bound.port(), 0);
        assert!(workers.iter().all(|worker| worker.local_addr().ok() == Some(bound)));
        for count in [1, 2] {
            let taken = bind(bound, count).expect_err("the port is taken");
            assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        }
        drop(workers);
        assert!(bind(bound, 1).is_ok(), "free again");
    }
}
