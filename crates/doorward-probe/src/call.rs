//! One request as it is sent, and one answer as it came.

use doorward_browser::Headers;
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
            line.push_str(" --data-binary ");
            line.push_str(&quoted(&String::from_utf8_lossy(&self.body)));
        }
        line.push(' ');
        line.push_str(&quoted(&without_secrets(&self.url)));
        line
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
        "password",
        "signature",
    ];
    words.iter().any(|word| name.contains(word))
}

/// An address without the secrets of its query: files hold addresses that somebody was sent.
fn without_secrets(url: &Url) -> String {
    let Some(query) = url.query() else { return url.to_string() };
    let fields = query.split('&').map(|field| match field.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=…"),
        _ => field.to_owned(),
    });
    let query = fields.collect::<Vec<_>>().join("&");
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    format!("{bare}?{query}")
}

/// A word of a shell's command line, in single quotes where it needs them.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    // A terminal must not be steered by what a server or a file said.
    let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
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
                 --data-binary 'it'\\''s' 'http://localhost:1/a?b=c&d'",
            ),
            (
                Call::new("GET", &url).with("X-A", "\u{1b}[2J").with("Origin", ""),
                "curl -i -H 'X-A: [2J' -H 'Origin;' 'http://localhost:1/a?b=c&d'",
            ),
        ];
        let secret = Url::parse("http://localhost:1/a?access_token=hunter2&b=c&API_KEY=hunter3");
        let line = Call::new("GET", &secret.expect("an address")).curl();
        assert_eq!(line, "curl -i 'http://localhost:1/a?access_token=…&b=c&API_KEY=…'");
        for (call, want) in rows {
            assert_eq!(call.curl(), want);
        }
    }
}
