//! One browser at a time on a machine: two of them on two cores make each other late.

use super::Outcome;
use std::fs::File;

/// A test's turn with browsers. The system lets go of it when this process dies.
#[derive(Debug)]
pub struct Turn {
    _lock: File,
}

impl Turn {
    /// Waits for one's turn.
    ///
    /// # Errors
    ///
    /// When the lock file cannot be made.
    pub async fn take() -> Outcome<Self> {
        let lock = tokio::task::spawn_blocking(lock).await??;
        Ok(Self { _lock: lock })
    }
}

fn lock() -> std::io::Result<File> {
    let path = std::env::temp_dir().join("doorward-browser.lock");
    let file = File::options().create(true).append(true).open(path)?;
    file.lock()?;
    Ok(file)
}
