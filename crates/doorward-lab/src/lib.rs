//! # doorward-lab
//!
//! What an attack needs to be seen: for now the sample backend, a small shop with a ledger, whose
//! witness tells what it really executed.

pub mod backend;
pub mod demo;
pub mod net;
pub mod scenario;
pub mod wire;
