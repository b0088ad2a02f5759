//! The lab's own server over real sockets: whom it answers, whom it calls, and stories that need no
//! browser.

use doorward_browser::Engine;
use doorward_lab::control::Control;
use doorward_lab::lab::{Lab, LabOptions};
use doorward_lab::run::{Listener, Screen, Show, Spec, StepRan, run};
use doorward_lab::scenario::Side;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Running {
    control: Arc<Control>,
    address: SocketAddr,
    token: String,
    _serving: doorward_lab::net::Serving,
}

async fn start() -> Running {
    let options = LabOptions { any_ports: true, ..LabOptions::default() };
    let (lab, bound) = Lab::start(options).await.expect("a lab");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, bound.port()));
    let control = Control::new(lab, Vec::new()).expect("its stories");
    let serving = control.serve(bound);
    let (_, token) = control.address().split_once("#token=").map(own).expect("a token");
    Running { control, address, token, _serving: serving }
}

fn own((left, right): (&str, &str)) -> (String, String) {
    (left.to_owned(), right.to_owned())
}

impl Running {
    async fn raw(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("connects");
        let length = body.len();
        let request =
            format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("reads");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// What the lab's own page would ask.
    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let port = self.address.port();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nLab-Token: {}",
            self.token
        );
        let answer = self.raw(&head, &body.to_string()).await;
        let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok()).expect("a status");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    fn evil(&self) -> i64 {
        let balances = self.control.lab().balances();
        balances.iter().find(|(name, _)| *name == "evil").map_or(0, |(_, money)| *money)
    }
}

#[tokio::test]
async fn only_the_labs_own_page_with_its_token_is_answered() {
    let lab = start().await;
    let port = lab.address.port();
    let host = format!("Host: localhost:{port}");
    let token = format!("Lab-Token: {}", lab.token);
    let rows: [(String, &str); 15] = [
        (format!("{host}\r\n{token}"), "200"),
        (format!("Host: 127.0.0.1:{port}\r\n{token}"), "200"),
        (format!("{host}\r\n{token}\r\nOrigin: http://localhost:{port}"), "200"),
        // A page that rebinds its own name to this address has that name.
        (format!("Host: rebind.test:{port}\r\n{token}"), "421"),
        (format!("Host: evil.localhost:{port}\r\n{token}"), "421"),
        (format!("Host: localhost\r\n{token}"), "421"),
        (format!("Host: localhost:1\r\n{token}"), "421"),
        (host.clone(), "403"),
        (format!("{host}\r\nLab-Token: {}", "0".repeat(32)), "403"),
        (format!("{host}\r\nLab-Token:"), "403"),
        (format!("{host}\r\n{token}\r\n{token}"), "403"),
        (format!("{host}\r\n{token}\r\nSec-Fetch-Site: cross-site"), "403"),
        (format!("{host}\r\n{token}\r\nSec-Fetch-Site: same-site"), "403"),
        (format!("{host}\r\n{token}\r\nOrigin: http://evil.localhost:5174"), "403"),
        (format!("{host}\r\n{token}\r\nOrigin: null"), "403"),
    ];
    for (headers, want) in rows {
        for (method, path) in [("GET", "/api/lab"), ("POST", "/api/reset")] {
            let answer = lab.raw(&format!("{method} {path} HTTP/1.1\r\n{headers}"), "").await;
            let status = answer.split(' ').nth(1).unwrap_or_default();
            assert_eq!(status, want, "{method} {headers}: {answer}");
            let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
            assert!(!head.to_lowercase().contains("access-control-allow"), "{head}");
        }
    }
}

