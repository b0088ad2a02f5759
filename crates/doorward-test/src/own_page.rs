//! A page of a running gate's own, which asks for passes and tickets and signs what it sends; and a
//! backend behind that gate, which counts.

use crate::exchange::{Answer, send};
use crate::passes::{Keys, Pass, Signing};
use crate::running_gate::RunningGate;
use serde_json::Value;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How browsers reach the gate, whatever port this one has.
pub const HOST: &str = "shop.localhost";
/// The page's origin.
pub const OWN: &str = "http://shop.localhost";
/// What it asks for.
pub const PATH: &str = "/v1/items";

/// What the gate's own page sends.
#[must_use]
pub fn page() -> Vec<(&'static str, String)> {
    let agent = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36";
    [("Host", HOST), ("Origin", OWN), ("Sec-Fetch-Site", "same-origin"), ("User-Agent", agent)]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec()
}

/// A pass of this gate's.
///
/// # Errors
/// When it gives none.
pub async fn pass(gate: &RunningGate) -> Outcome<Pass> {
    let keys = Keys::new();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let body = keys.ask(HOST, OWN, now, 11);
    let answer = send(gate.address(), "POST /.doorward/pass", &page(), &body).await?;
    if answer.said() != (200, "") {
        return Err(answer.body.into());
    }
    Ok(keys.pass(answer.body.as_bytes()))
}

/// A GET with these headers beside the page's.
///
/// # Errors
/// When nothing is answered.
pub async fn get(
    gate: &RunningGate,
    target: &str,
    signed: &[(&'static str, String)],
) -> Outcome<Answer> {
    let headers = [page(), signed.to_vec()].concat();
    send(gate.address(), &format!("GET {target}"), &headers, "").await
}

/// The target with a ticket for it.
///
/// # Errors
/// When the gate gives none.
pub async fn ticket(gate: &RunningGate, pass: &Pass, nonce: u8) -> Outcome<String> {
    let (path, body) = ("/.doorward/ticket", format!("{{\"url\":{PATH:?}}}"));
    let signing = Signing::post(HOST, path, body.as_bytes(), pass.now, nonce);
    let headers = [page(), pass.sign(&signing)].concat();
    let answer = send(gate.address(), &format!("POST {path}"), &headers, &body).await?;
    if answer.said() != (200, "") {
        return Err(answer.body.into());
    }
    let answer: Value = serde_json::from_str(&answer.body)?;
    Ok(format!("{PATH}?doorward_ticket={}", answer["ticket"].as_str().ok_or("no ticket")?))
}

/// What signs a GET of [`PATH`].
#[must_use]
pub fn signed(pass: &Pass, nonce: u8) -> Vec<(&'static str, String)> {
    pass.sign(&Signing::get(HOST, PATH, pass.now, nonce))
}

/// A backend that counts what it runs.
///
/// # Errors
/// When it cannot listen.
pub async fn backend(ran: Arc<AtomicUsize>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 8192]).await;
            ran.fetch_add(1, Ordering::SeqCst);
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
            // A gate that has left hears nothing.
            let _ = stream.write_all(answer).await;
        }
    });
    Ok(address)
}
