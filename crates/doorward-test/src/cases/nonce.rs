//! Nonces for a case's proofs, made from their description alone (docs/identity.md): the number of
//! a stretch of time and its HMAC-SHA256 over number and length, in base64url.

use doorward_core::crypto::{MacKey, base64url, derive};
use doorward_core::secret::Secret;

/// Makes a nonce. Words of the line:
///
/// | word | says |
/// | --- | --- |
/// | `at=+300` | given out so many seconds from now |
/// | `gate=staging` | by another gate, of the same secret |
/// | `secret=TEXT` | by a gate with this secret, `_` for each blank |
/// | `stretch=60` | by a gate that asks for another time |
pub(super) fn of_line(line: &str, secret: &str, now_unix_s: u64) -> Result<String, String> {
    let (mut unix_s, mut gate, mut stretch_s) = (now_unix_s, "doorward", 300_u64);
    let mut secret = secret.to_owned();
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let (name, text) = word.split_once('=').ok_or_else(|| format!("{word} says nothing"))?;
        let bad = || format!("{word} is no number");
        match name {
            "at" => {
                let by = text.parse::<i64>().map_err(|_| bad())?;
                unix_s = now_unix_s.saturating_add_signed(by);
            }
            "gate" => gate = text,
            "secret" => secret = text.replace('_', " "),
            "stretch" => stretch_s = text.parse().map_err(|_| bad())?,
            _ => return Err(format!("{word} says nothing")),
        }
    }
    let root = Secret::new(secret.into_bytes());
    let key = MacKey::new(&derive(&root, &["doorward dpop nonce v1", gate]));
    let number = (unix_s / stretch_s).to_be_bytes();
    let mac = key.sign(&[number, stretch_s.to_be_bytes()].concat());
    let mut out = Vec::new();
    base64url(&[&number[..], &mac].concat(), &mut out);
    String::from_utf8(out).map_err(|error| error.to_string())
}
