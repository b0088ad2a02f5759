//! The demo's two sites: one's own page, which is allowed, and a hostile one, which is not.

use crate::backend::Backend;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Where everything of the demo is, as a browser calls it.
#[derive(Clone, Debug)]
pub struct Places {
    /// `http://shop.localhost:5173`: one's own page.
    pub shop: String,
    /// `http://evil.localhost:5174`: the hostile one.
    pub evil: String,
    /// `http://api.shop.localhost:3000`: the backend.
    pub backend: String,
    /// `http://gate.shop.localhost:8080`: the gate before it.
    pub gate: String,
}

/// The two sites' listeners, bound before the gate is made: it must know the shop's origin.
pub struct Sites {
    shop: TcpListener,
    evil: TcpListener,
}

impl Sites {
    /// Binds both on loopback, on the usual ports, or on free ones where those are taken.
    ///
    /// # Errors
    /// The system's, when no port can be bound.
    pub async fn bind() -> io::Result<Self> {
        Ok(Self { shop: bind_near(5173).await?, evil: bind_near(5174).await? })
    }

    /// The places of a demo whose backend and gate have these ports.
    ///
    /// # Errors
    /// The system's, when a listener has no address.
    pub fn places(&self, backend: &Backend, gate_port: u16) -> io::Result<Places> {
        let at = |name: &str, port: u16| format!("http://{name}:{port}");
        Ok(Places {
            shop: at("shop.localhost", self.shop.local_addr()?.port()),
            evil: at("evil.localhost", self.evil.local_addr()?.port()),
            backend: at("api.shop.localhost", backend.address().port()),
            gate: at("gate.shop.localhost", gate_port),
        })
    }

    /// The shop's origin.
    ///
    /// # Errors
    /// The system's, when the listener has no address.
    pub fn shop_origin(&self) -> io::Result<String> {
        Ok(format!("http://shop.localhost:{}", self.shop.local_addr()?.port()))
    }

    /// Serves both until the runtime ends.
    pub fn serve(self, places: &Places) {
        let fill = |text: &str| {
            let text = text.replace("@SHOP@", &places.shop).replace("@EVIL@", &places.evil);
            Bytes::from(text.replace("@BACKEND@", &places.backend).replace("@GATE@", &places.gate))
        };
        let style = Bytes::from_static(include_bytes!("../pages/demo.css"));
        let shop = Site {
            host: "shop.localhost",
            page: fill(include_str!("../pages/shop.html")),
            script: fill(include_str!("../pages/shop.js")),
            style: style.clone(),
        };
        let evil = Site {
            host: "evil.localhost",
            page: fill(include_str!("../pages/evil.html")),
            script: Bytes::new(),
            style,
        };
        tokio::spawn(serve(self.shop, Arc::new(shop)));
        tokio::spawn(serve(self.evil, Arc::new(evil)));
    }
}

/// Listens on loopback at `port`, or at a free port where it is taken.
///
/// # Errors
/// The system's, when none can be bound.
pub async fn bind_near(port: u16) -> io::Result<TcpListener> {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match TcpListener::bind(wanted).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await,
    }
}

struct Site {
    host: &'static str,
    page: Bytes,
    script: Bytes,
    style: Bytes,
}

async fn serve(listener: TcpListener, site: Arc<Site>) {
    loop {
        // A connection that is gone before it is accepted is nobody's loss.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let site = Arc::clone(&site);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let response = site.answer(&request);
                async move { Ok::<_, Infallible>(response) }
            });
            // A browser that leaves ends its connection; there is nothing to mend.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Site {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let host = request.headers().get(HOST).and_then(|value| value.to_str().ok());
        let name = host.map(|host| host.split(':').next().unwrap_or_default());
        let (status, kind, body) = match (name == Some(self.host), request.uri().path()) {
            (true, "/") => (StatusCode::OK, "text/html; charset=utf-8", &self.page),
            (true, "/demo.css") => (StatusCode::OK, "text/css; charset=utf-8", &self.style),
            (true, "/shop.js") if !self.script.is_empty() => {
                (StatusCode::OK, "text/javascript; charset=utf-8", &self.script)
            }
            _ => (StatusCode::NOT_FOUND, "text/plain; charset=utf-8", &Bytes::new()),
        };
        let mut response = Response::new(Full::new(body.clone()));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
