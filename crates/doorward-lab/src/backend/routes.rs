//! The shop's routes: which one a request means, and what each does.

use super::Trust;
use super::body::{self, Body, Unread, whole};
use super::form::{urlencoded, value};
use super::ledger::NotMoved;
use super::server::plain;
use super::session::{one_of_each, set_cookie};
use super::shop::{Running, Shop};
use super::streams::{self, Content};
use super::transfer::Order;
use super::valves;
use super::witness::{Effect, Kind};
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE,
};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::io;

/// Bytes of one download, at most.
const DOWNLOAD_BYTES_MAX: u64 = 1 << 40;
/// Events of one stream, at most; also what a stream without `count` sends.
const EVENTS_SENT_MAX: u64 = 1_000_000;
/// Items kept.
const ITEMS_MAX: usize = 100;
/// Bytes of an item's id.
const ITEM_ID_BYTES_MAX: usize = 64;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// What shared caches may keep for a minute, and browsers ask for again.
pub(super) const CACHEABLE: HeaderValue =
    HeaderValue::from_static("public, max-age=0, s-maxage=60");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// What runs.
#[derive(Clone, Copy)]
pub(super) enum Route {
    Home,
    Login,
    WhoAmI,
    Cookies,
    CsrfToken,
    Data,
    Catalog,
    Ledger,
    Transfer,
    Item,
    Echo,
    Upload,
    Download,
    Events,
    Slow,
    Status,
    Token,
    Ask,
    Build,
    Payment,
    Options,
}

