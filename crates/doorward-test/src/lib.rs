//! # doorward-test
//!
//! What tests are made of: cases and their runners, browsers and their pages, the program as its
//! users run it, an identity provider, an Express application, a Redis, simulated visits. Not
//! published.

pub mod ai_upstream;
pub mod allocations;
pub mod browser;
pub mod cases;
pub mod conformance;
pub mod exchange;
pub mod express_app;
pub mod fleet;
pub mod fuzz_targets;
pub mod identity_provider;
pub mod layer_pages;
pub mod own_page;
pub mod pass_visits;
pub mod passes;
pub mod quiet_proxy;
pub mod record_house;
pub mod relay;
pub mod remote_server;
pub mod running_gate;
pub mod sample;
pub mod sessions;
pub mod simulation;
pub mod tokens;
pub mod varnish;
