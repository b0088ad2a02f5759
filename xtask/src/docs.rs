//! `cargo xtask docs`: writes `docs/layers`, a page a layer, and `docs/checks`, a page a check of
//! the probe. Tests hold the pages against the layers and the checks.

use crate::workspace::{cargo, root};
use anyhow::Context;

/// Writes the pages; whether that went well.
pub(crate) fn run() -> anyhow::Result<bool> {
    let pages = [
        ("doorward-test", "layer_pages", "docs/layers"),
        ("doorward-probe", "check_pages", "docs/checks"),
    ];
    for (package, example, folder) in pages {
        let mut write = cargo("run");
        write.args(["--quiet", "--package", package, "--example", example, "--"]);
        write.arg(root().join(folder));
        if !write.status().context("cargo does not start")?.success() {
            return Ok(false);
        }
    }
    Ok(true)
}
