//! Who is denied while the gate runs: from the store, which keeps it, into the memory that the core
//! looks into.

use doorward_core::denial::Denial;
use doorward_core::memory::Memory;
use doorward_core::moment::Now;
use doorward_store::{DenialError, Store};

/// Looks whether the store has another list by now. Whoever serves calls it at its start and now
/// and then.
pub async fn refresh(store: &Store, memory: &Memory) {
    if let Some(list) = store.denials(memory.denials.version()).await {
        memory.denials.replace(list.version, &list.denials);
    }
}

/// Denies somebody, or lifts that where it has ended. It holds from the next request on.
///
/// # Errors
/// When the store has no room, or cannot keep it; then nothing changes.
pub async fn put(
    store: &Store,
    memory: &Memory,
    denial: &Denial,
    now: Now,
) -> Result<(), DenialError> {
    store.put_denial(denial, now).await?;
    refresh(store, memory).await;
    Ok(())
}
