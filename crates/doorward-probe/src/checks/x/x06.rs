//! # a token against forgery is not what it seems
//!
//! ## What it is
//!
//! The request carries a token by which the server is to know its own pages, and is run without
//! it, with an empty one, with a made-up one, with a stranger's, or with one that merely equals a
//! cookie that anybody on a neighbouring host can set. Or the token stands in the address, where
//! logs and `Referer` carry it.
//!
//! ## How it is found
//!
//! With `--allow-writes`. Tokens are known by their names. The allowed page's own request is sent
//! again with each of these in turn; what is answered as before, or changes the witness, is told,
//! and what follows from it is not.
//!
//! ## What it does not say
//!
//! One token for a whole session is usual and no fault. Whether a token is drawn well cannot be
//! seen from one. A cookie called `__Host-…` cannot be set from another host. Where a request from
//! another site is refused all the same, the finding is low.
//!
//! ## How to close it
//!
//! Bind the token to the session, compare it in constant time, refuse when it is missing; send it
//! in a header or a field.
//!
//! ## References
//!
//! CWE-352, CWE-598, RFC 6265bis 8.6.

use crate::call::Call;
use crate::checks::x::{self, forged_with};
use crate::checks::{Check, Looking};
use crate::finding::{Engines, Finding, Severity};
use crate::forge::{Exposure, exposure, honest, may_write, run, way};
use crate::html;
use crate::look::Look;
use crate::token::{Place, Token, is_token_name, tokens, with};
use crate::witness::{Allowed, Seen};

/// The check.
pub const CHECK: Check = Check {
    id: "X-06",
    title: "a token against forgery is not what it seems",
    source: include_str!("x06.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if !may_write(look) {
        return Vec::new();
    }
    let tokens = tokens(look.operation, look.session);
    let Some(allowed) = honest(look).await.filter(|_| !tokens.is_empty()) else {
        return Vec::new();
    };
    let bare =
        tokens.iter().fold(allowed.call.clone(), |call, token| with(&call, &token.place, None));
    if let Some(seen) = run(look, std::slice::from_ref(&bare), allowed).await {
        let shown = (&bare, &seen);
        return vec![told(look, allowed, (&tokens[0], None), shown, "missing").await];
    }
    let mut findings = Vec::new();
    for token in &tokens {
        findings.extend(one(look, allowed, (token, &bare)).await);
        if let Place::Query(_) = token.place {
            findings.push(in_address(look, allowed, token));
        }
    }
    findings
}

/// The first of the wrong tokens that is taken.
async fn one(
    look: &Look<'_>,
    allowed: &Allowed,
    (token, bare): (&Token, &Call),
) -> Option<Finding> {
    let mut wrong = vec![("empty", String::new()), ("made up", made_up(&token.value))];
    if let Some(other) = strangers(look, token).await {
        wrong.push(("a stranger's", other));
    }
    for (word, value) in wrong {
        let call = put(bare, &token.place, &value);
        if let Some(seen) = run(look, std::slice::from_ref(&call), allowed).await {
            return Some(told(look, allowed, (token, Some(&value)), (&call, &seen), word).await);
        }
    }
    let value = made_up(&token.value);
    let call = put(&doubled(look, token, bare)?, &token.place, &value);
    let seen = run(look, std::slice::from_ref(&call), allowed).await?;
    let worth = Exposure {
        severity: Severity::Medium,
        engines: Engines::all(),
        as_whom: "It needs a page on a neighbouring host, or somebody in the network.".to_owned(),
    };
    let words = [
        format!("The token in {} is only compared with a cookie", token.place.words()),
        "Whoever can set a cookie for this host, from any host beside it, makes both alike."
            .to_owned(),
        "Bind the token to the session by a secret, and call its cookie `__Host-…`.".to_owned(),
    ];
    let mut finding = x::finding(look, CHECK.id, (&call, &seen), &worth, words);
    finding.variant = format!("{} cookie", token.place.words());
    Some(finding)
}

