//! # doorward-lab
//!
//! What an attack needs to be seen: for now the sample backend, a small shop with a ledger, whose
//! witness tells what it really executed.

pub mod acts;
pub mod backend;
pub mod cache;
pub mod client;
pub mod curl;
pub mod demo;
pub mod gate;
pub mod lab;
pub mod net;
pub mod paid_ai;
pub mod predict;
pub mod run;
pub mod scenario;
pub mod sites;
pub mod wire;
