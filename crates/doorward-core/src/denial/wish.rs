//! What an operator wishes: a denial, or that one is lifted. Read from JSON, written as JSON.

use super::{Denial, Denied};
use crate::date;
use crate::json::{self, Object};
use crate::layers::identity::{KEY_ISSUER, pass_digest, token_digest, user_digest};
use crate::moment::Now;
use ipnet::IpNet;
use serde_json::{Value, json};
use std::net::IpAddr;
use thiserror::Error;

/// The longest denial: ten years. For good is what the configuration's list is for.
pub const FOR_S_MAX: u64 = 10 * 365 * 86_400;
/// The members of a wish.
const MEMBERS: [&str; 5] = ["who", "issuer", "for_s", "lift", "why"];

/// Why a wish is not taken, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WishError {
    /// It is no object.
    #[error("this is no JSON object, or one of its names stands twice")]
    NoObject,
    /// It has a member that is not known.
    #[error("{0:?} is not known here; a wish has who, issuer, why, and for_s or lift")]
    Unknown(String),
    /// A member is missing, or something else than it should be.
    #[error("`{0}` must be {1}")]
    Wrong(&'static str, &'static str),
    /// Whom it is about cannot be told.
    #[error(
        "{0:?} names nobody; write an address, a network, user:ID, key:ID, token:ID or pass:ID"
    )]
    Nobody(String),
    /// An address with the length of a network.
    #[error("{0} names one address and a whole network at once; write {1}, or {2} alone")]
    Both(IpNet, IpNet, IpAddr),
    /// Everybody.
    #[error("{0} is everybody; stop the gate's upstream instead")]
    Everybody(IpNet),
    /// Whose name it is, is not said.
    #[error("whose {0} this is, is not said: add the issuer, one of: {1}")]
    Whose(&'static str, String),
    /// Nobody is known by a name.
    #[error("this gate knows nobody by the name of a {0}: no issuer is configured")]
    Nameless(&'static str),
    /// Nobody here has such names.
    #[error("{0:?} names nobody here; this gate knows: {1}")]
    NoIssuer(String, String),
    /// An issuer where there is none.
    #[error("an issuer goes with user: or token:, and {0:?} is neither")]
    NeedsNone(String),
}

/// Reads `{"who": …, "for_s": 3600, "why": …}` or `{"who": …, "lift": true}`. `issuers` name people
/// at this gate. A denial that is lifted has ended.
///
/// # Errors
/// What is wrong with it.
pub fn read(body: &[u8], issuers: &[&str], now: Now) -> Result<Denial, WishError> {
    let wish = json::object(body).map_err(|json::NoObject| WishError::NoObject)?;
    if let Some(unknown) = wish.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(WishError::Unknown(unknown.clone()));
    }
    let who = text(&wish, "who")?.ok_or(WishError::Wrong("who", "a text"))?;
    let who = whom(who, text(&wish, "issuer")?, issuers)?;
    let why = text(&wish, "why")?;
    let until_unix_s = match (json::member(&wish, "for_s"), json::member(&wish, "lift")) {
        (Some(seconds), None) => {
            let wrong = WishError::Wrong("for_s", "whole seconds, from 1 to ten years");
            let seconds = seconds.as_u64().filter(|seconds| (1..=FOR_S_MAX).contains(seconds));
            now.unix_s.saturating_add(seconds.ok_or(wrong)?)
        }
        (None, Some(Value::Bool(true))) => 0,
        (None | Some(_), _) => {
            return Err(WishError::Wrong("for_s", "there, or `lift` be true in its place"));
        }
    };
    if until_unix_s > 0 && why.is_none_or(|why| why.trim().is_empty()) {
        return Err(WishError::Wrong("why", "said: whoever looks later wants to know"));
    }
    let denial = Denial::new(who, until_unix_s, why.unwrap_or_default());
    denial.ok_or(WishError::Wrong("why", "short and of one line, as every name"))
}

fn text<'w>(wish: &'w Object, name: &'static str) -> Result<Option<&'w str>, WishError> {
    match json::member(wish, name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(WishError::Wrong(name, "a text")),
    }
}

