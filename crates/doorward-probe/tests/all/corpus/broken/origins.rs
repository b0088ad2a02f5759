//! Origins that are allowed by mistake.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    Server { name: "mirror-with-credentials", planted: &["C-01"], path: "/me", answer: mirror },
    Server { name: "mirror-of-refusals", planted: &["C-01"], path: "/me", answer: refusals },
    Server { name: "mirror-without", planted: &["C-02"], path: "/data", answer: mirror_without },
    Server { name: "star-with-a-secret", planted: &["C-03"], path: "/config", answer: secret },
    Server { name: "star-with-credentials", planted: &["C-04"], path: "/me", answer: star },
    Server { name: "null-with-credentials", planted: &["C-05"], path: "/me", answer: null },
    Server { name: "null-without", planted: &["C-05"], path: "/data", answer: null_without },
    Server { name: "starts-with-host", planted: &["C-06"], path: "/me", answer: starts_with },
    Server { name: "starts-with-origin", planted: &["C-06"], path: "/me", answer: longer_port },
    Server { name: "ends-with-host", planted: &["C-06"], path: "/me", answer: ends_with },
    Server { name: "contains-host", planted: &["C-06"], path: "/me", answer: contains },
    Server { name: "unescaped-dots", planted: &["C-06"], path: "/me", answer: dots },
    Server { name: "without-anchors", planted: &["C-06", "C-07"], path: "/me", answer: loose },
    Server { name: "any-ending", planted: &["C-06"], path: "/me", answer: any_ending },
    Server { name: "any-port", planted: &["C-06"], path: "/me", answer: any_port },
    Server { name: "name-ends-at-mark", planted: &["C-06"], path: "/me", answer: punctuation },
    Server { name: "part-of-ours", planted: &["C-06", "C-09"], path: "/me", answer: part },
    Server { name: "localhost-at-front", planted: &["C-06"], path: "/me", answer: local_front },
    Server { name: "any-name-below", planted: &["C-07"], path: "/me", answer: below },
    Server { name: "http-for-https", planted: &["C-08"], path: "/me", answer: downgrade },
    Server { name: "localhost-in-list", planted: &["C-09"], path: "/me", answer: localhost },
    Server { name: "any-port-of-this-machine", planted: &["C-09"], path: "/me", answer: local_any },
    Server { name: "private-network", planted: &["C-09"], path: "/me", answer: private },
    Server { name: "platform-suffix", planted: &["C-10"], path: "/me", answer: own_platform },
    Server { name: "a-platform-too", planted: &["C-10"], path: "/me", answer: a_platform },
    Server { name: "letters-from-the-end", planted: &["P-19"], path: "/me", answer: letters },
    Server { name: "public-suffix", planted: &["P-21"], path: "/me", answer: public_suffix },
    Server { name: "everything-in-com", planted: &["P-21"], path: "/me", answer: in_com },
    Server { name: "field-chooses", planted: &["P-22"], path: "/me?a=1", answer: by_field },
    Server { name: "referer-chooses", planted: &["P-22"], path: "/me", answer: by_referer },
    Server { name: "forwarded-host", planted: &["P-22"], path: "/me", answer: by_host },
    Server { name: "origin-as-password", planted: &["C-24"], path: "/me", answer: password },
];

/// What all of them answer: preflights for the shop alone, and the caller's name to everybody;
/// `allowed` says for whom else's page.
fn answer(asked: &Asked, memory: &mut Memory, allowed: bool) -> Reply {
    let origin = asked.header("origin");
    if asked.is_preflight() {
        let reply = Reply::status(204).with("Vary", "Origin");
        if origin != SHOP {
            return reply;
        }
        return with_origin(reply, origin)
            .with("Access-Control-Allow-Methods", "GET, PUT")
            .with("Access-Control-Allow-Headers", "content-type");
    }
    memory.ran += 1;
    let reply = Reply::json(r#"{"name":"ann"}"#).with("Vary", "Origin");
    if allowed || origin == SHOP { with_origin(reply, origin) } else { reply }
}

fn with_origin(reply: Reply, origin: &str) -> Reply {
    reply
        .with("Access-Control-Allow-Origin", origin)
        .with("Access-Control-Allow-Credentials", "true")
}

/// The host of the request's `Origin`, without a port.
fn host(asked: &Asked) -> &str {
    let (_, rest) = asked.header("origin").split_once("://").unwrap_or_default();
    rest.split_once(':').map_or(rest, |(host, _)| host)
}

/// Whether the host is one of anybody's below `name`.
fn is_below(asked: &Asked, name: &str) -> bool {
    host(asked).strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
}

/// Answers whatever `Origin` it is sent, with credentials.
fn mirror(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, asked.headers.contains_key("origin"))
}

/// The same; nobody is signed in.
fn refusals(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = mirror(asked, memory);
    if asked.is_preflight() { reply } else { Reply { status: 401, ..reply } }
}

/// The same without credentials, on a machine that only its owner reaches.
fn mirror_without(asked: &Asked, memory: &mut Memory) -> Reply {
    let allowed = asked.headers.contains_key("origin");
    let mut reply = answer(asked, memory, allowed);
    reply.headers.retain(|(name, _)| name != "Access-Control-Allow-Credentials");
    reply
}

