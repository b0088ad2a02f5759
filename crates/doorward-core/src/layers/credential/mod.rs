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
//! * A real key shipped to a page: it is added here, on the way to the backend, on routes that
//!   name it (lab: `key-in-page`).
//! * Going round the gate: every forwarded request carries `Doorward-Admitted`, a proof that a
//!   backend checks in ten lines (lab: `around-the-gate`).
//!
//! ## How it decides
//!
//! 1. `Doorward-*`, the forwarding headers, those that tell of a client's certificate (RFC 9440,
//!    `X-SSL-Client-*`) and the headers above never go on as the client sent them.
//! 2. A name with `_` goes only if its spelling with `-` is none that the gate removes or judges.
//! 3. On a route that names credentials the client's own header of that name is replaced.
//!    Nor does the header in which a limit's `cost` has the backend say what a request has cost.
//! 4. A credential is added only to a request that no monitored layer would have refused, by a
//!    method that its route declares, and to no preflight.
//! 5. Of several credentials of the caller's, only the one that was judged goes on. A known caller
//!    is named in `Doorward-Identity`, `Doorward-Issuer` and `Doorward-Scopes`.
//! 6. The proof is an HMAC-SHA256 over the lengths and bytes of: `dwa1`, the gate's id, the time,
//!    the request's id, method, path with query, identity
//!    (`-`: nobody known) and body digest (`-`: not
//!    held).
//!
//! ## What it does not stop
//!
//! * A backend that does not check the proof, and can be reached directly.
//! * A backend that repeats the credential in its answer.
//!
//! ## When it cannot decide
//!
//! It refuses nothing but a request whose proof cannot be written (`credential/unprovable`), and
//! cannot be monitored or switched off.
//!
//! ## References
//!
//! RFC 2104; RFC 5869; RFC 7239; RFC 9110 7.6; RFC 9440; CVE-2025-29927.

mod names;

use super::pass::{self, Cut};
use super::{Meta, Need, cors, csrf};
use crate::crypto::MacKey;
use crate::proof;
use crate::reason::Words;
use crate::secret::Secret;
use crate::verdict::Admitted;
use arrayvec::ArrayVec;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};
pub(crate) use names::{dress, is_same};
use names::{is_removed, keeps_underscored};

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "credential",
    title: "Removes what a client may not send, and adds what only the gate knows.",
    needs: &[Need::Edits],
    can_be_off: false,
    store_away: None,
    source: include_str!("mod.rs"),
};

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The admission proof cannot be written as a header.
    Unprovable,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Unprovable];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        match self {
            Self::Unprovable => Words {
                code: "credential/unprovable",
                status: StatusCode::INTERNAL_SERVER_ERROR,
                title: "Refused: the gate could not write its proof of admission",
                advice: "This is a fault of the gate: report it with the request's id.",
            },
        }
    }
}

/// A header that is added on the way to the backend.
#[derive(Clone, Debug)]
pub struct Credential {
    /// What routes call it.
    pub name: String,
    /// The header.
    pub header: HeaderName,
    /// Its value.
    pub value: Secret,
}

/// What is added.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Credentials that routes may name.
    pub credentials: Vec<Credential>,
    /// The key of the admission proof.
    pub admission_key: Secret,
}

/// Checked settings.
pub struct Policy {
    added: Vec<(HeaderName, HeaderValue)>,
    proof_key: MacKey,
    gate_id: String,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&HeaderName> = self.added.iter().map(|(name, _)| name).collect();
        f.debug_struct("Policy").field("added", &names).finish_non_exhaustive()
    }
}

impl Policy {
    /// Prepares the headers and the key.
    ///
    /// # Errors
    /// The place of the first credential whose value is no header value.
    pub fn new(settings: &Settings, gate_id: &str) -> Result<Self, usize> {
        let mut added = Vec::new();
        for (place, credential) in settings.credentials.iter().enumerate() {
            let value = HeaderValue::from_bytes(credential.value.expose());
            let mut value = value.map_err(|_| place)?;
            value.set_sensitive(true);
            added.push((credential.header.clone(), value));
        }
        let proof_key = MacKey::new(&settings.admission_key);
        Ok(Self { added, proof_key, gate_id: gate_id.to_owned() })
    }
}

/// Headers that tell the backend of a known caller.
pub const IDENTITY_HEADERS: usize = 3;

/// Headers that one request gains at the most.
pub const ADDED_MAX: usize = 13;

/// What changes on a request's head on its way to the backend.
pub struct Edits<'a> {
    admitted: &'a Admitted,
    /// Which of the configured credentials was judged.
    judged: Option<usize>,
    added: ArrayVec<(HeaderName, HeaderValue), ADDED_MAX>,
}

/// The name of the admission proof.
pub static ADMITTED: HeaderName = HeaderName::from_static("doorward-admitted");
/// What the backend is told of a known caller: who, by whose word, what it may do.
pub static IDENTITY: [HeaderName; 3] = [
    HeaderName::from_static("doorward-identity"),
    HeaderName::from_static("doorward-issuer"),
    HeaderName::from_static("doorward-scopes"),
];

