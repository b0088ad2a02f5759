//! Runs cases through the tower layer: before an application that keeps what it was asked, behind
//! hyper's own server on a socket. No scan comes before it; what hyper makes of a request's bytes
//! is what the gate judges. Each case has a gate and a memory of its own.

use super::compare::{Contact, Saw, Seen, differences};
use super::gate::{self, Made};
use super::wire::{self, Message};
use super::{Answer, Case, MEMORY_SEED, Step, Verdict};
use doorward_core::memory::Memory;
use doorward_core::moment::Now;
use doorward_porter::chance::SeededChance;
use doorward_porter::clock::FixedClock;
use doorward_store::{MemoryStore, Sizes, Store};
use doorward_tower::{GateLayer, Gated, Peer, PeerCertificate, RequestBody};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::Future;
use std::io::{self, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower::{Layer, Service, ServiceExt};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Applications behind the gate, on a free port of 127.0.0.1. Dropped, the server ends.
pub struct TowerRunner {
    address: SocketAddr,
    stage: Arc<Stage>,
    server: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// What came of one step that is not as its case wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// The step, from 1.
    pub step: usize,
    /// The line of the file on which its request begins.
    pub line: usize,
    /// Another verdict (`admit`, `refuse CODE`, `reply STATUS`); `server STATUS` or `server closes`
    /// where the gate was not asked; or, with the verdict that is wanted, all other differences. An
    /// admitted request whose body could not be read to its end `breaks off`.
    pub becomes: String,
}

/// What the server serves now.
struct Stage {
    clock: Arc<FixedClock>,
    application: Application,
    scene: Mutex<Option<Scene>>,
}

/// One step's.
#[derive(Clone)]
struct Scene {
    gated: Gated<Application>,
    from: IpAddr,
    certificate: Option<PeerCertificate>,
    /// Requests that came as far as the gate.
    judged: u32,
}

/// An application that keeps what it was asked, and answers as a case says.
#[derive(Clone)]
struct Application(Arc<Mutex<Kept>>);

struct Kept {
    answer: Answer,
    contacts: Vec<Contact>,
    /// Whether a body that was asked for broke off.
    broke_off: bool,
}

impl TowerRunner {
    /// Starts the server.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start() -> io::Result<Self> {
        let answer = Answer { status: 200, headers: Vec::new() };
        let kept = Kept { answer, contacts: Vec::new(), broke_off: false };
        let stage = Arc::new(Stage {
            clock: Arc::new(FixedClock::new(Now { steady_ns: 0, unix_s: 0 })),
            application: Application(Arc::new(Mutex::new(kept))),
            scene: Mutex::new(None),
        });
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&stage);
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    _ = accept(listener, shared) => {}
                }
            });
        });
        Ok(Self { address, stage, server: Some((stop, thread)) })
    }

    /// Whether a step is for the core alone: its store or issuer does not answer, and here one is
    /// in the process and the other is not asked.
    #[must_use]
    pub const fn leaves_out(step: &Step) -> bool {
        let given = &step.given;
        given.store_is_away
            || given.keys.is_some()
            || given.told.is_some()
            || given.told_of_new.is_some()
    }

    /// Runs a case: every step that does not come as it wants, but for those that are left out.
    ///
    /// # Errors
    /// What is wrong with its configuration.
    pub fn run(&self, case: &Case) -> Result<Vec<Came>, String> {
        let made = gate::make(&case.config)?;
        // The process begins when the case does, not where the one before it has ended.
        let begun_ns = case.steps.first().map_or(0, |step| step.given.unix_ns);
        self.stage.clock.set(Now { steady_ns: begun_ns, unix_s: begun_ns / 1_000_000_000 });
        let gated = self.gated(&made)?;
        let mut out = Vec::new();
        // The steady clock never goes back, though the wall clock may be set back.
        let mut latest_ns = 0;
        for (place, step) in case.steps.iter().enumerate() {
            if Self::leaves_out(step) {
                continue;
            }
            let unix_ns = step.given.unix_ns;
            latest_ns = unix_ns.max(latest_ns);
            self.stage.clock.set(Now { steady_ns: latest_ns, unix_s: unix_ns / 1_000_000_000 });
            for _ in 0..step.given.times {
                if let Some(becomes) = self.difference(step, &gated, &made) {
                    out.push(Came { step: place + 1, line: step.line, becomes });
                    break;
                }
            }
        }
        Ok(out)
    }

    fn gated(&self, made: &Made) -> Result<Gated<Application>, String> {
        let sizes = Sizes { strangers_max: 1_000, known_max: 10, claims_max: 1_000 };
        let store = Store::Memory(MemoryStore::new(sizes, [7; 16]));
        let memory = Memory::new(1_000, MEMORY_SEED);
        let layer = GateLayer::builder(Arc::clone(&made.gate), Arc::new(store), Arc::new(memory))
            .insecure_partial(["message", "csrf"])
            .clock(Arc::clone(&self.stage.clock) as _)
            .chance(Arc::new(SeededChance::insecure(9)))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(layer.layer(self.stage.application.clone()))
    }

    fn difference(&self, step: &Step, gated: &Gated<Application>, made: &Made) -> Option<String> {
        let certificate = step.given.certificate.clone();
        let certificate = certificate.map(|shown| PeerCertificate(Arc::new(shown)));
        let (gated, from) = (gated.clone(), step.given.from);
        let scene = Scene { gated, from, certificate, judged: 0 };
        *lock(&self.stage.scene) = Some(scene);
        lock(&self.stage.application.0).answer.clone_from(&step.given.backend);
        let answer = self.ask(step);
        let judged = lock(&self.stage.scene).take().map_or(0, |scene| scene.judged);
        let (contacts, broke_off) = self.stage.application.taken();
        let answer = match answer {
            Ok(answer) => answer,
            Err(_) if judged == 0 => return Some("server closes".to_owned()),
            Err(error) => return Some(format!("no answer could be read: {error}")),
        };
        if judged == 0 {
            return Some(format!("server {}", answer.status()));
        }
        let seen = seen(answer, contacts);
        let found = differences(step, &seen, &made.proof);
        if found.is_empty() {
            return None;
        }
        if seen.verdict == step.want.verdict {
            return Some(found.join("; "));
        }
        Some(match seen.verdict {
            Verdict::Admit if broke_off => "admit, breaks off".to_owned(),
            Verdict::Admit => "admit".to_owned(),
            Verdict::Refuse(code) => format!("refuse {code}"),
            Verdict::Reply(status) => format!("reply {status}"),
        })
    }

    fn ask(&self, step: &Step) -> io::Result<Message> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        // Who is refused early may not be read to the end.
        let _ = stream.write_all(&step.request);
        // Nothing more comes: a server that waits for more ends its waiting.
        let _ = stream.shutdown(Shutdown::Write);
        let is_head = step.request.starts_with(b"HEAD ");
        wire::read_response(&mut BufReader::new(&mut stream), is_head)
    }
}

