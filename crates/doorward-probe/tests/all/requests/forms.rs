//! What is meant for one kind of request, and runs another.

use crate::corpus::{Asked, Memory, Reply};
use crate::requests::desk::{
    Does, SESSION, Tried, at, body_field, essence, field, is_from_shop, is_signed, json_item,
    placed,
};

/// All of them.
pub(crate) const TRIED: &[Tried] = &[
    Tried::json("form-for-json", &["X-01", "X-02"], |a, m| at(a, m, "/orders", any_fields))
        .signed(SESSION),
    Tried::json("plain-text-for-json", &["X-01"], |a, m| at(a, m, "/orders", text_too))
        .signed(SESSION),
    Tried::json("plain-text-without-session", &["X-01"], |a, m| at(a, m, "/orders", text_open)),
    Tried::json("plain-text-seen-to-run", &["X-01"], |a, m| at(a, m, "/orders", silent))
        .signed(SESSION)
        .watched(),
    Tried::json("no-type-for-json", &["X-02"], |a, m| at(a, m, "/orders", untyped)).signed(SESSION),
    Tried::json("json-somewhere-in-type", &["X-03"], |a, m| at(a, m, "/orders", somewhere))
        .signed(SESSION),
    Tried::json("get-places-order", &["X-04"], |a, m| at(a, m, "/orders", get_too)).signed(SESSION),
    Tried::json("head-places-order", &["X-04"], |a, m| at(a, m, "/orders", head_too))
        .signed(SESSION)
        .watched(),
    Tried::json("override-by-field", &["X-05"], |a, m| at(a, m, "/orders", named_by_field))
        .by("DELETE")
        .with_body("")
        .signed(SESSION),
    Tried::json("override-by-parameter", &["X-05"], |a, m| at(a, m, "/orders", named_by_query))
        .signed(SESSION),
    Tried::json("override-by-header", &["X-05"], |a, m| at(a, m, "/orders", named_by_header))
        .by("DELETE")
        .with_body("")
        .signed(SESSION),
];

/// Runs it where the caller is signed in.
fn signed(asked: &Asked, memory: &mut Memory, is_meant: bool) -> Reply {
    match (is_signed(asked), is_meant) {
        (false, _) => Reply::status(401),
        (true, false) => Reply::status(415),
        (true, true) => placed(memory),
    }
}

/// Only plain text is refused: what has no type is read as JSON too.
fn any_fields(asked: &Asked, memory: &mut Memory) -> Reply {
    let item = json_item(asked).or_else(|| body_field(asked, "item"));
    let is_post = asked.method == "POST" && essence(asked) != "text/plain";
    signed(asked, memory, is_post && item.is_some())
}

fn text_too(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_known = matches!(essence(asked).as_str(), "application/json" | "text/plain");
    signed(asked, memory, asked.method == "POST" && is_known && json_item(asked).is_some())
}

fn text_open(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_known = matches!(essence(asked).as_str(), "application/json" | "text/plain");
    match asked.method == "POST" && is_known && json_item(asked).is_some() {
        true => placed(memory),
        false => Reply::status(415),
    }
}

/// Says the same whether it was run or not; only the witness tells.
fn silent(asked: &Asked, memory: &mut Memory) -> Reply {
    let does: Does = text_too;
    let _ = does(asked, memory);
    Reply::status(202)
}

fn untyped(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_known = matches!(essence(asked).as_str(), "application/json" | "");
    signed(asked, memory, asked.method == "POST" && is_known && json_item(asked).is_some())
}

fn somewhere(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_known = asked.header("content-type").contains("application/json");
    signed(asked, memory, asked.method == "POST" && is_known && json_item(asked).is_some())
}

fn is_json(asked: &Asked) -> bool {
    asked.method == "POST" && essence(asked) == "application/json" && json_item(asked).is_some()
}

fn get_too(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.method.as_str() {
        "GET" if is_signed(asked) && field(&asked.query, "item").is_some() => placed(memory),
        "GET" if is_signed(asked) => Reply::json(r#"{"orders":[]}"#),
        _ => signed(asked, memory, is_json(asked)),
    }
}

/// A route for everything but GET.
fn head_too(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.method.as_str() {
        "GET" => Reply::status(405),
        "HEAD" => signed(asked, memory, true),
        _ => signed(asked, memory, is_json(asked)),
    }
}

fn named_by_field(asked: &Asked, memory: &mut Memory) -> Reply {
    let named = body_field(asked, "_method").unwrap_or_default();
    let is_named = asked.method == "POST" && named == "DELETE";
    signed(asked, memory, asked.method == "DELETE" || is_named)
}

fn named_by_query(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_named = field(&asked.query, "_method").as_deref() == Some("POST")
        && field(&asked.query, "item").is_some();
    signed(asked, memory, is_json(asked) || (asked.method == "GET" && is_named))
}

fn named_by_header(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_named = asked.method == "POST" && asked.header("x-http-method-override") == "DELETE";
    signed(asked, memory, is_from_shop(asked) && (asked.method == "DELETE" || is_named))
}
