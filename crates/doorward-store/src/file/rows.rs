//! The file itself: a redb database of four tables.

use super::changes::Change;
use super::error::FileError;
use crate::Sizes;
use crate::denials::{decode, encode};
use doorward_core::denial::Denial;
use doorward_core::table::{Slot, Window};
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The format that this version writes.
const FORMAT: u32 = 1;
/// What the file says of itself.
const HEAD: TableDefinition<&str, &[u8]> = TableDefinition::new("doorward");
/// Slots and what stands in them.
const WINDOWS: TableDefinition<u32, (u64, u64)> = TableDefinition::new("windows");
/// Limits that were settled.
const BUDGETS: TableDefinition<u64, ()> = TableDefinition::new("budgets");
/// Who is denied, and until when and why.
const DENIALS: TableDefinition<&str, &[u8]> = TableDefinition::new("denials");

/// Pages of the file that are kept in memory.
const CACHE_BYTES: usize = 16 << 20;
/// A file below this is never made smaller.
const SMALL_BYTES: u64 = 4 << 20;
/// Bytes that a row takes, with its part of the tree and of what is free in it.
const ROW_BYTES: u64 = 64;
/// A file of which less than one in this many bytes is used is made smaller.
const USED_SHARE: u64 = 4;
/// Bits of a row's number that are its slot's; the shard stands above.
const SLOT_BITS: u32 = 24;
/// More than this of anything, and the head is damaged.
const SIZE_MAX: u64 = 1 << 28;

/// What is written at once.
#[derive(Default)]
pub(super) struct Batch<'a> {
    pub(super) changes: &'a [Change],
    pub(super) budgets: &'a [u64],
    /// Denials, and whether each is put on the list or taken off.
    pub(super) denials: &'a [(Denial, bool)],
}

/// What a file says of itself.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) seed: [u8; 16],
    pub(super) sizes: Sizes,
}

/// Looks at a path without opening a store: what a start would say of it at once.
///
/// # Errors
/// What is wrong with it.
pub fn look(path: &Path) -> Result<(), FileError> {
    let failed = |error| FileError::system(path, "opened", error);
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return fs::metadata(folder(path)).map(drop).map_err(failed);
        }
        found => found.map_err(failed)?,
    };
    if found.is_dir() {
        return Err(FileError::Folder(path.to_owned()));
    }
    if found.len() == 0 {
        return Err(FileError::Empty(path.to_owned()));
    }
    OpenOptions::new().read(true).write(true).open(path).map(drop).map_err(failed)
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// An open file.
pub(super) struct Rows {
    path: PathBuf,
    database: Database,
    pub(super) head: Head,
}

