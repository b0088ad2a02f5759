//! A shop: its files, an interface, pictures and a socket, as one backend. It guards nothing and
//! notes what it ran.

use super::{Outcome, echo};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A picture of one pixel.
const PICTURE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\
    \x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

#[derive(Default)]
struct Stock {
    files: HashMap<String, (HeaderValue, Bytes)>,
    ran: Vec<String>,
}

type Shared = Arc<Mutex<Stock>>;

/// A running shop. Dropping it stops it.
///
/// What begins with `/pictures/` is a picture, `/socket` a WebSocket that says each message again,
/// and what is no file answers `{"ran":"METHOD /path?query"}`.
pub struct Shop {
    address: SocketAddr,
    stock: Shared,
    task: JoinHandle<()>,
}

impl Shop {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let stock = Shared::default();
        let task = tokio::spawn(serve(listener, Arc::clone(&stock)));
        Ok(Self { address, stock, task })
    }

    /// Its address, as a gate's upstream.
    #[must_use]
    pub fn upstream(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a file at a path: its media type and its content.
    pub fn put(&self, path: &str, kind: &'static str, content: &str) {
        let file = (HeaderValue::from_static(kind), Bytes::from(content.to_owned()));
        lock(&self.stock).files.insert(path.to_owned(), file);
    }

    /// How many requests it ran that begin so, such as `GET /api/`.
    #[must_use]
    pub fn ran(&self, begin: &str) -> usize {
        lock(&self.stock).ran.iter().filter(|line| line.starts_with(begin)).count()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(stock: &Shared) -> MutexGuard<'_, Stock> {
    stock.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, stock: Shared) {
    while let Ok((stream, _)) = listener.accept().await {
        let stock = Arc::clone(&stock);
        let serve = service_fn(move |request| {
            let answer = answer(request, &stock);
            async { Ok::<_, Infallible>(answer) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
        tokio::spawn(connection.with_upgrades());
    }
}

fn answer(request: Request<Incoming>, stock: &Shared) -> Response<Full<Bytes>> {
    let line = format!("{} {}", request.method(), request.uri());
    let path = request.uri().path().to_owned();
    let file = {
        let mut stock = lock(stock);
        stock.ran.push(line.clone());
        stock.files.get(&path).cloned()
    };
    if path == "/socket" {
        return echo(request);
    }
    let (kind, content) = file.unwrap_or_else(|| match path.starts_with("/pictures/") {
        true => (HeaderValue::from_static("image/gif"), Bytes::from_static(PICTURE)),
        false => {
            let said = json!({ "ran": line }).to_string();
            (HeaderValue::from_static("application/json"), Bytes::from(said))
        }
    });
    let mut response = Response::new(Full::new(content));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    // Nothing that a browser kept is taken for an answer.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