impl<'a> Edits<'a> {
    pub(crate) fn new(
        admitted: &'a Admitted,
        method: &Method,
        target: &str,
    ) -> Result<Self, Reason> {
        let gate = admitted.gate();
        let policy = &gate.credential;
        let mut added = ArrayVec::new();
        // A preflight that is left to the backend comes past who is calling.
        let is_declared = admitted.route().methods.contains(method);
        if admitted.would_refuse().is_empty() && is_declared && !admitted.is_preflight() {
            for place in &admitted.route().credentials {
                let Some(pair) = policy.added.get(*place) else { continue };
                added.try_push(pair.clone()).map_err(|_| Reason::Unprovable)?;
            }
        }
        if let Some(identity) = admitted.identity() {
            for (name, value) in IDENTITY.iter().zip(identity.said()) {
                let Some(value) = value else { continue };
                let pair = (name.clone(), value.clone());
                added.try_push(pair).map_err(|_| Reason::Unprovable)?;
            }
        }
        let facts = proof::Facts { gate_id: &policy.gate_id, method, target };
        let value = proof::write(&policy.proof_key, admitted, facts).ok_or(Reason::Unprovable)?;
        added.try_push((ADMITTED.clone(), value)).map_err(|_| Reason::Unprovable)?;
        if admitted.page().is_some() {
            added.try_push(csrf::Page::asks()).map_err(|_| Reason::Unprovable)?;
        }
        Ok(Self { admitted, added, judged: admitted.judged() })
    }

    /// Whether the client's header of this name goes on to the backend.
    #[must_use]
    pub fn keeps(&self, name: &HeaderName) -> bool {
        let text = name.as_str();
        let policy = &self.admitted.gate().identity;
        let stays =
            if text.contains('_') { keeps_underscored(text, policy) } else { !is_removed(text) };
        let is_unjudged = self.judged.is_some_and(|judged| policy.is_unjudged(judged, name));
        let is_ours = self.admitted.cut() == Some(Cut::Signature)
            && matches!(text, "signature" | "signature-input");
        let is_other_page = self.admitted.page().is_some_and(|page| page.drops(name));
        let is_other = is_other_page || self.admitted.is_cost(name);
        stays && !is_unjudged && !is_ours && !is_other && !self.is_credential(text)
    }

    /// Whether a trailer of this name goes on. Credentials are judged in the head alone: one behind
    /// the body would be a second one.
    #[must_use]
    pub fn keeps_trailer(&self, name: &HeaderName) -> bool {
        self.keeps(name) && !self.admitted.gate().identity.judges(name.as_str())
    }

    /// Removes the cookies that `cookie` does not hand on, those that hold credentials beside the
    /// one that was judged, and the gate's own.
    pub fn strip_cookies(&self, headers: &mut header::HeaderMap) {
        let gate = self.admitted.gate();
        let cleaning = self.admitted.cleaning();
        let others = || gate.identity.cut_cookies(self.judged, self.admitted.is_disbelieved);
        let has_anchor = gate.has_csrf();
        if cleaning.is_none() && !has_anchor && others().next().is_none() {
            return;
        }
        // What a place could be read from in another spelling was refused as unclear.
        let is_cut = |pair: &&[u8]| {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
            (has_anchor && csrf::is_anchor(name)) || others().any(|other| other.as_bytes() == name)
        };
        let pairs = || {
            let lines = headers.get_all(header::COOKIE).into_iter();
            lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        };
        if cleaning.is_none() && !pairs().any(|pair| is_cut(&pair)) {
            return;
        }
        let read = |pair| match cleaning {
            None => Some(pair),
            Some(cleaning) => cleaning.read(&gate.cookie, headers, pair),
        };
        let kept = pairs().filter_map(read).filter(|pair| !is_cut(pair));
        let kept = kept.map(<[u8]>::trim_ascii).collect::<Vec<_>>().join(&b"; "[..]);
        headers.remove(header::COOKIE);
        if let (Ok(value), false) = (HeaderValue::from_bytes(&kept), kept.is_empty()) {
            headers.insert(header::COOKIE, value);
        }
    }

    /// Removes what is between a page's script and the gate: a ticket from the WebSocket's
    /// subprotocols, a CSRF token, the script's headers from what a preflight asks for.
    pub fn strip_own(&self, headers: &mut header::HeaderMap) {
        if self.admitted.asks_for_own() {
            cors::strip(headers);
        }
        csrf::strip(self.admitted.csrf_cut(), headers);
        if self.admitted.cut() != Some(Cut::Protocols) {
            return;
        }
        let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter();
        let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        let kept = pass::without_ticket(&lines.join(","));
        headers.remove(header::SEC_WEBSOCKET_PROTOCOL);
        if let Some(value) = kept.and_then(|kept| HeaderValue::from_str(&kept).ok()) {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value);
        }
    }

    /// Whether the route has a credential of this name, in any spelling. The client's own never
    /// stands in its place, not even where the credential is withheld.
    fn is_credential(&self, name: &str) -> bool {
        let added = &self.admitted.gate().credential.added;
        let mut places = self.admitted.route().credentials.iter();
        places.any(|place| added.get(*place).is_some_and(|(own, _)| is_same(own.as_str(), name)))
    }

    /// The headers that are added.
    #[must_use]
    pub fn into_adds(self) -> ArrayVec<(HeaderName, HeaderValue), ADDED_MAX> {
        self.added
    }
}
