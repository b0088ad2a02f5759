//! A request as a mounting lends it to the core, and what the core picks out of it in one pass.

use crate::certificate::Certificate;
use crate::fingerprint::shown::Shown;
use crate::header::One;
use http::{HeaderMap, HeaderName, Method, header};
use std::net::IpAddr;

/// A mounting's request, lent for the length of its visit. Plain references, http's types.
#[derive(Clone, Copy)]
pub struct View<'v> {
    /// The method.
    pub method: &'v Method,
    /// The target.
    pub target: Target<'v>,
    /// The headers, every line of them.
    pub headers: &'v HeaderMap,
    /// The address at the other end of the connection.
    pub peer: IpAddr,
    /// The certificate that the other end has shown, verified; none: it has shown none.
    pub certificate: Option<&'v Certificate>,
    /// What the other end shows without being asked.
    pub shown: Shown<'v>,
    /// What is known of the body before it is read.
    pub body: BodyHint,
    /// What this mounting cannot see or do.
    pub fidelity: Fidelity,
}

/// A request's target (RFC 9112 3.2), in its parts and as sent.
#[derive(Clone, Copy, Debug)]
pub struct Target<'v> {
    /// The authority of the absolute form, or HTTP/2's `:authority`.
    pub authority: Option<&'v str>,
    /// The path; `*` in the asterisk form.
    pub path: &'v str,
    /// The query, without its question mark.
    pub query: Option<&'v str>,
}

/// What is known of a body before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyHint {
    /// There is none.
    Empty,
    /// It has this many bytes.
    Length(u64),
    /// Its length shows at its end.
    Stream,
}

/// What a mounting cannot carry. A file that enforces a layer which needs it does not start there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fidelity {
    /// It sees the head's own bytes (a strict scan ran before).
    pub raw_head: bool,
    /// It can hold and lend a body.
    pub body: bool,
    /// It can change an answer's headers.
    pub dress: bool,
    /// It can add and remove request headers on the way upstream.
    pub edits: bool,
    /// It learns how a request ended.
    pub settle: bool,
    /// It can write into an answer's body.
    pub pages: bool,
    /// It carries upgrades (WebSocket).
    pub upgrades: bool,
    /// It sees what a connection shows before TLS and HTTP/2, and the order of a head's names.
    pub shown: bool,
}

impl Fidelity {
    /// The reverse proxy: everything.
    pub const PROXY: Self = Self {
        raw_head: true,
        body: true,
        dress: true,
        edits: true,
        settle: true,
        pages: true,
        upgrades: true,
        shown: true,
    };
}

/// The headers that decisions look at, each with its own answer for repeats and unreadable values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen<'v> {
    pub(crate) host: One<'v>,
    pub(crate) origin: One<'v>,
    pub(crate) referer: One<'v>,
    pub(crate) fetch_site: One<'v>,
    pub(crate) fetch_mode: One<'v>,
    pub(crate) fetch_dest: One<'v>,
    pub(crate) preflight_method: One<'v>,
    pub(crate) upgrade: One<'v>,
    pub(crate) connection: One<'v>,
    pub(crate) forwarded_host: One<'v>,
    pub(crate) authorization: One<'v>,
    /// `Doorward-Visitor`.
    pub(crate) visitor: One<'v>,
    /// `Doorward-Again`: it was sent before, and its answer was lost.
    pub(crate) again: One<'v>,
    /// The override headers, all spellings as one.
    pub(crate) method_override: One<'v>,
    pub(crate) cookie: bool,
}

impl<'v> Seen<'v> {
    /// Picks out what decisions look at, in one pass over the headers.
    pub(crate) fn of(headers: &'v HeaderMap) -> Self {
        let mut seen = Self::default();
        for (name, value) in headers {
            if let Some(slot) = seen.slot(name) {
                slot.see(value);
            }
        }
        seen
    }

    fn slot(&mut self, name: &HeaderName) -> Option<&mut One<'v>> {
        // Names are told apart by length first, which settles most of them.
        let text = name.as_str();
        let slot = match text.len() {
            4 if *name == header::HOST => &mut self.host,
            6 if *name == header::ORIGIN => &mut self.origin,
            6 if *name == header::COOKIE => {
                self.cookie = true;
                return None;
            }
            7 if *name == header::REFERER => &mut self.referer,
            7 if *name == header::UPGRADE => &mut self.upgrade,
            10 if *name == header::CONNECTION => &mut self.connection,
            13 if *name == header::AUTHORIZATION => &mut self.authorization,
            13 if text == "x-http-method" => &mut self.method_override,
            14 if text == "doorward-again" => &mut self.again,
            14 if text == "sec-fetch-site" => &mut self.fetch_site,
            14 if text == "sec-fetch-mode" => &mut self.fetch_mode,
            14 if text == "sec-fetch-dest" => &mut self.fetch_dest,
            16 if text == "x-forwarded-host" => &mut self.forwarded_host,
            16 if text == "doorward-visitor" => &mut self.visitor,
            17 if text == "x-method-override" => &mut self.method_override,
            22 if text == "x-http-method-override" => &mut self.method_override,
            29 if *name == header::ACCESS_CONTROL_REQUEST_METHOD => &mut self.preflight_method,
            _ => return None,
        };
        Some(slot)
    }
}
