//! One call over one connection, with an end to whatever comes back.

use super::{BODY_BYTES_MAX, Failed, USER_AGENT};
use crate::call::{Answered, Call};
use bytes::Bytes;
use doorward_browser::Headers;
use http::{HeaderName, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::io::{self, Error};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinSet;

/// Bytes of a connection that are read, at most: interim answers and the marks between chunks
/// are in no body, and need not end.
const ANSWER_BYTES_MAX: usize = 4 * BODY_BYTES_MAX;

/// An answer to a call, over a connection of its own.
pub(super) async fn exchange<S>(stream: S, call: &Call) -> Result<Answered, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = request(call)?;
    let mut builder = http1::Builder::new();
    builder.max_headers(256).max_buf_size(64 * 1024);
    let stream = TokioIo::new(Bounded { stream, left: ANSWER_BYTES_MAX });
    let (mut sender, connection) = builder.handshake(stream).await.map_err(broken)?;
    // It ends with the set, so also where nobody waits for the answer any more.
    let mut running = JoinSet::new();
    running.spawn(connection);
    let answer = sender.send_request(request).await.map_err(broken)?;
    read(answer).await
}

async fn read(answer: http::Response<Incoming>) -> Result<Answered, Failed> {
    let (head, mut incoming) = answer.into_parts();
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let headers: Headers = headers.collect();
    let (mut body, mut is_cut) = (Vec::new(), false);
    while let Some(frame) = incoming.frame().await {
        // A stream that breaks off has answered nevertheless.
        let Ok(frame) = frame else {
            is_cut = true;
            break;
        };
        let Some(bytes) = frame.data_ref() else { continue };
        let room = BODY_BYTES_MAX - body.len();
        body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        // An event stream says its first words and goes on for ever.
        if bytes.len() >= room || is_stream(&headers) {
            is_cut = true;
            break;
        }
    }
    Ok(Answered { status: head.status.as_u16(), headers, body, is_cut })
}

fn is_stream(headers: &Headers) -> bool {
    let kind = headers.joined("content-type").unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}

fn request(call: &Call) -> Result<Request<Full<Bytes>>, Failed> {
    let no = |error: &dyn std::fmt::Display| Failed::NotARequest(error.to_string());
    let mut request = Request::new(Full::new(Bytes::from(call.body.clone())));
    *request.method_mut() = Method::from_bytes(call.method.as_bytes()).map_err(|e| no(&e))?;
    let query = call.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{}{query}", call.url.path());
    *request.uri_mut() = target.parse().map_err(|e| no(&e))?;
    let host = call.url.host_str().unwrap_or_default();
    let host = match call.url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_str(&host).map_err(|e| no(&e))?);
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    if !call.headers.has("accept") {
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    }
    for (name, value) in call.headers.iter() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| no(&e))?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|e| no(&e))?;
        match name {
            // Where it goes is said by its address, and how long it is by its body: another word
            // would reach another host, or be a second request.
            header::HOST | header::CONTENT_LENGTH | header::TRANSFER_ENCODING => {}
            // With more words behind it, it is the probe's own name still.
            header::USER_AGENT if value.as_bytes().starts_with(USER_AGENT.as_bytes()) => {
                headers.insert(name, value);
            }
            header::USER_AGENT => {}
            name => {
                headers.append(name, value);
            }
        }
    }
    Ok(request)
}

/// Why a connection broke.
pub(super) fn broken(error: impl std::error::Error) -> Failed {
    // hyper's own text says little; what is beneath says it.
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text = format!("{text}: {next}");
        source = next.source();
    }
    Failed::Broken(text)
}

/// A stream that ends in an error where too much was read.
struct Bounded<S> {
    stream: S,
    left: usize,
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(Error::other("its answer does not end")));
        }
        let before = into.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, into);
        self.left = self.left.saturating_sub(into.filled().len() - before);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
