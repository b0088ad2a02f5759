//! `doorward explain ID`: one refusal, from the running gate's memory or from its log.
//!
//! What is printed was written by whoever sent the request: every text of it is escaped.

use super::paragraph;
use crate::admin;
use crate::args::Explain;
use crate::machine;
use crate::report::line::{Piece, next};
use crate::report::mend::{Asked, mend};
use crate::{EXIT_UNREACHED, EXIT_USAGE};
use anyhow::{Context, bail};
use doorward_core::explained::{escaped, headers_of};
use doorward_core::layers::LAYERS;
use doorward_core::moment::REQUEST_ID_TEXT_BYTES;
use doorward_core::reason::Reason;
use http::StatusCode;
use serde_json::Value;
use std::fmt::Write;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

/// Where the token is, when nobody says.
const TOKEN_DEFAULT: &str = "env:DOORWARD_ADMIN_TOKEN";

/// Whether a text has the shape of a refusal's id.
pub(super) fn is_id(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == REQUEST_ID_TEXT_BYTES && text.bytes().all(is_digit)
}

/// Prints what is known of a refusal.
pub(super) fn run(id: &str, asked: &Explain) -> ExitCode {
    let found = match (&asked.admin, &asked.log) {
        (Some(url), _) => ask(id, url, asked.token.as_deref().unwrap_or(TOKEN_DEFAULT)),
        (None, Some(file)) => search(id, file),
        (None, None) => {
            machine::talk(
                "error: an id is looked up with --log FILE, or with --admin URL in the running \
                 gate\n",
            );
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match found {
        Ok(Some(facts)) => {
            machine::output(&text(&facts));
            ExitCode::SUCCESS
        }
        Ok(None) => {
            machine::talk(&format!("error: there is no request with the id {id}\n"));
            ExitCode::from(EXIT_UNREACHED)
        }
        Err(error) => {
            machine::talk(&format!("error: {error:#}\n"));
            ExitCode::from(EXIT_UNREACHED)
        }
    }
}

/// Looks for the line of the id.
fn search(id: &str, file: &Path) -> anyhow::Result<Option<Value>> {
    if file.as_os_str() == "-" {
        return search_in(id, &mut io::stdin().lock());
    }
    let opened = File::open(file);
    let opened = opened.with_context(|| format!("cannot read {}", file.display()))?;
    search_in(id, &mut BufReader::new(opened))
}

fn search_in(id: &str, from: &mut impl BufRead) -> anyhow::Result<Option<Value>> {
    let mut line = Vec::new();
    loop {
        match next(from, &mut line)? {
            Piece::End => return Ok(None),
            Piece::TooLong => {}
            Piece::Line => {
                // Broken lines are `report`'s to name.
                let Ok(facts) = serde_json::from_slice::<Value>(&line) else { continue };
                if facts["id"].as_str() == Some(id) {
                    return Ok(Some(facts));
                }
            }
        }
    }
}

/// Asks the running gate.
fn ask(id: &str, url: &str, token: &str) -> anyhow::Result<Option<Value>> {
    let (status, body) = admin::ask(url, token, &format!("/recent/{id}"), None)?;
    match status {
        StatusCode::OK => Ok(Some(serde_json::from_slice(&body).context("the answer is no JSON")?)),
        StatusCode::NOT_FOUND => Ok(None),
        other => bail!("the admin listener answered {other}"),
    }
}

/// What is known, in words. Writing to a string does not fail.
fn text(facts: &Value) -> String {
    let said = |name: &str| facts[name].as_str().unwrap_or_default();
    let codes: Vec<&str> = match facts["would_refuse"].as_array() {
        Some(codes) => codes.iter().filter_map(Value::as_str).collect(),
        None => vec![said("code")],
    };
    let is_monitored = facts["would_refuse"].is_array();
    let mut out = format!("{} {}", plain(said("method")), plain(said("path")));
    if !said("query").is_empty() {
        let _ = write!(out, "?{}", plain(said("query")));
    }
    let _ = writeln!(out, "\n  at {}, from {}", plain(said("time")), plain(said("peer")));
    let route = if said("route").is_empty() { "(no route)" } else { said("route") };
    let _ = writeln!(out, "  route {}, status {}", plain(route), facts["status"]);
    if codes.iter().all(|code| code.is_empty()) {
        out.push_str("\nIt was not refused.\n");
        return out;
    }
    seen(facts, &codes, &mut out);
    for code in codes {
        why(code, facts, is_monitored, &mut out);
    }
    out
}

/// The headers, those first that the layer looked at.
fn seen(facts: &Value, codes: &[&str], out: &mut String) {
    let layers: Vec<&str> = codes.iter().filter_map(|code| code.split('/').next()).collect();
    let is_looked_at = |name: &str| layers.iter().any(|layer| headers_of(layer).contains(&name));
    let pairs: Vec<(&str, &str)> = match facts["headers"].as_array() {
        Some(headers) => headers
            .iter()
            .filter_map(|pair| Some((pair["name"].as_str()?, pair["value"].as_str()?)))
            .collect(),
        None => facts["origin"].as_str().map(|origin| ("origin", origin)).into_iter().collect(),
    };
    for (title, wanted) in [("what decided", true), ("what else it carried", false)] {
        let mut rows = pairs.iter().filter(|(name, _)| is_looked_at(name) == wanted).peekable();
        if rows.peek().is_some() {
            let _ = writeln!(out, "\n{title}");
        }
        for (name, value) in rows {
            let _ = writeln!(out, "  {}: {}", plain(name), plain(value));
        }
    }
}

fn why(code: &str, facts: &Value, is_monitored: bool, out: &mut String) {
    let Some(reason) = Reason::find(code) else {
        let _ = writeln!(out, "\nThis version does not know the code {}.", plain(code));
        return;
    };
    let words = reason.words();
    let force = if is_monitored { "  (monitored: it was let through)" } else { "" };
    let _ = writeln!(out, "\n{}  {}{force}", words.code, words.status);
    out.push_str(&paragraph(&format!("{}.", words.title)));
    out.push_str(&paragraph(words.advice));
    let said = |name: &str| facts[name].as_str().unwrap_or_default();
    let header = |wanted: &str| {
        let headers = facts["headers"].as_array()?;
        headers.iter().find(|pair| pair["name"] == wanted)?["value"].as_str()
    };
    let origin = facts["origin"].as_str().or_else(|| header("origin"));
    let mend = mend(&Asked {
        code,
        route: said("route"),
        path: said("path"),
        methods: vec![said("method")],
        origins: origin.into_iter().collect(),
    });
    if mend != words.advice {
        let mend: String = mend.chars().filter(|c| !c.is_control()).collect();
        out.push_str(&paragraph(&format!("To admit it, {mend}")));
    }
    if let Some(meta) = LAYERS.iter().find(|meta| meta.id == reason.layer()) {
        let _ = writeln!(out, "{}: {}", meta.id, meta.title);
        let _ = writeln!(out, "`doorward explain {}` says how it decides.", meta.id);
    }
}

fn plain(text: &str) -> String {
    escaped(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00112233445566778899aabb";

    #[test]
    fn ids_are_told_from_codes() {
        for (text, want) in [
            (ID, true),
            ("00112233445566778899AABB", false),
            ("00112233445566778899aab", false),
            ("site/cross-site", false),
            ("", false),
        ] {
            assert_eq!(is_id(text), want, "{text}");
        }
    }

    #[test]
    fn a_refusal_is_found_among_broken_lines_and_explained() {
        let log = format!(
            "no JSON\n{{\"id\":\"{other}\"}}\n{{\"time\":\"2026-01-01T00:00:00Z\",\"id\":\"{ID}\",\
             \"peer\":\"203.0.113.7\",\"method\":\"POST\",\"path\":\"/pay\\u001b[2J\",\
             \"status\":403,\"verdict\":\"refuse\",\"code\":\"site/cross-site\",\"route\":\"/pay\",\
             \"origin\":\"https://app.test\"}}\n",
            other = ID.replace('0', "1"),
        );
        let facts = search_in(ID, &mut log.as_bytes()).expect("memory reads").expect("it is there");
        let text = text(&facts);
        for part in [
            "POST /pay\\x1b[2J",
            "from 203.0.113.7",
            "what decided\n  origin: https://app.test",
            "site/cross-site  403 Forbidden",
            "comes from another site.",
            "To admit it, if the page is yours: origins = [..., \"https://app.test\"]",
            "`doorward explain site`",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert!(search_in(&ID.replace('0', "2"), &mut log.as_bytes()).expect("reads").is_none());
    }

    #[test]
    fn a_monitored_request_is_explained_for_each_layer() {
        let facts = serde_json::json!({
            "id": ID, "method": "GET", "path": "/x", "route": "", "status": 200,
            "would_refuse": ["site/cross-site", "method/safe-on-write"],
        });
        let text = text(&facts);
        assert!(text.contains("(monitored: it was let through)"), "{text}");
        assert!(text.contains("effect = \"read\""), "{text}");
        let admitted = serde_json::json!({ "id": ID, "method": "GET", "path": "/x" });
        assert!(super::text(&admitted).contains("It was not refused."));
    }
}
