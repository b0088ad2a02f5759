//! Limits that do not hold, or that nobody understands.

use crate::corpus::{Asked, Memory, Reply};
use crate::requests::desk::{SESSION, Tried, at, is_signed};

/// Requests that a limit lets pass.
const SHARE: usize = 8;

/// All of them.
pub(crate) const TRIED: &[Tried] = &[
    Tried::get("no-limit", &["R-01"], |a, m| at(a, m, "/orders", unlimited)).pressed(),
    // Whatever is asked gets the same answer: that says nothing of forgeries, and enough of limits.
    Tried::get("no-limit-anywhere", &["R-01"], unlimited).pressed(),
    Tried::get("no-limit-on-tokens", &["T-07"], |a, m| at(a, m, "/token", unlimited))
        .at("/token")
        .pressed(),
    Tried::get("limit-without-end", &["R-01"], |a, m| at(a, m, "/orders", without_end)).pressed(),
    Tried::get("limit-by-forwarded-for", &["R-02"], |a, m| at(a, m, "/orders", by_header))
        .pressed(),
    Tried::get("limit-by-true-client-ip", &["R-02"], |a, m| at(a, m, "/orders", by_other_header))
        .pressed(),
    Tried::get("limit-by-spelling", &["R-03"], by_spelling).pressed(),
    Tried::get("limit-by-address-with-query", &["R-03"], |a, m| at(a, m, "/orders", by_query))
        .pressed(),
    Tried::get("limit-by-user-agent", &["R-03"], |a, m| at(a, m, "/orders", by_agent)).pressed(),
    Tried::get("guesses-not-counted", &["R-05"], |a, m| at(a, m, "/orders", after_sign_in))
        .signed(SESSION)
        .pressed(),
    Tried::json("limit-behind-the-work", &["R-06"], |a, m| at(a, m, "/orders", behind_work))
        .signed(SESSION)
        .watched()
        .pressed(),
    Tried::get("limit-counts-preflights", &["R-07"], preflights_too).pressed(),
    Tried::get("limit-without-cors", &["R-08"], without_cors).pressed(),
    Tried::get("one-share-for-an-address", &["R-10"], |a, m| at(a, m, "/orders", one_share))
        .signed(SESSION)
        .pressed(),
];

fn orders() -> Reply {
    Reply::json(r#"{"orders":[]}"#)
}

fn too_many() -> Reply {
    Reply::status(429).with("Retry-After", "60")
}

/// Whether the share of a key is used up; a request counts either way.
pub(crate) fn is_over(memory: &mut Memory, key: &str) -> bool {
    let count = memory.counts.entry(key.to_owned()).or_default();
    *count += 1;
    *count > SHARE
}

fn limited(memory: &mut Memory, key: &str) -> Reply {
    if is_over(memory, key) { too_many() } else { orders() }
}

fn unlimited(_: &Asked, _: &mut Memory) -> Reply {
    orders()
}

fn without_end(_: &Asked, memory: &mut Memory) -> Reply {
    if is_over(memory, "") { Reply::status(429) } else { orders() }
}

fn by_header(asked: &Asked, memory: &mut Memory) -> Reply {
    limited(memory, asked.header("x-forwarded-for"))
}

fn by_other_header(asked: &Asked, memory: &mut Memory) -> Reply {
    limited(memory, asked.header("true-client-ip"))
}

/// The router does not mind the case, and the limit does.
fn by_spelling(asked: &Asked, memory: &mut Memory) -> Reply {
    let spelled = Asked {
        method: asked.method.clone(),
        path: asked.path.to_ascii_lowercase(),
        query: asked.path.clone(),
        headers: asked.headers.clone(),
        body: Vec::new(),
    };
    at(&spelled, memory, "/orders", |asked, memory| limited(memory, &asked.query))
}

fn by_query(asked: &Asked, memory: &mut Memory) -> Reply {
    limited(memory, &asked.query)
}

fn by_agent(asked: &Asked, memory: &mut Memory) -> Reply {
    limited(memory, asked.header("user-agent"))
}

fn after_sign_in(asked: &Asked, memory: &mut Memory) -> Reply {
    if is_signed(asked) { limited(memory, "") } else { Reply::status(401) }
}

fn behind_work(asked: &Asked, memory: &mut Memory) -> Reply {
    if !is_signed(asked) {
        return if is_over(memory, "address") { too_many() } else { Reply::status(401) };
    }
    memory.ran += 1;
    limited(memory, "")
}

/// The limit stands before everything, preflights too; its own refusals can be read.
fn preflights_too(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_limited = asked.path == "/orders" && is_over(memory, "");
    match is_limited {
        true => at(asked, memory, "/orders", |_, _| orders()).refused(),
        false => at(asked, memory, "/orders", |_, _| orders()),
    }
}

impl Reply {
    /// The same headers on a refusal.
    fn refused(mut self) -> Self {
        self.status = 429;
        self.body.clear();
        self.with("Retry-After", "60")
    }
}

/// The limit stands before what writes the headers.
fn without_cors(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_counted = asked.path == "/orders" && asked.method != "OPTIONS";
    match is_counted && is_over(memory, "") {
        true => too_many(),
        false => at(asked, memory, "/orders", |_, _| orders()),
    }
}

/// Whoever asks counts for everybody at his address.
fn one_share(asked: &Asked, memory: &mut Memory) -> Reply {
    match (is_over(memory, ""), is_signed(asked)) {
        (true, _) => too_many(),
        (false, true) => orders(),
        (false, false) => Reply::status(401),
    }
}
