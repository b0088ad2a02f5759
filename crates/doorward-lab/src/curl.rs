//! curl lines: read as a shell and curl would, and written so that they can be pasted.

mod copy;
mod read;

pub use copy::{Form, copied, written};
pub use read::{CurlError, read};
