//! What changes on a request's head on its way to the backend.

use super::names::{is_removed, is_same, keeps_underscored};
use super::policy::Added;
use super::reason::Reason;
use crate::layers::pass::{self, Cut};
use crate::layers::{cors, csrf};
use crate::proof;
use crate::verdict::Admitted;
use arrayvec::ArrayVec;
use http::Method;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

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
        let places = &admitted.route().credentials;
        if admitted.adds_credentials() {
            for credential in policy.of(places) {
                let Added::Header(name, value) = credential else { continue };
                let pair = (name.clone(), value.clone());
                added.try_push(pair).map_err(|_| Reason::Unprovable)?;
            }
        }
        if !places.is_empty() {
            // What comes back is looked through.
            let plain = (header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            added.try_push(plain).map_err(|_| Reason::Unprovable)?;
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
        let gate = self.admitted.gate();
        let policy = &gate.identity;
        let stays =
            if text.contains('_') { keeps_underscored(text, policy) } else { !is_removed(text) };
        let is_unjudged = self.judged.is_some_and(|judged| policy.is_unjudged(judged, name));
        let is_ours = self.admitted.cut() == Some(Cut::Signature)
            && matches!(text, "signature" | "signature-input");
        let is_other_page = self.admitted.page().is_some_and(|page| page.drops(name));
        let is_other = is_other_page || self.admitted.is_cost(name);
        let is_dropped = is_unjudged || is_ours || is_other || gate.fingerprint.is_told_in(name);
        stays && !is_dropped && !self.is_credential(text)
    }

    /// Whether a trailer of this name goes on. Credentials are judged in the head alone: one behind
    /// the body would be a second one.
    #[must_use]
    pub fn keeps_trailer(&self, name: &HeaderName) -> bool {
        self.keeps(name) && !self.admitted.gate().identity.judges(name.as_str())
    }

    /// Removes the cookies that `cookie` does not hand on, those that hold credentials beside the
    /// one that was judged, and the gate's own.
    pub fn strip_cookies(&self, headers: &mut HeaderMap) {
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
    pub fn strip_own(&self, headers: &mut HeaderMap) {
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

    /// Whether the route has a credential of this name, in any spelling: the client's own never
    /// stands in its place, not even where the credential is withheld. Nor does what would bring an
    /// answer that cannot be looked through: encoded, or in part (RFC 9110 14.2).
    fn is_credential(&self, name: &str) -> bool {
        let places = &self.admitted.route().credentials;
        let shapes = ["accept-encoding", "range", "if-range"];
        let is_own = |added: &Added| match added {
            Added::Header(own, _) => is_same(own.as_str(), name),
            Added::Query(..) => false,
        };
        let mut added = self.admitted.gate().credential.of(places);
        !places.is_empty() && (shapes.iter().any(|shape| is_same(shape, name)) || added.any(is_own))
    }

    /// The headers that are added.
    #[must_use]
    pub fn into_adds(self) -> ArrayVec<(HeaderName, HeaderValue), ADDED_MAX> {
        self.added
    }
}
