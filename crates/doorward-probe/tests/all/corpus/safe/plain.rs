//! The plain ones.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    Server { name: "exact-list", planted: &[], path: "/data", answer: exact_list },
    Server { name: "page-for-every-method", planted: &[], path: "/", answer: page },
    Server { name: "public-search", planted: &[], path: "/search?q=chairs", answer: search },
];

/// One origin, exactly; preflights for it alone.
fn exact_list(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_ours = asked.header("origin") == SHOP;
    let reply = if asked.is_preflight() {
        let reply = Reply::status(204).with("Vary", "Origin");
        match is_ours {
            true => reply
                .with("Access-Control-Allow-Methods", "GET, PUT")
                .with("Access-Control-Allow-Headers", "content-type"),
            false => reply,
        }
    } else {
        memory.ran += 1;
        Reply::json(r#"{"items":[]}"#).with("Vary", "Origin")
    };
    match is_ours {
        true => reply.with("Access-Control-Allow-Origin", SHOP),
        false => reply,
    }
}

/// A file that a server of files hands out, whatever the method.
fn page(asked: &Asked, _: &mut Memory) -> Reply {
    match asked.path.as_str() {
        "/" => Reply::status(200)
            .with("Content-Type", "Text/HTML; charset=utf-8")
            .body_of("<!doctype html>\n<title>Shop</title>\n<p>Chairs and tables</p>\n"),
        _ => Reply::status(404),
    }
}

/// Public, and says so: `*` without credentials.
fn search(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = match (asked.method.as_str(), asked.path.as_str()) {
        ("GET" | "HEAD", "/search") if asked.body.is_empty() => {
            memory.ran += 1;
            Reply::json(&format!(r#"{{"asked":{}}}"#, asked.query.len()))
        }
        (_, "/search") => Reply::status(405).with("Allow", "GET, HEAD"),
        _ => Reply::status(404),
    };
    reply.with("Access-Control-Allow-Origin", "*")
}
