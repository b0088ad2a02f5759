//! An answer on its way back that may not have a credential in it, frame by frame.

use bytes::Bytes;
use doorward_core::scrub::Scrub;
use http::HeaderMap;
use hyper::body::{Frame, SizeHint};

/// What covers credentials in an answer, and what waits behind what it held back.
#[derive(Debug)]
pub struct Scrubbed {
    scrub: Scrub,
    trailers: Option<HeaderMap>,
    /// All was taken in.
    is_read: bool,
}

impl Scrubbed {
    /// For one answer.
    #[must_use]
    pub const fn new(scrub: Scrub) -> Self {
        Self { scrub, trailers: None, is_read: false }
    }

    /// Whether all was taken in: what is left is told by [`Self::rest`] alone.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        self.is_read
    }

    /// Takes in what came; none is the end. What goes on now: of a piece only an end is kept that
    /// may be the beginning of a credential.
    pub fn take(&mut self, frame: Option<Frame<Bytes>>) -> Option<Frame<Bytes>> {
        let Some(frame) = frame else {
            self.is_read = true;
            return self.rest();
        };
        match frame.into_data() {
            Ok(piece) => {
                let piece = self.scrub.write(piece);
                (!piece.is_empty()).then(|| Frame::data(piece))
            }
            Err(frame) => {
                if let Ok(mut trailers) = frame.into_trailers() {
                    self.scrub.spellings().cover_values(&mut trailers);
                    self.trailers = Some(trailers);
                }
                self.is_read = true;
                self.rest()
            }
        }
    }

    /// When all was taken in: what was held back, and then the trailers.
    pub fn rest(&mut self) -> Option<Frame<Bytes>> {
        if self.scrub.held_bytes() > 0 {
            return Some(Frame::data(self.scrub.end()));
        }
        self.trailers.take().map(Frame::trailers)
    }

    /// Whether something is still to go on of what was taken in.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.scrub.held_bytes() > 0 || self.trailers.is_some()
    }

    /// How much is still to go on, where so much is still to come.
    #[must_use]
    pub fn and_held(&self, hint: &SizeHint) -> SizeHint {
        let held = self.scrub.held_bytes() as u64;
        hint.exact().map_or_else(SizeHint::default, |bytes| SizeHint::with_exact(bytes + held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::scrub::Spellings;
    use doorward_core::secret::Secret;
    use http::HeaderValue;

    fn scrubbed() -> Scrubbed {
        Scrubbed::new(Scrub::new(Spellings::of([Secret::new(*b"sk-12345")].iter())))
    }

    fn text(frame: Option<Frame<Bytes>>) -> Option<Bytes> {
        frame.map(|frame| frame.into_data().expect("a piece"))
    }

    #[test]
    fn what_was_held_back_goes_on_before_the_trailers() {
        let mut scrubbed = scrubbed();
        let piece = |bytes: &'static [u8]| Some(Frame::data(Bytes::from_static(bytes)));
        assert_eq!(text(scrubbed.take(piece(b"a sk-1"))).as_deref(), Some(&b"a "[..]));
        assert_eq!(scrubbed.and_held(&SizeHint::with_exact(3)).exact(), Some(7));
        assert!(scrubbed.holds() && !scrubbed.is_read());
        assert_eq!(text(scrubbed.take(piece(b"23"))), None);
        let mut trailers = HeaderMap::new();
        trailers.insert("x-echo", HeaderValue::from_static("sk-12345"));
        let held = scrubbed.take(Some(Frame::trailers(trailers)));
        assert_eq!(text(held).as_deref(), Some(&b"sk-123"[..]));
        assert!(scrubbed.is_read() && scrubbed.holds());
        let last = scrubbed.rest().and_then(|frame| frame.into_trailers().ok()).expect("trailers");
        assert_eq!(last["x-echo"], "********");
        assert!(scrubbed.rest().is_none() && !scrubbed.holds());
    }

    #[test]
    fn an_end_brings_what_was_held_back() {
        let mut scrubbed = scrubbed();
        assert_eq!(text(scrubbed.take(Some(Frame::data(Bytes::from_static(b"sk"))))), None);
        assert_eq!(text(scrubbed.take(None)).as_deref(), Some(&b"sk"[..]));
        assert!(scrubbed.rest().is_none());
    }
}
