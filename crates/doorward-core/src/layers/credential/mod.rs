//! # Credential
//!
//! Removes what a client may not send, and adds what only the gate knows.
//!
//! ## What it stops
//!
//! * Forged identity, admission and forwarding headers, in every spelling (`_` reads as `-` behind
//!   many servers): CVE-2025-64484, CWE-290.
//! * Headers by which a backend would take another address, method or path than the one judged
//!   (`X-Original-URL`, `X-Rewrite-URL`, `X-Middleware-Subrequest`).
//! * A real key shipped to a page: it is added here, on the way to the backend, into a header or
//!   into the query, on routes that name it (lab: `key-in-page`).
//! * An answer that repeats the key, in its headers or its body (CWE-209): it is covered there.
//! * Going round the gate: every forwarded request carries `Doorward-Admitted`, a proof that a
//!   backend checks in ten lines (lab: `around-the-gate`).
//!
//! ## How it decides
//!
//! 1. `Doorward-*`, the forwarding headers, those that tell of a client's certificate (RFC 9440,
//!    `X-SSL-Client-*`) and the headers above never go on as the client sent them.
//! 2. A name with `_` goes only if its spelling with `-` is none that the gate removes or judges.
//! 3. On a route that names credentials the client's own header of that name is replaced. A
//!    client's own parameter of that name, in any spelling, is refused
//!    (`credential/own-parameter`): which of two a backend reads nobody knows, and the query may be
//!    signed. Nor does the header go on in which a limit's `cost` has the backend say what a
//!    request has cost.
//! 4. A credential is added only to a request that no monitored layer would have refused, by a
//!    method that its route declares, and to no preflight. It goes to the route's own upstream
//!    alone; an answer that redirects is handed on, never followed.
//! 5. Only a route may name one that says its methods and its path (no `*`, not `/` alone), is
//!    enforced, and asks each caller who he is, for a pass, or for a webhook's signature.
//! 6. On such a route the backend is asked for an answer in whole and without encoding: the
//!    client's `Accept-Encoding` and `Range` do not go on. In the answer every configured
//!    credential becomes as many `*`: verbatim, percent-encoded, as a JSON string has it, and the
//!    words behind its scheme by themselves. Of a stream no more is held back than its last
//!    word, whatever it is: what waits tells nobody how a credential begins.
//! 7. Of several credentials of the caller's, only the one that was judged goes on. A known caller
//!    is named in `Doorward-Identity`, `Doorward-Issuer` and `Doorward-Scopes`.
//! 8. The proof is an HMAC-SHA256 over the lengths and bytes of: `dwa1`, the gate's id, the time,
//!    the request's id, method, path with query, identity
//!    (`-`: nobody known) and body digest (`-`: not
//!    held).
//!
//! ## What it does not stop
//!
//! * A backend that does not check the proof, and can be reached directly.
//! * A backend that repeats the credential in another form: compressed, encrypted, in base64, in
//!   UTF-16, piece by piece over several answers, or through a WebSocket, which is not looked into.
//! * An answer on a route that names no credential is not looked into, whatever its upstream knows.
//! * A credential in a query stands in the backend's own access log, as it does with any client.
//! * A service of somebody else's learns what the client sends beside: cookies, address, identity.
//!   Give it a gate with a name of its own, to which no cookies are sent.
//! * A caller who may ask, and asks for more than you want to pay for: see `quota`.
//!
//! ## When it cannot decide
//!
//! An answer that is encoded all the same, or a part of one (206), cannot be looked through: the
//! client gets `upstream/opaque` in its place. A secret of less than 8 bytes could not be told from
//! other words, and is refused at the start. A secret's file that goes missing or wrong while the
//! gate runs changes nothing: the last good one stays in use, and the log says so once.
//!
//! It refuses no other request than one whose proof cannot be written (`credential/unprovable`),
//! and cannot be monitored or switched off.
//!
//! ## References
//!
//! RFC 2104; RFC 3986 2.1; RFC 5869; RFC 7239; RFC 9110 7.6, 8.4, 12.5.3, 14.2; RFC 9440;
//! CVE-2025-29927.

mod edits;
mod names;
mod policy;
mod reason;

pub use edits::{ADDED_MAX, ADMITTED, Edits, IDENTITY, IDENTITY_HEADERS};
pub(crate) use names::{dress, is_same};
pub use policy::{Policy, Put};
pub use reason::Reason;

use super::{Meta, Need, Step};
use crate::reason::Reason as Refusal;
use crate::secret::Secret;
use crate::visit::Visit;

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "credential",
    title: "Removes what a client may not send, and adds what only the gate knows.",
    needs: &[Need::Edits],
    can_be_off: false,
    store_away: None,
    source: include_str!("mod.rs"),
};

/// What is added on the way to the backend.
#[derive(Clone, Debug)]
pub struct Credential {
    /// What routes call it.
    pub name: String,
    /// Where it is put.
    pub put: Put,
    /// What stands before the secret: `Bearer `.
    pub before: String,
    /// The secret.
    pub secret: Secret,
}

/// What is added.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Credentials that routes may name.
    pub credentials: Vec<Credential>,
    /// The key of the admission proof.
    pub admission_key: Secret,
}

/// Whether a client's own parameter would stand beside one that is added. Which of the two a
/// backend takes nobody knows, and to cut the client's out would be to rewrite what was signed.
pub(crate) fn inspect(policy: &Policy, visit: &Visit<'_>) -> Step {
    let places = &visit.route().credentials;
    match visit.view.target.query {
        Some(query) if policy.is_taken(places, query) => {
            Step::Refuse(Refusal::Credential(Reason::OwnParameter))
        }
        Some(_) | None => Step::Next,
    }
}
