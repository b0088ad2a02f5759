//! Keys of the program's own: files that change while it runs, and all that it ever says.

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

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Outcome<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("doorward-keys-{}-{number}", process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Puts a file in place of another at once, as deployments do.
    fn put(&self, name: &str, bytes: &[u8]) -> Outcome<()> {
        let beside = self.0.join(format!("{name}.new"));
        fs::write(&beside, bytes)?;
        Ok(fs::rename(beside, self.0.join(name))?)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running gate, and every line that it says on either output.
struct Gate {
    child: Child,
    address: SocketAddr,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Gate {
    fn start(arguments: &[&str]) -> Outcome<Self> {
        let mut child = Command::new(program()?)
            .args(["guard", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (tell, lines) = channel();
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let stderr = child.stderr.take().ok_or("no stderr")?;
        let outputs: [Box<dyn Read + Send>; 2] = [Box::new(stdout), Box::new(stderr)];
        for output in outputs {
            let tell = tell.clone();
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = tell.send(line);
                }
            });
        }
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut gate = Self { child, address, lines, heard: Vec::new() };
        gate.address = address_in(&gate.says("listening on http://")?)?;
        Ok(gate)
    }

    /// Waits for a line with these words.
    fn says(&mut self, words: &str) -> Outcome<String> {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.map_err(|_| format!("no {words:?} in\n{}", self.heard.join("\n")))?;
            self.heard.push(line.clone());
            if line.contains(words) {
                return Ok(line);
            }
        }
    }

    /// How many lines with these words were heard since this was asked for the last time.
    fn forget(&mut self, words: &str) -> usize {
        let heard = std::mem::take(&mut self.heard);
        heard.iter().filter(|line| line.contains(words)).count()
    }

    fn ask(&self, method: &str, target: &str) -> Outcome<String> {
        ask(self.address, method, target, "localhost", "")
    }

    fn tell(&self, signal: &str) -> Outcome<()> {
        let told = Command::new("kill").args([signal, &self.child.id().to_string()]).status()?;
        if told.success() { Ok(()) } else { Err("the signal was not sent".into()) }
    }

    /// Ends it, and gives all that it has said.
    fn finish(mut self) -> Outcome<String> {
        self.tell("-TERM")?;
        self.child.wait()?;
        self.heard.extend(self.lines.iter());
        Ok(std::mem::take(&mut self.heard).join("\n"))
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address behind the scheme in a line.
fn address_in(line: &str) -> Outcome<SocketAddr> {
    let (_, rest) = line.split_once("http://").ok_or("no address")?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || ".:".contains(c)));
    Ok(rest[..end.unwrap_or(rest.len())].parse()?)
}

/// The whole answer to a request.
fn ask(
    address: SocketAddr,
    method: &str,
    target: &str,
    host: &str,
    header: &str,
) -> Outcome<String> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    socket.write_all(format!("{head}{header}\r\n").as_bytes())?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// A backend that repeats the head of each request in its answer, and tells it to the test. What it
/// does otherwise, its path says.
fn backend() -> Outcome<(SocketAddr, Receiver<String>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (tell, heads) = channel();
    thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            let Ok(copy) = socket.try_clone() else { return };
            let mut head = String::new();
            for line in BufReader::new(copy).lines().map_while(Result::ok) {
                if line.is_empty() {
                    break;
                }
                head.push_str(&line);
                head.push('\n');
            }
            let _ = tell.send(head.clone());
            let path = head.split(['?', ' ']).nth(1).unwrap_or_default();
            let first = match path {
                "/v1/broken" => continue,
                "/v1/packed" => "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n",
                _ => "HTTP/1.1 200 OK\r\n",
            };
            let length = head.len();
            let _ = write!(
                socket,
                "{first}X-Echo: {}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{head}",
                head.lines().next().unwrap_or_default(),
            );
        }
    });
    Ok((address, heads))
}

