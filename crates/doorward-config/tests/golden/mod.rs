//! What golden files are read with: variables and files that are always the same, and the text that
//! a file comes to.

use doorward_config::{Config, Given, Outside, load, print_effective};
use std::io;
use std::path::{Path, PathBuf};

/// Variables that golden files refer to.
const VARIABLES: &[(&str, &str)] = &[
    ("DOORWARD_SECRET", "golden-secret-0123456789-0123456789-abcdef"),
    ("OLD_SECRET", "golden-old-secret-0123456789-0123456789-ab"),
    ("ADMISSION_KEY", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
    ("DOORWARD_ADMISSION_KEY", "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s"),
    ("API_KEY", "sk-golden"),
    ("JWT_SECRET", "golden-jwt-secret-0123456789-0123456789"),
    ("DOORWARD_ADMIN", "golden-admin-0123456789"),
    ("BROKEN_KEY", "two\nlines"),
    ("BROKEN_TOKEN", "golden-token-of\ntwo-lines"),
    ("REDIS_URL", "redis://:golden-redis@127.0.0.1:6379/1"),
    ("EMPTY", ""),
    ("SHORT", "short"),
];

/// What takes the place of the machine.
pub(crate) struct Golden;

impl Outside for Golden {
    fn variable(&self, name: &str) -> Option<String> {
        let found = VARIABLES.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    }

    /// Files stand in `cases/config` and have names without folders in what is shown.
    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let folders = ["good", "bad", "files"];
        let found =
            folders.iter().map(|folder| folder_of(folder).join(path)).find(|path| path.exists());
        match found {
            Some(path) => std::fs::read(path),
            // The system's own words for it differ.
            None => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
        }
    }
}

/// A folder of `cases/config`.
pub(crate) fn folder_of(name: &str) -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
        .join("../../cases/config")
        .join(name)
}

/// Everything that a file or a command line comes to: what is wrong, or what is effective,
/// permissive and worth a warning.
pub(crate) fn outcome(given: &Given) -> String {
    match load(given, &Golden, [7; 32]) {
        Ok(config) => good(&config),
        Err(report) => report.to_string(),
    }
}

/// A file of the golden folders, by its name alone.
pub(crate) fn given(file: &str) -> Given {
    Given { file: Some(file.into()), ..Given::default() }
}

fn good(config: &Config) -> String {
    let mut out = print_effective(config);
    out.push_str("--- permissive\n");
    for word in &config.permissive {
        out.push_str(word);
        out.push('\n');
    }
    out.push_str("--- warnings\n");
    out.push_str(&config.warnings.to_string());
    out
}
