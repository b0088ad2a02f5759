//! Forty people behind one address load a page with ten requests each within ten seconds: none is
//! refused under the default shares. A script among them is held to its own share.

use doorward_core::settings::Settings;
use doorward_core::verdict::Verdict;
use doorward_lab::backend::{Backend, BackendOptions};
use doorward_test::running_gate::{GateOptions, RunningGate};
use doorward_test::sample::{Request, Rig, begin, spoken};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// People behind the address.
const PEOPLE: u64 = 40;
/// Requests of the script.
const SCRIPTED: u64 = 5_000;
/// The default share of programs: saved up at the most, and back in a second.
const PROGRAMS_BURST: u64 = 400;
const PROGRAMS_PER_S: u64 = 20;
/// The frontend on another origin.
const SHOP: &str = "http://shop.localhost:5173";

/// One of the ten requests of a page: method, path, site, mode, destination, whether with the
/// shop's `Origin`.
type Load = (&'static str, &'static str, &'static str, &'static str, &'static str, bool);

const PAGE: [Load; 10] = [
    ("GET", "/status", "none", "navigate", "document", false),
    ("GET", "/status?css", "same-origin", "no-cors", "style", false),
    ("GET", "/status?js", "same-origin", "no-cors", "script", false),
    ("GET", "/status?font", "same-origin", "cors", "font", false),
    ("GET", "/status?image=1", "same-origin", "no-cors", "image", false),
    ("GET", "/status?image=2", "same-origin", "no-cors", "image", false),
    ("GET", "/api/data", "same-origin", "cors", "empty", false),
    ("GET", "/api/data", "cross-site", "cors", "empty", true),
    ("OPTIONS", "/api/echo", "cross-site", "cors", "empty", true),
    ("POST", "/api/echo", "cross-site", "cors", "empty", true),
];

const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/156.0.0.0 Safari/537.36";

fn headers_of<'a>(load: &Load, host: &'a str) -> Vec<(&'static str, &'a str)> {
    let (method, _, site, mode, dest, of_shop) = *load;
    let mut headers = vec![
        ("host", host),
        ("user-agent", CHROME),
        ("sec-fetch-site", site),
        ("sec-fetch-mode", mode),
        ("sec-fetch-dest", dest),
    ];
    if of_shop {
        headers.push(("origin", SHOP));
    }
    if method == "OPTIONS" {
        headers.push(("access-control-request-method", "POST"));
    }
    headers
}

fn people_in_the_core() -> Vec<Request> {
    PAGE.iter()
        .map(|load| {
            let method = Method::from_bytes(load.0.as_bytes()).expect("a method");
            let (path, query) = load.1.split_once('?').unwrap_or((load.1, ""));
            let mut request = Request::new(method, path, &headers_of(load, "localhost:8080"));
            request.query = (!query.is_empty()).then(|| query.to_owned());
            request
        })
        .collect()
}

fn default_gate() -> Rig {
    let mut settings = Settings::public();
    settings.origins = vec![SHOP.to_owned()];
    Rig::new(&settings)
}

#[test]
fn an_honest_crowd_is_served_beside_a_script() {
    let rig = default_gate();
    let page = people_in_the_core();
    let script = Request::new(Method::GET, "/api/data", &[("host", "localhost:8080")]);
    let (mut admitted, mut refused) = (0, 0);
    for number in 0..SCRIPTED {
        let now = begin().later_ns(number * 2_000_000);
        match rig.judge(script.view(), b"", rig.at(now)) {
            Verdict::Admit(_) => admitted += 1,
            Verdict::Reply(_) => panic!("nothing to reply to"),
            Verdict::Refuse(of_script) => {
                refused += 1;
                let reply = of_script.reply();
                assert_eq!(of_script.reason().code(), "quota/share");
                assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
                let seconds = reply.headers["retry-after"].to_str().expect("a number");
                assert!(seconds.parse::<u32>().expect("a number") >= 1);
            }
        }
        // Every twelfth time one of the people's four hundred requests comes between.
        if number % 12 == 0 && number / 12 < PEOPLE * 10 {
            let request = &page[number as usize / 12 % page.len()];
            let said = spoken(&rig.judge(request.view(), b"", rig.at(now)));
            assert!(matches!(said.as_str(), "admit" | "reply 204"), "{said}: {request:?}");
        }
    }
    println!("script: {admitted} admitted, {refused} refused of {SCRIPTED}");
    assert_eq!(admitted, PROGRAMS_BURST + PROGRAMS_PER_S * 10 - 1);
}

