//! Nonces of the gate's own for proofs of possession (RFC 9449 8, 9): a proof that has one was made
//! within the last minutes, and nobody could make it ahead. Its `iat` is judged beside it.
//!
//! A nonce is the number of a stretch of time and its HMAC, so nothing is remembered, and every
//! instance with the same secret knows those of the others. It is good within its own stretch and
//! the one behind it.

use super::{Policy, Reason};
use crate::crypto::{self, KEY_BYTES, MacKey};
use crate::json::{Object, member};
use crate::layers::pass::Held;
use crate::moment::Now;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The header that gives a nonce out (RFC 9449 8.1).
static NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// What a page must be able to read to follow a challenge (RFC 9449 8).
static EXPOSED: HeaderValue = HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate");
/// Tells these keys from all others.
const LABEL: &str = "doorward dpop nonce v1";
/// The number of a stretch.
const NUMBER_BYTES: usize = 8;
/// With its MAC.
const WHOLE_BYTES: usize = NUMBER_BYTES + KEY_BYTES;
/// Seconds by which another instance's clock may be ahead.
const AHEAD_S: u64 = 30;

/// What nonces are made with.
#[derive(Clone, Debug, Default)]
pub struct NonceSettings {
    /// Seconds of a stretch; none: nonces are not asked for.
    pub stretch_s: Option<u64>,
    /// The signing secrets: the first makes nonces, all verify them.
    pub secrets: Vec<Secret>,
}

/// Makes nonces, and judges them.
#[derive(Default)]
pub(super) struct Nonces {
    keys: Vec<MacKey>,
    stretch_s: u64,
}

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nonces").field("stretch_s", &self.stretch_s).finish_non_exhaustive()
    }
}

impl Nonces {
    /// None: they are not asked for.
    fn new(settings: &NonceSettings, gate_id: &str) -> Option<Self> {
        let stretch_s = settings.stretch_s?.max(1);
        let key = |secret| MacKey::new(&crypto::derive(secret, &[LABEL, gate_id]));
        Some(Self { keys: settings.secrets.iter().map(key).collect(), stretch_s })
    }

    /// What the MAC is over: a nonce of another length of stretches is another's.
    fn said(&self, number: [u8; NUMBER_BYTES]) -> [u8; 2 * NUMBER_BYTES] {
        let mut said = [0; 2 * NUMBER_BYTES];
        let (first, second) = said.split_at_mut(NUMBER_BYTES);
        first.copy_from_slice(&number);
        second.copy_from_slice(&self.stretch_s.to_be_bytes());
        said
    }

    /// The nonce of now. None: there is no key.
    fn write(&self, now: Now) -> Option<HeaderValue> {
        let key = self.keys.first()?;
        let number = (now.unix_s / self.stretch_s).to_be_bytes();
        let mut whole = [0; WHOLE_BYTES];
        let (first, mac) = whole.split_at_mut(NUMBER_BYTES);
        first.copy_from_slice(&number);
        mac.copy_from_slice(&key.sign(&self.said(number)));
        let mut text = Vec::new();
        crypto::base64url(&whole, &mut text);
        HeaderValue::from_bytes(&text).ok()
    }

    /// Whether a text is a nonce that holds, and of the stretch before: its maker needs the next.
    fn judge(&self, text: &str, now: Now) -> Option<bool> {
        let mut whole = [0; WHOLE_BYTES];
        // Another length than that of a nonce does not fit, so nothing huge is read.
        if URL_SAFE_NO_PAD.decode_slice(text, &mut whole) != Ok(WHOLE_BYTES) {
            return None;
        }
        let (number, mac) = whole.split_first_chunk::<NUMBER_BYTES>()?;
        let said = self.said(*number);
        if !self.keys.iter().any(|key| key.matches(&said, mac)) {
            return None;
        }
        let number = u64::from_be_bytes(*number);
        let current = now.unix_s / self.stretch_s;
        // An instance whose clock is ahead may have begun the next stretch already.
        let newest = now.unix_s.saturating_add(AHEAD_S) / self.stretch_s;
        let holds = number.saturating_add(1) >= current && number <= newest;
        holds.then_some(number < current)
    }

    /// Judges the nonce of a proof; whether its maker needs the next.
    pub(super) fn inspect(&self, claims: &Object, now: Now) -> Result<bool, Reason> {
        let Some(nonce) = member(claims, "nonce") else { return Err(Reason::ProofNonce) };
        // RFC 9449 4.2: it is a text. Whatever else is no proof.
        let text = nonce.as_str().ok_or(Reason::ProofMalformed)?;
        self.judge(text, now).ok_or(Reason::ProofNonce)
    }
}

impl Policy {
    /// Prepares the nonces that proofs must have.
    pub(crate) fn with_nonces(mut self, settings: &NonceSettings, gate_id: &str) -> Self {
        self.nonces = Nonces::new(settings, gate_id);
        self
    }

