//! Each product, started with a text: the faulty one, or the file that mends it.

use crate::applications::{self, Parts};
use crate::rows::Row;
use crate::tls::Front;
use crate::{APP, Outcome, faults};
use doorward_probe::fixes::{Product, mend};
use doorward_test::running_gate::{GateOptions, RunningGate};
use std::any::Any;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

/// How long a product may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where the files say that they listen, and that the application is.
const LISTEN: &str = "127.0.0.1:8080";
const UPSTREAM: &str = "127.0.0.1:3000";
/// The name that a gate's file has for itself.
const EXTERNAL: &str = "api.example";

/// Something that listens. It ends when it is dropped, or with its test.
struct Started {
    address: SocketAddr,
    kept: Vec<Box<dyn Any + Send>>,
}

/// The same behind TLS.
pub(crate) struct Running {
    /// Where it listens itself.
    pub(crate) plain: SocketAddr,
    /// Where it is called by https.
    pub(crate) front: SocketAddr,
    /// What trusts it.
    pub(crate) client: Arc<ClientConfig>,
    _kept: Vec<Box<dyn Any + Send>>,
}

/// A folder of a product's own.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // It lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn new() -> std::io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = format!("doorward-fixes-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(path);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn write(&self, name: &str, text: &str) -> std::io::Result<PathBuf> {
        let path = self.0.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

impl Running {
    /// A product with the fault of a row. What is faulty without a gate is the application.
    pub(crate) async fn faulty(row: &Row, product: Product) -> Outcome<Self> {
        let check = row.checks[0];
        let parts = || faults::faulty(check).ok_or_else(|| format!("no fault for {check}"));
        let text = || {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults").join(check);
            let path = path.join(product.file_name());
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let front = Front::new().await?;
        let started = match product {
            Product::Doorward | Product::TowerHttp => axum(parts()?).await?,
            Product::Nginx | Product::Caddy if row.is_of_applications => axum(parts()?).await?,
            Product::Nginx | Product::Caddy => {
                in_front(product, &text()?, Parts::default(), &front).await?
            }
            Product::Express => express(&text()?).await?,
            Product::FastApi => fastapi(&text()?).await?,
        };
        Ok(started.behind(front))
    }

    /// The same with the file that mends it. What stands in front mends a faulty application.
    pub(crate) async fn mended(row: &Row, product: Product, file: &str) -> Outcome<Self> {
        let check = row.checks[0];
        let id = mend(check).ok_or("no mend")?.id;
        let front = Front::new().await?;
        let started = match product {
            Product::Doorward | Product::Nginx | Product::Caddy => {
                let parts = faults::faulty(check).ok_or_else(|| format!("no fault for {check}"))?;
                let file = file.replace(APP, row.origins[0]);
                in_front(product, &file, parts, &front).await?
            }
            Product::TowerHttp => {
                axum(applications::mended(id).ok_or_else(|| format!("no part {id}"))?).await?
            }
            Product::Express => express(&named(file, &front)).await?,
            Product::FastApi => fastapi(&named(file, &front)).await?,
        };
        Ok(started.behind(front))
    }
}

/// A file whose API is the one here.
fn named(file: &str, front: &Front) -> String {
    file.replace(EXTERNAL, &front.address.to_string())
}

impl Started {
    fn behind(self, front: Front) -> Running {
        let (address, client) = (front.address, front.client.clone());
        front.pass_on(self.address);
        Running { plain: self.address, front: address, client, _kept: self.kept }
    }
}

async fn axum(parts: Parts) -> Outcome<Started> {
    Ok(Started { address: applications::serve(parts).await?, kept: Vec::new() })
}

async fn in_front(product: Product, text: &str, parts: Parts, front: &Front) -> Outcome<Started> {
    let upstream = applications::serve(parts).await?.to_string();
    let text = named(text, front).replace(UPSTREAM, &upstream);
    match product {
        Product::Doorward => doorward(&text, &upstream).await,
        Product::Nginx => nginx(&text).await,
        Product::Caddy => caddy(&text).await,
        Product::Express | Product::FastApi | Product::TowerHttp => {
            Err("it stands in front of nothing".into())
        }
    }
}

async fn express(part: &str) -> Outcome<Started> {
    let packages = std::env::var_os("DOORWARD_PROVIDER_PACKAGES").map(PathBuf::from);
    let packages =
        packages.ok_or("DOORWARD_PROVIDER_PACKAGES names no folder: run `cargo xtask test`")?;
    let folder = Folder::new()?;
    std::os::unix::fs::symlink(packages, folder.0.join("node_modules"))?;
    folder.write("part.mjs", part)?;
    let app = folder.write("app.mjs", include_str!("../../scripts/fixes-app.mjs"))?;
    let mut child = start(Command::new("node").arg(app))?;
    let address = said(child.stdout.take(), child.stderr.take()).await?;
    Ok(Started { address, kept: vec![Box::new(child), Box::new(folder)] })
}

async fn fastapi(part: &str) -> Outcome<Started> {
    let folder = Folder::new()?;
    folder.write("part.py", part)?;
    folder.write("fixes_app.py", include_str!("../../scripts/fixes_app.py"))?;
    let mut command = Command::new(python()?);
    command.args(["-m", "uvicorn", "fixes_app:app", "--port", "0", "--no-access-log"]);
    command.arg("--app-dir").arg(&folder.0).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut child = start(&mut command)?;
    let address = said(child.stderr.take(), child.stdout.take()).await?;
    Ok(Started { address, kept: vec![Box::new(child), Box::new(folder)] })
}

/// The interpreter; Caddy stands beside it.
fn python() -> Outcome<PathBuf> {
    let python = std::env::var_os("DOORWARD_PYTHON").map(PathBuf::from);
    Ok(python.ok_or("DOORWARD_PYTHON names no interpreter: run `cargo xtask test`")?)
}

async fn doorward(text: &str, upstream: &str) -> Outcome<Started> {
    let upstream = format!("http://{upstream}");
    let options = GateOptions { upstream: &upstream, config: text, ..GateOptions::default() };
    let gate = RunningGate::start(options).await?;
    Ok(Started { address: gate.address(), kept: vec![Box::new(gate)] })
}

async fn nginx(text: &str) -> Outcome<Started> {
    let folder = Folder::new()?;
    let address = free()?;
    let text = text.replace(LISTEN, &address.to_string());
    // Its own files stand in the folder, whoever runs it.
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = paths.map(|name| format!("{name}_temp_path {name};\n")).concat();
    let whole = format!("events {{}}\nhttp {{\naccess_log off;\n{paths}{text}}}\n");
    let config = folder.write("nginx.conf", &whole)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("nginx");
    command.env("PATH", format!("{path}:/usr/sbin:/sbin")).arg("-e").arg("stderr");
    command.arg("-p").arg(&folder.0).arg("-c").arg(config);
    command.args(["-g", "daemon off; master_process off; pid nginx.pid;"]);
    listening(&mut command, address, folder).await
}

async fn caddy(text: &str) -> Outcome<Started> {
    let folder = Folder::new()?;
    let address = free()?;
    let text = text.replace(LISTEN, &address.to_string());
    // It keeps nothing, asks nobody for certificates, and has no listener of its own.
    let global = "{\n\tadmin off\n\tauto_https off\n\tpersist_config off\n}\n";
    let config = folder.write("Caddyfile", &format!("{global}{text}"))?;
    let mut command = Command::new(python()?.with_file_name("caddy"));
    command.arg("run").arg("--config").arg(config).args(["--adapter", "caddyfile"]);
    command.env("XDG_DATA_HOME", &folder.0).env("XDG_CONFIG_HOME", &folder.0);
    listening(&mut command, address, folder).await
}

/// Neither takes a free port by itself and says which: the one that is free now.
fn free() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn start(command: &mut Command) -> Outcome<Child> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    command.kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|error| format!("{program} does not start: {error}").into())
}

