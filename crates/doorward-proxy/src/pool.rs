//! Upstream connections, kept by each worker for itself.
//!
//! A connection is not a task of its own: whoever holds it polls it, so that an exchange costs no
//! wake-up of another task, and dropping a request aborts it.

use crate::again::read_back;
use crate::body::RequestBody;
use crate::settings::{Bounds, Upstream, UpstreamAddress};
use crate::upstream_io::{Tally, UpstreamIo};
use doorward_core::fault::Fault;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::net::{TcpStream, UnixStream};

/// Read buffer of an upstream connection at the most.
const UPSTREAM_BUFFER_BYTES_MAX: usize = 256 * 1024;

/// The answer that is to come on a [`Link`]. Dropped, it aborts the exchange.
pub(crate) type Promise = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

/// One connection to an upstream.
pub(crate) struct Link {
    sender: SendRequest<RequestBody>,
    connection: Connection<TokioIo<UpstreamIo>, RequestBody>,
    upstream: usize,
    idle_since_ms: u64,
    is_reused: bool,
    is_over: bool,
    is_spoiled: bool,
    tally: Arc<Tally>,
    _place: Place,
}

impl Link {
    /// Drives the connection. Errors show at the promise or the body.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        if !self.is_over && self.connection.poll_without_shutdown(cx).is_ready() {
            self.is_over = true;
        }
    }

    /// Whether the connection ended.
    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether an answer was read to its end, and another request may be sent.
    pub(crate) fn is_ready(&self) -> bool {
        !self.is_over && !self.is_spoiled && self.sender.is_ready()
    }

    /// It will not carry another request.
    pub(crate) const fn spoil(&mut self) {
        self.is_spoiled = true;
    }

    /// Queues a request; the next [`Link::poll`] writes it. Whether it may be sent once more is
    /// known before: see [`Link::again`].
    pub(crate) fn send(&mut self, request: Request<RequestBody>, may_repeat: bool) -> Promise {
        self.tally.begin(may_repeat && self.is_reused);
        Box::pin(self.sender.send_request(request))
    }

    /// The request once more, if it may be repeated and most likely met a connection that its
    /// upstream had closed while it lay idle: one used before, which died without a byte of an
    /// answer.
    pub(crate) fn again(&self) -> Option<Request<RequestBody>> {
        if !self.is_reused || self.tally.has_read() {
            return None;
        }
        read_back(&self.tally.kept())
    }

    /// Whether it is still of use, after having lain idle. Polled for nobody, because whoever used
    /// it before has no business with it any more.
    fn is_alive(&mut self) -> bool {
        self.poll(&mut Context::from_waker(Waker::noop()));
        self.is_ready()
    }
}

/// The connections of one worker.
pub(crate) struct Pool {
    upstreams: Vec<Upstream>,
    idle: Mutex<Vec<Idle>>,
    /// Open connections to each upstream, idle ones too.
    open: Vec<Arc<AtomicUsize>>,
    builder: Builder,
    idle_max: usize,
    open_max: usize,
}

/// The idle connections to one upstream, the longest idle first.
type Idle = Vec<Box<Link>>;

