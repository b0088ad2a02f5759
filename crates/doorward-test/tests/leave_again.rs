//! Whoever opened a stream is judged again while it goes on: by the gate as it is by then, and by
//! whoever knows its caller. The clock that requests are judged by is turned by hand.

use doorward_core::gate::Gate;
use doorward_core::secret::Secret;
use doorward_core::standing::{AGAIN_S, UNSAID_S};
use doorward_porter::clock::{Clock, FixedClock};
use doorward_porter::outside::{Outside, OutsideSettings};
use doorward_proxy::Proxy;
use doorward_proxy::settings::AdminSettings;
use doorward_test::quiet_proxy::{self, BEGIN_S, at};
use doorward_test::remote_server::{Make, RemoteServer};
use doorward_test::{cases, tokens};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const ADMIN_TOKEN: &str = "an-admin-token-of-the-test";

const TOKENS: &str = r#"
profile = "authenticated"
external = ["http://shop.test"]
[[layers.identity.jwt]]
issuer = "https://id.test"
audience = "https://api.test"
jwks = "kit.json"
algorithms = ["ES256"]
"#;

/// A backend that opens streams, knows one session as long as `answer` says so, and counts how
/// often it was asked.
struct Backend {
    address: SocketAddr,
    answer: Arc<Mutex<&'static str>>,
    asked: Arc<AtomicUsize>,
}

impl Backend {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let answer = Arc::new(Mutex::new(ANN));
        let asked = Arc::new(AtomicUsize::new(0));
        let (said, counted) = (Arc::clone(&answer), Arc::clone(&asked));
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (said, counted) = (Arc::clone(&said), Arc::clone(&counted));
                thread::spawn(move || serve(&socket.expect("the gate"), &said, &counted));
            }
        });
        Self { address, answer, asked }
    }

    fn says(&self, answer: &'static str) {
        *self.answer.lock().expect("nobody has failed") = answer;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Acquire)
    }
}

const ANN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"id\":\"ann\"}";
const BOB: &str = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"id\":\"bob\"}";
const NOBODY: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
const BROKEN: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

fn serve(mut socket: &TcpStream, answer: &Mutex<&'static str>, asked: &AtomicUsize) {
    let mut reader = BufReader::new(socket);
    loop {
        let (mut line, mut first) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if first.is_empty() {
                first.clone_from(&line);
            }
        }
        if first.starts_with("GET /whoami") {
            let answer = *answer.lock().expect("nobody has failed");
            asked.fetch_add(1, Ordering::AcqRel);
            let _ = socket.write_all(answer.as_bytes());
            continue;
        }
        // It stays open until the gate lets go.
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
        let _ = socket.write_all(head);
    }
}

struct Scene {
    proxy: Proxy,
    clock: Arc<FixedClock>,
}

impl Scene {
    fn start(backend: &Backend, gate: Arc<Gate>) -> Self {
        let clock = quiet_proxy::clock();
        let proxy = quiet_proxy::start(backend.address, gate, |settings| {
            settings.clock = Arc::clone(&clock) as _;
            let (clock, chance) = (Arc::clone(&settings.clock), Arc::clone(&settings.chance));
            let outside = Outside::start(OutsideSettings::new(clock, chance));
            settings.admin = Some(AdminSettings {
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                hosts: Vec::new(),
                token: Secret::new(ADMIN_TOKEN),
            });
            settings.outside = outside.expect("a thread");
        });
        Self { proxy: proxy.expect("a port"), clock }
    }

    /// A stream that has begun.
    fn open(&self, lines: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.proxy.address()).expect("the gate listens");
        client.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        let head = format!("GET /events HTTP/1.1\r\nHost: shop.test\r\n{lines}\r\n");
        client.write_all(head.as_bytes()).expect("a request");
        let begun = read_until(&mut client, "data: 1\n\n");
        assert!(begun.starts_with("HTTP/1.1 200"), "{begun}");
        client
    }

    fn turn_to(&self, seconds: u64) {
        self.clock.set(at(seconds));
    }

    /// The second at which it is now.
    fn second(&self) -> u64 {
        self.clock.now().unix_s - BEGIN_S
    }

    /// Turns the clock until the backend was asked so often.
    fn until_asked(&self, backend: &Backend, times: usize) {
        while backend.asked() < times {
            assert!(self.second() < 10 * AGAIN_S, "asked {} times", backend.asked());
            self.tick();
        }
    }

    /// Another second; streams look at the clock in between.
    fn tick(&self) {
        self.turn_to(self.second() + 1);
        // The gate looks at the clock by a timer of the machine's: nothing tells that it did.
        let (_says_nothing, nothing) = channel::<()>();
        let _ = nothing.recv_timeout(TICK);
    }

    /// Turns the clock until the stream has ended: with which code.
    fn until_over(&self, client: TcpStream) -> String {
        let (told, is_told) = channel();
        let mut client = client;
        thread::spawn(move || told.send(code_of_end(&mut client)));
        loop {
            match is_told.recv_timeout(TICK) {
                Ok(code) => return code,
                Err(RecvTimeoutError::Timeout) => self.turn_to(self.second() + 1),
                Err(RecvTimeoutError::Disconnected) => panic!("the stream broke off"),
            }
        }
    }
}

