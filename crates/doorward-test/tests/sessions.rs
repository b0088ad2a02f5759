//! Sessions and opaque tokens, by the running program: the backend or the issuer is asked once for
//! many, a log-out is seen at once, and whoever makes sessions up waits for himself alone.

use doorward_test::browser::Outcome;
use doorward_test::running_gate::{GateOptions, RunningGate};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::{Domain, SockAddr, Socket, Type};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// What the backend knows, and what it was asked.
#[derive(Default)]
struct Backend {
    /// Sessions, and whose they are.
    sessions: Mutex<HashMap<String, String>>,
    /// How `whoami` behaves.
    mood: Mutex<Mood>,
    asked: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    ran: AtomicUsize,
}

#[derive(Clone, Copy, Default)]
enum Mood {
    #[default]
    Well,
    /// It never answers.
    Hangs,
    /// It sends people to the page where they sign in.
    Redirects,
    /// 10 MB of nothing.
    Floods,
    /// No JSON.
    Nonsense,
    /// A page of an error.
    Fails,
}

impl Backend {
    fn sign_in(&self, session: &str, name: &str) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(session.to_owned(), name.to_owned());
    }

    fn whose(&self, cookies: Option<&HeaderValue>) -> Option<String> {
        let cookies = cookies?.to_str().ok()?;
        let session = cookies.split("; ").find_map(|pair| pair.strip_prefix("session="))?;
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(session).cloned()
    }

    fn set_mood(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let cookies = request.headers().get(header::COOKIE);
        let mut response = Response::new(Full::default());
        match request.uri().path() {
            "/whoami" => return self.whoami(cookies).await,
            "/introspect" => return self.introspect(request).await,
            "/logout" => {
                self.sessions.lock().unwrap_or_else(PoisonError::into_inner).clear();
                let gone = HeaderValue::from_static("session=; Max-Age=0; Path=/");
                response.headers_mut().insert(header::SET_COOKIE, gone);
            }
            _ => {
                self.ran.fetch_add(1, Ordering::AcqRel);
                let name = request.headers().get("doorward-identity").cloned();
                let name = name.map_or(Bytes::new(), |name| Bytes::copy_from_slice(name.as_ref()));
                *response.body_mut() = Full::new(name);
            }
        }
        response
    }

    async fn whoami(&self, cookies: Option<&HeaderValue>) -> Response<Full<Bytes>> {
        self.asked.fetch_add(1, Ordering::AcqRel);
        let now = self.at_once.fetch_add(1, Ordering::AcqRel) + 1;
        self.most_at_once.fetch_max(now, Ordering::AcqRel);
        let mood = *self.mood.lock().unwrap_or_else(PoisonError::into_inner);
        // It takes as long as a look into a database.
        let _ = timeout(Duration::from_millis(2), std::future::pending::<()>()).await;
        let response = match (mood, self.whose(cookies)) {
            (Mood::Hangs, _) => std::future::pending().await,
            (Mood::Redirects, _) => said(StatusCode::FOUND, ""),
            (Mood::Floods, _) => said(StatusCode::OK, &"{\"a\":1} ".repeat(1_250_000)),
            (Mood::Nonsense, _) => said(StatusCode::OK, "<h1>Welcome, ann</h1>"),
            (Mood::Fails, _) => said(StatusCode::BAD_GATEWAY, "{\"id\":\"ann\"}"),
            (Mood::Well, Some(name)) => said(StatusCode::OK, &format!("{{\"id\":{name:?}}}")),
            (Mood::Well, None) => said(StatusCode::UNAUTHORIZED, "{}"),
        };
        self.at_once.fetch_sub(1, Ordering::AcqRel);
        response
    }

    async fn introspect(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.asked.fetch_add(1, Ordering::AcqRel);
        let is_the_gate = request.headers().get(header::AUTHORIZATION)
            == Some(&HeaderValue::from_static("Basic Z2F0ZTphJTJGYg=="));
        let form = request.into_body().collect().await.map(|body| body.to_bytes());
        let form = form.unwrap_or_default();
        if !is_the_gate {
            return said(StatusCode::UNAUTHORIZED, "{}");
        }
        if form.as_ref() == b"token=opaque-1%2F%2B&token_type_hint=access_token" {
            return said(StatusCode::OK, r#"{"active":true,"sub":"ann","scope":"read"}"#);
        }
        said(StatusCode::OK, r#"{"active":false}"#)
    }
}

fn said(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_owned())));
    *response.status_mut() = status;
    if status.is_redirection() {
        let to = HeaderValue::from_static("https://id.example/sign-in");
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

struct Scene {
    backend: Arc<Backend>,
    gate: RunningGate,
}

async fn scene() -> Outcome<Scene> {
    let backend = Arc::new(Backend::default());
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let upstream = format!("http://{}", listener.local_addr()?);
    let serves = Arc::clone(&backend);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let backend = Arc::clone(&serves);
            let serve = service_fn(move |request| {
                let backend = Arc::clone(&backend);
                async move { Ok::<_, Infallible>(backend.answer(request).await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
        }
    });
    let config = format!(
        "profile = \"authenticated\"\n[secrets]\ninsecure_literal_secret = true\n\
         [layers.identity]\n\
         session = {{ cookie = \"session\", check = \"{upstream}/whoami\", subject = \"$.id\" }}\n\
         introspection = [{{ issuer = \"https://id.test\", url = \"{upstream}/introspect\", \
         client_id = \"gate\", client_secret = \"a/b\" }}]\n\
         [layers.csrf]\nmode = \"off\"\n"
    );
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    Ok(Scene { backend, gate: RunningGate::start(options).await? })
}

/// A connection from an address of one's own: all of 127.0.0.0/8 is this machine.
struct Client {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
}

/// Status, refusal and body.
type Answer = (u16, String, String);

impl Client {
    fn open(from: Ipv4Addr, gate: SocketAddr) -> std::io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SockAddr::from(SocketAddrV4::new(from, 0)))?;
        socket.connect(&SockAddr::from(gate))?;
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host: gate })
    }

    fn ask(&mut self, method: &str, path: &str, credential: &str) -> std::io::Result<Answer> {
        let host = self.host;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
             Sec-Fetch-Site: same-origin\r\n{credential}\r\nContent-Length: 0\r\n\r\n"
        );
        self.stream.get_mut().write_all(head.as_bytes())?;
        let (mut status, mut code, mut length) = (0, String::new(), 0);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(0);
            } else if let Some(said) = line.strip_prefix("doorward-refusal: ") {
                said.clone_into(&mut code);
            } else if let Some(said) = line.strip_prefix("content-length: ") {
                length = said.parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, code, String::from_utf8_lossy(&body).into_owned()))
    }
}

