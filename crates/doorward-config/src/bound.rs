//! Limits in time, bytes and number that a mounting keeps.

use std::time::Duration;

/// What `[limits]` and `[time]` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of a request's head at the most.
    pub head_bytes_max: usize,
    /// Header lines of a request at the most.
    pub headers_max: usize,
    /// Bytes of a request's path and query at the most.
    pub path_bytes_max: usize,
    /// Client connections of one worker at the most.
    pub connections_max: usize,
    /// Requests at one upstream at once, of one worker, at the most.
    pub upstream_requests_max: usize,
    /// The least rate of a body while its client is waited for.
    pub least_rate_bytes_per_s: u32,
    /// From a head's first byte to its last.
    pub head: Duration,
    /// A kept-alive connection without a request.
    pub idle: Duration,
    /// What a client is waited for while it sends a body slowly.
    pub body: Duration,
    /// The same while it reads an answer slowly.
    pub write: Duration,
    /// Until a connection to an upstream stands.
    pub connect: Duration,
    /// From the request's last byte to the answer's head.
    pub upstream: Duration,
    /// An answer that has begun and of which nothing comes.
    pub stream: Duration,
    /// How long an unused upstream connection is kept.
    pub upstream_idle: Duration,
    /// How long a stop waits for requests in flight.
    pub drain: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head_bytes_max: 64 * 1024,
            headers_max: 100,
            path_bytes_max: 8 * 1024,
            connections_max: 16_384,
            upstream_requests_max: 1024,
            least_rate_bytes_per_s: 500,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body: Duration::from_secs(30),
            write: Duration::from_secs(60),
            connect: Duration::from_secs(5),
            upstream: Duration::from_secs(30),
            stream: Duration::from_secs(600),
            upstream_idle: Duration::from_secs(4),
            drain: Duration::from_secs(10),
        }
    }
}
