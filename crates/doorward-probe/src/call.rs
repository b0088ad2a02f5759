//! One request as it is sent, and one answer as it came.

use crate::report::is_seen;
use doorward_browser::Headers;
use serde_json::Value;
use url::Url;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: String,
    /// Where to.
    pub url: Url,
    /// The headers, in their order, each as often as it stands here. `Host`, the user agent and
    /// the length of the body are added.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers, in their order.
    pub headers: Headers,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
    /// There was more of the body than is read.
    pub is_cut: bool,
}

impl Call {
    /// A request without headers or a body.
    #[must_use]
    pub fn new(method: &str, url: &Url) -> Self {
        Self {
            method: method.to_owned(),
            url: url.clone(),
            headers: Headers::new(),
            body: Vec::new(),
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.append(name, value);
        self
    }

    /// The same with a body of this type; an empty type sends none.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: &[u8]) -> Self {
        if !content_type.is_empty() {
            self.headers.append("Content-Type", content_type);
        }
        self.body = body.to_vec();
        self
    }

    /// As a line that a person runs to see the same. Secrets are left out.
    #[must_use]
    pub fn curl(&self) -> String {
        let mut line = "curl -i".to_owned();
        let url = without_secrets(&self.url);
        // To curl, brackets and braces of an address are lists: one line would be many requests.
        if url.contains(['[', ']', '{', '}']) {
            line.push_str(" --globoff");
        }
        match self.method.as_str() {
            "GET" => {}
            "HEAD" => line.push_str(" --head"),
            method => {
                line.push_str(" -X ");
                line.push_str(&quoted(method));
            }
        }
        for (name, value) in self.headers.iter() {
            let value = if is_secret(name) { "…" } else { value };
            line.push_str(" -H ");
            // curl drops a header without a value unless it ends with a semicolon.
            line.push_str(&quoted(&match value {
                "" => format!("{name};"),
                value => format!("{name}: {value}"),
            }));
        }
        if !self.body.is_empty() {
            // Unlike the others of its kind it opens no file, whatever the body begins with.
            line.push_str(" --data-raw ");
            line.push_str(&quoted(&self.shown_body()));
        }
        line.push(' ');
        line.push_str(&quoted(&url));
        line
    }

    /// The body without the secrets in its fields: files hold bodies that somebody sent.
    fn shown_body(&self) -> String {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        let kind = self.headers.joined("content-type").unwrap_or_default().to_ascii_lowercase();
        if kind.contains("json") {
            let Ok(mut value) = serde_json::from_str(&text) else { return text };
            // What has none stays as it was sent, byte for byte.
            return if hide(&mut value) { value.to_string() } else { text };
        }
        let has_secret_part = || {
            let names = text.split("name=\"").skip(1).filter_map(|rest| rest.split('"').next());
            names.into_iter().any(is_secret)
        };
        if kind.contains("x-www-form-urlencoded") {
            fields_without_secrets(&text)
        } else if kind.contains("multipart/") && has_secret_part() {
            "…".to_owned()
        } else {
            text
        }
    }
}

impl Answered {
    /// Whether the status says that it went well.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// A header's values joined as browsers join them; none where it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.joined(name)
    }
}

/// Whether a header or a field of a query carries a secret: it is in no report.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let words = [
        "cookie",
        "authorization",
        "token",
        "secret",
        "api-key",
        "apikey",
        "session",
        "access-key",
        "accesskey",
        "passphrase",
        "passwd",
        "password",
        "private-key",
        "pwd",
        "signature",
    ];
    let whole = ["auth", "bearer", "credential", "credentials", "jwt", "oauth", "otp", "sig"];
    words.iter().any(|word| name.contains(word)) || name.split('-').any(|own| whole.contains(&own))
}

/// An address without the secrets of its query: files hold addresses that somebody was sent.
fn without_secrets(url: &Url) -> String {
    let mut bare = url.clone();
    // What cannot have them has none.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    let Some(query) = url.query() else { return bare.to_string() };
    bare.set_query(None);
    bare.set_fragment(None);
    format!("{bare}?{}", fields_without_secrets(query))
}

fn fields_without_secrets(text: &str) -> String {
    let fields = text.split('&').map(|field| match field.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=…"),
        _ => field.to_owned(),
    });
    fields.collect::<Vec<_>>().join("&")
}

/// Hides the members that carry secrets; whether there were any. Its depth is that of the reader,
/// 128 at most.
fn hide(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            let mut hidden = false;
            for (name, value) in members {
                let is_secret = is_secret(name);
                if is_secret {
                    *value = Value::from("…");
                }
                hidden |= is_secret || hide(value);
            }
            hidden
        }
        // Every one of them, not the first alone.
        Value::Array(values) => values.iter_mut().map(hide).filter(|hidden| *hidden).count() > 0,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A word of a shell's command line, in single quotes where it needs them.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    // A terminal must not be steered by what a server or a file said.
    let text: String = text.chars().filter(|c| is_seen(*c) || *c == '\n').collect();
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::Call;
    use url::Url;

    #[test]
    fn lines_of_curl() {
        let url = Url::parse("http://localhost:1/a?b=c&d").expect("an address");
        let rows = [
            (Call::new("GET", &url), "curl -i 'http://localhost:1/a?b=c&d'"),
            (
                Call::new("POST", &url).body("text/plain", b"it's").with("Cookie", "s=1"),
                "curl -i -X POST -H 'Content-Type: text/plain' -H 'Cookie: …' \
                 --data-raw 'it'\\''s' 'http://localhost:1/a?b=c&d'",
            ),
            (
                Call::new("GET", &url).with("X-A", "\u{1b}[2J").with("Origin", ""),
                "curl -i -H 'X-A: [2J' -H 'Origin;' 'http://localhost:1/a?b=c&d'",
            ),
        ];
        let secret = Url::parse("http://localhost:1/a?access_token=hunter2&b=c&API_KEY=hunter3");
        let line = Call::new("GET", &secret.expect("an address")).curl();
        assert_eq!(line, "curl -i 'http://localhost:1/a?access_token=…&b=c&API_KEY=…'");
        for (kind, body, want) in [
            ("application/json", r#"{"b": 1.0, "a": [{}]}"#, r#"'{"b": 1.0, "a": [{}]}'"#),
            (
                "application/json",
                r#"{"a":[{"Password":"hunter2"}]}"#,
                r#"'{"a":[{"Password":"…"}]}'"#,
            ),
            ("application/x-www-form-urlencoded", "a=1&api_key=hunter2", "'a=1&api_key=…'"),
            ("multipart/form-data; boundary=x", "name=\"token\"\r\n\r\nhunter2", "'…'"),
            ("text/plain", "a password", "'a password'"),
        ] {
            let line = Call::new("PUT", &url).body(kind, body.as_bytes()).curl();
            assert!(line.contains(&format!("--data-raw {want} ")), "{line}");
        }
        // Neither opens a file nor asks ten thousand times when somebody runs it.
        let many = Url::parse("http://localhost:1/a?b=[1-9999]{c,d}").expect("an address");
        let line = Call::new("POST", &many).body("text/plain", b"@/etc/passwd\xe2\x80\xae").curl();
        assert!(line.starts_with("curl -i --globoff -X POST "), "{line}");
        assert!(
            line.contains(" --data-raw '@/etc/passwd' ")
                || line.contains(" --data-raw @/etc/passwd ")
        );
        for (call, want) in rows {
            assert_eq!(call.curl(), want);
        }
    }
}
