//! Servers without a fault, tried with everything that is allowed.

use crate::corpus::{Asked, Memory, Reply, SHOP};
use crate::requests::desk::{
    SESSION, Tried, at, body_field, cookie, essence, field, is_from_shop, is_signed, json_item,
    placed,
};
use crate::requests::limits::is_over;

const BEARER: &[(&str, &str)] = &[("Authorization", "Bearer k1")];
const TOKEN_BODY: &str = "item=chair&csrf=t1a2b3c4";
const HOST_TOKEN: &[(&str, &str)] =
    &[("Cookie", "session=s1; __Host-csrf=k7f3a9"), ("X-CSRF-Token", "k7f3a9")];
const JWT: &[(&str, &str)] =
    &[("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NjcyMjU2MDB9.c2lnbmF0dXJl")];

const PROOF: &[(&str, &str)] = &[("DPoP", "p1")];

/// All of them.
pub(crate) const TRIED: &[Tried] = &[
    Tried::json("json-with-bearer", &[], |a, m| at(a, m, "/orders", bearer)).signed(BEARER),
    Tried::json("json-strictly", &[], |a, m| at(a, m, "/orders", strict_json)).signed(SESSION),
    Tried::json("json-strictly-watched", &[], |a, m| at(a, m, "/orders", strict_json))
        .signed(SESSION)
        .watched(),
    Tried::json("says-yes-and-does-nothing", &[], |a, m| at(a, m, "/orders", polite))
        .signed(SESSION)
        .watched(),
    Tried::json("reads-and-writes-alike", &[], |a, m| at(a, m, "/orders", settings))
        .by("PUT")
        .signed(SESSION),
    Tried::form("form-with-token", &[], |a, m| at(a, m, "/orders", with_token))
        .signed(SESSION)
        .with_body(TOKEN_BODY),
    Tried::form("form-with-token-of-host", &[], |a, m| at(a, m, "/orders", host_token))
        .signed(HOST_TOKEN),
    Tried::form("form-judged-as-go-does", &[], |a, m| at(a, m, "/orders", go_does)).signed(SESSION),
    Tried::form("form-by-origin", &[], |a, m| at(a, m, "/orders", by_origin)).signed(SESSION),
    Tried::form("lax-session-renewed", &[], |a, m| at(a, m, "/orders", renewed)).signed(SESSION),
    Tried::form("everything-goes-to-log-in", &[], |a, m| at(a, m, "/orders", to_log_in)),
    Tried::form("log-in-done-right", &[], |a, m| at(a, m, "/login", log_in))
        .at("/login")
        .with_body("name=ann&password=p1"),
    Tried::get("log-out-by-post", &[], |a, m| at(a, m, "/logout", log_out)).at("/logout").writing(),
    Tried::form("refused-by-the-same-redirect", &[], |a, m| at(a, m, "/orders", same_redirect))
        .signed(SESSION),
    Tried::get("proof-taken-once", &[], |a, m| at(a, m, "/orders", taken_once)).signed(PROOF),
    Tried::get("get-that-reads", &[], |a, m| at(a, m, "/orders", reads)).watched(),
    Tried::json("search-by-both", &[], |a, m| at(a, m, "/orders", search)).signed(SESSION),
    Tried::get("token-verified", &[], |a, m| at(a, m, "/orders", verified)).signed(JWT),
    Tried::get("public-though-signed", &[], |a, m| at(a, m, "/orders", public)).signed(JWT),
    Tried::get("limit-done-right", &[], limit_done_right).signed(SESSION).pressed(),
    Tried::get("limit-that-fills-up", &[], |a, m| at(a, m, "/orders", fills_up)).pressed(),
    Tried::json("limit-before-the-work", &[], |a, m| at(a, m, "/orders", before_work))
        .signed(SESSION)
        .watched()
        .pressed(),
    Tried::get("preferences-by-design", &[], |a, m| at(a, m, "/orders", preferences))
        .signed(&[("Cookie", "theme=dark; sid=s1")]),
];

