//! Answers that are made piece by piece: downloads and server-sent events, in constant memory.

use super::body::Body;
use super::shop::Running;
use super::valves;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::Semaphore;

/// A piece of a download.
static PIECE: [u8; 64 * 1024] = [b'.'; 64 * 1024];

type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is streamed.
pub(super) enum Content {
    /// So many bytes.
    Bytes(u64),
    /// Events from `next` up to and without `end`.
    Events { next: u64, end: u64 },
    /// One text.
    Text(&'static str),
}

/// A streamed answer; each piece waits for the valve, where there is one.
struct Stream {
    content: Content,
    valve: Option<Arc<Semaphore>>,
    waiting: Option<Wait>,
    running: Running,
}

/// A body of this content, which ends `running` when its last piece is taken.
pub(super) fn body(content: Content, valve: Option<Arc<Semaphore>>, running: Running) -> Body {
    let mut stream = Stream { content, valve, waiting: None, running };
    if stream.is_end_stream() {
        stream.running.finish();
    }
    stream.boxed_unsync()
}

impl Content {
    fn piece(&mut self) -> Option<Bytes> {
        match self {
            Self::Bytes(0) => None,
            Self::Bytes(left) => {
                let length = PIECE.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= length as u64;
                Some(Bytes::from_static(&PIECE[..length]))
            }
            Self::Events { next, end } if *next >= *end => None,
            Self::Events { next, .. } => {
                let event = format!("id: {next}\ndata: event {next}\n\n");
                *next += 1;
                Some(Bytes::from(event))
            }
            Self::Text("") => None,
            Self::Text(text) => Some(Bytes::from_static(std::mem::take(text).as_bytes())),
        }
    }

    const fn is_empty(&self) -> bool {
        match self {
            Self::Bytes(left) => *left == 0,
            Self::Events { next, end } => *next >= *end,
            Self::Text(text) => text.is_empty(),
        }
    }
}

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let stream = &mut *self;
        if stream.content.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(valve) = &stream.valve {
            let waiting = stream.waiting.get_or_insert_with(|| {
                let valve = Arc::clone(valve);
                Box::pin(async move { valves::step(&valve).await })
            });
            std::task::ready!(waiting.as_mut().poll(context));
            stream.waiting = None;
        }
        let piece = stream.content.piece();
        if stream.content.is_empty() {
            stream.running.finish();
        }
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.content {
            Content::Bytes(left) => SizeHint::with_exact(left),
            Content::Events { .. } | Content::Text(_) => SizeHint::default(),
        }
    }
}
