//! The thread that keeps watch: it notices a server that is gone while nobody asks, and one that is
//! back while nobody may.

use super::state::Inner;
use crate::remote::{RemoteError, RemoteStore};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::sleep;

/// How often a server that answers is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// The first pause before a server that is away is tried again; it doubles, up to [`EVERY`].
const PAUSE: Duration = Duration::from_millis(50);

/// Begins; what comes of the first try is sent.
pub(super) fn start(inner: &Arc<Inner>) -> Result<Receiver<Result<(), RemoteError>>, RemoteError> {
    let (tell, first) = sync_channel(1);
    let weak = Arc::downgrade(inner);
    let line = inner.new_line();
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| RemoteError::Closed(error.to_string()))?;
    let named = std::thread::Builder::new().name("doorward-store".to_owned());
    let spawned = named.spawn(move || runtime.block_on(keep(&weak, &line, &tell)));
    spawned.map_err(|error| RemoteError::Closed(format!("there is no thread for it: {error}")))?;
    Ok(first)
}

async fn keep(inner: &Weak<Inner>, line: &RemoteStore, tell: &SyncSender<Result<(), RemoteError>>) {
    let mut pause = PAUSE;
    loop {
        let Some(inner) = inner.upgrade().filter(|inner| !inner.is_over()) else { return };
        let mut met = inner.meet(line, None).await;
        if met.is_ok() {
            met = inner.read_denials(line, (inner.settings.clock)()).await;
        }
        let is_decided = !matches!(met, Err(RemoteError::Opening(_)));
        if is_decided {
            // Only the first is waited for.
            let _ = tell.try_send(met.clone());
        }
        match met {
            Ok(()) => inner.give_back((inner.settings.clock)()).await,
            Err(error) => inner.failed(line, error),
        }
        pause = if inner.is_away() { (pause * 2).min(EVERY) } else { PAUSE };
        let wait = if inner.is_away() { pause } else { EVERY };
        let wake = Arc::clone(&inner.wake);
        drop(inner);
        tokio::select! {
            () = wake.notified() => pause = PAUSE,
            () = sleep(wait) => {}
        }
    }
}
