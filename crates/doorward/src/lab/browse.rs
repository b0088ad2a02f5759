//! Opening an address in the person's own browser.

use std::process::{Command, Stdio};

/// Programs that do it, by the system they belong to.
const OPENERS: [&str; 3] = ["xdg-open", "open", "wslview"];

/// Opens the address; whether there was a program to do it.
pub(super) fn open(address: &str) -> bool {
    let has_screen = cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    has_screen
        && OPENERS.iter().any(|opener| {
            let mut command = Command::new(opener);
            let quiet = command.arg(address).stdin(Stdio::null());
            quiet.stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
        })
}
