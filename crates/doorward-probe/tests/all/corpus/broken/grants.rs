//! Grants that no browser accepts, or that one answer makes and another does not.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    Server { name: "two-headers", planted: &["C-11"], path: "/data", answer: two_headers },
    Server { name: "list-in-one-header", planted: &["C-11"], path: "/data", answer: list },
    Server { name: "slash-at-the-end", planted: &["C-11"], path: "/data", answer: slash },
    Server { name: "asterisk-in-host", planted: &["C-11"], path: "/data", answer: asterisk },
    Server { name: "in-capitals", planted: &["C-11"], path: "/data", answer: capitals },
    Server { name: "true-as-origin", planted: &["C-11"], path: "/data", answer: word },
    Server { name: "True-for-true", planted: &["C-12"], path: "/me", answer: python_true },
    Server { name: "twice-true", planted: &["C-12"], path: "/me", answer: twice_true },
    Server { name: "good-answers-only", planted: &["C-13"], path: "/me", answer: good_only },
    Server { name: "preflights-only", planted: &["C-13"], path: "/me", answer: preflights_only },
    Server { name: "no-cookies-first", planted: &["C-13"], path: "/me", answer: no_cookies_first },
];

/// Answers, with these headers on every answer to the shop, preflights as well.
fn answer(asked: &Asked, memory: &mut Memory, headers: &[(&str, &str)]) -> Reply {
    let is_shop = asked.header("origin") == SHOP;
    let mut reply = if asked.is_preflight() {
        preflight(is_shop)
    } else {
        memory.ran += 1;
        Reply::json(r#"{"name":"ann"}"#)
    }
    .with("Vary", "Origin");
    for (name, value) in headers.iter().filter(|_| is_shop) {
        reply = reply.with(name, value);
    }
    reply
}

fn preflight(is_shop: bool) -> Reply {
    let reply = Reply::status(204);
    match is_shop {
        true => reply
            .with("Access-Control-Allow-Methods", "GET, PUT")
            .with("Access-Control-Allow-Headers", "content-type"),
        false => reply,
    }
}

fn allows(asked: &Asked, memory: &mut Memory, value: &str) -> Reply {
    answer(asked, memory, &[("Access-Control-Allow-Origin", value)])
}

/// The application sets it, and so does the server before it.
fn two_headers(asked: &Asked, memory: &mut Memory) -> Reply {
    let header = ("Access-Control-Allow-Origin", SHOP);
    answer(asked, memory, &[header, header])
}

fn list(asked: &Asked, memory: &mut Memory) -> Reply {
    allows(asked, memory, &format!("{SHOP}, http://admin.shop.localhost:5173"))
}

fn slash(asked: &Asked, memory: &mut Memory) -> Reply {
    allows(asked, memory, &format!("{SHOP}/"))
}

fn asterisk(asked: &Asked, memory: &mut Memory) -> Reply {
    allows(asked, memory, "http://*.shop.localhost:5173")
}

/// Compares without regard to case, and answers in its own.
fn capitals(asked: &Asked, memory: &mut Memory) -> Reply {
    allows(asked, memory, "HTTP://Shop.localhost:5173")
}

fn word(asked: &Asked, memory: &mut Memory) -> Reply {
    allows(asked, memory, "true")
}

/// `str(True)`
fn python_true(asked: &Asked, memory: &mut Memory) -> Reply {
    let headers =
        [("Access-Control-Allow-Origin", SHOP), ("Access-Control-Allow-Credentials", "True")];
    answer(asked, memory, &headers)
}

fn twice_true(asked: &Asked, memory: &mut Memory) -> Reply {
    let says_true = ("Access-Control-Allow-Credentials", "true");
    answer(asked, memory, &[("Access-Control-Allow-Origin", SHOP), says_true, says_true])
}

/// Errors come from somewhere that knows nothing of CORS.
fn good_only(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.path == "/me" {
        true => allows(asked, memory, SHOP),
        false => Reply::status(404),
    }
}

/// The server before the application answers preflights, and forgets the rest.
fn preflights_only(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.is_preflight() {
        true => allows(asked, memory, SHOP),
        false => answer(asked, memory, &[]),
    }
}

/// Credentials are allowed where it is too late to say so.
fn no_cookies_first(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = allows(asked, memory, SHOP);
    match !asked.is_preflight() && asked.header("origin") == SHOP {
        true => reply.with("Access-Control-Allow-Credentials", "true"),
        false => reply,
    }
}
