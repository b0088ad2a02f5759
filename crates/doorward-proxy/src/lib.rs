//! # doorward-proxy
//!
//! The reverse proxy mounting: HTTP/1.1 on both sides, on hyper, with a strict scan under it.

mod admin;
mod again;
mod body;
mod client;
mod connection;
mod deadline;
mod exchange;
mod forward;
mod gather;
mod head;
pub mod hints;
mod housekeeping;
mod io;
mod line;
mod listen;
mod log;
pub mod metrics;
mod mount;
mod observe;
mod pool;
mod proxy;
mod reply;
pub mod scan;
pub mod settings;
mod shared;
mod upstream_io;
mod view;
mod worker;
pub use proxy::{Proxy, StartError};
