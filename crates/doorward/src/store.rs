//! The store that the configuration names.

use crate::machine;
use doorward_config::{Config, StoreAt};
use doorward_core::moment::Now;
use doorward_store::file::{FileError, FileSettings};
use doorward_store::{FileStore, MemoryStore, Sizes, Store};

/// Opens it; `seed` keys its hashes where it has no seed of its own yet.
pub(crate) fn open(config: &Config, now: Now, seed: [u8; 16]) -> Result<Store, FileError> {
    match &config.store {
        StoreAt::Memory => Ok(Store::Memory(MemoryStore::new(Sizes::default(), seed))),
        StoreAt::File { path, when_away, .. } => {
            let settings = FileSettings {
                path: path.clone(),
                sizes: Sizes::default(),
                seed,
                when_away: *when_away,
                talk: Box::new(|line| machine::talk(&format!("{line}\n"))),
            };
            FileStore::open(settings, now).map(Store::File)
        }
    }
}
