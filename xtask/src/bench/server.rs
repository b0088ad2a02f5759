//! A started server, ended when it is dropped.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::kind::{Place, fill, nginx, program};

/// How long a peer may take to listen after its start, and to end when told.
const START: Duration = Duration::from_secs(10);
const END: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(20);

/// A server's process.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
}

impl Server {
    /// Starts it and waits until it listens.
    pub(super) fn start(
        name: &str,
        mut command: Command,
        port: u16,
        folder: &Path,
    ) -> anyhow::Result<Server> {
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

    /// The id of the process that was started.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
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

/// Starts a store that gates share. Its own CPU is not the gate's, and is not counted as such.
pub(super) fn store(folder: &Path) -> anyhow::Result<Server> {
    let port = free_port()?;
    let mut command = Command::new(program("redis-server")?);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--appendonly", "no", "--dir"]).arg(folder);
    Server::start("store", command, port, folder)
}

/// Starts the server that all peers stand before.
pub(super) fn backend(folder: &Path) -> anyhow::Result<Server> {
    let port = free_port()?;
    let place = Place { port, admin: port, backend: port, store: 0, folder };
    let file = fill("backend.conf.in", "backend", place, &[])?;
    Server::start("backend", nginx(&file)?, port, folder)
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
