//! An answer on its way back that is paid for while it goes by.

use super::{AnswerBody, Cut};
use crate::shared::Shared;
use bytes::Bytes;
use doorward_porter::spend::{Piece, Spend};
use http_body::Frame;
use std::task::{Context, Poll};

/// What an answer of this proxy's spends.
pub(crate) type Spends = Spend<Shared>;

impl AnswerBody {
    /// Has it paid for. Its trailers speak of a whole that it may not become, and do not go on.
    pub(crate) fn spending(mut self, spends: Option<Spends>) -> Self {
        self.takes_trailers &= spends.is_none();
        self.spends = spends.map(Box::new);
        self
    }

    /// The next piece, as far as it is paid for.
    pub(super) fn poll_paid(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let Some(mut spends) = self.spends.take() else { return self.poll_upstream(cx) };
        let polled = spends.poll_piece(cx, |cx| self.poll_data(cx));
        let Poll::Ready(piece) = polled else {
            self.spends = Some(spends);
            return Poll::Pending;
        };
        Poll::Ready(match piece {
            Piece::Data(bytes) => {
                self.spends = Some(spends);
                Some(Ok(Frame::data(bytes)))
            }
            Piece::End => None,
            Piece::Broken(cut) => Some(Err(cut)),
            Piece::Over(last) => {
                // The upstream is cut off here, and not only when the client has taken the last.
                self.let_go();
                self.scrubbed = None;
                self.is_whole = last.is_some();
                if let (Some(record), Some(reason)) = (&mut self.record, spends.cut()) {
                    record.cut(reason);
                }
                Some(last.map(Frame::data).ok_or(Cut))
            }
        })
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        // There are no trailers: they were not asked for.
        self.poll_upstream(cx).map_ok(|frame| frame.into_data().unwrap_or_default())
    }
}
