//! Requests as bytes and answers read from a socket: what the checks and the fixed rate speak.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context, ensure};

use super::load::HEADERS;

/// How long an answer may take.
const WAIT: Duration = Duration::from_secs(10);
/// Bytes of an answer's body at the most.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The page's request, but with another method, path or origin, and with more headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'r> {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// More headers, with tabs between them.
    pub(super) own: &'r str,
    /// Instead of the page's own.
    pub(super) origin: Option<&'static str>,
}

impl Request<'_> {
    /// Its bytes, as sent to a port of this machine.
    pub(super) fn bytes(&self, port: u16) -> Vec<u8> {
        let Request { method, path, .. } = self;
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n");
        for (name, value) in HEADERS {
            let other = self.origin.filter(|_| *name == "Origin");
            text += &format!("{name}: {}\r\n", other.unwrap_or(value));
        }
        for header in self.own.split('\t').filter(|header| !header.is_empty()) {
            text += &format!("{header}\r\n");
        }
        if *method == "POST" {
            text += "Content-Length: 0\r\n";
        }
        (text + "\r\n").into_bytes()
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Status line and headers.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

/// A connection that is kept between requests.
pub(super) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Connects to a port of this machine.
    pub(super) fn open(port: u16) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(WAIT))?;
        stream.set_nodelay(true)?;
        Ok(Connection(BufReader::new(stream)))
    }

    /// Sends a request and reads its answer, whole.
    pub(super) fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.0.get_mut().write_all(request)?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            ensure!(self.0.read_line(&mut head)? > 0, "the connection ends within a head:\n{head}");
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("no status in\n{head}"))?;
        let body = match length(&head) {
            Some(length) => {
                ensure!(length <= BODY_BYTES_MAX, "an answer of {length} bytes");
                let mut body = vec![0; length];
                self.0.read_exact(&mut body)?;
                body
            }
            None => self.chunks(&head)?,
        };
        Ok(Answer { status, head, body })
    }

    /// A body in chunks (RFC 9112 7.1).
    fn chunks(&mut self, head: &str) -> anyhow::Result<Vec<u8>> {
        ensure!(
            head.to_ascii_lowercase().contains("transfer-encoding: chunked"),
            "an answer without an end:\n{head}"
        );
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim(), 16).context("no chunk's length")?;
            ensure!(body.len() + length <= BODY_BYTES_MAX, "a chunk of {length} bytes");
            let mut chunk = vec![0; length + 2];
            self.0.read_exact(&mut chunk)?;
            if length == 0 {
                return Ok(body);
            }
            body.extend(&chunk[..length]);
        }
    }
}

fn length(head: &str) -> Option<usize> {
    let value = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value)
    });
    value?.trim().parse().ok()
}
