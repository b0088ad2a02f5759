//! One server for all sites: it serves the pages, answers as a trial says, and notes what arrives.

use super::trial::{Reply, Site, Trial};
use crate::browser::Outcome;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const PAGE: &str = include_str!("page.html");
/// The smallest picture.
const PICTURE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\
    \x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
/// What every site sets at first; each has another `SameSite`.
pub(super) const SEEDS: [&str; 4] =
    ["n=1; SameSite=None; Secure", "l=1; SameSite=Lax", "s=1; SameSite=Strict", "u=1"];

/// A request that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    /// The number of its address in the trial.
    pub(super) hop: usize,
    /// The method.
    pub(super) method: String,
    /// Names in lower case, and values.
    pub(super) headers: Vec<(String, String)>,
}

impl Arrived {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether it only asks.
    pub(super) fn is_preflight(&self) -> bool {
        self.method == "OPTIONS" && self.header("access-control-request-method").is_some()
    }
}

#[derive(Debug, Default)]
struct State {
    trials: HashMap<usize, Trial>,
    arrived: Vec<(usize, Arrived)>,
    cookies: Vec<String>,
}

/// The server.
#[derive(Debug)]
pub(super) struct Server {
    ports: [u16; 2],
    state: Arc<Mutex<State>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Server {
    pub(super) async fn start() -> Outcome<Self> {
        let listeners =
            [TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?];
        let ports = [listeners[0].local_addr()?.port(), listeners[1].local_addr()?.port()];
        let state = Arc::<Mutex<State>>::default();
        let tasks = listeners
            .into_iter()
            .map(|listener| {
                let state = Arc::clone(&state);
                tokio::spawn(async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        let state = Arc::clone(&state);
                        let service =
                            service_fn(move |request| answer(Arc::clone(&state), ports, request));
                        let io = TokioIo::new(stream);
                        tokio::spawn(http1::Builder::new().serve_connection(io, service));
                    }
                })
            })
            .collect();
        Ok(Self { ports, state, tasks })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers as these trials say.
    pub(super) fn put(&self, trials: &[Trial]) {
        self.state().trials = trials.iter().map(|trial| (trial.id, trial.clone())).collect();
    }

    /// An address of a site.
    pub(super) fn url(&self, site: Site, path: &str) -> String {
        url(self.ports, site, path)
    }

    /// Forgets what arrived.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.arrived.clear();
        state.cookies.clear();
    }

    /// What arrived of a trial.
    pub(super) fn arrived(&self, id: usize) -> Vec<Arrived> {
        let state = self.state();
        let own = state.arrived.iter().filter(|(own, _)| *own == id);
        own.map(|(_, arrived)| arrived.clone()).collect()
    }

    /// The names of the cookies that came with the last look into the jar.
    pub(super) fn cookies(&self) -> Vec<String> {
        self.state().cookies.clone()
    }

    /// The whole answer of a trial's address: what its author says, and where it leads.
    pub(super) fn headers(&self, trial: &Trial, hop: usize, origin: &str) -> Vec<(String, String)> {
        headers(self.ports, trial, hop, origin)
    }
}

fn url(ports: [u16; 2], site: Site, path: &str) -> String {
    let port = if site == Site::OtherPort { ports[1] } else { ports[0] };
    format!("http://{}:{port}{path}", site.host())
}

/// The answer to a preflight, with what it asks for filled in.
pub(super) fn preflight(reply: &Reply, origin: &str, asked: (&str, &str)) -> Vec<(String, String)> {
    let (method, names) = asked;
    let fill = |value: &String| {
        value.replace("{origin}", origin).replace("{method}", method).replace("{headers}", names)
    };
    reply.headers.iter().map(|(name, value)| (name.clone(), fill(value))).collect()
}

fn headers(ports: [u16; 2], trial: &Trial, hop: usize, origin: &str) -> Vec<(String, String)> {
    let Some(reply) = trial.replies.get(hop) else { return Vec::new() };
    let mut headers = preflight(reply, origin, ("", ""));
    if let Some(site) = reply.on_to {
        headers.push(("Location".to_owned(), url(ports, site, &trial.path(hop + 1))));
    }
    headers
}

