//! The bodies of answers, and small bodies of requests.

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::convert::Infallible;

/// The body of an answer.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Bytes that a route reads whole, at most.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Why a request's body was not read.
pub(super) enum Unread {
    /// Longer than [`BODY_BYTES_MAX`].
    TooLarge,
    /// The caller left, or broke off.
    CutOff,
}

/// A body of these bytes.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed_unsync()
}

/// Reads a small body whole.
pub(super) async fn read(body: Incoming) -> Result<Bytes, Unread> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::CutOff),
    }
}

/// Counts a body's bytes and keeps none of them.
pub(super) async fn count(mut body: Incoming) -> Result<u64, Unread> {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Unread::CutOff)?;
        bytes += frame.data_ref().map_or(0, |piece| piece.len() as u64);
    }
    Ok(bytes)
}
