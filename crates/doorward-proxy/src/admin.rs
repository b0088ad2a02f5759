//! The admin listener: metrics, health, and the facts of recent refusals.
//!
//! It has a thread and a runtime of its own, so that no scrape delays a request. Loopback is no
//! protection against a page that rebinds a name, nor against other users of the machine: so every
//! request names a listed host and, but for `/healthz`, brings the token.

mod denials;
mod recent;

pub(crate) use recent::{RECENT_MAX, Recent};

use crate::log::{LogBuffer, json};
use crate::metrics;
use crate::settings::AdminSettings;
use crate::shared::Shared;
use bytes::Bytes;
use doorward_core::header::{One, single};
use doorward_store::ValkeyStore;
use doorward_store::valkey::Standing;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::LocalSet;
use tokio::time::MissedTickBehavior;

/// Connections at once; more are closed.
const CONNECTIONS_MAX: usize = 32;
/// Bytes of a request's head at the most.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Lines of a request's head at the most.
const HEADERS_MAX: usize = 64;
/// How long one connection may take in all: a request and its answer.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(10);
/// How often accepting is tried when the system has no more sockets to give.
const ACCEPT_REST: Duration = Duration::from_millis(50);
/// What a scrape is written as (OpenMetrics 1.0).
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The names by which programs of this machine call it.
const OWN_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
const PLAIN: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// What the listener answers with.
struct Desk {
    shared: Arc<Shared>,
    log: Arc<LogBuffer>,
    settings: AdminSettings,
    port: u16,
    is_stopping: watch::Receiver<bool>,
}

/// Serves until `over` turns true; from `stopping` on it says that the gate is not ready.
pub(crate) async fn serve(
    listener: TcpListener,
    settings: AdminSettings,
    (shared, log): (Arc<Shared>, Arc<LogBuffer>),
    stopping: watch::Receiver<bool>,
    mut over: watch::Receiver<bool>,
) {
    let port = listener.local_addr().map_or(0, |address: SocketAddr| address.port());
    let desk = Rc::new(Desk { shared, log, settings, port, is_stopping: stopping });
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let tasks = LocalSet::new();
    let accepting = async {
        let mut rest = tokio::time::interval(ACCEPT_REST);
        rest.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let Ok((socket, _)) = listener.accept().await else {
                rest.tick().await;
                continue;
            };
            // A place is free again when its connection ends, or its time is up.
            if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                let desk = Rc::clone(&desk);
                tokio::task::spawn_local(async move {
                    let talk = tokio::time::timeout(CONNECTION_TIME_MAX, talk(desk, socket));
                    // Whoever is too slow is cut off.
                    let _ = talk.await;
                    drop(place);
                });
            }
        }
    };
    tasks
        .run_until(async {
            tokio::select! {
                () = accepting => {}
                // A sender that is gone has ended too.
                _ = over.wait_for(|is_over| *is_over) => {}
            }
        })
        .await;
}