fn orders() -> Reply {
    Reply::json(r#"{"orders":[]}"#)
}

/// Runs it where the caller is known, it is meant for this, and it comes from the right place.
fn run(memory: &mut Memory, is_known: bool, is_ours: bool, is_meant: bool) -> Reply {
    match (is_known, is_ours, is_meant) {
        (false, _, _) => Reply::status(401),
        (true, false, _) => Reply::status(403),
        (true, true, false) => Reply::status(415),
        (true, true, true) => placed(memory),
    }
}

fn is_json(asked: &Asked) -> bool {
    asked.method == "POST" && essence(asked) == "application/json" && json_item(asked).is_some()
}

fn is_form(asked: &Asked) -> bool {
    let is_known = essence(asked) == "application/x-www-form-urlencoded";
    asked.method == "POST" && is_known && body_field(asked, "item").is_some()
}

/// A browser sends no such header by itself: whatever the type, it is no forgery.
fn bearer(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_known = asked.header("authorization") == "Bearer k1";
    run(memory, is_known, true, asked.method == "POST" && json_item(asked).is_some())
}

fn strict_json(asked: &Asked, memory: &mut Memory) -> Reply {
    run(memory, is_signed(asked), true, is_json(asked))
}

/// Answers strangers as it answers its own, and runs nothing for them.
fn polite(asked: &Asked, memory: &mut Memory) -> Reply {
    if is_signed(asked) && is_json(asked) {
        memory.ran += 1;
    }
    match asked.method.as_str() {
        "POST" => Reply::json(r#"{"ok":true}"#),
        _ => Reply::status(405),
    }
}

/// What was written is told by both methods.
fn settings(asked: &Asked, _: &mut Memory) -> Reply {
    match (is_signed(asked), asked.method.as_str()) {
        (true, "GET" | "HEAD") => orders(),
        (true, "PUT") if json_item(asked).is_some() => orders(),
        (true, _) => Reply::status(405),
        (false, _) => Reply::status(401),
    }
}

fn with_token(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_ours = body_field(asked, "csrf").as_deref() == Some("t1a2b3c4");
    run(memory, is_signed(asked), is_ours, is_form(asked))
}

/// No neighbour can set a cookie of this name.
fn host_token(asked: &Asked, memory: &mut Memory) -> Reply {
    let token = asked.header("x-csrf-token");
    let is_ours = !token.is_empty() && cookie(asked, "__Host-csrf") == Some(token);
    run(memory, is_signed(asked), is_ours, is_form(asked))
}

/// Safe methods pass; then `Sec-Fetch-Site`; then `Origin`, if it is the own host; without both it
/// is no browser. One origin is trusted by name.
fn go_does(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    let is_ours = origin == SHOP
        || match asked.header("sec-fetch-site") {
            "same-origin" | "none" => true,
            "" => origin.is_empty() || origin.ends_with(asked.header("host")),
            _ => false,
        };
    run(memory, is_signed(asked), is_ours, is_form(asked))
}

fn by_origin(asked: &Asked, memory: &mut Memory) -> Reply {
    run(memory, is_signed(asked), is_from_shop(asked), is_form(asked))
}

/// The session is set anew with each answer to who has one.
fn renewed(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = run(memory, is_signed(asked), is_from_shop(asked), is_form(asked));
    match is_signed(asked) {
        true => reply.with("Set-Cookie", "session=s1; HttpOnly; SameSite=Lax; Path=/"),
        false => reply,
    }
}

/// Whatever is sent, the answer leads to the list of orders.
fn same_redirect(asked: &Asked, memory: &mut Memory) -> Reply {
    if is_signed(asked) && is_from_shop(asked) && is_form(asked) {
        memory.ran += 1;
    }
    Reply::status(303).with("Location", "/list")
}

/// Each proof is good for one request.
fn taken_once(asked: &Asked, memory: &mut Memory) -> Reply {
    let proof = asked.header("dpop").to_owned();
    if proof.is_empty() {
        return Reply::status(401);
    }
    let count = memory.counts.entry(proof).or_default();
    *count += 1;
    if *count == 1 { orders() } else { Reply::status(401) }
}

/// Nobody is known, and everybody is sent to the same page: that is no success.
fn to_log_in(asked: &Asked, _: &mut Memory) -> Reply {
    if !is_form(asked) {
        return Reply::status(400);
    }
    Reply::status(303).with("Location", "/login")
}

fn log_in(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_right = body_field(asked, "password").as_deref() == Some("p1");
    match asked.method.as_str() {
        "GET" => Reply::json(r#"{"name":""}"#)
            .with("Set-Cookie", "session=s0; HttpOnly; SameSite=Lax; Path=/"),
        "POST" if !is_from_shop(asked) => Reply::status(403),
        "POST" if is_right => {
            memory.ran += 1;
            Reply::json(r#"{"name":"ann"}"#)
                .with("Set-Cookie", "session=s1; HttpOnly; SameSite=Lax; Path=/")
        }
        _ => Reply::status(405),
    }
}

fn log_out(asked: &Asked, _: &mut Memory) -> Reply {
    match asked.method.as_str() {
        "POST" => Reply::status(303)
            .with("Location", "/")
            .with("Set-Cookie", "session=; Path=/; Max-Age=0"),
        _ => Reply::status(405).with("Allow", "POST"),
    }
}

fn reads(asked: &Asked, memory: &mut Memory) -> Reply {
    Reply::json(&format!(r#"{{"orders":{}}}"#, memory.ran + asked.body.len()))
}

/// Reads by both methods: nothing is written by either.
fn search(asked: &Asked, _: &mut Memory) -> Reply {
    let item = match asked.method.as_str() {
        "GET" => field(&asked.query, "item"),
        "POST" if essence(asked) == "application/json" => json_item(asked),
        _ => None,
    };
    let item = item.unwrap_or_default().len();
    if is_signed(asked) {
        Reply::json(&format!(r#"{{"found":{item}}}"#))
    } else {
        Reply::status(401)
    }
}

/// Whoever asks is served; a token changes nothing, a wrong one neither.
fn public(_: &Asked, _: &mut Memory) -> Reply {
    orders().with("Date", "Wed, 01 Jul 2026 00:00:00 GMT")
}

/// By its own clock, whether it is over, byte by byte, and once.
fn verified(asked: &Asked, _: &mut Memory) -> Reply {
    let mut values = asked.headers.get_all("authorization").iter();
    let right = JWT[0].1.as_bytes();
    let is_known = values.next().is_some_and(|value| value.as_bytes() == right);
    let reply = if is_known && values.next().is_none() { orders() } else { Reply::status(401) };
    reply.with("Date", "Mon, 01 Dec 2025 00:00:00 GMT")
}

/// Who is known has a share of his own, strangers have one each address; preflights have none, and
/// a page reads that it should wait.
fn limit_done_right(asked: &Asked, memory: &mut Memory) -> Reply {
    at(asked, memory, "/orders", |asked, memory| {
        let key = if is_signed(asked) { "ann" } else { "address" };
        match (is_over(memory, key), is_signed(asked)) {
            (true, _) => Reply::status(429).with("Retry-After", "60"),
            (false, true) => orders(),
            (false, false) => Reply::status(401),
        }
    })
}

/// A new share is there when three were refused.
fn fills_up(_: &Asked, memory: &mut Memory) -> Reply {
    if !is_over(memory, "share") {
        return orders();
    }
    let refused = memory.counts.entry("refused".to_owned()).or_default();
    *refused += 1;
    if *refused == 3 {
        memory.counts.clear();
    }
    Reply::status(429).with("Retry-After", "1")
}

fn before_work(asked: &Asked, memory: &mut Memory) -> Reply {
    if !is_signed(asked) {
        return Reply::status(if is_over(memory, "address") { 429 } else { 401 })
            .with("Retry-After", "60");
    }
    if is_over(memory, "ann") {
        return Reply::status(429).with("Retry-After", "60");
    }
    strict_json(asked, memory)
}

/// The colour is for scripts; the session is not.
fn preferences(asked: &Asked, _: &mut Memory) -> Reply {
    let theme = cookie(asked, "theme").unwrap_or("light");
    let reply = match cookie(asked, "sid") {
        Some("s1") => Reply::json(&format!(r#"{{"name":"ann","theme":"{theme}"}}"#)),
        _ => Reply::json(&format!(r#"{{"name":"","theme":"{theme}"}}"#)),
    };
    reply
        .with("Set-Cookie", "sid=s1; HttpOnly; SameSite=Lax; Path=/")
        .with("Set-Cookie", &format!("theme={theme}; Path=/"))
        .with("Cache-Control", "no-store")
}