/// What a method and a path mean.
pub(super) enum Found {
    Route(Route, Effect),
    /// The path is known; these are its methods.
    WrongMethod(&'static str),
    Nothing,
}

impl Found {
    pub(super) const fn effect(&self) -> Effect {
        match self {
            Self::Route(_, effect) => *effect,
            Self::WrongMethod(_) | Self::Nothing => Effect::Read,
        }
    }
}

/// Path, methods that only read, methods that change something, what runs. A path that ends in `/`
/// stands for everything below it. A route that reads by GET answers HEAD too.
const ROUTES: [(&str, &str, &str, Route); 21] = [
    ("/", "GET", "", Route::Home),
    ("/login", "", "POST", Route::Login),
    ("/whoami", "GET", "", Route::WhoAmI),
    ("/cookies", "", "POST", Route::Cookies),
    ("/csrf-token", "GET", "", Route::CsrfToken),
    ("/api/data", "GET", "POST", Route::Data),
    ("/api/catalog", "GET", "", Route::Catalog),
    ("/api/token", "GET", "", Route::Token),
    ("/api/ask", "", "POST", Route::Ask),
    ("/hooks/payment", "", "POST", Route::Payment),
    ("/hooks/code", "", "POST", Route::Build),
    ("/api/ledger", "GET", "", Route::Ledger),
    ("/transfer", "", "GET, POST", Route::Transfer),
    ("/api/transfer", "", "POST", Route::Transfer),
    ("/api/items/", "GET", "PUT, PATCH, DELETE", Route::Item),
    ("/api/echo", "GET", "POST, PUT, PATCH, DELETE", Route::Echo),
    ("/upload", "", "POST, PUT", Route::Upload),
    ("/download", "GET", "", Route::Download),
    ("/events", "GET", "", Route::Events),
    ("/slow", "GET", "POST", Route::Slow),
    ("/status", "GET", "", Route::Status),
];

/// Finds the route of a method and a path.
pub(super) fn find(method: &Method, path: &str) -> Found {
    let below = |own: &str| own.len() > 1 && own.ends_with('/') && path.len() > own.len();
    let row = ROUTES.iter().find(|(own, ..)| *own == path || (below(own) && path.starts_with(own)));
    let Some((_, reads, writes, route)) = row else { return Found::Nothing };
    let lists = |methods: &str, method: &str| methods.split(", ").any(|own| own == method);
    let name = match method.as_str() {
        "OPTIONS" => return Found::Route(Route::Options, Effect::Read),
        "HEAD" => "GET",
        name => name,
    };
    if lists(reads, name) {
        Found::Route(*route, Effect::Read)
    } else if lists(writes, name) {
        Found::Route(*route, Effect::Write)
    } else if reads.is_empty() {
        Found::WrongMethod(writes)
    } else {
        Found::WrongMethod(reads)
    }
}

/// Runs a route. An error closes the connection: the request's body could not be read.
pub(super) async fn run(
    route: Route,
    head: Parts,
    body: Incoming,
    mut running: Running,
) -> io::Result<Response<Body>> {
    let query = urlencoded(head.uri.query().unwrap_or_default());
    let shop = running.shop();
    let (response, what) = match route {
        Route::Slow => return slow(&head, &query, running).await,
        Route::Download | Route::Events => return Ok(stream(route, &head, &query, running)),
        Route::Upload => match body::count(body).await {
            Ok(bytes) => {
                (json(StatusCode::OK, &json!({ "bytes": bytes })), format!("{bytes} bytes came"))
            }
            Err(_) => return Err(cut_off()),
        },
        Route::Echo => match body::count(body).await {
            Ok(bytes) => echo(&head, bytes),
            Err(_) => return Err(cut_off()),
        },
        Route::Ask if !shop.tokens.take(&head.headers) => {
            running.end(Kind::Refused, "no token, or one that was used");
            return Ok(plain(StatusCode::UNAUTHORIZED, "A token is needed.\n"));
        }
        Route::Ask => said(&json!({ "answer": "42" }), "asked the model: 2 cents"),
        Route::Transfer | Route::Login | Route::Data | Route::Item => {
            let bytes = match body::read(body).await {
                Ok(bytes) => bytes,
                Err(Unread::CutOff) => return Err(cut_off()),
                Err(Unread::TooLarge) => {
                    running.end(Kind::Refused, "the body is too large");
                    return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.\n"));
                }
            };
            match route {
                Route::Transfer => transfer(&shop, &head, &query, &bytes),
                Route::Login => login(&shop, &bytes),
                Route::Item => item(&shop, &head),
                _ => api_data(&head, bytes.len()),
            }
        }
        Route::Home => home(&shop, &head, &query),
        Route::WhoAmI => who_am_i(&shop, &head),
        Route::Ledger => said(&json!(*shop.ledger()), "read the balances"),
        Route::Status => said(&json!({ "status": "ok" }), "said that it is up"),
        Route::Cookies => cookies(),
        Route::CsrfToken => said(&json!({ "token": shop.tokens.draw() }), "gave a token"),
        Route::Token => said(&json!({ "token": shop.tokens.issue() }), "gave a token"),
        Route::Catalog => catalog(),
        Route::Build => said(&json!({ "building": true }), "began a build"),
        Route::Payment => said(&json!({ "paid": true }), "took the order for paid"),
        Route::Options => (plain(StatusCode::OK, ""), "said nothing of its methods".to_owned()),
    };
    running.executed(&what);
    running.finish();
    Ok(response)
}

fn said(value: &Value, what: &str) -> (Response<Body>, String) {
    (json(StatusCode::OK, value), what.to_owned())
}

fn transfer(
    shop: &Shop,
    head: &Parts,
    query: &[(String, String)],
    body: &[u8],
) -> (Response<Body>, String) {
    let user = shop.sessions().user(&head.headers);
    let user = match (user, shop.trust) {
        (Some(user), _) => user,
        (None, Trust::Network) => "ann",
        (None, Trust::Cookie) => {
            return failed(StatusCode::UNAUTHORIZED, "nobody is signed in: nothing moved");
        }
    };
    let order = match head.method {
        Method::POST => Order::from_body(&head.headers, body),
        _ => Order::from_pairs(query),
    };
    let Some(order) = order else {
        return failed(StatusCode::BAD_REQUEST, "not a transfer: nothing moved");
    };
    if order.from.is_some_and(|from| from != user) {
        return failed(StatusCode::FORBIDDEN, "somebody else's money: nothing moved");
    }
    let mut ledger = shop.ledger();
    match ledger.move_money(user, &order.to, order.amount) {
        Ok(moved) => {
            let what = moved.to_string();
            (json(StatusCode::OK, &json!({ "moved": what, "balances": *ledger })), what)
        }
        Err(NotMoved::NotEnough) => failed(StatusCode::CONFLICT, &NotMoved::NotEnough.to_string()),
        Err(why) => failed(StatusCode::BAD_REQUEST, &why.to_string()),
    }
}

fn login(shop: &Shop, body: &[u8]) -> (Response<Body>, String) {
    let form = urlencoded(&String::from_utf8_lossy(body));
    let user = shop.ledger().account(value(&form, "user").unwrap_or("ann"));
    let Some(user) = user else {
        return failed(StatusCode::UNAUTHORIZED, "nobody of that name: not signed in");
    };
    let cookie = set_cookie(&shop.sessions().sign_in(user), shop.same_site);
    let mut response = plain(StatusCode::SEE_OTHER, "Signed in.\n");
    response.headers_mut().insert(LOCATION, HeaderValue::from_static("/"));
    // The cookie is ASCII of our own making; if it were not, nobody would be signed in.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    (response, format!("signed {user} in"))
}

fn who_am_i(shop: &Shop, head: &Parts) -> (Response<Body>, String) {
    match shop.sessions().user(&head.headers) {
        Some(user) => (json(StatusCode::OK, &json!({ "id": user })), format!("told it is {user}")),
        None => failed(StatusCode::UNAUTHORIZED, "nobody is signed in"),
    }
}

fn cookies() -> (Response<Body>, String) {
    let mut response = plain(StatusCode::OK, "Set.\n");
    let lines = one_of_each();
    for value in lines.iter().filter_map(|line| HeaderValue::from_str(line).ok()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    (response, "set a cookie for each SameSite".to_owned())
}

fn catalog() -> (Response<Body>, String) {
    let items = json!([{ "name": "lamp" }, { "name": "chair" }, { "name": "table" }]);
    let mut response = json(StatusCode::OK, &json!({ "catalog": items }));
    response.headers_mut().insert(CACHE_CONTROL, CACHEABLE);
    (response, "read the catalogue".to_owned())
}

fn api_data(head: &Parts, body_bytes: usize) -> (Response<Body>, String) {
    let items = json!([{ "id": 1, "name": "lamp" }, { "id": 2, "name": "chair" }]);
    let mut response = json(StatusCode::OK, &json!({ "items": items }));
    let count = HeaderName::from_static("x-total-count");
    response.headers_mut().insert(count, HeaderValue::from_static("2"));
    let what = match head.method {
        Method::POST => format!("took {body_bytes} bytes"),
        _ => "read the items".to_owned(),
    };
    (response, what)
}

fn item(shop: &Shop, head: &Parts) -> (Response<Body>, String) {
    let id = head.uri.path().trim_start_matches("/api/items/");
    let owner = shop.sessions().user(&head.headers);
    let of = owner.map(|owner| format!(", for {owner}")).unwrap_or_default();
    let mut items = shop.items();
    if id.len() > ITEM_ID_BYTES_MAX || (items.len() >= ITEMS_MAX && !items.contains_key(id)) {
        return failed(StatusCode::INSUFFICIENT_STORAGE, "no room for this item");
    }
    let what = match head.method {
        Method::PUT | Method::PATCH => {
            let changes = items.entry(id.to_owned()).or_default();
            *changes += 1;
            format!("changed item {id}{of}")
        }
        Method::DELETE => match items.remove(id) {
            Some(_) => format!("removed item {id}{of}"),
            None => return failed(StatusCode::NOT_FOUND, "no such item: nothing removed"),
        },
        _ => match items.get(id) {
            Some(_) => format!("read item {id}{of}"),
            None => return failed(StatusCode::NOT_FOUND, "no such item"),
        },
    };
    let changes = items.get(id);
    (json(StatusCode::OK, &json!({ "id": id, "changes": changes, "owner": owner })), what)
}

fn echo(head: &Parts, body_bytes: u64) -> (Response<Body>, String) {
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let answer = json!({
        "method": head.method.as_str(),
        "target": head.uri.to_string(),
        "headers": headers,
        "body_bytes": body_bytes,
    });
    (json(StatusCode::OK, &answer), format!("repeated it, with {body_bytes} bytes of body"))
}

fn home(shop: &Shop, head: &Parts, query: &[(String, String)]) -> (Response<Body>, String) {
    let user = shop.sessions().user(&head.headers);
    let (state, greeting) = match user {
        Some(user) => ("signed-in", format!("Signed in as {user}.")),
        None => ("signed-out", "Nobody is signed in.".to_owned()),
    };
    let page = include_str!("page.html").replace("{{state}}", state);
    let page = page.replace("{{greeting}}", &greeting);
    let mut response = Response::new(whole(page));
    response.headers_mut().insert(CONTENT_TYPE, HTML);
    if value(query, "referrer-policy") == Some("no-referrer") {
        let policy = HeaderValue::from_static("no-referrer");
        response.headers_mut().insert(REFERRER_POLICY, policy);
    }
    (response, "showed the shop".to_owned())
}

fn stream(
    route: Route,
    head: &Parts,
    query: &[(String, String)],
    mut running: Running,
) -> Response<Body> {
    let number = |name: &str| value(query, name).and_then(|text| text.parse::<u64>().ok());
    let (content, content_type) = match route {
        Route::Download => {
            (Content::Bytes(number("bytes").unwrap_or(0).min(DOWNLOAD_BYTES_MAX)), OCTETS)
        }
        _ => {
            let end = number("count").unwrap_or(EVENTS_SENT_MAX).min(EVENTS_SENT_MAX);
            (Content::Events { next: 0, end }, EVENT_STREAM)
        }
    };
    let valve = match value(query, "key").map(|key| running.shop().valves.of(key)) {
        None => None,
        Some(Some(valve)) => Some(valve),
        Some(None) => return no_valve(running),
    };
    running.executed("began to send");
    if head.method == Method::HEAD {
        running.finish();
    }
    let mut response = Response::new(streams::body(content, valve, running));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn slow(
    head: &Parts,
    query: &[(String, String)],
    mut running: Running,
) -> io::Result<Response<Body>> {
    let key = value(query, "key").unwrap_or_default();
    let Some(valve) = running.shop().valves.of(key) else { return Ok(no_valve(running)) };
    running.executed("began to think");
    if value(query, "at") == Some("body") && head.method != Method::HEAD {
        let body = streams::body(Content::Text("done\n"), Some(valve), running);
        return Ok(Response::new(body));
    }
    valves::step(&valve).await;
    running.finish();
    Ok(plain(StatusCode::OK, "done\n"))
}

fn no_valve(running: Running) -> Response<Body> {
    running.end(Kind::Refused, "too many keys");
    plain(StatusCode::INSUFFICIENT_STORAGE, "Too many keys.\n")
}

fn failed(status: StatusCode, why: &str) -> (Response<Body>, String) {
    (json(status, &json!({ "error": why })), why.to_owned())
}

/// An answer of JSON.
pub(super) fn json(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(whole(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the request's body broke off")
}