fn cookie(session: &str) -> String {
    format!("Cookie: theme=dark; session={session}")
}

const HOME: Ipv4Addr = Ipv4Addr::LOCALHOST;

async fn ask(
    gate: SocketAddr,
    from: Ipv4Addr,
    (method, path): (&'static str, &'static str),
    credential: String,
) -> Outcome<Answer> {
    let asked = move || Client::open(from, gate)?.ask(method, path, &credential);
    Ok(tokio::task::spawn_blocking(asked).await??)
}

const ITEMS: (&str, &str) = ("GET", "/v1/items");

#[tokio::test]
async fn the_backend_is_asked_once_and_a_log_out_is_seen_at_once() -> Outcome<()> {
    let Scene { backend, gate } = scene().await?;
    let address = gate.address();
    backend.sign_in("anns-own-session", "ann");
    let asking = (0..20).map(|_| ask(address, HOME, ITEMS, cookie("anns-own-session")));
    let asking: Vec<_> = asking.map(tokio::spawn).collect();
    for one in asking {
        assert_eq!(one.await??, (200, String::new(), "ann".to_owned()));
    }
    assert_eq!(backend.asked.load(Ordering::Acquire), 1, "twenty at once ask once");
    let none = ask(address, HOME, ITEMS, cookie("nobodys-session")).await?;
    assert_eq!((none.0, none.1.as_str()), (401, "identity/session-unknown"));
    let out = ask(address, HOME, ("POST", "/logout"), cookie("anns-own-session")).await?;
    assert_eq!(out.0, 200);
    let after = ask(address, HOME, ITEMS, cookie("anns-own-session")).await?;
    assert_eq!((after.0, after.1.as_str()), (401, "identity/session-unknown"));
    assert_eq!(backend.ran.load(Ordering::Acquire), 20);
    Ok(())
}

#[tokio::test]
async fn an_issuer_is_asked_about_opaque_tokens() -> Outcome<()> {
    let Scene { backend, gate } = scene().await?;
    let bearer = |token: &str| format!("Authorization: Bearer {token}");
    for _ in 0..3 {
        let known = ask(gate.address(), HOME, ITEMS, bearer("opaque-1/+")).await?;
        assert_eq!(known, (200, String::new(), "ann".to_owned()));
    }
    assert_eq!(backend.asked.load(Ordering::Acquire), 1);
    let other = ask(gate.address(), HOME, ITEMS, bearer("opaque-2/+")).await?;
    assert_eq!((other.0, other.1.as_str()), (401, "identity/token-inactive"));
    Ok(())
}