fn whom(who: &str, issuer: Option<&str>, issuers: &[&str]) -> Result<Denied, WishError> {
    let (kind, id) = who.split_once(':').unwrap_or(("", who));
    let (of_issuer, digest): (_, fn(&str, &str) -> [u8; 16]) = match kind {
        "user" => (Some("user"), user_digest),
        "token" => (Some("token"), token_digest),
        "key" => (None, user_digest),
        "pass" => (None, |_, id| pass_digest(id)),
        // IPv6 addresses have colons too.
        _ => {
            return match issuer {
                Some(_) => Err(WishError::NeedsNone(who.to_owned())),
                None => network(who).map(Denied::Network),
            };
        }
    };
    if id.is_empty() {
        return Err(WishError::Nobody(who.to_owned()));
    }
    let list = || issuers.join(", ");
    let issuer = match (of_issuer, issuer, issuers) {
        (None, Some(_), _) => return Err(WishError::NeedsNone(who.to_owned())),
        (None, None, _) => KEY_ISSUER,
        (Some(kind), _, []) => return Err(WishError::Nameless(kind)),
        (Some(_), Some(issuer), _) if issuers.contains(&issuer) => issuer,
        (Some(_), Some(issuer), _) => {
            return Err(WishError::NoIssuer(issuer.to_owned(), list()));
        }
        (Some(_), None, [only]) => only,
        (Some(kind), None, _) => return Err(WishError::Whose(kind, list())),
    };
    let name = match of_issuer {
        Some(_) => format!("{who} ({issuer})"),
        None => who.to_owned(),
    };
    Ok(Denied::Known { digest: digest(issuer, id), name })
}

fn network(who: &str) -> Result<IpNet, WishError> {
    let network = match who.parse::<IpAddr>() {
        Ok(address) => IpNet::from(crate::address::unwrap(address)),
        Err(_) => who.parse::<IpNet>().map_err(|_| WishError::Nobody(who.to_owned()))?,
    };
    if network.prefix_len() == 0 {
        return Err(WishError::Everybody(network));
    }
    if network.trunc() != network {
        return Err(WishError::Both(network, network.trunc(), network.addr()));
    }
    Ok(network)
}

/// All denials that have not ended, those first that end first.
#[must_use]
pub fn list(denials: &[Denial], now: Now) -> String {
    let mut living: Vec<&Denial> = denials.iter().filter(|denial| denial.lives(now)).collect();
    living.sort_by_key(|denial| denial.until_unix_s);
    let rows: Vec<Value> = living.into_iter().map(row).collect();
    format!("{}\n", json!({ "denials": rows }))
}

/// What came of a wish.
#[must_use]
pub fn done(denial: &Denial, now: Now) -> String {
    match denial.lives(now) {
        true => format!("{}\n", json!({ "denied": row(denial) })),
        false => format!("{}\n", json!({ "lifted": denial.who.text() })),
    }
}

