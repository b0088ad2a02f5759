//! Cookies that browsers drop, or that guard less than they seem to.

use crate::corpus::{Asked, Memory, Reply, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    server("session-without-samesite", &["K-02"], |_, _| sets("session=1; HttpOnly; Path=/")),
    server("none-without-secure", &["K-03"], |_, _| sets("widget=1; SameSite=None")),
    server("samesite-misspelled", &["K-04"], |_, _| sets("theme=1; SameSite=Lacks")),
    server("domain-of-all-neighbours", &["K-05"], |_, _| {
        sets("session=1; HttpOnly; SameSite=Lax; Domain=shop.localhost")
    }),
    server("domain-of-somebody-else", &["K-05"], |_, _| sets("theme=1; Domain=bank.localhost")),
    server("host-prefix-with-domain", &["K-06"], |_, _| {
        sets("__Host-theme=1; Secure; Path=/; SameSite=Lax; Domain=api.shop.localhost")
    }),
    server("secure-prefix-without-secure", &["K-06"], |_, _| sets("__Secure-theme=1; Path=/")),
    server("too-long", &["K-07"], |_, _| sets(&format!("cart={}; SameSite=Lax", "a".repeat(4093)))),
    server("five-hundred-days", &["K-08"], |_, _| sets("theme=1; Max-Age=43200000")),
    server("years-by-date", &["K-08"], |_, _| {
        sets("theme=1; Expires=Fri, 01-Jan-2038 00:00:00 GMT")
            .with("Date", "Thu, 01 Jan 2026 00:00:00 GMT")
    }),
    server("two-paths", &["K-09"], two_paths),
    server("cookie-for-caches", &["K-11"], |_, _| {
        sets("visit=1; SameSite=Lax").with("Cache-Control", "public, max-age=600")
    }),
    server("session-for-caches", &["K-11"], |_, _| {
        sets("session=1; HttpOnly; SameSite=Lax").with("Cache-Control", "s-maxage=60")
    }),
    // The page is only for who is signed in elsewhere: the same cookie is held back and replaced.
    server("strict-page", &["K-10", "X-12"], strict_page),
];

const fn server(
    name: &'static str,
    planted: &'static [&'static str],
    answer: fn(&Asked, &mut Memory) -> Reply,
) -> Server {
    Server { name, planted, path: "/home", answer }
}

/// What every request is answered, with one cookie.
fn sets(line: &str) -> Reply {
    Reply::json(r#"{"ok":true}"#).with("Set-Cookie", line)
}

/// Whoever asks for a page gets it for the whole host, others for a part of it.
fn two_paths(asked: &Asked, _: &mut Memory) -> Reply {
    match asked.header("origin") {
        "" => sets("cart=1; Path=/; SameSite=Lax"),
        _ => sets("cart=1; Path=/home; SameSite=Lax"),
    }
}

/// A page whose session is Strict, and that begins a new one for whoever brings none.
fn strict_page(asked: &Asked, _: &mut Memory) -> Reply {
    let page = Reply { status: 200, headers: Vec::new(), body: "<p>Orders".to_owned() };
    let page = page.with("Content-Type", "text/html").with("X-Content-Type-Options", "nosniff");
    match asked.header("cookie") {
        "" => page.with("Set-Cookie", "session=1; HttpOnly; SameSite=Strict; Path=/"),
        _ => page,
    }
}
