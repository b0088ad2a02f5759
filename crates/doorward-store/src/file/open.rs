//! Opening a store's file: its seed and sizes are the table's, and what has not ended is put back.

use super::budgets::Budgets;
use super::changes::Changes;
use super::error::FileError;
use super::rows::{Batch, Rows};
use super::writer::{Desk, Writer};
use super::{FileStore, Shared};
use crate::denials::DenialList;
use crate::{MemoryStore, Sizes};
use doorward_core::moment::Now;
use doorward_core::question::WhenAway;
use doorward_core::table::Slot;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// How a file is opened.
pub struct FileSettings {
    /// Which file. It is made where it is not there; its folder is not.
    pub path: PathBuf,
    /// For how much there is room, in a file that is made; another keeps its own.
    pub sizes: Sizes,
    /// Random bytes that key the hash, in a file that is made; another keeps its own.
    pub seed: [u8; 16],
    /// While it cannot be written.
    pub when_away: WhenAway,
    /// Hears one line when the file cannot be written any more, and when it can again.
    pub talk: Box<dyn Fn(&str) + Send>,
}

/// Ended rows that are worth a new table, rather than taking each of them out.
const ENDED_MANY: usize = 10_000;

impl FileStore {
    /// Opens the file, or makes it, and begins to write behind.
    ///
    /// # Errors
    /// What is wrong with the file, and how to mend it.
    pub fn open(settings: FileSettings, now: Now) -> Result<Self, FileError> {
        let FileSettings { path, sizes, seed, when_away, talk } = settings;
        let mut rows = Rows::open(&path, sizes, seed)?;
        let memory = MemoryStore::new(rows.head.sizes, rows.head.seed);
        let changes = Changes::new(memory.table());
        let (mut living, mut ended): (Vec<(Slot, _)>, Vec<Slot>) = (Vec::new(), Vec::new());
        rows.windows(|slot, window| match memory.table().put_back(slot, window, now) {
            true => living.push((slot, Some(window))),
            false => ended.push(slot),
        })?;
        if ended.len() > living.len().max(ENDED_MANY) {
            rows.begin_anew(&living)?;
        } else {
            ended.iter().for_each(|slot| changes.note(*slot));
        }
        rows.make_small()?;
        let mut denials = DenialList { version: 1, denials: rows.denials()? };
        let ended: Vec<_> = denials.drop_ended(now).into_iter().map(|one| (one, false)).collect();
        if !ended.is_empty() {
            rows.write(&Batch { denials: &ended, ..Batch::default() })?;
        }
        let budgets = Budgets::new(&rows.budgets()?);
        let denials = Mutex::new(denials);
        let desk = Desk::new(now, rows.len()?);
        let shared = Arc::new(Shared { memory, changes, budgets, desk, denials, when_away });
        let writer = Writer::new(Arc::clone(&shared), rows, talk);
        let writer = std::thread::Builder::new()
            .name("doorward-store".to_owned())
            .spawn(move || writer.run())
            .map_err(|source| FileError::system(&path, "written by a thread", source))?;
        shared.desk.written_by(writer.thread().clone());
        Ok(Self { shared, writer: Some(writer) })
    }
}
