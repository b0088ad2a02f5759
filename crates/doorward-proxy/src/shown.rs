//! What a client shows without being asked, kept for as long as its connection stands. Nothing of
//! it is there where the gate does not look.

use doorward_core::fingerprint::hello::HelloReading;
use doorward_core::fingerprint::http1::HeadOrder;
use doorward_core::fingerprint::http2::{Opening, OpeningReading};
use doorward_core::fingerprint::ja4::Ja4;
use doorward_core::fingerprint::shown::{OfClient, Seen, Shown, Tls};
use std::sync::OnceLock;

/// What a connection has shown: a fact of it, as its certificate is (ADR 23). Its streams share it.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    tls: OnceLock<Seen<Tls>>,
    /// Boxed, since most of what is kept would be room for settings.
    http2: OnceLock<Seen<Box<Opening>>>,
}

impl Connection {
    /// Lends what is known; `order` is that of the present head's names.
    pub(crate) fn lend<'v>(&'v self, order: Option<&'v HeadOrder>, is_second: bool) -> Shown<'v> {
        let http2 = match self.http2.get() {
            Some(seen) => seen.as_ref().map(|opening| &**opening),
            // A head that was served was read, and the opening before it.
            None if is_second => Seen::Unreadable,
            None => Seen::Absent,
        };
        Shown {
            tls: self.tls.get().map_or(Seen::Absent, Seen::as_ref),
            http2,
            head: order.map_or(Seen::Absent, Seen::Value),
        }
    }

    /// Reads on in a hello: whether more of it is wanted.
    pub(crate) fn read_hello(&self, reading: &mut HelloReading, bytes: &[u8]) -> bool {
        let seen = match reading.feed(bytes) {
            Ok(None) => return true,
            Ok(Some(hello)) => Seen::Value(Tls::from(&hello)),
            Err(_) => Seen::Unreadable,
        };
        // A connection has one.
        let _ = self.tls.set(seen);
        false
    }

    /// The hello did not come to its end.
    pub(crate) fn end_hello(&self) {
        let _ = self.tls.set(Seen::Unreadable);
    }

    /// Reads on in an opening of HTTP/2: whether more of it is wanted.
    pub(crate) fn read_opening(&self, reading: &mut OpeningReading, bytes: &[u8]) -> bool {
        let seen = match reading.feed(bytes) {
            Ok(None) => return true,
            Ok(Some(opening)) => Seen::Value(Box::new(opening)),
            Err(_) => Seen::Unreadable,
        };
        let _ = self.http2.set(seen);
        false
    }
}

/// What the log tells of it.
#[derive(Debug)]
pub(crate) struct Noted {
    pub(crate) ja4: Option<Ja4>,
    /// In the text that is common in the field.
    pub(crate) http2: Option<String>,
    pub(crate) head: Option<HeadOrder>,
}

impl From<&OfClient<'_>> for Noted {
    fn from(client: &OfClient<'_>) -> Self {
        Self {
            ja4: client.ja4.value(),
            http2: client.shown.http2.value().map(|opening| opening.text().to_string()),
            head: client.shown.head.value().copied(),
        }
    }
}
