//! Pages that act: each is served once, by the origin that it acts for, and tells its own server
//! what it got.
//!
//! An address of one is a random number: whoever does not know it can neither load the page nor
//! report in its place.

mod page;

pub(crate) use page::escaped;
pub use page::{Act, Price, Report};

use crate::net::{Body, empty, whole};
use crate::sites::Sites;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderValue,
    ORIGIN, REFERRER_POLICY, SET_COOKIE,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Where everything of the lab's own is on a scenario's site.
pub const PREFIX: &str = "/__lab/";
/// Bytes of a report, at most.
const REPORT_BYTES_MAX: usize = 64 * 1024;
/// Acts that wait for their page, at most; the oldest are forgotten.
const ACTS_MAX: usize = 500;

/// The acts that are open.
#[derive(Default)]
pub struct Acts {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    acts: HashMap<String, Waiting>,
    /// Who waits whether a cookie goes along.
    probe: Option<(String, oneshot::Sender<bool>)>,
    oldest_first: std::collections::VecDeque<String>,
}

struct Waiting {
    act: Act,
    served: Option<oneshot::Sender<()>>,
    report: Option<oneshot::Sender<Report>>,
}

/// An act that is open.
pub(crate) struct Opened {
    /// Where its page is.
    pub(crate) url: String,
    /// Its page is there: the browser fetched what belongs to it.
    pub(crate) served: oneshot::Receiver<()>,
    /// What came of it.
    pub(crate) report: oneshot::Receiver<Report>,
}

impl Acts {
    /// Opens an act.
    pub(crate) fn open(&self, act: Act) -> Opened {
        let nonce = nonce();
        let url = format!("{}{PREFIX}act/{nonce}", act.origin);
        let (serve, served) = oneshot::channel();
        let (sender, report) = oneshot::channel();
        let mut open = self.lock();
        if open.oldest_first.len() >= ACTS_MAX
            && let Some(oldest) = open.oldest_first.pop_front()
        {
            open.acts.remove(&oldest);
        }
        open.oldest_first.push_back(nonce.clone());
        open.acts.insert(nonce, Waiting { act, served: Some(serve), report: Some(sender) });
        Opened { url, served, report }
    }

    /// Whether the cookies that a page of the API's own gets here go along from elsewhere: a name,
    /// and who hears of it. There is one at a time.
    pub(crate) fn probe(&self) -> (String, oneshot::Receiver<bool>) {
        let (nonce, (sender, came)) = (nonce(), oneshot::channel());
        self.lock().probe = Some((nonce.clone(), sender));
        (nonce, came)
    }

    /// Nobody shows the page at this address: whoever waits for its report need not.
    pub(crate) fn give_up(&self, url: &str) {
        let nonce = url.rsplit('/').next().unwrap_or_default();
        self.lock().acts.remove(nonce);
    }

    /// Answers what is for the lab on a scenario's site.
    pub(crate) async fn answer(&self, sites: &Sites, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
        let host = text(request.headers().get(HOST));
        match (request.method(), path.split_once('/')) {
            (&Method::GET, None) => match path.as_str() {
                "act.css" => style(),
                _ => nothing(),
            },
            (&Method::POST, None) if path == "forget" => forget(request.headers()),
            (&Method::POST, Some(("probe", _))) => set(request.headers(), &PROBES),
            (&Method::GET, Some(("probe", nonce))) => self.probed(nonce, request.headers()),
            (&Method::GET, Some(("act", nonce))) => self.page(sites, nonce, &host),
            (&Method::GET, Some(("script", nonce))) => self.script(nonce),
            (&Method::GET, Some(("style", nonce))) => {
                self.there(nonce, true);
                style()
            }
            (&Method::POST, Some(("report", nonce))) => {
                let nonce = nonce.to_owned();
                self.report(&nonce, request).await
            }
            _ => nothing(),
        }
    }

