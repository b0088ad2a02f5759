//! Bodies on their way, in pieces, never gathered: the client's to an upstream, and an answer's
//! back.

use crate::client::Client;
use crate::observe::Record;
use crate::pool::Link;
use bytes::{Bytes, BytesMut};
use doorward_core::fault::Fault;
use doorward_core::verdict::{Meter, MeterStep};
use doorward_porter::Hold;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker, ready};
use thiserror::Error;

/// A body that broke off. Whoever writes it on must break off too, never end it cleanly.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the body broke off")]
pub(crate) struct Cut;

/// What is sent upstream behind a head.
pub(crate) enum RequestBody {
    /// Nothing.
    Empty,
    /// What was held for the verdict.
    Held(Option<Bytes>),
    /// What the client sends, as it comes.
    Stream(Upload),
}

/// A client's body, as it comes.
pub(crate) struct Upload {
    incoming: Incoming,
    client: Arc<Client>,
    /// Which request of the connection it belongs to.
    number: u64,
    meter: Option<Meter>,
}

impl Upload {
    /// The body of request `number` of a client's.
    pub(crate) const fn new(incoming: Incoming, client: Arc<Client>, number: u64) -> Self {
        Self { incoming, client, number, meter: None }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        let line = &self.client.line;
        loop {
            let frame = match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Pending => {
                    line.deadline.body_wanted();
                    return Poll::Pending;
                }
                // hyper's end is believed only when the scan saw the message's last byte: a body
                // that ends otherwise was cut off, and the upstream must not take it for whole. Of
                // a stream, only its END_STREAM is believed: hyper also ends it for a client that
                // resets it with NO_ERROR.
                Poll::Ready(None) if line.is_stream() && self.incoming.is_end_stream() => {
                    line.ended();
                    return Poll::Ready(None);
                }
                Poll::Ready(None) if line.is_complete(self.number) => return Poll::Ready(None),
                Poll::Ready(None | Some(Err(_))) => {
                    line.cut(Fault::BodyCutOff);
                    return Poll::Ready(Some(Err(Cut)));
                }
                Poll::Ready(Some(Ok(frame))) => frame,
            };
            // Trailers are dropped: no upstream asked for them, and they come after the verdict.
            let Ok(piece) = frame.into_data() else { continue };
            if let Some(meter) = &mut self.meter
                && let MeterStep::End(fault) = meter.request_chunk(piece.len() as u64)
            {
                line.cut(fault);
                return Poll::Ready(Some(Err(Cut)));
            }
            line.body_came(piece.len());
            return Poll::Ready(Some(Ok(piece)));
        }
    }

    /// The next piece, unless something is wrong with the request.
    async fn piece(&mut self) -> Option<Result<Bytes, Fault>> {
        std::future::poll_fn(|cx| {
            if let Some(fault) = self.client.line.trouble() {
                return Poll::Ready(Some(Err(fault)));
            }
            self.poll_piece(cx).map_err(|Cut| Fault::BodyCutOff)
        })
        .await
    }
}

impl RequestBody {
    /// Has the body watched by `meter` as it streams.
    pub(crate) fn meter(&mut self, meter: Option<Meter>) {
        if let Self::Stream(upload) = self {
            upload.meter = meter;
        }
    }

    /// Reads what is left of it and drops it.
    pub(crate) async fn read_out(&mut self) {
        if let Self::Stream(upload) = self {
            while let Some(Ok(_)) = upload.piece().await {}
        }
    }
}

/// Room for a body that is being held, out of what the whole process may hold: many slow senders
/// must not add up. Once a body is whole it goes on at once.
struct Room {
    client: Arc<Client>,
    bytes: usize,
}

