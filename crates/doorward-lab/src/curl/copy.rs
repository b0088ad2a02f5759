//! A request as curl, Python, Node and HTTPie would send it.

use crate::client::Call;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// A language to copy a request in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A curl line.
    Curl,
    /// Python's requests.
    Python,
    /// Node's fetch.
    Node,
    /// An HTTPie line.
    Httpie,
}

/// The request in that language.
#[must_use]
pub fn copied(call: &Call, form: Form) -> String {
    match form {
        Form::Curl => written(call),
        Form::Python => python(call),
        Form::Node => node(call),
        Form::Httpie => httpie(call),
    }
}

/// The request as a curl line.
#[must_use]
pub fn written(call: &Call) -> String {
    let Call { method, url, headers, body } = call;
    let mut out = "curl".to_owned();
    let implied = if body.is_empty() { "GET" } else { "POST" };
    if method == "HEAD" {
        out.push_str(" -I");
    } else if method != implied {
        let _ = write!(out, " -X {}", quoted(method));
    }
    for (name, value) in headers {
        // curl says these by itself.
        let own = name.eq_ignore_ascii_case("accept") && value == "*/*";
        let agent = name.eq_ignore_ascii_case("user-agent") && value.starts_with("curl/");
        if own || agent {
            continue;
        }
        let _ = write!(out, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
    }
    if !body.is_empty() {
        let _ = write!(out, " \\\n  --data-raw {}", quoted(&String::from_utf8_lossy(body)));
    }
    let _ = write!(out, " \\\n  {}", quoted(url));
    out
}

fn python(call: &Call) -> String {
    let mut out = "import requests\n\nanswer = requests.request(\n".to_owned();
    let _ = writeln!(out, "    {}, {},", string(&call.method), string(&call.url));
    if !call.headers.is_empty() {
        out.push_str("    headers={\n");
        for (name, value) in &call.headers {
            let _ = writeln!(out, "        {}: {},", string(name), string(value));
        }
        out.push_str("    },\n");
    }
    if !call.body.is_empty() {
        let _ = writeln!(out, "    data={},", string(&String::from_utf8_lossy(&call.body)));
    }
    out.push_str("    allow_redirects=False,\n)\nprint(answer.status_code, answer.text)\n");
    out
}

fn node(call: &Call) -> String {
    let mut out =
        "// Node's fetch is no browser's: it sends the Origin that it is given.\n".to_owned();
    let _ = writeln!(out, "const answer = await fetch({}, {{", string(&call.url));
    let _ = writeln!(out, "  method: {},", string(&call.method));
    if !call.headers.is_empty() {
        out.push_str("  headers: {\n");
        for (name, value) in &call.headers {
            let _ = writeln!(out, "    {}: {},", string(name), string(value));
        }
        out.push_str("  },\n");
    }
    if !call.body.is_empty() {
        let _ = writeln!(out, "  body: {},", string(&String::from_utf8_lossy(&call.body)));
    }
    out.push_str(
        "  redirect: \"manual\",\n});\nconsole.log(answer.status, await answer.text());\n",
    );
    out
}

fn httpie(call: &Call) -> String {
    let mut out = String::new();
    if !call.body.is_empty() {
        let body = quoted(&String::from_utf8_lossy(&call.body));
        let _ = write!(out, "printf '%s' {body} | ");
    }
    let _ = write!(out, "http {} {}", quoted(&call.method), quoted(&call.url));
    for (name, value) in &call.headers {
        let _ = write!(out, " \\\n  {}", quoted(&format!("{name}:{value}")));
    }
    out
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A string as JSON, and so as Python and JavaScript take it.
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
