//! The table that everything ends on: which request a browser stops, and which the backend runs,
//! without and with the gate. `doorward probe --tap` fills it by what came to the backend.

use doorward_lab::backend::{Admission, Backend, BackendOptions, CorsPolicy, Kind};
use doorward_test::running_gate::{GateOptions, RunningGate, program};
use serde_json::Value;
use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::process::{Output, Stdio};
use tokio::process::Command;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The page that is meant to be allowed.
const SHOP: &str = "http://shop.localhost:5173";

/// What becomes of a request from anybody's page, or of a program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    /// What the browser does with it; nothing where there is none.
    browser: Option<&'static str>,
    /// What the backend does.
    backend: Does,
}

/// What the backend does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// It runs it, and was seen to.
    Runs,
    /// It never gets it: what stands before it answers.
    NeverGetsIt,
    /// No browser sends it.
    IsNeverAsked,
}

/// The rows as they must come out: the kind, without the gate, with it.
const ROWS: [(&str, Fate, Fate); 5] = {
    let hidden = Some("hidden");
    let never = Some("never sent");
    let runs = Fate { browser: hidden, backend: Does::Runs };
    let kept = Fate { browser: hidden, backend: Does::NeverGetsIt };
    let stopped = Fate { browser: never, backend: Does::IsNeverAsked };
    [
        // The page may not read the answer, and the backend has run it.
        ("simple GET", runs, kept),
        // These two ask first, and nobody says yes.
        ("GET with Authorization", stopped, stopped),
        ("JSON POST", stopped, stopped),
        // A form asks nobody.
        ("form POST", runs, kept),
        // There is no browser to object.
        (
            "any script",
            Fate { browser: None, backend: Does::Runs },
            Fate { browser: None, backend: Does::NeverGetsIt },
        ),
    ]
};

async fn backend() -> Outcome<Backend> {
    let origins = vec![SHOP.to_owned()];
    let cors = CorsPolicy::Allow { origins, credentials: false };
    Ok(Backend::start(BackendOptions { cors, ..BackendOptions::default() }).await?)
}

/// Runs the program to its end.
async fn probe(url: &str, arguments: &[&str]) -> Outcome<Output> {
    let mut command = Command::new(program()?);
    command.args(["probe", url, "--origin", SHOP, "--allow-writes", "--format", "json"]);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command.output().await?)
}

/// The rows of a report, as they came out.
fn rows(ran: &Output) -> Outcome<Vec<(String, Fate)>> {
    let said = String::from_utf8_lossy(&ran.stderr);
    let report: Value =
        serde_json::from_slice(&ran.stdout).map_err(|error| format!("{error}: {said}"))?;
    assert_eq!(report["left_out"], Value::Array(Vec::new()), "{said}");
    let rows = report["callers"]["address"]["rows"].as_array().ok_or("there is no table")?;
    rows.iter().map(|row| Ok((text(&row["kind"])?.to_owned(), fate(&row["any"])?))).collect()
}

fn fate(cell: &Value) -> Outcome<Fate> {
    let browser = match cell["browsers"].as_array().map(Vec::as_slice) {
        Some([]) => None,
        // In every engine alike.
        Some([one]) => match text(&one["answer"])? {
            "hidden" => Some("hidden"),
            "never sent" => Some("never sent"),
            other => return Err(format!("a browser that does: {other}").into()),
        },
        Some(_) | None => return Err(format!("the engines differ: {cell}").into()),
    };
    let own = &cell["backend"];
    let backend = match (text(&own["does"])?, own["rung"].as_str()) {
        ("answers", Some("E4")) => Does::Runs,
        ("never came there", Some("E4")) => Does::NeverGetsIt,
        ("never sent", None) => Does::IsNeverAsked,
        _ => return Err(format!("this was not seen: {own}").into()),
    };
    Ok(Fate { browser, backend })
}

fn text(value: &Value) -> Outcome<&str> {
    value.as_str().ok_or_else(|| format!("{value} is no text").into())
}

/// How often the backend ran what the table is about, by its own witness.
fn runs(backend: &Backend) -> usize {
    let events = backend.executed("/api/data").into_iter();
    events.filter(|event| event.kind == Kind::Executed).count()
}

#[tokio::test]
async fn without_the_gate_the_backend_runs_what_browsers_hide() -> Outcome<()> {
    let backend = backend().await?;
    let upstream = format!("http://{}", backend.address());
    let url = format!("{upstream}/api/data");
    let ran = probe(&url, &["--tap", &upstream]).await?;
    let want: Vec<(String, Fate)> =
        ROWS.iter().map(|(kind, without, _)| ((*kind).to_owned(), *without)).collect();
    assert_eq!(rows(&ran)?, want);
    assert!(runs(&backend) > 0);
    Ok(())
}

