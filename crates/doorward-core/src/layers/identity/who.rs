//! A verified caller, and what the backend is told of it.

use super::bound::Bound;
use super::checker::Checker;
use super::issuer::Issuer;
use super::signed::Signed;
use crate::certificate::NameKind;
use crate::crypto;
use crate::json::{Object, member};
use crate::memory::Memory;
use crate::moment::Now;
use crate::path;
use http::HeaderValue;
use serde_json::Value;
use std::sync::Arc;

/// By what a caller is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signed token.
    Jwt,
    /// An API key.
    Key,
    /// A signature of its own (RFC 9421).
    Signature,
    /// A session, by the backend's word.
    Session,
    /// An opaque token, by its issuer's word (RFC 7662).
    Opaque,
    /// The certificate of its connection.
    Certificate,
}

/// Who stands for what is known of a caller, and for how long.
#[derive(Clone, Debug)]
pub(super) enum By {
    /// An issuer, and which state of its keys checked the token.
    Issuer(Arc<Issuer>, u64),
    /// Somebody who was asked, the steady nanosecond until which that is believed, and the digest
    /// of what he was asked about.
    Checker(Arc<Checker>, u64, [u8; 32]),
    /// The authorities of the listener, and which of a certificate's names was taken.
    Certificate(NameKind),
    /// A framework's signature.
    Signed(Arc<Signed>),
}

impl By {
    /// The same, believed until `latest` and no longer, where somebody was asked.
    pub(super) fn at_the_latest(self, latest: Now) -> Self {
        match self {
            Self::Checker(checker, until_ns, digest) => {
                Self::Checker(checker, until_ns.min(latest.steady_ns), digest)
            }
            Self::Issuer(..) | Self::Certificate(_) | Self::Signed(_) => self,
        }
    }
}

/// What the issuer of API keys is called: the gate itself.
pub const KEY_ISSUER: &str = "doorward";

/// A verified caller. Made once for each token or key, then shared.
#[derive(Debug)]
pub struct Identity {
    pub(super) kind: Kind,
    pub(super) issuer: Box<str>,
    pub(super) subject: Box<str>,
    pub(super) scopes: Box<str>,
    /// The digest of issuer and subject: whose share is charged.
    pub(super) user: [u8; 16],
    /// The digest of issuer and token id, where it has one.
    pub(super) token: Option<[u8; 16]>,
    /// The second at which it ends, leeway and all; none: it does not.
    pub(super) ends_unix_s: Option<u64>,
    /// The first second at which it holds, leeway and all.
    pub(super) begins_unix_s: u64,
    /// Who stands for it; none: the gate itself.
    pub(super) by: Option<By>,
    /// What must come along with its token.
    pub(super) bound: Bound,
    /// What its issuer says of it, as far as some route asks for it.
    claims: Option<Arc<Object>>,
    /// What the claims weigh, in bytes.
    claims_bytes: usize,
    /// What the backend is told: subject, issuer, scopes.
    said: [Option<HeaderValue>; 3],
    /// What the proof of admission says: base64url of issuer, subject and scopes.
    proof: Box<str>,
}

/// What an identity is made of.
pub(super) struct Facts<'f> {
    pub(super) kind: Kind,
    pub(super) issuer: &'f str,
    pub(super) subject: &'f str,
    /// Separated by single spaces.
    pub(super) scopes: &'f str,
    pub(super) token_id: Option<&'f str>,
    pub(super) begins_unix_s: u64,
    pub(super) ends_unix_s: Option<u64>,
    pub(super) by: Option<By>,
    pub(super) bound: Bound,
    /// The verified claims that are kept (see [`keep`]); none: there are none to know.
    pub(super) claims: Option<Arc<Object>>,
}

