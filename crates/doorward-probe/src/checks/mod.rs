//! All checks, in the order of their ids.

pub mod c01;
pub mod c02;
pub mod c03;
pub mod c04;
pub mod c05;
pub mod c06;
pub mod c07;
pub mod c08;
pub mod c09;
pub mod c10;
pub mod c11;
pub mod c12;
pub mod c13;
pub mod c17;
pub mod c24;
pub mod p19;
pub mod p21;
pub mod p22;

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
pub const CHECKS: &[Check] = &[
    c01::CHECK,
    c02::CHECK,
    c03::CHECK,
    c04::CHECK,
    c05::CHECK,
    c06::CHECK,
    c07::CHECK,
    c08::CHECK,
    c09::CHECK,
    c10::CHECK,
    c11::CHECK,
    c12::CHECK,
    c13::CHECK,
    c17::CHECK,
    c24::CHECK,
    p19::CHECK,
    p21::CHECK,
    p22::CHECK,
];

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("id", &self.id).field("title", &self.title).finish()
    }
}
