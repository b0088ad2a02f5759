//! Where a request carries its pass, and how it names the gate and its page.

use super::Reason;
use super::held::Cut;
use crate::header::{self, One};
use crate::layers::site::is_web_socket;
use crate::visit::{OriginIs, Visit};
use http::HeaderName;
use memchr::memrchr;
use std::borrow::Cow;

/// The pass.
pub(super) static PASS: HeaderName = HeaderName::from_static("doorward-pass");
/// The query's parameter that holds a ticket: always the last one.
const TICKET_PARAMETER: &str = "doorward_ticket=";
/// What a subprotocol that holds a ticket begins with.
const TICKET_PROTOCOL: &str = "doorward.";

/// What a request carries.
#[derive(Clone, Copy)]
pub(crate) enum Carried<'v> {
    /// Neither.
    Nothing,
    /// A pass, in its header.
    Pass(&'v str),
    /// A ticket, and what is to be cut.
    Ticket(&'v str, Cut),
}

/// Finds the one pass or ticket of a request. Two are none.
pub(crate) fn find<'v>(visit: &Visit<'v>) -> Result<Carried<'v>, Reason> {
    let pass = match header::single(visit.view.headers, &PASS) {
        One::Absent => None,
        One::Value(text) => Some(text),
        One::Repeated | One::Unreadable => return Err(Reason::Malformed),
    };
    let in_query = visit.view.target.query.and_then(of_query);
    let in_protocol = if is_web_socket(visit.seen.upgrade) { of_protocols(visit)? } else { None };
    match (pass, in_query, in_protocol) {
        (None, None, None) => Ok(Carried::Nothing),
        (Some(text), None, None) => Ok(Carried::Pass(text)),
        (None, Some((text, cut)), None) => Ok(Carried::Ticket(text, cut)),
        (None, None, Some(text)) => Ok(Carried::Ticket(text, Cut::Protocols)),
        (Some(_), _, _) | (None, Some(_), Some(_)) => Err(Reason::Malformed),
    }
}

fn of_query(query: &str) -> Option<(&str, Cut)> {
    let (stays, last) = match memrchr(b'&', query.as_bytes()) {
        Some(end) => (Some(end), &query[end + 1..]),
        None => (None, query),
    };
    last.strip_prefix(TICKET_PARAMETER).map(|text| (text, Cut::Query(stays)))
}

/// The ticket among the subprotocols (RFC 6455 11.3.4: the list may stand in several lines).
fn of_protocols<'v>(visit: &Visit<'v>) -> Result<Option<&'v str>, Reason> {
    let mut found = None;
    for line in visit.view.headers.get_all(http::header::SEC_WEBSOCKET_PROTOCOL) {
        let text = line.to_str().map_err(|_| Reason::Malformed)?;
        for name in text.split(',').map(str::trim) {
            let Some(ticket) = name.strip_prefix(TICKET_PROTOCOL) else { continue };
            if found.replace(ticket).is_some() {
                return Err(Reason::Malformed);
            }
        }
    }
    Ok(found)
}

/// The subprotocols without those of a ticket; none: none stays.
pub(crate) fn without_ticket(list: &str) -> Option<String> {
    let is_own = |name: &&str| *name == "doorward" || name.starts_with(TICKET_PROTOCOL);
    let names = list.split(',').map(str::trim).filter(|name| !is_own(name));
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The gate's name as a browser writes it: in lower case, the port unless it is the scheme's own.
pub(crate) fn canonical_authority<'a>(visit: &'a Visit<'_>) -> Cow<'a, str> {
    let Some(named) = visit.named else { return Cow::Borrowed("") };
    let listed = named.external.and_then(|place| visit.gate.names.listed().get(place));
    match listed {
        Some(external) => Cow::Borrowed(external.authority().to_str().unwrap_or_default()),
        None => {
            let lower = named.authority.to_ascii_lowercase();
            Cow::Owned(lower.strip_suffix(":80").unwrap_or(&lower).to_owned())
        }
    }
}

/// The path prefix under which a proxy in front mounts the gate.
pub(crate) fn mounted_at<'a>(visit: &'a Visit<'_>) -> &'a str {
    let place = visit.named.and_then(|named| named.external);
    let external = place.and_then(|place| visit.gate.names.listed().get(place));
    external.map_or("", |external| external.prefix())
}

/// All path prefixes of the name by which a request came in: behind the proxy that cuts them off
/// nobody knows which of them it was.
pub(crate) fn mounts<'a>(visit: &'a Visit<'_>) -> impl Iterator<Item = &'a str> {
    let own = mounted_at(visit);
    let listed = visit.gate.names.listed();
    let place = visit.named.and_then(|named| named.external);
    let authority = place.and_then(|place| listed.get(place)).map(|external| external.authority());
    let same = listed.iter().filter(move |other| Some(other.authority()) == authority);
    let others = same.map(|other| other.prefix()).filter(move |prefix| *prefix != own);
    std::iter::once(own).chain(others)
}

/// The gate's own origin for this request.
fn own_origin(visit: &Visit<'_>) -> String {
    let place = visit.named.and_then(|named| named.external);
    match place.and_then(|place| visit.gate.names.listed().get(place)) {
        Some(external) => external.origin().as_str().to_owned(),
        None => format!("http://{}", canonical_authority(visit)),
    }
}

/// The origin of the page that a pass is asked for: one that is allowed, or the gate's own, also
/// where it hides behind `null` (`Referrer-Policy: no-referrer`; `site` has let that pass only from
/// one's own page).
pub(crate) fn page_origin<'a>(visit: &'a Visit<'_>) -> Option<Cow<'a, str>> {
    match visit.origin {
        OriginIs::Allowed | OriginIs::Own => visit.seen.origin.value().map(Cow::Borrowed),
        OriginIs::Null if visit.seen.fetch_site.value() == Some("same-origin") => {
            Some(Cow::Owned(own_origin(visit)))
        }
        OriginIs::Null | OriginIs::Other | OriginIs::Absent | OriginIs::Unclear => None,
    }
}

/// Whether a request comes from the page that a pass was made for. Without an `Origin` (images, and
/// one's own page's GETs) the pass's own must still be one of ours.
pub(super) fn is_from(visit: &Visit<'_>, origin: &str) -> bool {
    match page_origin(visit) {
        Some(own) => own == origin,
        None if visit.origin == OriginIs::Absent => {
            visit.origins().allows(origin)
                || visit.named.is_some_and(|named| visit.gate.names.is_own(origin, named))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_the_last_parameter_alone() {
        for (query, want) in [
            ("doorward_ticket=dwt1.a", Some(("dwt1.a", Cut::Query(None)))),
            ("a=1&doorward_ticket=dwt1.a", Some(("dwt1.a", Cut::Query(Some(3))))),
            ("&doorward_ticket=x", Some(("x", Cut::Query(Some(0))))),
            ("doorward_ticket=dwt1.a&a=1", None),
            ("doorward_tickets=a", None),
            ("", None),
        ] {
            assert_eq!(of_query(query), want, "{query}");
        }
    }

    #[test]
    fn the_applications_own_subprotocols_stay() {
        for (list, want) in [
            ("doorward.dwt1.a, doorward", None),
            ("doorward.dwt1.a, doorward, graphql-ws,mqtt", Some("graphql-ws, mqtt")),
            ("doorwards", Some("doorwards")),
        ] {
            assert_eq!(without_ticket(list).as_deref(), want, "{list}");
        }
    }
}