#[tokio::test]
async fn with_the_gate_none_of_it_comes_to_the_backend() -> Outcome<()> {
    let backend = backend().await?;
    let upstream = format!("http://{}", backend.address());
    // The gate has to know where the tap will be. An address of this test alone is free again.
    let listener = TcpListener::bind(own_address())?;
    let tap = listener.local_addr()?;
    drop(listener);
    let before_it = format!("http://{tap}");
    let gate = RunningGate::start(GateOptions {
        upstream: &before_it,
        origins: &[SHOP],
        config: "[layers.pass]\nmode = \"enforce\"\n",
        ..GateOptions::default()
    })
    .await?;
    let url = format!("http://{}/api/data", gate.address());
    let tap = tap.to_string();
    let ran = probe(&url, &["--tap", &upstream, "--tap-listen", &tap]).await?;
    let want: Vec<(String, Fate)> =
        ROWS.iter().map(|(kind, _, with)| ((*kind).to_owned(), *with)).collect();
    assert_eq!(rows(&ran)?, want);
    assert_eq!(runs(&backend), 0, "the backend's own witness says the same");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(said.contains(&format!("must call http://{tap} instead of {upstream}")), "{said}");
    gate.stop().await
}

/// What `--around` finds at a backend behind a gate that refuses whoever has no pass.
async fn found_around(options: BackendOptions) -> Outcome<Vec<Value>> {
    let backend = Backend::start(options).await?;
    let upstream = format!("http://{}", backend.address());
    let gate = RunningGate::start(GateOptions {
        upstream: &upstream,
        origins: &[SHOP],
        config: "[layers.pass]\nmode = \"enforce\"\n",
        ..GateOptions::default()
    })
    .await?;
    let url = format!("http://{}/api/data", gate.address());
    let ran = probe(&url, &["--around", &upstream]).await?;
    let report: Value = serde_json::from_slice(&ran.stdout)?;
    gate.stop().await?;
    let findings = report["findings"].as_array().ok_or("there are no findings")?;
    Ok(findings.iter().filter(|finding| finding["check"] == "G-01").cloned().collect())
}

#[tokio::test]
async fn the_way_around_is_found_until_the_backend_asks_for_proof() -> Outcome<()> {
    let open = found_around(BackendOptions::default()).await?;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0]["severity"], "high");
    let admission: Admission = Box::new(|head| head.headers.contains_key("doorward-admitted"));
    let closed = BackendOptions { admission: Some(admission), ..BackendOptions::default() };
    assert_eq!(found_around(closed).await?, Vec::<Value>::new());
    Ok(())
}

/// A gate that does not call the tap: nothing is said of what did not come there.
#[tokio::test]
async fn a_tap_beside_the_way_is_told() -> Outcome<()> {
    let (asked, other) = (backend().await?, backend().await?);
    let url = format!("http://{}/api/data", asked.address());
    let upstream = format!("http://{}", other.address());
    let ran = probe(&url, &["--tap", &upstream]).await?;
    let report: Value = serde_json::from_slice(&ran.stdout)?;
    assert_eq!(report["left_out"][0]["operation"], "the tap", "{report}");
    assert!(rows_are_inferred(&report), "{report}");
    Ok(())
}

fn rows_are_inferred(report: &Value) -> bool {
    let rows = report["callers"]["address"]["rows"].as_array();
    rows.is_some_and(|rows| rows.iter().all(|row| row["any"]["backend"]["rung"] != "E4"))
}

#[tokio::test]
async fn what_is_typed_wrong_is_told_before_anything_is_asked() -> Outcome<()> {
    let backend = backend().await?;
    let upstream = format!("http://{}", backend.address());
    let url = format!("{upstream}/api/data");
    let rows: [(&[&str], &str); 8] = [
        (&["--around", &upstream], "the gate's own address"),
        (&["--around", "http://localhost:1/api"], "host and port alone"),
        (&["--around", "http://192.0.2.1:1"], "--i-am-authorised 192.0.2.1"),
        (&["--tap", "https://localhost:1"], "host and port alone"),
        (&["--tap", "http://192.0.2.1:1"], "--i-am-authorised 192.0.2.1"),
        (&["--tap", &upstream, "--tap-listen", "0.0.0.0:0"], "--i-am-authorised 0.0.0.0"),
        (&["--tap-listen", "127.0.0.1:0"], "--tap <UPSTREAM>"),
        (&["--tap", &upstream, "--plan"], "cannot be used with"),
    ];
    for (arguments, want) in rows {
        let ran = probe(&url, arguments).await?;
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(want), "{arguments:?}: {said}");
    }
    assert!(backend.events().is_empty());
    Ok(())
}

/// An address of this machine that no other test's process takes, with any port.
fn own_address() -> SocketAddr {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    SocketAddr::from(([127, 77, high, low.max(1)], 0))
}
