//! How long a stream's caller may stay: a stream that was judged once does not outlive the leave
//! that it was judged by.

use crate::client::Client;
use doorward_porter::clock::Clock;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior};

/// The leave of one stream. The clock that requests are judged by is asked, at every sweep while
/// nothing else comes. Most answers end before they wait at all, so only waiting takes a timer.
pub(crate) struct Leave {
    clock: Arc<dyn Clock>,
    ends_unix_s: u64,
    ask_every: Duration,
    tick: Option<Interval>,
}

impl Leave {
    /// The leave that ends in this second since 1970.
    pub(crate) fn until(client: &Client, ends_unix_s: u64) -> Self {
        let shared = &client.worker.shared;
        let ask_every = shared.bounds.sweep;
        Self { clock: Arc::clone(&shared.clock), ends_unix_s, ask_every, tick: None }
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.clock.now().unix_s >= self.ends_unix_s
    }

    /// Whether it has ended. If not, the task is woken to ask again.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> bool {
        if self.is_over() {
            return true;
        }
        let ask_every = self.ask_every;
        let tick = self.tick.get_or_insert_with(|| {
            let mut tick = tokio::time::interval(ask_every);
            tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
            tick
        });
        while tick.poll_tick(cx).is_ready() {}
        false
    }
}

/// What an event stream ends with when its caller's leave does.
pub(crate) const LAST_EVENT: &[u8] = b"event: doorward\ndata: {\"code\":\"identity/expired\"}\n\n";

/// Whether an event stream stands between two events (HTML, Server-sent events, 9.2.5).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EventStream {
    last: [u8; 4],
}

impl EventStream {
    /// More of it went out.
    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        for byte in &bytes[bytes.len().saturating_sub(4)..] {
            self.last.rotate_left(1);
            self.last[3] = *byte;
        }
    }

    /// Whether another event may begin here.
    pub(crate) fn is_between(self) -> bool {
        self.last == [0; 4]
            || self.last.ends_with(b"\n\n")
            || self.last.ends_with(b"\r\r")
            || self.last.ends_with(b"\r\n\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_may_begin_only_behind_an_empty_line() {
        for (sent, want) in [
            (&[][..], true),
            (&["data: 1\n\n"], true),
            (&["data: 1\r\n\r\n"], true),
            (&["data: 1\r\r"], true),
            (&["data: 1\n", "\n"], true),
            (&["data: 1\n"], false),
            (&["data: 1\r\n"], false),
            (&["data: 1\n\nda"], false),
            (&[":"], false),
        ] {
            let mut stream = EventStream::default();
            sent.iter().for_each(|piece| stream.sent(piece.as_bytes()));
            assert_eq!(stream.is_between(), want, "{sent:?}");
        }
    }
}
