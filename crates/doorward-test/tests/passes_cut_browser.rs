//! A connection that dies under a POST, in each engine: what ran is never run again, and what never
//! arrived is sent again. Two of the engines send it again by themselves.

use doorward_browser::EngineId;
use doorward_lab::browsers::BrowserOptions;
use doorward_test::browser::{Browser, Outcome, Pages, Site};
use doorward_test::running_gate::{GateOptions, RunningGate};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Request lines of POSTs that the backend ran.
type Ran = Arc<Mutex<Vec<String>>>;

async fn backend(ran: Ran) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let ran = Arc::clone(&ran);
            tokio::spawn(async move {
                let mut seen = vec![0; 16 * 1024];
                // The gate sends head and body of what it has held together.
                let read = stream.read(&mut seen).await.unwrap_or_default();
                let head = String::from_utf8_lossy(&seen[..read]).into_owned();
                let line = head.lines().next().unwrap_or_default().to_owned();
                ran.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
                // A gate that has left hears nothing.
                let _ = stream.write_all(answer).await;
            });
        }
    });
    Ok(address)
}

/// What stands between the browser and the gate, and cuts each kind of request once.
#[derive(Default)]
struct Cutter {
    before: AtomicBool,
    after: AtomicBool,
    cuts: AtomicUsize,
}

impl Cutter {
    async fn start(self: &Arc<Self>, gate: SocketAddr) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let own = Arc::clone(self);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = Arc::clone(&own);
                // Whoever breaks a connection here does so on purpose.
                tokio::spawn(async move { own.carry(stream, gate).await });
            }
        });
        Ok(address)
    }

    /// Loads it for the next engine.
    fn load(&self) {
        self.before.store(true, Ordering::SeqCst);
        self.after.store(true, Ordering::SeqCst);
    }

    async fn carry(&self, mut browser: TcpStream, gate: SocketAddr) -> std::io::Result<()> {
        let mut gate = TcpStream::connect(gate).await?;
        let (mut up, mut down) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        let mut cuts_answer = false;
        loop {
            tokio::select! {
                read = browser.read(&mut up) => {
                    let bytes = &up[..read?];
                    if bytes.is_empty() {
                        return Ok(());
                    }
                    if bytes.starts_with(b"POST /cut-before") && self.take(&self.before) {
                        return Ok(());
                    }
                    cuts_answer |= bytes.starts_with(b"POST /cut-after") && self.take(&self.after);
                    gate.write_all(bytes).await?;
                }
                read = gate.read(&mut down) => {
                    let bytes = &down[..read?];
                    if bytes.is_empty() || cuts_answer {
                        return Ok(());
                    }
                    browser.write_all(bytes).await?;
                }
            }
        }
    }

    fn take(&self, loaded: &AtomicBool) -> bool {
        let is_loaded = loaded.swap(false, Ordering::SeqCst);
        self.cuts.fetch_add(usize::from(is_loaded), Ordering::SeqCst);
        is_loaded
    }
}

const SENDS: &str = r#"
    const [gate] = args;
    const out = {};
    // The connection is warm, so that it dies under the request and not before it.
    await fetch(gate + "/warm", { method: "POST", body: "x" });
    for (const path of ["/cut-before", "/cut-after"]) {
        out[path] = await fetch(gate + path, { method: "POST", body: "x" })
            .then((answer) => answer.status, (error) => error.name);
    }
    return out;
"#;

fn count(ran: &Ran, begin: &str) -> usize {
    let ran = ran.lock().unwrap_or_else(PoisonError::into_inner);
    ran.iter().filter(|line| line.starts_with(begin)).count()
}

#[tokio::test]
async fn nothing_runs_twice_and_what_never_arrived_is_sent_again() -> Outcome<()> {
    let ran = Ran::default();
    let upstream = format!("http://{}", backend(Arc::clone(&ran)).await?);
    let pages = Pages::start().await?;
    let own = pages.origin(Site::Shop);
    let options = GateOptions {
        upstream: &upstream,
        origins: &[&own],
        config: "[layers.pass]\nmode = \"enforce\"\n",
        ..GateOptions::default()
    };
    let gate = RunningGate::start(options).await?;
    let cutter = Arc::new(Cutter::default());
    let port = cutter.start(gate.address()).await?.port();
    let address = format!("http://api.shop.localhost:{port}");
    let script = format!("<script src='{address}/.doorward/auto.js'></script><title>App</title>");
    pages.put("/app", &script);
    for (number, engine) in EngineId::ALL.into_iter().enumerate() {
        cutter.load();
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        browser.open_page(&format!("{own}/app")).await?;
        let found = browser.run(SENDS, &[json!(address)]).await?;
        assert_eq!(
            found,
            json!({ "/cut-before": 200, "/cut-after": "OutcomeUnknown" }),
            "{engine}"
        );
        assert_eq!(cutter.cuts.load(Ordering::SeqCst), 2 * (number + 1), "{engine}");
        browser.close().await?;
        let counts = (count(&ran, "POST /cut-before"), count(&ran, "POST /cut-after"));
        assert_eq!(counts, (number + 1, number + 1), "{engine}: {ran:?}");
    }
    Ok(())
}
