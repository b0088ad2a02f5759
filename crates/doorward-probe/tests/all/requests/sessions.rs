//! Sessions whose tokens are repeated, outlived or altered; and their cookies.

use crate::corpus::{Asked, Memory, Reply};
use crate::requests::desk::{Tried, at, cookie};

/// `{"alg":"HS256"}`, `{"sub":"ann","exp":1767225600}` (2026-01-01), and a signature.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4iLCJleHAiOjE3NjcyMjU2MDB9.c2lnbmF0dXJl";
const BEARER: &[(&str, &str)] = &[(
    "Authorization",
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4iLCJleHAiOjE3NjcyMjU2MDB9.c2lnbmF0dXJl",
)];
const PROOF: &[(&str, &str)] = &[("DPoP", "p1")];
const SIGNATURE: &[(&str, &str)] = &[
    ("Signature-Input", "a=(\"@method\" \"@path\" \"@query\");keyid=\"k1\""),
    ("Signature", "a=:c2lnbmF0dXJl:"),
];
const TWO_COOKIES: &[(&str, &str)] = &[("Cookie", "theme=dark; sid=s1")];

/// All of them.
pub(crate) const TRIED: &[Tried] = &[
    Tried::get("proof-taken-twice", &["T-01"], |a, m| at(a, m, "/orders", taken_twice))
        .signed(PROOF),
    Tried::get("token-for-ever", &["T-02"], |a, m| at(a, m, "/orders", for_ever)).signed(BEARER),
    Tried::get("token-two-minutes-late", &["T-03"], |a, m| at(a, m, "/orders", two_minutes))
        .signed(BEARER),
    Tried::get("signature-not-looked-at", &["T-04"], |a, m| at(a, m, "/orders", unsigned))
        .signed(BEARER),
    Tried::get("algorithm-of-the-token", &["T-04"], |a, m| at(a, m, "/orders", no_algorithm))
        .signed(BEARER),
    Tried::get("signature-for-other-address", &["T-04"], |a, m| at(a, m, "/orders", other_address))
        .signed(SIGNATURE),
    Tried::get("signature-for-other-method", &["T-05"], |a, m| at(a, m, "/orders", other_method))
        .signed(SIGNATURE),
    Tried::get("either-credential", &["T-06"], |a, m| at(a, m, "/orders", either)).signed(BEARER),
    // Told by behaviour: the answer without it is a stranger's. The other one changes a colour.
    Tried::get("session-for-scripts", &["K-01"], |a, m| at(a, m, "/orders", for_scripts))
        .signed(TWO_COOKIES),
];

fn orders() -> Reply {
    Reply::json(r#"{"orders":[]}"#)
}

fn only(is_known: bool) -> Reply {
    if is_known { orders() } else { Reply::status(401) }
}

fn is_get(asked: &Asked) -> bool {
    asked.method == "GET"
}

fn bearer(asked: &Asked) -> &str {
    asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default()
}

fn taken_twice(asked: &Asked, _: &mut Memory) -> Reply {
    only(is_get(asked) && asked.header("dpop") == "p1")
}

fn for_ever(asked: &Asked, _: &mut Memory) -> Reply {
    only(bearer(asked) == TOKEN).with("Date", "Wed, 01 Jul 2026 00:00:00 GMT")
}

fn two_minutes(asked: &Asked, _: &mut Memory) -> Reply {
    only(bearer(asked) == TOKEN).with("Date", "Thu, 01 Jan 2026 00:02:00 GMT")
}

/// Reads who it is, and nothing else.
fn unsigned(asked: &Asked, _: &mut Memory) -> Reply {
    let claims = bearer(asked).split('.').nth(1).unwrap_or_default();
    only(claims.starts_with("eyJ")).with("Date", "Mon, 01 Dec 2025 00:00:00 GMT")
}

/// Verifies by the algorithm that the token names; `none` is one.
fn no_algorithm(asked: &Asked, _: &mut Memory) -> Reply {
    let token = bearer(asked);
    only(token == TOKEN || (token.starts_with("eyJ") && token.ends_with('.')))
        .with("Date", "Mon, 01 Dec 2025 00:00:00 GMT")
}

fn other_address(asked: &Asked, _: &mut Memory) -> Reply {
    only(is_get(asked) && asked.header("signature") == "a=:c2lnbmF0dXJl:")
}

fn other_method(asked: &Asked, _: &mut Memory) -> Reply {
    let is_signed = asked.header("signature") == "a=:c2lnbmF0dXJl:" && asked.query.is_empty();
    match (is_signed, asked.method.as_str()) {
        (true, "GET") => orders(),
        (true, "HEAD") => Reply::status(200),
        _ => Reply::status(401),
    }
}

fn either(asked: &Asked, _: &mut Memory) -> Reply {
    let mut values = asked.headers.get_all("authorization").iter();
    let right = format!("Bearer {TOKEN}");
    only(values.any(|value| value.as_bytes() == right.as_bytes()))
        .with("Date", "Mon, 01 Dec 2025 00:00:00 GMT")
}

fn for_scripts(asked: &Asked, _: &mut Memory) -> Reply {
    let theme = cookie(asked, "theme").unwrap_or("light");
    let reply = match cookie(asked, "sid") {
        Some("s1") => Reply::json(&format!(r#"{{"name":"ann","theme":"{theme}"}}"#)),
        _ => Reply::status(401),
    };
    reply
        .with("Set-Cookie", "sid=s1; Path=/; SameSite=Lax")
        .with("Set-Cookie", &format!("theme={theme}; Path=/; SameSite=Lax"))
}
