//! An issuer on loopback that answers as a test wants, and a gate that believes it.

mod issuer;
mod visitor;

pub(crate) use issuer::{Server, Signer, respond};
pub(crate) use visitor::{Gatehouse, ISSUER, Visitor, keys_url, settings};
