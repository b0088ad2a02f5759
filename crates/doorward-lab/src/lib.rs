//! # doorward-lab
//!
//! What an attack needs to be seen: a sample backend whose witness tells what it really executed,
//! pages on sites of their own, a gate between, taps on the wire, stories as files, and the page on
//! which all of it is watched.

pub mod acts;
pub mod backend;
pub mod browsers;
pub mod cache;
pub mod client;
pub mod control;
pub mod curl;
pub mod demo;
pub mod gate;
pub mod headless;
pub mod lab;
pub mod net;
pub mod paid_ai;
mod passes;
pub mod predict;
pub mod record;
pub mod run;
pub mod scenario;
pub mod sites;
mod webhooks;
pub mod wire;

/// An error with what caused it, in a line.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        out.push_str(": ");
        out.push_str(&cause.to_string());
        next = cause.source();
    }
    out
}
