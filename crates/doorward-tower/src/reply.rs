//! The gate's own answers as responses, and the application's on their way back.

use crate::body::BoxError;
use crate::mount::{Mount, Passage};
use bytes::{Buf, Bytes};
use doorward_core::verdict::Reply;
use doorward_porter::Scrubbed;
use doorward_porter::spend::{Piece, Spend};
use http::Response;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use thiserror::Error;

/// What is answered: the gate's own words, or the application's body, in which nothing is changed
/// but credentials of the gate's covered.
pub struct AnswerBody<R>(Source<R>);

enum Source<R> {
    /// The gate's own words.
    Own(Bytes),
    /// The application's. Its passage ends with it: settled and noted when it is dropped.
    Application(Pin<Box<R>>, Box<Passage>),
    /// The same, where it may not have a credential in it.
    Scrubbed(Pin<Box<R>>, Box<Passage>, Box<Scrubbed>),
}

/// The caller's leave ended in the midst of an answer; what is left of it is not handed out.
#[derive(Clone, Copy, Debug, Error)]
#[error("the caller's leave has ended, and the answer with it")]
struct LeaveEnded;

/// A budget is used up in the midst of an answer that cannot say so.
#[derive(Clone, Copy, Debug, Error)]
#[error("what may be spent is used up, and the answer ends with it")]
struct NothingLeft;

/// An answer of the gate's own.
pub(crate) fn own<R>(reply: Reply) -> Response<AnswerBody<R>> {
    let mut response = Response::new(AnswerBody(Source::Own(reply.body)));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// The application's answer, dressed; or a refusal, where it cannot be looked through for a
/// credential that the application was given.
pub(crate) fn dressed<R>(answer: Response<R>, passage: Box<Passage>) -> Response<AnswerBody<R>> {
    let (mut parts, body) = answer.into_parts();
    let body = Box::pin(body);
    let scrub = match passage.admitted.scrub(parts.status, &mut parts.headers) {
        Ok(scrub) => scrub,
        Err(fault) => {
            let refused = passage.admitted.fault(fault);
            return passage.refuse(&refused);
        }
    };
    passage.admitted.dress(&mut parts.headers);
    passage.admitted.tell_would_refuse(&mut parts.headers);
    let source = match scrub {
        None => Source::Application(body, passage),
        Some(scrub) => Source::Scrubbed(body, passage, Box::new(Scrubbed::new(scrub))),
    };
    Response::from_parts(parts, AnswerBody(source))
}

/// The next frame of the application's, while its caller has leave.
fn poll_application<R>(
    body: &mut Pin<Box<R>>,
    passage: &mut Passage,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, BoxError>>>
where
    R: Body,
    R::Error: Into<BoxError>,
{
    if passage.is_cut {
        return Poll::Ready(None);
    }
    if let Some(spends) = passage.spends.take() {
        return poll_paid(body, passage, spends, cx);
    }
    let Poll::Ready(frame) = body.as_mut().poll_frame(cx) else {
        // Nothing comes; but the leave may end.
        return match passage.poll_over(cx, true) {
            true => Poll::Ready(Some(Err(LeaveEnded.into()))),
            false => Poll::Pending,
        };
    };
    Poll::Ready(frame.map(|frame| match frame {
        Ok(_) if passage.poll_over(cx, false) => Err(LeaveEnded.into()),
        Ok(frame) => Ok(frame.map_data(|mut piece| piece.copy_to_bytes(piece.remaining()))),
        Err(error) => Err(error.into()),
    }))
}

/// The same, of an answer that is paid for while it goes by.
fn poll_paid<R>(
    body: &mut Pin<Box<R>>,
    passage: &mut Passage,
    mut spends: Spend<Mount>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, BoxError>>>
where
    R: Body,
    R::Error: Into<BoxError>,
{
    let Poll::Ready(piece) = spends.poll_piece(cx, |cx| poll_bytes(body.as_mut(), cx)) else {
        passage.spends = Some(spends);
        return match passage.poll_over(cx, true) {
            true => Poll::Ready(Some(Err(LeaveEnded.into()))),
            false => Poll::Pending,
        };
    };
    Poll::Ready(match piece {
        Piece::Data(bytes) => {
            passage.spends = Some(spends);
            match passage.poll_over(cx, false) {
                true => Some(Err(LeaveEnded.into())),
                false => Some(Ok(Frame::data(bytes))),
            }
        }
        Piece::End => None,
        Piece::Broken(error) => Some(Err(error)),
        Piece::Over(last) => {
            // The application is not asked for more.
            passage.is_cut = true;
            Some(last.map(Frame::data).ok_or_else(|| NothingLeft.into()))
        }
    })
}

/// The bytes that come next; trailers are left out.
fn poll_bytes<R>(body: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>>
where
    R: Body,
    R::Error: Into<BoxError>,
{
    body.poll_frame(cx).map(|frame| {
        frame.map(|frame| match frame.map(Frame::into_data) {
            Ok(Ok(mut piece)) => Ok(piece.copy_to_bytes(piece.remaining())),
            Ok(Err(_)) => Ok(Bytes::new()),
            Err(error) => Err(error.into()),
        })
    })
}

impl<R> Body for AnswerBody<R>
where
    R: Body,
    R::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let (body, passage, scrubbed) = match &mut self.get_mut().0 {
            Source::Own(bytes) => {
                let bytes = std::mem::take(bytes);
                return Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))));
            }
            Source::Application(body, passage) => return poll_application(body, passage, cx),
            Source::Scrubbed(body, passage, scrubbed) => (body, passage, scrubbed),
        };
        loop {
            if scrubbed.is_read() {
                return Poll::Ready(scrubbed.rest().map(Ok));
            }
            let frame = match ready!(poll_application(body, passage, cx)) {
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => Some(frame),
                None => None,
            };
            if let Some(frame) = scrubbed.take(frame) {
                return Poll::Ready(Some(Ok(frame)));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Own(bytes) => bytes.is_empty(),
            Source::Application(body, passage) => passage.is_paid() && body.is_end_stream(),
            Source::Scrubbed(body, passage, scrubbed) => {
                passage.is_paid() && !scrubbed.holds() && body.is_end_stream()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Own(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Application(body, _) => body.size_hint(),
            Source::Scrubbed(body, _, scrubbed) => scrubbed.and_held(&body.size_hint()),
        }
    }
}
