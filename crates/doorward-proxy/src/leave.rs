//! How a stream ends when its caller may stay no longer.

use crate::client::Client;
use crate::shared::Shared;
use bytes::Bytes;
use doorward_core::reason::Reason;
use doorward_core::verdict::Admitted;
use doorward_porter::leave;
use std::sync::Arc;

/// The leave of one stream of this proxy's.
pub(crate) type Leave = leave::Leave<Shared>;

/// The leave by which a stream was opened.
pub(crate) fn of(client: &Client, admitted: &Admitted) -> Leave {
    let shared = &client.worker.shared;
    let standing = Some(admitted.standing());
    Leave::new(Arc::clone(shared), standing, admitted.ends_unix_s(), shared.bounds.sweep)
        .showing(client.shows())
}

/// What an event stream ends with when its caller's leave does.
pub(crate) fn last_event(reason: Reason) -> Bytes {
    let code = reason.code();
    Bytes::from(format!("event: doorward\ndata: {{\"code\":\"{code}\"}}\n\n"))
}

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
