//! The Python packages that tests start: FastAPI with its server, and Valkey, in an environment of
//! their own in the user's cache.

use crate::workspace::{command, root};
use anyhow::{Context, bail};
use std::fs;
use std::path::PathBuf;

/// What is installed: versions with their hashes.
const WANTED: &str = "crates/doorward-test/scripts/requirements.txt";

/// The same of OpenAI's client, in an environment of its own.
const WANTED_OF_AI: &str = "crates/doorward-test/scripts/ai/requirements.txt";

/// The interpreter that finds the packages; installs them where they are missing or others.
pub(crate) fn interpreter() -> anyhow::Result<PathBuf> {
    environment("python", WANTED)
}

/// The interpreter that finds OpenAI's client.
pub(crate) fn ai_interpreter() -> anyhow::Result<PathBuf> {
    environment("python-ai", WANTED_OF_AI)
}

fn environment(name: &str, requirements: &str) -> anyhow::Result<PathBuf> {
    let folder = crate::install::cache_folder().with_file_name(name);
    let python = folder.join("bin/python");
    let wanted = fs::read(root().join(requirements))?;
    let own = folder.join("requirements.txt");
    if python.exists() && fs::read(&own).unwrap_or_default() == wanted {
        return Ok(python);
    }
    let status = command("python3").args(["-m", "venv", "--clear"]).arg(&folder).status();
    if !status.context("python3 does not start; install it")?.success() {
        bail!("python3 makes no environment; install python3-venv");
    }
    let mut pip = command(&python.to_string_lossy());
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip.args(["--require-hashes", "--only-binary", ":all:", "--requirement", requirements]);
    if !pip.status()?.success() {
        bail!("pip install failed");
    }
    // Written last: what is half there is made anew the next time.
    fs::write(own, wanted)?;
    Ok(python)
}
