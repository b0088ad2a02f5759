//! The token: an HMAC over its end and what it is bound to, under a mask that is new each time.

use super::Reason;
use crate::crypto::{self, KEY_BYTES, MacKey};
use crate::moment::{Chance, Now};
use crate::secret::Secret;
use crate::visit::Visit;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

/// What a token begins with.
pub(super) const PREFIX: &str = "dwc1.";
/// Seconds for which a token holds: a working day, so that no form is lost over lunch.
pub const TOKEN_S: u64 = 12 * 60 * 60;

/// The end, and a digest of what it is bound to; then the MAC over both.
const SAID_BYTES: usize = 8 + BOUND_BYTES;
const BOUND_BYTES: usize = 16;
const WHOLE_BYTES: usize = SAID_BYTES + KEY_BYTES;
/// The mask, and the masked token.
const TEXT_BYTES: usize = 2 * WHOLE_BYTES;

/// Random bytes of an anchor.
const ANCHOR_BYTES: usize = 16;
/// With its MAC.
const SEALED_BYTES: usize = ANCHOR_BYTES + KEY_BYTES;

/// Whom a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Nobody that is known by what a browser sends by itself.
    Anonymous,
    /// The digest of issuer and subject.
    User([u8; 16]),
}

impl Subject {
    pub(super) fn of(visit: &Visit<'_>) -> Self {
        let known = visit.known.as_ref().filter(|known| known.is_ambient);
        known.map_or(Self::Anonymous, |known| Self::User(known.identity.user()))
    }

    fn bytes(self) -> [u8; 17] {
        let mut out = [0; 17];
        if let Self::User(digest) = self {
            out[0] = 1;
            out[1..].copy_from_slice(&digest);
        }
        out
    }
}

/// The keys of tokens and anchors: the first makes, all verify.
pub(crate) struct Keys(Vec<KeyPair>);

struct KeyPair {
    token: MacKey,
    anchor: MacKey,
}

impl Keys {
    pub(super) fn new(secrets: &[Secret], gate_id: &str) -> Self {
        let key = |secret, label| MacKey::new(&crypto::derive(secret, &[label, gate_id]));
        let pair = |secret| KeyPair {
            token: key(secret, "doorward csrf token v1"),
            anchor: key(secret, "doorward csrf anchor v1"),
        };
        Self(secrets.iter().map(pair).collect())
    }

    /// A new token. None: there is no key.
    pub(super) fn write(
        &self,
        anchor: &str,
        subject: Subject,
        now: Now,
        chance: &dyn Chance,
    ) -> Option<String> {
        let key = self.0.first()?;
        let mut whole = [0; WHOLE_BYTES];
        let (said, mac) = whole.split_at_mut(SAID_BYTES);
        let ends_unix_s = now.unix_s.saturating_add(TOKEN_S);
        said[..8].copy_from_slice(&ends_unix_s.to_be_bytes());
        said[8..].copy_from_slice(&bound(anchor, subject));
        mac.copy_from_slice(&key.token.sign(said));
        let mut masked = [0; TEXT_BYTES];
        let (mask, under) = masked.split_at_mut(WHOLE_BYTES);
        chance.fill(mask);
        for ((to, from), mask) in under.iter_mut().zip(whole).zip(mask) {
            *to = from ^ *mask;
        }
        let mut text = PREFIX.as_bytes().to_vec();
        crypto::base64url(&masked, &mut text);
        String::from_utf8(text).ok()
    }

