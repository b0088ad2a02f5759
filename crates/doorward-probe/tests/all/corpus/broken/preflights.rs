//! Preflights that approve too much, or nothing; and what else CORS does not say.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    server("open-preflight", &["C-17"], open_preflight),
    server("open-preflight-for-json-posts", &["C-17"], open_for_json),
    server("star-for-preflights-list-for-answers", &["C-17"], star_then_list),
    server("blanket-with-credentials", &["C-01", "C-16"], blanket),
    server("blanket-star", &["C-16"], blanket_star),
    server("blanket-before-a-log-in", &["C-16"], |a, m| match a.is_preflight() {
        true => blanket(a, m),
        false => Reply::status(401).with("WWW-Authenticate", "Cookie"),
    }),
    server("log-in-before-preflights", &["C-14"], log_in_first),
    server("router-without-options", &["C-14"], no_options),
    server("preflights-are-redirected", &["C-14"], redirected),
    server("preflights-crash", &["C-14"], crashes),
    server("put-in-small-letters", &["C-15"], |a, m| listed(a, m, "get, put", "content-type")),
    server("patch-in-small-letters", &["C-15"], |a, m| {
        listed(a, m, "GET, PUT, patch", "content-type")
    }),
    server("methods-parted-by-semicolons", &["C-15"], |a, m| {
        listed(a, m, "GET; PUT", "content-type")
    }),
    server("headers-parted-by-spaces", &["C-15"], |a, m| {
        listed(a, m, "GET, PUT", "content-type authorization")
    }),
    server("lists-parted-by-spaces-strictly", &["C-15"], strict_and_malformed),
    server("star-where-credentials-are", &["C-15"], star_with_credentials),
    server("options-run-the-handler", &["C-18"], options_run),
    server("approvals-never-remembered", &["C-19"], |a, m| max_age(a, m, "0")),
    server("approvals-below-zero", &["C-19"], |a, m| max_age(a, m, "-1")),
    server("approvals-for-a-year", &["C-19"], |a, m| max_age(a, m, "31536000")),
    server("approvals-in-words", &["C-19"], |a, m| max_age(a, m, "10m")),
    server("token-shown-to-everybody", &["C-20"], token_shown),
    server("star-shows-nothing-signed-in", &["C-20"], star_shows_nothing),
    server("set-cookie-is-listed", &["C-20"], set_cookie_listed),
    server("private-network-for-the-shop", &["C-26"], |a, m| private_network(a, m, SHOP)),
    server("private-network-for-everybody", &["C-26"], |a, m| private_network(a, m, "*")),
    server("socket-for-everybody", &["C-28"], socket),
    server("mutations-by-get", &["C-29"], graphql),
    server("redirect-with-a-key", &["C-30"], redirect),
    server("trace-is-on", &["C-31"], trace),
];

/// Those that are asked to POST JSON, and their safe twins.
pub(crate) const POSTED: &[Server] = &[
    server("open-preflight-runs-posts", &["C-17"], open_for_json),
    server("blanket-for-posts", &["C-17"], |a, m| match a.is_preflight() {
        true => blanket(a, m),
        false => read(a, m),
    }),
    server("options-run-the-post", &["C-18", "X-01"], options_run),
    at("/graphql", "mutations-by-form", &["C-29"], graphql_by_form),
    server("another-answer-for-strangers", &["C-17"], |a, m| match a.is_preflight() {
        true => open_for_json(a, m),
        false => read(a, m).body_of(&format!(r#"{{"for":"{}"}}"#, a.header("origin"))),
    }),
    server("safe-list-for-posts", &[], |a, m| listed(a, m, "GET, POST", "content-type")),
    at("/graphql", "safe-graphql-of-json-alone", &[], graphql_of_json),
    at("/graph", "safe-forms-that-are-no-graphql", &[], graphql_by_form),
];

/// Those whose POST is not sent without leave: their preflights are looked at.
pub(crate) const NOT_POSTED: &[Server] = &[
    server("open-preflight-not-posted", &["C-16"], open_for_json),
    server("safe-list-not-posted", &[], |a, m| listed(a, m, "GET, POST", "content-type")),
    server("safe-star-not-posted", &[], |a, _| {
        let reply = Reply::status(204).with("Access-Control-Allow-Origin", "*");
        reply.with("Access-Control-Allow-Headers", a.header("access-control-request-headers"))
    }),
    server("safe-without-cors-not-posted", &[], |_, _| Reply::status(404)),
];

const fn server(
    name: &'static str,
    planted: &'static [&'static str],
    answer: fn(&Asked, &mut Memory) -> Reply,
) -> Server {
    Server { name, planted, path: "/me", answer }
}

const fn at(
    path: &'static str,
    name: &'static str,
    planted: &'static [&'static str],
    answer: fn(&Asked, &mut Memory) -> Reply,
) -> Server {
    Server { name, planted, path, answer }
}

