//! # doorward-config
//!
//! Text to a checked gate: the file, the command line over it, all defaults, all configuration
//! errors.
//!
//! [`load`] reads everything and says everything that is wrong at once, each with its place and how
//! to mend it. One table of keys (`keys/`) is what the reader accepts, what [`schema`] publishes
//! and what [`print_effective`] writes.

mod bound;
mod command_line;
mod config;
mod credited;
mod document;
mod draft;
mod effective;
mod fuzz;
mod given;
pub mod key_file;
mod keys;
mod load;
mod measure;
mod near;
mod outside;
mod pem;
mod permissive;
mod reading;
mod report;
mod schema;
mod section;
mod shape;
mod source;
mod upstream;
mod warn;

pub use bound::Bounds;
pub use config::{
    Admin, ClientFiles, Config, Profile, Sentinels, SharedStore, StoreAt, TlsFiles, WhenGone,
};
pub use effective::{print_effective, quote};
#[doc(hidden)]
pub use fuzz::fuzz_one;
pub use given::{Given, LogKind};
pub use load::load;
pub use measure::duration as read_duration;
pub use outside::{Machine, Outside};
pub use pem::PemFile;
pub use report::{Level, Problem, Report};
pub use schema::schema;
pub use section::secrets::read_secret;
pub use upstream::{
    HostHeader, Upstream, UpstreamAddress, UpstreamHttp, UpstreamIdentity, UpstreamTls,
};
