//! # C-03: everybody may read what is not for everybody
//!
//! ## What it is
//!
//! `Access-Control-Allow-Origin: *` is right for what is public, and no fault. It is one where the
//! answer, without any sign-in, holds a secret, and where the API is in a private network: a page
//! comes from outside, and its visitor's browser is inside.
//!
//! ## How it is found
//!
//! The answer without a session says `*` to a page of nobody's. Either it is JSON in which a field
//! by the name of a secret has a text, or the API's address is one of a private network.
//!
//! ## What it does not say
//!
//! Names of fields are a hint, no proof: what is found by them is tentative. An API on this machine
//! is taken for one that is being written.
//!
//! ## How to close it
//!
//! Take the secret out of the answer, or ask for a sign-in. In a private network, list origins.
//!
//! ## References
//!
//! Fetch 3.3.7 (safe set-up of CORS), CWE-200, CWE-942.

use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Severity};
use crate::grant::{Allowed, Grant};
use crate::look::Look;
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "C-03",
    title: "everybody may read what is not for everybody",
    source: include_str!("c03.rs"),
    look,
};

/// Fields that hold secrets wherever they hold a text, in lower case and without `_` and `-`.
const SECRETS: &[&str] = &[
    "accesstoken",
    "apikey",
    "apisecret",
    "cardnumber",
    "clientsecret",
    "iban",
    "passwd",
    "password",
    "passwordhash",
    "privatekey",
    "refreshtoken",
    "secret",
    "secretkey",
    "sessiontoken",
];
/// How deep fields are looked for.
const DEPTH_MAX: usize = 12;

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let origins = look.origins().await;
    let canary = &look.canaries[0];
    let call = look.from_page(canary);
    let answered = look.ask(&call).await.ok()?;
    if !answered.is_success() || Grant::of(&answered, canary).allowed != Allowed::Everybody {
        return None;
    }
    let body: Option<Value> = serde_json::from_slice(&answered.body).ok();
    // A description of an API has examples.
    let is_description = body
        .as_ref()
        .is_some_and(|body| ["openapi", "swagger"].iter().any(|key| body.get(key).is_some()));
    let field = body.as_ref().filter(|_| !is_description).and_then(|body| secret(body, 0));
    let is_inside = origins.standing.is_near && !origins.standing.is_loopback;
    let operation = look.operation.name();
    let (who, evidence, confidence) = match (field, is_inside) {
        (Some(field), _) => (
            format!("Any page, and anybody else, can read a secret in the answer to {operation}."),
            format!("the answer without a sign-in has a field `{field}`"),
            Confidence::Tentative,
        ),
        (None, true) => (
            format!(
                "Any page that somebody inside of the network visits can read {operation} from \
                 there."
            ),
            "the API's address is one of a private network".to_owned(),
            Confidence::Firm,
        ),
        (None, false) => return None,
    };
    let title = "It allows everybody to read what is not for everybody";
    let mut finding = look.finding(CHECK.id, Severity::Medium, title);
    finding.who = who;
    finding.confidence = confidence;
    finding.request = call.curl();
    finding.evidence = vec!["Access-Control-Allow-Origin: *".to_owned(), evidence];
    finding.fix = "Take the secret out of the answer or ask for a sign-in; in a private network, \
                   list origins."
        .to_owned();
    Some(finding)
}

/// The first field that is called as a secret and has a text: one that names its type or is empty
/// tells of secrets, and holds none.
fn secret(value: &Value, depth: usize) -> Option<&'static str> {
    if depth > DEPTH_MAX {
        return None;
    }
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let plain: String =
                name.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
            let plain = plain.to_ascii_lowercase();
            let text = value.as_str().unwrap_or_default();
            let named = SECRETS.iter().find(|secret| **secret == plain);
            named.filter(|_| is_held(text)).copied().or_else(|| secret(value, depth + 1))
        }),
        Value::Array(values) => values.iter().find_map(|value| secret(value, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Whether a text looks drawn or made up: words of a language, as a page's labels, have no digits.
fn is_held(text: &str) -> bool {
    text.len() >= 8
        && !text.contains(char::is_whitespace)
        && text.contains(|c: char| c.is_ascii_digit())
        && text.contains(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::secret;

    #[test]
    fn what_holds_a_secret() {
        let rows = [
            (r#"{"api_key":"k-123456"}"#, Some("apikey")),
            (r#"{"users":[{"name":"ann","passwordHash":"$2b$10$abc"}]}"#, Some("passwordhash")),
            (r#"{"password":"••••••••"}"#, None),
            (r#"{"password":"Passwort","apiKey":"API-Schlüssel"}"#, None),
            (r#"{"password":"at least 8 letters"}"#, None),
            (r#"{"password":"********"}"#, None),
            (r#"{"password":"string"}"#, None),
            (r#"{"password":null,"secret":true}"#, None),
            (r#"{"secrets":"of good bread","word":"password"}"#, None),
            (r#"{"properties":{"password":{"type":"string"}}}"#, None),
            (r#"["secret","password"]"#, None),
        ];
        for (body, want) in rows {
            let value = serde_json::from_str(body).expect("JSON");
            assert_eq!(secret(&value, 0), want, "{body}");
        }
    }
}