    fn page(&self, sites: &Sites, nonce: &str, host: &str) -> Response<Body> {
        let mut open = self.lock();
        let Some(waiting) = open.acts.get_mut(nonce) else { return nothing() };
        // The page of one origin is not served to another: names share listeners.
        if waiting.act.origin.split("://").nth(1) != Some(host) {
            return nothing();
        }
        let mut response = Response::new(whole(waiting.act.html(nonce)));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // What every page has that says nothing of it; WebKit would take the lab's own instead.
        let referrer = HeaderValue::from_static("strict-origin-when-cross-origin");
        headers.insert(REFERRER_POLICY, referrer);
        let scripts = match &waiting.act.script {
            _ if waiting.act.way.is_without_scripts() => "'none'".to_owned(),
            // The gate's script works in a Worker, and loads what works from where it came.
            Some(script) => format!("'self' {}; worker-src blob:", of_origin(script)),
            None => "'self'".to_owned(),
        };
        let lab = sites.lab();
        let policy = format!(
            "default-src *; script-src {scripts}; style-src 'self'; base-uri 'none'; object-src \
             'none'; frame-ancestors {lab}"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        response
    }

    /// What the page runs: once. A browser that was shown it twice acts once.
    fn script(&self, nonce: &str) -> Response<Body> {
        let text = include_str!("../../../web/act/act.js");
        asset(if self.there(nonce, false) { text } else { "" }, "text/javascript; charset=utf-8")
    }

    /// The page of this act is in a browser, not only on its way there: a browser that is busy with
    /// the page before drops what it was given. Whether that is news.
    fn there(&self, nonce: &str, without_scripts: bool) -> bool {
        let mut open = self.lock();
        let own = open.acts.get_mut(nonce);
        let own = own.filter(|own| own.act.way.is_without_scripts() == without_scripts);
        let Some(served) = own.and_then(|own| own.served.take()) else { return false };
        // Whoever waited may have given up.
        let _ = served.send(());
        true
    }

    fn probed(&self, nonce: &str, headers: &HeaderMap) -> Response<Body> {
        let mut open = self.lock();
        if let Some((_, told)) = open.probe.take_if(|(own, _)| own == nonce) {
            // Whoever waited may have given up.
            let _ = told.send(headers.contains_key(COOKIE));
        }
        nothing()
    }

    async fn report(&self, nonce: &str, request: Request<Incoming>) -> Response<Body> {
        let origin = text(request.headers().get(ORIGIN));
        let sender = {
            let mut open = self.lock();
            let own = open.acts.get_mut(nonce).filter(|waiting| waiting.act.origin == origin);
            own.and_then(|waiting| waiting.report.take())
        };
        let Some(sender) = sender else { return nothing() };
        let body = Limited::new(request.into_body(), REPORT_BYTES_MAX).collect().await;
        let report = body.ok().and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
        // Whoever waited may have given up.
        let _ = sender.send(report.unwrap_or_default());
        let mut response = Response::new(empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names of all cookies that stories set, and of the gate's own.
const COOKIES: [&str; 8] = [
    "session",
    "__Host-session",
    "none",
    "lax",
    "strict",
    "unset",
    "doorward-anchor",
    "__Host-doorward",
];

/// What is set to see whether it goes along: WebKit keeps no `Secure` cookie here, and Chromium
/// takes one that says nothing for `Lax`.
const PROBES: [&str; 2] = [
    "probe-none=1; Path=/__lab/probe; Max-Age=60; Secure; SameSite=None",
    "probe-unset=1; Path=/__lab/probe; Max-Age=60",
];

/// Takes back what earlier stories left in this host's jar.
fn forget(headers: &HeaderMap) -> Response<Body> {
    // A Secure cookie is forgotten only by one that is Secure too, and WebKit takes none here.
    let lines = COOKIES.iter().flat_map(|name| {
        ["", "; Secure; SameSite=None"].map(|more| format!("{name}=; Path=/; Max-Age=0{more}"))
    });
    let lines: Vec<String> = lines.collect();
    set(headers, &lines)
}

/// Sets cookies of this host; only its own page may ask.
fn set(headers: &HeaderMap, lines: &[impl AsRef<str>]) -> Response<Body> {
    let own = text(headers.get(HOST));
    if text(headers.get(ORIGIN)).split("://").nth(1) != Some(own.as_str()) {
        return nothing();
    }
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for line in lines {
        if let Ok(line) = HeaderValue::from_str(line.as_ref()) {
            response.headers_mut().append(SET_COOKIE, line);
        }
    }
    response
}

/// The origin of an address.
fn of_origin(url: &str) -> String {
    let parsed = url::Url::parse(url).map(|url| url.origin().ascii_serialization());
    parsed.unwrap_or_default()
}

/// 128 random bits in hexadecimal digits.
pub(crate) fn nonce() -> String {
    crate::gate::seed::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(value: Option<&HeaderValue>) -> String {
    value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn style() -> Response<Body> {
    asset(include_str!("../../../web/act/act.css"), "text/css; charset=utf-8")
}

fn asset(text: &'static str, kind: &'static str) -> Response<Body> {
    let mut response = Response::new(whole(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(crate) fn nothing() -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// What answers a page's site beside its acts: a word about where one is.
pub(crate) fn landing(host: &str) -> Response<Body> {
    let mut response = Response::new(whole(page::landing(host)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'self'");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// A shared registry.
pub(crate) type SharedActs = Arc<Acts>;
