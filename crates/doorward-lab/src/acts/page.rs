//! The page of an act: what a visitor sees of it, and what it sends.

use super::PREFIX;
use crate::scenario::{Enctype, Payload, Said, Way, csrf};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How a line begins that writes a cookie; the lab's page draws those by it.
const WRITES: &str = "document.cookie = ";

/// Something that a page is to do.
#[derive(Clone, Debug)]
pub struct Act {
    /// Whose page.
    pub origin: String,
    /// How.
    pub way: Way,
    /// The method.
    pub method: String,
    /// The whole address, with its mark.
    pub url: String,
    /// What else is said of the request, with names filled in.
    pub said: Said,
    /// What it is about, for whoever sees the page.
    pub says: String,
    /// The gate's script, which the page loads first, where it does.
    pub script: Option<String>,
}

/// What a page tells of its act.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Report {
    /// What became of it: `read`, `opaque`, `threw`, `loaded`, `failed`, `unsupported`, `done`.
    pub outcome: String,
    /// The status that the script reads.
    pub status: Option<u16>,
    /// The headers that the script may read.
    pub headers: BTreeMap<String, String>,
    /// The beginning of the body.
    pub body: String,
    /// The error, in the engine's words.
    pub error: String,
    /// How many requests came to which status: of programs that ask often.
    #[serde(skip_deserializing)]
    pub statuses: BTreeMap<u16, u64>,
    /// What the passes cost that a program asked for.
    #[serde(skip_deserializing)]
    pub price: Option<Price>,
}

/// What passes cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Price {
    /// How many were had.
    pub passes: u32,
    /// How often one was refused, for more work or for other reasons.
    pub refused: u32,
    /// Zero bits of work of the dearest.
    pub bits: u32,
    /// Milliseconds that all of the work took.
    pub work_ms: f64,
}

/// What the page's script is told.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told<'a> {
    way: Way,
    method: &'a str,
    url: &'a str,
    said: &'a Said,
    report: String,
}

impl Act {
    /// The page.
    pub(super) fn html(&self, nonce: &str) -> String {
        let host = self.origin.split("://").nth(1).unwrap_or_default();
        let mut out = head(host, &format!("style/{nonce}"));
        let hostile = is_hostile(host);
        let class = if hostile { "hostile" } else { "own" };
        let who = if hostile { "A hostile page" } else { "Your own page" };
        let _ = write!(
            out,
            "<body class={class}><main><p class=who>{who} on <b>{}</b></p>\n<h1>{}</h1>\n\
             <pre>{}</pre>\n",
            escaped(host),
            escaped(&self.says),
            escaped(&self.shown())
        );
        if self.way.is_without_scripts() {
            out.push_str("<p>This page runs no script.</p>\n");
            self.plain(&mut out);
        } else {
            let told = Told {
                way: self.way,
                method: &self.method,
                url: &self.url,
                said: &self.said,
                report: format!("{PREFIX}report/{nonce}"),
            };
            // Within a script element only `</` could end it.
            let json = serde_json::to_string(&told).unwrap_or_default().replace('<', "\\u003c");
            if let Some(script) = &self.script {
                let _ = writeln!(out, "<script src=\"{}\"></script>", escaped(script));
            }
            let _ = write!(
                out,
                "<p id=outcome role=status>It is being sent.</p>\n\
                 <script type=application/json id=act>{json}</script>\n\
                 <script src={PREFIX}script/{nonce}></script>\n"
            );
        }
        out.push_str("</main></body></html>\n");
        out
    }

    /// What needs no script.
    fn plain(&self, out: &mut String) {
        let url = escaped(&self.url);
        let _ = match self.way {
            Way::Refresh => writeln!(out, "<meta http-equiv=refresh content=\"0;url={url}\">"),
            _ => writeln!(out, "<img alt=\"\" width=1 height=1 src=\"{url}\">"),
        };
    }

