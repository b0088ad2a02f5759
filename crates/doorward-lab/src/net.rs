//! Listening on loopback, serving HTTP/1.1 there, and a throw-away authority for TLS.

mod authority;
mod bound;
mod serve;

pub use authority::{Authority, AuthorityError};
pub use bound::Bound;
pub use serve::Serving;
pub(crate) use serve::{Body, empty, serve, whole};