fn config_of(backend: SocketAddr, folder: &Folder) -> Outcome<PathBuf> {
    let text = format!(
        "upstream = \"http://{backend}\"\n\
         [layers.pass]\nmode = \"off\"\n\
         [[layers.credential.add]]\n\
         name = \"paid\"\nheader = \"authorization\"\nvalue = \"Bearer file:paid.key\"\n\
         [[route]]\npath = \"/v1/chat\"\nmethods = [\"GET\"]\ncredential = [\"paid\"]\n\
         insecure_open_credential = true\n"
    );
    folder.put("gate.toml", text.as_bytes())?;
    Ok(folder.path("gate.toml"))
}

fn text(path: &Path) -> Outcome<&str> {
    Ok(path.to_str().ok_or("a path of other letters")?)
}

#[test]
fn a_changed_key_is_used_and_a_bad_one_changes_nothing() -> Outcome<()> {
    let (backend, heads) = backend()?;
    let folder = Folder::new()?;
    folder.put("paid.key", b"first-key-0123456789\n")?;
    let config = config_of(backend, &folder)?;
    let mut gate = Gate::start(&["--log", "json", "--config", text(&config)?])?;
    let sends = |gate: &Gate, key: &str| -> Outcome<()> {
        assert!(gate.ask("GET", "/v1/chat")?.starts_with("HTTP/1.1 200"));
        let head = heads.recv_timeout(PATIENCE)?.to_ascii_lowercase();
        assert!(head.contains(&format!("authorization: bearer {key}\n")), "{key}: {head}");
        Ok(())
    };
    sends(&gate, "first-key-0123456789")?;
    folder.put("paid.key", b"second-key-0123456789")?;
    gate.says(READ_AGAIN)?;
    sends(&gate, "second-key-0123456789")?;
    fs::remove_file(folder.path("paid.key"))?;
    gate.says("cannot be read")?;
    gate.says(AS_BEFORE)?;
    sends(&gate, "second-key-0123456789")?;
    gate.forget("");
    for (bytes, what) in [
        (&b""[..], "is empty"),
        (b"\n\n", "is empty"),
        (b"third-key-\n0123456789", "cannot stand in a header"),
        (b"third-key-\r0123456789", "cannot stand in a header"),
        (b"third-key-\0-0123456789", "cannot stand in a header"),
        (b"third-key-\xff-0123456789", "cannot stand in a header"),
        (b"third-key-0123456789 ", "cannot stand in a header"),
        (b"short", "told from other words"),
    ] {
        folder.put("paid.key", bytes)?;
        // At once; a look finds it too, as it did the first.
        gate.tell("-HUP")?;
        gate.says(what)?;
        gate.says(AS_BEFORE)?;
        sends(&gate, "second-key-0123456789")?;
        assert_eq!(gate.forget(AS_BEFORE), 1, "said when it is found, and not again: {what}");
    }
    folder.put("paid.key", b"fourth-key-0123456789")?;
    gate.says(READ_AGAIN)?;
    sends(&gate, "fourth-key-0123456789")?;
    let said = gate.finish()?;
    assert!(!said.contains("0123456789"), "{said}");
    Ok(())
}

#[test]
fn at_the_start_a_bad_key_is_an_error() -> Outcome<()> {
    let (backend, _) = backend()?;
    let folder = Folder::new()?;
    let config = config_of(backend, &folder)?;
    for (bytes, what) in [
        (None, "cannot be read"),
        (Some(&b"\n"[..]), "is empty"),
        (Some(b"two-lines-\n0123456789"), "cannot stand in a header"),
    ] {
        if let Some(bytes) = bytes {
            folder.put("paid.key", bytes)?;
        }
        let mut guard = Command::new(program()?);
        let out = guard.args(["guard", "--config", text(&config)?]).output()?;
        let said = String::from_utf8(out.stderr)?;
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains(what) && !said.contains("0123456789"), "{said}");
    }
    Ok(())
}

