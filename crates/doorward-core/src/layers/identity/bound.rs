//! Whom a token belongs to, by its `cnf` (RFC 7800): its bearer, a key (RFC 9449 6.1), a
//! certificate (RFC 8705 3.1), or both of these.

use super::Reason;
use crate::crypto;
use crate::json::{Object, member};
use serde_json::Value;

/// The SHA-256 of a key (RFC 7638) or of a certificate's DER.
pub(super) type Thumbprint = [u8; 32];

/// What must come along with a token. Nothing: it is its bearer's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bound {
    /// A proof by this key: `jkt`.
    pub(super) key: Option<Thumbprint>,
    /// This very certificate: `x5t#S256`.
    pub(super) certificate: Option<Thumbprint>,
}

impl Bound {
    /// Reads the claim. Whatever else binds a token is not known here, and must not be passed over
    /// (RFC 7800 3.1).
    pub(super) fn read(claims: &Object) -> Result<Self, Reason> {
        let mut bound = Self::default();
        let Some(confirmed) = member(claims, "cnf") else { return Ok(bound) };
        let confirmed = confirmed.as_object().filter(|members| !members.is_empty());
        for (name, value) in confirmed.ok_or(Reason::SenderBound)? {
            let place = match name.as_str() {
                "jkt" => &mut bound.key,
                "x5t#S256" => &mut bound.certificate,
                _ => return Err(Reason::SenderBound),
            };
            *place = Some(thumbprint(value).ok_or(Reason::SenderBound)?);
        }
        Ok(bound)
    }
}

fn thumbprint(value: &Value) -> Option<Thumbprint> {
    crypto::from_base64url(value.as_str()?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn whom_a_token_belongs_to() {
        let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        let of = |cnf: &str| {
            let claims = json::object(format!("{{{cnf}}}").as_bytes()).expect("an object");
            Bound::read(&claims).map(|it| (it.key.is_some(), it.certificate.is_some()))
        };
        assert_eq!(of(""), Ok((false, false)));
        assert_eq!(of(&format!("\"cnf\":{{\"jkt\":\"{jkt}\"}}")), Ok((true, false)));
        assert_eq!(of(&format!("\"cnf\":{{\"x5t#S256\":\"{jkt}\"}}")), Ok((false, true)));
        let both = format!("\"cnf\":{{\"jkt\":\"{jkt}\",\"x5t#S256\":\"{jkt}\"}}");
        assert_eq!(of(&both), Ok((true, true)));
        for wrong in [
            "\"cnf\":null".to_owned(),
            "\"cnf\":{}".to_owned(),
            "\"cnf\":\"x5t#S256\"".to_owned(),
            "\"cnf\":{\"jkt\":\"short\"}".to_owned(),
            "\"cnf\":{\"x5t#S256\":null}".to_owned(),
            format!("\"cnf\":{{\"x5t\":\"{jkt}\"}}"),
            format!("\"cnf\":{{\"X5T#S256\":\"{jkt}\"}}"),
            format!("\"cnf\":{{\"jkt\":\"{jkt}\",\"x5t#S256\":\"abc\"}}"),
            format!("\"cnf\":{{\"x5t#S256\":\"{jkt}\",\"kid\":\"a\"}}"),
            // The example of RFC 8705 3.1 has bits behind its end: no encoder writes it so.
            "\"cnf\":{\"x5t#S256\":\"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2\"}".to_owned(),
        ] {
            assert_eq!(of(&wrong), Err(Reason::SenderBound), "{wrong}");
        }
    }
}
