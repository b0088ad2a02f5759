//! # doorward-core
//!
//! Decides whether a backend runs a request. Pure: no sockets, no clock, no randomness, no logging;
//! time, chance, state and bodies come in as arguments.
//!
//! The conversation: a mounting lends a [`view::View`], calls [`gate::Gate::open`], and does what
//! each [`turn::Turn`] wants until there is a [`verdict::Verdict`].

pub mod address;
pub mod certificate;
pub mod client_ip;
pub mod crowd;
pub mod crypto;
pub mod date;
pub mod denial;
mod endpoints;
pub mod explained;
pub mod fault;
pub mod fingerprint;
mod form;
pub mod gate;
pub mod header;
pub mod http_signature;
mod inflate;
pub mod json;
pub mod layers;
pub mod life;
mod make;
pub mod memory;
mod misfit;
pub mod mode;
pub mod moment;
pub mod names;
mod names_alike;
mod near;
pub mod origin;
pub mod own;
mod page;
pub mod parameter;
pub mod pass;
pub mod path;
mod private;
mod proof;
mod query;
pub mod question;
pub mod reason;
pub mod refused;
pub mod remote;
pub mod route;
pub mod scrub;
pub mod secret;
pub mod settings;
pub mod shape;
pub mod signing_in;
pub mod standing;
pub mod table;
pub mod turn;
pub mod verdict;
pub mod view;
pub mod visit;
pub mod webhook;
