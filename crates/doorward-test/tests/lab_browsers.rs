//! `doorward lab --headless`, as its users run it: every story in three engines.

use doorward_test::browser::{Outcome, Turn};
use doorward_test::running_gate::program;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use tokio::process::Command;

/// Runs the program; the output and what it says.
async fn lab(arguments: &[&str]) -> Outcome<(Output, String)> {
    let mut command = Command::new(program()?);
    command.args(["lab", "--headless"]).args(arguments).stdin(Stdio::null());
    let output = command.output().await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output, said))
}

fn json(output: &Output) -> Outcome<Value> {
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A file for this test alone, gone when it ends.
struct Written(PathBuf);

impl Written {
    fn new(name: &str, text: &str) -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("doorward-lab-{}-{name}", std::process::id()));
        std::fs::write(&path, text)?;
        Ok(Self(path))
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn every_story_agrees_in_every_engine() -> Outcome<()> {
    let _turn = Turn::take().await?;
    let (output, said) = lab(&["--format", "json"]).await?;
    assert!(output.status.success(), "{said}");
    let all = json(&output)?;
    let scenarios = doorward_lab::scenario::all()?;
    let results = all["results"].as_array().cloned().unwrap_or_default();
    let not_run = all["not-run"].as_array().cloned().unwrap_or_default();
    for engine in ["chromium", "firefox", "webkit"] {
        for scenario in &scenarios {
            for gate in ["off", "on"] {
                let is_own = |line: &&Value| {
                    line["scenario"] == scenario.id.as_str()
                        && line["engine"] == engine
                        && line["gate"] == gate
                };
                let ran = results.iter().filter(is_own).count();
                let waits = not_run.iter().find(is_own).map(|line| line["why"].clone());
                let at = format!("{engine} {} gate {gate}", scenario.id);
                if gate == "on" && !scenario.has_gate() {
                    // Told apart, and counted as nothing.
                    assert_eq!((ran, waits), (0, Some("not-built-yet".into())), "{at}");
                } else if scenario.not_on_http.contains_key(engine) {
                    assert_eq!((ran, waits), (0, Some("not-on-http".into())), "{at}");
                } else if gate == "on" || !scenario.gate_only {
                    assert_eq!((ran, waits), (1, None), "{at}");
                }
            }
        }
    }
    for line in &results {
        assert_eq!(line["ok"], true, "{line}");
        let steps = line["predicted"].as_array().map_or(0, Vec::len);
        assert!(steps > 0, "{line}");
        for part in ["browser", "backend"] {
            assert_eq!(line[part].as_array().map(Vec::len), Some(steps), "{line}");
        }
    }
    assert_eq!(all["counts"]["disagreed"], 0);
    assert_eq!(all["counts"]["agreed"], results.len());
    assert_eq!(all["missing-engines"], serde_json::json!([]));
    for engine in all["engines"].as_array().into_iter().flatten() {
        let seconds = engine["seconds"].as_f64().unwrap_or(f64::MAX);
        assert!(seconds < 60.0, "all stories in one engine stay under a minute: {engine}");
    }
    Ok(())
}

#[tokio::test]
async fn what_needs_https_is_shown_with_tls_in_every_engine() -> Outcome<()> {
    let _turn = Turn::take().await?;
    let stories = ["A16", "A17", "A10", "A1", "A18", "host-prefix"];
    let stories = stories.map(|row| ["--scenario", row]).concat();
    let arguments = [&["--tls", "--format", "json"], &stories[..]].concat();
    let (output, said) = lab(&arguments).await?;
    assert!(output.status.success(), "{said}");
    let all = json(&output)?;
    let seen = |story: &str, gate: &str, engine: &str, step: usize| {
        let results = all["results"].as_array().into_iter().flatten();
        let mut own = results.filter(|line| line["scenario"] == story && line["gate"] == gate);
        let line = own.find(|line| line["engine"] == engine).cloned().unwrap_or_default();
        line["browser"][step]["cookies"].to_string()
    };
    let of = |engine: &str, step: usize| seen("samesite", "off", engine, step);
    // Lax by default is Chromium's alone; Firefox has another jar for pages of other sites.
    assert_eq!(of("chromium", 1), r#"["none"]"#);
    assert_eq!(of("firefox", 1), "[]");
    assert_eq!(of("webkit", 1), r#"["none","unset"]"#);
    for engine in ["chromium", "firefox", "webkit"] {
        assert_eq!(of(engine, 2), r#"["lax","none","unset"]"#, "{engine}");
        assert_eq!(of(engine, 4), r#"["lax","none","strict","unset"]"#, "{engine}");
        // Behind the gate no form and no fetch of another site brings a session; a link does.
        for (step, want) in [(0, "[]"), (1, "[]"), (2, r#"["lax","none","unset"]"#), (3, "[]")] {
            assert_eq!(seen("samesite", "on", engine, step), want, "{engine} {step}");
        }
        // By https the gate's own cookie has the name that no sibling can set.
        let own = seen("csrf-token", "on", engine, 4);
        assert_eq!(own, r#"["__Host-doorward","session"]"#, "{engine}");
        // What is tossed under the old name comes along, and counts for nothing.
        let own = seen("host-prefix", "on", engine, 1);
        assert_eq!(own, r#"["__Host-doorward","__Host-session","session"]"#, "{engine}");
    }
    Ok(())
}

/// Pages that load the gate's script and sign, and programs that speak the protocol: over http
/// and over TLS.
#[tokio::test]
async fn what_is_signed_is_signed_once_in_every_engine() -> Outcome<()> {
    let _turn = Turn::take().await?;
    let stories = ["A18", "A19", "A22", "A27"].map(|row| ["--scenario", row]).concat();
    for tls in [&[][..], &["--tls"]] {
        let (output, said) = lab(&[&["--format", "json"], &stories[..], tls].concat()).await?;
        assert!(output.status.success(), "{said}");
        let all = json(&output)?;
        for engine in ["chromium", "firefox", "webkit"] {
            let of = |scenario: &str, gate: &str| {
                let mut results = all["results"].as_array().into_iter().flatten();
                let own = results.find(|line| {
                    line["scenario"] == scenario && line["gate"] == gate && line["engine"] == engine
                });
                own.cloned().unwrap_or_default()
            };
            let each = |line: &Value, side: &str, name: &str| {
                let steps = line[side].as_array().into_iter().flatten();
                steps.map(|step| step[name].clone()).collect::<Vec<_>>()
            };
            let (off, on) = (of("key-in-page", "off"), of("key-in-page", "on"));
            assert_eq!(each(&off, "backend", "executed"), [1, 1, 0], "{engine}");
            assert_eq!(each(&off, "browser", "shows-key"), [true, true, false], "{engine}");
            assert_eq!(each(&on, "backend", "executed"), [1, 0, 0, 0], "{engine}");
            assert_eq!(each(&on, "browser", "shows-key"), [false; 4], "{engine}");
            let on = of("copied-token", "on");
            assert_eq!(each(&on, "backend", "executed"), [1, 0, 0, 0, 0, 0, 0, 1], "{engine}");
            let codes = each(&on, "browser", "gate");
            let codes: std::collections::HashSet<&str> =
                codes.iter().filter_map(Value::as_str).collect();
            assert_eq!(codes.len(), 6, "each copy has a reason of its own: {codes:?}");
            let on = of("own-pass", "on");
            assert_eq!(on["backend"][2]["executed"], 1, "{engine}: it is not stopped");
            let price = &on["browser"][2]["price"];
            assert_eq!((&price["passes"], &price["bits"]), (&1.into(), &12.into()), "{engine}");
            assert!(price["work-ms"].as_f64().is_some_and(|ms| ms > 0.0), "{price}");
            let on = of("shared-address", "on");
            assert_eq!(on["backend"][1]["executed"], 400, "{engine}: everybody is served");
            assert_eq!(on["browser"][1]["price"]["passes"], 40, "{engine}");
            let script = on["backend"][0]["executed"].as_u64();
            assert!(script.is_some_and(|ran| (60..=120).contains(&ran)), "{engine}: {script:?}");
        }
    }
    Ok(())
}

/// What an engine does about third-party cookies hides what it thinks of those without `SameSite`:
/// so it is told what to do about the former, and the latter is looked at.
#[tokio::test]
async fn lax_by_default_is_chromiums_alone() -> Outcome<()> {
    let _turn = Turn::take().await?;
    let rows = [("allow", r#"["none"]"#, r#"["none","unset"]"#), ("block", "[]", "[]")];
    for (word, chromium, firefox) in rows {
        let arguments = ["--tls", "--format", "json", "--scenario", "A16", "--third-party-cookies"];
        let (output, said) = lab(&[&arguments[..], &[word]].concat()).await?;
        // The model predicts each setting; what the file says is of browsers as they are installed.
        assert!(output.status.success(), "{said}");
        let all = json(&output)?;
        for (engine, want) in
            [("chromium", chromium), ("firefox", firefox), ("webkit", r#"["none","unset"]"#)]
        {
            let mut results = all["results"].as_array().into_iter().flatten();
            let own = results.find(|line| line["engine"] == engine).ok_or("no result")?;
            assert_eq!(own["browser"][1]["cookies"].to_string(), want, "{engine} {word}");
            // A form of another site takes it along everywhere: Chromium waits two minutes.
            assert_eq!(own["browser"][0]["cookies"].to_string(), r#"["none","unset"]"#, "{engine}");
        }
    }
    Ok(())
}

const BROKEN: &str = r#"
id = "broken"
title = "A story that is wrong"
story = "It says that the backend runs nothing."
lesson = "It does."
not-stopped = "Nothing."
ask = { question = "Does it?", yes = "It does", no = "It does not", about = "executed" }

[[step]]
says = "a hostile page reads"
caller = "evil"
request.path = "/api/data"
off = { gets = "hidden", backend = [] }
on = { gets = "hidden", backend = "executed" }
"#;

#[tokio::test]
async fn a_story_whose_expectation_is_wrong_fails_and_a_record_tells_it() -> Outcome<()> {
    let _turn = Turn::take().await?;
    let story = Written::new("broken.toml", BROKEN)?;
    let record = Written::new("record.html", "")?;
    let (output, said) = lab(&[
        "--file",
        story.path(),
        "--engine",
        "chromium",
        "--format",
        "json",
        "--record",
        record.path(),
    ])
    .await?;
    assert_eq!(output.status.code(), Some(1), "{said}");
    let all = json(&output)?;
    let results = all["results"].as_array().cloned().unwrap_or_default();
    assert_eq!(results.len(), 2);
    for line in &results {
        assert_eq!(line["ok"], false, "{line}");
        let faults = line["faults"].to_string();
        assert!(faults.contains("the file says"), "{faults}");
        assert!(!faults.contains("predicted was"), "the model was right: {faults}");
    }
    let page = std::fs::read_to_string(&record.0)?;
    assert!(page.contains("the file says") && page.contains("0 of 2 runs agree"), "{page}");
    assert!(!page.contains("<script") && !page.contains("src="), "whole in itself");
    Ok(())
}

#[tokio::test]
async fn what_was_typed_wrongly_is_told_and_a_missing_engine_is_named() -> Outcome<()> {
    let _turn = Turn::take().await?;
    let bad =
        Written::new("bad.toml", &BROKEN.replace("caller = \"evil\"", "caller = \"nobody\""))?;
    let (output, said) = lab(&["--file", bad.path()]).await?;
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(":11:") && said.contains("help: write one of those words"), "{said}");
    let (output, said) = lab(&["--scenario", "A99"]).await?;
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no scenario `A99`"), "{said}");
    let mut command = Command::new(program()?);
    command.args(["lab", "--headless", "--engine", "firefox", "--scenario", "A1"]);
    let output = command.env("PATH", "/nowhere").env("CARGO_HOME", "/nowhere");
    let output = output.env_remove("DOORWARD_GECKODRIVER").output().await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("no geckodriver") && said.contains("cargo install geckodriver"),
        "{said}"
    );
    Ok(())
}
