//! What an element gets of an answer: `Cross-Origin-Resource-Policy`, `nosniff`, types that are
//! never handed on (Fetch 2.10, 3.6, 3.7; Opaque Response Blocking).
//!
//! The model has no bodies: it takes one for what its `Content-Type` says. Where that says nothing,
//! whether an element loads depends on the body, and is not told.

use crate::document::{Document, EmbedderPolicy};
use crate::engine::Engine;
use crate::headers::Headers;
use crate::mime;
use crate::origin::{Origin, Relation, relation, site};
use crate::rule::{self, Rule};
use crate::verdict::{Answer, Event, Tainting};
use crate::way::Way;
use url::Url;

/// Types that are data or documents: none of them is an image, a sound, a film, a style or a
/// script.
const DATA: [&str; 10] = [
    "application/json",
    "application/pdf",
    "application/xml",
    "application/zip",
    "text/csv",
    "text/event-stream",
    "text/html",
    "text/json",
    "text/xml",
    "application/x-ndjson",
];

/// Types of scripts (MIME Sniffing 4.6).
const SCRIPTS: [&str; 16] = [
    "application/ecmascript",
    "application/javascript",
    "application/x-ecmascript",
    "application/x-javascript",
    "text/ecmascript",
    "text/javascript",
    "text/javascript1.0",
    "text/javascript1.1",
    "text/javascript1.2",
    "text/javascript1.3",
    "text/javascript1.4",
    "text/javascript1.5",
    "text/jscript",
    "text/livescript",
    "text/x-ecmascript",
    "text/x-javascript",
];

/// Why the answer of another origin is kept from a page in `no-cors` mode (Fetch 3.7).
pub(crate) fn kept_from(
    from: Option<&Document>,
    url: &Url,
    answer: &Answer,
    has_credentials: bool,
) -> Option<Rule> {
    let from = from?;
    let said = answer.headers.joined("cross-origin-resource-policy");
    // One word, byte by byte; anything else, two of them joined as well, is none.
    let (policy, rule) = match said.as_deref() {
        Some(word @ ("same-origin" | "same-site" | "cross-origin")) => {
            (word, rule::RESOURCE_POLICY)
        }
        Some(_) | None => match from.embedder_policy {
            EmbedderPolicy::RequireCorp => ("same-origin", rule::EMBEDDER_POLICY),
            EmbedderPolicy::Credentialless if has_credentials => {
                ("same-origin", rule::EMBEDDER_POLICY)
            }
            EmbedderPolicy::Credentialless | EmbedderPolicy::UnsafeNone => return None,
        },
    };
    let (own, server) = (from.origin(), Origin::of(url));
    let is_let = match policy {
        "same-origin" => own.is_same(&server),
        "same-site" => is_near(&own, &server),
        _ => true,
    };
    (!is_let).then_some(rule)
}

/// Schemelessly same site; but a page of `http:` is not let near a server of `https:`.
fn is_near(own: &Origin, server: &Origin) -> bool {
    if relation(own, server) != Relation::CrossSite {
        return true;
    }
    let is_one = site(own).is_some() && site(own) == site(server);
    is_one && (own.scheme() == Some("https") || server.scheme() != Some("https"))
}

/// What an element tells its page of an answer that was not kept from it, and the rule that
/// decided where it fails.
pub(crate) fn shown(
    engine: &Engine,
    way: Way,
    tainting: Tainting,
    answer: &Answer,
) -> (Option<Event>, Option<Rule>) {
    match failure(engine, way, tainting, answer) {
        Some(rule)
            if way == Way::Stylesheet && rule == rule::OTHER_TYPE && engine.refused_styles_load =>
        {
            (Some(Event::Load), Some(rule))
        }
        Some(rule) => (Some(Event::Error), Some(rule)),
        None => (is_certain(way, answer).then_some(Event::Load), None),
    }
}