    /// Judges a token for the anchor and the subject of a request.
    pub(super) fn judge(
        &self,
        text: &str,
        anchor: Option<&str>,
        subject: Subject,
        now: Now,
    ) -> Result<(), Reason> {
        let whole = read(text).ok_or(Reason::Forged)?;
        let (said, mac) = whole.split_at(SAID_BYTES);
        if !self.0.iter().any(|key| key.token.matches(said, mac)) {
            return Err(Reason::Forged);
        }
        let (ends, wanted) = said.split_at(8);
        let ends_unix_s = ends.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        if ends_unix_s <= now.unix_s {
            return Err(Reason::Expired);
        }
        let is_of = |anchor| bool::from(bound(anchor, subject).ct_eq(wanted));
        if anchor.is_some_and(is_of) { Ok(()) } else { Err(Reason::OtherSession) }
    }

    /// A new anchor, sealed for a subject. None: there is no key.
    pub(super) fn draw(&self, subject: Subject, chance: &dyn Chance) -> Option<String> {
        let key = self.0.first()?;
        let mut sealed = [0; SEALED_BYTES];
        let (random, mac) = sealed.split_at_mut(ANCHOR_BYTES);
        chance.fill(random);
        mac.copy_from_slice(&key.anchor.sign(&sealing(random, subject)));
        let mut text = Vec::new();
        crypto::base64url(&sealed, &mut text);
        String::from_utf8(text).ok()
    }

    /// Whether an anchor was drawn here, for this subject.
    pub(super) fn is_sealed_for(&self, anchor: &str, subject: Subject) -> bool {
        let mut sealed = [0; SEALED_BYTES];
        let read = URL_SAFE_NO_PAD.decode_slice(anchor, &mut sealed);
        let (random, mac) = sealed.split_at(ANCHOR_BYTES);
        let over = sealing(random, subject);
        read == Ok(SEALED_BYTES) && self.0.iter().any(|key| key.anchor.matches(&over, mac))
    }
}

/// The token under its mask. Only the one canonical text of it is read.
fn read(text: &str) -> Option<[u8; WHOLE_BYTES]> {
    let text = text.strip_prefix(PREFIX)?;
    let mut masked = [0; TEXT_BYTES];
    if URL_SAFE_NO_PAD.decode_slice(text, &mut masked) != Ok(TEXT_BYTES) {
        return None;
    }
    let (mask, under) = masked.split_at(WHOLE_BYTES);
    let mut whole = [0; WHOLE_BYTES];
    for ((to, from), mask) in whole.iter_mut().zip(under).zip(mask) {
        *to = from ^ mask;
    }
    Some(whole)
}

/// What a token is bound to. The anchor goes in by its digest, so whatever stands in the cookie
/// cannot be mistaken for a part of the subject.
fn bound(anchor: &str, subject: Subject) -> [u8; BOUND_BYTES] {
    let mut over = [0; KEY_BYTES + 17];
    over[..KEY_BYTES].copy_from_slice(&crypto::sha256(anchor.as_bytes()));
    over[KEY_BYTES..].copy_from_slice(&subject.bytes());
    let mut out = [0; BOUND_BYTES];
    out.copy_from_slice(&crypto::sha256(&over)[..BOUND_BYTES]);
    out
}

