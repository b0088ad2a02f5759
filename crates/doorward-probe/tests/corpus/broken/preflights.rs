//! Preflights that approve too much, or nothing; and what caches make of answers.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] =
    &[Server { name: "open-preflight", planted: &["C-17"], path: "/me", answer: open_preflight }];

/// Approves every preflight, and allows one origin to read.
fn open_preflight(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    if asked.is_preflight() {
        return preflight(origin);
    }
    memory.ran += 1;
    let reply = Reply::json(r#"{"name":"ann"}"#).with("Vary", "Origin");
    if origin == SHOP { reply.with("Access-Control-Allow-Origin", origin) } else { reply }
}

fn preflight(origin: &str) -> Reply {
    Reply::status(204)
        .with("Access-Control-Allow-Origin", origin)
        .with("Access-Control-Allow-Methods", "GET, PUT")
        .with("Access-Control-Allow-Headers", "content-type")
        .with("Vary", "Origin")
}
