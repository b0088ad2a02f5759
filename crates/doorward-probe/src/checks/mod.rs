//! All checks, in the order of their ids.

pub mod c01;
pub mod c17;
mod page;

pub use page::{CheckPage, check_pages};

use crate::finding::Finding;
use crate::look::Look;
use std::pin::Pin;

/// What a check finds, some time.
pub type Looking<'l> = Pin<Box<dyn Future<Output = Vec<Finding>> + Send + 'l>>;

/// A check: its file, and what it does.
pub struct Check {
    /// Its id, as in `C-17`.
    pub id: &'static str,
    /// Its title, in one line.
    pub title: &'static str,
    /// Its file; the headings at its top are its page.
    pub source: &'static str,
    /// Looks at one operation.
    pub look: for<'l> fn(&'l Look<'l>) -> Looking<'l>,
}

/// Every check.
pub const CHECKS: &[Check] = &[c01::CHECK, c17::CHECK];

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("id", &self.id).field("title", &self.title).finish()
    }
}
