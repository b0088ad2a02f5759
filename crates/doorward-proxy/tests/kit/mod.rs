//! The kit of the socket tests: a proxy on a free port, a scripted upstream, a raw client.
#![allow(dead_code, reason = "each test file uses its own part of the kit")]
#![allow(clippy::allow_attributes, reason = "what is unused differs from file to file")]

pub(crate) mod authority;
pub(crate) mod clients;
pub(crate) mod frames;
pub(crate) mod second;
pub(crate) mod second_upstream;
pub(crate) mod tls;

use doorward_core::gate::Gate;
use doorward_core::memory::Memory;
use doorward_core::route;
use doorward_core::settings::Settings;
use doorward_porter::chance::SeededChance;
use doorward_porter::clock::SystemClock;
use doorward_proxy::settings::{
    Bounds, Forwarding, LogForm, ProxySettings, Upstream, UpstreamAddress, UpstreamHost,
    UpstreamHttp,
};
use doorward_proxy::{Proxy, StartError};
use doorward_store::{MemoryStore, Sizes, Store};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Only ever met by a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A gate without shares, so that tests do not use them up.
pub(crate) fn gate(edit: impl FnOnce(&mut Settings)) -> Arc<Gate> {
    let mut settings = Settings::public();
    settings.quota.limits.clear();
    edit(&mut settings);
    Gate::new(&settings).expect("the test's settings are right")
}

/// A route's settings.
pub(crate) fn route(path: &str) -> route::Settings {
    route::Settings { path: path.to_owned(), ..route::Settings::default() }
}

/// Bounds that are looked at often; the defaults otherwise.
pub(crate) fn bounds() -> Bounds {
    Bounds { sweep: Duration::from_millis(5), ..Bounds::default() }
}

/// Where a log goes that a test reads.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic under this lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        let bytes = self.0.lock().expect("no panic under this lock").clone();
        let text = String::from_utf8(bytes).expect("a log is UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}

/// A proxy under test.
pub(crate) struct Under {
    pub(crate) proxy: Proxy,
    pub(crate) log: Log,
}

impl Under {
    pub(crate) fn start(upstream: &str, gate: Arc<Gate>, bounds: Bounds) -> Self {
        Self::forwarding(upstream, gate, bounds, Forwarding::default())
    }

    pub(crate) fn forwarding(
        upstream: &str,
        gate: Arc<Gate>,
        bounds: Bounds,
        forwarding: Forwarding,
    ) -> Self {
        let log = Log::default();
        let settings = ProxySettings { forwarding, ..settings(upstream, bounds, &log) };
        Self { proxy: start(settings, gate), log }
    }

    /// One with settings of its own.
    pub(crate) fn with(
        upstream: &str,
        gate: Arc<Gate>,
        edit: impl FnOnce(&mut ProxySettings),
    ) -> Self {
        let log = Log::default();
        let mut settings = settings(upstream, bounds(), &log);
        edit(&mut settings);
        Self { proxy: start(settings, gate), log }
    }

    /// One to an upstream of any kind.
    pub(crate) fn to(upstream: Upstream, gate: Arc<Gate>, bounds: Bounds) -> Self {
        let log = Log::default();
        let upstreams = vec![upstream];
        let settings = ProxySettings { upstreams, ..settings("http://127.0.0.1:1", bounds, &log) };
        Self { proxy: start(settings, gate), log }
    }

    /// One whose log goes elsewhere.
    pub(crate) fn logging(upstream: &str, to: Box<dyn Write + Send>) -> Self {
        let log = Log::default();
        let settings = ProxySettings { log_to: to, ..settings(upstream, bounds(), &log) };
        Self { proxy: start(settings, gate(|_| {})), log }
    }

    pub(crate) fn plain(upstream: &str) -> Self {
        Self::start(upstream, gate(|_| {}), bounds())
    }

    pub(crate) fn connect(&self) -> Client {
        Client::to(self.proxy.address())
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, request: &str) -> Answer {
        let mut client = self.connect();
        client.send(request);
        client.answer()
    }

    /// Stops the proxy and gives back its log's lines.
    pub(crate) fn finish(self) -> Vec<serde_json::Value> {
        self.proxy.stop();
        self.log.lines()
    }
}

/// What a proxy under test is started with.
pub(crate) fn settings(upstream: &str, bounds: Bounds, log: &Log) -> ProxySettings {
    ProxySettings {
        talk: Box::new(|_| {}),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: None,
        http2: true,
        proxy_protocol: Vec::new(),
        threads: 1,
        upstreams: vec![upstream_at(upstream)],
        forwarding: Forwarding::default(),
        bounds,
        admin: None,
        log: LogForm::Json,
        log_to: Box::new(log.clone()),
        clock: Arc::new(SystemClock::new()),
        chance: Arc::new(SeededChance::insecure(1)),
        outside: Arc::new(doorward_porter::Outside::unreachable()),
    }
}

/// The upstream of `http://address:port` or `unix:/path`.
pub(crate) fn upstream_at(text: &str) -> Upstream {
    if let Some(path) = text.strip_prefix("unix:") {
        return Upstream {
            address: UpstreamAddress::Unix(path.into()),
            host: UpstreamHost::Keep,
            tls: None,
            http: UpstreamHttp::One,
        };
    }
    let address = text.strip_prefix("http://").expect("a scheme");
    Upstream::from(address.parse::<SocketAddr>().expect("an address and a port"))
}

fn start(settings: ProxySettings, gate: Arc<Gate>) -> Proxy {
    try_start(settings, gate).expect("the proxy starts")
}

/// Starts a proxy with a small store.
pub(crate) fn try_start(settings: ProxySettings, gate: Arc<Gate>) -> Result<Proxy, StartError> {
    let sizes = Sizes { strangers_max: 1_000, known_max: 100, claims_max: 100 };
    with_store(settings, gate, Store::Memory(MemoryStore::new(sizes, [1; 16])))
}

/// Starts a proxy with this store.
pub(crate) fn with_store(
    settings: ProxySettings,
    gate: Arc<Gate>,
    store: Store,
) -> Result<Proxy, StartError> {
    Proxy::start(settings, gate, Arc::new(store), Arc::new(Memory::new(1_000, [1; 16])))
}

/// A response, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.header("doorward-refusal")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }
}

