//! Preflights, caches and sockets done right, as frameworks do them, old ones too.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    server("preflights-with-a-body", with_a_body),
    server("posts-without-a-list-of-methods", posts_alone),
    server("express-cors-as-installed", express),
    server("fastapi-with-a-star", fastapi),
    server("spring-refuses-preflights", spring),
    server("nginx-always", nginx),
    server("a-year-beside-a-fixed-origin", fixed_for_a_year),
    server("refused-before-it-runs", refused),
    server("both-spellings", both_spellings),
    server("star-for-caches", |a, m| public(a, m).with("Cache-Control", "public, max-age=600")),
    server("fixed-origin-for-caches", fixed_for_caches),
    server("list-that-nobody-keeps", |a, m| no_vary(a, m).with("Cache-Control", "no-store")),
    server("list-without-a-word-for-caches", no_vary),
    server("vary-by-everything-for-nobody", |_, m| plain(m).with("Vary", "*")),
    server("list-with-vary-for-caches", list_for_caches),
    server("cache-that-heeds-vary", heeding_cache),
    server("star-with-vary", |a, m| public(a, m).with("Vary", "Origin")),
    server("socket-of-the-shop", socket),
    server("graphql-with-queries-by-get", graphql),
    server("jsonp-for-everybody", jsonp),
    server("log-in-elsewhere", log_in),
    server("to-https-with-a-key", to_https),
    server("shows-every-request", mirror),
    server("one-page-for-everything", one_page),
    server("token-for-the-shop", token),
    server("everything-is-fine", fine),
    server("strangers-are-refused-and-not-kept", strangers_not_kept),
    server("fixed-for-whoever-says-an-origin", fixed_for_origins),
    server("errors-are-the-same-for-everybody", same_errors),
    server("vary-by-everything-and-old", |_, m| {
        plain(m).with("Vary", "*").with("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
    }),
    server("vary-by-everything-and-no-store", |_, m| {
        plain(m).with("Vary", "*").with("Cache-Control", "no-store")
    }),
    server("star-with-nothing-to-show", |a, m| {
        let reply = list(a, m, 204).with("Access-Control-Expose-Headers", "*");
        reply.with("Access-Control-Allow-Credentials", "true")
    }),
    server("graphql-that-knows-queries-alone", |_, _| {
        Reply::json(r#"{"data":{"__typename":"Query"}}"#)
    }),
    server("elsewhere-without-a-key", |a, m| match a.is_preflight() {
        true => list(a, m, 204).with("Access-Control-Allow-Headers", "X-CSRF-Token, Authorization"),
        false => Reply::status(302).with("Location", "https://files.example/1"),
    }),
    server("shows-odd-requests", |a, m| match a.method.as_str() {
        "GET" | "HEAD" | "OPTIONS" => list(a, m, 204),
        _ => mirror(a, m).body_of(&format!("not known, x-canary: {}", a.header("x-canary"))),
    }),
    server("token-that-is-empty", |_, m| {
        let reply = plain(m).with("Access-Control-Expose-Headers", "X-CSRF-Token");
        reply.with("Access-Control-Allow-Origin", "*").with("X-CSRF-Token", "")
    }),
    server("token-that-is-not-there", |_, m| {
        let reply = plain(m).with("Access-Control-Expose-Headers", "X-CSRF-Token, X-Page");
        reply.with("Access-Control-Allow-Origin", "*")
    }),
    server("star-shows-everything-without-credentials", |a, m| {
        public(a, m).with("Access-Control-Expose-Headers", "*").with("X-Total-Count", "12")
    }),
    server("tokens-and-no-cors", |a, _| match a.method.as_str() {
        "OPTIONS" => Reply::status(405),
        _ => Reply::status(401).with("WWW-Authenticate", "Bearer"),
    }),
    server("graphql-that-refuses-by-errors", |a, _| {
        match a.query.contains("mutation") || !a.query.contains("query=") {
            true => Reply::json(r#"{"errors":[{"message":"not by GET"}]}"#),
            false => Reply::json(r#"{"data":{"__typename":"Query"}}"#),
        }
    }),
    server("every-other-preflight-fails", restless),
    server("says-strange-things", strange),
    server("every-other-list-is-in-small-letters", |a, m| {
        let reply = restless(a, m);
        match reply.status {
            503 => list(a, m, 204).with("Access-Control-Allow-Methods", "patch"),
            _ => reply.with("Access-Control-Allow-Methods", "PATCH"),
        }
    }),
    server("set-cookie-is-listed-for-nobody", |_, m| {
        plain(m).with("Access-Control-Expose-Headers", "Set-Cookie")
    }),
    server("preflights-that-no-cache-keeps", |a, m| match a.is_preflight() {
        true => no_vary(a, m).with("Cache-Control", "public, max-age=60"),
        false => list_for_caches(a, m),
    }),
    server("shows-requests-that-it-refuses", |a, m| match a.method.as_str() {
        "TRACE" => mirror(a, m).status_of(405),
        _ => list(a, m, 204),
    }),
    server("no-cors-and-no-options", |_, m| plain(m)),
];

const fn server(name: &'static str, answer: fn(&Asked, &mut Memory) -> Reply) -> Server {
    Server { name, planted: &[], path: "/list", answer }
}

fn plain(memory: &mut Memory) -> Reply {
    memory.ran += 1;
    Reply::json(&format!(r#"{{"items":[],"ran":{}}}"#, memory.ran))
}

/// One origin, exactly, on every answer.
fn list(asked: &Asked, memory: &mut Memory, status: u16) -> Reply {
    let is_ours = asked.header("origin") == SHOP;
    let reply = match (asked.is_preflight(), is_ours) {
        (true, true) => Reply::status(status)
            .with("Access-Control-Allow-Methods", "GET, PUT")
            .with("Access-Control-Allow-Headers", "content-type"),
        (true, false) => Reply::status(status),
        (false, _) => Reply { body: r#"{"items":[]}"#.to_owned(), ..plain(memory) },
    };
    let reply = reply.with("Vary", "Origin");
    if is_ours { reply.with("Access-Control-Allow-Origin", SHOP) } else { reply }
}

fn public(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = if asked.method == "OPTIONS" { Reply::status(405) } else { plain(memory) };
    reply.with("Access-Control-Allow-Origin", "*")
}

fn with_a_body(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = list(asked, memory, 200);
    if asked.is_preflight() { reply.body_of("OK") } else { reply }
}

/// POST is on no list that a browser needs (Fetch 4.8).
fn posts_alone(asked: &Asked, memory: &mut Memory) -> Reply {
    if !asked.is_preflight() || asked.header("origin") != SHOP {
        return list(asked, memory, 204);
    }
    Reply::status(204)
        .with("Access-Control-Allow-Origin", SHOP)
        .with("Access-Control-Allow-Headers", "Content-Type")
        .with("Vary", "Origin")
}

/// `app.use(cors())` on a public API: every header is approved, a fixed list of methods.
fn express(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = if asked.method == "OPTIONS" {
        Reply::status(204)
            .with("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE")
            .with("Access-Control-Allow-Headers", asked.header("access-control-request-headers"))
            .with("Vary", "Access-Control-Request-Headers")
    } else {
        plain(memory)
    };
    reply.with("Access-Control-Allow-Origin", "*")
}

/// `allow_origins=["*"], allow_methods=["*"], allow_headers=["*"]`: it knows its methods.
fn fastapi(asked: &Asked, memory: &mut Memory) -> Reply {
    let methods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
    if !asked.is_preflight() {
        let reply = plain(memory);
        return match asked.header("origin") {
            "" => reply,
            _ => reply.with("Access-Control-Allow-Origin", "*"),
        };
    }
    let method = asked.header("access-control-request-method");
    let status = if methods.split(", ").any(|own| own == method) { 200 } else { 400 };
    let headers = asked.header("access-control-request-headers");
    Reply::status(status)
        .with("Access-Control-Allow-Origin", "*")
        .with("Access-Control-Allow-Methods", methods)
        .with("Access-Control-Allow-Headers", headers)
        .with("Access-Control-Max-Age", "600")
        .with("Vary", "Origin")
        .body_of(if status == 200 { "OK" } else { "Disallowed CORS method" })
}

/// "Invalid CORS request": strangers, and methods that are not on the list, are told so by 403.
fn spring(asked: &Asked, memory: &mut Memory) -> Reply {
    let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    let is_ours = asked.header("origin") == SHOP;
    let is_get = asked.header("access-control-request-method") == "GET";
    let reply = match (asked.is_preflight(), is_ours, asked.header("origin")) {
        (true, true, _) if is_get => Reply::status(200)
            .with("Access-Control-Allow-Origin", SHOP)
            .with("Access-Control-Allow-Methods", "GET")
            .with("Access-Control-Max-Age", "1800"),
        (true, ..) => Reply::status(403),
        (false, false, "") => plain(memory),
        (false, true, _) => plain(memory).with("Access-Control-Allow-Origin", SHOP),
        (false, false, _) => Reply::status(403),
    };
    reply.with("Vary", vary).with("Cache-Control", "no-cache, no-store, max-age=0")
}

/// `add_header … always`, with one fixed origin, and 204 to every `OPTIONS`.
fn nginx(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = if asked.method == "OPTIONS" { Reply::status(204) } else { plain(memory) };
    reply
        .with("Access-Control-Allow-Origin", SHOP)
        .with("Access-Control-Allow-Methods", "GET, POST, PUT, OPTIONS")
        .with("Access-Control-Allow-Headers", "Content-Type, Authorization")
}

fn fixed_for_a_year(asked: &Asked, memory: &mut Memory) -> Reply {
    nginx(asked, memory).with("Access-Control-Max-Age", "31536000")
}

/// Preflights approve everything, and strangers' requests are refused before they run.
fn refused(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    if asked.is_preflight() {
        return Reply::status(204)
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Allow-Methods", asked.header("access-control-request-method"))
            .with("Access-Control-Allow-Headers", asked.header("access-control-request-headers"))
            .with("Vary", "Origin");
    }
    match origin {
        "" => plain(memory).with("Vary", "Origin"),
        SHOP => plain(memory).with("Access-Control-Allow-Origin", SHOP).with("Vary", "Origin"),
        _ => Reply::status(403).with("Vary", "Origin"),
    }
}

/// Small letters beside capitals harm nobody.
fn both_spellings(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_ours = asked.header("origin") == SHOP;
    if !asked.is_preflight() || !is_ours {
        return list(asked, memory, 204);
    }
    Reply::status(204)
        .with("Access-Control-Allow-Origin", SHOP)
        .with("Access-Control-Allow-Methods", "put, PUT, patch, PATCH, get")
        .with("Access-Control-Allow-Headers", "CONTENT-TYPE,, Authorization")
        .with("Access-Control-Max-Age", "86400")
        .with("Vary", "Origin")
}

/// The same answer for everybody: no `Vary` is needed.
fn fixed_for_caches(asked: &Asked, memory: &mut Memory) -> Reply {
    nginx(asked, memory).with("Cache-Control", "public, max-age=3600")
}

fn list_for_caches(asked: &Asked, memory: &mut Memory) -> Reply {
    list(asked, memory, 204).with("Cache-Control", "public, max-age=3600")
}

/// A cache that keeps one answer for each origin.
fn heeding_cache(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.method != "GET" {
        return list_for_caches(asked, memory);
    }
    let key = format!("{}?{} {}", asked.path, asked.query, asked.header("origin"));
    if let Some(reply) = memory.kept.get(&key) {
        return reply.clone().with("Age", "7").with("X-Cache", "HIT");
    }
    let reply = list_for_caches(asked, memory);
    memory.kept.insert(key, reply.clone());
    reply.with("X-Cache", "MISS")
}

fn socket(asked: &Asked, _: &mut Memory) -> Reply {
    match (asked.header("upgrade"), asked.header("origin")) {
        ("websocket", SHOP) => {
            Reply::status(101).with("Upgrade", "websocket").with("Connection", "Upgrade")
        }
        ("websocket", _) => Reply::status(403).with("Upgrade", "websocket"),
        _ => Reply::status(426).with("Upgrade", "websocket").with("Connection", "Upgrade"),
    }
}

/// Queries by GET, and mutations not.
fn graphql(asked: &Asked, memory: &mut Memory) -> Reply {
    let query = asked.query.split_once("query=").map(|(_, query)| query);
    match (asked.method.as_str(), query) {
        ("GET", Some(query)) if query.starts_with("mutation") => {
            Reply::status(405).with("Allow", "POST")
        }
        ("GET", Some(_)) => {
            memory.ran += 1;
            Reply::json(r#"{"data":{"__typename":"Query"}}"#)
        }
        ("GET", None) => Reply::status(400),
        _ => Reply::status(405),
    }
}

/// What is everybody's anyway.
fn jsonp(asked: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    let callback = asked.query.split('&').find_map(|pair| pair.strip_prefix("callback="));
    match callback {
        Some(callback) => Reply::status(200)
            .with("Content-Type", "text/javascript")
            .body_of(&format!(r#"{callback}({{"rate":1.1}});"#)),
        None => Reply::json(r#"{"rate":1.1}"#),
    }
}

/// Whoever is not signed in is sent to where one signs in; keys are for programs.
fn log_in(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.is_preflight() {
        true => list(asked, memory, 204),
        false => Reply::status(302).with("Location", "https://sign-in.example/?next=/list"),
    }
}

fn to_https(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.is_preflight() {
        let reply = list(asked, memory, 204);
        return reply.with("Access-Control-Allow-Headers", "X-Api-Key");
    }
    let host = asked.header("host").split(':').next().unwrap_or_default().to_owned();
    Reply::status(301).with("Location", &format!("https://{host}/list"))
}

/// For those who debug: each request is shown, whatever its method.
fn mirror(asked: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    let mut body = format!("{} {}\n", asked.method, asked.path);
    for (name, value) in &asked.headers {
        body.push_str(&format!("{name}: {}\n", value.to_str().unwrap_or_default()));
    }
    Reply::status(200).with("Content-Type", "text/plain").body_of(&body)
}

/// An application whose server answers every address with the one page, `OPTIONS` too.
fn one_page(_: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    Reply::status(200).with("Content-Type", "text/html").body_of("<!doctype html><div id=app>")
}

/// The shop's own page is meant to see it.
fn token(asked: &Asked, memory: &mut Memory) -> Reply {
    list(asked, memory, 204)
        .with("Access-Control-Expose-Headers", "X-CSRF-Token")
        .with("X-CSRF-Token", "c0ffee")
}

/// "OK" to everything that it knows: a health route whose framework says "OK" to preflights too.
fn fine(asked: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    match asked.path.as_str() {
        "/list" => Reply::status(200).with("Content-Type", "text/plain").body_of("OK"),
        _ => Reply::status(404),
    }
}

/// One of its two machines is being updated.
fn restless(asked: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    match asked.is_preflight() && memory.ran.is_multiple_of(2) {
        true => Reply::status(503),
        false => list(asked, memory, 204).with("Access-Control-Allow-Headers", "content-type"),
    }
}

/// A list, and not a word of it in `Vary`: harmless where nothing is kept.
fn no_vary(asked: &Asked, memory: &mut Memory) -> Reply {
    let mut reply = list(asked, memory, 204);
    reply.headers.retain(|(name, _)| name != "Vary");
    reply
}

/// What strangers are told is for nobody to keep.
fn strangers_not_kept(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.header("origin") {
        "" | SHOP => list_for_caches(asked, memory),
        _ => Reply::status(403).with("Cache-Control", "no-store"),
    }
}

/// One origin is named, whoever asks, but only to those who say theirs.
fn fixed_for_origins(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = plain(memory).with("Cache-Control", "public, max-age=600").with("Vary", "Origin");
    match asked.header("origin") {
        "" => reply,
        _ => reply.with("Access-Control-Allow-Origin", SHOP),
    }
}

/// What is not there is kept, and says the same to every origin.
fn same_errors(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.path.as_str() {
        "/list" => list_for_caches(asked, memory),
        _ => Reply::status(404)
            .with("Cache-Control", "public, max-age=60")
            .with("Access-Control-Allow-Origin", "*"),
    }
}

/// Every header is strange, and none of them lets anybody in.
fn strange(asked: &Asked, _: &mut Memory) -> Reply {
    let status = if asked.is_preflight() { 200 } else { 302 };
    Reply::status(status)
        .with("Access-Control-Allow-Origin", "http://shop.localhost:5173/\t<script>")
        .with("Access-Control-Allow-Methods", &"a,".repeat(2000))
        .with("Access-Control-Allow-Headers", "X-Api-Key,,\"';$(reboot)")
        .with("Access-Control-Expose-Headers", "*, ?, Set-Cookie")
        .with("Access-Control-Max-Age", "9e99")
        .with("Cache-Control", "max-age=\"")
        .with("Age", "-1")
        .with("Vary", &",".repeat(2000))
        .with("Location", "javascript:alert(1)//https://files.example")
        .body_of(&"[".repeat(300_000))
}
