//! From monitor to enforce: a gate that refuses nobody tells what it would refuse, and `doorward
//! report` says of its log what is ready.

use doorward_lab::backend::{Backend, BackendOptions};
use doorward_test::running_gate::{GateOptions, RunningGate, program};
use serde_json::Value;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, id};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A file that is removed again.
struct LogFile(PathBuf);

impl LogFile {
    fn write(name: &str, text: &str) -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("doorward-{name}-{}.jsonl", id()));
        fs::write(&path, text)?;
        Ok(Self(path))
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        // The system's folder for such files is emptied by the system, if not by this.
        let _ = fs::remove_file(&self.0);
    }
}

async fn ask(gate: &RunningGate, head: &str) -> Outcome<String> {
    let mut socket = TcpStream::connect(gate.address()).await?;
    socket.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn run(arguments: &[&str]) -> Outcome<Output> {
    Ok(Command::new(program()?).args(arguments).output()?)
}

#[tokio::test]
async fn a_monitored_gate_refuses_nobody_and_its_log_says_what_it_would() -> Outcome<()> {
    let backend = Backend::start(BackendOptions::default()).await?;
    let upstream = format!("http://{}", backend.address());
    let origins = ["https://page.test"];
    let mut gate = RunningGate::start(GateOptions {
        upstream: &upstream,
        origins: &origins,
        arguments: &["--monitor"],
        ..GateOptions::default()
    })
    .await?;
    let evil = "GET /products HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.test\r\n\
                Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n";
    let honest = "GET /products HTTP/1.1\r\nHost: localhost\r\nOrigin: https://page.test\r\n\
                  Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n";
    for _ in 0..3 {
        let answer = ask(&gate, evil).await?.to_lowercase();
        assert!(answer.contains("doorward-would-refuse: site/cross-site\r\n"), "{answer}");
        assert!(!answer.contains("doorward-refusal"), "{answer}");
    }
    let answer = ask(&gate, honest).await?.to_lowercase();
    assert!(!answer.contains("doorward-would-refuse"), "the honest twin: {answer}");
    let mut log = String::new();
    let mut last = None;
    for _ in 0..4 {
        let line = gate.logged("GET", "/products").await?;
        log.push_str(&format!("{}\n", line.whole));
        // Two workers write, each when it gets to it.
        if line.whole.get("would_refuse").is_some() {
            last.get_or_insert(line.id);
        }
    }
    gate.stop().await?;
    let file = LogFile::write("monitor", &log)?;
    let path = file.0.to_str().ok_or("a path")?;
    let output = run(&["report", path, "--format", "json"])?;
    assert_eq!(output.status.code(), Some(1), "something would be refused: {output:?}");
    let report: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!((&report["admitted"], &report["would_refuse"]), (&4.into(), &3.into()));
    assert_eq!((&report["refused"], &report["broken_lines"]), (&0.into(), &0.into()));
    let group = &report["groups"][0];
    for (name, want) in [
        ("was", "would_be_refused"),
        ("code", "site/cross-site"),
        ("mend", "if the page is yours: origins = [..., \"https://evil.test\"]"),
    ] {
        assert_eq!(group[name], want, "{name} in {report:#}");
    }
    let ready = |id: &str| {
        let layers = report["layers"].as_array().and_then(|all| {
            all.iter().find(|layer| layer["layer"] == id).map(|layer| layer["ready"].clone())
        });
        layers.unwrap_or_default()
    };
    assert_eq!(
        (ready("site"), ready("method"), ready("quota")),
        (false.into(), true.into(), true.into())
    );
    // One of its lines, by its id.
    let id = last.ok_or("a line")?;
    let output = run(&["explain", &id, "--log", path])?;
    let text = String::from_utf8(output.stdout)?;
    assert!(output.status.success() && text.contains("monitored: it was let through"), "{text}");
    Ok(())
}

#[test]
fn a_log_without_findings_is_a_success_and_one_that_is_missing_is_not() -> Outcome<()> {
    let line = "{\"time\":\"2026-01-01T00:00:00Z\",\"id\":\"1\",\"verdict\":\"admit\"}\n";
    let file = LogFile::write("ready", &line.repeat(3))?;
    let path = file.0.to_str().ok_or("a path")?;
    let output = run(&["report", path])?;
    let text = String::from_utf8(output.stdout)?;
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("ready    site"), "{text}");
    let output = run(&["report", "/nowhere/doorward.jsonl"])?;
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(run(&["report"])?.status.code(), Some(2), "no log is named");
    Ok(())
}
