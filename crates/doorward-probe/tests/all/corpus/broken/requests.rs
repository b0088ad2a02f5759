//! Requests that are run, or pages that are shown, wherever they come from.

use crate::corpus::{Asked, Memory, Reply, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    Server { name: "framed-form", planted: &["X-14"], path: "/money", answer: framed_form },
    Server { name: "framed-by-old-words", planted: &["X-14"], path: "/profile", answer: old_words },
    Server { name: "key-in-address", planted: &["T-08"], path: "/feed?token=k1", answer: keyed },
];

/// A page that changes something, and that anybody may frame.
fn framed_form(_: &Asked, _: &mut Memory) -> Reply {
    page("<form method=post action=/money><input name=to><button>Send</button></form>")
}

/// `ALLOW-FROM` is known to no browser any more.
fn old_words(_: &Asked, _: &mut Memory) -> Reply {
    page("<form action=/profile METHOD='POST'><input name=name></form>")
        .with("X-Frame-Options", "ALLOW-FROM https://shop.example")
}

/// The credential is a parameter.
fn keyed(asked: &Asked, _: &mut Memory) -> Reply {
    match asked.query.split('&').any(|pair| pair == "token=k1") {
        true => Reply::json(r#"{"news":[]}"#),
        false => Reply::status(401),
    }
}

fn page(body: &str) -> Reply {
    Reply { status: 200, headers: Vec::new(), body: body.to_owned() }
        .with("Content-Type", "text/html; charset=utf-8")
        .with("X-Content-Type-Options", "nosniff")
}
