//! A display without a screen, and what of the machine decides how browsers are guarded.

use super::BrowserError;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// An X server that draws into memory. Dropped, it ends.
pub(super) struct Display {
    _child: Child,
    /// As `DISPLAY` says it.
    pub(super) name: String,
}

impl Display {
    pub(super) async fn start(program: &Path) -> Result<Self, BrowserError> {
        let broken = |error: std::io::Error| {
            BrowserError::Driver(format!("{} does not start: {error}", program.display()))
        };
        let mut child = Command::new(program)
            // It takes a number that is free, and says which.
            .args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(broken)?;
        let stdout = child.stdout.take();
        let mut line = String::new();
        if let Some(stdout) = stdout {
            BufReader::new(stdout).read_line(&mut line).await.map_err(broken)?;
        }
        match line.trim() {
            "" => Err(BrowserError::Driver("Xvfb ended before it had a display".to_owned())),
            number => Ok(Self { _child: child, name: format!(":{number}") }),
        }
    }
}

/// Whether Chromium's sandbox cannot be had: as root, and where continuous integration says so.
pub(super) fn is_unguarded() -> bool {
    let user = std::process::Command::new("id").arg("-u").output();
    let is_root = user.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    is_root || std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}
