//! What is read from outside: environment variables and files. Tests lend their own.

use std::io::{self, Read};
use std::path::Path;

/// Bytes of a file (configuration, secret, list) at the most.
pub(crate) const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Where variables and files come from.
pub trait Outside {
    /// The value of an environment variable; none where it is not set or not UTF-8.
    fn variable(&self, name: &str) -> Option<String>;

    /// The bytes of a file of at most 1 MiB.
    ///
    /// # Errors
    /// What kept it from being read.
    fn file(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// The machine's own variables and files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Outside for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB"));
        }
        Ok(bytes)
    }
}