/// What a second takes here: some looks at the clock.
const TICK: Duration = Duration::from_millis(12);

fn read_until(client: &mut TcpStream, end: &str) -> String {
    quiet_proxy::read_until(client, end).unwrap_or_else(|error| panic!("{error}"))
}

/// How a stream ends: the code of its last event.
fn code_of_end(client: &mut TcpStream) -> String {
    let told = read_until(client, "0\r\n\r\n");
    let code = told.split("{\"code\":\"").nth(1).and_then(|rest| rest.split('"').next());
    code.unwrap_or(&told).to_owned()
}

fn gate(config: &str) -> Arc<Gate> {
    cases::gate_of(config).expect("the configuration is right")
}

fn bearer() -> String {
    let token = tokens::of_line("es256 sub=ann exp=+3600", BEGIN_S).expect("a token");
    format!("Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n")
}

#[test]
fn a_reload_that_denies_or_forgets_a_caller_ends_its_streams() {
    let deny = |line: &str| format!("{TOKENS}\n[layers.quota]\ndeny = [{{ {line} }}]\n");
    let keys = "[layers.identity.keys]\nheader = \"x-api-key\"\nfile = \"kit-keys.toml\"\n";
    let keys = format!("{TOKENS}\n{keys}");
    let key = format!("X-API-Key: {}\r\n", tokens::api_key("program"));
    let rows = [
        (TOKENS, bearer(), deny("issuer = \"https://id.test\", subject = \"ann\""), "quota/denied"),
        (TOKENS, bearer(), deny("address = \"127.0.0.0/8\""), "quota/denied"),
        (TOKENS, bearer(), TOKENS.replace("id.test", "other.test"), "identity/issuer"),
        (&keys, key, TOKENS.to_owned(), "identity/key-unknown"),
    ];
    for (before, lines, after, code) in rows {
        let backend = Backend::start();
        let scene = Scene::start(&backend, gate(before));
        let mut client = scene.open(&lines);
        scene.proxy.swap_gate(gate(&after)).expect("the same upstreams");
        scene.turn_to(AGAIN_S);
        assert_eq!(code_of_end(&mut client), code);
    }
}

