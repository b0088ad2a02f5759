//! A WebDriver program, in a process group and a folder of its own.

use super::BrowserError;
use super::find::Programs;
use super::screenless::Display;
use doorward_browser::EngineId;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

/// How often a driver is started for one browser, at most.
const LAUNCHES_MAX: usize = 5;
/// How long a driver may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether it does.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running driver. Dropped, it and its browser are killed.
pub(super) struct Driver {
    child: Child,
    port: u16,
    /// Where it and its browser put the profile and all else.
    folder: PathBuf,
    _display: Option<Display>,
}

impl Driver {
    /// Starts a driver; it takes a port of one address family and may find that of the other taken,
    /// so it is tried again: nothing was run yet.
    pub(super) async fn start(programs: &Programs) -> Result<Self, BrowserError> {
        let mut tries = 1;
        loop {
            match Self::launch(programs).await {
                Ok(driver) => return Ok(driver),
                Err(_) if tries < LAUNCHES_MAX => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn launch(programs: &Programs) -> Result<Self, BrowserError> {
        let display = match &programs.display {
            Some(program) => Some(Display::start(program).await?),
            None => None,
        };
        let name = programs.driver.display().to_string();
        let broken =
            |error: std::io::Error| BrowserError::Driver(format!("{name} does not start: {error}"));
        let folder = new_folder().map_err(broken)?;
        let mut command = Command::new(&programs.driver);
        let wanted = match programs.engine {
            EngineId::Chromium => {
                command.arg("--port=0");
                None
            }
            EngineId::Firefox => {
                command.args(["--port", "0", "--host", "127.0.0.1"]);
                None
            }
            EngineId::WebKit => {
                // It does not say which port it took.
                let port = free_port().map_err(broken)?;
                command.arg(format!("--port={port}"));
                Some(port)
            }
        };
        if let Some(display) = &display {
            command.env("DISPLAY", &display.name);
        }
        let mut child = command
            .env("TMPDIR", &folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(broken)?;
        let stdout = child.stdout.take();
        let mut driver = Self { child, port: 0, folder, _display: display };
        driver.port = match (wanted, stdout) {
            (Some(port), _) => {
                listens(port).await.ok_or_else(|| late(&name))?;
                port
            }
            (None, Some(stdout)) => {
                let said = tokio::time::timeout(PATIENCE, port_said(stdout)).await;
                said.ok().flatten().ok_or_else(|| late(&name))?
            }
            (None, None) => return Err(late(&name)),
        };
        Ok(driver)
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it after its browser.
    pub(super) async fn stop(mut self) -> Result<(), BrowserError> {
        let killed = self.child.kill().await;
        killed.map_err(|error| BrowserError::Driver(format!("the driver does not end: {error}")))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A browser that was left running is in its driver's process group.
        if let Some(id) = self.child.id() {
            let group = format!("-{id}");
            let _ = std::process::Command::new("kill").args(["-KILL", "--", &group]).status();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn late(name: &str) -> BrowserError {
    BrowserError::Driver(format!("{name} did not listen in time"))
}

/// The port that chromedriver and geckodriver say they took.
async fn port_said(stdout: ChildStdout) -> Option<u16> {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let chrome = line.split_once("started successfully on port ").map(|(_, rest)| rest);
        let gecko = line.split_once("Listening on 127.0.0.1:").map(|(_, rest)| rest);
        let Some(rest) = chrome.or(gecko) else { continue };
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(port) = digits.parse() {
            // Its later words are few, and go to a pipe that stays open with them.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Some(port);
        }
    }
    None
}

/// Waits until somebody listens there.
async fn listens(port: u16) -> Option<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut beat = tokio::time::interval(LOOK_EVERY);
    let looking = async {
        while TcpStream::connect(address).await.is_err() {
            beat.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.ok()
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn new_folder() -> std::io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("doorward-browser-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir(&folder)?;
    Ok(folder)
}
