//! The public profile behind a shared cache: a guarded answer is for its page alone, and whoever
//! needs no pass is served.

use aws_lc_rs::hmac;
use doorward_test::browser::Outcome;
use doorward_test::passes::{Keys, Pass, Signing};
use doorward_test::running_gate::{GateOptions, RunningGate};
use doorward_test::varnish::Varnish;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OWN: &str = "http://shop.localhost:5173";
const SECRET: &str = "a secret of the webhook in front, long enough";

/// What the backend ran: request lines.
type Ran = Arc<Mutex<Vec<String>>>;

/// A backend whose answers any cache may keep.
async fn backend(ran: Ran) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    let number = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut seen = vec![0; 16 * 1024];
            let read = stream.read(&mut seen).await.unwrap_or_default();
            let head = String::from_utf8_lossy(&seen[..read]).into_owned();
            let line = head.lines().next().unwrap_or_default().to_owned();
            ran.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            let body = format!("answer {}", number.fetch_add(1, Ordering::SeqCst));
            let answer = format!(
                "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            );
            // A gate that has left hears nothing.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Ok(address)
}

/// A client of the cache in front.
struct Front {
    address: SocketAddr,
    ran: Ran,
}

impl Front {
    async fn send(&self, line: &str, headers: &[(&str, String)], body: &str) -> Outcome<String> {
        let mut text =
            format!("{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).await?;
        let mut out = String::new();
        stream.read_to_string(&mut out).await?;
        Ok(out)
    }

    fn ran(&self, begin: &str) -> usize {
        let ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        ran.iter().filter(|line| line.starts_with(begin)).count()
    }

    async fn pass(&self) -> Outcome<Pass> {
        let keys = Keys::new();
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let body = keys.ask(&self.address.to_string(), OWN, now, 11);
        let headers = page();
        let answer = self.send("POST /.doorward/pass", &headers, &body).await?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        Ok(keys.pass(body.as_bytes()))
    }
}

fn page() -> Vec<(&'static str, String)> {
    let agent = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36";
    [("Origin", OWN), ("Sec-Fetch-Site", "cross-site"), ("User-Agent", agent)]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec()
}

const CONFIG: &str = "\
[layers.pass]
mode = \"enforce\"

[secrets]
insecure_literal_secret = true

[[route]]
path = \"/shop/**\"
kind = \"page\"

[[route]]
path = \"/signed-in\"
kind = \"return\"
post = true

[[route]]
path = \"/healthy\"
kind = \"health\"

[[route]]
path = \"/hooks/payment\"
kind = \"webhook\"
webhook = { scheme = \"stripe\", secret = \"a secret of the webhook in front, long enough\" }
";

async fn front() -> Outcome<(Front, Varnish, RunningGate)> {
    let ran = Ran::default();
    let upstream = format!("http://{}", backend(Arc::clone(&ran)).await?);
    let options = GateOptions {
        upstream: &upstream,
        origins: &[OWN],
        config: CONFIG,
        ..GateOptions::default()
    };
    let gate = RunningGate::start(options).await?;
    let varnish = Varnish::start("passes", gate.address()).await?;
    Ok((Front { address: varnish.address(), ran }, varnish, gate))
}

#[tokio::test]
async fn a_guarded_answer_is_never_served_from_a_cache() -> Outcome<()> {
    let (front, varnish, _gate) = front().await?;
    let pass = front.pass().await?;
    let authority = front.address.to_string();
    for nonce in 1..=2_u8 {
        let signing = Signing::get(&authority, "/v1/items", pass.now, nonce);
        let mut headers = page();
        headers.extend(pass.sign(&signing));
        let answer = front.send("GET /v1/items", &headers, "").await?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.to_lowercase().contains("cache-control: private"), "{answer}");
        assert!(answer.to_lowercase().contains("x-varnish"), "{answer}");
        assert_eq!(front.ran("GET /v1/items"), usize::from(nonce), "each ran: nothing was kept");
    }
    // The same address, without a pass; and a copy of the signed request.
    let bare = front.send("GET /v1/items", &[], "").await?;
    assert!(bare.contains("doorward-refusal: pass/missing"), "{bare}");
    let mut copied = page();
    copied.extend(pass.sign(&Signing::get(&authority, "/v1/items", pass.now, 2)));
    let copied = front.send("GET /v1/items", &copied, "").await?;
    assert!(copied.contains("doorward-refusal: pass/used"), "{copied}");
    assert_eq!(front.ran("GET /v1/items"), 2);
    varnish.stop().await
}

#[tokio::test]
async fn who_needs_no_pass_is_served() -> Outcome<()> {
    let (front, varnish, _gate) = front().await?;
    let navigation = |site: &str| {
        let lines = [
            ("Sec-Fetch-Site", site),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "document"),
            ("Sec-Fetch-User", "?1"),
        ];
        lines.map(|(name, value)| (name, value.to_owned())).to_vec()
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let delivery = r#"{"id":"evt_1","type":"payment"}"#;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, format!("{now}.{delivery}").as_bytes());
    let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let signature = vec![("Stripe-Signature", format!("t={now},v1={tag}"))];
    let crawler = vec![("User-Agent", "Mozilla/5.0 (compatible; Searchbot/2.1)".to_owned())];
    let form =
        [navigation("cross-site"), vec![("Origin", "https://id.example".to_owned())]].concat();
    for (who, line, headers, body) in [
        ("a link of a search engine", "GET /shop/tea", navigation("cross-site"), ""),
        ("a crawler on pages", "GET /shop/bread", crawler.clone(), ""),
        ("a crawler's first question", "GET /robots.txt", crawler, ""),
        ("an OAuth return", "GET /signed-in?code=1&state=2", navigation("cross-site"), ""),
        ("a return by form", "POST /signed-in", form, "code=1"),
        ("a health check", "GET /healthy", Vec::new(), ""),
        ("a webhook", "POST /hooks/payment", signature, delivery),
    ] {
        let answer = front.send(line, &headers, body).await?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{who}: {answer}");
        assert_eq!(front.ran(line), 1, "{who}");
    }
    // Their hostile twins are not.
    let forged = vec![("Stripe-Signature", format!("t={now},v1={}", "0".repeat(64)))];
    for (line, headers, body, code) in [
        ("GET /v1/items", navigation("cross-site"), "", "site/cross-site"),
        ("POST /hooks/payment", forged, delivery, "identity/signature-forged"),
        ("GET /v1/items", Vec::new(), "", "pass/missing"),
    ] {
        let answer = front.send(line, &headers, body).await?;
        assert!(answer.contains(&format!("doorward-refusal: {code}")), "{line}: {answer}");
    }
    assert_eq!((front.ran("GET /v1/items"), front.ran("POST /hooks/payment")), (0, 1));
    varnish.stop().await
}
