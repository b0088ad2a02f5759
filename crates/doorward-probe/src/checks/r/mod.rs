//! Limits: pressed with a few dozen requests, where that is asked for.

pub mod r01;
pub mod r02;
pub mod r03;
pub mod r05;
pub mod r06;
pub mod r07;
pub mod r08;
pub mod r10;
