//! placeholder

pub mod browser;
pub mod gate_process;
