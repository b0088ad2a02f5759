//! # doorward-proxy
//!
//! The reverse proxy mounting: HTTP/1.1 from clients, on hyper, with a strict scan under it;
//! HTTP/1.1, HTTP/2 and WebSocket to upstreams.

mod again;
mod body;
mod client;
mod connection;
mod deadline;
mod dial;
mod exchange;
mod forward;
mod gather;
mod head;
pub mod hints;
mod housekeeping;
mod io;
mod leave;
mod line;
mod link;
mod listen;
mod log;
mod mount;
mod observe;
mod pool;
mod proxy;
mod reply;
pub mod scan;
pub mod settings;
mod setup;
mod shared;
mod streams;
#[cfg(test)]
mod test_client;
mod trailers;
mod tunnel;
mod upgrade;
mod upstream_io;
mod upstream_socket;
mod upstream_tls;
mod view;
mod web_socket;
mod wire;
mod worker;
pub use proxy::{Proxy, StartError};
