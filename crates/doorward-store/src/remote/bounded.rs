//! A connection by which no more is read than is asked for.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that may come before some answer is whole: 64 answers of 64 KiB at once.
const BYTES_MAX: usize = 64 * 65 * 1024;

/// What may still come.
pub(super) struct Allowance(AtomicUsize);

impl Allowance {
    /// Some answer is whole.
    pub(super) fn renew(&self) {
        self.0.store(BYTES_MAX, Ordering::Relaxed);
    }

    fn spend(&self, bytes: usize) -> bool {
        let left = |left: usize| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
    }
}

impl Default for Allowance {
    fn default() -> Self {
        Self(AtomicUsize::new(BYTES_MAX))
    }
}

/// A connection with an allowance.
pub(super) struct Bounded<S> {
    stream: S,
    allowance: Arc<Allowance>,
}

impl<S> Bounded<S> {
    pub(super) const fn new(stream: S, allowance: Arc<Allowance>) -> Self {
        Self { stream, allowance }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        let fits = self.allowance.spend(read);
        let too_much = || io::Error::new(io::ErrorKind::InvalidData, "it sends more than is asked");
        Poll::Ready(if fits { Ok(()) } else { Err(too_much()) })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_come_is_renewed_by_whole_answers() {
        let allowance = Allowance::default();
        assert!(allowance.spend(BYTES_MAX));
        assert!(!allowance.spend(1));
        allowance.renew();
        assert!(!allowance.spend(BYTES_MAX + 1));
        assert!(allowance.spend(1));
    }
}
