//! # doorward-proxy
//!
//! The reverse proxy mounting, on hyper: HTTP/1.1 and HTTP/2 from clients, plain or on TLS, with a
//! strict scan under it.

mod admin;
mod again;
mod arrival;
mod body;
mod certificate;
mod client;
mod connection;
mod counts;
mod deadline;
mod exchange;
mod forward;
mod gather;
mod head;
pub mod hints;
mod housekeeping;
mod http2;
mod io;
mod line;
mod listen;
mod log;
pub mod metrics;
mod mount;
mod observe;
mod pool;
mod proxy;
mod proxy_line;
mod reply;
pub mod scan;
pub mod settings;
mod shared;
mod socket;
mod tls;
mod upstream_io;
mod view;
mod worker;
pub use proxy::{Proxy, StartError};
