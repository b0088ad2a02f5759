//! `doorward deny`: refuses somebody from now on, by the running gate's admin listener.

use crate::args::{Deny, Form};
use crate::{EXIT_UNREACHED, EXIT_USAGE, admin, machine};
use doorward_config::read_duration;
use doorward_core::explained::escaped;
use http::StatusCode;
use serde_json::{Value, json};
use std::fmt::Write;
use std::process::ExitCode;

/// Where the gate is told.
const PATH: &str = "/denials";

/// Does what was typed.
pub(crate) fn run(typed: &Deny) -> ExitCode {
    let wish = match wish(typed) {
        Ok(wish) => wish,
        Err(what) => {
            machine::talk(&format!("error: {what}\n"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let asked = admin::ask(&typed.admin, &typed.token, PATH, wish.map(|wish| wish.to_string()));
    let (status, body) = match asked {
        Ok(answer) => answer,
        Err(error) => {
            machine::talk(&format!("error: {error:#}\n"));
            return ExitCode::from(EXIT_UNREACHED);
        }
    };
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    if status != StatusCode::OK {
        let said = match answer["title"].as_str() {
            Some(title) => plain(title),
            None => format!("the admin listener answered {status}"),
        };
        machine::talk(&format!("error: {said}\n"));
        let is_wish = status == StatusCode::BAD_REQUEST;
        return ExitCode::from(if is_wish { EXIT_USAGE } else { EXIT_UNREACHED });
    }
    machine::output(&match typed.format {
        Form::Json => format!("{answer}\n"),
        Form::Table => text(&answer),
    });
    ExitCode::SUCCESS
}

/// What the gate is sent; none where it is only asked.
fn wish(typed: &Deny) -> Result<Option<Value>, String> {
    let Some(who) = typed.who.as_deref().filter(|_| !typed.list) else { return Ok(None) };
    let mut wish = json!({ "who": who });
    if let Some(issuer) = &typed.issuer {
        wish["issuer"] = issuer.as_str().into();
    }
    match &typed.time {
        None => wish["lift"] = true.into(),
        Some(time) => {
            let seconds = read_duration(time).map(|time| time.as_secs());
            let hint = || format!("--for {time} is no time; write 90s, 30m, 1h or 7d");
            wish["for_s"] = seconds.ok_or_else(hint)?.into();
            wish["why"] = typed.why.as_deref().unwrap_or_default().into();
        }
    }
    Ok(Some(wish))
}

/// An answer in words. Writing to a string does not fail.
fn text(answer: &Value) -> String {
    let said = |row: &Value, name: &str| plain(row[name].as_str().unwrap_or_default());
    let mut out = String::new();
    if let Some(lifted) = answer["lifted"].as_str() {
        let _ = writeln!(out, "{} is not denied any more", plain(lifted));
    } else if let Some(rows) = answer["denials"].as_array() {
        for row in rows {
            let [until, who, why] = ["until", "who", "why"].map(|name| said(row, name));
            let _ = writeln!(out, "{until}  {who}  {why}");
        }
        if rows.is_empty() {
            out.push_str("nobody is denied at run time\n");
        }
    } else {
        let row = &answer["denied"];
        let _ = writeln!(out, "{} is refused until {}", said(row, "who"), said(row, "until"));
    }
    out
}

fn plain(text: &str) -> String {
    escaped(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Arguments, Command};
    use clap::Parser;

    fn typed(line: &str) -> Result<Option<Value>, String> {
        let words = ["doorward", "deny"].into_iter().chain(line.split(' '));
        let typed = Arguments::try_parse_from(words).map_err(|error| error.to_string())?;
        let Command::Deny(deny) = typed.command else { panic!("another command") };
        wish(&deny)
    }

    #[test]
    fn what_is_typed_is_sent() {
        let rows = [
            ("--list", None),
            (
                "10.0.0.1 --for 1h --why scraping",
                Some(json!({ "who": "10.0.0.1", "for_s": 3600, "why": "scraping" })),
            ),
            (
                "user:ann --issuer https://id.test --for 2d --why x",
                Some(json!({ "who": "user:ann", "issuer": "https://id.test", "for_s": 172_800,
                    "why": "x" })),
            ),
            ("--lift key:k1", Some(json!({ "who": "key:k1", "lift": true }))),
        ];
        for (line, want) in rows {
            assert_eq!(typed(line), Ok(want), "{line}");
        }
        for line in [
            "",
            "10.0.0.1",
            "10.0.0.1 --for 1h",
            "10.0.0.1 --why x",
            "10.0.0.1 --for soon --why x",
            "10.0.0.1 --lift --for 1h",
            "10.0.0.1 --list",
            "--lift",
        ] {
            assert!(typed(line).is_err(), "{line}");
        }
    }
}
