//! Takes down what real clients show without being asked, into the folder of the fingerprints'
//! tests: `cargo run -p doorward-test --example shown -- [PYTHON]`.
//!
//! Each client calls a listener on loopback twice, so that it may come back with its session. A
//! file has the bytes of its hello, of the hello with which it came back, and what it sent first
//! inside; the names of the client and its version; and what other implementations read in them
//! (`ja4plus`, of which the part for JA4 is BSD-3; `hyperframe` with `hpack`). PYTHON is an
//! interpreter that has these, and `curl_cffi`, `requests`, `httpx[http2]` and `aiohttp`; without
//! it those clients are left out.
//! Clients that are not there are said to be missing.

use doorward_browser::EngineId;
use doorward_core::fingerprint::hello::HelloReading;
use doorward_core::fingerprint::http2::OpeningReading;
use doorward_lab::browsers::{Browser, BrowserOptions};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Cursor;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// How long one client may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// What is kept of a client's first bytes inside.
const FIRST_BYTES_MAX: usize = 16 * 1024;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What one connection has shown.
#[derive(Clone, Debug, Default)]
struct Seen {
    hello: Vec<u8>,
    first: Vec<u8>,
}

/// A listener that answers `ok`, and keeps what comes.
struct Listener {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    certificate: Vec<u8>,
}

impl Listener {
    async fn start() -> Outcome<Self> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
        let certificate = made.cert.der().to_vec();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let all = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, all) = (acceptor.clone(), Arc::clone(&all));
                tokio::spawn(async move {
                    let _ = tokio::time::timeout(PATIENCE, serve(socket, acceptor, all)).await;
                });
            }
        });
        Ok(Self { port, seen, certificate })
    }

    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn serve(
    mut socket: TcpStream,
    acceptor: TlsAcceptor,
    all: Arc<Mutex<Vec<Seen>>>,
) -> Outcome<()> {
    let (mut hello, mut reading) = (Vec::new(), HelloReading::new());
    loop {
        let before = hello.len();
        if socket.read_buf(&mut hello).await? == 0 {
            return Ok(());
        }
        if reading.feed(&hello[before..])?.is_some() {
            break;
        }
    }
    let place = {
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        // Early data and the like stand behind it.
        let length = hello_bytes(&hello);
        all.push(Seen { hello: hello[..length].to_vec(), first: Vec::new() });
        all.len() - 1
    };
    let (read, write) = socket.into_split();
    let mut tls = acceptor.accept(tokio::io::join(Cursor::new(hello).chain(read), write)).await?;
    let is_second = tls.get_ref().1.alpn_protocol() == Some(b"h2");
    if is_second {
        tls.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
        tls.flush().await?;
    }
    let (mut first, mut opening) = (Vec::new(), OpeningReading::new());
    while first.len() < FIRST_BYTES_MAX {
        let before = first.len();
        if tls.read_buf(&mut first).await? == 0 {
            break;
        }
        let is_whole = match is_second {
            true => opening.feed(&first[before..])?.is_some(),
            false => first.windows(4).any(|end| end == b"\r\n\r\n"),
        };
        if is_whole {
            break;
        }
    }
    if let Some(seen) = all.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
        seen.first.clone_from(&first);
    }
    if is_second {
        // `:status: 200` and nothing else, on the stream that was opened; then the end.
        let stream = stream_of(&first).to_be_bytes();
        tls.write_all(&[&[0, 0, 1, 1, 5][..], &stream, &[0x88]].concat()).await?;
    } else {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        tls.write_all(answer.as_bytes()).await?;
    }
    tls.flush().await?;
    let _ = tokio::time::timeout(Duration::from_secs(1), tls.read_to_end(&mut first)).await;
    let _ = tls.shutdown().await;
    Ok(())
}

/// Bytes of the records that the hello stands in.
fn hello_bytes(bytes: &[u8]) -> usize {
    let whole = |end: usize| matches!(HelloReading::new().feed(&bytes[..end]), Ok(Some(_)));
    (1..=bytes.len()).find(|end| whole(*end)).unwrap_or(bytes.len())
}

/// The stream of the first HEADERS frame.
fn stream_of(bytes: &[u8]) -> u32 {
    let mut at = 24;
    while let Some(header) = bytes.get(at..at + 9) {
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
        if header[3] == 1 {
            return u32::from_be_bytes([header[5], header[6], header[7], header[8]]);
        }
        at += 9 + length;
    }
    1
}

/// A client that is a program: its file's name, how its version is asked for, how it calls.
struct Program {
    name: String,
    version: Vec<String>,
    call: Vec<String>,
}

fn program(name: &str, version: &[&str], call: &[&str]) -> Program {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Program { name: name.to_owned(), version: owned(version), call: owned(call) }
}

