//! What must hold for any bytes that reach the strict scan of HTTP/1 requests, beside hyper:
//!
//! 1. the scan sees the same in any splitting, and what it lets pass is faultless by itself;
//! 2. hyper, given what passed, reads the same messages: method, target, version, headers, body,
//!    trailers, and therefore the same boundaries;
//! 3. hyper never takes a body for complete that the scan does not, and never sees a head more;
//! 4. hyper refuses nothing that passed but targets that are neither a path nor `*`.
//!
//! Used by the fuzz target of the same name and by the tests of `doorward-proxy`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use doorward_proxy::scan::{Found, Scan, ScanLimits, Standing};
use http::{Request, Response, StatusCode};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::rt::ReadBufCursor;
use hyper::server::conn::http1;
use hyper::service::service_fn;

/// What a round has shown, for the figures of a campaign.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Messages that both read, and read alike.
    pub(crate) alike: usize,
    /// Whether the scan refused something.
    pub(crate) scan_refused: bool,
    /// Whether hyper refused a head that the scan let pass.
    pub(crate) hyper_refused: bool,
}

/// Checks all of it. Panics where something does not hold.
pub(crate) fn check(bytes: &[u8]) -> Tally {
    let whole = scan(bytes, bytes.len());
    let mut tally = Tally { scan_refused: whole.found.is_some(), ..Tally::default() };
    for piece_bytes in [1, 7] {
        let pieces = scan(bytes, piece_bytes);
        assert_eq!(pieces.found, whole.found, "in pieces of {piece_bytes}");
        assert_eq!(pieces.standing, whole.standing, "in pieces of {piece_bytes}");
        assert_eq!(pieces.heads, whole.heads, "in pieces of {piece_bytes}");
        assert!(pieces.passed >= whole.passed, "in pieces of {piece_bytes}");
        if whole.standing != Standing::Head {
            assert_eq!(pieces.passed, whole.passed, "in pieces of {piece_bytes}");
        }
        compare(&bytes[..pieces.passed], piece_bytes, &mut tally);
    }
    tally.alike = 0;
    compare(&bytes[..whole.passed], bytes.len(), &mut tally);
    tally
}

#[derive(Debug)]
struct Scanned {
    found: Option<Found>,
    standing: Standing,
    heads: u64,
    passed: usize,
}

fn scan(bytes: &[u8], piece_bytes: usize) -> Scanned {
    let mut scan = Scan::new(ScanLimits::default());
    let mut passed = 0;
    let mut found = None;
    for piece in bytes.chunks(piece_bytes.max(1)) {
        let fed = scan.feed(piece);
        assert!(fed.passed <= piece.len());
        assert!(fed.found.is_some() || fed.passed == piece.len(), "bytes lost without a fault");
        assert!(found.is_none() || (fed.found == found && fed.passed == 0), "a fault is final");
        passed += fed.passed;
        found = fed.found;
    }
    Scanned { found, standing: scan.standing(), heads: scan.heads(), passed }
}

/// One request, as either of the two reads it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Message {
    method: String,
    target: Vec<u8>,
    is_http_10: bool,
    headers: BTreeMap<String, Vec<Vec<u8>>>,
    body: Vec<u8>,
    trailers: BTreeMap<String, Vec<Vec<u8>>>,
    is_complete: bool,
}

fn compare(passed: &[u8], piece_bytes: usize, tally: &mut Tally) {
    let ours = read_by_scan(passed);
    let (theirs, refused) = read_by_hyper(passed, piece_bytes.max(1));
    for (our, their) in ours.iter().zip(&theirs) {
        assert_eq!(our, their, "{}", passed.escape_ascii());
    }
    tally.alike += theirs.len();
    assert!(theirs.len() <= ours.len(), "hyper sees more heads: {}", passed.escape_ascii());
    let Some(next) = ours.get(theirs.len()) else {
        assert!(!refused, "hyper refuses what the scan does not see: {}", passed.escape_ascii());
        return;
    };
    if refused {
        tally.hyper_refused = true;
        let is_plain = next.target.starts_with(b"/") || next.target == b"*";
        assert!(!is_plain, "hyper refuses a plain target: {}", passed.escape_ascii());
        return;
    }
    let closes = theirs.last().is_some_and(closes);
    assert!(closes, "hyper stopped early: {}", passed.escape_ascii());
}

/// Whether hyper reads nothing behind this message.
fn closes(message: &Message) -> bool {
    let says = |wanted: &str| {
        message.headers.get("connection").into_iter().flatten().any(|value| {
            let tokens = std::str::from_utf8(value).unwrap_or_default().split(',');
            tokens.into_iter().any(|token| token.trim().eq_ignore_ascii_case(wanted))
        })
    };
    says("close") || (message.is_http_10 && !says("keep-alive")) || !message.is_complete
}

/// The messages between the scan's boundaries, read in the plainest way: these bytes need no other.
fn read_by_scan(passed: &[u8]) -> Vec<Message> {
    let mut scan = Scan::new(ScanLimits::default());
    let mut messages: Vec<(Range<usize>, usize, bool)> = Vec::new();
    let mut start = 0;
    for (index, byte) in passed.iter().enumerate() {
        assert_eq!(scan.feed(&[*byte]).found, None, "what passed is faultless");
        if scan.heads() > messages.len() as u64 {
            messages.push((start..index + 1, passed.len(), false));
        }
        if scan.standing() == Standing::Between {
            let message = messages.last_mut().expect("a message has a head");
            (message.1, message.2, start) = (index + 1, true, index + 1);
        }
    }
    let read = |(head, end, is_complete): (Range<usize>, usize, bool)| {
        let mut message = read_head(&passed[head.clone()]);
        read_body(&passed[head.end..end], &mut message);
        message.is_complete = is_complete;
        if !is_complete {
            message.trailers.clear();
        }
        message
    };
    messages.into_iter().map(read).collect()
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(by.len()).position(|window| window == by)?;
    Some((&bytes[..at], &bytes[at + by.len()..]))
}

