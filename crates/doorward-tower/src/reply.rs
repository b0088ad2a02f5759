//! The gate's own answers as responses, and the application's on their way back.

use crate::body::BoxError;
use crate::mount::Passage;
use bytes::{Buf, Bytes};
use doorward_core::verdict::Reply;
use doorward_porter::spend::Piece;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use thiserror::Error;

/// What is answered: the gate's own words, or the application's body, unchanged.
pub struct AnswerBody<R>(Source<R>);

enum Source<R> {
    /// The gate's own words.
    Own(Bytes),
    /// The application's. Its passage ends with it: settled and noted when it is dropped.
    Application(Pin<Box<R>>, Box<Passage>),
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

/// The application's answer, dressed.
pub(crate) fn dressed<R>(answer: Response<R>, passage: Box<Passage>) -> Response<AnswerBody<R>> {
    let (mut parts, body) = answer.into_parts();
    passage.admitted.dress(&mut parts.headers);
    passage.admitted.tell_would_refuse(&mut parts.headers);
    Response::from_parts(parts, AnswerBody(Source::Application(Box::pin(body), passage)))
}

impl<R> AnswerBody<R>
where
    R: Body,
    R::Error: Into<BoxError>,
{
    /// The next piece of an answer that is paid for while it goes by.
    fn poll_paid(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Source::Application(body, passage) = &mut self.0 else { return Poll::Ready(None) };
        let Some(spends) = &mut passage.spends else { return Poll::Ready(None) };
        let Poll::Ready(piece) = spends.poll_piece(cx, |cx| poll_data(body.as_mut(), cx)) else {
            return match passage.poll_over(cx, true) {
                true => Poll::Ready(Some(Err(LeaveEnded.into()))),
                false => Poll::Pending,
            };
        };
        Poll::Ready(match piece {
            Piece::Data(_) if passage.poll_over(cx, false) => Some(Err(LeaveEnded.into())),
            Piece::Data(bytes) => Some(Ok(Frame::data(bytes))),
            Piece::End => None,
            Piece::Broken(error) => Some(Err(error)),
            Piece::Over(last) => {
                // The application is not asked for more.
                self.0 = Source::Own(Bytes::new());
                Some(last.map(Frame::data).ok_or_else(|| NothingLeft.into()))
            }
        })
    }
}

/// The data that comes next; trailers are left out.
fn poll_data<R>(body: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>>
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
        let this = self.get_mut();
        let (body, passage) = match &mut this.0 {
            Source::Own(bytes) => {
                let bytes = std::mem::take(bytes);
                return Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))));
            }
            Source::Application(body, passage) => (body, passage),
        };
        if passage.spends.is_some() {
            return this.poll_paid(cx);
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

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Own(bytes) => bytes.is_empty(),
            // What came may wait to be paid for.
            Source::Application(body, passage) => passage.spends.is_none() && body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Own(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Application(body, _) => body.size_hint(),
        }
    }
}