impl Room {
    fn take(&mut self, bytes: usize) -> Result<(), Fault> {
        let shared = &self.client.worker.shared;
        let before = shared.held_bytes.fetch_add(bytes, Relaxed);
        self.bytes += bytes;
        let fits = before + bytes <= shared.bounds.held_bytes_max;
        if fits { Ok(()) } else { Err(Fault::GateBusy) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.client.worker.shared.held_bytes.fetch_sub(self.bytes, Relaxed);
    }
}

impl Hold for RequestBody {
    async fn hold(&mut self, bytes_max: usize) -> Result<Bytes, Fault> {
        let upload = match self {
            Self::Empty => return Ok(Bytes::new()),
            Self::Held(bytes) => return Ok(bytes.clone().unwrap_or_default()),
            Self::Stream(upload) => upload,
        };
        let mut held = BytesMut::new();
        let mut room = Room { client: Arc::clone(&upload.client), bytes: 0 };
        while let Some(piece) = upload.piece().await {
            let piece = piece?;
            room.take(piece.len())?;
            if held.len() + piece.len() > bytes_max {
                return Err(Fault::BodyTooLarge);
            }
            held.extend_from_slice(&piece);
        }
        let held = held.freeze();
        *self = Self::Held(Some(held.clone()));
        Ok(held)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Held(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(upload) => upload.poll_piece(cx).map_ok(Frame::data),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Held(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            // Only the scan knows whether it is the end: see `poll_piece`.
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Held(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Stream(upload) => upload.incoming.size_hint(),
        }
    }
}

/// What is sent to the client behind a head.
pub(crate) struct AnswerBody {
    from: Source,
    client: Arc<Client>,
    record: Option<Box<Record>>,
    /// Whether the upstream may not be cut off when the client leaves.
    finishes: bool,
    /// Whether it was handed over to its end.
    is_whole: bool,
}

enum Source {
    /// The gate's own words.
    Own(Bytes),
    /// An upstream's answer; its connection is held until all of it was read.
    Upstream { incoming: Incoming, link: Option<Box<Link>> },
}

impl Source {
    fn is_end(&self) -> bool {
        match self {
            Self::Own(bytes) => bytes.is_empty(),
            Self::Upstream { incoming, .. } => incoming.is_end_stream(),
        }
    }
}

impl AnswerBody {
    /// A body of the gate's own.
    pub(crate) const fn own(
        bytes: Bytes,
        client: Arc<Client>,
        record: Option<Box<Record>>,
    ) -> Self {
        Self { from: Source::Own(bytes), client, record, finishes: false, is_whole: true }
    }

    /// An upstream's. What was read completely already gives its connection back at once.
    pub(crate) fn upstream(
        incoming: Incoming,
        link: Box<Link>,
        client: Arc<Client>,
        record: Option<Box<Record>>,
    ) -> Self {
        let from = Source::Upstream { incoming, link: Some(link) };
        let mut out = Self { from, client, record, finishes: false, is_whole: false };
        out.give_back();
        out
    }

    /// Whether the upstream runs to its end when the client leaves.
    pub(crate) const fn finishing(mut self, finishes: bool) -> Self {
        self.finishes = finishes;
        self
    }

    /// Gives the connection back when it was read to its end.
    fn give_back(&mut self) {
        if let Source::Upstream { link, .. } = &mut self.from
            && link.as_ref().is_some_and(|link| link.is_ready())
            && let Some(link) = link.take()
        {
            self.client.worker.give(link);
        }
    }

    fn count(&mut self, bytes: usize) {
        self.client.line.deadline.stream();
        if let Some(record) = &mut self.record {
            record.sent(bytes);
        }
    }

    fn poll_upstream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        let Source::Upstream { incoming, link } = &mut self.from else {
            return Poll::Ready(None);
        };
        loop {
            let is_over = link.as_mut().is_none_or(|link| {
                link.poll(cx);
                link.is_over()
            });
            // The connection was driven with this task's waker; a second one would only wake it
            // twice.
            let nobody = &mut Context::from_waker(Waker::noop());
            let frame = Pin::new(&mut *incoming).poll_frame(nobody);
            match frame {
                // The connection is gone and left nothing behind: it broke off.
                Poll::Pending if is_over && link.is_some() => return Poll::Ready(Some(Err(Cut))),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(Cut))),
                // Trailers are dropped.
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(piece) = frame.into_data() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
            }
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = self.get_mut();
        if let Source::Own(bytes) = &mut this.from {
            let bytes = std::mem::take(bytes);
            if bytes.is_empty() {
                return Poll::Ready(None);
            }
            this.count(bytes.len());
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let piece = ready!(this.poll_upstream(cx));
        match piece {
            None => {
                this.is_whole = true;
                this.give_back();
            }
            Some(Ok(ref piece)) => this.count(piece.len()),
            Some(Err(Cut)) => {}
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.from.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.from {
            Source::Own(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Upstream { incoming, .. } => incoming.size_hint(),
        }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.give_back();
        if let Some(record) = &mut self.record
            && !(self.is_whole || self.from.is_end())
        {
            record.broke_off();
        }
        self.client.line.finish();
        let empty = Source::Own(Bytes::new());
        if let Source::Upstream { incoming, link: Some(link) } =
            std::mem::replace(&mut self.from, empty)
            && self.finishes
        {
            self.client.worker.in_background(read_out(incoming, link));
        }
    }
}

/// Reads an answer to its end and drops it.
pub(crate) async fn read_out(mut incoming: Incoming, mut link: Box<Link>) {
    std::future::poll_fn(|cx| {
        loop {
            link.poll(cx);
            match Pin::new(&mut incoming).poll_frame(cx) {
                Poll::Pending if link.is_over() => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(None | Some(Err(_))) => return Poll::Ready(()),
            }
        }
    })
    .await;
}
