//! One request over a connection of its own, written out, and its whole answer.

use std::error::Error;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The lines of the head behind the first.
    pub head: String,
    /// What came behind the head.
    pub body: String,
}

impl Answer {
    /// A header's value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.next().map_or("", |(_, value)| value.trim())
    }

    /// The status, and why the gate refused; nothing where it did not.
    #[must_use]
    pub fn said(&self) -> (u16, &str) {
        (self.status, self.header("doorward-refusal"))
    }
}

/// Sends a request, such as `GET /v1/items`, and reads until the connection ends.
///
/// # Errors
/// When nobody listens there, or what comes is no answer.
pub async fn send(
    to: SocketAddr,
    request: &str,
    headers: &[(&str, String)],
    body: &str,
) -> Result<Answer, Box<dyn Error + Send + Sync>> {
    let mut text = format!("{request} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(format!("{text}\r\n{body}").as_bytes()).await?;
    let mut out = Vec::new();
    stream.read_to_end(&mut out).await?;
    let out = String::from_utf8_lossy(&out);
    let (head, body) = out.split_once("\r\n\r\n").ok_or_else(|| format!("no answer: {out}"))?;
    let (first, head) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| format!("no status: {first}"))?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