/// Approves every preflight, and allows one origin to read.
fn open_preflight(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    if asked.is_preflight() { preflight(origin) } else { read(asked, memory) }
}

/// Approves JSON posts of every origin with credentials; PUT is not on the list.
fn open_for_json(asked: &Asked, memory: &mut Memory) -> Reply {
    if !asked.is_preflight() {
        return read(asked, memory);
    }
    Reply::status(204)
        .with("Access-Control-Allow-Origin", asked.header("origin"))
        .with("Access-Control-Allow-Credentials", "true")
        .with("Access-Control-Allow-Headers", "Content-Type")
        .with("Vary", "Origin")
}

/// A gateway answers preflights with `*`; the backend behind it has a list.
fn star_then_list(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.is_preflight() { preflight("*") } else { read(asked, memory) }
}

/// Whatever is asked, by whomever, signed in.
fn blanket(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = if asked.is_preflight() {
        Reply::status(204)
            .with("Access-Control-Allow-Methods", asked.header("access-control-request-method"))
            .with("Access-Control-Allow-Headers", asked.header("access-control-request-headers"))
    } else {
        memory.ran += 1;
        Reply::json(r#"{"name":"ann"}"#)
    };
    reply
        .with("Access-Control-Allow-Origin", asked.header("origin"))
        .with("Access-Control-Allow-Credentials", "true")
        .with("Vary", "Origin")
}

/// The three stars that are copied from everywhere, on every answer.
fn blanket_star(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = if asked.is_preflight() {
        Reply::status(200)
    } else {
        memory.ran += 1;
        Reply::json(r#"{"items":[]}"#)
    };
    reply
        .with("Access-Control-Allow-Origin", "*")
        .with("Access-Control-Allow-Methods", "*")
        .with("Access-Control-Allow-Headers", "*")
}

/// Its log-in stands before CORS: preflights, which have no token, are sent away.
fn log_in_first(asked: &Asked, _: &mut Memory) -> Reply {
    let is_ours = asked.header("origin") == SHOP;
    let reply = Reply::status(401)
        .with("WWW-Authenticate", "Bearer realm=\"api\"")
        .with("Cache-Control", "no-store");
    if is_ours { reply.with("Access-Control-Allow-Origin", SHOP) } else { reply }
}

/// Headers are added to every answer, and its router knows no `OPTIONS`.
fn no_options(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method == "OPTIONS" {
        return Reply::status(405).with("Allow", "GET, PUT");
    }
    let reply = read(asked, memory);
    reply.with("Access-Control-Allow-Headers", "Authorization, Content-Type")
}

/// A slash is missing, and preflights hear of it first.
fn redirected(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method != "OPTIONS" {
        return read(asked, memory);
    }
    match asked.header("origin") == SHOP {
        true => preflight(SHOP).status_of(308).with("Location", "/me/"),
        false => Reply::status(403),
    }
}

/// Its handler reads a body, and a preflight has none.
fn crashes(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method != "OPTIONS" {
        return read(asked, memory);
    }
    match asked.header("origin") == SHOP {
        true => listed(asked, memory, "get, put", "content-type").status_of(500),
        false => Reply::status(403),
    }
}

/// One origin, exactly; its preflights are answered with these lists.
fn listed(asked: &Asked, memory: &mut Memory, methods: &str, headers: &str) -> Reply {
    if !asked.is_preflight() {
        return read(asked, memory);
    }
    let reply = Reply::status(204).with("Vary", "Origin");
    if asked.header("origin") != SHOP {
        return reply;
    }
    reply
        .with("Access-Control-Allow-Origin", SHOP)
        .with("Access-Control-Allow-Methods", methods)
        .with("Access-Control-Allow-Headers", headers)
}

/// What it does not know it does not answer, and its own list it writes wrongly.
fn strict_and_malformed(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = listed(asked, memory, "GET, PUT", "content-type authorization");
    match asked.header("access-control-request-headers") {
        "" | "content-type" => reply,
        _ => reply.status_of(400),
    }
}

/// One origin with credentials, and stars in the lists.
fn star_with_credentials(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_ours = asked.header("origin") == SHOP;
    let reply = listed(asked, memory, "*", "*");
    if is_ours { reply.with("Access-Control-Allow-Credentials", "true") } else { reply }
}

/// `OPTIONS` is routed as everything else.
fn options_run(asked: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    if asked.path != "/me" {
        return Reply::status(404);
    }
    Reply::json(r#"{"name":"ann","cart":["chair","table"]}"#)
}

fn max_age(asked: &Asked, memory: &mut Memory, seconds: &str) -> Reply {
    let reply = listed(asked, memory, "GET, PUT", "content-type");
    match asked.is_preflight() {
        true => reply.with("Access-Control-Max-Age", seconds),
        false => reply,
    }
}

/// Public, and its token with it.
fn token_shown(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.is_preflight() {
        return Reply::status(403);
    }
    memory.ran += 1;
    Reply::json("{}")
        .with("Access-Control-Allow-Origin", "*")
        .with("Access-Control-Expose-Headers", "X-CSRF-Token")
        .with("X-CSRF-Token", "c0ffee")
}

/// Pages that are signed in would like to see how many pages there are.
fn star_shows_nothing(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_ours = asked.header("origin") == SHOP;
    let reply = listed(asked, memory, "GET, PUT", "content-type").with("X-Total-Count", "12");
    match is_ours {
        true => reply
            .with("Access-Control-Allow-Credentials", "true")
            .with("Access-Control-Expose-Headers", "*"),
        false => reply,
    }
}

fn set_cookie_listed(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = listed(asked, memory, "GET, PUT", "content-type");
    reply.with("Access-Control-Expose-Headers", "X-Total-Count, Set-Cookie")
}

/// A service on a developer's machine.
fn private_network(asked: &Asked, memory: &mut Memory, allowed: &str) -> Reply {
    let is_ours = allowed == "*" || asked.header("origin") == allowed;
    let reply = match (asked.is_preflight(), is_ours) {
        (true, false) => return Reply::status(403),
        (true, true) => Reply::status(204)
            .with("Access-Control-Allow-Methods", "GET, PUT")
            .with("Access-Control-Allow-Headers", "content-type"),
        (false, _) => {
            memory.ran += 1;
            Reply::json("{}")
        }
    };
    let reply = reply.with("Vary", "Origin");
    let reply = if is_ours { reply.with("Access-Control-Allow-Origin", allowed) } else { reply };
    match asked.header("access-control-request-private-network") {
        "true" => reply.with("Access-Control-Allow-Private-Network", "true"),
        _ => reply,
    }
}

/// A handshake is a handshake.
fn socket(asked: &Asked, _: &mut Memory) -> Reply {
    if asked.header("upgrade") != "websocket" {
        return Reply::status(426).with("Upgrade", "websocket").with("Connection", "Upgrade");
    }
    Reply::status(101)
        .with("Upgrade", "websocket")
        .with("Connection", "Upgrade")
        .with("Sec-WebSocket-Accept", "LgoZ6bcMRIhgXO7o6JmKg6Xcj5g=")
}

/// Whatever stands in `query` is run.
fn graphql(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method != "GET" {
        return Reply::status(405);
    }
    let Some((_, query)) = asked.query.split_once("query=") else {
        return Reply::json(r#"{"errors":[{"message":"no query"}]}"#).status_of(400);
    };
    memory.ran += 1;
    match query.starts_with("mutation") {
        true => Reply::json(r#"{"data":{"__typename":"Mutation"}}"#),
        false => Reply::json(r#"{"data":{"__typename":"Query"}}"#),
    }
}

/// A library that takes whatever a body says.
fn graphql_by_form(asked: &Asked, memory: &mut Memory) -> Reply {
    match (asked.method.as_str(), asked.body.is_empty()) {
        ("POST", false) => {
            memory.ran += 1;
            Reply::json(r#"{"data":{"__typename":"Mutation"}}"#)
        }
        _ => Reply::status(405),
    }
}

fn graphql_of_json(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.header("content-type") {
        "application/json" => graphql_by_form(asked, memory),
        _ => Reply::status(415),
    }
}

/// Pages have a key of their own, and files are somewhere else.
fn redirect(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.is_preflight() {
        return listed(asked, memory, "GET", "X-Api-Key");
    }
    Reply::status(302).with("Location", "https://files.example/me?signature=1")
}

/// The web server in front answers it.
fn trace(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method != "TRACE" {
        return read(asked, memory);
    }
    let mut body = format!("TRACE {} HTTP/1.1\r\n", asked.path);
    for (name, value) in &asked.headers {
        body.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    body.push_str("x-internal-key: 0\r\n");
    Reply { body, ..Reply::status(200) }.with("Content-Type", "message/http")
}

/// What one origin may read.
fn read(asked: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    let reply = Reply::json(r#"{"name":"ann"}"#).with("Vary", "Origin");
    match asked.header("origin") == SHOP {
        true => reply.with("Access-Control-Allow-Origin", SHOP),
        false => reply,
    }
}

fn preflight(origin: &str) -> Reply {
    Reply::status(204)
        .with("Access-Control-Allow-Origin", origin)
        .with("Access-Control-Allow-Methods", "GET, PUT")
        .with("Access-Control-Allow-Headers", "content-type")
        .with("Vary", "Origin")
}
