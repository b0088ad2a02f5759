//! What caches make of answers, and what a page reads by loading them.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    server("list-without-vary", &["C-21"], no_vary),
    server("vary-for-the-allowed-alone", &["C-21"], vary_for_the_allowed),
    server("vary-but-not-with-errors", &["C-21"], no_vary_with_errors),
    server("kept-by-guessing", &["C-21"], kept_by_guessing),
    server("kept-by-browsers-alone", &["C-21"], kept_by_browsers),
    server("cache-that-ignores-vary", &["C-13", "C-21"], |a, m| cached(a, m, dressed, true)),
    server("cache-that-says-nothing", &["C-13", "C-21"], |a, m| cached(a, m, dressed, false)),
    server("kept-preflights", &["C-21"], kept_preflights),
    server("vary-by-everything", &["C-22"], vary_star),
    server("jsonp-for-one-person", &["C-27"], jsonp_for_one),
];

/// Those whose fault shows only with a session, and twins that have none.
pub(crate) const SIGNED_IN: &[Server] = &[
    server("jsonp-of-a-session", &["C-27"], |a, _| jsonp(a, &name(a))),
    server("list-of-a-session", &["C-27"], |a, _| private(a)),
    server("safe-jsonp-for-everybody", &[], |a, _| jsonp(a, "everybody")),
    server("safe-list-with-nosniff", &[], |a, _| {
        private(a).with("X-Content-Type-Options", "nosniff")
    }),
    server("safe-list-with-a-policy", &[], |a, _| {
        private(a).with("Cross-Origin-Resource-Policy", "same-site")
    }),
    server("safe-list-of-a-lax-session", &[], |a, _| {
        private(a).with("Set-Cookie", "session=ann; Path=/; HttpOnly; SameSite=Lax")
    }),
    server("safe-list-that-changes", &[], changing),
    server("denied-to-readers-of-a-session", &["C-17"], open_to_writers),
    server("safe-refused-though-signed-in", &[], |a, m| match a.is_preflight() {
        true => open_to_writers(a, m),
        false if a.header("origin").is_empty() => Reply::json("{}"),
        false => Reply::status(403),
    }),
    server("safe-refused-in-words", &[], |a, _| {
        let (status, body) = if name(a) == "nobody" { (401, "[1]") } else { (403, "[2]") };
        Reply::status(status).with("Content-Type", "application/json").body_of(body)
    }),
    server("safe-jsonp-for-everybody-kept-private", &[], |a, _| {
        jsonp(a, "everybody").with("Cache-Control", "private")
    }),
    server("safe-log-in-elsewhere", &[], |a, _| match a.is_preflight() {
        true => Reply::status(204).with("Access-Control-Allow-Headers", "X-Api-Key"),
        false => Reply::status(302).with("Location", "https://sign-in.example/"),
    }),
    server("socket-of-a-session", &["C-28"], |a, _| socket(a, |_| true)),
    server("safe-socket-of-the-shop", &[], |a, _| socket(a, |origin| origin == SHOP)),
];

/// Those that know their callers by a key in a header of its own, and their safe twins.
pub(crate) const KEYED: &[Server] = &[
    server("key-and-a-router-without-options", &["C-14"], |a, m| match a.method.as_str() {
        "OPTIONS" => Reply::status(404),
        _ => list(a, m).with("Vary", "Origin"),
    }),
    server("redirect-with-the-key", &["C-30"], |a, _| match a.header("x-api-key") {
        "" => Reply::status(401),
        _ => Reply::status(307).with("Location", "//files.example/1"),
    }),
    server("safe-log-in-without-the-key", &[], |a, _| match a.header("x-api-key") {
        "" => Reply::status(302).with("Location", "https://sign-in.example/"),
        _ => Reply::json("{}"),
    }),
    server("safe-redirect-on-the-same-site", &[], |_, _| {
        Reply::status(302).with("Location", "http://files.shop.localhost/1")
    }),
    server("safe-key-and-preflights", &[], |a, m| match a.is_preflight() {
        true => list(a, m).with("Access-Control-Allow-Headers", "x-api-key"),
        false => list(a, m).with("Vary", "Origin"),
    }),
];

const fn server(
    name: &'static str,
    planted: &'static [&'static str],
    answer: fn(&Asked, &mut Memory) -> Reply,
) -> Server {
    Server { name, planted, path: "/me", answer }
}

const AN_HOUR: &str = "public, max-age=3600";

