//! What is read from outside: environment variables and files. Tests lend their own.

use std::io::{self, Read};
use std::path::Path;

/// Bytes of a file (configuration, secret, list) at the most.
pub(crate) const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes of a document at the most.
const LARGE_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Where variables and files come from.
pub trait Outside {
    /// The value of an environment variable; none where it is not set or not UTF-8.
    fn variable(&self, name: &str) -> Option<String>;

    /// The bytes of a file of at most 1 MiB.
    ///
    /// # Errors
    /// What kept it from being read.
    fn file(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The bytes of a file that may be larger, as a document of OpenAPI is: of at most 64 MiB.
    ///
    /// # Errors
    /// What kept it from being read.
    fn large_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.file(path)
    }
}

/// The machine's own variables and files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Outside for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        read(path, FILE_BYTES_MAX, "larger than 1 MiB")
    }

    fn large_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        read(path, LARGE_FILE_BYTES_MAX, "larger than 64 MiB")
    }
}

fn read(path: &Path, bytes_max: u64, too_large: &'static str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, too_large));
    }
    Ok(bytes)
}
