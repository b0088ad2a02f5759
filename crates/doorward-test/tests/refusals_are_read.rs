//! Clients that upload 30 MB to a gate which refuses at the head read why.
//!
//! `DOORWARD_CAMPAIGN` is how many times each client tries.

use doorward_lab::backend::{Backend, BackendOptions};
use doorward_test::browser::{Gate, Setup, Site, Stage};
use doorward_test::running_gate::{GateOptions, RunningGate};
use serde_json::{Value, json};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, process};
use tokio::process::Command;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Bytes of an upload.
const UPLOAD_BYTES: usize = 30_000_000;
/// Times each client tries when nobody says how many.
const TIMES: u32 = 5;

/// A client as people use it: its program, and how it is told to send the file `$1` to the address
/// `$0` as another site's page. It prints the answer's body and, on a line of its own, its status.
struct Client {
    name: &'static str,
    program: &'static str,
    script: &'static str,
}

const CLIENTS: [Client; 5] = [
    Client {
        name: "curl",
        program: "bash",
        script: r#"curl -sS -X POST --data-binary "@$1" -H 'Origin: https://evil.test' \
            -w '\n%{http_code}' "$0""#,
    },
    Client {
        name: "curl without Expect",
        program: "bash",
        script: r#"curl -sS -X POST --data-binary "@$1" -H 'Origin: https://evil.test' \
            -H 'Expect:' -w '\n%{http_code}' "$0""#,
    },
    Client {
        name: "Node's fetch",
        program: "node",
        script: r#"
            const [url, file] = process.argv.slice(1);
            const body = require("fs").readFileSync(file);
            fetch(url, { method: "POST", body, headers: { Origin: "https://evil.test" } })
                .then(async (answer) => console.log(`${await answer.text()}\n${answer.status}`));
        "#,
    },
    Client {
        name: "Node's fetch of a stream",
        program: "node",
        script: r#"
            const [url, file] = process.argv.slice(1);
            const body = require("stream").Readable.toWeb(require("fs").createReadStream(file));
            const headers = { Origin: "https://evil.test" };
            fetch(url, { method: "POST", body, duplex: "half", headers })
                .then(async (answer) => console.log(`${await answer.text()}\n${answer.status}`));
        "#,
    },
    Client {
        name: "Python's urllib",
        program: "python3",
        script: r#"
import sys, urllib.request, urllib.error
url, file = sys.argv[1:]
body = open(file, "rb").read()
headers = {"Origin": "https://evil.test"}
try:
    urllib.request.urlopen(urllib.request.Request(url, body, headers, method="POST"))
except urllib.error.HTTPError as answer:
    print(answer.read().decode())
    print(answer.code)
"#,
    },
];

fn times() -> Outcome<u32> {
    Ok(env::var("DOORWARD_CAMPAIGN").ok().map_or(Ok(TIMES), |text| text.parse())?)
}

/// A file that is removed again.
struct Upload(PathBuf);

impl Upload {
    fn write() -> Outcome<Self> {
        let path = env::temp_dir().join(format!("doorward-upload-{}", process::id()));
        fs::write(&path, vec![b'u'; UPLOAD_BYTES])?;
        Ok(Self(path))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // The system's folder for such files is emptied by the system, if not by this.
        let _ = fs::remove_file(&self.0);
    }
}

/// What a client read: the status and the refusal's code, or what it said instead.
async fn read(client: &Client, url: &str, file: &Path) -> Result<(String, String), String> {
    let flag = if client.program == "node" { "-e" } else { "-c" };
    let mut command = Command::new(client.program);
    command.args([flag, client.script, url]).arg(file).kill_on_drop(true);
    let output = command.output().await.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let talk = String::from_utf8_lossy(&output.stderr);
    let (body, status) = said.trim_end().rsplit_once('\n').ok_or(format!("{said} {talk}"))?;
    let body: Value = serde_json::from_str(body).map_err(|error| format!("{error}: {said}"))?;
    let code = body["code"].as_str().ok_or("a body without a code")?;
    Ok((status.to_owned(), code.to_owned()))
}

#[tokio::test]
async fn refusals_are_read_by_programs() -> Outcome<()> {
    let backend = Backend::start(BackendOptions::default()).await?;
    let upstream = format!("http://{}", backend.address());
    let gate =
        RunningGate::start(GateOptions { upstream: &upstream, ..GateOptions::default() }).await?;
    let url = format!("http://{}/upload", gate.address());
    let (upload, times) = (Upload::write()?, times()?);
    let mut failed = Vec::new();
    for client in &CLIENTS {
        let mut count = 0;
        for _ in 0..times {
            match read(client, &url, &upload.0).await {
                Ok((status, code)) if status == "403" && code == "site/cross-site" => count += 1,
                other => failed.push(format!("{}: {other:?}", client.name)),
            }
        }
        println!("{}: read {count} of {times}", client.name);
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(backend.executed("/upload").is_empty(), "the backend was not contacted");
    gate.stop().await
}

#[tokio::test]
async fn refusals_are_read_by_chromium() -> Outcome<()> {
    // A POST that names TRACE as its true method is refused, wherever it comes from.
    const SCRIPT: &str = r#"
        const [url, length] = args;
        const answer = await fetch(url, { method: "POST", body: new Uint8Array(length) });
        return { status: answer.status, code: (await answer.json()).code };"#;
    let mut stage = Stage::open(Gate::On, Setup::default()).await?;
    stage.visit(Site::Shop, "/").await?;
    let url = stage.api("/upload?_method=TRACE");
    let times = times()?;
    let mut failed = Vec::new();
    for _ in 0..times {
        let seen = stage.browser.run(SCRIPT, &[json!(url), json!(UPLOAD_BYTES)]).await;
        match seen {
            Ok(seen) if seen == json!({ "status": 400, "code": "method/override" }) => {}
            other => failed.push(format!("{other:?}")),
        }
    }
    println!("Chromium's fetch: read {} of {times}", times as usize - failed.len());
    assert!(failed.is_empty(), "{failed:#?}");
    stage.refused("POST", "/upload", "method/override").await?;
    assert!(stage.backend.executed("/upload").is_empty(), "the backend was not contacted");
    stage.close().await
}
