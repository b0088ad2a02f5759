//! # Message
//!
//! Refuses what could be read in two ways, and what is not addressed to this gate.
//!
//! ## What it stops
//!
//! * DNS rebinding and Host tricks: a `Host` that is none of the gate's own names (CWE-350).
//! * Path tricks: dot segments in any spelling, NUL, backslash, overlong UTF-8 (CWE-22, CWE-180).
//! * Near misses: a path that a backend could read as that of another route (`/V1/transfer`,
//!   `/v1//transfer`, `/v1/transfer;x`, `/v1%2Ftransfer`) and so meet the weaker rules (CWE-178).
//! * Request smuggling and malformed heads, where the mounting sees the head's bytes: a strict scan
//!   reports what it finds as a fault with a `message/…` code (RFC 9112 11.2; CWE-444).
//! * A `Connection` header that would strip what the backend relies on.
//!
//! ## How it decides
//!
//! 1. Header lines and the path's length are within their limits.
//! 2. There is one authority, in the target or in `Host`, and where both stand they agree.
//! 3. It is one of the gate's own names. Behind a trusted proxy `X-Forwarded-Host` may choose among
//!    them; it never adds one.
//! 4. The path has no spelling that is ambiguous for every backend.
//! 5. No second reading of the path meets another route; nor, where that one has `sign_in`,
//!    `require`, `when` or `csrf = "required"`, does the path with a format (`/login.json`).
//! 6. The path meets a route, or the file lets unmatched paths be judged by its own settings.
//! 7. `Connection` names no header of routing, framing, identity or origin.
//!
//! ## What it does not stop
//!
//! * A backend that reads paths in a way of its own (rewriting rules, suffixes such as
//!   `.json` of ordinary routes).
//! * Ambiguity inside a body.
//!
//! ## When it cannot decide
//!
//! A repeated or unreadable `Host`, `Connection` or target is refused. This layer cannot be
//! monitored or switched off: what is ambiguous cannot be forwarded unchanged in meaning.
//!
//! ## References
//!
//! RFC 9110 7.2, 7.4, 7.6.1; RFC 9112 3.2; RFC 3986 5.2.4; RFC 3629 3; CVE-2021-42013.

use super::{Meta, Need, Step};
use crate::endpoints;
use crate::fault::Fault;
use crate::header::{One, names_guarded};
use crate::names;
use crate::path::{self, PathFault};
use crate::reason::Words;
use crate::route::DEFAULT_ROUTE;
use crate::visit::Visit;
use http::StatusCode;

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "message",
    title: "Refuses what could be read in two ways, and what is not addressed to this gate.",
    needs: &[Need::RawHead],
    can_be_off: false,
    store_away: None,
    source: include_str!("message.rs"),
};

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No authority, or one that cannot be told.
    Host,
    /// The target's authority and `Host` differ.
    HostDiffers,
    /// Not one of the gate's names.
    UnknownHost,
    /// The path is longer than the limit.
    PathTooLong,
    /// The target is not a path.
    TargetForm,
    /// A dot segment.
    DotSegment,
    /// A control byte in the path.
    Control,
    /// A backslash in the path.
    Backslash,
    /// Overlong UTF-8 in the path.
    Overlong,
    /// A stray `%` in the path.
    Percent,
    /// Another reading of the path meets another route.
    NearMiss,
    /// No route fits, and the file closes the list.
    NoRoute,
    /// `Connection` names what it may not.
    ConnectionOption,
    /// Nothing stands at this address of the gate itself.
    NoEndpoint,
}

impl Reason {
    /// All of them.
    #[rustfmt::skip]
    pub const ALL: &[Self] = &[
        Self::Host, Self::HostDiffers, Self::UnknownHost, Self::PathTooLong, Self::TargetForm,
        Self::DotSegment, Self::Control, Self::Backslash, Self::Overlong, Self::Percent,
        Self::NearMiss, Self::NoRoute, Self::ConnectionOption, Self::NoEndpoint,
    ];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        WORDS[self as usize]
    }
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;

