//! chromedriver, its Chromium, and the lock that keeps it to one browser at a time.

use super::{Outcome, within};
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// What Chromium needs to run without a screen, a sandbox of its own or a network beyond loopback.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Names that are not `*.localhost` would be tried by https first.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
];

/// How often chromedriver is started for one browser at the most.
const LAUNCHES_MAX: usize = 5;

/// A running chromedriver.
pub(super) struct Driver {
    child: Child,
    /// Where it and its Chromium put the profile and all else.
    folder: PathBuf,
    /// Held until this browser is gone; the system lets go of it when this process dies.
    _lock: File,
}

impl Driver {
    pub(super) async fn start(host_resolver_rules: Option<&str>) -> Outcome<(Self, Client)> {
        let mut lock = tokio::task::spawn_blocking(lock).await??;
        let mut tries = 1;
        let (driver, port) = loop {
            match Self::launch(lock).await {
                Ok(launched) => break launched,
                // It takes a free port of one address family and then the same of the other, which
                // another test may have. Nothing was tested yet, so that it may be tried again.
                Err(error) if tries < LAUNCHES_MAX => {
                    eprintln!("chromedriver, try {tries} of {LAUNCHES_MAX}: {error}");
                    tries += 1;
                    lock = tokio::task::spawn_blocking(self::lock).await??;
                }
                Err(error) => return Err(error),
            }
        };
        let client = within("starting Chromium", async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities(host_resolver_rules));
            Ok(builder.connect(&format!("http://127.0.0.1:{port}")).await?)
        })
        .await?;
        Ok((driver, client))
    }

    /// Starts chromedriver and hears which port it took.
    async fn launch(lock: File) -> Outcome<(Self, u16)> {
        let folder = new_folder()?;
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", &folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("chromedriver does not start ({error}); install it"))?;
        let stdout = child.stdout.take().ok_or("chromedriver has no output")?;
        let driver = Self { child, folder, _lock: lock };
        let port = within("chromedriver's port", async {
            let mut lines = BufReader::new(stdout).lines();
            while let Some(line) = lines.next_line().await? {
                let port = line.split_once("started successfully on port ");
                if let Some(port) =
                    port.and_then(|(_, rest)| rest.trim_end_matches('.').parse().ok())
                {
                    // Its later words are few, and go to a pipe that stays open with them.
                    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                    return Ok::<u16, _>(port);
                }
            }
            Err("chromedriver ended before it listened".into())
        })
        .await?;
        Ok((driver, port))
    }

    /// Ends chromedriver after its Chromium.
    pub(super) async fn stop(mut self) -> Outcome<()> {
        self.child.kill().await?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A test that failed leaves Chromium running; it is in chromedriver's process group.
        if let Some(id) = self.child.id() {
            let group = format!("-{id}");
            let _ = std::process::Command::new("kill").args(["-KILL", "--", &group]).status();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn new_folder() -> std::io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("doorward-browser-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir(&folder)?;
    Ok(folder)
}

fn lock() -> std::io::Result<File> {
    let path = std::env::temp_dir().join("doorward-browser.lock");
    let file = File::options().create(true).append(true).open(path)?;
    file.lock()?;
    Ok(file)
}

fn capabilities(host_resolver_rules: Option<&str>) -> Capabilities {
    let mut flags: Vec<_> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    if let Some(rules) = host_resolver_rules {
        flags.push(format!("--host-resolver-rules={rules}"));
    }
    let mut capabilities = Capabilities::new();
    // Third-party cookies may travel: as distributed here, Chromium keeps them back, and a backend
    // must not count on that of every browser.
    let preferences = json!({ "profile.cookie_controls_mode": 0 });
    // chromedriver makes a new profile for each session unless it is given one.
    let options = json!({ "args": flags, "prefs": preferences });
    capabilities.insert("goog:chromeOptions".to_owned(), options);
    // A page that keeps loading (an endless image, say) is not waited for.
    capabilities.insert("timeouts".to_owned(), json!({ "pageLoad": 30_000, "script": 30_000 }));
    capabilities
}
