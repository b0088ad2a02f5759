//! `cargo xtask dist`: the program as it is given to others: built once to be watched, run under
//! the bench's load, and built again by what was seen (profile-guided optimization).

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::bench;
use crate::workspace::{cargo, target_folder};

/// The finished program.
pub(crate) fn binary() -> PathBuf {
    folder().join("doorward")
}

/// Builds it; whether that went well.
pub(crate) fn run() -> anyhow::Result<bool> {
    build()?;
    println!("{}", binary().display());
    Ok(true)
}

/// Builds the program twice and trains it between.
pub(crate) fn build() -> anyhow::Result<()> {
    let host = host()?;
    let merge = profiler(&host)?;
    let seen = folder().join("seen");
    match std::fs::remove_dir_all(&seen) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).context("what was seen before is not removed");
        }
        _ => {}
    }
    std::fs::create_dir_all(&seen).context("no folder for what is seen")?;
    let watched = compile(&host, &format!("-Cprofile-generate={}", seen.display()))?;
    bench::train(&watched)?;
    let profile = folder().join("doorward.profdata");
    let mut command = Command::new(merge);
    command.arg("merge").arg("-o").arg(&profile).arg(&seen);
    ensure!(command.status()?.success(), "what was seen cannot be merged");
    let built = compile(&host, &format!("-Cprofile-use={}", profile.display()))?;
    std::fs::copy(&built, binary()).context("the program is not copied")?;
    Ok(())
}

/// Builds the program with these flags; where it lies.
fn compile(host: &str, flags: &str) -> anyhow::Result<PathBuf> {
    let mut build = cargo("build");
    // With a target said, the flags are not those of build scripts and macros.
    build.args(["--release", "-p", "doorward", "--target", host, "--target-dir"]);
    build.arg(folder()).env("RUSTFLAGS", flags);
    ensure!(build.status()?.success(), "doorward does not build");
    Ok(folder().join(host).join("release/doorward"))
}

fn folder() -> PathBuf {
    target_folder().join("dist")
}

/// The name of this machine's kind.
fn host() -> anyhow::Result<String> {
    let said = rustc(&["-vV"])?;
    let line = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not say what it runs on")?.to_owned())
}

/// The compiler's own program that merges profiles; installed where it is not there.
fn profiler(host: &str) -> anyhow::Result<PathBuf> {
    let program = Path::new(rustc(&["--print", "sysroot"])?.trim())
        .join("lib/rustlib")
        .join(host)
        .join("bin/llvm-profdata");
    if !program.is_file() {
        let added = Command::new("rustup").args(["component", "add", "llvm-tools"]).status();
        let is_there = added.is_ok_and(|status| status.success()) && program.is_file();
        ensure!(is_there, "llvm-profdata is missing: run `rustup component add llvm-tools`");
    }
    Ok(program)
}

fn rustc(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("rustc").args(arguments).output().context("rustc does not start")?;
    ensure!(output.status.success(), "rustc {arguments:?} fails");
    String::from_utf8(output.stdout).context("rustc says something else than text")
}
