//! Streams of strangers: as many as may be open at once, and a place is free again when one has
//! ended, however it ends.

use doorward_test::browser::Outcome;
use doorward_test::running_gate::{GateOptions, RunningGate};
use doorward_test::tokens;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// A backend that opens an event stream, and one event later says nothing more.
fn backend() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for socket in listener.incoming() {
            thread::spawn(move || -> std::io::Result<()> {
                let mut socket = socket?;
                let mut reader = BufReader::new(socket.try_clone()?);
                let (mut line, mut head) = (String::new(), String::new());
                while line != "\r\n" {
                    line.clear();
                    reader.read_line(&mut line)?;
                    head.push_str(&line);
                }
                if head.starts_with("GET /plain") {
                    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n";
                    return write!(socket, "{head}ok");
                }
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
                write!(socket, "{head}data: 1\n\n")?;
                // It stays open until the gate lets go.
                let _ = std::io::copy(&mut reader, &mut std::io::sink());
                Ok(())
            });
        }
    });
    Ok(address)
}

/// A stream, and its answer's head.
fn open(gate: SocketAddr, path: &str, lines: &str) -> std::io::Result<(TcpStream, String)> {
    let mut client = TcpStream::connect(gate)?;
    client.set_read_timeout(Some(Duration::from_secs(20)))?;
    let head = format!("GET {path} HTTP/1.1\r\nHost: {gate}\r\n{lines}\r\n");
    client.write_all(head.as_bytes())?;
    let mut out = Vec::new();
    let mut byte = [0];
    while !out.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        out.push(byte[0]);
    }
    Ok((client, String::from_utf8_lossy(&out).into_owned()))
}

/// A stream, as soon as there is a place for it.
fn until_open(gate: SocketAddr) -> std::io::Result<TcpStream> {
    let begun = Instant::now();
    loop {
        let (stream, head) = open(gate, "/events", EVENTS)?;
        if head.starts_with("HTTP/1.1 200") {
            return Ok(stream);
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{head}");
        thread::yield_now();
    }
}

const EVENTS: &str = "Accept: text/event-stream\r\n";

#[tokio::test]
async fn a_strangers_streams_have_places_that_come_back() -> Outcome<()> {
    let config = format!(
        "[layers.pass]\nmode = \"off\"\n[layers.quota]\nstreams = {{ address = 3 }}\n\
         [layers.identity.keys]\nheader = \"x-api-key\"\nfile = {:?}\n",
        concat!(env!("CARGO_MANIFEST_DIR"), "/keys/kit-keys.toml")
    );
    let upstream = format!("http://{}", backend()?);
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    let gate = RunningGate::start(options).await?;
    let address = gate.address();
    tokio::task::spawn_blocking(move || -> Outcome<()> {
        let mut streams = Vec::new();
        for _ in 0..3 {
            let (stream, head) = open(address, "/events", EVENTS)?;
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            streams.push(stream);
        }
        let (_, head) = open(address, "/events", EVENTS)?;
        assert!(head.starts_with("HTTP/1.1 429"), "{head}");
        assert!(head.contains("doorward-refusal: quota/streams"), "{head}");
        // What is no stream is none, and a known caller is not counted.
        let (_, head) = open(address, "/plain", "")?;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let key = format!("X-API-Key: {}\r\n{EVENTS}", tokens::api_key("program"));
        let (_known, head) = open(address, "/events", &key)?;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        // One that is gone leaves its place to another, as soon as the gate sees it.
        streams.pop();
        streams.push(until_open(address)?);
        drop(streams);
        streams = vec![until_open(address)?];
        // What was asked for as a stream and is none takes no place once it has ended.
        for _ in 0..10 {
            let (mut plain, head) = open(address, "/plain", EVENTS)?;
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            plain.read_exact(&mut [0; 2])?;
        }
        drop(streams);
        Ok(())
    })
    .await?
}
