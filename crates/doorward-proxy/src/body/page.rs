//! A page on its way back, whose forms get a token.

use super::{AnswerBody, Cut};
use bytes::Bytes;
use http_body::Frame;
use std::task::{Context, Poll};

impl AnswerBody {
    /// The next piece of the page. Of its upstream no more is read than goes on, or is held.
    pub(super) fn poll_page(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        loop {
            let Some(forms) = &mut self.forms else { return Poll::Ready(None) };
            if let Some(piece) = forms.take() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            let Poll::Ready(frame) = self.poll_upstream(cx) else { return Poll::Pending };
            let Some(forms) = &mut self.forms else { return Poll::Ready(None) };
            match frame {
                Some(Ok(frame)) => {
                    // There are no trailers: they were not asked for.
                    forms.write(frame.into_data().unwrap_or_default());
                    if let Some(code) = forms.said() {
                        self.client.worker.shared.hints.forms_are_left(code);
                    }
                }
                Some(Err(Cut)) => return Poll::Ready(Some(Err(Cut))),
                None => {
                    forms.end();
                    if forms.is_empty() {
                        return Poll::Ready(None);
                    }
                }
            }
        }
    }
}