fn sealing(random: &[u8], subject: Subject) -> [u8; ANCHOR_BYTES + 17] {
    let mut over = [0; ANCHOR_BYTES + 17];
    over[..ANCHOR_BYTES].copy_from_slice(random);
    over[ANCHOR_BYTES..].copy_from_slice(&subject.bytes());
    over
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// Each byte is another one.
    struct Counted(AtomicU8);

    impl Chance for Counted {
        fn fill(&self, out: &mut [u8]) {
            for byte in out {
                *byte = self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    const NOW: Now = Now { steady_ns: 0, unix_s: 1_000_000 };
    const ANN: Subject = Subject::User([7; 16]);

    fn keys(secrets: &[u8], gate_id: &str) -> Keys {
        let secrets: Vec<Secret> = secrets.iter().map(|byte| Secret::new([*byte; 32])).collect();
        Keys::new(&secrets, gate_id)
    }

    fn later(seconds: u64) -> Now {
        Now { unix_s: NOW.unix_s + seconds, ..NOW }
    }

    #[test]
    fn a_token_holds_for_its_anchor_and_subject_until_it_ends() {
        let (keys, chance) = (keys(&[1], "prod"), Counted(AtomicU8::new(0)));
        let anchor = keys.draw(ANN, &chance).expect("a key");
        let other = keys.draw(ANN, &chance).expect("a key");
        let token = keys.write(&anchor, ANN, NOW, &chance).expect("a key");
        let judge = |anchor, subject, now| keys.judge(&token, anchor, subject, now);
        assert_eq!(judge(Some(&anchor), ANN, NOW), Ok(()));
        assert_eq!(judge(Some(&anchor), ANN, later(TOKEN_S - 1)), Ok(()));
        assert_eq!(judge(Some(&anchor), ANN, later(TOKEN_S)), Err(Reason::Expired));
        for (anchor, subject) in [
            (None, ANN),
            (Some(other.as_str()), ANN),
            (Some(""), ANN),
            (Some(anchor.as_str()), Subject::Anonymous),
            (Some(anchor.as_str()), Subject::User([0; 16])),
        ] {
            assert_eq!(judge(anchor, subject, NOW), Err(Reason::OtherSession));
        }
    }

    #[test]
    fn each_bit_of_a_token_counts() {
        let (keys, chance) = (keys(&[1], "prod"), Counted(AtomicU8::new(0)));
        let anchor = keys.draw(ANN, &chance).expect("a key");
        let token = keys.write(&anchor, ANN, NOW, &chance).expect("a key");
        let judge = |text: &str| keys.judge(text, Some(&anchor), ANN, NOW);
        for length in 0..token.len() {
            assert_eq!(judge(&token[..length]), Err(Reason::Forged), "{length}");
        }
        let text = token.strip_prefix(PREFIX).expect("a token");
        let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
        for (place, bit) in (0..bytes.len()).flat_map(|place| (0..8).map(move |bit| (place, bit))) {
            let mut bytes = bytes.clone();
            bytes[place] ^= 1 << bit;
            let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
            assert_eq!(judge(&text), Err(Reason::Forged), "{place} {bit}");
        }
        for text in [format!("{token}A"), format!("{token}="), token.replace('.', ":")] {
            assert_eq!(judge(&text), Err(Reason::Forged), "{text}");
        }
    }

    #[test]
    fn another_gate_or_secret_is_a_forgery_and_several_secrets_rotate() {
        let chance = Counted(AtomicU8::new(0));
        let old = keys(&[1], "prod");
        let anchor = old.draw(ANN, &chance).expect("a key");
        let token = old.write(&anchor, ANN, NOW, &chance).expect("a key");
        for (keys, want) in [
            (keys(&[1], "prod"), true),
            (keys(&[2, 1], "prod"), true),
            (keys(&[2], "prod"), false),
            (keys(&[1], "staging"), false),
            (keys(&[], "prod"), false),
        ] {
            assert_eq!(keys.judge(&token, Some(&anchor), ANN, NOW).is_ok(), want);
            assert_eq!(keys.is_sealed_for(&anchor, ANN), want);
        }
        assert!(!old.is_sealed_for(&anchor, Subject::Anonymous));
        assert!(!old.is_sealed_for(&anchor[1..], ANN));
        assert!(!old.is_sealed_for("", ANN));
    }

    #[test]
    fn no_two_tokens_have_a_run_of_bytes_in_common() {
        let (keys, chance) = (keys(&[1], "prod"), Counted(AtomicU8::new(0)));
        let anchor = keys.draw(ANN, &chance).expect("a key");
        let first = keys.write(&anchor, ANN, NOW, &chance).expect("a key");
        let second = keys.write(&anchor, ANN, NOW, &chance).expect("a key");
        let same = first.bytes().zip(second.bytes()).skip(PREFIX.len());
        assert!(same.filter(|(one, other)| one == other).count() < 16);
    }
}