fn failure(engine: &Engine, way: Way, tainting: Tainting, answer: &Answer) -> Option<Rule> {
    let is_ok = (200..300).contains(&answer.status);
    let kind = answer.headers.joined("content-type").and_then(|text| mime::essence(&text));
    let kind = kind.as_deref();
    let is_data = kind.is_some_and(is_data);
    let is_script = kind.is_some_and(|kind| SCRIPTS.contains(&kind));
    let is_blocked = tainting == Tainting::Opaque && engine.blocks_opaque && is_data;
    match way {
        // HTML 4.8.4.3.5: an image counts whatever its status.
        Way::Image if is_data => {
            Some(if is_blocked { rule::OPAQUE_BLOCKED } else { rule::OTHER_TYPE })
        }
        Way::Image => None,
        Way::Audio | Way::Video if is_blocked => Some(rule::OPAQUE_BLOCKED),
        Way::Audio | Way::Video if is_data => Some(rule::OTHER_TYPE),
        Way::Script if !is_ok => Some(rule::ELEMENT_STATUS),
        Way::Script if is_nosniff(&answer.headers) && !is_script => Some(rule::NO_SNIFF),
        Way::Script if kind.is_some_and(is_no_script) => Some(rule::SCRIPT_TYPE),
        Way::Script if is_blocked => Some(rule::OPAQUE_BLOCKED),
        Way::Worker | Way::SharedWorker if !is_ok => Some(rule::ELEMENT_STATUS),
        Way::Worker | Way::SharedWorker if !is_script => Some(rule::OTHER_TYPE),
        Way::Stylesheet if !is_ok => Some(rule::ELEMENT_STATUS),
        Way::Stylesheet if is_blocked => Some(rule::OPAQUE_BLOCKED),
        Way::Stylesheet if is_nosniff(&answer.headers) && kind != Some("text/css") => {
            Some(rule::NO_SNIFF)
        }
        Way::Stylesheet if kind.is_some_and(|kind| kind != "text/css") => Some(rule::OTHER_TYPE),
        Way::Font | Way::Audio | Way::Video | Way::Prefetch if !is_ok => Some(rule::ELEMENT_STATUS),
        Way::Audio
        | Way::Video
        | Way::Script
        | Way::Worker
        | Way::SharedWorker
        | Way::Stylesheet
        | Way::Font
        | Way::Prefetch
        | Way::Fetch
        | Way::Xhr { .. }
        | Way::Beacon
        | Way::EventSource
        | Way::WebSocket
        | Way::Form(_)
        | Way::Link(_)
        | Way::Ping
        | Way::CspReport
        | Way::Report
        | Way::Typed => None,
    }
}

/// Whether the type says that the element loads, if it is true.
fn is_certain(way: Way, answer: &Answer) -> bool {
    let kind = answer.headers.joined("content-type").and_then(|text| mime::essence(&text));
    let begins = |part: &str| kind.as_deref().is_some_and(|kind| kind.starts_with(part));
    match way {
        Way::Image => begins("image/"),
        Way::Audio | Way::Video => begins("audio/") || begins("video/"),
        Way::Font => begins("font/"),
        Way::Stylesheet => begins("text/css"),
        // A script that is none is an error of its own; the element has loaded all the same.
        Way::Script | Way::Worker | Way::SharedWorker | Way::Prefetch => true,
        Way::Fetch
        | Way::Xhr { .. }
        | Way::Beacon
        | Way::EventSource
        | Way::WebSocket
        | Way::Form(_)
        | Way::Link(_)
        | Way::Ping
        | Way::CspReport
        | Way::Report
        | Way::Typed => false,
    }
}

fn is_data(kind: &str) -> bool {
    let is_drawing = kind == "image/svg+xml";
    DATA.contains(&kind) || kind.ends_with("+json") || (kind.ends_with("+xml") && !is_drawing)
}

/// Fetch 2.10: these are never run as scripts.
fn is_no_script(kind: &str) -> bool {
    ["audio/", "image/", "video/"].iter().any(|part| kind.starts_with(part)) || kind == "text/csv"
}

/// Fetch 3.6: the first value counts.
fn is_nosniff(headers: &Headers) -> bool {
    let said = headers.joined("x-content-type-options").unwrap_or_default();
    said.split(',').next().is_some_and(|one| one.trim().eq_ignore_ascii_case("nosniff"))
}