/// Waits until somebody listens there, or the process ends.
async fn listening(command: &mut Command, address: SocketAddr, folder: Folder) -> Outcome<Started> {
    let mut child = start(command)?;
    let mut stderr = child.stderr.take().ok_or("no errors")?;
    let listens = timeout(PATIENCE, async {
        while TcpStream::connect(address).await.is_err() {
            if child.try_wait()?.is_some() {
                let mut text = String::new();
                stderr.read_to_string(&mut text).await?;
                return Err(text.into());
            }
            tokio::task::yield_now().await;
        }
        Outcome::Ok(())
    });
    listens.await??;
    drop_later(stderr);
    Ok(Started { address, kept: vec![Box::new(child), Box::new(folder)] })
}

/// The address that an application says it listens on; what it says later is read and dropped.
async fn said(
    from: Option<impl AsyncRead + Send + Unpin + 'static>,
    other: Option<impl AsyncRead + Send + Unpin + 'static>,
) -> Outcome<SocketAddr> {
    let mut lines = BufReader::new(from.ok_or("no output")?).lines();
    let mut other = other.ok_or("no output")?;
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
    let Some(address) = timeout(PATIENCE, search).await.ok().flatten() else {
        let mut text = String::new();
        other.read_to_string(&mut text).await?;
        return Err(format!("it does not listen; it said {heard:?} {text}").into());
    };
    drop_later(lines.into_inner());
    drop_later(other);
    Ok(address)
}

/// Reads and drops, so that nobody waits for a reader.
fn drop_later(mut from: impl AsyncRead + Send + Unpin + 'static) {
    tokio::spawn(async move { tokio::io::copy(&mut from, &mut tokio::io::sink()).await });
}