    /// The request as a page's author would write it.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut request = self.request();
        if self.said.with_csrf {
            let gate = super::of_origin(&self.url);
            let ask = format!("fetch(\"{gate}{}\", {{ credentials: \"include\" }})", csrf::PATH);
            request = format!("const {{ token }} = await (await {ask}).json();\n{request}");
        }
        for line in self.said.sets.iter().rev() {
            request = format!("{WRITES}{line:?};\n{request}");
        }
        match &self.script {
            Some(script) => {
                let script = crate::wire::Mark::off(script);
                format!("<script src=\"{script}\"></script>\n{request}")
            }
            None => request,
        }
    }

    fn request(&self) -> String {
        let url = crate::wire::Mark::off(&self.url);
        let method = &self.method;
        match self.way {
            Way::Fetch => self.fetch(&url),
            Way::Xhr => format!("xhr.open(\"{method}\", \"{url}\"); xhr.send(…)"),
            Way::Form => {
                let mut out = format!("<form method={} action=\"{url}\"", method.to_lowercase());
                if let Some(Payload::Encoded { enctype, .. }) = &self.said.body {
                    let _ = write!(out, " enctype=\"{}\"", enctype.word());
                }
                out.push('>');
                for (name, value) in self.fields() {
                    let _ = write!(out, "\n  <input name={name} value=\"{value}\">");
                }
                if self.said.with_csrf {
                    let _ = write!(out, "\n  <input name={} value=\"${{token}}\">", csrf::FIELD);
                }
                out.push_str("\n</form>  // submits itself");
                out
            }
            Way::Link => format!("<a href=\"{url}\">You have won</a>"),
            Way::Refresh => format!("<meta http-equiv=refresh content=\"0;url={url}\">"),
            Way::Image | Way::PlainImage => format!("<img src=\"{url}\">"),
            Way::Prefetch => format!("<link rel=prefetch href=\"{url}\">"),
        }
    }

    fn fetch(&self, url: &str) -> String {
        let mut options = Vec::new();
        if self.method != "GET" {
            options.push(format!("method: {:?}", self.method));
        }
        let pairs = self.said.headers.iter().map(|(name, value)| format!("{name:?}: {value:?}"));
        let token = self.said.with_csrf.then(|| format!("{:?}: token", csrf::HEADER));
        let pairs: Vec<String> = pairs.chain(token).collect();
        if !pairs.is_empty() {
            options.push(format!("headers: {{ {} }}", pairs.join(", ")));
        }
        match &self.said.body {
            None => {}
            Some(Payload::Text(text)) => options.push(format!("body: {text:?}")),
            Some(Payload::Bytes(bytes)) => {
                options.push(format!("body: new Uint8Array({bytes:?})"));
            }
            Some(Payload::Fields(_) | Payload::Encoded { .. }) => {
                let pairs = self.fields().map(|(name, value)| format!("{name}: {value:?}"));
                let pairs = pairs.collect::<Vec<_>>().join(", ");
                options.push(format!("body: new URLSearchParams({{ {pairs} }})"));
            }
        }
        for (name, value) in
            [("mode", word(&self.said.mode)), ("credentials", word(&self.said.credentials))]
        {
            if let Some(value) = value {
                options.push(format!("{name}: {value:?}"));
            }
        }
        if options.is_empty() {
            return format!("fetch({url:?})");
        }
        format!("fetch({url:?}, {{\n  {}\n}})", options.join(",\n  "))
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = match &self.said.body {
            Some(Payload::Fields(fields) | Payload::Encoded { fields, .. }) => Some(fields),
            Some(Payload::Text(_) | Payload::Bytes(_)) | None => None,
        };
        let pairs = fields.into_iter().flatten();
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Enctype {
    /// As HTML spells it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::UrlEncoded => "application/x-www-form-urlencoded",
            Self::Multipart => "multipart/form-data",
            Self::Plain => "text/plain",
        }
    }
}

/// A word of an enum as files spell it.
fn word<T: Serialize>(value: &Option<T>) -> Option<String> {
    let text = serde_json::to_string(value.as_ref()?).ok()?;
    Some(text.trim_matches('"').to_owned())
}

fn is_hostile(host: &str) -> bool {
    let hostile = ["evil.", "promo.", "127.0.0.1"];
    hostile.iter().any(|start| host.starts_with(start)) || host.ends_with(":5174")
}

