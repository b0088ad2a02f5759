//! What a pass or a ticket says, for whoever operates the gate: `doorward ticket show`.

use super::seal::{SealError, Seals, id_text};
use super::ticket::{Ticket, TicketKeys, Use, fields_of};
use crate::secret::Secret;

/// What it says, and whether it can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Names and values, in the order in which they are told.
    pub rows: Vec<(&'static str, String)>,
    /// When it was made, in seconds since 1970.
    pub issued_unix_s: u64,
    /// When it ends.
    pub expires_unix_s: u64,
    /// Whether one of the secrets made it.
    pub is_ours: bool,
}

/// Why nothing can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShowError {
    /// Neither.
    #[error("this is no ticket (dwt1.…) and no pass (dwp1.…)")]
    Neither,
    /// A pass is sealed: without its secret it says nothing.
    #[error("this pass was sealed with another secret, or by a gate with another gate_id")]
    Sealed,
}

/// Reads a ticket, which stands in clear, or opens a pass.
///
/// # Errors
/// When it is neither, or a pass of another gate's.
pub fn show(text: &str, secrets: &[Secret], gate_id: &str) -> Result<Shown, ShowError> {
    if text.starts_with("dwp1.") {
        return pass(text, secrets, gate_id);
    }
    let mut room = Vec::new();
    let ticket = fields_of(text, &mut room).ok_or(ShowError::Neither)?;
    let mut room = Vec::new();
    let read = TicketKeys::new(secrets, gate_id).read(text, &mut room);
    Ok(of_ticket(&ticket, read.is_ok()))
}

fn of_ticket(ticket: &Ticket<'_>, is_ours: bool) -> Shown {
    let query = ticket.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    let good = match ticket.used {
        Use::Once => "once",
        Use::Window => "until it ends",
    };
    let asked_by = match (&ticket.pass, &ticket.user) {
        (Some(pass), _) => format!("a page, with the pass {}", id_text(pass).as_str()),
        (None, Some(_)) => "a known caller".to_owned(),
        (None, None) => "nobody".to_owned(),
    };
    let mut rows = vec![
        ("for", format!("{} {}{}{query}", ticket.method, ticket.authority, ticket.path)),
        ("good", good.to_owned()),
        ("asked for by", asked_by),
    ];
    if !ticket.origin.is_empty() {
        rows.push(("page", ticket.origin.to_owned()));
    }
    Shown {
        rows,
        issued_unix_s: ticket.issued_unix_s,
        expires_unix_s: ticket.expires_unix_s,
        is_ours,
    }
}

fn pass(text: &str, secrets: &[Secret], gate_id: &str) -> Result<Shown, ShowError> {
    let seals = Seals::new(secrets, gate_id).ok_or(ShowError::Sealed)?;
    let pass = seals.open(text).map_err(|error| match error {
        SealError::Malformed => ShowError::Neither,
        SealError::UnknownKey | SealError::Forged => ShowError::Sealed,
    })?;
    let rows = vec![
        ("id", id_text(&pass.id).as_str().to_owned()),
        ("page", pass.origin.as_str().to_owned()),
        ("asked from", pass.prefix.to_string()),
        ("work", format!("{} zero bits each", pass.bits)),
    ];
    Ok(Shown {
        rows,
        issued_unix_s: pass.issued_unix_s,
        expires_unix_s: pass.expires_unix_s,
        is_ours: true,
    })
}