/// What the program says of a run in which keys went everywhere that they may go.
#[test]
fn a_key_is_in_nothing_that_the_program_says() -> Outcome<()> {
    const KEY: &str = "sk-never+shown/0123456789";
    const PARTS: [&str; 3] = ["never+shown", "never%2Bshown", "shown/0123456789"];
    let (backend, heads) = backend()?;
    let folder = Folder::new()?;
    folder.put("paid.key", KEY.as_bytes())?;
    folder.put("admin.token", b"an-admin-token-of-the-test")?;
    let text_of_file = "[admin]\nlisten = \"127.0.0.1:0\"\ntoken = \"file:admin.token\"\n";
    folder.put("gate.toml", text_of_file.as_bytes())?;
    let (upstream, key) = (format!("http://{backend}"), folder.path("paid.key"));
    let header = format!("Authorization: Bearer file:{}", key.display());
    let parameter = format!("?key=file:{}", key.display());
    let config = folder.path("gate.toml");
    let mut all = String::new();
    for form in ["json", "pretty"] {
        let mut arguments = vec![upstream.as_str(), "--config", text(&config)?, "--log", form];
        arguments.extend(["--no-passes", "--insecure-open-credential"]);
        for path in ["GET /v1/chat", "GET,HEAD /v1/packed", "GET /v1/broken"] {
            arguments.extend(["--allow", path]);
        }
        arguments.extend(["--credential", &header, "--credential", &parameter]);
        let mut gate = Gate::start(&arguments)?;
        let adds = gate.says("adds")?;
        assert!(adds.contains("header authorization and parameter key to GET /v1/chat"), "{adds}");
        let admin = address_in(&gate.says("/metrics")?)?;
        let scrubbed = gate.ask("GET", "/v1/chat")?;
        assert!(scrubbed.contains("key=***"), "{scrubbed}");
        let head = heads.recv_timeout(PATIENCE)?;
        assert!(head.contains(KEY) && head.contains("key=sk-never%2Bshown%2F0123456789"), "{head}");
        let packed = gate.ask("GET", "/v1/packed")?;
        assert!(packed.contains("upstream/opaque"), "{packed}");
        let broken = gate.ask("GET", "/v1/broken")?;
        assert!(broken.contains("upstream/broken"), "{broken}");
        let own = gate.ask("GET", "/v1/chat?key=mine")?;
        assert!(own.contains("credential/own-parameter"), "{own}");
        let unmatched = gate.ask("GET", "/v1/files")?;
        assert!(unmatched.starts_with("HTTP/1.1 40"), "{unmatched}");
        let sign_in = "Authorization: Bearer an-admin-token-of-the-test\r\n";
        for target in ["/metrics", "/readyz"] {
            let told = ask(admin, "GET", target, "localhost", sign_in)?;
            assert!(told.starts_with("HTTP/1.1 200"), "{told}");
            all.push_str(&told);
        }
        all.extend([scrubbed, packed, broken, own, unmatched]);
        let said = gate.finish()?;
        fs::write(folder.path("said.log"), &said)?;
        all.push_str(&said);
        while heads.try_recv().is_ok() {}
    }
    // The same in a file, for the commands that read one.
    let config = config_of(backend, &folder)?;
    folder.put("request", b"GET /v1/chat HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let (request, log) = (folder.path("request"), folder.path("said.log"));
    let file = text(&config)?;
    for arguments in [
        &["check", file, "--print-effective"][..],
        &["explain", "--request", text(&request)?, "--config", file],
        &["report", text(&log)?],
        &["explain", "credential"],
    ] {
        let out = Command::new(program()?).args(arguments).output()?;
        let said = [out.stdout, out.stderr].concat();
        assert!(!said.is_empty(), "{arguments:?}");
        all.push_str(&String::from_utf8_lossy(&said));
    }
    assert!(all.contains("file:paid.key"), "the reference itself is shown");
    for part in PARTS {
        let line = all.lines().find(|line| line.contains(part));
        assert_eq!(line, None, "the key is said");
    }
    Ok(())
}
