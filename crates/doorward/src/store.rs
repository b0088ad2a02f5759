//! The store that the configuration names, and `doorward store repair`.

use crate::args::StoreWork;
use crate::{EXIT_FINDINGS, EXIT_USAGE, machine};
use anyhow::Context;
use doorward_config::{Config, SharedStore, StoreAt, WhenGone};
use doorward_core::memory::Memory;
use doorward_core::moment::Now;
use doorward_core::secret::Secret;
use doorward_porter::Outside as World;
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::{Clock, SystemClock};
use doorward_store::file::repair::{Repaired, repair};
use doorward_store::file::{FileError, FileSettings};
use doorward_store::remote::sentinel::open_primary;
use doorward_store::valkey::{Away, Dial, ValkeySettings};
use doorward_store::{FileStore, MemoryStore, Sizes, Store, ValkeyStore};
use std::process::ExitCode;
use std::sync::Arc;

/// What a store is opened with, beside the configuration.
pub(crate) struct Opening<'o> {
    /// Keys its hashes, where it has no seed of its own yet.
    pub(crate) seed: [u8; 16],
    pub(crate) clock: &'o Arc<dyn Clock>,
    /// Reaches servers.
    pub(crate) world: &'o World,
    /// Hears who remembers what was used.
    pub(crate) memory: &'o Arc<Memory>,
}

/// Opens it.
pub(crate) fn open(config: &Config, opening: &Opening<'_>) -> anyhow::Result<Store> {
    match &config.store {
        StoreAt::Memory => Ok(Store::Memory(MemoryStore::new(Sizes::default(), opening.seed))),
        StoreAt::File { path, when_away, .. } => {
            let settings = FileSettings {
                path: path.clone(),
                sizes: Sizes::default(),
                seed: opening.seed,
                when_away: *when_away,
                talk: Box::new(|line| machine::talk(&format!("{line}\n"))),
            };
            let now: Now = opening.clock.now();
            Ok(FileStore::open(settings, now).map(Store::File)?)
        }
        StoreAt::Shared(shared) => {
            let secret = shared.secret.as_ref().or(config.signing.first());
            let secret =
                secret.context("gates that share a store need a secret that they share")?;
            let settings = settings(shared, secret, config, opening);
            let store = ValkeyStore::start(settings);
            let what = || format!("cannot use the store at {}", shared.remote);
            Ok(Store::Valkey(store.with_context(what)?))
        }
    }
}

fn settings(
    shared: &SharedStore,
    secret: &Secret,
    config: &Config,
    opening: &Opening<'_>,
) -> ValkeySettings {
    let (clock, memory) = (Arc::clone(opening.clock), Arc::clone(opening.memory));
    ValkeySettings {
        remote: shared.remote.clone(),
        dial: dial(shared, opening.world),
        secret: secret.clone(),
        gate_id: config.settings.gate_id.clone(),
        deadline_ms: u64::try_from(shared.deadline.as_millis()).unwrap_or(u64::MAX),
        away: match shared.when_gone {
            WhenGone::Refuse => Away::Refuse,
            WhenGone::Local { instances } => Away::Alone { instances },
        },
        insecure_evicting: shared.insecure_evicting,
        lease_percent: shared.lease_percent,
        clock: Arc::new(move || clock.now()),
        chance: Arc::new(SystemChance),
        live: Box::new(move |life| memory.live(life)),
        note: Box::new(|note| machine::talk(&format!("{note}\n"))),
    }
}

/// How the server is reached: where it is, or where Sentinels say.
fn dial(shared: &SharedStore, world: &World) -> Dial {
    let dial = world.dial(shared.is_private);
    match &shared.sentinels {
        None => {
            let at = shared.remote.at.clone();
            Arc::new(move || dial(at.clone()))
        }
        Some(sentinels) => {
            let sentinels = sentinels.clone();
            Arc::new(move || {
                let (at, primary) = (sentinels.at.clone(), sentinels.primary.clone());
                Box::pin(open_primary(Arc::clone(&dial), at, primary))
            })
        }
    }
}

/// Looks whether a start could open it, and does not.
pub(crate) fn look(config: &Config) -> Result<(), FileError> {
    match &config.store {
        StoreAt::Memory | StoreAt::Shared(_) => Ok(()),
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
