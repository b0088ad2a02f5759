//! A request's body on its way to the application: as it comes, or held for the verdict.

use crate::mount::Mount;
use bytes::{Buf, Bytes, BytesMut};
use doorward_core::fault::Fault;
use doorward_core::verdict::{Meter, MeterStep};
use doorward_core::view::BodyHint;
use doorward_porter::Hold;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use thiserror::Error;

/// Any error of a body's.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A request's body, as the application reads it. Trailers are left out: they come after the
/// verdict, and nobody judged them.
pub struct RequestBody<B> {
    from: Source<B>,
    watch: Option<Watch>,
}

enum Source<B> {
    /// Nothing.
    Empty,
    /// What was held for the verdict; none once it was read.
    Held(Option<Bytes>),
    /// What the client sends, as it comes. Boxed, because any body will do, also one that may not
    /// move.
    Stream(Pin<Box<B>>),
}

/// What watches a body as it streams, and what it saw.
struct Watch {
    meter: Meter,
    ended: Ended,
}

/// The fault for which the gate ended a body, shared with whoever answers.
pub(crate) type Ended = Arc<OnceLock<Fault>>;

/// The gate ended a body.
#[derive(Clone, Copy, Debug, Error)]
#[error("the gate ended the request's body: {0}")]
struct EndedByGate(&'static str);

impl<B: Body> RequestBody<B> {
    /// A client's body, of which so much is known.
    pub(crate) fn new(body: B, hint: BodyHint) -> Self {
        let from = match hint {
            BodyHint::Empty => Source::Empty,
            BodyHint::Length(_) | BodyHint::Stream => Source::Stream(Box::pin(body)),
        };
        Self { from, watch: None }
    }

    /// Has the body watched as it streams; where the gate may end it, what it then ended for.
    pub(crate) fn watch(&mut self, meter: Option<Meter>) -> Option<Ended> {
        let meter = meter?;
        match self.from {
            Source::Stream(_) => {
                let ended = Ended::default();
                self.watch = Some(Watch { meter, ended: Arc::clone(&ended) });
                Some(ended)
            }
            Source::Empty | Source::Held(_) => None,
        }
    }
}

impl<B> RequestBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let stream = match &mut self.from {
            Source::Empty => return Poll::Ready(None),
            Source::Held(bytes) => return Poll::Ready(bytes.take().map(Ok)),
            Source::Stream(stream) => stream,
        };
        loop {
            let frame = match ready!(stream.as_mut().poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                Some(Ok(frame)) => frame,
            };
            let Ok(mut piece) = frame.into_data() else { continue };
            let piece = piece.copy_to_bytes(piece.remaining());
            if let Some(watch) = &mut self.watch
                && let MeterStep::End(fault) = watch.meter.request_chunk(piece.len() as u64)
            {
                // The first is the one that is told.
                let _ = watch.ended.set(fault);
                return Poll::Ready(Some(Err(EndedByGate(fault.words().code).into())));
            }
            return Poll::Ready(Some(Ok(piece)));
        }
    }
}

impl<B> Body for RequestBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.get_mut().poll_piece(cx).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        match &self.from {
            Source::Empty => true,
            Source::Held(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Source::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.from {
            Source::Empty => SizeHint::with_exact(0),
            Source::Held(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Source::Stream(stream) => stream.size_hint(),
        }
    }
}

/// A body that can be held, within what its mounting may hold in all.
pub(crate) struct Holding<'m, B> {
    pub(crate) body: &'m mut RequestBody<B>,
    pub(crate) mount: &'m Mount,
}

impl<B> Hold for Holding<'_, B>
where
    B: Body + Send,
    B::Error: Into<BoxError>,
{
    async fn hold(&mut self, bytes_max: usize) -> Result<Bytes, Fault> {
        let wait = self.mount.bounds.body_wait;
        let read = tokio::time::timeout(wait, self.read(bytes_max));
        let held = read.await.unwrap_or(Err(Fault::BodyTooSlow))?;
        self.body.from = Source::Held(Some(held.clone()));
        Ok(held)
    }
}

impl<B> Holding<'_, B>
where
    B: Body + Send,
    B::Error: Into<BoxError>,
{
    async fn read(&mut self, bytes_max: usize) -> Result<Bytes, Fault> {
        let mut held = BytesMut::new();
        let mut room = Room { mount: self.mount, bytes: 0 };
        while let Some(piece) = std::future::poll_fn(|cx| self.body.poll_piece(cx)).await {
            let piece = piece.map_err(|_| Fault::BodyCutOff)?;
            room.take(piece.len())?;
            if held.len() + piece.len() > bytes_max {
                return Err(Fault::BodyTooLarge);
            }
            held.extend_from_slice(&piece);
        }
        Ok(held.freeze())
    }
}

/// Room for a body that is being held, out of what the mounting may hold: many slow senders must
/// not add up. Once a body is whole it goes on at once.
struct Room<'m> {
    mount: &'m Mount,
    bytes: usize,
}

impl Room<'_> {
    fn take(&mut self, bytes: usize) -> Result<(), Fault> {
        let before = self.mount.held_bytes.fetch_add(bytes, Relaxed);
        self.bytes += bytes;
        let fits = before + bytes <= self.mount.bounds.held_bytes_max;
        if fits { Ok(()) } else { Err(Fault::GateBusy) }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.mount.held_bytes.fetch_sub(self.bytes, Relaxed);
    }
}
