//! A real Express application with the middlewares that most have, on a free port of 127.0.0.1:
//! `scripts/express-app.mjs`.

use serde_json::{Value, json};
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// How long the application may take to say anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What goes wrong with a process is told in words.
type Failure = Box<dyn Error + Send + Sync>;

/// A running application. Dropping it ends it.
pub struct ExpressApp {
    address: SocketAddr,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

/// What came to an application, and what it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// A method and a path each, as in `POST /login`.
    pub requests: Vec<String>,
    /// Its orders, as JSON.
    pub orders: Vec<Value>,
}

impl ExpressApp {
    /// Starts it with the middlewares that it keeps (`cors`, `csrf`, `limit`, `cookie`), and waits
    /// until it listens. With a key it runs only what carries a gate's proof.
    ///
    /// # Errors
    ///
    /// When there is no node, no folder of packages, or it ends before it listens.
    pub async fn start(kept: &[&str], admission_key: Option<&str>) -> Result<Self, Failure> {
        Self::start_with(kept, admission_key, None).await
    }

    /// The same, whose sessions stand in the Redis at that socket.
    ///
    /// # Errors
    ///
    /// When there is no node, no folder of packages, or it ends before it listens.
    pub async fn start_with(
        kept: &[&str],
        admission_key: Option<&str>,
        redis: Option<&Path>,
    ) -> Result<Self, Failure> {
        let packages = std::env::var_os("DOORWARD_PROVIDER_PACKAGES").map(PathBuf::from);
        let packages =
            packages.ok_or("DOORWARD_PROVIDER_PACKAGES names no folder: run `cargo xtask test`")?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/express-app.mjs");
        let mut command = Command::new("node");
        command.arg(script).arg(packages).arg(kept.join(",")).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env_remove("DOORWARD_ADMISSION_KEY").env_remove("DOORWARD_GATE_ID");
        command.envs(admission_key.map(|key| ("DOORWARD_ADMISSION_KEY", key)));
        command.env_remove("REDIS_SOCKET").envs(redis.map(|path| ("REDIS_SOCKET", path)));
        let mut child = command.spawn().map_err(|error| format!("node does not start: {error}"))?;
        let to = child.stdin.take().ok_or("the application has no stdin")?;
        let stdout = child.stdout.take().ok_or("the application has no stdout")?;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let from = BufReader::new(stdout).lines();
        let mut app = Self { address, to, from, _child: child };
        let said = app.hear().await?;
        let port = said["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        app.address.set_port(port.ok_or("it says no port")?);
        Ok(app)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has come to it so far.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub async fn reached(&mut self) -> Result<Reached, Failure> {
        self.to.write_all(format!("{}\n", json!({})).as_bytes()).await?;
        let said = self.hear().await?;
        let list = |name: &str| said[name].as_array().cloned().unwrap_or_default();
        let text = |line: &Value| line.as_str().unwrap_or_default().to_owned();
        let requests = list("reached").iter().map(text).collect();
        Ok(Reached { requests, orders: list("orders") })
    }

    async fn hear(&mut self) -> Result<Value, Failure> {
        let line = tokio::time::timeout(PATIENCE, self.from.next_line()).await;
        let line = line.map_err(|_| "the application says nothing")??;
        Ok(serde_json::from_str(&line.ok_or("the application has ended")?)?)
    }
}
