//! The end that a gate puts to an answer, where a clock in hand says when.

use super::*;
use crate::leave::last_event;
use crate::tests::{at, client};
use doorward_core::layers::identity;
use doorward_core::reason::Reason;
use doorward_porter::clock::FixedClock;
use http_body_util::BodyExt;
use std::time::Duration;

const EXPIRED: Reason = Reason::Identity(identity::Reason::Expired);

/// What is sent of an answer of one piece: before its caller's leave ends, and after.
fn sent(piece: &'static [u8], has_events: bool) -> (Option<Bytes>, Option<Result<Bytes, Cut>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let clock = Arc::new(FixedClock::new(at(19)));
        let client = Arc::new(client(&clock));
        let shared = Arc::clone(&client.worker.shared);
        let leave = || Leave::new(shared, None, Some(20), Duration::from_secs(1));
        let body = AnswerBody::own(Bytes::from_static(piece), Arc::clone(&client), None);
        let mut body = body.ending(leave, has_events);
        let data = |frame: Frame<Bytes>| frame.into_data().expect("a piece");
        let before = body.frame().await.map(|frame| data(frame.expect("it is not over")));
        if let (Some(piece), Some(Stay { events: Some(events), .. })) =
            (&before, body.stay.as_deref_mut())
        {
            // Only an upstream's are looked at on the way.
            events.sent(piece);
        }
        clock.set(at(20));
        assert!(!body.is_end_stream() || before.is_some());
        let after = body.frame().await.map(|frame| frame.map(data));
        assert_eq!(body.is_end_stream(), after == Some(Ok(last_event(EXPIRED))));
        assert!(body.frame().await.is_none(), "nothing follows");
        (before, after)
    })
}

#[test]
fn an_answer_ends_with_its_callers_leave() {
    let last = Some(Ok(last_event(EXPIRED)));
    for (piece, has_events, want) in [
        (&b"data: 1\n\n"[..], true, last.clone()),
        (b"data: 1\n\ndata", true, Some(Err(Cut))),
        (b"data: 1\n\n", false, Some(Err(Cut))),
    ] {
        let (before, after) = sent(piece, has_events);
        assert_eq!(before.as_deref(), Some(piece), "while it lasts");
        assert_eq!(after, want, "{piece:?} {has_events}");
    }
}
