//! # Site
//!
//! Refuses what a browser says comes from another site.
//!
//! ## What it stops
//!
//! * Cross-site request forgery in all its forms: `fetch`, forms, images, links, prefetches,
//!   frames, WebSocket handshakes, whatever the method (lab: `hidden-read`, `simple-request`,
//!   `form-post`, `get-side-effect`, `transfer`; CWE-352).
//! * The same from a sibling domain or another port, where `SameSite` cookies do not help (lab:
//!   `other-port`).
//! * Origins that merely look like an allowed one: prefixes, suffixes, another scheme or port, a
//!   dot at the end, `null`, a repeated header.
//!
//! ## How it decides
//!
//! 1. What the request says is put into five words: `Sec-Fetch-Site`; whose `Origin`; reading,
//!    other or an upgrade; `Sec-Fetch-Mode` with `-Dest`; whether browsers hold the gate's name for
//!    trustworthy, and so send `Sec-Fetch-*` at all.
//! 2. The first row of the table (`table.rs`) that fits them decides.
//! 3. Where a row leaves it to the route: its `kind` (people may be led to `page` and `return`),
//!    its `embed`, its `post`.
//! 4. On plain http off localhost browsers send neither header on a GET: then the origin of
//!    `Referer` decides. Without it a request with a cookie to an `api` route is refused
//!    (`site/cannot-tell`).
//!
//! ## What it does not stop
//!
//! * Programs. They write any header they like: what says nothing, or lies, is left to `identity`
//!   and `pass`.
//! * Script running in an allowed page, and a person's browser extensions.
//!
//! ## When it cannot decide
//!
//! Repeated, unreadable or unknown headers are `site/unclear`; headers that contradict each other
//! are `site/contradiction`; both are refused.
//!
//! ## References
//!
//! Fetch Metadata Request Headers (W3C); Fetch 3.2 (`Origin`); Secure Contexts 3.1; RFC 6454 7.3;
//! CVE-2025-47910.

pub mod table;

use self::table::{Does, From, How, Outcome, Said};
use super::{Meta, Step};
use crate::header::One;
use crate::reason::Words;
use crate::route::{Embed, Kind};
use crate::visit::{Caller, OriginIs, Visit};
use http::{Method, StatusCode};

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "site",
    title: "Refuses what a browser says comes from another site.",
    needs: &[],
    can_be_off: true,
    store_away: None,
    source: include_str!("mod.rs"),
};

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// From another site.
    CrossSite,
    /// From another origin of the same site.
    SameSite,
    /// From an opaque origin.
    NullOrigin,
    /// The headers contradict each other.
    Contradiction,
    /// Nothing says where it comes from, and it carries a cookie.
    CannotTell,
    /// The headers cannot be read.
    Unclear,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::CrossSite,
        Self::SameSite,
        Self::NullOrigin,
        Self::Contradiction,
        Self::CannotTell,
        Self::Unclear,
    ];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        let (code, title, advice) = match self {
            Self::CrossSite => (
                "site/cross-site",
                "Refused: this request comes from another site",
                "`Sec-Fetch-Site` or `Origin` says so, and the page's origin is not on the list. \
                 If the page is yours, add its origin to `origins`.",
            ),
            Self::SameSite => (
                "site/same-site",
                "Refused: this request comes from another origin of the same site",
                "A sibling domain or another port is not the same origin. If the page is yours, \
                 add its origin to `origins`; for images and scripts see the route's `embed`.",
            ),
            Self::NullOrigin => (
                "site/null-origin",
                "Refused: this request comes from a page without an origin",
                "`Origin: null` is sent by sandboxed frames, local files, and after a redirect \
                 across origins. Call the address directly, from a page with an allowed origin.",
            ),
            Self::Contradiction => (
                "site/contradiction",
                "Refused: the request's headers contradict each other about where it comes from",
                "Something between the browser and the gate changes `Origin` or `Sec-Fetch-*`. Let \
                 both through unchanged, or add the page's origin to `origins`.",
            ),
            Self::CannotTell => (
                "site/cannot-tell",
                "Refused: nothing says which page sent this request",
                "Over plain http browsers do not say it. Serve the gate over https, or call it \
                 without cookies.",
            ),
            Self::Unclear => (
                "site/unclear",
                "Refused: a header that says where this request comes from cannot be read",
                "Send `Origin` and `Sec-Fetch-*` at most once each, as browsers do.",
            ),
        };
        Words { code, status: StatusCode::FORBIDDEN, title, advice }
    }
}

/// Checked settings: none but the gate's origins and the routes' own.
#[derive(Debug, Default)]
pub struct Policy;

