//! Installs the programs that tests and benches need, where it may: as root, by apt-get.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::workspace::{cargo, command, find_program};

/// A program that must be there, or a file by its whole path, and the Debian package with it.
pub(crate) struct Program {
    name: &'static str,
    package: &'static str,
}

/// What lets nginx check proofs of admission.
const NGINX_JS: &str = "/usr/lib/nginx/modules/ngx_http_js_module.so";

/// What the tests need: three browsers and their drivers, foreign servers, and three HTTP clients.
/// Firefox's driver is no package: [`geckodriver`].
pub(crate) const FOR_TESTS: &[Program] = &[
    Program { name: "chromium", package: "chromium" },
    Program { name: "chromedriver", package: "chromium-driver" },
    Program { name: "firefox-esr", package: "firefox-esr" },
    Program { name: "WebKitWebDriver", package: "webkit2gtk-driver" },
    Program { name: "Xvfb", package: "xvfb" },
    Program { name: "nginx", package: "nginx-light" },
    Program { name: NGINX_JS, package: "libnginx-mod-http-js" },
    Program { name: "varnishd", package: "varnish" },
    Program { name: "redis-server", package: "redis-server" },
    Program { name: "node", package: "nodejs" },
    Program { name: "npm", package: "npm" },
    Program { name: "python3", package: "python3" },
    Program { name: "curl", package: "curl" },
];

/// What the bench needs: the peers, the load and the counter of system calls.
pub(crate) const FOR_BENCH: &[Program] = &[
    Program { name: "nginx", package: "nginx-light" },
    Program { name: "haproxy", package: "haproxy" },
    Program { name: "wrk", package: "wrk" },
    Program { name: "strace", package: "strace" },
];

/// What counting instructions needs.
pub(crate) const FOR_MICRO: &[Program] = &[Program { name: "valgrind", package: "valgrind" }];

/// The folder of the user's cache for programs that come by no system package.
pub(crate) fn cache_folder() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache")
    });
    cache.join("doorward/bench")
}

/// The version of Firefox's driver that is built where there is none.
const GECKODRIVER: &str = "0.37.1";

/// Firefox's driver: the one on the search path, else one built once into the user's cache.
pub(crate) fn geckodriver() -> anyhow::Result<PathBuf> {
    let said = std::env::var_os("DOORWARD_GECKODRIVER").map(PathBuf::from);
    if let Some(found) = said.or_else(|| find_program("geckodriver")) {
        return Ok(found);
    }
    let folder = cache_folder().with_file_name("tools");
    let own = folder.join("bin/geckodriver");
    if !own.is_file() {
        println!("building geckodriver {GECKODRIVER}: minutes, once");
        let mut install = cargo("install");
        install.args(["geckodriver", "--version", GECKODRIVER, "--locked", "--quiet", "--root"]);
        // A folder of its own: its dependencies have other features than ours.
        let target = folder.join("target");
        let status = install.arg(&folder).env("CARGO_TARGET_DIR", &target).status()?;
        if !status.success() {
            bail!("cargo install geckodriver failed");
        }
        // What it was built from is of no more use.
        let _ = std::fs::remove_dir_all(target);
    }
    Ok(own)
}

/// Makes every program answer, or says which packages are to be installed by hand.
pub(crate) fn ensure(programs: &[Program]) -> anyhow::Result<()> {
    let absent = missing(programs);
    if absent.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = absent.iter().map(|program| program.package).collect();
    let list = packages.join(" ");
    if !may_install() {
        bail!("missing programs; please install these packages: sudo apt-get install {list}");
    }
    println!("installing: {list}");
    apt_get(&["update"])?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(&packages);
    apt_get(&arguments)?;
    let still: Vec<&str> = missing(programs).iter().map(|program| program.name).collect();
    if !still.is_empty() {
        bail!("still missing after installing {list}: {}", still.join(" "));
    }
    Ok(())
}

fn missing(programs: &[Program]) -> Vec<&Program> {
    programs.iter().filter(|program| find_program(program.name).is_none()).collect()
}

fn may_install() -> bool {
    let user = Command::new("id").arg("-u").output();
    let root = user.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    root && find_program("apt-get").is_some()
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    // RUNLEVEL=1 keeps the packages' own services from being started.
    let status = command("apt-get")
        .args(["-q", "-o", "Dpkg::Use-Pty=0"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("RUNLEVEL", "1")
        .status()
        .context("apt-get does not start")?;
    if !status.success() {
        bail!("apt-get {} failed", arguments.join(" "));
    }
    Ok(())
}