fn programs() -> Vec<Program> {
    let curl = &["curl", "--version"];
    let open = |name, more: &[&str]| {
        let call = ["openssl", "s_client", "-connect", "localhost:{port}", "-quiet"];
        program(name, &["openssl", "version"], &[&call, more].concat())
    };
    let node = |name, script| {
        let call = ["node", "--no-warnings", "-e", script];
        program(name, &["node", "-p", "'Node.js ' + process.version"], &call)
    };
    vec![
        program("curl", curl, &["curl", "-ks", "https://localhost:{port}/"]),
        program("curl-http1", curl, &["curl", "-ks", "--http1.1", "https://localhost:{port}/"]),
        program("curl-address", curl, &["curl", "-ks", "https://127.0.0.1:{port}/"]),
        program(
            "wget",
            &["wget", "--version"],
            &["wget", "--no-check-certificate", "-qO-", "https://localhost:{port}/"],
        ),
        open("openssl", &["-servername", "localhost"]),
        open("openssl-http2", &["-alpn", "h2,http/1.1"]),
        open("openssl-tls12", &["-tls1_2", "-noservername"]),
        node("node-fetch", "fetch('https://localhost:{port}/').then(a => a.text())"),
        node("node-https", "require('https').get('https://localhost:{port}/', a => a.resume())"),
        node(
            "node-http2",
            "const s = require('http2').connect('https://localhost:{port}'); \
             const r = s.request({ ':path': '/' }); r.resume(); r.on('end', () => s.close())",
        ),
        program(
            "python-urllib",
            &["python3", "--version"],
            &[
                "python3",
                "-c",
                "import ssl, urllib.request as u; c = ssl._create_unverified_context(); \
                 u.urlopen('https://localhost:{port}/', context=c).read()",
            ],
        ),
    ]
}

/// Those that browsers are played by.
const PLAYED: [&str; 8] = [
    "chrome99",
    "chrome124",
    "chrome152",
    "edge101",
    "firefox144",
    "safari155",
    "safari260_ios",
    "tor145",
];

fn python_programs(python: &str) -> Vec<Program> {
    let of = |name: &str, package: &str, script: &str| {
        let version = format!(
            "import importlib.metadata as m; print('Python {package}', m.version('{package}'))"
        );
        program(name, &[python, "-c", &version], &[python, "-W", "ignore", "-c", script])
    };
    let url = "'https://localhost:{port}/'";
    let mut out = vec![
        of(
            "python-requests",
            "requests",
            &format!("import requests; requests.get({url}, verify=False)"),
        ),
        of(
            "python-httpx",
            "httpx",
            &format!("import httpx; httpx.Client(http2=True, verify=False).get({url})"),
        ),
        of(
            "python-aiohttp",
            "aiohttp",
            &format!(
                "import asyncio, aiohttp\nasync def f():\n async with aiohttp.ClientSession() as s:\
                 \n  await (await s.get({url}, ssl=False)).read()\nasyncio.run(f())"
            ),
        ),
    ];
    for played in PLAYED {
        let script = format!(
            "import curl_cffi.requests as r; s = r.Session(impersonate='{played}', verify=False)\n\
             s.get({url}); s.close()"
        );
        let name = format!("curl-cffi-{}", played.replace('_', "-"));
        out.push(Program {
            version: vec![
                python.to_owned(),
                "-c".to_owned(),
                format!(
                    "import curl_cffi; print('curl_cffi', curl_cffi.__version__, 'as {played}')"
                ),
            ],
            ..of(&name, "curl_cffi", &script)
        });
    }
    out
}