impl Rows {
    /// Opens a file, after it was made where there is none.
    pub(super) fn open(path: &Path, sizes: Sizes, seed: [u8; 16]) -> Result<Self, FileError> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(FileError::Folder(path.to_owned())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(path, Head { seed, sizes })?;
            }
            Err(error) => return Err(FileError::system(path, "opened", error)),
        }
        Self::open_again(path)
    }

    /// Opens a file that must be there. Every page is looked at: what was altered is found now and
    /// not in the middle of a day.
    pub(super) fn open_again(path: &Path) -> Result<Self, FileError> {
        let length =
            fs::metadata(path).map_err(|error| FileError::system(path, "opened", error))?;
        if length.len() == 0 {
            return Err(FileError::Empty(path.to_owned()));
        }
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
        let database = builder.open(path).map_err(|error| FileError::opening(path, error))?;
        let head = read_head(path, &database)?;
        Ok(Self { path: path.to_owned(), database, head })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Shows every window of the file.
    pub(super) fn windows(&self, mut show: impl FnMut(Slot, Window)) -> Result<(), FileError> {
        let read = || -> Result<(), redb::Error> {
            for row in self.database.begin_read()?.open_table(WINDOWS)?.iter()? {
                let (number, window) = row?;
                let (tag, value) = window.value();
                show(slot(number.value()), Window { tag, value });
            }
            Ok(())
        };
        self.said(read)
    }

    /// Shows the windows of one shard.
    pub(super) fn shard(
        &self,
        shard: u8,
        mut show: impl FnMut(Slot, Window),
    ) -> Result<(), FileError> {
        let first = number(Slot { shard, number: 0 });
        let read = || -> Result<(), redb::Error> {
            let table = self.database.begin_read()?.open_table(WINDOWS)?;
            for row in table.range(first..=first | ((1 << SLOT_BITS) - 1))? {
                let (number, window) = row?;
                let (tag, value) = window.value();
                show(slot(number.value()), Window { tag, value });
            }
            Ok(())
        };
        self.said(read)
    }

    /// How many windows there are.
    pub(super) fn len(&self) -> Result<u64, FileError> {
        self.said(|| Ok(self.database.begin_read()?.open_table(WINDOWS)?.len()?))
    }

    pub(super) fn budgets(&self) -> Result<Vec<u64>, FileError> {
        self.said(|| {
            let table = self.database.begin_read()?.open_table(BUDGETS)?;
            let limits = table.iter()?.map(|row| row.map(|(limit, _)| limit.value()));
            Ok(limits.collect::<Result<_, _>>()?)
        })
    }

    pub(super) fn denials(&self) -> Result<Vec<Denial>, FileError> {
        let read = || -> Result<Vec<Option<Denial>>, redb::Error> {
            let table = self.database.begin_read()?.open_table(DENIALS)?;
            let rows =
                table.iter()?.map(|row| row.map(|(who, rest)| decode(who.value(), rest.value())));
            Ok(rows.collect::<Result<_, _>>()?)
        };
        // One that cannot be read would let somebody in who was denied.
        let denials: Option<Vec<Denial>> = self.said(read)?.into_iter().collect();
        denials.ok_or_else(|| FileError::damaged(&self.path, "a denial cannot be read"))
    }

    /// Writes all of a batch, or nothing. It is on disk when this returns.
    pub(super) fn write(&self, batch: &Batch<'_>) -> Result<(), FileError> {
        self.said(|| {
            let writing = self.database.begin_write()?;
            write_windows(&mut writing.open_table(WINDOWS)?, batch.changes)?;
            for limit in batch.budgets {
                writing.open_table(BUDGETS)?.insert(limit, ())?;
            }
            for (denial, is_put) in batch.denials {
                let (who, rest) = encode(denial);
                let mut table = writing.open_table(DENIALS)?;
                match is_put {
                    true => table.insert(who.as_str(), rest.as_slice())?,
                    false => table.remove(who.as_str())?,
                };
            }
            Ok(writing.commit()?)
        })
    }

    /// Leaves nothing but these windows.
    pub(super) fn begin_anew(&self, living: &[Change]) -> Result<(), FileError> {
        self.said(|| {
            let writing = self.database.begin_write()?;
            writing.delete_table(WINDOWS)?;
            write_windows(&mut writing.open_table(WINDOWS)?, living)?;
            Ok(writing.commit()?)
        })
    }

    /// Gives what the file does not use back to the system, where that is most of it.
    pub(super) fn make_small(&mut self) -> Result<(), FileError> {
        let length = fs::metadata(&self.path).map_or(0, |found| found.len());
        if length < SMALL_BYTES {
            return Ok(());
        }
        // Not redb's own figures: it would walk through the whole file for them.
        if self.len()? * ROW_BYTES > length / USED_SHARE {
            return Ok(());
        }
        let compacted = self.database.compact();
        compacted.map(drop).map_err(|error| FileError::reading(&self.path, error))
    }

    fn said<T>(&self, read: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, FileError> {
        read().map_err(|error| FileError::reading(&self.path, error))
    }
}

fn write_windows(
    table: &mut redb::Table<'_, u32, (u64, u64)>,
    changes: &[Change],
) -> Result<(), redb::Error> {
    for (slot, window) in changes {
        match window {
            Some(window) => table.insert(number(*slot), (window.tag, window.value))?,
            None => table.remove(number(*slot))?,
        };
    }
    Ok(())
}

/// Makes a file under another name, and gives it its own when it is whole: there is never half a
/// store, however the process ends.
fn make(path: &Path, head: Head) -> Result<(), FileError> {
    let failed = |error| FileError::system(path, "made", error);
    let mut name = path.file_name().map(ToOwned::to_owned).unwrap_or_default();
    name.push(format!(".new-{}", std::process::id()));
    let new = path.with_file_name(name);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    let made = fill(&new, head).map_err(|error| match error {
        redb::Error::Io(error) => failed(error),
        error => FileError::reading(path, error),
    });
    // Who made one meanwhile has made it: it is not replaced.
    let linked = made.and_then(|()| match fs::hard_link(&new, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(error)),
        Ok(()) | Err(_) => Ok(()),
    });
    let _ = fs::remove_file(&new);
    linked?;
    File::open(folder(path)).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn fill(path: &Path, head: Head) -> Result<(), redb::Error> {
    let database = Database::create(path)?;
    let writing = database.begin_write()?;
    {
        let mut table = writing.open_table(HEAD)?;
        table.insert("format", FORMAT.to_le_bytes().as_slice())?;
        table.insert("seed", head.seed.as_slice())?;
        let Sizes { strangers_max, known_max, claims_max } = head.sizes;
        let sizes = [strangers_max, known_max, claims_max].map(|size| (size as u64).to_le_bytes());
        table.insert("sizes", sizes.as_flattened())?;
        writing.open_table(WINDOWS)?;
        writing.open_table(BUDGETS)?;
        writing.open_table(DENIALS)?;
    }
    Ok(writing.commit()?)
}

fn read_head(path: &Path, database: &Database) -> Result<Head, FileError> {
    let read = |name: &str| -> Result<Option<Vec<u8>>, redb::Error> {
        let table = database.begin_read()?.open_table(HEAD)?;
        Ok(table.get(name)?.map(|value| value.value().to_vec()))
    };
    let read = |name| match read(name) {
        Err(redb::Error::TableDoesNotExist(_)) => {
            let what = "a database of another program".to_owned();
            Err(FileError::Foreign { path: path.to_owned(), what })
        }
        other => other.map_err(|error| FileError::reading(path, error)),
    };
    let damaged = || FileError::damaged(path, "what it says of itself cannot be read");
    let format = read("format")?.and_then(|bytes| Some(u32::from_le_bytes(*bytes.as_array()?)));
    let found = format.ok_or_else(damaged)?;
    if found > FORMAT {
        return Err(FileError::Later { path: path.to_owned(), found, known: FORMAT });
    }
    let seed = read("seed")?.and_then(|bytes| bytes.as_array().copied()).ok_or_else(damaged)?;
    let sizes = read("sizes")?.and_then(|bytes| sizes_of(&bytes)).ok_or_else(damaged)?;
    if found == 0 {
        return Err(damaged());
    }
    Ok(Head { seed, sizes })
}

fn sizes_of(bytes: &[u8]) -> Option<Sizes> {
    let (parts, rest) = bytes.as_chunks::<8>();
    let sizes = parts.iter().map(|part| u64::from_le_bytes(*part)).filter(|size| *size <= SIZE_MAX);
    let sizes: Vec<usize> = sizes.filter_map(|size| usize::try_from(size).ok()).collect();
    match (sizes.as_slice(), rest) {
        ([strangers_max, known_max, claims_max], []) => Some(Sizes {
            strangers_max: *strangers_max,
            known_max: *known_max,
            claims_max: *claims_max,
        }),
        _ => None,
    }
}

const fn number(slot: Slot) -> u32 {
    (slot.shard as u32) << SLOT_BITS | slot.number
}

const fn slot(number: u32) -> Slot {
    let [shard, ..] = number.to_be_bytes();
    Slot { shard, number: number & ((1 << SLOT_BITS) - 1) }
}
