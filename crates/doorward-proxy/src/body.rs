//! Bodies on their way, in pieces, never gathered: the client's to an upstream, and an answer's
//! back.

mod hold;
mod page;
mod scrubbed;
mod spends;
mod stay;

pub(crate) use spends::Spends;

use crate::client::Client;
use crate::forms::Forms;
use crate::leave::{EventStream, Leave};
use crate::link::Link;
use crate::observe::Record;
use crate::trailers;
use bytes::Bytes;
use doorward_core::fault::Fault;
use doorward_core::scrub::Scrub;
use doorward_core::verdict::{Meter, MeterStep};
use doorward_porter::Scrubbed;
use http::header::{HeaderMap, HeaderName};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use stay::Stay;
use std::pin::Pin;
use std::sync::Arc;
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
    /// What may go on behind it.
    trailing: Option<Box<Trailing>>,
}

/// The trailers of a body.
struct Trailing {
    /// The names that may go on.
    announced: Vec<HeaderName>,
    /// What came of them, until the body's end is sure.
    came: Option<HeaderMap>,
}

impl Upload {
    /// The body of request `number` of a client's.
    pub(crate) const fn new(incoming: Incoming, client: Arc<Client>, number: u64) -> Self {
        Self { incoming, client, number, meter: None, trailing: None }
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
            let piece = match frame.into_data() {
                Ok(piece) => piece,
                Err(frame) => {
                    if let (Ok(all), Some(trailing)) = (frame.into_trailers(), &mut self.trailing) {
                        let announced = &trailing.announced;
                        trailing.came = trailers::pass(all, |name| announced.contains(name));
                    }
                    continue;
                }
            };
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

    /// Has these trailers go on with it, if they come. What is held has none.
    pub(crate) fn announce(&mut self, announced: Vec<HeaderName>) {
        if let Self::Stream(upload) = self {
            upload.trailing = Some(Box::new(Trailing { announced, came: None }));
        }
    }

    /// Reads what is left of it and drops it.
    pub(crate) async fn read_out(&mut self) {
        if let Self::Stream(upload) = self {
            while let Some(Ok(_)) = upload.piece().await {}
        }
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
            Self::Stream(upload) => match ready!(upload.poll_piece(cx)) {
                Some(piece) => Poll::Ready(Some(piece.map(Frame::data))),
                None => {
                    let trailing = upload.trailing.as_mut().and_then(|all| all.came.take());
                    Poll::Ready(trailing.map(|all| Ok(Frame::trailers(all))))
                }
            },
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
    /// Whether its trailers go on.
    takes_trailers: bool,
    /// How long its caller may read it.
    stay: Option<Box<Stay>>,
    /// A page, whose forms get a token on the way.
    forms: Option<Box<Forms>>,
    /// What may not have a credential in it.
    scrubbed: Option<Box<Scrubbed>>,
    /// It is paid for on the way.
    spends: Option<Box<Spends>>,
}

enum Source {
    /// The gate's own words.
    Own(Bytes),
    /// An upstream's answer; its connection is held until all of it was read.
    Upstream { incoming: Incoming, link: Option<Link> },
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
        Self {
            from: Source::Own(bytes),
            client,
            record,
            finishes: false,
            is_whole: true,
            takes_trailers: false,
            stay: None,
            forms: None,
            spends: None,
            scrubbed: None,
        }
    }

    /// An upstream's. What was read completely already gives its connection back at once.
    pub(crate) fn upstream(
        incoming: Incoming,
        link: Link,
        client: Arc<Client>,
        record: Option<Box<Record>>,
    ) -> Self {
        let from = Source::Upstream { incoming, link: Some(link) };
        let mut out = Self {
            from,
            client,
            record,
            finishes: false,
            is_whole: false,
            takes_trailers: false,
            stay: None,
            forms: None,
            spends: None,
            scrubbed: None,
        };
        out.give_back();
        out
    }

    /// Whether trailers go on with it.
    pub(crate) const fn with_trailers(mut self, takes_trailers: bool) -> Self {
        self.takes_trailers = takes_trailers;
        self
    }

    /// Has it end when the leave does; an event stream with a last event, if it stands between two.
    /// What was read completely already is handed over as it is.
    pub(crate) fn ending(mut self, leave: impl FnOnce() -> Leave, has_events: bool) -> Self {
        if matches!(self.from, Source::Upstream { link: None, .. }) {
            return self;
        }
        let leave = leave();
        let events = has_events.then(EventStream::default);
        self.stay = Some(Box::new(Stay { leave, events, is_over: false }));
        self
    }

    /// Has tokens written into its forms. Its trailers speak of other bytes, and do not go on.
    pub(crate) fn writing(mut self, forms: Option<Forms>) -> Self {
        if !self.from.is_end() {
            self.forms = forms.map(Box::new);
            self.takes_trailers &= self.forms.is_none();
        }
        self
    }

    /// Has credentials covered in it.
    pub(crate) fn scrubbing(mut self, scrub: Option<Scrub>) -> Self {
        if !self.from.is_end() {
            self.scrubbed = scrub.map(|scrub| Box::new(Scrubbed::new(scrub)));
        }
        self
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

    /// Aborts the upstream, or has it run to its end without anybody.
    fn let_go(&mut self) {
        let empty = Source::Own(Bytes::new());
        if let Source::Upstream { incoming, link: Some(link) } =
            std::mem::replace(&mut self.from, empty)
            && self.finishes
        {
            self.client.worker.in_background(read_out(incoming, link));
        }
    }

    fn count(&mut self, bytes: usize) {
        self.client.line.deadline.stream();
        if let Some(record) = &mut self.record {
            record.sent(bytes);
        }
    }

    /// The next of what the upstream sends and may go on.
    fn poll_upstream(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.scrubbed {
            None => self.poll_sent(cx),
            Some(_) => self.poll_scrubbed(cx),
        }
    }

    /// The next of what the upstream sends.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let Source::Upstream { incoming, link } = &mut self.from else {
            return Poll::Ready(None);
        };
        loop {
            let (waker, is_over) = match link {
                Some(link) => {
                    link.poll(cx);
                    (link.waker(cx), link.is_over())
                }
                None => (Waker::noop(), false),
            };
            let frame = Pin::new(&mut *incoming).poll_frame(&mut Context::from_waker(waker));
            match frame {
                // The connection is gone and left nothing behind: it broke off.
                Poll::Pending if is_over => return Poll::Ready(Some(Err(Cut))),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(Cut))),
                Poll::Ready(Some(Ok(frame))) if frame.is_data() => {
                    return Poll::Ready(Some(Ok(frame)));
                }
                Poll::Ready(Some(Ok(frame))) => {
                    if self.takes_trailers
                        && let Ok(all) = frame.into_trailers()
                        && let Some(trailers) = trailers::pass(all, |_| true)
                    {
                        return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
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
        if let Some(last) = this.poll_stay(cx, false) {
            return Poll::Ready(last);
        }
        if let Source::Own(bytes) = &mut this.from {
            let bytes = std::mem::take(bytes);
            if bytes.is_empty() {
                return Poll::Ready(None);
            }
            this.count(bytes.len());
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let polled = match this.forms {
            None => this.poll_paid(cx),
            Some(_) => this.poll_page(cx),
        };
        let Poll::Ready(frame) = polled else {
            return this.poll_stay(cx, true).map_or(Poll::Pending, Poll::Ready);
        };
        match &frame {
            None => {
                this.is_whole = true;
                this.give_back();
            }
            Some(Ok(frame)) => {
                if let Some(piece) = frame.data_ref() {
                    this.count(piece.len());
                    if let Some(Stay { events: Some(events), .. }) = this.stay.as_deref_mut() {
                        events.sent(piece);
                    }
                } else {
                    // Nothing follows trailers.
                    this.is_whole = true;
                }
            }
            Some(Err(Cut)) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.stay {
            // What was cut off is no end.
            Some(stay) if stay.is_over => self.is_whole,
            Some(_) | None => {
                let holds = self.scrubbed.as_ref().is_some_and(|scrubbed| scrubbed.holds());
                self.forms.is_none() && self.spends.is_none() && !holds && self.from.is_end()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.from {
            Source::Own(bytes) => SizeHint::with_exact(bytes.len() as u64),
            // What is written in is no part of what was announced.
            Source::Upstream { .. } if self.forms.is_some() => SizeHint::default(),
            Source::Upstream { incoming, .. } => match &self.scrubbed {
                None => incoming.size_hint(),
                Some(scrubbed) => scrubbed.and_held(&incoming.size_hint()),
            },
        }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.give_back();
        let is_whole = self.is_whole || self.is_end_stream();
        if let Some(record) = &mut self.record
            && !is_whole
        {
            record.broke_off();
        }
        self.client.line.finish();
        self.let_go();
    }
}

/// Reads an answer to its end and drops it.
pub(crate) async fn read_out(mut incoming: Incoming, mut link: Link) {
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

#[cfg(test)]
mod tests;
