//! Tokens: what of a given session can be altered, repeated or outlived.

pub mod t01;
pub mod t02;
pub mod t03;
pub mod t04;
pub mod t05;
pub mod t06;
pub mod t07;
pub mod t08;

use crate::call::{Answered, Call};
use crate::finding::{Finding, Severity};
use crate::look::Look;
use crate::session::Session;
use crate::witness::is_well;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use std::sync::Arc;
use std::time::SystemTime;

/// Seconds that no two clocks differ by.
pub(crate) const SKEW_S_MAX: i64 = 300;

/// A request that is served with the session, and refused without it.
pub(crate) struct Signed {
    pub(crate) session: Session,
    pub(crate) call: Call,
    pub(crate) full: Arc<Answered>,
}

impl Signed {
    /// Whether an answer is the one that the session gets.
    pub(crate) fn is_served(&self, answer: &Answered) -> bool {
        answer.status == self.full.status && answer.body == self.full.body
    }
}

/// The operation with the session; none where a stranger is served too.
pub(crate) async fn signed(look: &Look<'_>) -> Option<Signed> {
    let session = look.session.filter(|_| look.operation.is_sendable())?;
    let plain = look.operation.call();
    let call = session.on(&plain)?;
    let (full, nobody) = (look.ask(&call).await.ok()?, look.ask(&plain).await.ok()?);
    let is_asked = full.is_success() && !is_well(&nobody);
    is_asked.then(|| Signed { session: session.clone(), call, full })
}

/// The JWTs of a session (RFC 7519 3): three parts, of which the first is an object.
pub(crate) fn tokens(session: &Session) -> Vec<String> {
    let words = session.headers().flat_map(|(_, value)| value.split([' ', ';', '=', ',', '"']));
    let is_token = |word: &&str| word.split('.').count() == 3 && part(word, 0).is_some();
    words.filter(is_token).map(str::to_owned).collect()
}

fn part(token: &str, at: usize) -> Option<Value> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(at)?).ok()?;
    serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
}

/// By how many seconds the first token that ends is late, by the answer's own clock.
pub(crate) fn late_s(signed: &Signed) -> Option<i64> {
    let now = httpdate::parse_http_date(&signed.full.header("date")?).ok()?;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let tokens = tokens(&signed.session);
    let mut ends = tokens.iter().filter_map(|token| part(token, 1)?.get("exp")?.as_i64());
    i64::try_from(now).ok()?.checked_sub(ends.next()?)
}

/// The token with another signature, with other claims, and without an algorithm.
pub(crate) fn altered(token: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, claims, signature] = parts.as_slice() else { return Vec::new() };
    let mut out = Vec::new();
    // The last letters may hold bits that mean nothing: one in the middle is exchanged.
    let middle = signature.len() / 2;
    let other: String = signature
        .char_indices()
        .map(|(at, c)| match at == middle {
            true if c == 'A' => 'B',
            true => 'A',
            false => c,
        })
        .collect();
    if other != *signature {
        out.push(("its signature", format!("{head}.{claims}.{other}")));
    }
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    if let Some(mut object) = part(token, 1) {
        object["canary"] = Value::from(1);
        out.push(("what it claims", format!("{head}.{}.{signature}", encode(&object))));
    }
    if let Some(mut object) = part(token, 0) {
        object["alg"] = Value::from("none");
        out.push(("its algorithm (`none`)", format!("{}.{claims}.", encode(&object))));
    }
    out
}

/// Another value of the same length, its first word kept: a scheme stays a scheme.
pub(crate) fn made_up(value: &str) -> String {
    let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
    let other: String = rest
        .chars()
        .map(|c| match c {
            'a' | 'A' | '0' => 'b',
            c if c.is_ascii_alphanumeric() => 'a',
            c => c,
        })
        .collect();
    if scheme.is_empty() { other } else { format!("{scheme} {other}") }
}

/// Whether the operation's address has a word of tokens.
pub(crate) fn hands_out_tokens(look: &Look<'_>) -> bool {
    let path = look.operation.path.to_ascii_lowercase();
    let mut words = path.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| matches!(word, "token" | "tokens" | "pass" | "passes"))
}

/// A finding about a token: its title, who can do what, and what closes it.
pub(crate) fn finding(
    look: &Look<'_>,
    (check, severity): (&'static str, Severity),
    (call, answer): (&Call, &Arc<Answered>),
    [title, who, fix]: [String; 3],
) -> Finding {
    let mut finding = look.finding(check, severity, &title);
    finding.who = who;
    finding.fix = fix;
    finding.request = call.curl();
    finding.evidence = vec![format!("answer: {}", answer.status)];
    finding
}

#[cfg(test)]
mod tests {
    use super::{altered, made_up, tokens};
    use crate::session::Session;
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    #[test]
    fn tokens_and_what_becomes_of_them() {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let token = format!("{}.{}.c2lnbmF0dXJl", encode(r#"{"alg":"RS256"}"#), encode("{}"));
        let headers = vec![
            ("Authorization".to_owned(), format!("Bearer {token}")),
            ("Cookie".to_owned(), "a=x.y.z; b=1".to_owned()),
        ];
        let session = Session::new(headers, &[]);
        assert_eq!(tokens(&session), std::slice::from_ref(&token));
        let others = altered(&token);
        assert_eq!(others.len(), 3);
        for (word, other) in others {
            assert_ne!(other, token, "{word}");
            assert_eq!(other.split('.').count(), 3, "{word}");
        }
        assert_eq!(made_up("Bearer a1-Z"), "Bearer ba-a");
    }
}