/// Those of the claims that some route asks for. Others are forgotten: they would only take up the
/// room of other callers that are remembered.
pub(super) fn keep(claims: &Object, names: &[Box<str>]) -> Option<Arc<Object>> {
    if names.is_empty() {
        return None;
    }
    let kept = names.iter().filter_map(|name| Some((name.to_string(), member(claims, name)?)));
    Some(Arc::new(kept.map(|(name, value)| (name, value.clone())).collect()))
}

/// What a value takes up in memory, roughly.
fn weight_of(value: &Value) -> usize {
    let own = 2 * size_of::<Value>();
    own + match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight_of).sum(),
        Value::Object(members) => weight_of_all(members),
    }
}

fn weight_of_all(members: &Object) -> usize {
    let one =
        |(name, value): (&String, &Value)| size_of::<String>() + name.len() + weight_of(value);
    members.iter().map(one).sum()
}

impl Identity {
    pub(super) fn new(facts: Facts<'_>) -> Self {
        let (issuer, subject) = (encoded(facts.issuer), encoded(facts.subject));
        let scopes = facts.scopes.split(' ').filter(|scope| !scope.is_empty());
        let scopes = scopes.map(encoded).collect::<Vec<_>>().join(" ");
        let mut proof = Vec::new();
        let all = format!("{issuer} {subject} {scopes}");
        crypto::base64url(all.trim_end().as_bytes(), &mut proof);
        let value = |text: &str| HeaderValue::from_str(text).ok();
        Self {
            kind: facts.kind,
            user: user_digest(facts.issuer, facts.subject),
            token: facts.token_id.map(|id| token_digest(facts.issuer, id)),
            ends_unix_s: facts.ends_unix_s,
            begins_unix_s: facts.begins_unix_s,
            by: facts.by,
            bound: facts.bound,
            claims_bytes: facts.claims.as_deref().map_or(0, weight_of_all),
            claims: facts.claims,
            said: [
                value(&subject),
                value(&issuer),
                if scopes.is_empty() { None } else { value(&scopes) },
            ],
            proof: String::from_utf8(proof).unwrap_or_default().into(),
            issuer: facts.issuer.into(),
            subject: facts.subject.into(),
            scopes: facts.scopes.into(),
        }
    }

    /// By what the caller is known.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Who vouches for the caller: a token's `iss`, or [`KEY_ISSUER`].
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who it is, among the issuer's: a token's subject, or a key's id.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What it may do, by the issuer's words.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.split(' ').filter(|scope| !scope.is_empty())
    }

    /// What its issuer says of it: the claims that some route asks for. None: nothing is said, as
    /// of API keys.
    #[must_use]
    pub fn claims(&self) -> Option<&Object> {
        self.claims.as_deref()
    }

    /// The second since 1970 at which it ends; none: it does not.
    #[must_use]
    pub const fn ends_unix_s(&self) -> Option<u64> {
        self.ends_unix_s
    }

    /// Whose share is charged: the same for each token of one subject.
    #[must_use]
    pub const fn user(&self) -> [u8; 16] {
        self.user
    }

    /// The digest of the token's id, where it has one.
    pub(crate) const fn token(&self) -> Option<[u8; 16]> {
        self.token
    }

    /// Which credential it is known by: a token's id, or the digest of what was asked about. None:
    /// its issuer gave it no name.
    pub(crate) fn credential(&self) -> Option<[u8; 16]> {
        match (self.token, &self.by) {
            (Some(token), _) => Some(token),
            (None, Some(By::Checker(_, _, digest))) => digest.first_chunk().copied(),
            (None, Some(By::Issuer(..) | By::Certificate(_) | By::Signed(_)) | None) => None,
        }
    }

    /// What `Doorward-Identity`, `Doorward-Issuer` and `Doorward-Scopes` say, in this order.
    pub(crate) const fn said(&self) -> &[Option<HeaderValue>; 3] {
        &self.said
    }

    /// Whether somebody is asked about it.
    pub(crate) const fn is_asked_about(&self) -> bool {
        matches!(self.by, Some(By::Checker(..)))
    }

    /// Whether a `Set-Cookie` is about its session: it signs out, or goes on under another value.
    pub(crate) fn is_changed_by(&self, line: &[u8]) -> bool {
        matches!(
            &self.by,
            Some(By::Checker(checker, _, digest)) if checker.is_changed_by(line, digest)
        )
    }

    /// What is remembered of its session is forgotten.
    pub(crate) fn forget(&self, memory: &Memory, now: Now) {
        if let Some(By::Checker(_, _, digest)) = &self.by {
            memory.tokens.forget(*digest, now);
        }
    }

    /// What the proof of admission says of it.
    pub(crate) fn proof(&self) -> &str {
        &self.proof
    }

    /// What it weighs in memory, roughly, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let texts = self.issuer.len() + self.subject.len() + self.scopes.len() + self.proof.len();
        size_of::<Self>() + 3 * texts + self.claims_bytes
    }
}

