//! The program as it runs for days: files that change, SIGHUP, SIGTERM.

use doorward_test::running_gate::program;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{env, fs, process, thread};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How long the gate may take to say or answer anything.
const PATIENCE: Duration = Duration::from_secs(30);
const READ_AGAIN: &str = "the configuration was read again";
const AS_BEFORE: &str = "the gate goes on as before";

/// A running gate with a folder of its own.
struct Gate {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
    talk: Receiver<String>,
}

impl Gate {
    fn start(config: &str, files: &[(&str, &str)]) -> Outcome<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("doorward-reload-{}-{number}", process::id()));
        fs::create_dir_all(&folder)?;
        let config = without_passes(config);
        for (name, text) in [&[("gate.toml", config.as_str())], files].concat() {
            fs::write(folder.join(name), text)?;
        }
        let mut child = Command::new(program()?)
            .args(["guard", "--listen", "127.0.0.1:0", "--log", "off", "--config"])
            .arg(folder.join("gate.toml"))
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = BufReader::new(child.stderr.take().ok_or("no stderr")?);
        let (tell, talk) = channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut gate = Self { child, folder, address, talk };
        let line = gate.says("listening on http://")?;
        let (_, address) = line.rsplit_once("http://").ok_or("no address")?;
        gate.address = address.parse()?;
        Ok(gate)
    }

    /// Waits for a line with these words.
    fn says(&self, words: &str) -> Outcome<String> {
        let mut heard = String::new();
        loop {
            let line = self.talk.recv_timeout(PATIENCE);
            let line = line.map_err(|error| format!("{error}: no {words:?} in\n{heard}"))?;
            if line.contains(words) {
                return Ok(line);
            }
            heard.push_str(&line);
            heard.push('\n');
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn tell(&self, signal: &str) -> Outcome<()> {
        let told = Command::new("kill").args([signal, &self.child.id().to_string()]).status()?;
        if told.success() { Ok(()) } else { Err("the signal was not sent".into()) }
    }

    fn ask(&self, method: &str, header: &str) -> Outcome<String> {
        ask(self.address, method, header)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The whole answer to a request for `/a`.
fn ask(address: SocketAddr, method: &str, header: &str) -> Outcome<String> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let head = format!("{method} /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}");
    socket.write_all(format!("{head}\r\n").as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A backend that answers `ok` once it is let, for each request; it tells when it has one.
fn backend(lets: impl Fn() + Send + 'static) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            let Ok(copy) = socket.try_clone() else { return };
            let mut lines = BufReader::new(copy).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            lets();
            let _ = socket
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        }
    });
    Ok(address)
}

fn config(backend: SocketAddr, methods: &str) -> String {
    format!(
        "upstream = \"http://{backend}\"\n[[route]]\npath = \"/a\"\nmethods = [\"{methods}\"]\n"
    )
}

/// A reload is not about who pays.
fn without_passes(config: &str) -> String {
    format!("{config}\n[layers.pass]\nmode = \"off\"\n")
}

/// Puts a file in place of another at once, as editors and deployments do.
fn replace(path: &Path, text: &str) -> Outcome<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, text)?;
    Ok(fs::rename(beside, path)?)
}

#[test]
fn a_changed_file_is_served_and_a_bad_one_changes_nothing() -> Outcome<()> {
    let backend = backend(|| {})?;
    let gate = Gate::start(&config(backend, "GET"), &[])?;
    assert!(gate.ask("GET", "")?.starts_with("HTTP/1.1 200"));
    assert!(gate.ask("POST", "")?.contains("method/not-declared"));
    replace(&gate.path("gate.toml"), &without_passes(&config(backend, "POST")))?;
    gate.says(READ_AGAIN)?;
    assert!(gate.ask("GET", "")?.contains("method/not-declared"));
    assert!(gate.ask("POST", "")?.starts_with("HTTP/1.1 200"));
    // Without a change only the signal makes it read.
    gate.tell("-HUP")?;
    gate.says(READ_AGAIN)?;
    replace(&gate.path("gate.toml"), "upstream = 3\nno_such_key = true\n")?;
    gate.says("no_such_key")?;
    gate.says(AS_BEFORE)?;
    assert!(gate.ask("POST", "")?.starts_with("HTTP/1.1 200"));
    assert!(gate.ask("GET", "")?.contains("method/not-declared"));
    replace(&gate.path("gate.toml"), &without_passes(&config(backend, "GET")))?;
    gate.says(READ_AGAIN)?;
    assert!(gate.ask("GET", "")?.starts_with("HTTP/1.1 200"));
    Ok(())
}

#[test]
fn a_revoked_key_is_refused_and_a_list_that_is_gone_changes_nothing() -> Outcome<()> {
    let backend = backend(|| {})?;
    let config = format!(
        "profile = \"authenticated\"\nupstream = \"http://{backend}\"\n[layers.identity]\n\
         keys = {{ header = \"x-api-key\", file = \"keys.toml\" }}\n"
    );
    let gate = Gate::start(&config, &[])?;
    let key = |arguments: &[&str]| -> Outcome<String> {
        let mut command = Command::new(program()?);
        let out = command.arg("key").args(arguments).arg("--file").arg(gate.path("keys.toml"));
        Ok(String::from_utf8(out.output()?.stdout)?.trim().to_owned())
    };
    let (one, other) = (key(&["create", "one"])?, key(&["create", "other"])?);
    gate.says(READ_AGAIN)?;
    let (one, other) = (format!("X-Api-Key: {one}\r\n"), format!("X-Api-Key: {other}\r\n"));
    gate.tell("-HUP")?;
    gate.says(READ_AGAIN)?;
    assert!(gate.ask("GET", &one)?.starts_with("HTTP/1.1 200"));
    key(&["revoke", "one"])?;
    gate.says(READ_AGAIN)?;
    assert!(gate.ask("GET", &one)?.contains("identity/key-revoked"));
    assert!(gate.ask("GET", &other)?.starts_with("HTTP/1.1 200"));
    fs::remove_file(gate.path("keys.toml"))?;
    gate.says("was there, and is gone")?;
    gate.says(AS_BEFORE)?;
    assert!(gate.ask("GET", &one)?.contains("identity/key-revoked"));
    assert!(gate.ask("GET", &other)?.starts_with("HTTP/1.1 200"));
    Ok(())
}

#[test]
fn a_request_in_flight_is_answered_before_the_signal_ends_the_gate() -> Outcome<()> {
    let (arrived, has_arrived) = channel();
    let (let_go, is_let_go) = channel::<()>();
    let backend = backend(move || {
        let _ = arrived.send(());
        let _ = is_let_go.recv_timeout(PATIENCE);
    })?;
    let mut gate = Gate::start(&config(backend, "POST"), &[])?;
    let address = gate.address;
    let asking = thread::spawn(move || ask(address, "POST", ""));
    has_arrived.recv_timeout(PATIENCE)?;
    gate.tell("-TERM")?;
    // Only when nobody is let in any more.
    while TcpStream::connect(address).is_ok() {}
    let_go.send(())?;
    let answer = asking.join().map_err(|_| "the client panicked")??;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
    assert_eq!(gate.child.wait()?.code(), Some(0));
    Ok(())
}
