//! The files that tidy reads: those that git tracks or would track.

use std::process::Command;

use anyhow::{Context, bail};

use super::source::Source;
use crate::workspace::root;

/// One text file.
pub(super) struct File {
    /// Relative to the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// The reading of a Rust file; `None` for any other.
    pub(super) rust: Option<Source>,
}

/// All text files of the repository.
pub(super) struct Tree {
    pub(super) files: Vec<File>,
}

impl Tree {
    /// Reads what git tracks, and what is new and not ignored.
    pub(super) fn of_workspace() -> anyhow::Result<Tree> {
        let root = root();
        let output = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(&root)
            .output()
            .context("git does not start")?;
        if !output.status.success() {
            bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let list = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
        let mut files = Vec::new();
        for path in list.split('\0').filter(|path| !path.is_empty()) {
            // A file that is deleted but still tracked, and one that is not text, are passed over.
            if let Ok(text) = std::fs::read_to_string(root.join(path)) {
                files.push(File::new(path, text));
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Tree { files })
    }

    #[cfg(test)]
    pub(super) fn of_texts(texts: &[(&str, &str)]) -> Tree {
        let files = texts.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect();
        Tree { files }
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Every Rust file, with its path.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.files.iter().filter_map(|file| Some((file.path.as_str(), file.rust.as_ref()?)))
    }

    /// The Rust files below a folder, given with its closing `/`.
    pub(super) fn rust_below<'t>(
        &'t self,
        folder: &'t str,
    ) -> impl Iterator<Item = (&'t str, &'t Source)> {
        self.rust().filter(move |(path, _)| path.starts_with(folder))
    }
}

impl File {
    fn new(path: &str, text: String) -> File {
        let rust = path.ends_with(".rs").then(|| Source::of(path, &text));
        File { path: path.to_owned(), text, rust }
    }
}
