//! The file of keys on disk: one writer at a time, and never half a file.

use super::Fault;
use doorward_config::key_file::{self, KeyRecord};
use doorward_config::{Machine, Outside};
use doorward_core::moment::Chance;
use doorward_porter::chance::SystemChance;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// A new file's mode: its owner's alone.
const MODE_NEW: u32 = 0o600;
/// What an older file's mode may keep: a group that the gate belongs to may read it.
const MODE_MAX: u32 = 0o640;

/// The keys of a file; of none, where there is no file.
pub(super) fn read(path: &Path) -> Result<Vec<KeyRecord>, Fault> {
    let bytes = match Machine.file(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    key_file::read(&bytes).map_err(|error| {
        let report = error.named(&path.display().to_string());
        format!("the file of keys is not well; nothing was changed\n\n{report}")
    })
}

/// A file of keys that nobody else writes meanwhile.
pub(super) struct Locked {
    path: PathBuf,
    /// Its folder is what is locked: the file itself is replaced by each writing.
    folder: File,
}

impl Locked {
    /// Waits until no other writer is at work there.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        // What a link leads to is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = folder_of(&path);
        let folder = File::open(name).and_then(|folder| folder.lock().map(|()| folder));
        let folder = folder
            .map_err(|error| format!("the folder {} cannot be locked: {error}", name.display()))?;
        Ok(Self { path, folder })
    }

    /// Its keys.
    pub(super) fn read(&self) -> Result<Vec<KeyRecord>, Fault> {
        read(&self.path)
    }

    /// Replaces it: whoever reads meanwhile sees the old file or the new one.
    pub(super) fn write(&self, records: &[KeyRecord]) -> Result<(), Fault> {
        let text = key_file::write(records);
        self.replace(&text)
            .map_err(|error| format!("{} cannot be written: {error}", self.path.display()))
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let before = match fs::metadata(&self.path) {
            Ok(before) => Some(before),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let next = self.beside();
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(MODE_NEW).open(&next)?;
        let written = (|| {
            file.write_all(text.as_bytes())?;
            if let Some(before) = before {
                // A gate that runs as somebody else must be able to read it after this, too.
                let now = file.metadata()?;
                if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
                    fchown(&file, Some(before.uid()), Some(before.gid()))?;
                }
                let mode = before.mode() & MODE_MAX | MODE_NEW;
                file.set_permissions(fs::Permissions::from_mode(mode))?;
            }
            file.sync_all()?;
            fs::rename(&next, &self.path)?;
            self.folder.sync_all()
        })();
        if written.is_err() {
            // It may be renamed already, and then this changes nothing.
            let _ = fs::remove_file(&next);
        }
        written
    }

    /// A name in the same folder that nobody else uses.
    fn beside(&self) -> PathBuf {
        let mut random = [0; 8];
        SystemChance.fill(&mut random);
        let name = self.path.file_name().unwrap_or(OsStr::new("keys")).to_string_lossy();
        folder_of(&self.path).join(format!(".{name}.{:016x}", u64::from_be_bytes(random)))
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}