#[test]
fn an_honest_crowd_may_come_at_one_moment() {
    let rig = default_gate();
    for person in 0..PEOPLE {
        for request in people_in_the_core() {
            let said = spoken(&rig.judge(request.view(), b"", rig.at(begin())));
            assert!(matches!(said.as_str(), "admit" | "reply 204"), "person {person}: {said}");
        }
    }
}

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// One browser's, or the script's, connection.
struct Connection(SendRequest<Empty<Bytes>>);

impl Connection {
    async fn open(to: SocketAddr) -> Outcome<Self> {
        let (sender, connection) = handshake(TokioIo::new(TcpStream::connect(to).await?)).await?;
        // It ends with the sender; what goes wrong shows at the next request.
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Outcome<(StatusCode, bool)> {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.0.ready().await?;
        let answer = self.0.send_request(request.body(Empty::new())?).await?;
        let (status, waits) = (answer.status(), answer.headers().contains_key("retry-after"));
        answer.into_body().collect().await?;
        Ok((status, waits))
    }
}

/// The script: how often it was served and refused. It tells how far it is.
async fn script(to: SocketAddr, told: watch::Sender<u64>) -> Outcome<(u64, u64)> {
    let host = to.to_string();
    let mut connection = Connection::open(to).await?;
    let (mut served, mut refused) = (0, 0);
    for number in 0..SCRIPTED {
        let (status, waits) = connection.send("GET", "/api/data", &[("host", &host)]).await?;
        match status {
            StatusCode::OK => served += 1,
            StatusCode::TOO_MANY_REQUESTS if waits => refused += 1,
            other => return Err(format!("the script got {other}, to wait: {waits}").into()),
        }
        told.send_replace(number + 1);
    }
    Ok((served, refused))
}

/// One person: each request when the script has got a tenth further.
async fn person(to: SocketAddr, mut script: watch::Receiver<u64>) -> Outcome<()> {
    let host = to.to_string();
    let mut connection = Connection::open(to).await?;
    for (load, place) in PAGE.iter().zip(0..) {
        script.wait_for(|number| *number >= place * SCRIPTED / 10).await?;
        let (status, _) = connection.send(load.0, load.1, &headers_of(load, &host)).await?;
        if !status.is_success() {
            return Err(format!("{load:?} got {status}").into());
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_honest_crowd_is_served_over_sockets() -> Outcome<()> {
    let backend = Backend::start(BackendOptions::default()).await?;
    let upstream = format!("http://{}", backend.address());
    let options = GateOptions { upstream: &upstream, origins: &[SHOP], ..GateOptions::default() };
    let gate = RunningGate::start(options).await?;
    let (told, heard) = watch::channel(0);
    let begin = Instant::now();
    let script = tokio::spawn(script(gate.address(), told));
    let people: Vec<_> =
        (0..PEOPLE).map(|_| tokio::spawn(person(gate.address(), heard.clone()))).collect();
    for person in people {
        person.await??;
    }
    let (served, refused) = script.await??;
    let seconds = begin.elapsed().as_secs_f64();
    println!("in {seconds:.1} s over sockets: script {served} served, {refused} refused");
    let most = PROGRAMS_BURST as f64 + PROGRAMS_PER_S as f64 * seconds + 1.0;
    assert!(served >= PROGRAMS_BURST && served as f64 <= most, "{served} served in {seconds:.1} s");
    assert_eq!(backend.executed("/api/echo").len() as u64, PEOPLE, "each posted once");
    gate.stop().await
}
