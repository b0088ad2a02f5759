//! `doorward ticket`: links that a program asks for, and what it is told of them.

use doorward_test::running_gate::{GateOptions, RunningGate, program};
use serde_json::Value;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Output;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A folder of a test's own, with a key of API keys in it.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // It lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("doorward-ticket-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    async fn run(&self, words: &[&str], key: &str) -> Outcome<Output> {
        let mut command = Command::new(program()?);
        Ok(command.args(words).current_dir(&self.0).env("MY_KEY", key).output().await?)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// A backend that says which target it was asked for.
async fn backend() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 8192];
            let read = stream.read(&mut head).await.unwrap_or_default();
            let head = text(&head[..read]);
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{target}",
                target.len()
            );
            // A gate that has left hears nothing.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Ok(address)
}

async fn open(url: &str) -> Outcome<String> {
    let (host, target) = url.trim_start_matches("http://").split_once('/').ok_or("no target")?;
    let mut stream = TcpStream::connect(host).await?;
    let request = format!("GET /{target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut out = String::new();
    stream.read_to_string(&mut out).await?;
    Ok(out)
}

#[tokio::test]
async fn a_link_is_asked_for_with_a_key_and_good_once() -> Outcome<()> {
    let folder = Folder::new()?;
    let created = folder.run(&["key", "create", "downloads"], "").await?;
    let key = text(&created.stdout);
    let keys = folder.0.join("doorward-keys.toml");
    let secret = folder.0.join("signing.key");
    std::fs::write(&secret, "a secret of the tickets' test, 32 bytes or more")?;
    let config = format!(
        "[layers.pass]\nmode = \"enforce\"\n[secrets]\nsigning = [{:?}]\n\
         [layers.identity]\nkeys = {{ file = {keys:?} }}\n\
         [[route]]\npath = \"/media/**\"\ntickets = \"window\"\n",
        format!("file:{}", secret.display())
    );
    std::fs::write(folder.0.join("gate.toml"), format!("upstream = \"http://a.test\"\n{config}"))?;
    let upstream = format!("http://{}", backend().await?);
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    let gate = RunningGate::start(options).await?;
    let address = format!("http://{}/v1/report?year=2026", gate.address());

    let minted = folder.run(&["ticket", "mint", &address, "--key", "env:MY_KEY"], &key).await?;
    assert!(minted.status.success(), "{}", text(&minted.stderr));
    let link = text(&minted.stdout);
    let first = open(&link).await?;
    assert!(
        first.starts_with("HTTP/1.1 200") && first.ends_with("/v1/report?year=2026"),
        "{first}"
    );
    assert!(open(&link).await?.contains("doorward-refusal: pass/used"));
    assert!(open(&address).await?.contains("doorward-refusal: pass/missing"));

    let show = ["ticket", "show", link.as_str(), "--config", "gate.toml", "--format", "json"];
    let shown = folder.run(&show, "").await?;
    let shown: Value = serde_json::from_slice(&shown.stdout)?;
    let want = format!("GET {}/v1/report?year=2026", gate.address());
    assert_eq!(shown["says"]["for"].as_str(), Some(want.as_str()), "{shown}");
    assert_eq!(
        (shown["ours"].as_str(), shown["says"]["good"].as_str()),
        (Some("yes"), Some("once"))
    );
    let forged = link.replace("dwt1.", "dwt1.A");
    assert_eq!(folder.run(&["ticket", "show", &forged], "").await?.status.code(), Some(2));

    // For a time, where the route allows it.
    let media = format!("http://{}/media/film.mp4", gate.address());
    let words =
        ["ticket", "mint", &media, "--key", "env:MY_KEY", "--for", "10m", "--format", "json"];
    let window = folder.run(&words, &key).await?;
    let window: Value = serde_json::from_slice(&window.stdout)?;
    let link = window["url"].as_str().ok_or("no address")?;
    for _ in 0..3 {
        assert!(open(link).await?.starts_with("HTTP/1.1 200"));
    }
    let words = ["ticket", "mint", &address, "--key", "env:MY_KEY", "--for", "10m"];
    let refused = folder.run(&words, &key).await?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("pass/other-request"), "{}", text(&refused.stderr));
    Ok(())
}

#[tokio::test]
async fn wrong_usage_is_told() -> Outcome<()> {
    let folder = Folder::new()?;
    let near = "http://127.0.0.1:9/x";
    for (words, code, says) in [
        (&["ticket", "mint", near, "--key", "dwk1_typed"][..], 2, "env:NAME"),
        (&["ticket", "mint", near, "--key", "env:NOT_SET_HERE"], 2, "NOT_SET_HERE"),
        (&["ticket", "mint", near, "--key", "env:MY_KEY", "--for", "long"], 2, "10m"),
        (&["ticket", "mint", "nowhere", "--key", "env:MY_KEY"], 2, "nowhere"),
        (&["ticket", "mint", near, "--key", "env:MY_KEY"], 3, "127.0.0.1:9"),
        (&["ticket", "show", "hello"], 2, "this is no ticket"),
        (&["ticket", "show", "dwp1.AAAA"], 2, "no pass"),
    ] {
        let said = folder.run(words, "a key").await?;
        assert_eq!(said.status.code(), Some(code), "{words:?}: {}", text(&said.stderr));
        assert!(text(&said.stderr).contains(says), "{words:?}: {}", text(&said.stderr));
    }
    Ok(())
}
