//! A small axum application, and the parts of it that a fault or a file is.

use crate::files::{
    answer_headers, cookie_attributes, errors_too, exact_list, expose_by_name, json_only,
    other_sites, preflight, vary,
};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;

/// What is different in a faulty or mended application.
#[derive(Clone)]
pub(crate) struct Parts {
    /// What is put around its routes.
    pub(crate) mend: Arc<dyn Fn(Router) -> Router + Send + Sync>,
    /// How a session's cookie is set.
    pub(crate) sign_in: Arc<dyn Fn(&mut Response) + Send + Sync>,
}

impl Default for Parts {
    fn default() -> Self {
        Self { mend: Arc::new(|app| app), sign_in: Arc::new(|_| {}) }
    }
}

/// Something around all routes.
pub(crate) fn around(mend: impl Fn(Router) -> Router + Send + Sync + 'static) -> Parts {
    Parts { mend: Arc::new(mend), ..Parts::default() }
}

/// The parts that a file of ours is; none where there is no such file.
pub(crate) fn mended(mend: &str) -> Option<Parts> {
    Some(match mend {
        "exact-list" => around(exact_list::mend),
        "preflight" => around(preflight::mend),
        "errors-too" => around(errors_too::mend),
        "other-sites" => around(other_sites::mend),
        "json-only" => around(json_only::mend),
        "answer-headers" => around(answer_headers::mend),
        "expose-by-name" => around(expose_by_name::mend),
        "vary" => around(vary::mend),
        "cookie-attributes" => {
            let sign_in = |response: &mut Response| {
                cookie_attributes::sign_in(response, "of-ann").expect("a value of a header");
            };
            Parts { sign_in: Arc::new(sign_in), ..Parts::default() }
        }
        _ => return None,
    })
}

/// Serves it on a free port until the test ends.
pub(crate) async fn serve(parts: Parts) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let app = (parts.mend)(routes(&parts));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

fn routes(parts: &Parts) -> Router {
    let sign_in = parts.sign_in.clone();
    let login = async move || {
        let mut response = json(StatusCode::OK, r#"{"welcome":"ann"}"#);
        sign_in(&mut response);
        response
    };
    Router::new()
        .route("/data", get(data))
        .route("/token", get(async || json(StatusCode::OK, r#"{"token":"of-a-stranger"}"#)))
        .route("/socket", get(socket))
        .route("/me", get(me))
        .route("/form", get(form))
        .route("/private", any(private))
        .route("/login", post(login))
        .route("/notes", post(note))
}

fn json(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

async fn data() -> Response {
    let headers = [("cache-control", "public, max-age=60"), ("x-total-count", "1")];
    (headers, json(StatusCode::OK, r#"{"items":["apple"]}"#)).into_response()
}

/// Opens a WebSocket to everybody, and says nothing in it (RFC 6455 4.2.2).
async fn socket(headers: HeaderMap) -> Response {
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
        return json(StatusCode::OK, r#"{"socket":true}"#);
    };
    let word = [key.as_bytes(), b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"].concat();
    let accept = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &word));
    let said = [
        (header::UPGRADE, "websocket".to_owned()),
        (header::CONNECTION, "Upgrade".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, said).into_response()
}

async fn me(headers: HeaderMap) -> Response {
    match headers.get(header::COOKIE) {
        Some(value) if value == "session=of-ann" => json(StatusCode::OK, r#"{"name":"ann"}"#),
        Some(_) | None => json(StatusCode::UNAUTHORIZED, r#"{"error":"who is it?"}"#),
    }
}

async fn form() -> Html<&'static str> {
    Html("<form method=post action=/notes><input name=text></form>")
}

async fn private(headers: HeaderMap) -> Response {
    match headers.get(header::AUTHORIZATION) {
        Some(value) if value == "Bearer of-ann" => json(StatusCode::OK, r#"{"name":"ann"}"#),
        Some(_) | None => {
            let answer = json(StatusCode::UNAUTHORIZED, r#"{"error":"who is it?"}"#);
            ([(header::WWW_AUTHENTICATE, "Bearer")], answer).into_response()
        }
    }
}

async fn note(_body: Bytes) -> Response {
    json(StatusCode::CREATED, r#"{"noted":true}"#)
}
