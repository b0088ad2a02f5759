//! Connections, and the way of each request: admission, its own CORS checks, preflight, route.

use super::body::{Body, whole};
use super::cors;
use super::routes::{self, Found};
use super::shop::{Running, Shop};
use super::witness::{Event, Kind};
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Accepts until `stopped` turns true; then the listener and every connection are closed.
pub(super) async fn serve(
    listener: TcpListener,
    shop: Arc<Shop>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that is gone before it is accepted is nobody's loss.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&shop)));
                }
            }
            Some(_) = connections.join_next() => {}
            _ = stopped.wait_for(|stopped| *stopped) => break,
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, shop: Arc<Shop>) {
    // Without it, small answers in two writes wait for the client's acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| visit(Arc::clone(&shop), request));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new());
    // What breaks a connection is the client's doing; requests on it were noted as cut off.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// Answers one request. An error closes the connection: the request's body could not be read.
async fn visit(shop: Arc<Shop>, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let (head, body) = request.into_parts();
    if head.uri.path() == "/__witness" {
        return Ok(witness(&shop, head.uri.query().unwrap_or_default()));
    }
    let found = routes::find(&head.method, head.uri.path());
    let running = Running::begin(Arc::clone(&shop), Event::arrived(&head, found.effect()));
    if shop.admission.as_ref().is_some_and(|admitted| !admitted(&head)) {
        running.end(Kind::Refused, "no proof of admission");
        return Ok(plain(StatusCode::FORBIDDEN, "This came around the gate.\n"));
    }
    let cors = shop.cors();
    if let Some(why) = cors.refusal(&head) {
        running.end(Kind::Refused, why);
        return Ok(plain(StatusCode::FORBIDDEN, "This origin is not allowed.\n"));
    }
    let asked = head.clone();
    let mut response = if cors::is_preflight(&head) {
        running.end(Kind::Preflight, "asks whether it may be sent");
        empty()
    } else {
        match found {
            Found::Route(route, _) => routes::run(route, head, body, running).await?,
            Found::WrongMethod(allow) => {
                running.end(Kind::Missing, "no such method here");
                let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "No such method here.\n");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
                response
            }
            Found::Nothing => {
                running.end(Kind::Missing, "no such route");
                plain(StatusCode::NOT_FOUND, "Nothing here.\n")
            }
        }
    };
    cors.dress(&asked, response.headers_mut());
    Ok(response)
}

fn witness(shop: &Shop, query: &str) -> Response<Body> {
    let pairs = super::form::urlencoded(query);
    let since = super::form::value(&pairs, "since").and_then(|text| text.parse().ok());
    let events = shop.witness.since(since.unwrap_or_default());
    routes::json(StatusCode::OK, &serde_json::json!({ "events": events }))
}

fn empty() -> Response<Body> {
    let mut response = Response::new(whole(""));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(whole(text));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}
