//! What carries one exchange: an HTTP/1.1 connection of its own, or a stream of an HTTP/2 one.
//!
//! An HTTP/1.1 connection is not a task of its own: whoever holds it polls it, so that an exchange
//! costs no wake-up of another task, and dropping a request aborts it. An HTTP/2 connection carries
//! many at once, and so is a task.

use crate::again::read_back;
use crate::body::RequestBody;
use crate::streams::Stream;
use crate::upstream_io::{Tally, UpstreamIo};
use crate::upstream_socket::UpstreamSocket;
use bytes::Bytes;
use doorward_core::fault::Fault;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

/// What carries one exchange.
pub(crate) enum Link {
    One(Box<Lane>),
    Two(Box<Stream>),
}

/// The answer that is to come on a [`Link`]. Dropped, it aborts the exchange.
pub(crate) enum Promise {
    One(Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>),
    Two(Pin<Box<dyn Future<Output = Result<Response<Incoming>, Unsent>> + Send>>),
}

/// What is left of a request that got no answer over HTTP/2.
pub(crate) type Unsent = TrySendError<Request<RequestBody>>;

/// A place among the open connections to an upstream, free again when it is dropped.
pub(crate) struct Place(Arc<AtomicUsize>);

impl Place {
    /// Takes one of `max` places.
    pub(crate) fn take(open: &Arc<AtomicUsize>, max: usize) -> Result<Self, Fault> {
        let place = Self(Arc::clone(open));
        if place.0.fetch_add(1, Relaxed) >= max {
            return Err(Fault::UpstreamBusy);
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// An HTTP/1.1 connection.
pub(crate) struct Lane {
    sender: SendRequest<RequestBody>,
    connection: Connection<TokioIo<UpstreamIo>, RequestBody>,
    /// The upstream's id.
    pub(crate) backend: u64,
    pub(crate) idle_since_ms: u64,
    pub(crate) is_reused: bool,
    is_over: bool,
    is_spoiled: bool,
    tally: Arc<Tally>,
    _place: Place,
}

impl Lane {
    pub(crate) fn new(
        backend: u64,
        tally: Arc<Tally>,
        place: Place,
        sender: SendRequest<RequestBody>,
        connection: Connection<TokioIo<UpstreamIo>, RequestBody>,
    ) -> Self {
        Self {
            sender,
            connection,
            backend,
            idle_since_ms: 0,
            is_reused: false,
            is_over: false,
            is_spoiled: false,
            tally,
            _place: place,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if !self.is_over && self.connection.poll_without_shutdown(cx).is_ready() {
            self.is_over = true;
        }
    }

    /// See [`Link::is_ready`].
    pub(crate) fn is_ready(&self) -> bool {
        !self.is_over && !self.is_spoiled && self.sender.is_ready()
    }

    /// Whether it is still of use, after having lain idle. Polled for nobody, because whoever used
    /// it before has no business with it any more.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.poll(&mut Context::from_waker(Waker::noop()));
        self.is_ready()
    }

    /// The request once more, if it may be repeated and most likely met a connection that its
    /// upstream had closed while it lay idle: one used before, which died without a byte of an
    /// answer.
    fn again(&self) -> Option<Request<RequestBody>> {
        if !self.is_reused || self.tally.has_read() {
            return None;
        }
        read_back(&self.tally.kept())
    }
}

impl Link {
    /// Drives the connection where that is this task's business. Errors show at the promise or the
    /// body.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        match self {
            Link::One(lane) => lane.poll(cx),
            Link::Two(_) => {}
        }
    }

    /// Whose waker the promise and the body are polled with. Where the connection was just driven
    /// with this task's, a second one would only wake it twice.
    pub(crate) fn waker<'c>(&self, cx: &'c Context<'_>) -> &'c Waker {
        match self {
            Link::One(_) => Waker::noop(),
            Link::Two(_) => cx.waker(),
        }
    }

    /// Whether the connection ended, where it is driven here.
    pub(crate) const fn is_over(&self) -> bool {
        match self {
            Link::One(lane) => lane.is_over,
            Link::Two(_) => false,
        }
    }

    /// Whether an answer was read to its end, and another request may be sent.
    pub(crate) fn is_ready(&self) -> bool {
        match self {
            Link::One(lane) => lane.is_ready(),
            Link::Two(_) => false,
        }
    }

    /// Whether it was not used since `before_ms`.
    pub(crate) const fn is_idle_since(&self, before_ms: u64) -> bool {
        match self {
            Link::One(lane) => lane.idle_since_ms < before_ms,
            Link::Two(_) => true,
        }
    }

    /// It will not carry another request.
    pub(crate) const fn spoil(&mut self) {
        match self {
            Link::One(lane) => lane.is_spoiled = true,
            // A stream never does.
            Link::Two(_) => {}
        }
    }

    /// Queues a request; the next [`Link::poll`] writes it. Whether it may be sent once more is
    /// known before: see [`Link::again`].
    pub(crate) fn send(&mut self, request: Request<RequestBody>, may_repeat: bool) -> Promise {
        match self {
            Link::One(lane) => {
                lane.tally.begin(may_repeat && lane.is_reused);
                Promise::One(Box::pin(lane.sender.send_request(request)))
            }
            Link::Two(stream) => Promise::Two(Box::pin(stream.send(request, may_repeat))),
        }
    }

    /// The request once more, where sending it again cannot do a thing twice.
    pub(crate) fn again(&mut self) -> Option<Request<RequestBody>> {
        match self {
            Link::One(lane) => lane.again(),
            Link::Two(stream) => stream.again(),
        }
    }

    /// Looks whether the answer's head is there.
    fn poll_answer(
        &mut self,
        promise: &mut Promise,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<Incoming>, Fault>> {
        self.poll(cx);
        let mut with = Context::from_waker(self.waker(cx));
        match promise {
            Promise::One(promise) => match promise.as_mut().poll(&mut with) {
                Poll::Ready(Ok(response)) => return Poll::Ready(Ok(response)),
                Poll::Ready(Err(_)) => {}
                Poll::Pending if self.is_over() => {}
                Poll::Pending => return Poll::Pending,
            },
            Promise::Two(promise) => match promise.as_mut().poll(&mut with) {
                Poll::Ready(Ok(response)) => {
                    if let Link::Two(stream) = self {
                        stream.answered();
                    }
                    return Poll::Ready(Ok(response));
                }
                Poll::Ready(Err(unsent)) => {
                    if let Link::Two(stream) = self {
                        stream.failed(unsent);
                    }
                }
                Poll::Pending => return Poll::Pending,
            },
        }
        let tally = match self {
            Link::One(lane) => &lane.tally,
            Link::Two(stream) => stream.tally(),
        };
        let has_tls_failed = tally.has_tls_failed() && !tally.has_read();
        let fault = if has_tls_failed { Fault::UpstreamCertificate } else { Fault::UpstreamBroken };
        Poll::Ready(Err(fault))
    }

    /// The socket and what was read of it beyond the answer's head, after a 101. None where the
    /// connection does not end there.
    pub(crate) fn into_tunnel(mut self) -> Option<(UpstreamSocket, Bytes)> {
        self.poll(&mut Context::from_waker(Waker::noop()));
        match self {
            Link::One(lane) if lane.is_over => {
                let parts = lane.connection.into_parts();
                Some((parts.io.into_inner().into_socket(), parts.read_buf))
            }
            Link::One(_) | Link::Two(_) => None,
        }
    }
}

/// Waits for the answer's head while driving `link`, unless `trouble` comes first.
///
/// # Errors
/// The trouble, [`Fault::UpstreamBroken`] or [`Fault::UpstreamCertificate`].
pub(crate) async fn answer(
    link: &mut Link,
    promise: &mut Promise,
    trouble: impl Fn() -> Option<Fault>,
) -> Result<Response<Incoming>, Fault> {
    std::future::poll_fn(|cx| match link.poll_answer(promise, cx) {
        Poll::Ready(Err(fault)) => Poll::Ready(Err(trouble().unwrap_or(fault))),
        Poll::Ready(Ok(response)) => Poll::Ready(Ok(response)),
        Poll::Pending => trouble().map_or(Poll::Pending, |fault| Poll::Ready(Err(fault))),
    })
    .await
}