#[tokio::test]
async fn a_backend_that_gives_no_answer_lets_nobody_in() -> Outcome<()> {
    let Scene { backend, gate } = scene().await?;
    backend.sign_in("anns-own-session", "ann");
    let rows = [
        (Mood::Redirects, 401, "identity/session-unknown"),
        (Mood::Floods, 503, "identity/check-away"),
        (Mood::Nonsense, 503, "identity/check-away"),
        (Mood::Fails, 503, "identity/check-away"),
        (Mood::Hangs, 503, "identity/check-away"),
    ];
    for (mood, status, code) in rows {
        backend.set_mood(mood);
        let begun = Instant::now();
        let answer = ask(gate.address(), HOME, ITEMS, cookie("anns-own-session")).await?;
        assert_eq!((answer.0, answer.1.as_str()), (status, code));
        assert!(begun.elapsed() < Duration::from_secs(10), "{code} after {:?}", begun.elapsed());
    }
    assert_eq!(backend.ran.load(Ordering::Acquire), 0);
    backend.set_mood(Mood::Well);
    let answer = ask(gate.address(), HOME, ITEMS, cookie("anns-own-session")).await?;
    assert_eq!(answer.0, 200, "as soon as it answers again");
    Ok(())
}

/// Sessions that are made up, in all. A campaign says how many.
const MADE_UP: usize = 20_000;
/// Questions that the gate asks at once, at the most.
const AT_ONCE_MAX: usize = 32;

#[tokio::test]
async fn made_up_sessions_keep_nobody_else_waiting() -> Outcome<()> {
    let Scene { backend, gate } = scene().await?;
    let address = gate.address();
    let count = std::env::var("DOORWARD_CAMPAIGN").ok().and_then(|text| text.parse().ok());
    let count: usize = count.unwrap_or(MADE_UP);
    let is_over = Arc::new(AtomicBool::new(false));
    // One in twenty from an address of its own, all others from one.
    let flooders: Vec<_> = (0..8_usize)
        .map(|flooder| {
            std::thread::spawn(move || -> std::io::Result<usize> {
                let mut refused = 0;
                let mut own = Client::open(Ipv4Addr::new(127, 0, 1, 1), address)?;
                for number in 0..count / 8 {
                    let session = cookie(&format!("made-up-{flooder}-{number}"));
                    let answer = if number % 20 == 0 {
                        let part = u8::try_from(number / 20 % 250).unwrap_or(0);
                        let host = u8::try_from(flooder + 1).unwrap_or(1);
                        let from = Ipv4Addr::new(127, 1, part, host);
                        Client::open(from, address)?.ask("GET", "/v1/items", &session)?
                    } else {
                        own.ask("GET", "/v1/items", &session)?
                    };
                    refused += usize::from(answer.0 >= 400);
                }
                Ok(refused)
            })
        })
        .collect();
    let honest = {
        let (backend, is_over) = (Arc::clone(&backend), Arc::clone(&is_over));
        std::thread::spawn(move || -> std::io::Result<Vec<Duration>> {
            let mut waits = Vec::new();
            while !is_over.load(Ordering::Acquire) {
                let session = format!("honest-{}", waits.len());
                // Another person each time, for a person has a share.
                backend.sign_in(&session, &session);
                let begun = Instant::now();
                let mut client = Client::open(Ipv4Addr::new(127, 0, 2, 1), address)?;
                let answer = client.ask("GET", "/v1/items", &cookie(&session))?;
                assert_eq!((answer.0, answer.2.as_str()), (200, &*session), "{}", answer.1);
                waits.push(begun.elapsed());
            }
            Ok(waits)
        })
    };
    let refused: usize = tokio::task::spawn_blocking(move || {
        let ended = flooders.into_iter().map(|flooder| flooder.join().expect("no panic"));
        ended.sum::<std::io::Result<usize>>()
    })
    .await??;
    is_over.store(true, Ordering::Release);
    let ended = tokio::task::spawn_blocking(move || honest.join().expect("no panic")).await?;
    let mut waits = ended?;
    waits.sort();
    let worst = waits.last().copied().unwrap_or_default();
    let median = waits.get(waits.len() / 2).copied().unwrap_or_default();
    let asked = backend.asked.load(Ordering::Acquire);
    let most = backend.most_at_once.load(Ordering::Acquire);
    println!(
        "{refused} made-up sessions refused; the backend was asked {asked} times, {most} at once; \
         {} honest new sessions in the midst: median {median:?}, worst {worst:?}",
        waits.len()
    );
    assert_eq!(refused, count / 8 * 8);
    assert!(most <= AT_ONCE_MAX, "{most} at once");
    // One address gives sixty, and two more each second; each of the others what it sent.
    assert!(asked <= waits.len() + count / 20 + 500, "asked {asked} times");
    assert!(median < Duration::from_millis(200), "median {median:?}");
    Ok(())
}
