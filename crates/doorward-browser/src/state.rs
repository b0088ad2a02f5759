//! What a browser remembers between requests.

use crate::cached::Cached;
use crate::jar::Jar;
use crate::preflight::Remembered;

/// Cookies, approvals and answers. A new one is a fresh profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The cookies.
    pub jar: Jar,
    /// The preflights that were approved.
    pub(crate) remembered: Remembered,
    /// The answers that are kept.
    pub(crate) cached: Cached,
}
