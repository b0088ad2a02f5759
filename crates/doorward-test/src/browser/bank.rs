//! A bank with accounts, as careless as most: it signs people in by a cookie that says nothing of
//! itself, and moves money for whoever brings one, by GET too. What it did is read from its book.

use super::Outcome;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The bank's own page: a form whose hidden field its script fills in before it is sent.
const PAGE: &str = "<!doctype html><meta charset=utf-8><link rel=icon href=data:,>
<title>The bank</title><p id=who>{{who}}</p>
<form method=post action=/pay>
  <input name=to value=ben><input name=amount value=1><input type=hidden id=csrf name=_csrf>
  <button id=pay>Pay</button>
</form>";

/// Where people sign in: a form without a script, to its own address.
const LOGIN: &str = "<!doctype html><meta charset=utf-8><link rel=icon href=data:,>
<title>Sign in</title>
<form method=post action=/login><input name=user value=ann><button id=in>Sign in</button></form>";

#[derive(Default)]
struct Books {
    sessions: HashMap<String, String>,
    drawn: u32,
    /// Each transfer, and each return from a provider, in order.
    book: Vec<String>,
}

type Shared = Arc<Mutex<Books>>;

/// A running bank. Dropping it stops it.
pub struct Bank {
    address: SocketAddr,
    books: Shared,
    task: JoinHandle<()>,
}

impl Bank {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let books = Shared::default();
        let task = tokio::spawn(serve(listener, Arc::clone(&books)));
        Ok(Self { address, books, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was done since this was asked last, such as `POST /transfer ann evil 100`.
    #[must_use]
    pub fn done(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.books).book)
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(books: &Shared) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, books: Shared) {
    while let Ok((stream, _)) = listener.accept().await {
        let books = Arc::clone(&books);
        let serve = service_fn(move |request| {
            let books = Arc::clone(&books);
            async move { Ok::<_, Infallible>(answer(request, &books).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
    }
}

async fn answer(request: Request<Incoming>, books: &Shared) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let query = head.uri.query().unwrap_or_default();
    let mut books = lock(books);
    let user = books.user(&head.headers);
    match (&head.method, head.uri.path()) {
        (&Method::GET, "/") => home(user.as_deref(), query),
        (&Method::GET, "/whoami") => match user {
            Some(user) => said(StatusCode::OK, &json!({ "id": user }).to_string()),
            None => said(StatusCode::UNAUTHORIZED, "{}"),
        },
        (&Method::GET, "/login") => page(LOGIN, query),
        (&Method::POST, "/login") => match value(&body, "user") {
            Some(user) => {
                let line = books.sign_in(&user);
                books.book.push(format!("POST /login {user}"));
                with(with(said(StatusCode::SEE_OTHER, ""), SET_COOKIE, &line), LOCATION, "/")
            }
            None => {
                let line = books.sign_in(&body);
                with(said(StatusCode::OK, "{}"), SET_COOKIE, &line)
            }
        },
        (&Method::POST, "/logout") => {
            books.sessions.retain(|_, own| Some(&*own) != user.as_ref());
            with(said(StatusCode::OK, "{}"), SET_COOKIE, "session=; Path=/; Max-Age=0")
        }
        (method, path @ ("/transfer" | "/pay")) => {
            let order = order(if *method == Method::GET { query } else { &body });
            let (Some(user), Some((to, amount))) = (user, order) else {
                return said(StatusCode::UNAUTHORIZED, "{}");
            };
            books.book.push(format!("{method} {path} {user} {to} {amount}"));
            let moved = said(StatusCode::OK, "<title>Moved</title>");
            with(moved, CONTENT_TYPE, "text/html")
        }
        (method, path @ ("/return" | "/return-by-form")) => {
            // The provider's code is whom it names.
            let code = value(if *method == Method::GET { query } else { &body }, "code");
            let line = books.sign_in(&code.unwrap_or_default());
            books.book.push(format!("{method} {path}"));
            with(with(said(StatusCode::SEE_OTHER, ""), SET_COOKIE, &line), LOCATION, "/")
        }
        _ => said(StatusCode::NOT_FOUND, "{}"),
    }
}

impl Books {
    /// Signs a person in, with the cookie as an application writes it that says nothing of it: no
    /// `SameSite`, no `HttpOnly`.
    fn sign_in(&mut self, user: &str) -> String {
        self.drawn += 1;
        let name = format!("session-number-{:08}", self.drawn);
        self.sessions.insert(name.clone(), user.to_owned());
        format!("session={name}; Path=/")
    }

    fn user(&self, headers: &HeaderMap) -> Option<String> {
        let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let mut names = lines
            .flat_map(|line| line.split("; "))
            .filter_map(|pair| pair.strip_prefix("session="));
        names.find_map(|name| self.sessions.get(name).cloned())
    }
}

/// Whom and how much, from a form, a query or JSON.
fn order(text: &str) -> Option<(String, String)> {
    if let Ok(order) = serde_json::from_str::<Value>(text) {
        return Some((order["to"].as_str()?.to_owned(), order["amount"].to_string()));
    }
    Some((value(text, "to")?, value(text, "amount")?))
}

/// The value of a form's field. None of this bank's needs any decoding.
fn value(text: &str, name: &str) -> Option<String> {
    let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value.to_owned())
}

fn home(user: Option<&str>, query: &str) -> Response<Full<Bytes>> {
    page(&PAGE.replace("{{who}}", user.unwrap_or("nobody")), query)
}

fn page(html: &str, query: &str) -> Response<Full<Bytes>> {
    let page = said(StatusCode::OK, html);
    let page = with(page, CONTENT_TYPE, "text/html; charset=utf-8");
    let policy = value(query, "policy").unwrap_or_else(|| "same-origin".to_owned());
    with(page, REFERRER_POLICY, &policy)
}

fn said(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_owned())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn with(
    mut response: Response<Full<Bytes>>,
    name: HeaderName,
    text: &str,
) -> Response<Full<Bytes>> {
    if let Ok(text) = HeaderValue::from_str(text) {
        response.headers_mut().insert(name, text);
    }
    response
}