/// Whose share is charged, and who is denied: a digest of issuer and subject.
#[must_use]
pub fn user_digest(issuer: &str, subject: &str) -> [u8; 16] {
    digest(&["user", issuer, subject])
}

/// Which token is denied: a digest of issuer and `jti`.
#[must_use]
pub fn token_digest(issuer: &str, id: &str) -> [u8; 16] {
    digest(&["token", issuer, id])
}

/// Which pass is denied: a digest of its id, as it is written.
#[must_use]
pub fn pass_digest(id: &str) -> [u8; 16] {
    digest(&["pass", id])
}

/// The first half of SHA-256 over the parts, each behind its length, so that no two lists agree.
fn digest(parts: &[&str]) -> [u8; 16] {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    let mut out = [0; 16];
    out.copy_from_slice(&crypto::sha256(&bytes)[..16]);
    out
}

/// What names a session: hexadecimal SHA-256 of its cookie's value. Whoever reads it cannot use it.
pub(super) fn session_id(value: &str) -> String {
    crypto::hex(&crypto::sha256(value.as_bytes()))
}

/// Percent-encoded but for what can neither split nor merge a header's value (RFC 3986 2.3, and
/// `:@/+|` that subjects and issuers often have): a subject is whatever its issuer says.
fn encoded(text: &str) -> String {
    path::encode(text, b"-._~:@/+|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_issuer_says_neither_splits_nor_merges_headers() {
        for (text, want) in [
            ("user-42", "user-42"),
            ("auth0|5f7c8ec7c33c6c004bbafe82", "auth0|5f7c8ec7c33c6c004bbafe82"),
            ("ann@example.org", "ann@example.org"),
            ("https://id.example/", "https://id.example/"),
            ("a\r\nx: y", "a%0D%0Ax%3A%20y".replace("%3A", ":").as_str()),
            ("a,b", "a%2Cb"),
            ("é", "%C3%A9"),
            ("100%", "100%25"),
        ] {
            assert_eq!(encoded(text), want);
        }
    }

    #[test]
    fn only_claims_that_are_asked_for_are_kept_and_they_weigh() {
        let claims = crate::json::object(br#"{"roles":["a","b"],"x":"long enough"}"#);
        let claims = claims.expect("an object");
        assert_eq!(keep(&claims, &[]), None);
        let kept = keep(&claims, &["roles".into(), "absent".into()]).expect("some");
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["roles"]);
        assert!(weight_of_all(&kept) > 100 && weight_of_all(&claims) > weight_of_all(&kept));
    }

    #[test]
    fn a_share_belongs_to_issuer_and_subject_together() {
        assert_eq!(user_digest("a", "b"), user_digest("a", "b"));
        assert_ne!(user_digest("a", "b"), user_digest("ab", ""));
        assert_ne!(user_digest("a", "b"), user_digest("b", "a"));
        assert_ne!(user_digest("a", "b"), token_digest("a", "b"));
    }
}