/// One origin may read; whatever is asked beside `/me` is not there.
fn list(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_ours = asked.header("origin") == SHOP;
    let reply = match (asked.is_preflight(), asked.path.as_str()) {
        (true, _) => Reply::status(204)
            .with("Access-Control-Allow-Methods", "GET, PUT")
            .with("Access-Control-Allow-Headers", "content-type"),
        (false, "/me") => {
            memory.ran += 1;
            Reply::json(r#"{"name":"ann"}"#)
        }
        (false, _) => Reply::json(r#"{"error":"not here"}"#).status_of(404),
    };
    if is_ours { reply.with("Access-Control-Allow-Origin", SHOP) } else { reply }
}

fn no_vary(asked: &Asked, memory: &mut Memory) -> Reply {
    list(asked, memory).with("Cache-Control", AN_HOUR)
}

/// As a famous storage answers.
fn vary_for_the_allowed(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = list(asked, memory).with("Cache-Control", AN_HOUR);
    if asked.header("origin") == SHOP { reply.with("Vary", "Origin") } else { reply }
}

fn no_vary_with_errors(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = list(asked, memory).with("Cache-Control", AN_HOUR);
    if reply.status == 404 { reply } else { reply.with("Vary", "Accept-Encoding, Origin") }
}

fn kept_by_guessing(asked: &Asked, memory: &mut Memory) -> Reply {
    list(asked, memory).with("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
}

fn kept_by_browsers(asked: &Asked, memory: &mut Memory) -> Reply {
    list(asked, memory).with("Cache-Control", "private, max-age=600")
}

/// Right in all that it says itself.
fn dressed(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = list(asked, memory)
        .with("Cache-Control", AN_HOUR)
        .with("Access-Control-Allow-Credentials", "true");
    reply.with("Vary", "Origin")
}

/// A cache between that keeps one answer for an address, whoever asks.
fn cached(
    asked: &Asked,
    memory: &mut Memory,
    behind: fn(&Asked, &mut Memory) -> Reply,
    says_so: bool,
) -> Reply {
    if asked.method != "GET" {
        return behind(asked, memory);
    }
    let key = format!("{}?{}", asked.path, asked.query);
    if let Some(reply) = memory.kept.get(&key) {
        let reply = reply.clone();
        return if says_so { reply.with("Age", "7").with("X-Cache", "HIT") } else { reply };
    }
    let reply = behind(asked, memory);
    memory.kept.insert(key, reply.clone());
    reply
}

/// Somebody told the edge to keep `OPTIONS` too.
fn kept_preflights(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = list(asked, memory).with("Cache-Control", AN_HOUR);
    match asked.is_preflight() {
        true => reply.with("X-Cache", "Hit from edge"),
        false => reply.with("Vary", "Origin"),
    }
}

fn vary_star(_: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    Reply::json(r#"{"items":[]}"#).with("Cache-Control", "max-age=600").with("Vary", "*")
}

/// It says itself that it is one person's.
fn jsonp_for_one(asked: &Asked, _: &mut Memory) -> Reply {
    jsonp(asked, "nobody").with("Cache-Control", "private, max-age=0").with("Vary", "Cookie")
}

/// Who is signed in.
fn name(asked: &Asked) -> String {
    asked.header("cookie").strip_prefix("session=").unwrap_or("nobody").to_owned()
}

fn jsonp(asked: &Asked, name: &str) -> Reply {
    let callback = asked.query.split('&').find_map(|pair| pair.strip_prefix("callback="));
    match callback {
        Some(callback) => {
            let body = format!(r#"/**/ typeof {callback} === 'function' && {callback}("{name}");"#);
            Reply { body, ..Reply::status(200) }.with("Content-Type", "text/javascript")
        }
        None => Reply::json(&format!(r#"{{"name":"{name}"}}"#)),
    }
}

/// A list of what is somebody's, that any page may load.
fn private(asked: &Asked) -> Reply {
    let body = match name(asked).as_str() {
        "nobody" => return Reply::status(401),
        name => format!(r#"["{name}","12 Main Street"]"#),
    };
    Reply { body, ..Reply::status(200) }.with("Content-Type", "application/json")
}

/// Different each time, session or not: that tells nothing about the session.
fn changing(_: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    let body = format!("[{}]", memory.ran);
    Reply { body, ..Reply::status(200) }.with("Content-Type", "application/json")
}

/// Nobody but who is signed in gets an answer, and no page may read it; preflights say yes.
fn open_to_writers(asked: &Asked, _: &mut Memory) -> Reply {
    match (asked.is_preflight(), name(asked).as_str()) {
        (true, _) => Reply::status(204)
            .with("Access-Control-Allow-Origin", asked.header("origin"))
            .with("Access-Control-Allow-Credentials", "true")
            .with("Access-Control-Allow-Methods", "GET, PUT")
            .with("Access-Control-Allow-Headers", "content-type"),
        (false, "nobody") => Reply::status(401),
        (false, name) => Reply::json(&format!(r#"{{"name":"{name}"}}"#)),
    }
}

/// It knows its callers by their cookie.
fn socket(asked: &Asked, lets_in: fn(&str) -> bool) -> Reply {
    if asked.header("upgrade") != "websocket" {
        return Reply::status(426).with("Upgrade", "websocket").with("Connection", "Upgrade");
    }
    if name(asked) == "nobody" || !lets_in(asked.header("origin")) {
        return Reply::status(403);
    }
    Reply::status(101).with("Upgrade", "websocket").with("Connection", "Upgrade")
}
