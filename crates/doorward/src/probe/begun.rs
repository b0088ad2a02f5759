//! The file of a run that may be broken off: what is done stands in it, line by line.

use doorward_probe::Options;
use doorward_probe::resume::{self, head, is_broken_head, line};
use doorward_probe::run::Looked;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes of such a file that are read, at most.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A run, as far as it has come; without a file it has just begun.
#[derive(Debug, Default)]
pub(super) struct Begun {
    /// What is done.
    pub(super) done: Vec<Looked>,
    file: Option<(PathBuf, File)>,
}

impl Begun {
    /// Reads the file, or begins it. The seed of `options` is the file's own from here on.
    pub(super) fn of(path: Option<&Path>, options: &mut Options) -> Result<Self, String> {
        let Some(path) = path else { return Ok(Self::default()) };
        let no = |why: &dyn std::fmt::Display| format!("cannot resume {}: {why}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| no(&error))?;
        let mut text = String::new();
        let read = (&file).take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
        if read.map_err(|error| no(&error))? as u64 > FILE_BYTES_MAX {
            return Err(no(&format!("it is longer than {} MiB", FILE_BYTES_MAX >> 20)));
        }
        let mut done = Vec::new();
        // What a run that was broken off at once has written is not a line.
        if text.contains('\n') {
            let begun = resume::read(&text, options).map_err(|error| no(&error))?;
            (options.seed, done) = (begun.seed, begun.done);
            cut(&mut file, begun.whole as u64).map_err(|error| no(&error))?;
        } else if text.is_empty() || is_broken_head(&text, options) {
            cut(&mut file, 0).map_err(|error| no(&error))?;
            file.write_all(head(options).as_bytes()).map_err(|error| no(&error))?;
        } else {
            return Err(no(&resume::NotResumable::NotOurs(1)));
        }
        Ok(Self { done, file: Some((path.to_owned(), file)) })
    }

    /// Writes down what is done.
    pub(super) fn keep(&self, looked: &Looked) -> Result<(), String> {
        let (Some((path, file)), Some(line)) = (&self.file, line(looked)) else { return Ok(()) };
        let mut file = file;
        let written = file.write_all(line.as_bytes());
        written.map_err(|error| format!("cannot write {}: {error}", path.display()))
    }
}

/// Takes the end off that was being written when the run was broken off.
fn cut(file: &mut File, length: u64) -> io::Result<()> {
    file.set_len(length)?;
    file.seek(SeekFrom::Start(length)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::Begun;
    use doorward_probe::Options;
    use doorward_probe::resume::head;
    use std::fs;

    /// Somebody else's file stays as it is.
    #[test]
    fn only_our_own_file_is_written_over() {
        let path = std::env::temp_dir().join(format!("doorward-begun-{}", std::process::id()));
        for text in ["{\"name\":\"shop\"}", "{", "\u{e9}", "[1]", "{}\n{}\n"] {
            fs::write(&path, text).expect("written");
            let begun = Begun::of(Some(&path), &mut Options::default());
            let is_ours = text == "{";
            assert_eq!(begun.is_ok(), is_ours, "{text}");
            let left = fs::read_to_string(&path).expect("read");
            assert_eq!(left, if is_ours { head(&Options::default()) } else { text.to_owned() });
        }
        let _ = fs::remove_file(&path);
    }
}
