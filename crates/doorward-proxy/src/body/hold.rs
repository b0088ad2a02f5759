//! Holding a body whole, for a verdict that depends on it.

use super::RequestBody;
use crate::client::Client;
use bytes::{Bytes, BytesMut};
use doorward_core::fault::Fault;
use doorward_porter::Hold;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Room for a body that is being held, out of what the whole process may hold: many slow senders
/// must not add up. Once a body is whole it goes on at once.
struct Room {
    client: Arc<Client>,
    bytes: usize,
}

impl Room {
    fn take(&mut self, bytes: usize) -> Result<(), Fault> {
        let shared = &self.client.worker.shared;
        let before = shared.held_bytes.fetch_add(bytes, Relaxed);
        self.bytes += bytes;
        let fits = before + bytes <= shared.bounds.held_bytes_max;
        if fits { Ok(()) } else { Err(Fault::GateBusy) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.client.worker.shared.held_bytes.fetch_sub(self.bytes, Relaxed);
    }
}

impl Hold for RequestBody {
    async fn hold(&mut self, bytes_max: usize) -> Result<Bytes, Fault> {
        let upload = match self {
            Self::Empty => return Ok(Bytes::new()),
            Self::Held(bytes) => return Ok(bytes.clone().unwrap_or_default()),
            Self::Stream(upload) => upload,
        };
        let mut held = BytesMut::new();
        let mut room = Room { client: Arc::clone(&upload.client), bytes: 0 };
        while let Some(piece) = upload.piece().await {
            let piece = piece?;
            room.take(piece.len())?;
            if held.len() + piece.len() > bytes_max {
                return Err(Fault::BodyTooLarge);
            }
            held.extend_from_slice(&piece);
        }
        let held = held.freeze();
        *self = Self::Held(Some(held.clone()));
        Ok(held)
    }
}