/// Tells the gate's admin listener; the status of its answer.
fn wish(scene: &Scene, body: &str) -> String {
    let address = scene.proxy.admin_address().expect("an admin listener");
    let mut client = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    let head = format!(
        "POST /denials HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {ADMIN_TOKEN}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    client.write_all(head.as_bytes()).expect("a wish");
    read_until(&mut client, "\r\n").trim_end().to_owned()
}

#[test]
fn who_is_denied_while_the_gate_runs_loses_its_streams() {
    let rows = [
        (r#"{"who":"user:ann","for_s":600,"why":"a test"}"#, true),
        (r#"{"who":"127.0.0.0/8","for_s":600,"why":"a test"}"#, true),
        // Its twins: somebody else, and a denial that ends before anybody looks.
        (r#"{"who":"user:bob","for_s":600,"why":"a test"}"#, false),
        (r#"{"who":"user:ann","for_s":1,"why":"a test"}"#, false),
    ];
    for (body, is_denied) in rows {
        let backend = Backend::start();
        let scene = Scene::start(&backend, gate(TOKENS));
        let mut client = scene.open(&bearer());
        assert_eq!(wish(&scene, body), "HTTP/1.1 200 OK", "{body}");
        scene.turn_to(AGAIN_S);
        if is_denied {
            assert_eq!(code_of_end(&mut client), "quota/denied", "{body}");
            continue;
        }
        // It ends with its token, and not before.
        scene.turn_to(3_600 + 30);
        assert_eq!(code_of_end(&mut client), "identity/expired", "{body}");
    }
}

#[test]
fn a_reload_that_changes_nothing_for_a_caller_leaves_its_streams() {
    let backend = Backend::start();
    let scene = Scene::start(&backend, gate(TOKENS));
    let mut client = scene.open(&bearer());
    let denied = "deny = [{ issuer = \"https://id.test\", subject = \"bob\" }]";
    let after = format!("{TOKENS}\n[layers.quota]\n{denied}\n");
    scene.proxy.swap_gate(gate(&after)).expect("the same upstreams");
    for again in 1..=5 {
        scene.turn_to(again * AGAIN_S);
    }
    // It ends with its token, and not before.
    scene.turn_to(3_600 + 30);
    assert_eq!(code_of_end(&mut client), "identity/expired");
}

/// A gate that asks `backend` about sessions.
fn asking(backend: &Backend) -> Arc<Gate> {
    gate(&format!(
        "profile = \"authenticated\"\nexternal = [\"https://shop.test\"]\n[layers.identity]\n\
         session = {{ cookie = \"session\", check = \"http://{}/whoami\", subject = \"$.id\" }}\n",
        backend.address
    ))
}

const SESSION: &str = "Sec-Fetch-Site: same-origin\r\nCookie: session=anns-own-session\r\n";

#[test]
fn a_session_that_ends_elsewhere_ends_its_streams() {
    for (answer, code) in [(NOBODY, "identity/session-unknown"), (BOB, "identity/expired")] {
        let backend = Backend::start();
        let scene = Scene::start(&backend, asking(&backend));
        let client = scene.open(&format!("{SESSION}Accept: text/event-stream\r\n"));
        assert_eq!(backend.asked(), 1);
        scene.until_asked(&backend, 3);
        let begun = scene.second();
        backend.says(answer);
        assert_eq!(scene.until_over(client), code);
        assert!(scene.second() <= begun + 2 * AGAIN_S, "it is judged again in time");
    }
}

#[test]
fn a_session_whose_record_is_deleted_ends_its_streams() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let server = runtime.block_on(RemoteServer::start(Make::Redis, &[])).expect("a server");
    let key = "sess:anns-own-session";
    runtime.block_on(server.set(key, r#"{"id":"ann"}"#)).expect("it is written");
    let asked = || runtime.block_on(server.count("getrange")).expect("it counts");
    let backend = Backend::start();
    let gate = gate(&format!(
        "profile = \"authenticated\"\nexternal = [\"https://shop.test\"]\n[layers.identity]\n\
         session = {{ cookie = \"session\", record = \"unix:{}\", key = \"sess:{{id}}\", \
         subject = \"$.id\" }}\n",
        server.socket().display()
    ));
    let scene = Scene::start(&backend, gate);
    let client = scene.open(&format!("{SESSION}Accept: text/event-stream\r\n"));
    while asked() < 3 {
        assert!(scene.second() < 10 * AGAIN_S, "asked {} times", asked());
        scene.tick();
    }
    let begun = scene.second();
    runtime.block_on(server.tell(&[b"DEL", key.as_bytes()])).expect("it is deleted");
    assert_eq!(scene.until_over(client), "identity/session-unknown");
    assert!(scene.second() <= begun + 2 * AGAIN_S, "it is judged again in time");
}

#[test]
fn a_backend_that_is_away_for_a_while_ends_no_stream() {
    let backend = Backend::start();
    let scene = Scene::start(&backend, asking(&backend));
    let client = scene.open(&format!("{SESSION}Accept: text/event-stream\r\n"));
    backend.says(BROKEN);
    scene.until_asked(&backend, 3);
    backend.says(ANN);
    let known = scene.second();
    scene.until_asked(&backend, 4);
    // From here on nobody can say.
    backend.says(BROKEN);
    assert_eq!(scene.until_over(client), "identity/check-away");
    assert!(scene.second() >= known + UNSAID_S, "at {} of {known}", scene.second());
}

#[test]
fn a_stream_that_nothing_asked_for_ends_after_a_quarter_of_an_hour() {
    let backend = Backend::start();
    let scene = Scene::start(&backend, asking(&backend));
    // What `fetch` sends.
    let mut client = scene.open(&format!("{SESSION}Accept: */*\r\n"));
    for again in 1..30 {
        scene.turn_to(again * AGAIN_S);
    }
    assert_eq!(backend.asked(), 1, "its session's text is not kept");
    scene.turn_to(15 * 60);
    assert_eq!(code_of_end(&mut client), "identity/expired");
}