/// A place among the open connections to an upstream, free again when it is dropped.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Pool {
    pub(crate) fn new(upstreams: Vec<Upstream>, bounds: &Bounds) -> Self {
        let mut builder = Builder::new();
        builder.max_buf_size(UPSTREAM_BUFFER_BYTES_MAX);
        let idle = upstreams.iter().map(|_| Vec::new()).collect();
        let open = upstreams.iter().map(|_| Arc::default()).collect();
        Self {
            upstreams,
            idle: Mutex::new(idle),
            open,
            builder,
            idle_max: bounds.upstream_idle_max,
            open_max: bounds.upstream_open_max,
        }
    }

    /// The numbers of open connections, one an upstream.
    pub(crate) fn open_counts(&self) -> &[Arc<AtomicUsize>] {
        &self.open
    }

    pub(crate) fn upstream(&self, index: usize) -> Option<&Upstream> {
        self.upstreams.get(index)
    }

    /// An idle connection that still lives.
    pub(crate) fn take(&self, upstream: usize) -> Option<Box<Link>> {
        loop {
            let mut link = {
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                idle.get_mut(upstream)?.pop()?
            };
            if link.is_alive() {
                link.is_reused = true;
                return Some(link);
            }
        }
    }

    /// Takes back a connection that can carry another request; any other is closed.
    pub(crate) fn give(&self, mut link: Box<Link>, now_ms: u64) {
        if !link.is_ready() {
            return;
        }
        link.idle_since_ms = now_ms;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = idle.get_mut(link.upstream)
            && list.len() < self.idle_max
        {
            list.push(link);
        }
    }

    /// Closes what was not used since `before_ms`.
    pub(crate) fn close_idle(&self, before_ms: u64) {
        let mut old = Idle::new();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        for list in &mut *idle {
            // The list is used from its end, so that its beginning is the oldest.
            let count = list.partition_point(|link| link.idle_since_ms < before_ms);
            old.extend(list.drain(..count));
        }
        drop(idle);
    }

    fn place(&self, upstream: usize) -> Result<Place, Fault> {
        let open = self.open.get(upstream).ok_or(Fault::UpstreamUnreachable)?;
        let place = Place(Arc::clone(open));
        if place.0.fetch_add(1, Relaxed) >= self.open_max {
            return Err(Fault::UpstreamBusy);
        }
        Ok(place)
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self, index: usize) -> Result<Box<Link>, Fault> {
        let upstream = self.upstream(index).ok_or(Fault::UpstreamUnreachable)?;
        let place = self.place(index)?;
        let io = open(&upstream.address).await.map_err(|_| Fault::UpstreamUnreachable)?;
        let tally = io.tally();
        let (sender, connection) = self
            .builder
            .handshake(TokioIo::new(io))
            .await
            .map_err(|_| Fault::UpstreamUnreachable)?;
        Ok(Box::new(Link {
            sender,
            connection,
            upstream: index,
            idle_since_ms: 0,
            is_reused: false,
            is_over: false,
            is_spoiled: false,
            tally,
            _place: place,
        }))
    }
}

async fn open(address: &UpstreamAddress) -> io::Result<UpstreamIo> {
    let socket = match address {
        UpstreamAddress::Unix(path) => {
            return Ok(UpstreamIo::unix(UnixStream::connect(path).await?));
        }
        // RFC 6761 6.3: these are loopback, whatever a resolver says.
        UpstreamAddress::Tcp { host, port } if is_loopback_name(host) => {
            let loopback = [
                SocketAddr::from((Ipv4Addr::LOCALHOST, *port)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, *port)),
            ];
            TcpStream::connect(&loopback[..]).await?
        }
        UpstreamAddress::Tcp { host, port } => TcpStream::connect((host.as_str(), *port)).await?,
    };
    socket.set_nodelay(true)?;
    Ok(UpstreamIo::tcp(socket))
}

fn is_loopback_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("localhost")
}

/// Waits for the answer's head while driving `link`, unless `trouble` comes first.
///
/// # Errors
/// The trouble, or [`Fault::UpstreamBroken`].
pub(crate) async fn answer(
    link: &mut Link,
    promise: &mut Promise,
    trouble: impl Fn() -> Option<Fault>,
) -> Result<Response<Incoming>, Fault> {
    std::future::poll_fn(|cx| {
        link.poll(cx);
        // The link was just driven with this task's waker: the promise needs none of its own, and
        // would wake this very task once more.
        match promise.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(response)) => Poll::Ready(Ok(response)),
            Poll::Ready(Err(_)) => Poll::Ready(Err(trouble().unwrap_or(Fault::UpstreamBroken))),
            Poll::Pending => match trouble() {
                Some(fault) => Poll::Ready(Err(fault)),
                None if link.is_over() => Poll::Ready(Err(Fault::UpstreamBroken)),
                None => Poll::Pending,
            },
        }
    })
    .await
}