impl Drop for TowerRunner {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.server.take() {
            // A server that is gone has stopped; one that panicked has told so itself.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

fn seen(answer: Message, contacts: Vec<Contact>) -> Seen {
    let status = answer.status();
    let refusal =
        answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("doorward-refusal"));
    let verdict = match refusal {
        Some((_, code)) => Verdict::Refuse(code.clone()),
        None if contacts.is_empty() => Verdict::Reply(status),
        None => Verdict::Admit,
    };
    let Message { headers, body, .. } = answer;
    Seen { saw: Saw::Proxy, verdict, status, headers, body, contacts, would_refuse: None }
}

fn lock<T>(place: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: std::net::TcpListener, stage: Arc<Stage>) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let stage = Arc::clone(&stage);
        let serve = service_fn(move |request| serve(Arc::clone(&stage), request));
        // hyper's defaults, but that it answers a client that has nothing more to say.
        let mut builder = http1::Builder::new();
        let connection = builder.half_close(true).serve_connection(TokioIo::new(stream), serve);
        // A connection that breaks is seen by its client.
        tokio::spawn(async move { drop(connection.with_upgrades().await) });
    }
}

async fn serve(
    stage: Arc<Stage>,
    mut request: Request<Incoming>,
) -> Result<Response<doorward_tower::AnswerBody<Full<Bytes>>>, io::Error> {
    let scene = lock(&stage.scene).as_mut().map(|scene| {
        scene.judged += 1;
        scene.clone()
    });
    // What comes behind the answer that was waited for belongs to no step.
    let scene = scene.ok_or(io::ErrorKind::NotConnected)?;
    request.extensions_mut().insert(Peer(scene.from));
    if let Some(certificate) = scene.certificate {
        request.extensions_mut().insert(certificate);
    }
    scene.gated.oneshot(request).await.map_err(|never| match never {})
}

impl Service<Request<RequestBody<Incoming>>> for Application {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody<Incoming>>) -> Self::Future {
        let application = self.clone();
        Box::pin(async move { Ok(application.answer(request).await) })
    }
}

impl Application {
    /// What it kept since this was last asked: its contacts, and whether a body broke off.
    fn taken(&self) -> (Vec<Contact>, bool) {
        let mut kept = lock(&self.0);
        (std::mem::take(&mut kept.contacts), std::mem::take(&mut kept.broke_off))
    }

    /// What is asked has reached it, whether its body comes whole or not.
    async fn answer(self, request: Request<RequestBody<Incoming>>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await;
        let is_whole = body.is_ok();
        let body = body.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let (method, headers) = (parts.method.to_string(), pairs(&parts.headers));
        let mut kept = lock(&self.0);
        kept.contacts.push(Contact { method, target, headers, body });
        kept.broke_off |= !is_whole;
        if is_whole { written(&kept.answer, &parts.method) } else { unreadable() }
    }
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// What frameworks answer when they cannot read a body.
fn unreadable() -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn written(answer: &Answer, method: &Method) -> Response<Full<Bytes>> {
    let has_body = !matches!(answer.status, 101 | 204 | 304) && method != Method::HEAD;
    let body = if has_body { Bytes::from_static(b"ran") } else { Bytes::new() };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(body)).unwrap_or_default()
}