/// The call with a token that was taken away before.
fn put(bare: &Call, place: &Place, value: &str) -> Call {
    match place {
        Place::Header(name) => bare.clone().with(name, value),
        Place::Field(name) => {
            let mut call = bare.clone();
            let mut out = url::form_urlencoded::Serializer::new(String::new());
            out.extend_pairs(url::form_urlencoded::parse(&bare.body)).append_pair(name, value);
            call.body = out.finish().into_bytes();
            call
        }
        Place::Query(name) => {
            let mut call = bare.clone();
            call.url.query_pairs_mut().append_pair(name, value);
            call
        }
        Place::Key(_) => with(bare, place, Some(value)),
    }
}

/// The call whose cookie has the made-up token too; none where no cookie has it.
fn doubled(look: &Look<'_>, token: &Token, bare: &Call) -> Option<Call> {
    let was = &token.value;
    let mut is_there = false;
    let mut call = bare.clone();
    let lines = bare.headers.iter().map(|(name, line)| {
        if !name.eq_ignore_ascii_case("cookie") {
            return (name.to_owned(), line.to_owned());
        }
        let pairs = line.split(';').map(|pair| match pair.trim().split_once('=') {
            Some((own, value)) if value == was && !own.starts_with("__Host-") => {
                is_there = true;
                format!("{own}={}", made_up(was))
            }
            Some(_) | None => pair.trim().to_owned(),
        });
        (name.to_owned(), pairs.collect::<Vec<_>>().join("; "))
    });
    call.headers = lines.collect();
    (is_there && look.session.is_some()).then_some(call)
}

/// Another token of the same length, made of the same kinds of signs.
fn made_up(value: &str) -> String {
    let other = |c: char| match c {
        '0'..='8' | 'a'..='y' | 'A'..='Y' => char::from_u32(c as u32 + 1).unwrap_or('0'),
        '9' => '0',
        'z' => 'a',
        'Z' => 'A',
        other => other,
    };
    value.chars().map(other).collect()
}

/// The token that somebody without a session is given at this address.
async fn strangers(look: &Look<'_>, token: &Token) -> Option<String> {
    let answer = look.ask(&Call::new("GET", &look.operation.url)).await.ok()?;
    let own = html::value_of(&answer.body, is_token_name)?;
    (own != token.value && !own.is_empty()).then_some(own)
}

async fn told(
    look: &Look<'_>,
    allowed: &Allowed,
    (token, value): (&Token, Option<&str>),
    shown: (&Call, &Seen),
    word: &str,
) -> Finding {
    let forged = forged_with(look, token, value);
    // Where a stranger's page is refused all the same, something else stands there.
    let worth = match run(look, &forged, allowed).await {
        Some(_) => exposure(look, (way(look, x::plainest(look)), "POST")).await,
        None => Exposure {
            severity: Severity::Low,
            engines: Engines::all(),
            as_whom: "A request from another site is refused all the same.".to_owned(),
        },
    };
    let words = [
        format!("It is run with a token ({}) that is {word}", token.place.words()),
        "The token keeps no page from having a visitor's browser run this.".to_owned(),
        "Refuse a request whose token is missing, or is not this session's own.".to_owned(),
    ];
    let mut finding = x::finding(look, CHECK.id, shown, &worth, words);
    finding.variant = word.to_owned();
    finding
}

fn in_address(look: &Look<'_>, allowed: &Allowed, token: &Token) -> Finding {
    let mut finding = look.finding(CHECK.id, Severity::Low, "The token stands in the address");
    finding.who =
        "Whoever reads a log, a browser's history or a `Referer` finds the token there.".to_owned();
    finding.request = with(&allowed.call, &token.place, Some("…")).curl();
    finding.evidence = vec![format!("{}, and refused without", token.place.words())];
    finding.fix = "Send the token in a header or a field.".to_owned();
    finding.variant = "address".to_owned();
    finding
}

#[cfg(test)]
mod tests {
    use super::made_up;

    #[test]
    fn made_up_tokens_are_others() {
        for token in ["abc123", "Zz9-_=", "0"] {
            assert_ne!(made_up(token), token);
            assert_eq!(made_up(token).len(), token.len());
        }
    }
}
