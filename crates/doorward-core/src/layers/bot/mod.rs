//! What a client says, beside what it shows.
mod contradiction;
mod head;
mod says;
pub use contradiction::{About, Cause, Contradiction, Contradictions};
pub use head::{Head, compare};
pub use says::{Family, Platform, Says};
