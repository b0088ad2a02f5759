//! Opaque tokens, by their issuer's word (RFC 7662).

use super::jwt::{SCOPES_BYTES_MAX, SUBJECT_BYTES_MAX};
use super::who::{self, By, Facts, Identity, Kind};
use super::{Bound, Reason};
use crate::json::{self, Object, member};
use crate::moment::Now;
use crate::path;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// How an issuer is asked about its tokens.
#[derive(Clone, Debug)]
pub struct Introspection {
    /// Whose tokens they are: what `iss` says, where the answer has one.
    pub issuer: String,
    /// What this gate is called by it; empty: its answers name no audience.
    pub audiences: Vec<String>,
    /// By what name the gate asks.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// The member that names the caller.
    pub subject: String,
    /// Seconds by which clocks may differ.
    pub leeway_s: u64,
}

impl Introspection {
    /// Whether the same is asked by the same, and read in the same way.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.issuer == other.issuer
            && self.audiences == other.audiences
            && self.client_id == other.client_id
            && self.subject == other.subject
            && self.leeway_s == other.leeway_s
    }

    /// Name and secret as HTTP Basic (RFC 6749 2.3.1): each is form-encoded first.
    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        let secret = String::from_utf8_lossy(self.client_secret.expose());
        let pair = format!("{}:{}", encoded(&self.client_id), encoded(&secret));
        let basic = format!("Basic {}", STANDARD.encode(pair));
        vec![
            ("authorization", basic),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
        ]
    }

    pub(super) fn form(&self, token: &str) -> String {
        format!("token={}&token_type_hint=access_token", encoded(token))
    }
}

/// Who it is. Only a whole answer counts; whatever is no answer of an issuer's is none.
pub(super) fn read(
    how: &Introspection,
    by: By,
    kept: &[Box<str>],
    (status, body): (u16, &[u8]),
    now: Now,
) -> Result<Identity, Reason> {
    if status != 200 {
        return Err(Reason::CheckAway);
    }
    let said = json::object(body).map_err(|_| Reason::CheckAway)?;
    match member(&said, "active") {
        Some(Value::Bool(true)) => {}
        Some(Value::Bool(false)) => return Err(Reason::TokenInactive),
        Some(_) | None => return Err(Reason::CheckAway),
    }
    // A refresh token is active too, and no leave to call anything.
    if matches!(member(&said, "token_type"), Some(Value::String(kind)) if is_refresh(kind)) {
        return Err(Reason::Type);
    }
    if matches!(member(&said, "iss"), Some(issuer) if issuer.as_str() != Some(&how.issuer)) {
        return Err(Reason::Issuer);
    }
    inspect_audience(how, &said)?;
    let (begins_unix_s, ends_unix_s) = inspect_times(how, &said, now)?;
    let bound = Bound::read(&said)?;
    let subject = subject(how, &said)?;
    let scopes = match member(&said, "scope") {
        None | Some(Value::Null) => "",
        Some(Value::String(scopes)) if scopes.len() <= SCOPES_BYTES_MAX => scopes,
        Some(_) => return Err(Reason::Claims),
    };
    Ok(Identity::new(Facts {
        kind: Kind::Opaque,
        issuer: &how.issuer,
        subject: &subject,
        scopes,
        token_id: member(&said, "jti").and_then(Value::as_str),
        begins_unix_s,
        ends_unix_s,
        by: Some(by),
        claims: who::keep(&said, kept),
        bound,
    }))
}

fn is_refresh(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("refresh_token")
}

fn inspect_audience(how: &Introspection, said: &Object) -> Result<(), Reason> {
    let is_ours = |audience: &Value| {
        audience.as_str().is_some_and(|text| how.audiences.iter().any(|own| own == text))
    };
    let fits = match member(said, "aud") {
        _ if how.audiences.is_empty() => true,
        Some(Value::Array(list)) => list.iter().any(is_ours),
        Some(value) => is_ours(value),
        None => false,
    };
    if fits { Ok(()) } else { Err(Reason::Audience) }
}

fn inspect_times(
    how: &Introspection,
    said: &Object,
    now: Now,
) -> Result<(u64, Option<u64>), Reason> {
    let time = |name: &str| match member(said, name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or(Reason::Claims),
    };
    let ends = time("exp")?.map(|ends| ends.saturating_add(how.leeway_s));
    let begins = time("nbf")?.unwrap_or(0).saturating_sub(how.leeway_s);
    if now.unix_s < begins {
        return Err(Reason::FromTheFuture);
    }
    if ends.is_some_and(|ends| ends <= now.unix_s) {
        Err(Reason::Expired)
    } else {
        Ok((begins, ends))
    }
}

/// Whom it stands for: a person, or the program that it was given to.
fn subject(how: &Introspection, said: &Object) -> Result<String, Reason> {
    let subject = match member(said, &how.subject) {
        Some(Value::String(subject)) => subject.clone(),
        Some(Value::Number(number)) if number.is_u64() || number.is_i64() => number.to_string(),
        None | Some(Value::Null) => {
            let client = member(said, "client_id").and_then(Value::as_str);
            // No person's name begins so by chance: a program must not pass for one.
            format!("client:{}", client.ok_or(Reason::Claims)?)
        }
        Some(_) => return Err(Reason::Claims),
    };
    let fits = !subject.is_empty() && subject.len() <= SUBJECT_BYTES_MAX;
    if fits { Ok(subject) } else { Err(Reason::Claims) }
}

/// `application/x-www-form-urlencoded` of one value.
fn encoded(text: &str) -> String {
    path::encode(text, b"-._*")
}
