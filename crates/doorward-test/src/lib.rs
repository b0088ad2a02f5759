//! placeholder

pub mod browser;
pub mod gate_process;
pub mod allocations;
pub mod sample;
pub mod simulation;
