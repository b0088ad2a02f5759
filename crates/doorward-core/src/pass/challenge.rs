//! Challenges in ALTCHA's JSON, so that its widgets and solvers can work for a pass. Each is bound
//! to the key that the pass is for, the gate's name, the page and its end, and its difficulty
//! stands within what is signed.

use super::work::BITS_MAX;
use super::{WORK_AGE_S, fields};
use crate::crypto::{self, MacKey};
use crate::json;
use crate::moment::{Chance, Now};
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Characters of a solution at the most.
const SOLUTION_TEXT_MAX: usize = 4 * 1024;
/// The largest number is so many times what a part of the other work takes: half of it is tried on
/// average, and the other work has eight parts.
const TIMES: u64 = 16;
/// Random bytes of a salt.
const SALT_BYTES: usize = 16;

/// The keys of challenges: the first signs, all verify.
pub(crate) struct ChallengeKeys(Vec<MacKey>);

/// What a challenge is bound to.
pub(crate) struct Bound<'a> {
    pub(crate) authority: &'a str,
    pub(crate) origin: &'a str,
    /// The key, as it is written.
    pub(crate) key: &'a str,
}

/// Why a solution is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SolutionError {
    /// Not the form of one.
    Malformed,
    /// Of no challenge of this gate's, or for something else.
    Forged,
    /// Its time is over.
    Expired,
    /// The number is not the one.
    Wrong,
}

impl Bound<'_> {
    fn text(&self) -> String {
        let mut whole = Vec::new();
        for field in [self.authority, self.origin, self.key] {
            fields::push(field.as_bytes(), &mut whole);
        }
        crypto::hex(&crypto::sha256(&whole)[..SALT_BYTES])
    }
}

impl ChallengeKeys {
    pub(crate) fn new(secrets: &[Secret], gate_id: &str) -> Self {
        let key =
            |secret| MacKey::new(&crypto::derive(secret, &["doorward challenge v1", gate_id]));
        Self(secrets.iter().map(key).collect())
    }

    /// A new challenge. None: there is no key.
    pub(crate) fn write(
        &self,
        bound: &Bound<'_>,
        bits: u8,
        now: Now,
        chance: &dyn Chance,
    ) -> Option<Value> {
        let key = self.0.first()?;
        let mut random = [0; SALT_BYTES + 8];
        chance.fill(&mut random);
        let (salt, drawn) = random.split_first_chunk::<SALT_BYTES>()?;
        let drawn = u64::from_be_bytes(*drawn.first_chunk()?);
        let max = TIMES << bits.min(BITS_MAX);
        let (expires, bound) = (now.unix_s + WORK_AGE_S, bound.text());
        // It ends with a delimiter: a digit of the number can be none of the salt's.
        let salt = format!("{}?expires={expires}&max={max}&for={bound}&", crypto::hex(salt));
        // What is left of 64 bits is nothing that could be told from chance.
        let challenge = digest(&salt, drawn % (max + 1));
        let signature = crypto::hex(&key.sign(challenge.as_bytes()));
        Some(json!({
            "algorithm": "SHA-256", "challenge": challenge, "maxnumber": max, "salt": salt,
            "signature": signature,
        }))
    }

    /// Checks a solution: the base64 of its JSON, as ALTCHA's widgets write it. The zero bits that
    /// it stands for come back.
    pub(crate) fn check(
        &self,
        text: &str,
        bound: &Bound<'_>,
        now: Now,
    ) -> Result<u8, SolutionError> {
        let solved = Solution::read(text).ok_or(SolutionError::Malformed)?;
        let is_ours = |key: &MacKey| key.matches(solved.challenge.as_bytes(), &solved.signature);
        if !self.0.iter().any(is_ours) {
            return Err(SolutionError::Forged);
        }
        if digest(&solved.salt, solved.number) != solved.challenge {
            return Err(SolutionError::Wrong);
        }
        // From here on the salt is the gate's own.
        let (_, said) = solved.salt.split_once('?').ok_or(SolutionError::Malformed)?;
        let field = |name: &str| {
            let mut pairs = said.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
        };
        let number = |name| field(name).and_then(fields::number);
        let (expires, max) = (number("expires"), number("max"));
        let (Some(expires), Some(max)) = (expires, max) else {
            return Err(SolutionError::Malformed);
        };
        if field("for") != Some(bound.text().as_str()) {
            return Err(SolutionError::Forged);
        }
        if expires < now.unix_s {
            return Err(SolutionError::Expired);
        }
        Ok(u8::try_from((max / TIMES).checked_ilog2().unwrap_or(0)).unwrap_or(0))
    }
}

struct Solution {
    challenge: String,
    salt: String,
    number: u64,
    signature: Vec<u8>,
}

