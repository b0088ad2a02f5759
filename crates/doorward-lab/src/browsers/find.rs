//! Where an engine's programs are.

use doorward_browser::EngineId;
use std::env;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A program that is not there, and how it comes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{engine} cannot be driven: there is no {program} ({how})")]
pub struct Missing {
    /// Which engine.
    pub engine: EngineId,
    /// What is missing.
    pub program: &'static str,
    /// How to get it.
    pub how: &'static str,
}

/// An engine's programs.
#[derive(Clone, Debug)]
pub struct Programs {
    /// Which engine.
    pub(crate) engine: EngineId,
    /// The WebDriver.
    pub(crate) driver: PathBuf,
    /// The browser, where the driver does not find it by itself.
    pub(crate) browser: Option<PathBuf>,
    /// The display server that it needs.
    pub(crate) display: Option<PathBuf>,
}

impl Programs {
    /// The browser itself, where it was found.
    #[must_use]
    pub fn browser(&self) -> Option<&Path> {
        self.browser.as_deref()
    }
}

/// Looks for an engine's programs: an environment variable first, then `PATH`, then where they are
/// commonly put.
///
/// # Errors
/// What is missing, by name.
pub fn find(engine: EngineId) -> Result<Programs, Missing> {
    let missing = |program, how| Missing { engine, program, how };
    match engine {
        EngineId::Chromium => {
            let driver = said("DOORWARD_CHROMEDRIVER").or_else(|| on_path(&["chromedriver"]));
            let how = "apt-get install chromium-driver, or set DOORWARD_CHROMEDRIVER";
            let driver = driver.ok_or_else(|| missing("chromedriver", how))?;
            let names = ["chromium", "google-chrome", "chromium-browser", "google-chrome-stable"];
            let browser = on_path(&names);
            Ok(Programs { engine, driver, browser, display: None })
        }
        EngineId::Firefox => {
            let how = "cargo install geckodriver, or set DOORWARD_GECKODRIVER";
            let driver = geckodriver().ok_or_else(|| missing("geckodriver", how))?;
            let browser = on_path(&["firefox", "firefox-esr"]);
            let how = "apt-get install firefox-esr";
            let browser = Some(browser.ok_or_else(|| missing("firefox", how))?);
            Ok(Programs { engine, driver, browser, display: None })
        }
        EngineId::WebKit => {
            let how = "apt-get install webkit2gtk-driver";
            let driver = said("DOORWARD_WEBKITDRIVER").or_else(|| on_path(&["WebKitWebDriver"]));
            let driver = driver.ok_or_else(|| missing("WebKitWebDriver", how))?;
            let browser = Some(mini_browser().ok_or_else(|| missing("MiniBrowser", how))?);
            let how = "apt-get install xvfb";
            let display = Some(on_path(&["Xvfb"]).ok_or_else(|| missing("Xvfb", how))?);
            Ok(Programs { engine, driver, browser, display })
        }
    }
}

fn geckodriver() -> Option<PathBuf> {
    said("DOORWARD_GECKODRIVER").or_else(|| on_path(&["geckodriver"])).or_else(|| {
        let home = env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
        let own = home?.join("bin/geckodriver");
        own.is_file().then_some(own)
    })
}

/// WebKitGTK's browser is not on `PATH`: each distribution puts it elsewhere, under its version.
fn mini_browser() -> Option<PathBuf> {
    let roots = [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/libexec",
        "/usr/lib64",
        "/usr/lib",
    ];
    let mut found: Vec<PathBuf> = Vec::new();
    for root in roots {
        let Ok(entries) = Path::new(root).read_dir() else { continue };
        for entry in entries.flatten() {
            let is_webkit = entry.file_name().to_string_lossy().starts_with("webkit2gtk-4");
            let own = entry.path().join("MiniBrowser");
            if is_webkit && own.is_file() {
                found.push(own);
            }
        }
    }
    found.sort();
    found.pop()
}

fn said(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file())
}

fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names.iter().find_map(|name| {
        env::split_paths(&path).map(|folder| folder.join(name)).find(|own| own.is_file())
    })
}