/// Its settings, for everybody.
fn secret(_: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    Reply::json(r#"{"mail":{"host":"smtp.shop.example","password":"hunter-22"}}"#)
        .with("Access-Control-Allow-Origin", "*")
}

/// Everybody, and with credentials: no browser takes that.
fn star(_: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    with_origin(Reply::json(r#"{"name":"ann"}"#), "*")
}

/// Allows pages that were opened as files, as it thinks.
fn null(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, asked.header("origin") == "null")
}

fn null_without(asked: &Asked, memory: &mut Memory) -> Reply {
    let mut reply = null(asked, memory);
    reply.headers.retain(|(name, _)| name != "Access-Control-Allow-Credentials");
    reply
}

/// `origin.startsWith("http://shop.localhost")`
fn starts_with(asked: &Asked, memory: &mut Memory) -> Reply {
    let allowed = asked.header("origin").starts_with("http://shop.localhost");
    answer(asked, memory, allowed)
}

/// `origin.startsWith(SHOP)`: a port has another digit.
fn longer_port(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, asked.header("origin").starts_with(SHOP))
}

/// `hostname.endsWith("shop.localhost")`
fn ends_with(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, host(asked).ends_with("shop.localhost"))
}

/// `origin.includes("shop.localhost")`
fn contains(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, asked.header("origin").contains("shop.localhost"))
}

/// `/^http:\/\/www.shop.localhost:5173$/`: each dot is any letter.
fn dots(asked: &Asked, memory: &mut Memory) -> Reply {
    let (origin, pattern) = (asked.header("origin"), b"http://www.shop.localhost:5173");
    let fits = |(at, letter): (usize, u8)| pattern[at] == b'.' || pattern[at] == letter;
    let allowed = origin.len() == pattern.len() && origin.bytes().enumerate().all(fits);
    answer(asked, memory, allowed)
}

/// `/(\/\/|\.)shop\.localhost/`: it may stand anywhere.
fn loose(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    let allowed = origin.contains("//shop.localhost") || origin.contains(".shop.localhost");
    answer(asked, memory, allowed)
}

/// `/^http:\/\/shop\.[a-z]+(:\d+)?$/`
fn any_ending(asked: &Asked, memory: &mut Memory) -> Reply {
    let ending = host(asked).strip_prefix("shop.").unwrap_or_default();
    let is_word = !ending.is_empty() && ending.bytes().all(|byte| byte.is_ascii_lowercase());
    answer(asked, memory, is_word)
}

/// `new URL(origin).hostname === "shop.localhost"`
fn any_port(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, host(asked) == "shop.localhost")
}

/// `origin.match(/^http:\/\/([a-z0-9.]+)/)[1]`: the name ends where it has another letter.
fn punctuation(asked: &Asked, memory: &mut Memory) -> Reply {
    let name = host(asked).split(|c: char| !c.is_ascii_alphanumeric() && c != '.').next();
    let is_listed = asked.header("origin").ends_with(":5173") && name == Some("shop.localhost");
    answer(asked, memory, is_listed)
}

/// `"shop.localhost".includes(hostname)`, the wrong way round.
fn part(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, !host(asked).is_empty() && "shop.localhost".contains(host(asked)))
}

/// `origin.startsWith("http://localhost")`
fn local_front(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, asked.header("origin").starts_with("http://localhost"))
}

/// `hostname.endsWith(".shop.localhost")`
fn below(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, is_below(asked, "shop.localhost"))
}

/// The right name, whatever its scheme.
fn downgrade(asked: &Asked, memory: &mut Memory) -> Reply {
    let (_, name) = asked.header("origin").split_once("://").unwrap_or_default();
    answer(asked, memory, name == "app.shop.example")
}

/// The page's address while it was written.
fn localhost(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, asked.header("origin") == "http://localhost:3000")
}

/// `new URL(origin).hostname === "localhost"`
fn local_any(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, host(asked) == "localhost")
}

/// `/^http:\/\/192\.168\./`
fn private(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, asked.header("origin").starts_with("http://192.168."))
}

/// Previews of the shop, and of everybody else.
fn own_platform(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, is_below(asked, "vercel.app"))
}

/// Its own page, and previews.
fn a_platform(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, is_below(asked, "github.io"))
}

/// A tree of letters from the end of the name, in which a whole name is a word's end too.
fn letters(asked: &Asked, memory: &mut Memory) -> Reply {
    let names = ["foo.example", "bar.example"];
    let host = asked.header("origin").strip_prefix("https://").unwrap_or_default();
    let rest = names.iter().find_map(|name| host.strip_suffix(name));
    answer(asked, memory, rest.is_some_and(|rest| matches!(rest, "" | "foo" | "bar")))
}

/// `hostname.endsWith(".co.uk")`
fn public_suffix(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, is_below(asked, "co.uk"))
}

/// `hostname.endsWith(".com")`
fn in_com(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, is_below(asked, "com"))
}

/// `?origin=` says who may read.
fn by_field(asked: &Asked, memory: &mut Memory) -> Reply {
    let fields = url::form_urlencoded::parse(asked.query.as_bytes());
    let chosen = fields.into_owned().find(|(name, _)| name == "origin").map(|(_, value)| value);
    let origin = asked.header("origin");
    answer(asked, memory, !origin.is_empty() && chosen.as_deref() == Some(origin))
}

/// `Referer` says who may read.
fn by_referer(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    let allowed = !origin.is_empty() && asked.header("referer").strip_suffix('/') == Some(origin);
    answer(asked, memory, allowed)
}

/// `X-Forwarded-Host` is its own name, and may read.
fn by_host(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = answer(asked, memory, false);
    let host = asked.header("x-forwarded-host");
    match host.is_empty() || asked.is_preflight() {
        true => reply,
        false => with_origin(reply, &format!("http://{host}")),
    }
}

/// Whoever says that he is the shop is let in.
fn password(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.header("origin") == SHOP {
        true => answer(asked, memory, true),
        false => Reply::status(403).with("Vary", "Origin"),
    }
}