    /// The nonce that a proof must have now; none: it needs none.
    pub(crate) fn nonce(&self, now: Now) -> Option<HeaderValue> {
        self.nonces.as_ref()?.write(now)
    }

    /// Writes the next nonce on the answer to a request whose own ends soon. No cache may keep it
    /// then, or it would hand out an old one later (RFC 9449 8.2).
    pub(crate) fn dress(
        &self,
        held: Option<&Held>,
        now: Now,
        is_exposed: bool,
        headers: &mut HeaderMap,
    ) {
        if self.nonces.is_none() {
            return;
        }
        // A backend's own would be taken for the gate's, and be refused by it.
        headers.remove(&NONCE);
        let is_needed = held.is_some_and(|held| held.needs_nonce);
        let Some(nonce) = is_needed.then(|| self.nonce(now)).flatten() else { return };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        say(nonce, is_exposed, headers);
    }
}

/// Gives a nonce out, so that pages of allowed origins can read it.
pub(crate) fn say(nonce: HeaderValue, is_exposed: bool, headers: &mut HeaderMap) {
    headers.insert(NONCE.clone(), nonce);
    if is_exposed {
        headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    const START: u64 = 1_767_225_600;

    fn nonces(secrets: &[u8], gate_id: &str, stretch_s: u64) -> Nonces {
        let secrets = secrets.iter().map(|byte| Secret::new([*byte; 32])).collect();
        let settings = NonceSettings { stretch_s: Some(stretch_s), secrets };
        Nonces::new(&settings, gate_id).expect("nonces")
    }

    fn at(unix_s: u64) -> Now {
        Now { steady_ns: 0, unix_s }
    }

    fn text(nonces: &Nonces, now: Now) -> String {
        nonces.write(now).expect("a key").to_str().expect("a text").to_owned()
    }

    #[test]
    fn a_nonce_holds_for_its_stretch_and_the_next() {
        let own = nonces(&[1], "prod", 300);
        let nonce = text(&own, at(START));
        assert_eq!(nonce, text(&own, at(START + 299)));
        assert_ne!(nonce, text(&own, at(START + 300)));
        for (now, want) in [
            (START, Some(false)),
            (START + 299, Some(false)),
            (START + 300, Some(true)),
            (START + 599, Some(true)),
            (START + 600, None),
            (START + 100_000, None),
            // Made by an instance whose clock is ahead.
            (START - 1, Some(false)),
            (START - 30, Some(false)),
            (START - 31, None),
            (0, None),
        ] {
            assert_eq!(own.judge(&nonce, at(now)), want, "{now}");
        }
    }

    #[test]
    fn only_this_gate_makes_its_nonces_and_several_secrets_rotate() {
        let nonce = text(&nonces(&[1], "prod", 300), at(START));
        for (other, want) in [
            (nonces(&[1], "prod", 300), true),
            (nonces(&[2, 1], "prod", 300), true),
            (nonces(&[2], "prod", 300), false),
            (nonces(&[], "prod", 300), false),
            (nonces(&[1], "staging", 300), false),
            (nonces(&[1], "prod", 60), false),
        ] {
            assert_eq!(other.judge(&nonce, at(START)).is_some(), want);
        }
    }

    #[test]
    fn each_bit_of_a_nonce_counts() {
        let own = nonces(&[1], "prod", 300);
        let nonce = text(&own, at(START));
        let bytes = URL_SAFE_NO_PAD.decode(&nonce).expect("base64url");
        for (place, bit) in (0..bytes.len()).flat_map(|place| (0..8).map(move |bit| (place, bit))) {
            let mut bytes = bytes.clone();
            bytes[place] ^= 1 << bit;
            assert_eq!(own.judge(&URL_SAFE_NO_PAD.encode(bytes), at(START)), None);
        }
        for length in 0..nonce.len() {
            assert_eq!(own.judge(&nonce[..length], at(START)), None, "{length}");
        }
        for wrong in [format!("{nonce}A"), format!("{nonce}=="), format!(" {nonce}"), "é".into()] {
            assert_eq!(own.judge(&wrong, at(START)), None, "{wrong}");
        }
        assert_eq!(own.judge(&"A".repeat(100_000), at(START)), None);
    }

    #[test]
    fn what_a_proof_says() {
        let own = nonces(&[1], "prod", 300);
        let nonce = text(&own, at(START));
        for (claims, want) in [
            (format!("{{\"nonce\":\"{nonce}\"}}"), Ok(false)),
            ("{}".to_owned(), Err(Reason::ProofNonce)),
            ("{\"nonce\":\"\"}".to_owned(), Err(Reason::ProofNonce)),
            ("{\"nonce\":null}".to_owned(), Err(Reason::ProofMalformed)),
            ("{\"nonce\":5889075}".to_owned(), Err(Reason::ProofMalformed)),
            (format!("{{\"nonce\":[\"{nonce}\"]}}"), Err(Reason::ProofMalformed)),
        ] {
            let claims = json::object(claims.as_bytes()).expect("an object");
            assert_eq!(own.inspect(&claims, at(START)), want);
        }
    }
}
