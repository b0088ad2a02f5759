//! Pages and cookies that are as they should be.

use crate::corpus::{Asked, Memory, Reply, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    Server { name: "bearer-only", planted: &[], path: "/orders", answer: bearer_only },
    Server { name: "lax-session-page", planted: &[], path: "/account", answer: lax_page },
    Server { name: "preferences", planted: &[], path: "/home", answer: preferences },
    Server { name: "csrf-cookie-to-read", planted: &[], path: "/home", answer: readable_token },
    Server { name: "framed-search", planted: &[], path: "/search", answer: framed_search },
    Server { name: "framed-where-allowed", planted: &[], path: "/pay-card", answer: framed_form },
    Server { name: "private-cache", planted: &[], path: "/home", answer: private_cache },
    Server { name: "forgets", planted: &[], path: "/home", answer: forgets },
    Server { name: "form-as-a-value", planted: &[], path: "/template", answer: template },
    Server { name: "token-of-a-page", planted: &[], path: "/news?token=2", answer: news },
    Server { name: "domain-of-its-own", planted: &[], path: "/home", answer: own_domain },
    Server { name: "limit-with-room", planted: &[], path: "/home", answer: limited },
];

/// Whoever has no token is nobody.
fn bearer_only(asked: &Asked, _: &mut Memory) -> Reply {
    match asked.header("authorization") {
        "Bearer k1" => Reply::json(r#"{"orders":[]}"#),
        _ => Reply::status(401).with("WWW-Authenticate", "Bearer"),
    }
}

/// A session with everything right, and a form that no other site frames.
fn lax_page(_: &Asked, _: &mut Memory) -> Reply {
    page("<form method=post><input name=name><input type=hidden name=csrf value=t1></form>")
        .with("Set-Cookie", "session=1; HttpOnly; SameSite=Lax; Path=/")
        .with("Content-Security-Policy", "default-src 'self'; frame-ancestors 'self'")
        .with("Cache-Control", "no-store")
}

/// Scripts read them: that is what they are for.
fn preferences(_: &Asked, _: &mut Memory) -> Reply {
    Reply::json(r#"{"ok":true}"#)
        .with("Set-Cookie", "theme=dark; Path=/; Max-Age=34560000; SameSite=Lax")
        .with("Set-Cookie", "language=de; Path=/; Expires=Sat, 01 Jan 2028 00:00:00 GMT")
}

/// A token that the page's script reads and sends back.
fn readable_token(_: &Asked, _: &mut Memory) -> Reply {
    Reply::json(r#"{"ok":true}"#).with("Set-Cookie", "XSRF-TOKEN=t1; Path=/; SameSite=Strict")
}

/// A form that asks for something, and changes nothing.
fn framed_search(_: &Asked, _: &mut Memory) -> Reply {
    page("<form action=/search><input name=q></form><!-- <form method=post> -->")
}

/// Who may frame it is named.
fn framed_form(_: &Asked, _: &mut Memory) -> Reply {
    page("<form method=post><input name=card></form>")
        .with("Content-Security-Policy", "frame-ancestors https://shop.example")
}

/// The browser may keep it, and nobody else.
fn private_cache(_: &Asked, _: &mut Memory) -> Reply {
    Reply::json(r#"{"ok":true}"#)
        .with("Set-Cookie", "visit=1; SameSite=Lax")
        .with("Cache-Control", "private, max-age=600")
}

/// Takes away what an older version had set, in each of its places.
fn forgets(_: &Asked, _: &mut Memory) -> Reply {
    Reply::json(r#"{"ok":true}"#)
        .with("Set-Cookie", "old=; HttpOnly; Path=/; Max-Age=0")
        .with("Set-Cookie", "old=; Path=/home; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
}

/// No browser shows it as a page.
fn template(_: &Asked, _: &mut Memory) -> Reply {
    Reply::json(r#"{"template":"<form method=post></form>"}"#)
}

/// The token tells which page; whoever has none gets the first.
fn news(asked: &Asked, _: &mut Memory) -> Reply {
    Reply::json(&format!(r#"{{"page":{}}}"#, asked.query.len()))
}

/// `Domain` is this host's own.
fn own_domain(_: &Asked, _: &mut Memory) -> Reply {
    let line = "session=1; HttpOnly; SameSite=Lax; Domain=api.shop.localhost";
    Reply::json(r#"{"ok":true}"#).with("Set-Cookie", line)
}

/// A limit that no honest caller meets.
fn limited(asked: &Asked, memory: &mut Memory) -> Reply {
    let count = memory.counts.entry(asked.method.clone()).or_default();
    *count += 1;
    match *count > 500 {
        true => Reply::status(429).with("Retry-After", "60"),
        false => Reply::json(r#"{"ok":true}"#),
    }
}

fn page(body: &str) -> Reply {
    Reply { status: 200, headers: Vec::new(), body: body.to_owned() }
        .with("Content-Type", "text/html; charset=utf-8")
        .with("X-Content-Type-Options", "nosniff")
}