#[tokio::test]
async fn the_page_is_given_to_nobodys_frame_and_runs_its_own_scripts_only() {
    let lab = start().await;
    let host = format!("Host: localhost:{}", lab.address.port());
    for path in ["/", "/stage", "/assets/main.js", "/assets/vendor/preact.js", "/assets/lab.css"] {
        let answer = lab.raw(&format!("GET {path} HTTP/1.1\r\n{host}"), "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(answer.contains(part), "{path}: {part}: {answer}");
        }
        assert!(!answer.contains(&lab.token), "{path} gives the token away");
    }
    for path in ["/assets/../Cargo.toml", "/assets/%2e%2e/x", "/assets/nothing.js", "/nothing"] {
        let answer = lab.raw(&format!("GET {path} HTTP/1.1\r\n{host}"), "").await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_desk_calls_the_labs_sites_and_nobody_else() {
    let lab = start().await;
    let sites = lab.control.lab().sites();
    let api = sites.fill("{api}", Side::Off);
    let gate = sites.fill("{gate}", Side::On);
    let (status, said) =
        lab.post("/api/desk", &json!({ "line": format!("curl {api}/api/data") })).await;
    assert_eq!((status, said["status"].as_u64()), (200, Some(200)), "{said}");
    assert_eq!(said["log"][0]["kind"], "executed", "{said}");
    let line = format!("curl -d 'to=evil&amount=100' {api}/transfer");
    lab.post("/api/desk", &json!({ "line": line })).await;
    assert_eq!(lab.evil(), 100);
    let line = format!(
        "curl -H 'Origin: https://evil.example' -H 'Sec-Fetch-Site: cross-site' \
         -d 'to=evil&amount=100' {gate}/transfer"
    );
    let (_, said) = lab.post("/api/desk", &json!({ "line": line })).await;
    assert_eq!((said["status"].as_u64(), lab.evil()), (Some(403), 100), "{said}");
    assert_eq!(said["log"], json!([]), "the backend was not contacted");

    let control = format!("http://localhost:{}/api/reset", lab.address.port());
    let others = [
        control.as_str(),
        "http://example.com/",
        "http://127.0.0.1:22/",
        "http://169.254.169.254/latest/meta-data",
        "https://api.shop.localhost:3000/",
        "http://[::1]/",
        "file:///etc/passwd",
        "gopher://localhost:3000/",
    ];
    for url in others {
        let line = format!("curl -X POST -H 'Lab-Token: {}' '{url}'", lab.token);
        let (status, said) = lab.post("/api/desk", &json!({ "line": line })).await;
        assert_eq!(status, 422, "{url}: {said}");
        assert_eq!(said["error"]["code"], "address", "{url}: {said}");
    }
    assert_eq!(lab.evil(), 100, "the control port was not called");
}

#[tokio::test]
async fn wrong_input_is_answered_with_the_place_and_a_hint() {
    let lab = start().await;
    let rows = [
        ("/api/desk", json!({ "line": "curl 'http://x" }), "at", json!(5)),
        ("/api/explain", json!({ "text": "hello" }), "code", json!("text")),
        ("/api/copy", json!({ "line": "wget x", "form": "python" }), "at", json!(0)),
    ];
    for (path, body, key, want) in rows {
        let (status, said) = lab.post(path, &body).await;
        assert_eq!((status, &said["error"][key]), (400, &want), "{path}: {said}");
        assert!(!said["error"]["hint"].as_str().unwrap_or_default().is_empty(), "{said}");
    }
    let judged = json!({ "caller": "evil", "method": "PUT", "path": "/api/data" });
    let (status, said) = lab.post("/api/judge", &judged).await;
    assert_eq!((status, &said["conditions"][0]["holds"]), (200, &json!(false)), "{said}");
    let long =
        json!({ "caller": "evil", "method": "GET", "path": format!("/{}", "a".repeat(5000)) });
    assert_eq!(lab.post("/api/judge", &long).await.0, 400);
    let elsewhere = json!({ "caller": "evil", "method": "GET", "path": "//example.com/" });
    assert_eq!(lab.post("/api/judge", &elsewhere).await.0, 400);
    let wish = json!({ "text": "fetch('/x', {method: 'patch'})", "from": "http://a.test" });
    let (status, said) = lab.post("/api/explain", &wish).await;
    assert_eq!((status, &said["why"]["id"]), (200, &json!("own-origin")), "{said}");
    let wish = json!({ "text": "fetch('http://b.test')", "from": "http://a.test" });
    let (_, said) = lab.post("/api/explain", &wish).await;
    let change = "to the request, answer Access-Control-Allow-Origin: http://a.test";
    assert_eq!((&said["works"], &said["changes"][0]), (&json!(false), &json!(change)), "{said}");
    let wish = json!({ "screen": "nobody", "scenario": "transfer", "gate": "off" });
    let (status, said) = lab.post("/api/runs", &wish).await;
    assert_eq!((status, &said["error"]["code"]), (409, &json!("screen")), "{said}");
}

/// Nobody shows pages; programs need none.
struct NoScreen;

impl Screen for NoScreen {
    fn show<'a>(
        &'a self,
        _: Show,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(async { Err("there is no browser in this test".to_owned()) })
    }
}

impl Listener for NoScreen {
    fn began(&self, _: u64, _: usize, _: &str, _: &doorward_lab::predict::Predicted) {}
    fn ended(&self, _: u64, _: &StepRan) {}
}

#[tokio::test]
async fn stories_of_programs_need_no_browser() {
    let lab = start().await;
    for id in
        ["curl-plain", "curl-forged", "origin-required", "flood", "own-pass", "shared-address"]
    {
        let scenario = lab.control.scenario(id).cloned().expect("a story");
        for side in [Side::Off, Side::On] {
            let spec = Spec::new(Arc::clone(&scenario), side, Engine::chromium());
            let ran = run(lab.control.lab(), &spec, &NoScreen, &NoScreen).await.expect("it runs");
            for step in &ran.steps {
                assert!(step.faults.is_empty(), "{id} {side:?} {}: {:?}", step.says, step.faults);
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_nobody_shows_is_no_verdict() {
    let lab = start().await;
    let scenario = lab.control.scenario("A1").cloned().expect("a story");
    let spec = Spec::new(scenario, Side::Off, Engine::chromium());
    let error = run(lab.control.lab(), &spec, &NoScreen, &NoScreen).await.expect_err("no screen");
    assert!(error.to_string().contains("no browser"), "{error}");
}

#[tokio::test]
async fn what_is_not_built_yet_is_not_run() {
    let lab = start().await;
    let scenario = lab.control.scenario("script-clients").cloned().expect("a story");
    let spec = Spec::new(scenario, Side::On, Engine::chromium());
    let error = run(lab.control.lab(), &spec, &NoScreen, &NoScreen).await.expect_err("not built");
    assert_eq!(error.to_string(), "not built yet: bot");
}

#[tokio::test]
async fn a_taken_port_moves() {
    let first = Lab::start(LabOptions::default()).await.expect("a lab");
    let second = Lab::start(LabOptions::default()).await.expect("another one");
    let (one, two) = (first.0.sites().ports, second.0.sites().ports);
    assert_ne!((one.lab, one.api, one.gate), (two.lab, two.api, two.gate));
    let asked = LabOptions { port: Some(one.lab), ..LabOptions::default() };
    assert!(Lab::start(asked).await.is_err(), "a port that was asked for does not move");
}
