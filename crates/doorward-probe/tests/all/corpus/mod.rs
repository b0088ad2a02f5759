//! Small servers, each with a fault of its own, or with none.

mod broken;
mod safe;
mod trusted;

pub(crate) use broken::{BROKEN, KEYED, NOT_POSTED, POSTED, SIGNED_IN};
pub(crate) use safe::SAFE;
pub(crate) use trusted::trusted;

use bytes::Bytes;
use doorward_probe::ask::USER_AGENT;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// The origin that every server means to allow.
pub(crate) const SHOP: &str = "http://shop.localhost:5173";

/// A server, by what it answers.
pub(crate) struct Server {
    /// Its name.
    pub(crate) name: &'static str,
    /// The checks that must find something, and no others.
    pub(crate) planted: &'static [&'static str],
    /// The path that the probe is given.
    pub(crate) path: &'static str,
    /// What it answers.
    pub(crate) answer: fn(&Asked, &mut Memory) -> Reply,
}

/// What a server remembers between requests, as a backend's database does.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// How many requests were run.
    pub(crate) ran: usize,
    /// What a cache in front of it has kept.
    pub(crate) kept: std::collections::BTreeMap<String, Reply>,
    /// How often something was counted, by its name.
    pub(crate) counts: HashMap<String, usize>,
}

/// A request as a server sees it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    /// A header, empty where it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether it is a preflight.
    pub(crate) fn is_preflight(&self) -> bool {
        self.method == "OPTIONS" && self.headers.contains_key("access-control-request-method")
    }
}

impl Reply {
    /// An answer of JSON.
    pub(crate) fn json(body: &str) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.to_owned() }
            .with("Content-Type", "application/json")
            .with("X-Content-Type-Options", "nosniff")
    }

    /// An answer without a body.
    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The same with another status.
    pub(crate) fn status_of(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with another body.
    pub(crate) fn body_of(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Starts a server; it ends with the runtime. Returns its address.
pub(crate) async fn start(server: &'static Server) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let memory = Arc::new(Mutex::new(Memory::default()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let memory = Arc::clone(&memory);
            let service = service_fn(move |request| answer(server, Arc::clone(&memory), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    format!("http://api.shop.localhost:{port}{}", server.path)
}

async fn answer(
    server: &'static Server,
    memory: Arc<Mutex<Memory>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let asked = Asked {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    };
    // Whatever is asked, and by whichever check, it says who asks, and means this server.
    assert!(asked.header("user-agent").starts_with(USER_AGENT), "{asked:?}");
    assert!(asked.header("host").starts_with("api.shop.localhost:"), "{asked:?}");
    let reply = (server.answer)(&asked, &mut memory.lock().expect("nobody panics with it"));
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(Bytes::from(reply.body))).expect("a planted answer is one"))
}