fn read_head(head: &[u8]) -> Message {
    let (line, fields) = split(head, b"\r\n").expect("a request line");
    let (method, rest) = split(line, b" ").expect("a method");
    let (target, version) = split(rest, b" ").expect("a target");
    Message {
        method: String::from_utf8(method.to_vec()).expect("a token"),
        target: spelled_by_hyper(target),
        is_http_10: version == b"HTTP/1.0",
        headers: read_fields(fields),
        ..Message::default()
    }
}

/// A path or `*` as it is; in an absolute form, hyper's `Uri` spells `http` and `https` small, and
/// a path with its slash.
fn spelled_by_hyper(target: &[u8]) -> Vec<u8> {
    let Some((scheme, rest)) = split(target, b"://").filter(|_| target[0] != b'/') else {
        return target.to_vec();
    };
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let slash: &[u8] = if path.starts_with(b"/") { b"" } else { b"/" };
    let small = scheme.to_ascii_lowercase();
    let scheme = if small == b"http" || small == b"https" { &small } else { scheme };
    [scheme, b"://", authority, slash, path].concat()
}

fn read_fields(mut fields: &[u8]) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut read = BTreeMap::<String, Vec<Vec<u8>>>::new();
    while let Some((line, rest)) = split(fields, b"\r\n") {
        let Some((name, value)) = split(line, b":") else { break };
        let name = String::from_utf8(name.to_ascii_lowercase()).expect("a token");
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
        let start = value.iter().take_while(|byte| is_space(byte)).count();
        let value = &value[start..];
        let end = value.len() - value.iter().rev().take_while(|byte| is_space(byte)).count();
        read.entry(name).or_default().push(value[..end].to_vec());
        fields = rest;
    }
    read
}

/// Reads a body by its framing header; of one that is cut off, what there is.
fn read_body(mut bytes: &[u8], message: &mut Message) {
    if !message.headers.contains_key("transfer-encoding") {
        message.body = bytes.to_vec();
        return;
    }
    while let Some((size, rest)) = split(bytes, b"\r\n") {
        let size = std::str::from_utf8(size).expect("digits");
        let size = u64::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            message.trailers = read_fields(rest);
            return;
        }
        let there = rest.len().min(usize::try_from(size).unwrap_or(usize::MAX));
        message.body.extend_from_slice(&rest[..there]);
        bytes = rest.get(there + 2..).unwrap_or_default();
    }
}

/// What hyper's server reads, and whether it answered a head by itself.
fn read_by_hyper(passed: &[u8], piece_bytes: usize) -> (Vec<Message>, bool) {
    let messages = Rc::new(RefCell::new(Vec::new()));
    let written = Rc::new(RefCell::new(Vec::new()));
    let io = Wire {
        left: passed.to_vec(),
        at: 0,
        piece_bytes,
        pause: false,
        written: Rc::clone(&written),
    };
    let service = service_fn(|request| read_request(request, Rc::clone(&messages)));
    let connection = http1::Builder::new().half_close(true).serve_connection(io, service);
    let mut connection = pin!(connection);
    let mut context = Context::from_waker(Waker::noop());
    // Whatever waits here waits for the next piece, of which there are only so many.
    let polls_max = 1000 + passed.len() * 4;
    let ended = (0..polls_max).any(|_| connection.as_mut().poll(&mut context).is_ready());
    assert!(ended, "hyper does not end: {}", passed.escape_ascii());
    let written = String::from_utf8(written.take()).expect("ASCII");
    let refused = written.lines().any(|line| {
        ["HTTP/1.1 400", "HTTP/1.1 414", "HTTP/1.1 431", "HTTP/1.0 400"]
            .iter()
            .any(|status| line.starts_with(status))
    });
    (messages.take(), refused)
}

async fn read_request(
    request: Request<Incoming>,
    messages: Rc<RefCell<Vec<Message>>>,
) -> Result<Response<Nothing>, Infallible> {
    let (head, mut body) = request.into_parts();
    let mut message = Message {
        method: head.method.to_string(),
        target: head.uri.to_string().into_bytes(),
        is_http_10: head.version == http::Version::HTTP_10,
        headers: fields_of(&head.headers),
        is_complete: true,
        ..Message::default()
    };
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => message.body.extend_from_slice(&data),
            Ok(Err(frame)) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                message.trailers = fields_of(&trailers);
            }
            Err(_) => message.is_complete = false,
        }
    }
    messages.borrow_mut().push(message);
    let mut response = Response::new(Nothing);
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response)
}

fn fields_of(headers: &http::HeaderMap) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut fields = BTreeMap::<String, Vec<Vec<u8>>>::new();
    for (name, value) in headers {
        fields.entry(name.to_string()).or_default().push(value.as_bytes().to_vec());
    }
    fields
}

/// The body of our answers.
struct Nothing;

impl Body for Nothing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}

/// A connection whose bytes come in pieces, and whose far end then closes its half.
struct Wire {
    left: Vec<u8>,
    at: usize,
    piece_bytes: usize,
    pause: bool,
    written: Rc<RefCell<Vec<u8>>>,
}

impl hyper::rt::Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut room: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.pause = !self.pause;
        if self.pause {
            return Poll::Pending;
        }
        let end = self.left.len().min(self.at + self.piece_bytes.min(room.remaining()));
        room.put_slice(&self.left[self.at..end]);
        self.at = end;
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written.borrow_mut().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