/// One request on one connection: a second one costs the scraper a handshake, and the gate nothing
/// that somebody could hold.
async fn talk(desk: Rc<Desk>, socket: TcpStream) {
    let service = service_fn(move |request| {
        let desk = Rc::clone(&desk);
        async move { Ok::<_, Infallible>(desk.answer(request).await) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server
        .keep_alive(false)
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    // What goes wrong on this connection is between hyper and whoever called.
    let _ = server.serve_connection(TokioIo::new(socket), service).await;
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let headers = request.headers();
        if !self.is_for_us(&request) {
            let what = "This listener does not answer to the name in Host; see admin.hosts.";
            return problem(StatusCode::MISDIRECTED_REQUEST, "admin/unknown-host", what);
        }
        let path = request.uri().path();
        if path == "/healthz" {
            return only_read(&request, || plain(StatusCode::OK, PLAIN, "ok\n"));
        }
        if !self.may(headers) {
            let what = "Send Authorization: Bearer TOKEN, once.";
            let mut response = problem(StatusCode::UNAUTHORIZED, "admin/token", what);
            let bearer = HeaderValue::from_static("Bearer realm=\"doorward admin\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
            return response;
        }
        match path {
            "/metrics" => only_read(&request, || self.metrics()),
            "/readyz" => only_read(&request, || self.ready()),
            "/denials" => denials::answer(self, request).await,
            _ => match path.strip_prefix("/recent/") {
                Some(id) => only_read(&request, || self.recent(id)),
                None => {
                    not_found("There are /metrics, /healthz, /readyz, /recent/ID and /denials.")
                }
            },
        }
    }

    /// Whether its one Host is listed. Names are compared without case (RFC 9110 4.2.3).
    fn is_for_us(&self, request: &Request<Incoming>) -> bool {
        let One::Value(host) = single(request.headers(), &header::HOST) else { return false };
        if request.uri().authority().is_some_and(|target| target.as_str() != host) {
            return false;
        }
        let port = format!(":{}", self.port);
        let bare = host.strip_suffix(port.as_str()).unwrap_or(host);
        let is = |own: &str| own.eq_ignore_ascii_case(host) || own.eq_ignore_ascii_case(bare);
        OWN_HOSTS.iter().any(|own| is(own)) || self.settings.hosts.iter().any(|own| is(own))
    }

    fn may(&self, headers: &HeaderMap) -> bool {
        // A repeated header is an answer of its own, and it is no.
        let One::Value(value) = single(headers, &header::AUTHORIZATION) else { return false };
        let Some((scheme, token)) = value.split_once(' ') else { return false };
        let token = token.trim_matches(' ');
        // An empty token that is configured by mistake opens nothing.
        scheme.eq_ignore_ascii_case("bearer")
            && !token.is_empty()
            && self.settings.token.matches(token.as_bytes())
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        match metrics::scrape(&self.shared) {
            Ok(text) => plain(StatusCode::OK, OPEN_METRICS, text),
            Err(_) => {
                let what = "The metrics could not be written.";
                problem(StatusCode::INTERNAL_SERVER_ERROR, "admin/metrics", what)
            }
        }
    }

    fn ready(&self) -> Response<Full<Bytes>> {
        let store = &self.shared.store;
        let standing = store.server().map(ValkeyStore::standing);
        // Whoever must ask a store that is away would be refused here, and may not be elsewhere.
        let is_ready = !*self.is_stopping.borrow() && standing != Some(Standing::Away);
        let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let mut body = format!("{{\"ready\":{is_ready}").into_bytes();
        if let Some(standing) = standing {
            json::text("store", Some(standing.word().as_bytes()), &mut body);
        }
        // It serves while its file cannot be written; whoever looks wants to know.
        let away = store.figures().and_then(|figures| figures.away);
        if is_ready {
            json::text("store_away", away.as_deref().map(str::as_bytes), &mut body);
        }
        body.extend_from_slice(b"}\n");
        plain(status, JSON, body)
    }

    fn recent(&self, id: &str) -> Response<Full<Bytes>> {
        let workers = self.shared.metrics.workers();
        let mut recent = workers.iter().filter_map(|worker| worker.cells.recent.as_ref());
        match recent.find_map(|recent| recent.find(id)) {
            Some(facts) => plain(StatusCode::OK, JSON, facts),
            None => not_found("No refusal with this id is remembered; the log has older ones."),
        }
    }
}

fn only_read(
    request: &Request<Incoming>,
    read: impl FnOnce() -> Response<Full<Bytes>>,
) -> Response<Full<Bytes>> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return read();
    }
    let what = "This address is only read.";
    let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "admin/method", what);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn not_found(what: &str) -> Response<Full<Bytes>> {
    problem(StatusCode::NOT_FOUND, "admin/not-found", what)
}

/// `application/problem+json` (RFC 9457). What a text repeats of a caller's is escaped.
fn problem(status: StatusCode, code: &str, what: &str) -> Response<Full<Bytes>> {
    let mut body = format!("{{\"type\":\"urn:doorward:{code}\"").into_bytes();
    json::text("title", Some(what.as_bytes()), &mut body);
    json::count("status", u64::from(status.as_u16()), &mut body);
    json::text("code", Some(code.as_bytes()), &mut body);
    body.extend_from_slice(b"}\n");
    plain(status, PROBLEM, body)
}

/// An answer that nobody keeps, and that no page may read: there are no CORS headers at all.
fn plain(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
