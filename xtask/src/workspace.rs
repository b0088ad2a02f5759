//! Where things are, and how cargo is called.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Compiler processes at a time: the machines this is run on have two cores.
const BUILD_JOBS: &str = "-j2";

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    // Asked when it runs: clones share a build folder, and may share this program.
    let said = std::env::var_os("CARGO_MANIFEST_DIR");
    let here = said.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_path_buf)
}

/// Where cargo builds: `CARGO_TARGET_DIR`, else a folder of the user's cache that outlives clones.
pub(crate) fn target_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR") {
        return root().join(folder);
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache")
    });
    cache.join("doorward/target")
}

/// The `doorward` binary of a profile (`ci`, `release`).
pub(crate) fn binary(profile: &str) -> PathBuf {
    target_folder().join(profile).join("doorward")
}

/// A program run from the root, with no standard input and the target folder set.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null()).env("CARGO_TARGET_DIR", target_folder());
    command
}

/// `cargo SUBCOMMAND -j2`, from the root.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut command = plain_cargo(subcommand);
    command.arg(BUILD_JOBS);
    command
}

/// `cargo SUBCOMMAND` for those that take no `-j` or mean something else by it.
pub(crate) fn plain_cargo(subcommand: &str) -> Command {
    // The variables of the cargo that runs this program would name its package to its children.
    let mut command = command("cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.arg(subcommand);
    command
}

/// Whether a program answers on the search path, or where servers are installed.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let servers = [PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")];
    std::env::split_paths(&path).chain(servers).map(|f| f.join(name)).find(|p| p.is_file())
}
