//! # doorward-proxy
//!
//! The reverse proxy mounting, on hyper: HTTP/1.1 and HTTP/2 from clients, plain or on TLS, with a
//! strict scan under it; HTTP/1.1, HTTP/2 and WebSocket to upstreams, plain or on TLS.

mod admin;
mod again;
mod arrival;
mod body;
mod certificate;
mod client;
mod clients;
mod connection;
mod counts;
mod deadline;
mod dial;
mod exchange;
mod forms;
mod forward;
mod gather;
mod head;
pub mod hints;
mod housekeeping;
mod http2;
mod io;
mod leave;
mod line;
mod link;
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
mod setup;
mod shared;
mod shown;
mod socket;
mod streams;
#[cfg(test)]
mod tests;
mod tls;
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
