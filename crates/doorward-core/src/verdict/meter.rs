//! What watches a body while it streams.

use crate::fault::Fault;

/// What watches a body as it streams.
#[derive(Debug)]
pub struct Meter {
    pub(super) request_bytes_left: u64,
}

/// What a meter makes of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterStep {
    /// It may go on.
    Pass,
    /// It may not; the request ends with this fault.
    End(Fault),
}

impl Meter {
    /// Takes in `bytes` more of the request's body.
    pub const fn request_chunk(&mut self, bytes: u64) -> MeterStep {
        match self.request_bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.request_bytes_left = left;
                MeterStep::Pass
            }
            None => MeterStep::End(Fault::BodyTooLarge),
        }
    }
}
