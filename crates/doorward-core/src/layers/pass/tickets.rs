//! The judgement of a ticket: its fields stand in clear, so a refusal names what differs.

use super::held::{Claimed, Cut, Held, Of};
use super::judge::{is_empty, is_from};
use super::request;
use super::{No, Policy, Reason};
use crate::moment::Moment;
use crate::pass::{SKEW_S, Ticket, TicketError, Use};
use crate::route::Tickets;
use crate::visit::Visit;

/// Judges a ticket.
pub(super) fn ticket(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
    (text, cut): (&str, Cut),
) -> Result<Held, No> {
    let mut room = Vec::new();
    let ticket = policy.tickets.read(text, &mut room).map_err(|error| match error {
        TicketError::Malformed => Reason::Malformed,
        TicketError::UnknownKey => Reason::OtherInstance,
        TicketError::Forged => Reason::Forged,
    })?;
    if ticket.expires_unix_s < at.now.unix_s {
        return Err(Reason::Expired.into());
    }
    if ticket.issued_unix_s > at.now.unix_s + SKEW_S {
        return Err(Reason::FromTheFuture.into());
    }
    if ticket.boot != at.memory.lives.boot(at.now) {
        return Err(Reason::OtherInstance.into());
    }
    let is_asked_for = ticket.pass.is_some() || ticket.user.is_some();
    if !is_asked_for || !is_empty(visit.view.body) {
        return Err(Reason::Malformed.into());
    }
    is_for_this(&ticket, visit, cut)?;
    // Media players and download managers call themselves otherwise than the page: the ticket's
    // class is not compared. A program's ticket is for no page.
    let is_of_program = ticket.user.is_some() && ticket.origin.is_empty();
    if !is_of_program {
        is_from(visit, ticket.origin)?;
    }
    if ticket.used == Use::Window && !at.memory.travels.takes(ticket.nonce, visit.prefix) {
        return Err(Reason::Elsewhere.into());
    }
    let once: [&[u8]; 2] = [b"ticket", &ticket.nonce];
    Ok(Held::new(&Claimed {
        of: Of::Pass,
        pass: ticket.pass,
        user: ticket.user,
        once: (ticket.used == Use::Once).then_some(&once),
        until_unix_s: ticket.expires_unix_s,
        digest: None,
        traveller: (ticket.used == Use::Window).then_some(ticket.nonce),
        is_signed: false,
        life: at.memory.lives.boot(at.now),
    }))
}

/// Whether a ticket is for this method and address; what differs is named.
fn is_for_this(ticket: &Ticket<'_>, visit: &Visit<'_>, cut: Cut) -> Result<(), No> {
    let target = visit.view.target;
    let query = match (cut, target.query) {
        (Cut::Query(Some(stays)), Some(query)) => query.get(..stays),
        (Cut::Query(_), _) | (Cut::Signature | Cut::Protocols, None) => None,
        (Cut::Signature | Cut::Protocols, Some(query)) => Some(query),
    };
    let query = query.filter(|query| !query.is_empty());
    let own = request::canonical_authority(visit);
    let method = visit.view.method.as_str();
    let is_method = ticket.method == method || (ticket.used == Use::Window && method == "HEAD");
    let differs = |what: &str, wanted: &str, came: &str| {
        let note = format!("Its {what} is for {wanted:?}, and this is {came:?}.");
        No::noted(Reason::OtherRequest, note)
    };
    if ticket.authority != own {
        let note = format!("It is for {:?}, and the request came in by {own:?}.", ticket.authority);
        return Err(No::noted(Reason::OtherHost, note));
    }
    if !is_method {
        return Err(differs("method", ticket.method, method));
    }
    if ticket.path != target.path {
        return Err(differs("path", ticket.path, target.path));
    }
    if ticket.query != query {
        let [wanted, came] = [ticket.query, query].map(Option::unwrap_or_default);
        return Err(differs("query", wanted, came));
    }
    if ticket.used == Use::Window && visit.route().tickets != Tickets::Window {
        let note = "This route takes each ticket once.".to_owned();
        return Err(No::noted(Reason::OtherRequest, note));
    }
    Ok(())
}
