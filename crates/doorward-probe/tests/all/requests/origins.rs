//! Forms whose server looks at where they come from, and not well enough.

use crate::corpus::{Asked, Memory, Reply, SHOP};
use crate::requests::desk::{SESSION, Tried, at, body_field, is_from_shop, is_signed, placed};

/// All of them.
pub(crate) const TRIED: &[Tried] = &[
    Tried::form("form-from-anywhere", &["X-08"], |a, m| at(a, m, "/orders", anywhere))
        .signed(SESSION),
    Tried::form("form-from-neighbours", &["X-08"], |a, m| at(a, m, "/orders", neighbours))
        .signed(SESSION),
    Tried::form("metadata-alone", &["X-08"], |a, m| at(a, m, "/orders", metadata_alone))
        .signed(SESSION),
    Tried::form("origin-absent", &["X-07"], |a, m| at(a, m, "/orders", absent)).signed(SESSION),
    Tried::form("origin-null", &["X-07"], |a, m| at(a, m, "/orders", null)).signed(SESSION),
    Tried::form("referer-begins", &["X-07"], |a, m| at(a, m, "/orders", begins)).signed(SESSION),
    Tried::form("referer-contains", &["X-07"], |a, m| at(a, m, "/orders", contains))
        .signed(SESSION),
    Tried::form("log-in-from-anywhere", &["X-09"], |a, m| at(a, m, "/login", log_in))
        .at("/login")
        .with_body("name=ann&password=p1"),
    Tried::form("log-in-keeps-session", &["X-09"], |a, m| at(a, m, "/login", keeps_session))
        .at("/login")
        .with_body("name=ann&password=p1"),
    Tried::get("log-out-by-get", &["X-10"], |a, m| at(a, m, "/logout", log_out))
        .at("/logout")
        .writing(),
    Tried::get("get-that-writes", &["X-11"], |a, m| at(a, m, "/orders", get_writes)).watched(),
    Tried::get("head-that-writes", &["X-11"], |a, m| at(a, m, "/orders", head_writes)).watched(),
    Tried::form("new-session-for-strangers", &["X-12"], |a, m| at(a, m, "/orders", replaces))
        .signed(SESSION),
];

/// Runs a form of who is signed in, where it comes from the right place.
fn form(asked: &Asked, memory: &mut Memory, is_ours: bool) -> Reply {
    let is_form = asked.method == "POST" && body_field(asked, "item").is_some();
    match (is_signed(asked), is_ours, is_form) {
        (false, _, _) => Reply::status(401),
        (true, false, _) => Reply::status(403),
        (true, true, false) => Reply::status(400),
        (true, true, true) => placed(memory),
    }
}

fn anywhere(asked: &Asked, memory: &mut Memory) -> Reply {
    form(asked, memory, true)
}

/// Everything under the shop's domain is taken for the shop.
fn neighbours(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    let is_ours = is_from_shop(asked) || origin.contains(".shop.localhost");
    form(asked, memory, is_ours)
}

fn metadata_alone(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_elsewhere = asked.header("sec-fetch-site") == "cross-site";
    form(asked, memory, !is_elsewhere)
}

fn absent(asked: &Asked, memory: &mut Memory) -> Reply {
    form(asked, memory, matches!(asked.header("origin"), "" | SHOP))
}

fn null(asked: &Asked, memory: &mut Memory) -> Reply {
    form(asked, memory, is_from_shop(asked) || asked.header("origin") == "null")
}

/// The page's own requests have no `Referer` here: they are told by `Origin`.
fn begins(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_ours = asked.header("referer").starts_with("http://shop.localhost");
    form(asked, memory, is_from_shop(asked) || is_ours)
}

fn contains(asked: &Asked, memory: &mut Memory) -> Reply {
    form(asked, memory, is_from_shop(asked) || asked.header("referer").contains(SHOP))
}

fn log_in(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method != "POST" || body_field(asked, "password").as_deref() != Some("p1") {
        return Reply::status(405);
    }
    memory.ran += 1;
    Reply::status(303)
        .with("Location", "/account")
        .with("Set-Cookie", "session=s1; HttpOnly; SameSite=Lax; Path=/")
}

/// Whoever has a session keeps it when he signs in.
fn keeps_session(asked: &Asked, memory: &mut Memory) -> Reply {
    let fresh = "session=s2; HttpOnly; SameSite=Lax; Path=/";
    let has_session = asked.header("cookie").contains("session=");
    let is_right = body_field(asked, "password").as_deref() == Some("p1");
    match asked.method.as_str() {
        "GET" => Reply::json(r#"{"name":""}"#).with("Set-Cookie", fresh),
        "POST" if !is_from_shop(asked) => Reply::status(403),
        "POST" if is_right => {
            memory.ran += 1;
            let reply = Reply::json(r#"{"name":"ann"}"#);
            if has_session { reply } else { reply.with("Set-Cookie", fresh) }
        }
        _ => Reply::status(405),
    }
}

fn log_out(_: &Asked, _: &mut Memory) -> Reply {
    Reply::status(303)
        .with("Location", "/")
        .with("Set-Cookie", "session=; Path=/; HttpOnly; Max-Age=0")
}

fn get_writes(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method != "GET" {
        return Reply::status(405);
    }
    memory.ran += 1;
    Reply::json(r#"{"ok":true}"#)
}

fn head_writes(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method == "HEAD" {
        memory.ran += 1;
    }
    Reply::json(r#"{"ok":true}"#)
}

/// Whoever brings no session is given one, even where he is refused.
fn replaces(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = form(asked, memory, is_from_shop(asked));
    match is_signed(asked) {
        true => reply,
        false => reply.with("Set-Cookie", "session=s9; HttpOnly; SameSite=Lax; Path=/"),
    }
}
