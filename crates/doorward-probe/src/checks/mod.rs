//! All checks, in the order of their ids. Ids that are missing name what is no fault: that a server
//! refuses by `Origin` before it runs a request (C-23), and what it does without one (C-25).

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
pub mod c14;
pub mod c15;
pub mod c16;
pub mod c17;
pub mod c18;
pub mod c19;
pub mod c20;
pub mod c21;
pub mod c22;
pub mod c24;
pub mod c26;
pub mod c27;
pub mod c28;
pub mod c29;
pub mod c30;
pub mod c31;
pub mod c32;
pub mod g01;
pub mod k;
pub mod p19;
pub mod p21;
pub mod p22;
mod page;
pub mod r;
pub mod t;
pub mod x;

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
    c14::CHECK,
    c15::CHECK,
    c16::CHECK,
    c17::CHECK,
    c18::CHECK,
    c19::CHECK,
    c20::CHECK,
    c21::CHECK,
    c22::CHECK,
    c24::CHECK,
    c26::CHECK,
    c27::CHECK,
    c28::CHECK,
    c29::CHECK,
    c30::CHECK,
    c31::CHECK,
    c32::CHECK,
    g01::CHECK,
    k::k01::CHECK,
    k::k02::CHECK,
    k::k03::CHECK,
    k::k04::CHECK,
    k::k05::CHECK,
    k::k06::CHECK,
    k::k07::CHECK,
    k::k08::CHECK,
    k::k09::CHECK,
    k::k10::CHECK,
    k::k11::CHECK,
    k::k12::CHECK,
    p19::CHECK,
    p21::CHECK,
    p22::CHECK,
    r::r01::CHECK,
    r::r02::CHECK,
    r::r03::CHECK,
    r::r05::CHECK,
    r::r06::CHECK,
    r::r07::CHECK,
    r::r08::CHECK,
    r::r10::CHECK,
    t::t01::CHECK,
    t::t02::CHECK,
    t::t03::CHECK,
    t::t04::CHECK,
    t::t05::CHECK,
    t::t06::CHECK,
    t::t07::CHECK,
    t::t08::CHECK,
    x::x01::CHECK,
    x::x02::CHECK,
    x::x03::CHECK,
    x::x04::CHECK,
    x::x05::CHECK,
    x::x06::CHECK,
    x::x07::CHECK,
    x::x08::CHECK,
    x::x09::CHECK,
    x::x10::CHECK,
    x::x11::CHECK,
    x::x12::CHECK,
    x::x13::CHECK,
    x::x14::CHECK,
];

/// When a check's turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// First.
    Ordinary,
    /// Behind those that ask, since it looks at their answers.
    Cookies,
    /// In a run of its own: it uses up what others would ask with.
    Limits,
}

impl Check {
    /// When its turn comes.
    pub(crate) fn turn(&self) -> Turn {
        match self.id {
            "X-13" => Turn::Cookies,
            "T-07" => Turn::Limits,
            id if id.starts_with("K-") => Turn::Cookies,
            id if id.starts_with("R-") => Turn::Limits,
            _ => Turn::Ordinary,
        }
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("id", &self.id).field("title", &self.title).finish()
    }
}
