//! The examples do what they say: their pages in a browser, behind a gate; and the script that
//! speaks the protocol of passes, with the figures that it prints.

use doorward_browser::EngineId;
use doorward_lab::browsers::find;
use doorward_test::running_gate::{GateOptions, RunningGate, program};
use serde_json::Value;
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Output;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Command;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn every_page_works_in_a_browser_and_nothing_without_its_script() -> Outcome<()> {
    let packages = std::env::var_os("DOORWARD_EXAMPLE_PACKAGES");
    let packages =
        packages.ok_or("DOORWARD_EXAMPLE_PACKAGES names no folder: run `cargo xtask test`")?;
    let programs = find(EngineId::Chromium)?;
    let browser = programs.browser().ok_or("there is no chromium: apt-get install chromium")?;
    let output = Command::new("node")
        .arg(examples().join("pages/check.mjs"))
        .arg(program()?)
        .arg(browser)
        .arg(packages)
        .output()
        .await?;
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches(": well").count(), 4, "{said}");
    Ok(())
}

/// A backend that says yes to everything, and keeps its connections.
async fn backend() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut heads = vec![0; 16 * 1024];
                // One request at a time comes on a connection of the gate's, whole and bodyless.
                while stream.read(&mut heads).await.is_ok_and(|read| read > 0) {
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                    if stream.write_all(answer).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    Ok(address)
}

#[tokio::test]
async fn a_script_that_speaks_the_protocol_gets_what_a_visitor_gets() -> Outcome<()> {
    let upstream = format!("http://{}", backend().await?);
    let own = "http://localhost:5173";
    let options = GateOptions {
        upstream: &upstream,
        origins: &[own],
        config: "[layers.pass]\nmode = \"enforce\"\n",
        ..GateOptions::default()
    };
    let gate = RunningGate::start(options).await?;
    let output = Command::new("python3")
        .arg(examples().join("script/visitor.py"))
        .args(["--gate", &format!("http://{}", gate.address()), "--origin", own])
        .args(["--path", "/api/data", "--json"])
        .output()
        .await?;
    let text = said(&output);
    let found: Value = serde_json::from_slice(&output.stdout).map_err(|_| text.clone())?;
    let said_of = |part: &str| {
        let of = &found["lazy"][part];
        format!("{} {}", of["status"], of["code"].as_str().unwrap_or_default())
    };
    assert_eq!(said_of("without_pass"), "403 pass/missing", "{text}");
    assert_eq!(said_of("without_work"), "403 pass/work", "{text}");
    let admitted = |part: &str| found[part]["admitted"].as_u64().unwrap_or_default();
    // One visitor's share: sixty at once, and two a second while it goes on.
    assert!((60..90).contains(&admitted("one_pass")), "{text}");
    // The address's share, of which each asking took one: twenty a second while it goes on.
    assert!((330..600).contains(&admitted("many_passes")), "{text}");
    assert_eq!(admitted("many_networks"), 3, "{text}");
    assert_eq!(found["many_networks"]["refused"]["pass/elsewhere"], 47, "{text}");
    Ok(())
}
