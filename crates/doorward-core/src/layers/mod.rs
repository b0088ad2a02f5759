//! The layers, in the order in which a request meets them. This list is that order.

pub mod body;
pub mod bot;
pub mod cookie;
pub mod cors;
pub mod credential;
pub mod csrf;
pub mod identity;
pub mod message;
pub mod method;
pub mod pass;
pub mod permission;
pub mod quota;
pub mod site;

use crate::reason::Reason;
use crate::verdict::Reply;

/// What is said about a layer before its first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Its id: the word that names it everywhere.
    pub id: &'static str,
    /// What it does, in one line.
    pub title: &'static str,
    /// What a mounting must be able to do for it.
    pub needs: &'static [Need],
    /// Whether it can be monitored or switched off.
    pub can_be_off: bool,
    /// What happens when the store is away; none where it asks nothing.
    pub store_away: Option<&'static str>,
    /// The file that it stands in: its headings are what `doorward explain` prints.
    pub source: &'static str,
}

/// What a layer needs of its mounting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The head's own bytes.
    RawHead,
    /// Changing an answer's headers.
    Dress,
    /// Changing the request's headers on the way upstream.
    Edits,
    /// Writing into an answer's body.
    Pages,
}

/// What a layer makes of a request.
#[derive(Debug)]
pub enum Step {
    /// Nothing against it.
    Next,
    /// No, for this reason.
    Refuse(Reason),
    /// The gate answers by itself.
    Reply(Box<Reply>),
}

/// All layers, in order.
pub const LAYERS: &[Meta] = &[
    message::META,
    cors::META,
    site::META,
    method::META,
    quota::META,
    identity::META,
    permission::META,
    csrf::META,
    pass::META,
    body::META,
    credential::META,
    cookie::META,
];
