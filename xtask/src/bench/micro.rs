//! `cargo xtask bench micro`.
pub(super) fn run(_: &[&str]) -> anyhow::Result<bool> {
    Ok(true)
}
