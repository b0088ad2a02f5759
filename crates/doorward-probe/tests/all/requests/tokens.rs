//! Tokens against forgery that are not what they seem.

use crate::corpus::{Asked, Memory, Reply};
use crate::requests::desk::{
    Tried, at, body_field, cookie, field, is_from_shop, is_signed, placed,
};

/// A session with a token that a form sends.
const SIGNED: &[(&str, &str)] = &[("Cookie", "session=s1")];
/// A session whose token stands in a cookie and a header.
const DOUBLED: &[(&str, &str)] =
    &[("Cookie", "session=s1; XSRF-TOKEN=k7f3a9"), ("X-XSRF-TOKEN", "k7f3a9")];
/// The form of who was given `t1`.
const BODY: &str = "item=chair&csrf=t1a2b3c4";

/// All of them.
pub(crate) const TRIED: &[Tried] = &[
    Tried::form("token-for-show", &["X-06"], |a, m| at(a, m, "/orders", for_show))
        .signed(SIGNED)
        .with_body(BODY),
    Tried::form("token-and-nothing-else", &["X-06", "X-08"], |a, m| {
        at(a, m, "/orders", nothing_else)
    })
    .signed(SIGNED)
    .with_body(BODY),
    Tried::form("token-may-be-empty", &["X-06"], |a, m| at(a, m, "/orders", may_be_empty))
        .signed(SIGNED)
        .with_body(BODY),
    Tried::form("token-of-any-letters", &["X-06"], |a, m| at(a, m, "/orders", any_letters))
        .signed(SIGNED)
        .with_body(BODY),
    Tried::form("token-of-anybody", &["X-06"], |a, m| at(a, m, "/orders", of_anybody))
        .signed(SIGNED)
        .with_body(BODY),
    Tried::form("token-like-its-cookie", &["X-06"], |a, m| at(a, m, "/orders", like_its_cookie))
        .signed(DOUBLED),
    Tried::form("token-in-address", &["X-06"], |a, m| at(a, m, "/orders", in_address))
        .signed(SIGNED)
        .at("/orders?csrf=t1a2b3c4"),
];

/// Runs a form of who is signed in, where its token is right.
fn form(asked: &Asked, memory: &mut Memory, is_right: bool) -> Reply {
    let is_form = asked.method == "POST" && body_field(asked, "item").is_some();
    match (is_signed(asked), is_right, is_form) {
        (false, _, _) => Reply::status(401),
        (true, false, _) => Reply::status(403),
        (true, true, false) => Reply::status(400),
        (true, true, true) => placed(memory),
    }
}

/// The origin is looked at, the token is not.
fn for_show(asked: &Asked, memory: &mut Memory) -> Reply {
    form(asked, memory, is_from_shop(asked))
}

fn nothing_else(asked: &Asked, memory: &mut Memory) -> Reply {
    form(asked, memory, true)
}

/// The field must be there; an empty one is not compared.
fn may_be_empty(asked: &Asked, memory: &mut Memory) -> Reply {
    let token = body_field(asked, "csrf");
    form(asked, memory, matches!(token.as_deref(), Some("" | "t1a2b3c4")))
}

fn any_letters(asked: &Asked, memory: &mut Memory) -> Reply {
    let token = body_field(asked, "csrf").unwrap_or_default();
    form(asked, memory, token.len() == 8)
}

/// Each page has a token, and each is as good as the other.
fn of_anybody(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method == "GET" {
        let body = "<form method=post><input name=csrf type=hidden value=\"t9x8y7z6\"></form>";
        return Reply { status: 200, headers: Vec::new(), body: body.to_owned() }
            .with("Content-Type", "text/html")
            .with("X-Frame-Options", "DENY");
    }
    let token = body_field(asked, "csrf");
    form(asked, memory, matches!(token.as_deref(), Some("t1a2b3c4" | "t9x8y7z6")))
}

fn like_its_cookie(asked: &Asked, memory: &mut Memory) -> Reply {
    let token = asked.header("x-xsrf-token");
    form(asked, memory, !token.is_empty() && cookie(asked, "XSRF-TOKEN") == Some(token))
}

fn in_address(asked: &Asked, memory: &mut Memory) -> Reply {
    let token = field(&asked.query, "csrf");
    form(asked, memory, token.as_deref() == Some("t1a2b3c4"))
}
