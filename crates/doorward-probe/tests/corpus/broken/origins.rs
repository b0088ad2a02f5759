//! Origins that are allowed by mistake.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] =
    &[Server { name: "mirror-with-credentials", planted: &["C-01"], path: "/me", answer: mirror }];

/// Answers whatever `Origin` it is sent, with credentials.
fn mirror(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    if asked.is_preflight() {
        return if origin == SHOP { preflight(origin) } else { Reply::status(403) };
    }
    memory.ran += 1;
    Reply::json(r#"{"name":"ann"}"#)
        .with("Access-Control-Allow-Origin", origin)
        .with("Access-Control-Allow-Credentials", "true")
        .with("Vary", "Origin")
}

fn preflight(origin: &str) -> Reply {
    Reply::status(204)
        .with("Access-Control-Allow-Origin", origin)
        .with("Access-Control-Allow-Methods", "GET, PUT")
        .with("Access-Control-Allow-Headers", "content-type")
        .with("Vary", "Origin")
}
