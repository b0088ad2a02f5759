//! The applications of `examples/admission`, each run for real behind a gate: what comes through it
//! is served, what comes around it is not.

use doorward_test::exchange::send;
use doorward_test::running_gate::{GateOptions, RunningGate};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How long an application may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);
/// The key of the gate's proofs, as both are given it.
const KEY: &str = "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s";
/// What the applications answer with when they run a request.
const RUN: &str = "items";
const CONFIG: &str = "\
[secrets]
insecure_literal_secret = true
signing = [\"a secret of these tests, and of nobody else\"]
admission = \"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s\"

[[route]]
path = \"/api/data\"
";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/admission")
}

/// A folder of a test's own.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // It lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn new(name: &str) -> std::io::Result<Self> {
        let own = format!("doorward-admission-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(own);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Copies a file of the examples. Each text that is to be another one here stands in it once.
    fn copy(&self, name: &str, changes: &[(&str, &str)]) -> Outcome<PathBuf> {
        let mut text = std::fs::read_to_string(examples().join(name))?;
        for (from, to) in changes {
            assert_eq!(text.matches(from).count(), 1, "{from} in {name}");
            text = text.replace(from, to);
        }
        let path = self.0.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

fn start(command: &mut Command) -> Outcome<Child> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.env("DOORWARD_ADMISSION_KEY", KEY).env_remove("DOORWARD_GATE_ID").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|error| format!("{program} does not start: {error}").into())
}

/// The address that an application says it listens on; what it says later is read and dropped.
async fn listening(from: Option<impl AsyncRead + Send + Unpin + 'static>) -> Outcome<SocketAddr> {
    let mut lines = BufReader::new(from.ok_or("no output")?).lines();
    let mut heard = Vec::new();
    let search = async {
        while let Ok(Some(line)) = lines.next_line().await {
            let found = line.split_once("http://").map(|(_, rest)| rest.split(' ').next());
            if let Some(address) = found.flatten().and_then(|text| text.parse().ok()) {
                return Some(address);
            }
            heard.push(line);
        }
        None
    };
    let found = timeout(PATIENCE, search).await.ok().flatten();
    let address = found.ok_or_else(|| format!("it does not listen; it said {heard:?}"))?;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(address)
}

/// The same requests to every application: through a gate, and around it.
async fn check(app: SocketAddr) -> Outcome<()> {
    let upstream = format!("http://{app}");
    let options = GateOptions { upstream: &upstream, config: CONFIG, ..GateOptions::default() };
    let gate = RunningGate::start(options).await?;
    let host = |address: SocketAddr| ("Host", address.to_string());
    let through = [host(gate.address())];
    for request in ["GET /api/data", "GET /api/data?a=b%20c&d=%2F"] {
        let answer = send(gate.address(), request, &through, "").await?;
        assert_eq!(answer.said(), (200, ""), "{request}: {}", answer.body);
        assert!(answer.body.contains(RUN), "{request}: {}", answer.body);
    }
    // A proof of somebody who has no key, and whoever sends none.
    let stamp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let made_up = format!("dwa1.{stamp}.AAAAAAAAAAAAAAAAAAAAAA.-.-.{}", "A".repeat(43));
    for proof in [None, Some(made_up.clone()), Some("dwa1".to_owned()), Some(String::new())] {
        let given = proof.clone().map(|proof| ("Doorward-Admitted", proof));
        let around: Vec<_> = [host(app)].into_iter().chain(given).collect();
        let answer = send(app, "GET /api/data", &around, "").await?;
        assert_eq!(answer.status, 403, "{proof:?}: {}", answer.body);
        assert!(!answer.body.contains(RUN), "{proof:?}: {}", answer.body);
    }
    // Through the gate it is of no more use: the gate makes its own.
    let with = [host(gate.address()), ("Doorward-Admitted", made_up)];
    assert_eq!(send(gate.address(), "GET /api/data", &with, "").await?.said(), (200, ""));
    gate.stop().await
}

#[tokio::test]
async fn the_fastapi_application_runs_what_came_through_the_gate_alone() -> Outcome<()> {
    let python = std::env::var_os("DOORWARD_PYTHON");
    let python = python.ok_or("DOORWARD_PYTHON names no interpreter: run `cargo xtask test`")?;
    let mut command = Command::new(python);
    command.args(["-m", "uvicorn", "fastapi_app:app", "--port", "0", "--no-access-log"]);
    command.arg("--app-dir").arg(examples()).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut app = start(&mut command)?;
    check(listening(app.stderr.take()).await?).await
}

#[tokio::test]
async fn the_axum_application_runs_what_came_through_the_gate_alone() -> Outcome<()> {
    let mut app = start(&mut Command::new(env!("CARGO_BIN_EXE_axum_app")))?;
    check(listening(app.stdout.take()).await?).await
}

#[tokio::test]
async fn the_express_application_runs_what_came_through_the_gate_alone() -> Outcome<()> {
    let packages = std::env::var_os("DOORWARD_PROVIDER_PACKAGES").map(PathBuf::from);
    let packages =
        packages.ok_or("DOORWARD_PROVIDER_PACKAGES names no folder: run `cargo xtask test`")?;
    let folder = Folder::new("express")?;
    std::os::unix::fs::symlink(packages, folder.0.join("node_modules"))?;
    folder.copy("admission.mjs", &[])?;
    // A free port, and its number said.
    let listen = "app.listen(0, \"127.0.0.1\", function () { \
                  console.log(`http://127.0.0.1:${this.address().port}`); })";
    let own = folder.copy("express.mjs", &[("app.listen(3000, \"127.0.0.1\")", listen)])?;
    let mut app = start(Command::new("node").arg(own))?;
    check(listening(app.stdout.take()).await?).await
}

/// A backend that asks nobody: it stands behind nginx.
async fn trusting_backend() -> std::io::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 8192]).await;
            let answer = format!("HTTP/1.0 200 OK\r\n\r\n{RUN}");
            // An nginx that has left hears nothing.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Ok(address)
}

#[tokio::test]
async fn the_nginx_in_front_passes_on_what_came_through_the_gate_alone() -> Outcome<()> {
    let folder = Folder::new("nginx")?;
    folder.copy("admission.js", &[])?;
    let modules = folder.0.join("modules");
    std::os::unix::fs::symlink("/usr/lib/nginx/modules", modules)?;
    // It takes no free port by itself and says nothing of it: the one that is free now.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let backend = trusting_backend().await?.to_string();
    // Its own files stand in the folder, whoever runs it.
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = paths.map(|name| format!("{name}_temp_path {name};\n")).concat();
    let http = format!("http {{\naccess_log off;\n{paths}");
    let changes = [
        ("http {", http.as_str()),
        ("127.0.0.1:3000", &address.to_string()),
        ("127.0.0.1:3001", &backend),
    ];
    let config = folder.copy("nginx.conf", &changes)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("nginx");
    command.env("PATH", format!("{path}:/usr/sbin:/sbin")).arg("-e").arg("stderr");
    command.arg("-p").arg(&folder.0).arg("-c").arg(config);
    command.args(["-g", "daemon off; master_process off; pid nginx.pid;"]);
    let mut nginx = start(&mut command)?;
    let mut said = nginx.stderr.take().ok_or("no errors")?;
    let listens = timeout(PATIENCE, async {
        while TcpStream::connect(address).await.is_err() {
            if nginx.try_wait()?.is_some() {
                let mut text = String::new();
                said.read_to_string(&mut text).await?;
                return Err(text.into());
            }
            tokio::task::yield_now().await;
        }
        Outcome::Ok(())
    });
    listens.await??;
    check(address).await
}
