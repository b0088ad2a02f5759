//! Servers on which it is easily said too much of who can make them run something.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    Server { name: "one-page-for-all", planted: &[], path: "/me", answer: one_page_for_all },
    Server { name: "kept-copy", planted: &[], path: "/rates", answer: kept_copy },
    Server { name: "refuses-first", planted: &[], path: "/me", answer: refuses_first },
    Server { name: "another-each-time", planted: &[], path: "/clock", answer: another_each_time },
];

/// The same page for every address, as applications of one page have it: that it answers says
/// nothing of what is asked for.
fn one_page_for_all(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method != "GET" {
        return Reply::status(405).with("Allow", "GET");
    }
    memory.ran += 1;
    let mut reply = Reply::json("<!doctype html><title>Shop</title>");
    reply.headers = vec![("Content-Type".to_owned(), "text/html".to_owned())];
    reply
}

/// A cache stands before it, and says so.
fn kept_copy(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = match asked.path.as_str() {
        "/rates" if asked.method == "GET" => {
            memory.ran += 1;
            Reply::json(r#"{"usd":1.1}"#).with("Age", "12").with("Cache-Control", "max-age=60")
        }
        "/rates" => Reply::status(405).with("Allow", "GET"),
        _ => Reply::status(404),
    };
    allowed(asked, reply)
}

/// Looks at `Origin` and Fetch Metadata before it runs anything, and lets programs in.
fn refuses_first(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    let is_foreign = !matches!(origin, "" | SHOP)
        || (origin.is_empty() && !matches!(asked.header("sec-fetch-site"), "" | "same-origin"));
    if is_foreign {
        return Reply::status(403).with("Vary", "Origin");
    }
    let reply = match (asked.is_preflight(), asked.path.as_str()) {
        (true, _) => Reply::status(204)
            .with("Access-Control-Allow-Methods", "GET, PUT")
            .with("Access-Control-Allow-Headers", "content-type"),
        (false, "/me") if asked.method == "GET" => {
            memory.ran += 1;
            Reply::json(r#"{"name":"ann"}"#)
        }
        (false, _) => Reply::status(404),
    };
    allowed(asked, reply)
}

/// Each answer is another, so no two of them show that the same was run.
fn another_each_time(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.path != "/clock" || asked.method != "GET" {
        return allowed(asked, Reply::status(404));
    }
    memory.ran += 1;
    allowed(asked, Reply::json(&format!(r#"{{"tick":{}}}"#, memory.ran)))
}

/// The shop's pages may read.
fn allowed(asked: &Asked, reply: Reply) -> Reply {
    let reply = reply.with("Vary", "Origin");
    match asked.header("origin") == SHOP {
        true => reply.with("Access-Control-Allow-Origin", SHOP),
        false => reply,
    }
}
