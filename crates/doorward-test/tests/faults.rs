//! What only a mounting can see, beyond what a case can say: each fault comes back with its code
//! and status, and is in the log once. And no code is left unseen.

use doorward_core::reason::Reason;
use doorward_proxy::Proxy;
use doorward_proxy::settings::{Bounds, LogForm};
use doorward_test::cases::{self, Verdict};
use doorward_test::quiet_proxy;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const GET: &str = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n";
const PATIENCE: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(60);

/// What the upstream does.
#[derive(Clone, Copy)]
enum Does {
    /// Nobody listens there.
    NotListen,
    /// It takes a request and says nothing.
    KeepSilent,
    /// It answers with this.
    Say(&'static str),
}

/// What the client does.
#[derive(Clone, Copy)]
enum Sends {
    /// This, and waits.
    Text(&'static str),
    /// The first, and while that is in flight, the second.
    Beside(&'static str, &'static str),
    /// The first and reads its answer, then the second on another connection.
    After(&'static str, &'static str),
    /// This, and then it has nothing more to say.
    ToItsEnd(&'static str),
}

struct Row {
    code: &'static str,
    config: &'static str,
    bounds: fn(Bounds) -> Bounds,
    upstream: Does,
    sends: Sends,
}

fn rows() -> Vec<Row> {
    let posts = "POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 9\r\n\r\nabc";
    let same: fn(Bounds) -> Bounds = |bounds| bounds;
    let row = |code, bounds, upstream, sends| Row { code, config: "", bounds, upstream, sends };
    let text = Sends::Text(GET);
    let ok = Does::Say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let silent = Does::KeepSilent;
    vec![
        row("upstream/unreachable", same, Does::NotListen, text),
        row("upstream/timeout", |bounds| Bounds { upstream_head: SOON, ..bounds }, silent, text),
        row("upstream/broken", same, Does::Say("who is there?\r\n\r\n"), text),
        row(
            "upstream/busy",
            |bounds| Bounds { upstream_open_max: 1, ..bounds },
            silent,
            Sends::Beside(GET, GET),
        ),
        row(
            "gate/busy",
            |bounds| Bounds { connections_max: 1, ..bounds },
            ok,
            Sends::After(GET, GET),
        ),
        row(
            "message/too-slow",
            |bounds| Bounds { head: SOON, ..bounds },
            silent,
            Sends::Text("GET / HTTP/1.1\r\nHos"),
        ),
        row(
            "message/proxy-line",
            same,
            ok,
            Sends::Text("PROXY TCP4 203.0.113.7 10.0.0.1 1 2\r\nGET / HTTP/1.1\r\n\r\n"),
        ),
        row(
            "body/too-slow",
            |bounds| Bounds { body_stall: SOON, ..bounds },
            silent,
            Sends::Text(posts),
        ),
        Row {
            config: "[[route]]\npath = \"/\"\nbody = { max = \"4B\" }\n",
            ..row(
                "body/too-large",
                same,
                silent,
                Sends::Text(
                    "POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n\
                     5\r\nhello\r\n0\r\n\r\n",
                ),
            )
        },
        Row {
            config: "[[route]]\npath = \"/\"\nbody = { bind = true }\n",
            ..row("body/cut-off", same, silent, Sends::ToItsEnd(posts))
        },
    ]
}

#[test]
fn every_fault_comes_back_with_its_code_and_is_in_the_log() {
    let mut failures = Vec::new();
    for row in rows() {
        if let Err(what) = see(&row) {
            failures.push(format!("{}: {what}", row.code));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_code_is_seen_in_a_case_or_here() {
    let cases = cases::read_all(cases::LAYERS).unwrap_or_else(|errors| panic!("{errors}"));
    let steps = cases.iter().flat_map(|case| &case.steps);
    let mut seen: Vec<String> = rows().iter().map(|row| row.code.to_owned()).collect();
    seen.extend(steps.filter_map(|step| match &step.want.verdict {
        Verdict::Refuse(code) => Some(code.clone()),
        Verdict::Admit | Verdict::Reply(_) => None,
    }));
    let unseen = Reason::all().into_iter().map(Reason::code);
    let unseen: Vec<&str> = unseen.filter(|code| !seen.iter().any(|one| one == code)).collect();
    // No configuration that starts makes a proof that cannot be written. What needs HTTP/2 or TLS
    // or an upgrade, or an answer that cannot be looked through, is seen in the proxy's own tests:
    // http2.rs, floods.rs, upstream_tls.rs, credentials.rs, web_sockets.rs; a server that does not
    // say who calls, in the tower mounting's.
    let elsewhere = [
        "message/authority",
        "message/flood",
        "upstream/certificate",
        "upstream/opaque",
        "gate/peer-unknown",
        "gate/upgrade",
    ];
    assert_eq!(unseen, [&["credential/unprovable"], &elsewhere[..]].concat());
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn see(row: &Row) -> Result<(), String> {
    let (upstream, arrived) = upstream(row.upstream);
    let log = Log::default();
    let proxy = start(row, upstream, log.clone())?;
    let mut kept = Vec::new();
    let answer = match row.sends {
        Sends::Text(text) => ask(proxy.address(), text),
        Sends::Beside(first, second) => {
            kept.push(send(proxy.address(), first));
            arrived.recv_timeout(PATIENCE).map_err(|_| "the first did not arrive")?;
            ask(proxy.address(), second)
        }
        Sends::After(first, second) => {
            let mut stream = send(proxy.address(), first);
            read_head(&mut stream);
            kept.push(stream);
            ask(proxy.address(), second)
        }
        Sends::ToItsEnd(text) => {
            let mut stream = send(proxy.address(), text);
            stream.shutdown(Shutdown::Write).map_err(|error| error.to_string())?;
            // Who has hung up may hear nothing: the log tells.
            read_head(&mut stream);
            String::new()
        }
    };
    drop(kept);
    proxy.stop();
    let reason = Reason::find(row.code).ok_or("there is no such code")?;
    let status = reason.words().status.as_u16();
    let begins = format!("HTTP/1.1 {status} ");
    let names = format!("\r\ndoorward-refusal: {}\r\n", row.code);
    let is_told = answer.starts_with(&begins) && answer.contains(&names);
    if !is_told && !matches!(row.sends, Sends::ToItsEnd(_)) {
        return Err(format!("the answer is {answer:?}"));
    }
    let log = log.0.lock().expect("the log");
    let log = String::from_utf8_lossy(&log);
    let says = format!("\"code\":\"{}\"", row.code);
    let lines = log.lines().filter(|line| line.contains(&says)).count();
    if lines == 1 { Ok(()) } else { Err(format!("{lines} lines of it in the log:\n{log}")) }
}

fn start(row: &Row, upstream: SocketAddr, log: Log) -> Result<Proxy, String> {
    let gate = cases::gate_of(row.config)?;
    let proxy = quiet_proxy::start(upstream, gate, |settings| {
        settings.bounds = (row.bounds)(settings.bounds);
        settings.log = LogForm::Json;
        settings.log_to = Box::new(log);
    });
    proxy.map_err(|error| error.to_string())
}

/// An upstream, and word of each connection that it accepts.
fn upstream(does: Does) -> (SocketAddr, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (tell, told): (Sender<()>, _) = mpsc::channel();
    if let Does::NotListen = does {
        return (address, told);
    }
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = tell.send(());
            thread::spawn(move || {
                read_head(&mut stream);
                if let Does::Say(text) = does {
                    let _ = stream.write_all(text.as_bytes());
                }
                // Until the proxy hangs up.
                let _ = stream.read_to_end(&mut Vec::new());
            });
        }
    });
    (address, told)
}

fn send(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream.write_all(text.as_bytes()).expect("sent");
    stream
}

fn ask(address: SocketAddr, text: &str) -> String {
    read_head(&mut send(address, text))
}

/// What comes until a head is whole, or nothing more does.
fn read_head(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        text.push(byte[0]);
    }
    String::from_utf8_lossy(&text).into_owned()
}