fn head(host: &str, style: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
         <meta name=viewport content=\"width=device-width\">\n<link rel=icon href=\"data:,\">\n\
         <title>{}</title>\n<link rel=stylesheet href={PREFIX}{style}>\n",
        escaped(host)
    )
}

/// What stands at the root of a page's site.
pub(super) fn landing(host: &str) -> String {
    format!(
        "{}<body><main><p class=who>A site of the Doorward lab</p><h1>{}</h1>\n\
         <p>Pages of scenarios are served from here, so that they come from where they say. There \
         is nothing else.</p></main></body></html>\n",
        head(host, "act.css"),
        escaped(host)
    )
}

/// Text that stands for itself in HTML, within and outside of quotes.
#[must_use]
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Act, escaped};
    use crate::scenario::{Payload, Said, Way};

    fn act(way: Way, says: &str) -> Act {
        let fields = [("to".to_owned(), "evil".to_owned())].into();
        Act {
            origin: "http://evil.localhost:5174".to_owned(),
            way,
            method: "POST".to_owned(),
            url: "http://api.shop.localhost:3000/transfer?lab=1.0".to_owned(),
            said: Said { body: Some(Payload::Fields(fields)), ..Said::default() },
            says: says.to_owned(),
            script: None,
        }
    }

    #[test]
    fn nothing_that_a_scenario_says_becomes_markup() {
        let hostile = "</script><script>alert(1)</script>";
        let mut act = act(Way::Fetch, hostile);
        act.url = format!("http://api.shop.localhost:3000/{hostile}");
        act.said.headers.insert("X".to_owned(), hostile.to_owned());
        let html = act.html("0");
        assert_eq!(html.matches("<script").count(), 2, "{html}");
        assert!(!html.contains("alert(1)</script>"), "{html}");
        assert_eq!(escaped("<a b='c\" d>&\u{1}"), "&lt;a b=&#39;c&quot; d&gt;&amp;\u{fffd}");
    }

    #[test]
    fn a_page_without_scripts_has_none() {
        for (way, part) in [(Way::Refresh, "http-equiv"), (Way::PlainImage, "<img alt")] {
            let html = act(way, "x").html("0");
            assert!(html.contains(part) && !html.contains("<script"), "{html}");
        }
    }

    #[test]
    fn the_gates_script_comes_before_the_pages_own() {
        let script = "http://gate.shop.localhost:8080/.doorward/auto.js";
        let act = Act { script: Some(script.to_owned()), ..act(Way::Fetch, "x") };
        let html = act.html("0");
        let (gate, own) = (html.find(script), html.find("/__lab/script/0"));
        assert!(gate.is_some() && gate < own, "{html}");
        assert!(act.shown().starts_with(&format!("<script src=\"{script}\"></script>\nfetch(")));
    }

    #[test]
    fn requests_are_shown_as_they_are_written() {
        let shown = act(Way::Fetch, "x").shown();
        let want = "fetch(\"http://api.shop.localhost:3000/transfer\", {\n  method: \"POST\",\n  \
                    body: new URLSearchParams({ to: \"evil\" })\n})";
        assert_eq!(shown, want);
        let shown = act(Way::Form, "x").shown();
        assert!(shown.contains("<input name=to value=\"evil\">"), "{shown}");
        let mut writes = act(Way::Link, "x");
        writes.said.sets = vec!["a=1; Path=/x".to_owned(), "b=2".to_owned()];
        let want = "document.cookie = \"a=1; Path=/x\";\ndocument.cookie = \"b=2\";\n<a href=";
        assert!(writes.shown().starts_with(want), "{}", writes.shown());
        for (way, part) in [
            (Way::Fetch, "headers: { \"x-csrf-token\": token }"),
            (Way::Form, "<input name=_csrf value=\"${token}\">"),
        ] {
            let mut act = act(way, "x");
            act.said.with_csrf = true;
            let shown = act.shown();
            let ask = "await fetch(\"http://api.shop.localhost:3000/.doorward/csrf\", {";
            assert!(shown.contains(ask) && shown.contains(part), "{shown}");
        }
    }
}
