//! What is true of a drawn request: said before it is spelled out, so that the shadow reads no
//! header.

use std::net::IpAddr;

/// What a header says, where it may stand once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing.
    Nothing,
    /// This.
    Word(&'static str),
    /// It stands twice.
    Twice,
    /// It has bytes that are no text.
    Bytes,
}

/// Whom a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// The gate, by its first name or a local one.
    Gate,
    /// The gate, by its name that browsers do not trust; in worlds without one a foreign name.
    Plain,
    /// Somebody else; this spelling.
    Foreign(&'static str),
    /// Said twice.
    Twice,
    /// Not said.
    Missing,
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// It meets this one of the world's routes, however it is read.
    Route(usize),
    /// It is ambiguous for every backend.
    Bad,
    /// It reads like another route's.
    Near,
    /// The gate's own health.
    Health,
    /// Below the gate's own prefix, where nothing is.
    Nothing,
}

/// Whose page sent a request, by `Origin` (or by `Referer`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// It does not say.
    Nobody,
    /// The gate's own.
    Own,
    /// The allowed shop.
    Shop,
    /// A preview of the shop: allowed by a pattern.
    Preview,
    /// Allowed on one route only.
    Partner,
    /// Somebody else's; this spelling.
    Stranger(&'static str),
    /// `null`.
    Null,
    /// Twice, even if both agree.
    Twice,
    /// No text.
    Bytes,
}

/// A second method that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Second {
    /// None.
    None,
    /// In a header.
    Header(&'static str),
    /// In the query.
    Query(&'static str),
    /// In two headers.
    Twice,
}

/// Everything that matters of a request.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// The method.
    pub(super) method: &'static str,
    /// Whom it is for.
    pub(super) host: Host,
    /// A proxy says that it is for the gate's second name (true) or for somebody else (false).
    pub(super) forwarded_host: Option<bool>,
    /// What the path is.
    pub(super) path: Path,
    /// How the path is spelled.
    pub(super) path_text: &'static str,
    /// Whose page, by `Origin`.
    pub(super) origin: Whose,
    /// Whose page, by `Referer`.
    pub(super) referer: Whose,
    /// `Sec-Fetch-Site`.
    pub(super) site: Said,
    /// `Sec-Fetch-Mode`.
    pub(super) mode: Said,
    /// `Sec-Fetch-Dest`.
    pub(super) dest: Said,
    /// It has a cookie.
    pub(super) cookie: bool,
    /// `Access-Control-Request-Method`.
    pub(super) asks: Said,
    /// A second method.
    pub(super) second: Second,
    /// `Upgrade`.
    pub(super) upgrade: Said,
    /// `Connection`.
    pub(super) connection: Said,
    /// Bytes of its body.
    pub(super) body_bytes: u64,
    /// It came over a trusted proxy, which says so.
    pub(super) over_proxy: bool,
    /// Whose address it is: family and network.
    pub(super) network: String,
    /// Whose address it is: network and subscriber.
    pub(super) subscriber: String,
    /// It is the denied subscriber.
    pub(super) is_denied: bool,
    /// The client's address, in one of its spellings.
    pub(super) address: IpAddr,
}
