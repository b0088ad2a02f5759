//! Origins that are allowed on purpose, and answers that need none.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// All of them.
pub(crate) const SERVERS: &[Server] = &[
    Server { name: "list-of-two", planted: &[], path: "/me", answer: list_of_two },
    Server { name: "list-of-names-below", planted: &[], path: "/me", answer: names_below },
    Server { name: "static-files", planted: &[], path: "/logo.json", answer: static_files },
    Server { name: "without-cors", planted: &[], path: "/data", answer: without },
    Server { name: "no-strangers", planted: &[], path: "/me", answer: no_strangers },
    Server { name: "bearer-only", planted: &[], path: "/me", answer: bearer },
    Server { name: "vary-without-cors", planted: &[], path: "/data", answer: vary },
    Server { name: "folds-case", planted: &[], path: "/me", answer: folds_case },
    Server { name: "always-the-shop", planted: &[], path: "/data", answer: always_the_shop },
    Server { name: "mirrors-errors", planted: &[], path: "/me", answer: mirrors_errors },
    Server { name: "form-of-a-secret", planted: &[], path: "/form", answer: form },
    Server { name: "previews-of-one-account", planted: &[], path: "/me", answer: previews },
    Server { name: "one-deployment", planted: &[], path: "/me", answer: one_deployment },
    Server { name: "one-port-of-this-machine", planted: &[], path: "/me", answer: one_port },
    Server { name: "says-false", planted: &[], path: "/data", answer: says_false },
    Server { name: "once-and-not-again", planted: &[], path: "/me", answer: once },
];

/// Answers, and allows the request's origin where it is said so, on every kind of answer.
fn answer(asked: &Asked, memory: &mut Memory, allowed: bool) -> Reply {
    let reply = if asked.is_preflight() {
        let reply = Reply::status(204);
        match allowed {
            true => reply
                .with("Access-Control-Allow-Methods", "GET, PUT")
                .with("Access-Control-Allow-Headers", "content-type"),
            false => reply,
        }
    } else {
        memory.ran += 1;
        Reply::json(r#"{"name":"ann"}"#)
    };
    allow(asked, reply.with("Vary", "Origin"), allowed)
}

fn allow(asked: &Asked, reply: Reply, allowed: bool) -> Reply {
    match allowed {
        true => reply
            .with("Access-Control-Allow-Origin", asked.header("origin"))
            .with("Access-Control-Allow-Credentials", "true"),
        false => reply,
    }
}

/// The shop's page and the one of its staff.
fn list_of_two(asked: &Asked, memory: &mut Memory) -> Reply {
    let list = ["https://app.shop.example", "https://admin.shop.example"];
    answer(asked, memory, list.contains(&asked.header("origin")))
}

/// Names below the shop's, each whole.
fn names_below(asked: &Asked, memory: &mut Memory) -> Reply {
    let list = [SHOP, "http://admin.shop.localhost:5173", "http://m.shop.localhost:5173"];
    answer(asked, memory, list.contains(&asked.header("origin")))
}

/// A network of caches: everybody, for a year.
fn static_files(asked: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    let reply = match asked.method.as_str() {
        "GET" | "HEAD" => Reply::json(r#"{"logo":"M0 0"}"#),
        _ => Reply::status(405).with("Allow", "GET, HEAD"),
    };
    reply
        .with("Access-Control-Allow-Origin", "*")
        .with("Cache-Control", "public, max-age=31536000, immutable")
}

/// Its page has the same origin.
fn without(asked: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    match asked.method.as_str() {
        "GET" | "HEAD" => Reply::json(r#"{"items":[]}"#),
        _ => Reply::status(405).with("Allow", "GET, HEAD"),
    }
}

/// Pages of strangers are refused before anything is run; programs have no origin.
fn no_strangers(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_shop = asked.header("origin") == SHOP;
    match is_shop || !asked.headers.contains_key("origin") {
        true => answer(asked, memory, is_shop),
        false => Reply::status(403).with("Vary", "Origin"),
    }
}

/// Everybody's page may ask, with a token that it has to have.
fn bearer(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.is_preflight() {
        return Reply::status(204)
            .with("Access-Control-Allow-Origin", "*")
            .with("Access-Control-Allow-Methods", "GET")
            .with("Access-Control-Allow-Headers", "authorization");
    }
    let reply = match asked.header("authorization") {
        "Bearer ann" => {
            memory.ran += 1;
            Reply::json(r#"{"name":"ann"}"#)
        }
        _ => Reply::status(401).with("WWW-Authenticate", "Bearer"),
    };
    reply.with("Access-Control-Allow-Origin", "*")
}

/// Says that it looks at `Origin`, and allows nobody.
fn vary(asked: &Asked, memory: &mut Memory) -> Reply {
    without(asked, memory).with("Vary", "Origin, Accept-Encoding")
}

/// No browser writes capitals; the answer is as browsers write it.
fn folds_case(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_shop = asked.header("origin").eq_ignore_ascii_case(SHOP);
    let mut reply = answer(asked, memory, is_shop);
    for (name, value) in &mut reply.headers {
        if name == "Access-Control-Allow-Origin" {
            SHOP.clone_into(value);
        }
    }
    reply
}

/// The same for everybody: caches may keep it, and it is the shop's alone.
fn always_the_shop(asked: &Asked, memory: &mut Memory) -> Reply {
    let reply = if asked.is_preflight() {
        Reply::status(204)
            .with("Access-Control-Allow-Methods", "GET, PUT")
            .with("Access-Control-Allow-Headers", "content-type")
    } else {
        memory.ran += 1;
        Reply::json(r#"{"items":[]}"#)
    };
    reply.with("Access-Control-Allow-Origin", SHOP)
}

/// Every page may read that it is not let in.
fn mirrors_errors(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    let is_stranger = !origin.is_empty() && origin != SHOP;
    match is_stranger && !asked.is_preflight() {
        true => allow(asked, Reply::status(403).with("Vary", "Origin"), true),
        false => answer(asked, memory, origin == SHOP),
    }
}

/// Tells of secrets, and holds none.
fn form(_: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    let body = r#"{"fields":{"password":{"type":"string"},"api_key":""},"secret":"string"}"#;
    Reply::json(body).with("Access-Control-Allow-Origin", "*")
}

/// The part of the name that the platform gives to the account stands in the pattern.
fn previews(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    let number = origin.strip_prefix("https://deploy-preview-");
    let number = number.and_then(|rest| rest.strip_suffix("--shop.netlify.app"));
    let is_number = |number: &str| {
        (1..6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    answer(asked, memory, number.is_some_and(is_number))
}

/// One name of a platform.
fn one_deployment(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, asked.header("origin") == "https://shop.vercel.app")
}

/// The page as it is served while it is written.
fn one_port(asked: &Asked, memory: &mut Memory) -> Reply {
    answer(asked, memory, asked.header("origin") == "http://localhost:5173")
}

/// Says that it allows no credentials, which is what it says without a word as well.
fn says_false(asked: &Asked, memory: &mut Memory) -> Reply {
    let mut reply = answer(asked, memory, asked.header("origin") == SHOP);
    for (name, value) in &mut reply.headers {
        if name == "Access-Control-Allow-Credentials" {
            "false".clone_into(value);
        }
    }
    reply
}

/// Allows a stranger now and then, as when a list is exchanged: seen once is not seen.
fn once(asked: &Asked, memory: &mut Memory) -> Reply {
    let origin = asked.header("origin");
    let is_turn = memory.ran.is_multiple_of(2) && !asked.is_preflight() && !origin.is_empty();
    answer(asked, memory, origin == SHOP || is_turn)
}