/// The words of each reason, in the order of the enum.
const WORDS: [Words; Reason::ALL.len()] = [
    Words::row(
        "message/host",
        BAD,
        "Refused: the request does not say once and clearly whom it is for",
        "Send one Host header (RFC 9112 3.2).",
    ),
    Words::row(
        "message/host-differs",
        BAD,
        "Refused: the request's target and its Host name different hosts",
        "Send the same authority in both (RFC 9112 3.2.2).",
    ),
    Words::row(
        "message/unknown-host",
        StatusCode::MISDIRECTED_REQUEST,
        "Refused: this gate does not answer to the name in Host",
        "Call the gate by one of its own names, or add this one to `external`.",
    ),
    Words::row(
        "message/path-too-long",
        StatusCode::URI_TOO_LONG,
        "Refused: the request's path is too long",
        "Send long values in a body.",
    ),
    Words::row(
        "message/target-form",
        BAD,
        "Refused: the request's target is not a path",
        "Send a path that begins with a slash.",
    ),
    Words::row(
        "message/dot-segment",
        BAD,
        "Refused: the path has a . or .. segment",
        "Resolve the path before sending it, as browsers do (RFC 3986 5.2.4).",
    ),
    Words::row(
        "message/control-byte",
        BAD,
        "Refused: the path has an encoded control byte",
        "Leave out control bytes.",
    ),
    Words::row(
        "message/backslash",
        BAD,
        "Refused: the path has a backslash",
        "Use slashes; put other text into the query or a body.",
    ),
    Words::row(
        "message/overlong",
        BAD,
        "Refused: the path has UTF-8 in more bytes than needed",
        "Encode each character in its shortest form (RFC 3629 3).",
    ),
    Words::row(
        "message/percent",
        BAD,
        "Refused: the path has a percent sign without two hexadecimal digits",
        "Write a literal percent sign as %25.",
    ),
    Words::row(
        "message/near-miss",
        StatusCode::NOT_FOUND,
        "Refused: this path can be read as that of another route",
        "Spell the path as its route does: case, slashes, `;`, percent-encoding and a format at \
         its end count. If the backend is known to read %2F right, say \
         allow = [\"encoded-slash\"] on the route; a path with a format may have a [[route]].",
    ),
    Words::row(
        "message/no-route",
        StatusCode::NOT_FOUND,
        "Refused: no route stands for this path",
        "Add a [[route]] for it, or leave out `unmatched = \"refuse\"`.",
    ),
    Words::row(
        "message/connection-option",
        BAD,
        "Refused: Connection names a header that must reach the backend",
        "Name only hop-by-hop headers there (RFC 9110 7.6.1).",
    ),
    Words::row(
        "message/no-endpoint",
        StatusCode::NOT_FOUND,
        "Refused: the gate itself has nothing at this address",
        "See the documentation for the gate's own addresses.",
    ),
];

/// How long a message's parts may be, and what of unmatched paths.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bytes of the path and query at the most.
    pub path_bytes_max: usize,
    /// Header lines at the most.
    pub headers_max: usize,
    /// Paths that no route names are refused.
    pub refuse_unmatched: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { path_bytes_max: 8 * 1024, headers_max: 100, refuse_unmatched: false }
    }
}

/// Checked settings.
#[derive(Debug)]
pub struct Policy(Settings);

impl Policy {
    /// Takes the settings as they are: every number is a sound limit.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self(settings)
    }
}

/// Judges the head, and finds the gate's name and the route that it is for.
#[must_use]
pub fn inspect(policy: &Policy, visit: &mut Visit<'_>) -> Step {
    if visit.view.headers.len() > policy.0.headers_max {
        return Step::Refuse(crate::reason::Reason::Fault(Fault::TooManyHeaders));
    }
    let target = visit.view.target;
    if target.path.len() + target.query.map_or(0, str::len) > policy.0.path_bytes_max {
        return refuse(Reason::PathTooLong);
    }
    if let Err(reason) = find_name(visit) {
        return refuse(reason);
    }
    if endpoints::is_own(&visit.gate, target.path) {
        visit.route = visit.gate.routes.find(target.path);
        let is_there = visit.route().own.is_some_and(|own| own.is_there(&visit.gate));
        return if is_there { Step::Next } else { refuse(Reason::NoEndpoint) };
    }
    let odd = match path::inspect(target.path) {
        Ok(odd) => odd,
        Err(fault) => return refuse(path_reason(fault)),
    };
    visit.route = visit.gate.routes.find(target.path);
    if visit.gate.routes.is_near_miss(target.path, odd, visit.route) {
        return refuse(Reason::NearMiss);
    }
    if policy.0.refuse_unmatched && visit.route == DEFAULT_ROUTE {
        return refuse(Reason::NoRoute);
    }
    match visit.seen.connection {
        One::Absent => Step::Next,
        One::Value(options) if !names_guarded(options) => Step::Next,
        One::Value(_) | One::Repeated | One::Unreadable => refuse(Reason::ConnectionOption),
    }
}

fn find_name(visit: &mut Visit<'_>) -> Result<(), Reason> {
    let gate = &visit.gate;
    let authority = names::authority(visit.view.target.authority, visit.seen.host)
        .map_err(|differ| if differ { Reason::HostDiffers } else { Reason::Host })?;
    let mut found = None;
    if !visit.seen.forwarded_host.is_absent() && gate.client_ip.trusts(visit.view.peer) {
        found = visit.seen.forwarded_host.value().and_then(|host| gate.names.find(host));
    }
    visit.named = found.or_else(|| gate.names.find(authority));
    if visit.named.is_none() { Err(Reason::UnknownHost) } else { Ok(()) }
}

const fn path_reason(fault: PathFault) -> Reason {
    match fault {
        PathFault::DotSegment => Reason::DotSegment,
        PathFault::Control => Reason::Control,
        PathFault::Backslash => Reason::Backslash,
        PathFault::Overlong => Reason::Overlong,
        PathFault::Percent => Reason::Percent,
        PathFault::Form => Reason::TargetForm,
    }
}

const fn refuse(reason: Reason) -> Step {
    Step::Refuse(crate::reason::Reason::Message(reason))
}
