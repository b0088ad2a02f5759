//! What is done about a damaged file: only when somebody says so, and never without a word.

use super::error::FileError;
use super::rows::Rows;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How a redb database begins.
const BEGINNING: [u8; 9] = *b"redb\x1A\x0A\xA9\x0D\x0A";
/// As many bytes of it as a damaged one must still have, so that nobody's own file is moved.
const BEGINNING_BYTES_MIN: usize = 5;

/// What was found, and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repaired {
    /// It can be used; redb has mended what it could.
    Well {
        /// Windows in it.
        windows: u64,
        /// Denials in it.
        denials: usize,
    },
    /// It was moved aside; the next start makes a new one.
    Moved {
        /// Where it is now.
        to: PathBuf,
        /// What was wrong.
        why: String,
    },
}

/// Looks through a file. One that is beyond repair is moved aside, to its own name with
/// `.broken-UNIX_S` behind it.
///
/// # Errors
/// When it is not damaged but cannot be used, or cannot be moved.
pub fn repair(path: &Path, unix_s: u64) -> Result<Repaired, FileError> {
    let looked = Rows::open_again(path).and_then(|rows| {
        let denials = rows.denials()?.len();
        rows.windows(|_, _| {})?;
        Ok(Repaired::Well { windows: rows.len()?, denials })
    });
    let why = match looked {
        Ok(well) => return Ok(well),
        Err(error @ (FileError::Damaged { .. } | FileError::Empty(_))) => error,
        Err(error @ FileError::Foreign { .. }) if begins_as_a_store(path) => error,
        Err(
            error @ (FileError::Folder(_)
            | FileError::System { .. }
            | FileError::Taken(_)
            | FileError::Foreign { .. }
            | FileError::Later { .. }),
        ) => return Err(error),
    };
    let mut name = path.file_name().map(ToOwned::to_owned).unwrap_or_default();
    name.push(format!(".broken-{unix_s}"));
    let to = path.with_file_name(name);
    // What stands there is never replaced.
    let moved = fs::hard_link(path, &to).and_then(|()| fs::remove_file(path));
    moved.map_err(|error| FileError::system(path, "moved aside", error))?;
    Ok(Repaired::Moved { to, why: why.to_string() })
}

/// Whether most of its first bytes are those of a redb database.
fn begins_as_a_store(path: &Path) -> bool {
    let mut first = [0; BEGINNING.len()];
    let read = |mut file: File| -> io::Result<()> { file.read_exact(&mut first) };
    let is_read = File::open(path).and_then(read).is_ok();
    let same = first.iter().zip(BEGINNING).filter(|(byte, wanted)| *byte == wanted).count();
    is_read && same >= BEGINNING_BYTES_MIN
}
