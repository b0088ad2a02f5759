//! The store that the configuration names, and `doorward store repair`.

use crate::args::StoreWork;
use crate::{EXIT_FINDINGS, EXIT_USAGE, machine};
use doorward_config::{Config, StoreAt};
use doorward_core::moment::Now;
use doorward_porter::clock::{Clock, SystemClock};
use doorward_store::file::repair::{Repaired, repair};
use doorward_store::file::{FileError, FileSettings};
use doorward_store::{FileStore, MemoryStore, Sizes, Store};
use std::process::ExitCode;

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

/// Looks whether a start could open it, and does not.
pub(crate) fn look(config: &Config) -> Result<(), FileError> {
    match &config.store {
        StoreAt::Memory => Ok(()),
        StoreAt::File { path, .. } => doorward_store::file::look(path),
    }
}

/// Does what was typed.
pub(crate) fn run(work: &StoreWork) -> ExitCode {
    let StoreWork::Repair(asked) = work;
    match repair(&asked.file, SystemClock::new().now().unix_s) {
        Ok(Repaired::Well { windows, denials }) => {
            machine::output(&format!(
                "{} is well: {windows} windows, {denials} denials\n",
                asked.file.display()
            ));
            ExitCode::SUCCESS
        }
        Ok(Repaired::Moved { to, why }) => {
            machine::output(&format!(
                "{why}\nit is {} now, and the next start makes a new one\nlost: what was spent of \
                 windows of an hour and more and of budgets, which begin anew; and every denial of \
                 `doorward deny`, which must be said again\n",
                to.display()
            ));
            ExitCode::from(EXIT_FINDINGS)
        }
        Err(error) => {
            machine::talk(&format!("error: {error}\n"));
            ExitCode::from(EXIT_USAGE)
        }
    }
}