/// A connection whose bytes are read one message at a time.
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn to(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).expect("the proxy listens"))
    }

    pub(crate) fn of(socket: TcpStream) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        socket.set_nodelay(true).expect("nodelay can be set");
        Self { socket, buffer: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: &str) {
        self.socket.write_all(bytes.as_bytes()).expect("the peer reads");
    }

    /// More bytes; false at the end (or a reset).
    fn fill(&mut self) -> bool {
        let mut into = [0; 16 * 1024];
        match self.socket.read(&mut into) {
            Ok(0) => false,
            Ok(bytes) => {
                self.buffer.extend_from_slice(&into[..bytes]);
                true
            }
            Err(error) => {
                assert!(
                    !matches!(error.kind(), std::io::ErrorKind::WouldBlock),
                    "nothing came; so far: {:?}",
                    String::from_utf8_lossy(&self.buffer)
                );
                false
            }
        }
    }

    /// Everything up to and with `end`.
    pub(crate) fn until(&mut self, end: &str) -> String {
        let end = end.as_bytes();
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end) {
                let rest = self.buffer.split_off(at + end.len());
                let out = std::mem::replace(&mut self.buffer, rest);
                return String::from_utf8(out).expect("this part is text");
            }
            let got = self.fill();
            assert!(got, "ended at {:?}", String::from_utf8_lossy(&self.buffer));
        }
    }

    /// Exactly so many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.buffer.len() < count {
            assert!(self.fill(), "ended after {} of {count} bytes", self.buffer.len());
        }
        let rest = self.buffer.split_off(count);
        std::mem::replace(&mut self.buffer, rest)
    }

    /// Exactly so many bytes, or none when the peer closed before the first.
    pub(crate) fn bytes_or_end(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.buffer.is_empty() {
            if !self.fill() {
                return None;
            }
        }
        Some(self.bytes(count))
    }

    /// What is left until the peer closes, and nothing else.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.fill() {}
        std::mem::take(&mut self.buffer)
    }

    /// A message with its body, as its head says; to a HEAD with [`Client::head`].
    pub(crate) fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        if let Some(length) = answer.header("content-length") {
            let length = length.parse().expect("a length");
            answer.body = self.bytes(length);
        } else if answer.header("transfer-encoding").is_some() {
            loop {
                let chunk = self.chunk();
                if chunk.is_empty() {
                    break;
                }
                answer.body.extend_from_slice(&chunk);
            }
        }
        answer
    }

    /// One chunk of a chunked body; empty for the last.
    pub(crate) fn chunk(&mut self) -> Vec<u8> {
        let line = self.until("\r\n");
        let size = usize::from_str_radix(line.trim(), 16).expect("a chunk's size");
        let mut chunk = self.bytes(size + 2);
        chunk.truncate(size);
        chunk
    }

    /// A message's head; the status of a response, 0 for a request.
    pub(crate) fn head(&mut self) -> Answer {
        let head = self.until("\r\n\r\n");
        let status =
            head.strip_prefix("HTTP/1.1 ").map_or(0, |rest| rest[..3].parse().expect("a status"));
        Answer { status, head, body: Vec::new() }
    }

    pub(crate) fn close(self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// A scripted upstream: each connection is given to the script, with its number from 1.
pub(crate) struct Scripted {
    pub(crate) url: String,
    /// The heads that the script told of.
    pub(crate) heads: Receiver<String>,
}

/// What a script has.
pub(crate) struct Scene {
    pub(crate) number: usize,
    pub(crate) client: Client,
    heads: Sender<String>,
}

impl Scene {
    /// Reads a request's head and tells the test of it.
    pub(crate) fn request(&mut self) -> Answer {
        let request = self.client.head();
        // A test that is over does not listen any more.
        let _ = self.heads.send(request.head.clone());
        request
    }

    /// Reads a head, or sees the connection end: none.
    pub(crate) fn next_request(&mut self) -> Option<Answer> {
        while self.client.buffer.is_empty() {
            if !self.client.fill() {
                return None;
            }
        }
        Some(self.request())
    }

    /// Tells the test something.
    pub(crate) fn tell(&self, text: &str) {
        let _ = self.heads.send(text.to_owned());
    }

    pub(crate) fn send(&mut self, bytes: &str) {
        let _ = self.client.socket.write_all(bytes.as_bytes());
    }
}

impl Scripted {
    pub(crate) fn start(script: impl Fn(Scene) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (give, heads) = channel();
        let script = Arc::new(script);
        thread::spawn(move || {
            for (place, socket) in listener.incoming().enumerate() {
                let Ok(socket) = socket else { return };
                let heads = give.clone();
                let script = Arc::clone(&script);
                thread::spawn(move || {
                    script(Scene { number: place + 1, client: Client::of(socket), heads });
                });
            }
        });
        Self { url, heads }
    }

    /// One that answers each request with its path as the body, keeping connections alive.
    pub(crate) fn echo() -> Self {
        Self::start(|mut scene| {
            while let Some(request) = scene.next_request() {
                let line = request.head.lines().next().unwrap_or_default().to_owned();
                let mut body = Vec::new();
                if let Some(length) = request.header("content-length") {
                    body = scene.client.bytes(length.parse().expect("a length"));
                } else if request.header("transfer-encoding").is_some() {
                    loop {
                        let chunk = scene.client.chunk();
                        if chunk.is_empty() {
                            break;
                        }
                        body.extend_from_slice(&chunk);
                    }
                }
                let text = format!("{line} {}", String::from_utf8_lossy(&body));
                let length = text.len();
                let body = if line.starts_with("HEAD") { "" } else { &text };
                scene.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"));
            }
        })
    }

    /// The next thing that the script told.
    pub(crate) fn told(&self) -> String {
        self.heads.recv_timeout(PATIENCE).expect("the upstream tells something")
    }

    /// Whether nothing was told so far.
    pub(crate) fn is_untouched(&self) -> bool {
        self.heads.try_recv().is_err()
    }
}

pub(crate) const GET: &str = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";
