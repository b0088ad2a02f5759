//! A backend with sessions and an issuer of opaque tokens, both of which may misbehave, a gate
//! before them, and clients with addresses of their own.

use crate::browser::Outcome;
use crate::running_gate::{GateOptions, RunningGate};
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
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// What is known of callers, and what was asked.
#[derive(Default)]
pub struct Backend {
    /// Sessions, and tokens as a form writes them, and whose they are.
    callers: Mutex<HashMap<String, String>>,
    mood: Mutex<Mood>,
    /// Questions so far, how many of them at once now, and at the most.
    asked: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    ran: AtomicUsize,
}

/// How whoever knows the callers behaves.
#[derive(Clone, Copy, Debug, Default)]
pub enum Mood {
    #[default]
    /// It says who somebody is.
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
    /// From now on `credential` is `name`'s.
    pub fn sign_in(&self, credential: &str, name: &str) {
        self.callers().insert(credential.to_owned(), name.to_owned());
    }

    /// From now on it behaves so.
    pub fn set_mood(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    /// Questions so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Acquire)
    }

    /// Questions at one time, at the most.
    pub fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::Acquire)
    }

    /// Requests that were run.
    pub fn ran(&self) -> usize {
        self.ran.load(Ordering::Acquire)
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn whose(&self, cookies: Option<&HeaderValue>) -> Option<String> {
        let cookies = cookies?.to_str().ok()?;
        let session = cookies.split("; ").find_map(|pair| pair.strip_prefix("session="))?;
        self.callers().get(session).cloned()
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let cookies = request.headers().get(header::COOKIE);
        let mut response = Response::new(Full::default());
        match request.uri().path() {
            "/whoami" => {
                let known = match self.whose(cookies) {
                    Some(name) => said(StatusCode::OK, &format!("{{\"id\":{name:?}}}")),
                    None => said(StatusCode::UNAUTHORIZED, "{}"),
                };
                return self.asked_about(known).await;
            }
            "/introspect" => {
                let known = self.introspect(request).await;
                return self.asked_about(known).await;
            }
            "/login" => return self.log_in(request).await,
            "/logout" => {
                self.callers().clear();
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

    /// Whoever knows the word is signed in; everybody gets a session, as many frameworks give one,
    /// and is sent on.
    async fn log_in(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let number = self.ran.fetch_add(1, Ordering::AcqRel);
        let body = request.into_body().collect().await.map(|body| body.to_bytes());
        let body = String::from_utf8(body.unwrap_or_default().to_vec()).unwrap_or_default();
        let session = format!("session-number-{number}");
        if body.ends_with("&word=right") {
            self.sign_in(&session, "ann");
        }
        let mut response = said(StatusCode::FOUND, "");
        let set = HeaderValue::from_str(&format!("session={session}; HttpOnly; Path=/"));
        response.headers_mut().extend(set.map(|line| (header::SET_COOKIE, line)));
        response
    }

    /// The answer to a question, as the mood is.
    async fn asked_about(&self, known: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
        self.asked.fetch_add(1, Ordering::AcqRel);
        let now = self.at_once.fetch_add(1, Ordering::AcqRel) + 1;
        self.most_at_once.fetch_max(now, Ordering::AcqRel);
        let mood = *self.mood.lock().unwrap_or_else(PoisonError::into_inner);
        // It takes as long as a look into a database.
        let _ = timeout(Duration::from_millis(2), std::future::pending::<()>()).await;
        let response = match mood {
            Mood::Well => known,
            Mood::Hangs => std::future::pending().await,
            Mood::Redirects => said(StatusCode::FOUND, ""),
            Mood::Floods => said(StatusCode::OK, &"{\"a\":1} ".repeat(1_250_000)),
            Mood::Nonsense => said(StatusCode::OK, "<h1>Welcome, ann</h1>"),
            Mood::Fails => {
                said(StatusCode::BAD_GATEWAY, r#"{"id":"ann","active":true,"sub":"ann"}"#)
            }
        };
        self.at_once.fetch_sub(1, Ordering::AcqRel);
        response
    }

    async fn introspect(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let is_the_gate = request.headers().get(header::AUTHORIZATION)
            == Some(&HeaderValue::from_static("Basic Z2F0ZTphJTJGYg=="));
        let form = request.into_body().collect().await.map(|body| body.to_bytes());
        let form = String::from_utf8(form.unwrap_or_default().to_vec()).unwrap_or_default();
        if !is_the_gate {
            return said(StatusCode::UNAUTHORIZED, "{}");
        }
        let token = form.strip_prefix("token=");
        let token = token.and_then(|rest| rest.strip_suffix("&token_type_hint=access_token"));
        match token.and_then(|token| self.callers().get(token).cloned()) {
            Some(name) => said(
                StatusCode::OK,
                &format!("{{\"active\":true,\"sub\":{name:?},\"scope\":\"read\"}}"),
            ),
            None => said(StatusCode::OK, r#"{"active":false}"#),
        }
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

/// Both, running.
pub struct Scene {
    /// Runs requests, and knows the callers.
    pub backend: Arc<Backend>,
    /// Stands before it.
    pub gate: RunningGate,
}

/// A gate before such a backend.
pub async fn scene() -> Outcome<Scene> {
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
         [layers.csrf]\nmode = \"off\"\n\
         [[route]]\npath = \"/login\"\nprofile = \"public\"\n\
         sign_in = {{ account = \"name\", per_account = \"3/min\" }}\n"
    );
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    Ok(Scene { backend, gate: RunningGate::start(options).await? })
}

/// A connection from an address of one's own: all of 127.0.0.0/8 is this machine.
pub struct Client {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
}

/// Status, refusal and body.
pub type Answer = (u16, String, String);

impl Client {
    /// A connection to `gate` from the address `from`.
    pub fn open(from: Ipv4Addr, gate: SocketAddr) -> std::io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SockAddr::from(SocketAddrV4::new(from, 0)))?;
        socket.connect(&SockAddr::from(gate))?;
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host: gate })
    }

    /// One request as a page of the gate's own origin sends it.
    pub fn ask(&mut self, method: &str, path: &str, credential: &str) -> std::io::Result<Answer> {
        self.send(method, path, credential, "")
    }

    /// A form as a page of the gate's own origin sends it.
    pub fn post(&mut self, path: &str, form: &str) -> std::io::Result<Answer> {
        self.send("POST", path, "Content-Type: application/x-www-form-urlencoded", form)
    }

    /// The same, and the cookie that the answer sets.
    pub fn post_for_cookie(
        &mut self,
        path: &str,
        form: &str,
    ) -> std::io::Result<(Answer, Option<String>)> {
        self.exchange("POST", path, "Content-Type: application/x-www-form-urlencoded", form)
    }

    fn send(
        &mut self,
        method: &str,
        path: &str,
        line: &str,
        body: &str,
    ) -> std::io::Result<Answer> {
        self.exchange(method, path, line, body).map(|(answer, _)| answer)
    }

    fn exchange(
        &mut self,
        method: &str,
        path: &str,
        line: &str,
        body: &str,
    ) -> std::io::Result<(Answer, Option<String>)> {
        let (host, length) = (self.host, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
             Sec-Fetch-Site: same-origin\r\n{line}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(head.as_bytes())?;
        let (mut status, mut code, mut length, mut cookie) = (0, String::new(), 0, None);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let whole = line.trim_end();
            let line = whole.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(0);
            } else if let Some(said) = line.strip_prefix("doorward-refusal: ") {
                said.clone_into(&mut code);
            } else if let Some(said) = line.strip_prefix("content-length: ") {
                length = said.parse().unwrap_or(0);
            } else if line.starts_with("set-cookie: ") {
                let pair = whole["set-cookie: ".len()..].split(';').next();
                cookie = pair.map(str::to_owned);
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(((status, code, String::from_utf8_lossy(&body).into_owned()), cookie))
    }
}

/// A session among other cookies.
pub fn cookie(session: &str) -> String {
    format!("Cookie: theme=dark; session={session}")
}

/// A token in its usual place.
pub fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// Where most requests come from.
pub const HOME: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// One request on a connection of its own.
pub async fn ask(
    gate: SocketAddr,
    from: Ipv4Addr,
    (method, path): (&'static str, &'static str),
    credential: String,
) -> Outcome<Answer> {
    let asked = move || Client::open(from, gate)?.ask(method, path, &credential);
    Ok(tokio::task::spawn_blocking(asked).await??)
}
