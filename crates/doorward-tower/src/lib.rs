#![doc = include_str!("../README.md")]

mod body;
mod head;
mod layer;
mod look;
mod mount;
mod observe;
mod peer;
mod reply;
mod view;

pub use body::{BoxError, RequestBody};
pub use layer::{Builder, GateLayer, NotCarried};
pub use mount::{Gated, Serving};
pub use observe::{Came, Observed};
pub use peer::{Peer, PeerCertificate, PeerSource};
pub use reply::AnswerBody;
pub use view::FIDELITY;
