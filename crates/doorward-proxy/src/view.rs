//! A request as it is lent to the core, and what the core's word is told upstream.

use std::net::IpAddr;

/// The value of `Forwarded` (RFC 7239 4) for a request from `peer` to `host` over plain http.
pub(crate) fn forwarded(peer: IpAddr, host: &str) -> String {
    let host = host.replace(['"', '\\'], "");
    match doorward_core::address::unwrap(peer) {
        IpAddr::V4(peer) => format!("for={peer};host=\"{host}\";proto=http"),
        IpAddr::V6(peer) => format!("for=\"[{peer}]\";host=\"{host}\";proto=http"),
    }
}
