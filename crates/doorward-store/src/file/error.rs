//! Why a store's file cannot be used, and how to mend it.

use redb::{DatabaseError, StorageError};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a store's file cannot be used.
#[derive(Debug, Error)]
pub enum FileError {
    /// There is a folder.
    #[error("{0} is a folder; name a file in it, as in {0}/store.redb")]
    Folder(PathBuf),
    /// It cannot be opened, read or written.
    #[error("the store {path} cannot be {what}: {source}; {hint}")]
    System {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: io::Error,
        /// What mends it.
        hint: &'static str,
    },
    /// Somebody has it open.
    #[error(
        "another doorward has the store {0} open; stop it, or give each gate a file of its own"
    )]
    Taken(PathBuf),
    /// It has another format.
    #[error("{path} is no store of doorward's ({what}); name another file in store.url")]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// What it seems to be.
        what: String,
    },
    /// A later version wrote it.
    #[error(
        "the store {path} was written by a later version (format {found}, this one knows {known}); \
         start that version, or name another file in store.url"
    )]
    Later {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format of this version.
        known: u32,
    },
    /// There is nothing in it.
    #[error(
        "the store {0} is empty, so something has cut it off; remove it to begin anew, or put a \
         copy of it back"
    )]
    Empty(PathBuf),
    /// It is damaged.
    #[error(
        "the store {path} is damaged ({what}); `doorward store repair {path}` moves it aside and \
         says what is lost"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// What each error of the system is mended by.
fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "make its folder first",
        io::ErrorKind::PermissionDenied => "let the gate's user write the file and its folder",
        io::ErrorKind::ReadOnlyFilesystem => "name a file on a disk that can be written",
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            "make room on its disk"
        }
        // Whatever else a disk says.
        _ => "look at its disk",
    }
}

impl FileError {
    pub(super) fn system(path: &Path, what: &'static str, source: io::Error) -> Self {
        let hint = hint(&source);
        Self::System { path: path.to_owned(), what, source, hint }
    }

    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }

    /// What went wrong while the file was opened.
    pub(super) fn opening(path: &Path, error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
                Self::Taken(path.to_owned())
            }
            DatabaseError::Storage(StorageError::Io(source))
                if source.kind() == io::ErrorKind::InvalidData =>
            {
                Self::Foreign { path: path.to_owned(), what: source.to_string() }
            }
            DatabaseError::Storage(error) => Self::reading(path, error),
            DatabaseError::UpgradeRequired(version) => {
                let what = format!("a database of the older format {version}");
                Self::Foreign { path: path.to_owned(), what }
            }
            // What a later redb may say besides.
            error => Self::damaged(path, error.to_string()),
        }
    }

    /// What went wrong while the file was read or written.
    pub(super) fn reading(path: &Path, error: impl Into<redb::Error>) -> Self {
        match error.into() {
            redb::Error::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                Self::damaged(path, "it was cut off")
            }
            redb::Error::Io(source) => Self::system(path, "read or written", source),
            redb::Error::TableTypeMismatch { table, .. } => {
                let what = format!("a database with another table {table:?}");
                Self::Foreign { path: path.to_owned(), what }
            }
            // Its trees do not hold what they must, in one way or another.
            error => Self::damaged(path, error.to_string()),
        }
    }
}
