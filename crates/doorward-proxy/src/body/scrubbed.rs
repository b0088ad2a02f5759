//! An answer on its way back that may not have a credential in it.

use super::{AnswerBody, Cut};
use bytes::Bytes;
use http_body::Frame;
use std::task::{Context, Poll, ready};

impl AnswerBody {
    /// The next piece, with credentials covered. Nothing is waited for that could go on.
    pub(super) fn poll_scrubbed(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        loop {
            let Some(scrubbed) = &mut self.scrubbed else { return Poll::Ready(None) };
            if scrubbed.is_read() {
                return Poll::Ready(scrubbed.rest().map(Ok));
            }
            let frame = match ready!(self.poll_sent(cx)) {
                Some(Err(Cut)) => return Poll::Ready(Some(Err(Cut))),
                Some(Ok(frame)) => Some(frame),
                None => None,
            };
            let goes_on = self.scrubbed.as_mut().and_then(|scrubbed| scrubbed.take(frame));
            if let Some(frame) = goes_on {
                return Poll::Ready(Some(Ok(frame)));
            }
        }
    }
}
