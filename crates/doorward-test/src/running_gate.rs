//! The gate as its users run it: the program `doorward guard`, its words and its log.

use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{env, error::Error, fs, io};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// How long the gate may take to say anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What goes wrong with a process is told in words.
type Failure = Box<dyn Error + Send + Sync>;

/// How a gate is started.
#[derive(Clone, Copy, Debug, Default)]
pub struct GateOptions<'a> {
    /// The backend, such as `http://127.0.0.1:3000`.
    pub upstream: &'a str,
    /// The allowed origins.
    pub origins: &'a [&'a str],
    /// The text of a configuration file. Passes are off unless it says otherwise.
    pub config: &'a str,
    /// Further arguments.
    pub arguments: &'a [&'a str],
}

/// One line of the gate's log: one request.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// Why it was refused, such as `site/cross-site`; `None` when it was admitted.
    pub code: Option<String>,
    /// The status that the client got.
    pub status: u16,
    /// The method as it was sent.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The request's id.
    pub id: String,
    /// The whole line.
    pub whole: Value,
}

/// A running gate on a free port of 127.0.0.1. Dropping it sends SIGTERM.
pub struct RunningGate {
    child: Child,
    address: SocketAddr,
    config: PathBuf,
    /// The log, a line a request, in the order in which the gate wrote it.
    pub log: mpsc::UnboundedReceiver<LogLine>,
    /// What the gate says on stderr after it listens, line by line.
    pub talk: mpsc::UnboundedReceiver<String>,
    /// Lines that were read while another was looked for.
    passed_over: VecDeque<LogLine>,
}

impl RunningGate {
    /// Starts the program and waits until it listens.
    ///
    /// The program is `DOORWARD_BIN` where that is set, else `doorward` of the same build.
    ///
    /// # Errors
    ///
    /// When there is no such program, or it ends before it listens: with everything it said.
    pub async fn start(options: GateOptions<'_>) -> Result<Self, Failure> {
        let program = program()?;
        let mut command = Command::new(&program);
        command.args(["guard", options.upstream, "--listen", "127.0.0.1:0", "--log", "json"]);
        for origin in options.origins {
            command.args(["--origin", origin]);
        }
        let config = written(options.config)?;
        command.arg("--config").arg(&config).args(options.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", program.display()))?;
        let stdout = child.stdout.take().ok_or("the gate has no stdout")?;
        let stderr = child.stderr.take().ok_or("the gate has no stderr")?;
        let (log, talk) = (lines(stdout, |line| log_line(&line)), lines(stderr, Some));
        // From here on `Drop` ends the process and removes the file.
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let passed_over = VecDeque::new();
        let mut gate = Self { child, address, config, log, talk, passed_over };
        gate.address = gate.listening().await?;
        Ok(gate)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// The first log line, not yet handed out, of a request with this method and path; waits for
    /// it. Lines before it are kept for later calls.
    ///
    /// # Errors
    ///
    /// When it does not come.
    pub async fn logged(&mut self, method: &str, path: &str) -> Result<LogLine, Failure> {
        let wanted = |line: &LogLine| line.method == method && line.path == path;
        if let Some(index) = self.passed_over.iter().position(wanted)
            && let Some(line) = self.passed_over.remove(index)
        {
            return Ok(line);
        }
        let search = async {
            while let Some(line) = self.log.recv().await {
                if wanted(&line) {
                    return Ok(line);
                }
                self.passed_over.push_back(line);
            }
            Err(())
        };
        match tokio::time::timeout(PATIENCE, search).await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(())) => Err(format!("the gate ended before it logged {method} {path}").into()),
            Err(_) => {
                let seen = &self.passed_over;
                Err(format!("the gate did not log {method} {path}; it logged {seen:?}").into())
            }
        }
    }

