//! What the servers of these tests share: an address, a witness, CORS as it should be, fields.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server};

/// A server, and how the probe is to try it.
pub(crate) struct Tried {
    pub(crate) server: Server,
    pub(crate) method: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static str,
    pub(crate) session: &'static [(&'static str, &'static str)],
    pub(crate) writes: bool,
    pub(crate) witness: bool,
    pub(crate) limits: bool,
}

/// What a server does.
pub(crate) type Does = fn(&Asked, &mut Memory) -> Reply;

/// The session that most servers know.
pub(crate) const SESSION: &[(&str, &str)] = &[("Cookie", "session=s1")];
/// A form's own type.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

impl Tried {
    /// A GET of `/orders`.
    pub(crate) const fn get(
        name: &'static str,
        planted: &'static [&'static str],
        answer: Does,
    ) -> Self {
        Self {
            server: Server { name, planted, path: "/orders", answer },
            method: "GET",
            content_type: "",
            body: "",
            session: &[],
            writes: false,
            witness: false,
            limits: false,
        }
    }

    /// A POST of JSON that may be sent.
    pub(crate) const fn json(
        name: &'static str,
        planted: &'static [&'static str],
        answer: Does,
    ) -> Self {
        let mut tried = Self::get(name, planted, answer);
        (tried.method, tried.content_type) = ("POST", "application/json");
        (tried.body, tried.writes) = (r#"{"item":"chair","count":"2"}"#, true);
        tried
    }

    /// A form that may be sent.
    pub(crate) const fn form(
        name: &'static str,
        planted: &'static [&'static str],
        answer: Does,
    ) -> Self {
        let mut tried = Self::json(name, planted, answer);
        (tried.content_type, tried.body) = (FORM, "item=chair&count=2");
        tried
    }

    /// The same by another method.
    pub(crate) const fn by(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// The same at another address.
    pub(crate) const fn at(mut self, path: &'static str) -> Self {
        self.server.path = path;
        self
    }

    /// The same with another body.
    pub(crate) const fn with_body(mut self, body: &'static str) -> Self {
        self.body = body;
        self
    }

    /// The same with a session.
    pub(crate) const fn signed(mut self, session: &'static [(&'static str, &'static str)]) -> Self {
        self.session = session;
        self
    }

    /// The same with a witness.
    pub(crate) const fn watched(mut self) -> Self {
        self.witness = true;
        self
    }

    /// The same, and its limit is pressed.
    pub(crate) const fn pressed(mut self) -> Self {
        self.limits = true;
        self
    }

    /// The same with leave to write.
    pub(crate) const fn writing(mut self) -> Self {
        self.writes = true;
        self
    }
}

/// Answers at one address as `does`, tells the witness, and lets the shop's page read.
pub(crate) fn at(asked: &Asked, memory: &mut Memory, path: &str, does: Does) -> Reply {
    let reply = match asked.path.as_str() {
        "/witness" => return Reply::json(&memory.ran.to_string()),
        own if own == path && asked.method == "OPTIONS" => Reply::status(204)
            .with("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
            .with("Access-Control-Allow-Headers", "content-type, x-csrf-token"),
        own if own == path => does(asked, memory),
        _ => Reply::status(404),
    };
    let reply = reply.with("Vary", "Origin");
    match asked.header("origin") == SHOP {
        true => reply
            .with("Access-Control-Allow-Origin", SHOP)
            .with("Access-Control-Allow-Credentials", "true"),
        false => reply,
    }
}

/// The order is placed.
pub(crate) fn placed(memory: &mut Memory) -> Reply {
    memory.ran += 1;
    Reply { status: 201, ..Reply::json(&format!(r#"{{"order":{}}}"#, memory.ran)) }
}

/// Whether the session's cookie came along.
pub(crate) fn is_signed(asked: &Asked) -> bool {
    cookie(asked, "session") == Some("s1")
}

/// A cookie's value.
pub(crate) fn cookie<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    let mut pairs = asked.header("cookie").split("; ").filter_map(|pair| pair.split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// A field of a text that is written as forms write it.
pub(crate) fn field(text: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
}

/// A field of a form's body.
pub(crate) fn body_field(asked: &Asked, name: &str) -> Option<String> {
    field(&String::from_utf8_lossy(&asked.body), name)
}

/// The item of an object of JSON.
pub(crate) fn json_item(asked: &Asked) -> Option<String> {
    let object: serde_json::Value = serde_json::from_slice(&asked.body).ok()?;
    object.get("item")?.as_str().map(str::to_owned)
}

/// The type before its parameters.
pub(crate) fn essence(asked: &Asked) -> String {
    let kind = asked.header("content-type").to_ascii_lowercase();
    kind.split(';').next().unwrap_or_default().trim().to_owned()
}

/// Whether it comes from the shop, or from no page at all.
pub(crate) fn is_from_shop(asked: &Asked) -> bool {
    match asked.header("origin") {
        "" => matches!(asked.header("sec-fetch-site"), "" | "same-origin" | "none"),
        origin => origin == SHOP,
    }
}