fn row(denial: &Denial) -> Value {
    json!({
        "who": denial.who.text(),
        "until": date::write(denial.until_unix_s),
        "why": denial.why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Now = Now { steady_ns: 0, unix_s: 1_000_000 };
    const ONE: &[&str] = &["https://id.test"];

    fn said(body: &str, issuers: &[&str]) -> Result<(String, u64), String> {
        let read = read(body.as_bytes(), issuers, NOW);
        read.map(|denial| (denial.who.text(), denial.until_unix_s))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn whom_and_how_long() {
        let rows = [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("user:ann", "user:ann (https://id.test)"),
            ("user:a:b", "user:a:b (https://id.test)"),
            ("token:7", "token:7 (https://id.test)"),
            ("key:k1", "key:k1"),
            ("pass:p1", "pass:p1"),
        ];
        for (who, want) in rows {
            let body = format!("{{\"who\":\"{who}\",\"for_s\":60,\"why\":\"scraped\"}}");
            assert_eq!(said(&body, ONE), Ok((want.to_owned(), 1_000_060)), "{who}");
            let body = format!("{{\"who\":\"{who}\",\"lift\":true}}");
            assert_eq!(said(&body, ONE), Ok((want.to_owned(), 0)), "{who}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let rows = [
            ("", "no JSON object"),
            ("[]", "no JSON object"),
            (r#"{"who":"10.0.0.1","who":"10.0.0.2","lift":true}"#, "stands twice"),
            (r#"{"for_s":60,"why":"x"}"#, "`who` must be a text"),
            (r#"{"who":7,"for_s":60,"why":"x"}"#, "`who` must be a text"),
            (r#"{"who":"10.0.0.1","for_s":60,"why":"x","whence":1}"#, "\"whence\" is not known"),
            (r#"{"who":"10.0.0.1","why":"x"}"#, "`for_s` must be there"),
            (r#"{"who":"10.0.0.1","for_s":60,"lift":true,"why":"x"}"#, "`for_s` must be there"),
            (r#"{"who":"10.0.0.1","lift":false}"#, "`for_s` must be there"),
            (r#"{"who":"10.0.0.1","for_s":0,"why":"x"}"#, "from 1 to ten years"),
            (r#"{"who":"10.0.0.1","for_s":-1,"why":"x"}"#, "from 1 to ten years"),
            (r#"{"who":"10.0.0.1","for_s":1e99,"why":"x"}"#, "from 1 to ten years"),
            (r#"{"who":"10.0.0.1","for_s":60}"#, "`why` must be said"),
            (r#"{"who":"10.0.0.1","for_s":60,"why":" "}"#, "`why` must be said"),
            (r#"{"who":"10.0.0.1","for_s":60,"why":"a\nb"}"#, "of one line"),
            (r#"{"who":"user:a\u0007","for_s":60,"why":"x"}"#, "of one line"),
            (r#"{"who":"","lift":true}"#, "names nobody"),
            (r#"{"who":"user:","lift":true}"#, "names nobody"),
            (r#"{"who":"ann","lift":true}"#, "names nobody"),
            (r#"{"who":"session:ann","lift":true}"#, "names nobody"),
            (r#"{"who":"10.0.0.1/8","lift":true}"#, "write 10.0.0.0/8, or 10.0.0.1 alone"),
            (r#"{"who":"0.0.0.0/0","lift":true}"#, "is everybody"),
            (r#"{"who":"key:k","issuer":"https://id.test","lift":true}"#, "an issuer goes with"),
            (r#"{"who":"10.0.0.1","issuer":"x","lift":true}"#, "an issuer goes with"),
            (r#"{"who":"user:a","issuer":"https://no.test","lift":true}"#, "this gate knows"),
        ];
        for (body, want) in rows {
            let error = said(body, ONE).expect_err(body);
            assert!(error.contains(want), "{body}: {error}");
        }
        let nameless = said(r#"{"who":"user:ann","lift":true}"#, &[]).expect_err("no issuer");
        assert!(nameless.contains("no issuer is configured"), "{nameless}");
        let two = ["https://id.test", "session"];
        let unsaid = said(r#"{"who":"user:ann","lift":true}"#, &two).expect_err("two issuers");
        assert!(unsaid.contains("one of: https://id.test, session"), "{unsaid}");
        let said = said(r#"{"who":"user:ann","issuer":"session","lift":true}"#, &two);
        assert_eq!(said, Ok(("user:ann (session)".to_owned(), 0)));
    }

    #[test]
    fn what_is_denied_is_listed_until_it_ends() {
        let denial = |who: &str, until| {
            let who = Denied::Network(who.parse().expect("a network"));
            Denial::new(who, until, "a \"why\"").expect("a denial")
        };
        let all = [
            denial("10.0.0.2/32", NOW.unix_s + 60),
            denial("10.0.0.1/32", NOW.unix_s),
            denial("10.0.0.3/32", NOW.unix_s - 1),
        ];
        assert_eq!(
            list(&all, NOW),
            "{\"denials\":[{\"until\":\"1970-01-12T13:46:40Z\",\"who\":\"10.0.0.1\",\
             \"why\":\"a \\\"why\\\"\"},{\"until\":\"1970-01-12T13:47:40Z\",\
             \"who\":\"10.0.0.2\",\"why\":\"a \\\"why\\\"\"}]}\n"
        );
        assert!(done(&all[0], NOW).contains("\"denied\""));
        assert_eq!(done(&all[2], NOW), "{\"lifted\":\"10.0.0.3\"}\n");
    }
}