    /// The lines that were passed over by [`Self::logged`], in the order in which the gate wrote
    /// them.
    pub fn passed_over(&self) -> impl Iterator<Item = &LogLine> {
        self.passed_over.iter()
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// # Errors
    ///
    /// When it does not end in time, or not with success.
    pub async fn stop(mut self) -> Result<(), Failure> {
        self.terminate()?;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.map_err(|_| "the gate does not end on SIGTERM")??;
        if status.success() { Ok(()) } else { Err(format!("the gate ended with {status}").into()) }
    }

    async fn listening(&mut self) -> Result<SocketAddr, Failure> {
        let mut said = Vec::new();
        let search = async {
            while let Some(line) = self.talk.recv().await {
                if let Some(address) = address(&line) {
                    return Some(address);
                }
                said.push(line);
            }
            None
        };
        let found = tokio::time::timeout(PATIENCE, search).await.ok().flatten();
        found.ok_or_else(|| format!("the gate does not listen; it said {said:?}").into())
    }

    fn terminate(&self) -> io::Result<()> {
        let Some(id) = self.child.id() else { return Ok(()) };
        std::process::Command::new("kill").arg("-TERM").arg(id.to_string()).status()?;
        Ok(())
    }
}

impl Drop for RunningGate {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; the file is in the system's folder for such files.
        let _ = self.terminate();
        let _ = fs::remove_file(&self.config);
    }
}

/// The program under test: `DOORWARD_BIN` where that is set, else `doorward` of the same build.
///
/// # Errors
/// When there is no such program.
pub fn program() -> Result<PathBuf, Failure> {
    if let Some(path) = env::var_os("DOORWARD_BIN") {
        return Ok(PathBuf::from(path));
    }
    // A test runs as <target>/<profile>/deps/<name>.
    let own = env::current_exe()?;
    let profile = own.parent().and_then(|deps| deps.parent()).ok_or("no target folder")?;
    let path = profile.join("doorward");
    if !path.exists() {
        let path = path.display();
        return Err(format!("{path} is not built; build it or set DOORWARD_BIN").into());
    }
    Ok(path)
}

fn written(config: &str) -> io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let off = match config.contains("[layers.pass]") {
        true => "",
        false => "[layers.pass]\nmode = \"off\"\n",
    };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("doorward-test-{}-{number}.toml", std::process::id());
    let path = env::temp_dir().join(name);
    fs::write(&path, format!("{config}\n{off}"))?;
    Ok(path)
}

/// Reads lines in a task of its own, so that the gate never waits for its reader.
fn lines<T: Send + 'static>(
    from: impl AsyncRead + Send + Unpin + 'static,
    read: impl Fn(String) -> Option<T> + Send + 'static,
) -> mpsc::UnboundedReceiver<T> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut lines = BufReader::new(from).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            // A receiver that is gone hears nothing; the gate's pipe is read on all the same.
            let _ = read(line).map(|item| sender.send(item));
        }
    });
    receiver
}

fn log_line(line: &str) -> Option<LogLine> {
    let whole: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| whole[name].as_str().map(str::to_owned);
    Some(LogLine {
        code: text("code"),
        status: whole["status"].as_u64().and_then(|status| u16::try_from(status).ok())?,
        method: text("method")?,
        path: text("path")?,
        id: text("id").unwrap_or_default(),
        whole,
    })
}

fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on http://")?;
    let end = rest.find(|c: char| c.is_whitespace() || c == '/' || c == ',').unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{address, log_line};

    #[test]
    fn addresses_are_found_in_words() {
        let rows = [
            ("listening on http://127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("  listening on http://127.0.0.1:8080/ (trying out)", Some("127.0.0.1:8080")),
            ("listening on http://[::1]:80, profile public", Some("[::1]:80")),
            ("guards http://127.0.0.1:3000", None),
        ];
        for (line, want) in rows {
            assert_eq!(address(line), want.map(|want| want.parse().expect("an address")), "{line}");
        }
    }

    #[test]
    fn log_lines_are_read() {
        let text = r#"{"code":"site/cross-site","status":403,"method":"GET","path":"/","id":"1"}"#;
        let line = log_line(text).expect("a line");
        assert_eq!((line.code.as_deref(), line.status), (Some("site/cross-site"), 403));
        let text = r#"{"code":null,"status":200,"method":"GET","path":"/","id":"1"}"#;
        assert_eq!(log_line(text).expect("a line").code, None);
        assert_eq!(log_line("no JSON"), None);
    }
}
