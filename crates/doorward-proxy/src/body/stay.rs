//! How long a stream's caller may read it, and what is sent at its end.

use super::{AnswerBody, Cut};
use crate::leave::{EventStream, Leave, last_event};
use bytes::Bytes;
use http_body::Frame;
use std::task::Context;

/// How long a stream's caller may read it, and whether it can be told of the end.
pub(super) struct Stay {
    pub(super) leave: Leave,
    pub(super) events: Option<EventStream>,
    pub(super) is_over: bool,
}

/// What hyper is handed of an answer.
type Handed = Option<Result<Frame<Bytes>, Cut>>;

impl AnswerBody {
    /// What is sent once the caller's leave has ended; none while it has not. The task is woken to
    /// ask again, if it `waits`.
    pub(super) fn poll_stay(&mut self, cx: &mut Context<'_>, waits: bool) -> Option<Handed> {
        let stay = self.stay.as_mut()?;
        if stay.is_over {
            return Some(None);
        }
        let reason = stay.leave.poll_over(cx, waits)?;
        stay.is_over = true;
        let can_be_told = stay.events.is_some_and(EventStream::is_between);
        // The upstream is cut off here, and not only when the client has taken the last event.
        self.let_go();
        self.is_whole = can_be_told;
        if !can_be_told {
            return Some(Some(Err(Cut)));
        }
        let last = last_event(reason);
        self.count(last.len());
        Some(Some(Ok(Frame::data(last))))
    }
}
