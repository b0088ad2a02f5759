//! The file, a table each: what is read is written over the draft's defaults.

mod ai;
pub(crate) mod amount;
pub(crate) mod budget;
mod certificate;
mod checkers;
pub(crate) mod client_ip;
pub(crate) mod cookie;
pub(crate) mod credential;
pub(crate) mod identity;
pub(crate) mod issuer;
mod key_url;
pub(crate) mod layers;
mod limits;
mod listeners;
pub(crate) mod permission;
mod proof;
pub(crate) mod quota;
mod record;
mod record_url;
pub(crate) mod routes;
pub(crate) mod secrets;
pub(crate) mod sign_in;
mod signatures;
mod signed;
pub(crate) mod top;
pub(crate) mod upstream;
pub(crate) mod webhook;
