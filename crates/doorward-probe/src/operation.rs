//! What is asked about: one method of one address.

use crate::ask::is_safe;
use crate::call::Call;
use crate::read::percent_decoded;
use url::Url;

/// A method of an address, with what a sensible request of it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The method.
    pub method: String,
    /// The address; parameters are filled in.
    pub url: Url,
    /// Its path as it was declared, as in `/users/{id}`; else the address's own.
    pub path: String,
    /// The type of the body; empty where there is none.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// Who says that there is such an operation.
    pub source: Source,
    /// Its author says that sending it is harmless (`x-doorward-probe: safe`).
    pub is_harmless: bool,
    /// It is declared to need a caller who is known.
    pub needs_caller: bool,
}

/// Who says that there is such an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An address of the command line.
    CommandLine,
    /// An OpenAPI file.
    OpenApi,
    /// A HAR file.
    Har,
    /// A curl line.
    Curl,
}

/// Words by which an address says that it does something, whatever its method.
const WRITES: &[&str] = &[
    "activate",
    "add",
    "approve",
    "buy",
    "cancel",
    "checkout",
    "clear",
    "confirm",
    "create",
    "deactivate",
    "delete",
    "disable",
    "drop",
    "enable",
    "erase",
    "invite",
    "log-out",
    "logoff",
    "logout",
    "order",
    "pay",
    "payment",
    "purchase",
    "purge",
    "refund",
    "register",
    "remove",
    "reset",
    "restart",
    "revoke",
    "run",
    "send",
    "shutdown",
    "sign-out",
    "signoff",
    "signout",
    "start",
    "stop",
    "submit",
    "subscribe",
    "transfer",
    "trigger",
    "unsubscribe",
    "update",
    "upload",
    "verify",
    "vote",
    "withdraw",
];

impl Operation {
    /// A GET of an address.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self {
            method: "GET".to_owned(),
            path: url.path().to_owned(),
            url,
            content_type: String::new(),
            body: Vec::new(),
            source: Source::CommandLine,
            is_harmless: false,
            needs_caller: false,
        }
    }

    /// As reports name it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether sending it as it is should change nothing: a safe method, and no word in its
    /// address that says otherwise; or its author says so.
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        self.is_harmless || (is_safe(&self.method) && !self.sounds_like_a_write())
    }

    /// Whether its address has a word of something that is done: many GETs write.
    #[must_use]
    pub fn sounds_like_a_write(&self) -> bool {
        // What was declared and what fills it in: either may say it.
        has_write(&self.path) || is_named_like_a_write(&self.url)
    }

    /// The request as a program sends it.
    #[must_use]
    pub fn call(&self) -> Call {
        Call::new(&self.method, &self.url).body(&self.content_type, &self.body)
    }
}

/// Whether an address has a word of something that is done.
#[must_use]
pub fn is_named_like_a_write(url: &Url) -> bool {
    has_write(url.path()) || url.query().is_some_and(has_write)
}

/// Whole words, so that `address` is no `add`; camel case was two words, and whatever is written
/// as `%…` is read as servers read it.
fn has_write(text: &str) -> bool {
    let plain = percent_decoded(text.as_bytes()).unwrap_or_else(|| text.to_owned());
    let text = format!("{} {}", humps(&plain), plain.to_ascii_lowercase());
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.any(|word| WRITES.contains(&word) || word.split('-').any(|w| WRITES.contains(&w)))
}

/// `deleteUser` as `delete user`.
fn humps(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Operation;
    use url::Url;

    #[test]
    fn what_sounds_like_a_write() {
        let get = |path: &str| {
            Operation::get(Url::parse(&format!("http://localhost{path}")).expect("an address"))
        };
        for path in [
            "/logout",
            "/users/7/delete",
            "/deleteUser",
            "/a?action=unsubscribe",
            "/sign-out",
            "/LOGOUT",
            "/v1/cart/checkout",
            "/pay.php",
            "/reset_password",
            "/%64elete",
            "/a?%61ction=%6Cogout",
            "/a%2Fdelete",
        ] {
            assert!(!get(path).is_sendable(), "{path}");
        }
        for path in [
            "/",
            "/addresses",
            "/orders",
            "/api/data",
            "/updates",
            "/payroll",
            "/runs",
            "/storefront",
            "/resetting",
        ] {
            assert!(get(path).is_sendable(), "{path}");
        }
        // What fills in a template counts as well.
        let mut filled = get("/things/delete");
        filled.path = "/things/{action}".to_owned();
        assert!(!filled.is_sendable());
        filled.url.set_path("/things/1");
        assert!(filled.is_sendable());
        let mut post = get("/search");
        post.method = "POST".to_owned();
        assert!(!post.is_sendable());
        post.is_harmless = true;
        assert!(post.is_sendable());
    }
}