/// Judges where a request comes from, and notes whether a page sent it.
#[must_use]
pub fn inspect(_policy: &Policy, visit: &mut Visit<'_>) -> Step {
    let said = said(visit);
    let route = visit.route();
    let open = matches!(route.kind, Kind::Page | Kind::Return);
    let returns = route.kind == Kind::Return && route.post;
    let judged = match table::decide(said) {
        Outcome::Admit => Ok(Caller::Page),
        Outcome::Program => Ok(Caller::Program),
        Outcome::IfLed if open => Ok(Caller::Page),
        Outcome::IfLed if said.from == From::SameSite => Err(Reason::SameSite),
        Outcome::IfLed => Err(Reason::CrossSite),
        Outcome::IfReturn | Outcome::IfReturnSameSite | Outcome::IfReturnNull if returns => {
            Ok(Caller::Page)
        }
        Outcome::IfReturnSameSite => Err(Reason::SameSite),
        Outcome::IfReturn => Err(Reason::CrossSite),
        Outcome::IfReturnNull => Err(Reason::NullOrigin),
        Outcome::IfEmbedAnyone if route.embed == Embed::Anyone => Ok(Caller::Page),
        Outcome::IfEmbedAnyone => Err(Reason::CrossSite),
        Outcome::IfEmbedSameSite if route.embed != Embed::Own => Ok(Caller::Page),
        Outcome::IfEmbedSameSite => Err(Reason::SameSite),
        Outcome::ByReferer => by_referer(visit),
        Outcome::CrossSite => Err(Reason::CrossSite),
        Outcome::SameSite => Err(Reason::SameSite),
        Outcome::NullOrigin => Err(Reason::NullOrigin),
        Outcome::Contradiction => Err(Reason::Contradiction),
        Outcome::Unclear => Err(Reason::Unclear),
    };
    match judged {
        Ok(caller) => {
            visit.caller = caller;
            Step::Next
        }
        Err(reason) => Step::Refuse(crate::reason::Reason::Site(reason)),
    }
}

fn said(visit: &Visit<'_>) -> Said {
    let seen = &visit.seen;
    let from = match seen.fetch_site {
        One::Absent => From::Absent,
        One::Value("same-origin") => From::SameOrigin,
        One::Value("same-site") => From::SameSite,
        One::Value("cross-site") => From::CrossSite,
        One::Value("none") => From::Nobody,
        One::Value(_) | One::Repeated | One::Unreadable => From::Unclear,
    };
    let unclear = seen.fetch_mode.is_unclear() || seen.fetch_dest.is_unclear();
    Said {
        from: if unclear { From::Unclear } else { from },
        origin: visit.origin,
        does: does(visit),
        how: how(seen.fetch_mode, seen.fetch_dest),
        trustworthy: visit.named.is_some_and(|named| named.trustworthy),
    }
}

fn does(visit: &Visit<'_>) -> Does {
    if is_web_socket(visit.seen.upgrade) {
        return Does::Upgrade;
    }
    match *visit.view.method {
        Method::GET | Method::HEAD => Does::Read,
        _ => Does::Other,
    }
}

/// Whether a request asks for a WebSocket. What cannot be read is taken for one: closed first.
#[must_use]
pub fn is_web_socket(upgrade: One<'_>) -> bool {
    match upgrade {
        One::Absent => false,
        One::Value(text) => {
            text.split(',').any(|token| token.trim().eq_ignore_ascii_case("websocket"))
        }
        One::Repeated | One::Unreadable => true,
    }
}

fn how(mode: One<'_>, dest: One<'_>) -> How {
    match mode.value() {
        None => How::Unsaid,
        Some("navigate" | "nested-navigate") => match dest.value() {
            Some("document") => How::NavigateTop,
            Some(_) | None => How::NavigateNested,
        },
        Some("no-cors") => How::NoCors,
        Some("websocket" | "webtransport") => How::WebSocket,
        // `cors`, `same-origin`, and what browsers may come to say: the mode that must bring an
        // Origin.
        Some(_) => How::Cors,
    }
}

fn by_referer(visit: &Visit<'_>) -> Result<Caller, Reason> {
    let referer = match visit.seen.referer {
        One::Value(text) => text,
        One::Repeated | One::Unreadable => return Err(Reason::Unclear),
        One::Absent => {
            let open = matches!(visit.route().kind, Kind::Page | Kind::Return | Kind::Health);
            let guess = visit.seen.cookie && !open;
            return if guess { Err(Reason::CannotTell) } else { Ok(Caller::Program) };
        }
    };
    let after = referer.find("://").map_or(referer.len(), |at| at + 3);
    let end = referer[after..].find(['/', '?', '#']).map_or(referer.len(), |at| after + at);
    match visit.whose(&referer[..end]) {
        OriginIs::Own | OriginIs::Allowed => Ok(Caller::Page),
        // Links lead people to pages from anywhere; plain http does not tell links from images.
        OriginIs::Other | OriginIs::Null | OriginIs::Absent | OriginIs::Unclear => {
            let open = matches!(visit.route().kind, Kind::Page | Kind::Return)
                && does(visit) == Does::Read;
            if open { Ok(Caller::Page) } else { Err(Reason::CrossSite) }
        }
    }
}