async fn said(words: &[String], port: u16) -> Outcome<String> {
    let words: Vec<String> =
        words.iter().map(|word| word.replace("{port}", &port.to_string())).collect();
    let Some((first, rest)) = words.split_first() else { return Err("no command".into()) };
    let mut command = Command::new(first);
    command.args(rest).env("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await??;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}

/// rustls itself: with the second connection it goes on with the session of the first.
async fn rustls(listener: &Listener) -> Outcome<()> {
    let mut roots = RootCertStore::empty();
    roots.add(listener.certificate.clone().into())?;
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    for _ in 0..2 {
        let address = SocketAddr::from(([127, 0, 0, 1], listener.port));
        let tcp = TcpStream::connect(address).await?;
        let mut tls = connector.connect(ServerName::try_from("localhost")?, tcp).await?;
        tls.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
        let mut answer = Vec::new();
        let _ = tls.read_to_end(&mut answer).await;
    }
    Ok(())
}

/// What another implementation reads in a hello.
async fn oracle(python: &str, hello: &[u8]) -> Outcome<String> {
    let script = format!(
        "from scapy.all import IP, TCP, Raw\nimport ja4plus\n\
         hello = Raw(bytes.fromhex('{}'))\n\
         p = IP(src='127.0.0.1', dst='127.0.0.2')/TCP(sport=4, dport=443)/hello\n\
         from ja4plus.utils.tls_utils import extract_tls_info\n\
         from ja4plus.fingerprinters.ja4 import generate_ja4\n\
         print(generate_ja4(extract_tls_info(IP(bytes(p)))))",
        hex(hello)
    );
    let words = [python, "-W", "ignore", "-c", &script].map(str::to_owned);
    let text = said(&words, 0).await?;
    if text.len() == 36 { Ok(text) } else { Err(format!("no JA4: {text}").into()) }
}

/// What other implementations read in an opening of HTTP/2.
const OPENING: &str = r"
import sys
from hyperframe.frame import (
    Frame, SettingsFrame, WindowUpdateFrame, PriorityFrame, HeadersFrame, ContinuationFrame)
from hpack import Decoder
rest, settings, window, tree, block = bytes.fromhex(sys.argv[1])[24:], None, None, [], b''
while rest:
    f, n = Frame.parse_frame_header(memoryview(rest[:9]))
    f.parse_body(memoryview(rest[9:9 + n]))
    rest = rest[9 + n:]
    if isinstance(f, SettingsFrame) and settings is None:
        settings = f.settings
    if isinstance(f, WindowUpdateFrame) and f.stream_id == 0 and window is None:
        window = f.window_increment
    if isinstance(f, PriorityFrame):
        tree.append(f'{f.stream_id}:{int(f.exclusive)}:{f.depends_on}:{f.stream_weight + 1}')
    if isinstance(f, (HeadersFrame, ContinuationFrame)):
        block += f.data
        if 'END_HEADERS' in f.flags:
            break
names = [name for name, _ in Decoder().decode(block, raw=True) if name[:1] == b':']
print('|'.join([
    ';'.join(f'{id}:{value}' for id, value in settings.items()),
    '00' if window is None else str(window),
    ','.join(tree) or '0',
    ','.join(chr(name[1]) for name in names)]))
";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn is_resumed(hello: &[u8]) -> bool {
    HelloReading::new().feed(hello).is_ok_and(|hello| hello.is_some_and(|hello| hello.resumes))
}

/// Writes down what a client has shown.
async fn write(
    folder: &Path,
    name: &str,
    version: &str,
    seen: &[Seen],
    python: Option<&str>,
) -> Outcome<()> {
    let first = seen.iter().find(|seen| !is_resumed(&seen.hello)).ok_or("it did not call")?;
    let again = seen.iter().find(|seen| is_resumed(&seen.hello));
    let inside = seen.iter().find(|seen| !seen.first.is_empty());
    let mut text = format!("client: {version}\nhello: {}\n", hex(&first.hello));
    if let Some(python) = python {
        let _ = writeln!(text, "ja4: {}", oracle(python, &first.hello).await?);
    }
    if let Some(again) = again {
        let _ = writeln!(text, "again: {}", hex(&again.hello));
        if let Some(python) = python {
            let _ = writeln!(text, "again-ja4: {}", oracle(python, &again.hello).await?);
        }
    }
    if let Some(inside) = inside {
        let is_second = inside.first.starts_with(b"PRI * HTTP/2.0");
        let word = if is_second { "http2" } else { "http1" };
        let _ = writeln!(text, "{word}: {}", hex(&inside.first));
        if let (true, Some(python)) = (is_second, python) {
            let words = [python, "-c", OPENING, &hex(&inside.first)].map(str::to_owned);
            let _ = writeln!(text, "http2-text: {}", said(&words, 0).await?);
        }
    }
    std::fs::write(folder.join(format!("{name}.shown")), text)?;
    println!("{name}: {version}{}", if again.is_some() { ", and came back" } else { "" });
    Ok(())
}

async fn browser(engine: EngineId, listener: &Listener) -> Outcome<String> {
    let options = BrowserOptions { accepts_any_certificate: true, ..BrowserOptions::default() };
    let browser = Browser::open(engine, options).await?;
    for page in 0..3 {
        let url = format!("https://localhost:{}/{page}", listener.port);
        let _ = tokio::time::timeout(PATIENCE, browser.client().goto(&url)).await;
    }
    let version = format!("{engine} {}", browser.version);
    browser.close().await?;
    Ok(version)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../doorward-core/tests/shown");
    let folder: PathBuf = folder.canonicalize()?;
    let python = std::env::args().nth(1);
    let listener = Listener::start().await?;
    let mut all = programs();
    all.extend(python.as_deref().into_iter().flat_map(python_programs));
    for client in all {
        listener.take();
        let version = said(&client.version, listener.port).await.unwrap_or_default();
        for _ in 0..2 {
            let _ = said(&client.call, listener.port).await;
        }
        let seen = listener.take();
        let written = write(&folder, &client.name, &version, &seen, python.as_deref()).await;
        if let Err(error) = written {
            println!("{}: missing: {error}", client.name);
        }
    }
    rustls(&listener).await?;
    write(&folder, "rustls", "rustls 0.23", &listener.take(), python.as_deref()).await?;
    for engine in [EngineId::Chromium, EngineId::Firefox, EngineId::WebKit] {
        match browser(engine, &listener).await {
            Err(error) => println!("{engine}: missing: {error}"),
            Ok(version) => {
                let name = engine.to_string().to_lowercase();
                write(&folder, &name, &version, &listener.take(), python.as_deref()).await?;
            }
        }
    }
    Ok(())
}
