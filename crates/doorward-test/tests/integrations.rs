//! Other implementations speak with the gate: one of RFC 9421 signs requests, ALTCHA's solver pays
//! for passes.

use doorward_test::running_gate::{GateOptions, RunningGate};
use serde_json::{Value, json};
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Command;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const SECRET: &str = "a secret of the nightly batch, and of nobody else";

/// A backend that says yes to everything.
async fn backend() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let read = stream.read(&mut head).await.unwrap_or_default();
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                if read > 0 {
                    // A gate that has left hears nothing.
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    Ok(address)
}

/// What a script of `scripts` prints.
async fn run(script: &str, arguments: &[String]) -> Outcome<Value> {
    let packages = std::env::var_os("DOORWARD_WEB_PACKAGES").map(PathBuf::from);
    let packages =
        packages.ok_or("DOORWARD_WEB_PACKAGES names no folder: run `cargo xtask test`")?;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts").join(script);
    let mut command = Command::new("node");
    command.arg(path).arg(packages).args(arguments).env("BATCH_SECRET", SECRET);
    let ran = command.output().await?;
    let said = String::from_utf8_lossy(&ran.stdout);
    let heard = || format!("{said} {}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_str(&said).map_err(|error| format!("{error}: {}", heard()).into())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[tokio::test]
async fn altchas_own_solver_pays_for_a_pass() -> Outcome<()> {
    let upstream = format!("http://{}", backend().await?);
    let own = "http://shop.localhost:5173";
    let options = GateOptions {
        upstream: &upstream,
        origins: &[own],
        config: "[layers.pass]\nmode = \"enforce\"\n",
        ..GateOptions::default()
    };
    let gate = RunningGate::start(options).await?;
    let arguments = [format!("http://{}", gate.address()), own.to_owned()];
    let mut said = run("solve.mjs", &arguments).await?;
    // The tries above count too, and what was asked for is forgotten at six a minute: a slow solver
    // gets some more.
    let paid = said["paid"].take();
    let [count, seconds] = [&paid[0], &paid[2]].map(|one| one.as_f64().unwrap_or(f64::NAN));
    let forgotten = (seconds / 10.0).ceil();
    assert!((13.0..=13.0 + forgotten).contains(&count), "{paid}");
    assert_eq!(paid[1], "pass/work 12", "{paid}");
    let want = json!({
        "maxnumber": 32_768, "otherKey": "pass/forged", "wrong": "pass/work",
        "both": "pass/malformed", "noKey": "pass/malformed", "stranger": "site/cross-site",
        "pass": "dwp1.", "again": "pass/used", "paid": null,
    });
    assert_eq!(said, want);
    Ok(())
}

#[tokio::test]
async fn another_implementation_signs_and_is_known() -> Outcome<()> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let (key, till) = (here.join("keys/partner.pem"), here.join("keys/es256.pem"));
    let secret = std::env::temp_dir().join(format!("doorward-batch-{}", std::process::id()));
    std::fs::write(&secret, SECRET)?;
    let config = format!(
        "profile = \"authenticated\"\n[layers.identity]\nsignatures = [\n\
         {{ keyid = \"partner\", algorithm = \"ed25519\", key = {key:?} }},\n\
         {{ keyid = \"till\", algorithm = \"ecdsa-p256-sha256\", key = {till:?} }},\n\
         {{ keyid = \"batch\", algorithm = \"hmac-sha256\", secret = {:?} }},\n]\n",
        format!("file:{}", secret.display())
    );
    let upstream = format!("http://{}", backend().await?);
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    let mut gate = RunningGate::start(options).await?;
    let keys = ["keys/partner.p8", "keys/es256.p8"].map(|file| text(&here.join(file)));
    let arguments = [&[format!("http://{}", gate.address())], &keys[..]].concat();
    let said = run("sign.mjs", &arguments).await?;
    std::fs::remove_file(&secret)?;
    let want = json!({
        "get": "200", "again": "identity/signature-used", "post": "200", "hmac": "200",
        "p256": "200", "p256Again": "identity/signature-used",
        "p256Changed": "identity/signature-forged", "renamed": "identity/signature-unsupported",
        "changed": "identity/signature-forged", "body": "identity/signature-body-differs",
    });
    assert_eq!(said, want);
    // Each worker writes its own lines: those of the refused ones may come first.
    let mut line = gate.logged("POST", "/v1/items").await?;
    while line.code.is_some() {
        line = gate.logged("POST", "/v1/items").await?;
    }
    assert_eq!(line.status, 200);
    Ok(())
}
