//! Who is measured: how each is started on a free port, and how it is shown to do its work.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::cpu;
use super::load::HEADERS;
use crate::workspace::{binary, find_program, root};

/// How long a peer may take to answer after its start, and to end when told.
const START: Duration = Duration::from_secs(10);
const END: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(20);

const BODY: &str = r#"{"ok":true,"data":[1,2,3,4,5,6,7,8]}"#;
const FOREIGN_ORIGIN: &str = "https://evil.example";

/// A peer of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nginx,
    Haproxy,
    Doorward,
    /// Doorward with a JSON line a request, written to a file.
    DoorwardJson,
}

impl Kind {
    pub(super) const ALL: [Kind; 4] =
        [Kind::Nginx, Kind::Haproxy, Kind::Doorward, Kind::DoorwardJson];

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Nginx => "nginx",
            Kind::Haproxy => "haproxy",
            Kind::Doorward => "doorward",
            Kind::DoorwardJson => "doorward-json",
        }
    }

    pub(super) fn is_gate(self) -> bool {
        match self {
            Kind::Doorward | Kind::DoorwardJson => true,
            Kind::Nginx | Kind::Haproxy => false,
        }
    }

    fn command(self, port: u16, backend: u16, folder: &Path) -> anyhow::Result<Command> {
        let name = self.name();
        match self {
            Kind::Nginx => nginx(name, "nginx.conf.in", port, backend, folder),
            Kind::Haproxy => {
                let file = fill("haproxy.cfg.in", name, port, backend, folder)?;
                let mut command = Command::new(program("haproxy")?);
                command.arg("-db").arg("-f").arg(file);
                Ok(command)
            }
            Kind::Doorward => Ok(doorward(port, backend, "off")),
            Kind::DoorwardJson => Ok(doorward(port, backend, "json")),
        }
    }
}

fn program(name: &str) -> anyhow::Result<PathBuf> {
    find_program(name).with_context(|| format!("{name} is not installed"))
}

fn doorward(port: u16, backend: u16, log: &str) -> Command {
    let mut command = Command::new(binary("release"));
    command
        .arg("guard")
        .arg(format!("http://127.0.0.1:{backend}"))
        .args(["--listen", &format!("127.0.0.1:{port}"), "--log", log])
        .arg("--config")
        .arg(root().join("bench/doorward.toml"));
    command
}

fn nginx(
    name: &str,
    template: &str,
    port: u16,
    backend: u16,
    folder: &Path,
) -> anyhow::Result<Command> {
    let file = fill(template, name, port, backend, folder)?;
    let mut command = Command::new(program("nginx")?);
    // `-e`: before it has read its file, nginx would complain into the system's log folder.
    command.args(["-e", "stderr", "-c"]).arg(file);
    Ok(command)
}

/// Fills in a template of `bench/` and says where the result lies.
fn fill(
    template: &str,
    name: &str,
    port: u16,
    backend: u16,
    folder: &Path,
) -> anyhow::Result<PathBuf> {
    let source = root().join("bench").join(template);
    let text = std::fs::read_to_string(&source).with_context(|| source.display().to_string())?;
    let process_file = folder.join(format!("{name}.pid"));
    let text = text
        .replace("@PORT@", &port.to_string())
        .replace("@BACKEND@", &backend.to_string())
        .replace("@PID@", &process_file.display().to_string());
    let file = folder.join(format!("{name}.conf"));
    std::fs::write(&file, text)?;
    Ok(file)
}

/// A port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A started server, ended when this is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(name: &str, mut command: Command, port: u16, folder: &Path) -> anyhow::Result<Server> {
        let errors = folder.join(format!("{name}.stderr"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(folder.join(format!("{name}.stdout")))?)
            .stderr(File::create(&errors)?)
            .spawn()
            .with_context(|| format!("{name} does not start"))?;
        let mut server = Server { child, port };
        let begin = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = server.child.try_wait()?;
            if ended.is_some() || begin.elapsed() > START {
                let said = std::fs::read_to_string(&errors).unwrap_or_default();
                bail!("{name} does not listen on port {port} ({ended:?}): {}", said.trim());
            }
            std::thread::sleep(POLL);
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A terminated nginx or gate ends its own workers; a killed one would leave them.
        let signalled = Command::new("kill").arg(self.child.id().to_string()).status();
        let begin = Instant::now();
        while signalled.is_ok() && begin.elapsed() < END {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(POLL);
        }
        if self.child.kill().is_ok() && self.child.wait().is_ok() {
            eprintln!("the server on port {} had to be killed", self.port);
        }
    }
}

/// The server that all peers stand before.
pub(super) struct Backend(Server);

impl Backend {
    pub(super) fn start(folder: &Path) -> anyhow::Result<Backend> {
        let port = free_port()?;
        let command = nginx("backend", "backend.conf.in", port, port, folder)?;
        Ok(Backend(Server::start("backend", command, port, folder)?))
    }
}

/// A started peer.
pub(super) struct Peer {
    pub(super) kind: Kind,
    server: Server,
}

impl Peer {
    pub(super) fn start(kind: Kind, backend: &Backend, folder: &Path) -> anyhow::Result<Peer> {
        let port = free_port()?;
        let command = kind.command(port, backend.0.port, folder)?;
        Ok(Peer { kind, server: Server::start(kind.name(), command, port, folder)? })
    }

    pub(super) fn port(&self) -> u16 {
        self.server.port
    }

    /// The peer's processes: the one that was started and all below it.
    pub(super) fn processes(&self) -> Vec<u32> {
        cpu::tree(self.server.child.id())
    }

    /// The backend answers the load's request; the gate refuses the same from a foreign page.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let good = self.ask(None)?;
        ensure!(good.starts_with("HTTP/1.1 200"), "the load's request is answered with\n{good}");
        ensure!(good.ends_with(BODY), "the body is not the backend's:\n{good}");
        let foreign = self.ask(Some(FOREIGN_ORIGIN))?;
        let status = if self.kind.is_gate() { "HTTP/1.1 403" } else { "HTTP/1.1 200" };
        ensure!(foreign.starts_with(status), "a foreign page's is answered with\n{foreign}");
        Ok(())
    }

    fn ask(&self, origin: Option<&str>) -> anyhow::Result<String> {
        let port = self.port();
        let mut request = format!("GET /api/data HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
        for (name, value) in HEADERS {
            let other = origin.filter(|_| *name == "Origin");
            request += &format!("{name}: {}\r\n", other.unwrap_or(value));
        }
        request += "Connection: close\r\n\r\n";
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(START))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}