impl Solution {
    fn read(text: &str) -> Option<Self> {
        let bytes = Some(text).filter(|text| text.len() <= SOLUTION_TEXT_MAX)?;
        let object = json::object(&STANDARD.decode(bytes).ok()?).ok()?;
        let text = |name| json::member(&object, name).and_then(Value::as_str);
        if text("algorithm")? != "SHA-256" {
            return None;
        }
        Some(Self {
            challenge: text("challenge")?.to_owned(),
            salt: text("salt")?.to_owned(),
            number: json::member(&object, "number")?.as_u64()?,
            signature: unhex(text("signature")?)?,
        })
    }
}

fn digest(salt: &str, number: u64) -> String {
    crypto::hex(&crypto::sha256(format!("{salt}{number}").as_bytes()))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let is_plain = text.len().is_multiple_of(2)
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
    is_plain.then(|| pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Seven;

    impl Chance for Seven {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    const BOUND: Bound<'_> = Bound { authority: "a.test", origin: "https://a.test", key: "BKEY" };

    fn at(unix_s: u64) -> Now {
        Now { steady_ns: 0, unix_s }
    }

    fn solved(challenge: &Value) -> Value {
        let text = |name: &str| challenge[name].as_str().expect("a text").to_owned();
        let (salt, wanted) = (text("salt"), text("challenge"));
        let max = challenge["maxnumber"].as_u64().expect("a number");
        let number = (0..=max).find(|number| digest(&salt, *number) == wanted).expect("a number");
        json!({ "algorithm": "SHA-256", "challenge": wanted, "number": number, "salt": salt,
            "signature": text("signature"), "took": 12 })
    }

    fn packed(solution: &Value) -> String {
        STANDARD.encode(solution.to_string())
    }

    #[test]
    fn a_solution_is_for_its_key_page_name_and_time() {
        let keys = ChallengeKeys::new(&[Secret::new([1; 32])], "g");
        let challenge = keys.write(&BOUND, 4, at(100), &Seven).expect("a challenge");
        assert_eq!(challenge["maxnumber"], 256);
        let solution = solved(&challenge);
        let text = packed(&solution);
        assert_eq!(keys.check(&text, &BOUND, at(400)), Ok(4));
        assert_eq!(keys.check(&text, &BOUND, at(401)), Err(SolutionError::Expired));
        for other in [
            Bound { authority: "b.test", ..BOUND },
            Bound { origin: "https://b.test", ..BOUND },
            Bound { key: "BKEX", ..BOUND },
            Bound { authority: "a.testh", origin: "ttps://a.test", ..BOUND },
        ] {
            assert_eq!(keys.check(&text, &other, at(100)), Err(SolutionError::Forged));
        }
        let others = ChallengeKeys::new(&[Secret::new([1; 32])], "h");
        assert_eq!(others.check(&text, &BOUND, at(100)), Err(SolutionError::Forged));
    }

    #[test]
    fn what_is_changed_is_no_solution() {
        let keys = ChallengeKeys::new(&[Secret::new([1; 32]), Secret::new([2; 32])], "g");
        let challenge = keys.write(&BOUND, 4, at(100), &Seven).expect("a challenge");
        let solution = solved(&challenge);
        let with = |name: &str, value: Value| {
            let mut changed = solution.clone();
            changed[name] = value;
            keys.check(&packed(&changed), &BOUND, at(100))
        };
        let number = solution["number"].as_u64().expect("a number");
        assert_eq!(with("number", (number + 1).into()), Err(SolutionError::Wrong));
        let salt = solution["salt"].as_str().expect("a text");
        // An easier one, a longer one, and a digit that moves from the number into the salt.
        let easier = salt.replace("max=256", "max=1");
        assert_eq!(with("salt", easier.into()), Err(SolutionError::Wrong));
        let longer = salt.replace("expires=400", "expires=900");
        assert_eq!(with("salt", longer.into()), Err(SolutionError::Wrong));
        let digits = number.to_string();
        let (first, rest) = digits.split_at(1);
        let mut spliced = solution.clone();
        spliced["salt"] = format!("{salt}{first}").into();
        spliced["number"] = rest.parse::<u64>().unwrap_or_default().into();
        // The same text may be hashed, and what is read of the salt is the same: nothing is gained.
        let said = keys.check(&packed(&spliced), &BOUND, at(100));
        assert!(matches!(said, Ok(4) | Err(SolutionError::Wrong)), "{said:?}");
        assert_eq!(with("signature", "00".repeat(32).into()), Err(SolutionError::Forged));
        assert_eq!(with("signature", "0".into()), Err(SolutionError::Malformed));
        assert_eq!(with("algorithm", "SHA-1".into()), Err(SolutionError::Malformed));
        for text in ["", "e30=", "not base64", &"A".repeat(SOLUTION_TEXT_MAX + 1)] {
            assert_eq!(keys.check(text, &BOUND, at(100)), Err(SolutionError::Malformed));
        }
        // A secret that is being changed still counts.
        let old = ChallengeKeys::new(&[Secret::new([2; 32])], "g");
        let challenge = old.write(&BOUND, 4, at(100), &Seven).expect("a challenge");
        assert_eq!(keys.check(&packed(&solved(&challenge)), &BOUND, at(100)), Ok(4));
    }
}
