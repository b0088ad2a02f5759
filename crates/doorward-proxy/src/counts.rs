//! What happens to connections and never becomes a request, counted.

use std::sync::atomic::AtomicU64;

/// Counts of a proxy's life.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// TLS handshakes that were begun.
    pub(crate) handshakes: AtomicU64,
    /// Of these, those that came to nothing.
    pub(crate) handshakes_failed: AtomicU64,
    /// Requests of clients that wrote the trusted proxies' header of fingerprints themselves.
    pub(crate) claims: AtomicU64,
    /// HTTP/2 connections.
    pub(crate) second: AtomicU64,
    /// Of these, those that were ended for a flood of frames.
    pub(crate) floods: AtomicU64,
}