async fn answer(
    state: Arc<Mutex<State>>,
    ports: [u16; 2],
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // A request counts when all of it is there.
    let _ = body.collect().await;
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let path = head.uri.path();
    let (status, headers, content) = match path {
        "/page" => {
            let policy = head.uri.query().unwrap_or("strict-origin-when-cross-origin");
            (200, vec![html(), ("Referrer-Policy".to_owned(), policy.to_owned())], PAGE.into())
        }
        "/seed" => {
            let seeds = SEEDS.iter().map(|seed| ("Set-Cookie".to_owned(), (*seed).to_owned()));
            (200, seeds.chain([html()]).collect(), Bytes::from_static(b"seeded"))
        }
        "/t/jar" => {
            state.cookies = cookie_names(&head.headers);
            (200, vec![html()], Bytes::from_static(b"seen"))
        }
        "/frames/sandbox" => (200, vec![html()], frame(r#"sandbox="allow-scripts" src="/page""#)),
        "/frames/evil" => {
            let src = format!("src=\"{}\"", url(ports, Site::Evil, "/page"));
            (200, vec![html()], frame(&src))
        }
        "/frames/api" => {
            let src = format!("src=\"{}\"", url(ports, Site::Api, "/page"));
            (200, vec![html()], frame(&src))
        }
        path => of_trial(&mut state, ports, (&head.method, path, &head.headers)),
    };
    let mut response = Response::builder().status(status);
    for (name, value) in &headers {
        response = response.header(name, value);
    }
    let response = response.body(Full::new(content));
    Ok(response.unwrap_or_else(|error| Response::new(Full::new(error.to_string().into()))))
}

type Said = (u16, Vec<(String, String)>, Bytes);

fn of_trial(
    state: &mut State,
    ports: [u16; 2],
    (method, path, lines): (&http::Method, &str, &HeaderMap),
) -> Said {
    let nothing = (404, Vec::new(), Bytes::new());
    let mut parts = path.trim_start_matches("/t/").split('/').map(str::parse);
    let (Some(Ok(id)), Some(Ok(hop))) = (parts.next(), parts.next()) else { return nothing };
    let Some(trial) = state.trials.get(&id) else { return nothing };
    let value = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let said = lines.keys().map(|name| {
        let values: Vec<String> = lines.get_all(name).iter().map(value).collect();
        (name.as_str().to_owned(), values.join(", "))
    });
    let arrived = Arrived { hop, method: method.to_string(), headers: said.collect() };
    let origin = arrived.header("origin").unwrap_or("none").to_owned();
    let said = if arrived.is_preflight() {
        let asked = |name| arrived.header(name).unwrap_or_default().to_owned();
        let (method, names) =
            (asked("access-control-request-method"), asked("access-control-request-headers"));
        let headers = preflight(&trial.preflight, &origin, (&method, &names));
        (trial.preflight.status, headers, Bytes::new())
    } else {
        let status = trial.replies.get(hop).map_or(404, |reply| reply.status);
        let headers = headers(ports, trial, hop, &origin);
        let kind = headers.iter().find(|(name, _)| name == "Content-Type");
        let content: &[u8] = match kind.map(|(_, kind)| kind.as_str()) {
            _ if status == 204 => b"",
            Some("image/gif") => PICTURE,
            Some("text/javascript") => b"/* nothing */",
            Some("text/css") => b"a { color: red }",
            Some("text/event-stream") => b"data: 1\n\n",
            _ => b"{}",
        };
        (status, headers, Bytes::from_static(content))
    };
    state.arrived.push((id, arrived));
    said
}

fn html() -> (String, String) {
    ("Content-Type".to_owned(), "text/html; charset=utf-8".to_owned())
}

fn frame(attributes: &str) -> Bytes {
    format!("{PAGE}<iframe id=inner {attributes}></iframe>").into()
}

/// The names of the cookies that a request carries, sorted.
pub(super) fn cookie_names(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
    let mut names: Vec<String> = lines.flat_map(names_of).collect();
    names.sort();
    names
}

/// The names in a `Cookie` line.
pub(super) fn names_of(line: &str) -> Vec<String> {
    let pairs = line.split("; ").filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split('=').next().unwrap_or_default().to_owned()).collect()
}
