//! What keys are called in a server that others can read: nothing of an address, a user or a limit
//! can be told from a name, and who has no secret of the gates cannot make one up.

use doorward_core::crypto::{self, MacKey, SealKey};
use doorward_core::question::{Ask, Key, Subject};
use doorward_core::secret::Secret;

/// Bytes of a name's digest: 128 bits, so that no two keys of all that there will ever be agree.
const DIGEST_BYTES: usize = 16;

/// Names of one gate.
pub(super) struct Names {
    key: MacKey,
    /// What all of its names begin with.
    begin: String,
    pub(super) epoch: String,
    /// The denials, by whom they are about.
    pub(super) denials: String,
    /// How often they were changed.
    pub(super) version: String,
    /// Denials are for gates to read, and for nobody else.
    pub(super) seal: SealKey,
}

/// What a key counts: names of different kinds never agree.
#[derive(Clone, Copy)]
enum Kind {
    Bucket,
    Window(u32),
    Claim,
}

impl Names {
    /// Names under the secret of all gates of this id. Another secret has other names, of its
    /// epoch too: what was made under the one before is refused then, and not taken twice.
    pub(super) fn new(secret: &Secret, gate_id: &str) -> Self {
        let key = MacKey::new(&crypto::derive(secret, &["doorward", gate_id, "store"]));
        let seal = SealKey::new(&crypto::derive(secret, &["doorward", gate_id, "store seal"]));
        let begin = format!("doorward:{gate_id}:");
        let name = |of: &[u8]| written(&key, &begin, of);
        let (epoch, denials, version) = (name(b"epoch"), name(b"denials"), name(b"version"));
        Self { key, begin, epoch, denials, version, seal }
    }

    /// The name of what a question is about.
    pub(super) fn of(&self, ask: &Ask) -> String {
        let (key, kind) = subject_of(ask);
        // A kind, a limit, a window's length, and a subject with its mark: each of a fixed length.
        let mut bytes = [0; 1 + 8 + 4 + 2 + 16];
        let (mark, window_s) = match kind {
            Kind::Bucket => (b'b', 0),
            Kind::Window(window_s) => (b'w', window_s),
            Kind::Claim => (b'c', 0),
        };
        let (of, length, subject) = match key.subject {
            Subject::Address(prefix) => {
                let (bits, length) = prefix.parts();
                (b'a', length, bits.to_be_bytes())
            }
            Subject::Known(digest) => (b'k', 0, digest),
        };
        bytes[0] = mark;
        bytes[1..9].copy_from_slice(&key.limit.to_be_bytes());
        bytes[9..13].copy_from_slice(&window_s.to_be_bytes());
        bytes[13] = of;
        bytes[14] = length;
        bytes[15..].copy_from_slice(&subject);
        written(&self.key, &self.begin, &bytes)
    }

    /// The name of a denial among the others.
    pub(super) fn of_denial(&self, whom: &str) -> String {
        written(&self.key, "", &[b"denial ", whom.as_bytes()].concat())
    }
}

fn written(key: &MacKey, begin: &str, bytes: &[u8]) -> String {
    let mac = key.sign(bytes);
    let mut out = Vec::with_capacity(begin.len() + DIGEST_BYTES.div_ceil(3) * 4);
    out.extend_from_slice(begin.as_bytes());
    crypto::base64url(&mac[..DIGEST_BYTES], &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

const fn subject_of(ask: &Ask) -> (&Key, Kind) {
    match ask {
        Ask::TakeTokens { key, .. } | Ask::GiveTokens { key, .. } => (key, Kind::Bucket),
        Ask::TakeFromWindow { key, window_s, .. } | Ask::Settle { key, window_s, .. } => {
            (key, Kind::Window(*window_s))
        }
        Ask::ClaimOnce { key, .. } | Ask::Unclaim { key } | Ask::Answered { key } => {
            (key, Kind::Claim)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::address::Prefix;
    use doorward_core::question::Rate;
    use std::collections::HashSet;

    #[test]
    fn every_key_has_a_name_of_its_own_and_says_nothing() {
        let secret = Secret::new(*b"a secret of the gates, of a good length");
        let names = Names::new(&secret, "prod");
        let address = |text: &str| {
            let address = text.parse().expect("an address");
            Subject::Address(Prefix::subscriber(address))
        };
        let subjects = [
            address("203.0.113.7"),
            address("2001:db8::1"),
            Subject::Known([0; 16]),
            Subject::Known([1; 16]),
        ];
        let mut seen = HashSet::new();
        for subject in subjects {
            for limit in [0, 1] {
                let key = Key { limit, subject };
                let rate = Rate { every_ns: 1, burst: 1 };
                let window = |window_s| Ask::TakeFromWindow { key, window_s, limit: 1, cost: 1 };
                for ask in [
                    Ask::TakeTokens { key, rate, cost: 1 },
                    window(60),
                    window(61),
                    Ask::ClaimOnce { key, until_unix_s: 1 },
                ] {
                    let name = names.of(&ask);
                    let digits = name.strip_prefix("doorward:prod:").expect("whose it is");
                    assert_eq!(digits.len(), 22, "{name}");
                    assert!(seen.insert(name));
                }
                let same = Ask::GiveTokens { key, rate: Rate { every_ns: 2, burst: 9 }, cost: 3 };
                assert!(!seen.insert(names.of(&same)));
                assert!(!seen.insert(names.of(&Ask::Unclaim { key })));
            }
        }
        for own in [&names.epoch, &names.denials, &names.version] {
            assert!(seen.insert(own.clone()));
        }
        // Another secret, and another gate, have others.
        for other in [Names::new(&Secret::new([7; 32]), "prod"), Names::new(&secret, "staging")] {
            assert!(seen.insert(other.epoch.clone()));
            let key = Key { limit: 0, subject: subjects[0] };
            assert!(seen.insert(other.of(&Ask::Unclaim { key })));
        }
    }
}
