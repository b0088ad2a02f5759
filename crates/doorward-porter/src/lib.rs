//! # doorward-porter
//!
//! Carries a visit between the core, the body and the store. Every mounting uses this one loop;
//! none has its own. Clock and chance live here too, because the core may have neither.

pub mod chance;
pub mod clock;
mod converse;
pub mod denials;
pub mod leave;
pub mod outside;
mod scrubbed;
pub mod spend;

pub use converse::{Hold, Reach, converse, settle};
pub use outside::Outside;
pub use scrubbed::Scrubbed;
