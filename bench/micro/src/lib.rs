//! # doorward-micro
//!
//! What the bench is made with: [`credentials`] makes the keys and tokens that all peers are
//! measured with, [`stand`] the gates, requests and stores whose layers are measured one by one,
//! [`shown`] what a browser shows at first.
//! It is no part of the product, and panics where something is not as the bench needs it.

pub mod credentials;
pub mod shown;
pub mod stand;
