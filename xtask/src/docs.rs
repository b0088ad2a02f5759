//! `cargo xtask docs`: writes `docs/layers`, a page a layer. A test holds the pages against the
//! layers.

use crate::workspace::{cargo, root};
use anyhow::Context;

/// Writes the pages; whether that went well.
pub(crate) fn run() -> anyhow::Result<bool> {
    let mut write = cargo("run");
    write.args(["--quiet", "--package", "doorward-test", "--example", "layer_pages", "--"]);
    write.arg(root().join("docs/layers"));
    Ok(write.status().context("cargo does not start")?.success())
}
