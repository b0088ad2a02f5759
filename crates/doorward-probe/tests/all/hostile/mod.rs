//! The probe against servers that mean ill, and its manners towards those that do not.

mod answers;
mod manners;
mod secrets;
mod tls;

use doorward_probe::{Operation, Options, Probe, Report, Scope};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// What a server says to a request.
#[derive(Clone, Debug)]
enum Says {
    /// These bytes, and the end.
    Bytes(Vec<u8>),
    /// These bytes, and nothing more; the connection stays.
    Held(Vec<u8>),
    /// These bytes, and then these again and again.
    Endless(Vec<u8>, Vec<u8>),
    /// Nothing: the connection is reset.
    Reset,
}

/// The heads of the requests that a server was sent.
type Heads = Arc<Mutex<Vec<String>>>;

/// A server on this machine, by what it says to each head. It ends with the runtime.
async fn server(says: impl Fn(&str) -> Says + Send + Sync + 'static) -> (Url, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let heads = Heads::default();
    let (own, says) = (Arc::clone(&heads), Arc::new(says));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (heads, says) = (Arc::clone(&own), Arc::clone(&says));
            tokio::spawn(async move { answer(stream, &heads, &*says).await });
        }
    });
    (Url::parse(&format!("http://localhost:{port}/")).expect("an address"), heads)
}

async fn answer(mut stream: TcpStream, heads: &Heads, says: &(dyn Fn(&str) -> Says + Sync)) {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    heads.lock().expect("nobody panics with it").push(head.clone());
    match says(&head) {
        Says::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
        }
        Says::Held(bytes) => {
            let _ = stream.write_all(&bytes).await;
            // Whoever asked goes away first.
            let _ = stream.read_buf(&mut Vec::new()).await;
        }
        Says::Endless(first, again) => {
            let _ = stream.write_all(&first).await;
            while stream.write_all(&again).await.is_ok() {}
        }
        Says::Reset => {
            // What is closed with a linger of nothing is reset.
            let _ = stream.set_zero_linger();
        }
    }
}

/// An answer of JSON with these lines more.
fn good(lines: &str) -> Says {
    Says::Bytes(
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
             X-Content-Type-Options: nosniff\r\nContent-Length: 2\r\n{lines}\r\n{{}}"
        )
        .into_bytes(),
    )
}

fn options() -> Options {
    Options { requests_max: 1000, seed: 7, ..Options::default() }
}

/// One run against these paths of these servers.
async fn run(urls: &[(&Url, &str)], options: Options) -> (Report, Probe) {
    let mut scope = Scope::new(&[]);
    let mut operations = Vec::new();
    for (url, path) in urls {
        scope.add(url).await.expect("this machine");
        operations.push(Operation::get(url.join(path).expect("an address")));
    }
    let probe = Probe::new(scope, options).expect("authorities");
    (probe.run(&operations, &|_| {}).await, probe)
}
