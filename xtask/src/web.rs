//! `cargo xtask vendor`, and the checks of the lab's pages: what is vendored is what its makers
//! published, and our own modules fit together.
//!
//! Building Doorward needs none of this: the modules are committed.

use crate::workspace::{command, root};
use anyhow::{Context, bail};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// A module of somebody else's that pages load.
struct Module {
    package: &'static str,
    file: &'static str,
    /// Its name under `web/vendor`.
    name: &'static str,
}

const MODULES: &[Module] = &[
    Module { package: "preact", file: "dist/preact.mjs", name: "preact.js" },
    Module { package: "preact", file: "hooks/dist/hooks.mjs", name: "hooks.js" },
    Module { package: "htm", file: "dist/htm.module.js", name: "htm.js" },
    Module {
        package: "@preact/signals-core",
        file: "dist/signals-core.module.js",
        name: "signals-core.js",
    },
    Module { package: "@preact/signals", file: "dist/signals.module.js", name: "signals.js" },
];

/// How modules name each other, and what stands for it where there is no bundler.
const IMPORTS: &[(&str, &str)] = &[
    ("\"preact\"", "\"./preact.js\""),
    ("\"preact/hooks\"", "\"./hooks.js\""),
    ("\"@preact/signals-core\"", "\"./signals-core.js\""),
];

/// Writes `web/vendor` anew; whether that went well.
pub(crate) fn vendor() -> anyhow::Result<bool> {
    let packages = packages()?;
    let folder = root().join("web/vendor");
    fs::create_dir_all(&folder)?;
    for (name, text) in files(&packages)? {
        fs::write(folder.join(&name), text)?;
        println!("web/vendor/{name}");
    }
    Ok(true)
}

/// Where the client of passes stands.
const CLIENT: &str = "clients/js";

/// Checks the client of passes: its types, its tests, and that what is committed is what its source
/// gives.
pub(crate) fn check_client() -> anyhow::Result<bool> {
    let packages = packages_of(CLIENT, "client")?;
    link(CLIENT, &packages)?;
    let mut npm = command("npm");
    npm.args(["test", "--silent"]).current_dir(root().join(CLIENT));
    Ok(npm.status().context("npm does not start; install it")?.success())
}

/// Tools look for packages beside the modules that name them.
fn link(project: &str, packages: &Path) -> anyhow::Result<()> {
    let link = root().join(project).join("node_modules");
    if !link.exists() {
        std::os::unix::fs::symlink(packages, &link).context("cannot link the packages")?;
    }
    Ok(())
}

/// Checks what is vendored and our own modules.
pub(crate) fn check() -> anyhow::Result<bool> {
    let packages = packages()?;
    let mut well = true;
    for (name, text) in files(&packages)? {
        let path = root().join("web/vendor").join(&name);
        if fs::read_to_string(&path).unwrap_or_default() != text {
            println!("{}: not what `cargo xtask vendor` writes", path.display());
            well = false;
        }
    }
    let compiler = packages.join("typescript/bin/tsc");
    link("web", &packages)?;
    let status = command("node").arg(compiler).args(["--project", "web"]).status()?;
    Ok(well && status.success())
}

/// The folder of packages, with what `web/package-lock.json` names in it.
pub(crate) fn packages() -> anyhow::Result<PathBuf> {
    packages_of("web", "web")
}

/// The same of the one example that is built by a tool of its own.
pub(crate) fn example_packages() -> anyhow::Result<PathBuf> {
    packages_of("examples/pages/vite-react-axios", "vite")
}

/// The same of the identity provider and the Express application that tests start.
pub(crate) fn provider_packages() -> anyhow::Result<PathBuf> {
    packages_of("crates/doorward-test/scripts", "provider")
}

/// The same of OpenAI's client.
pub(crate) fn ai_packages() -> anyhow::Result<PathBuf> {
    packages_of("crates/doorward-test/scripts/ai", "ai")
}

/// The same for any project with a `package-lock.json`; kept in the cache by `name`.
fn packages_of(project: &str, name: &str) -> anyhow::Result<PathBuf> {
    let folder = crate::install::cache_folder().with_file_name(name);
    fs::create_dir_all(&folder)?;
    let mut is_new = !folder.join("node_modules").exists();
    for name in ["package.json", "package-lock.json"] {
        let wanted = fs::read(root().join(project).join(name))?;
        let own = folder.join(name);
        is_new |= fs::read(&own).unwrap_or_default() != wanted;
        fs::write(own, wanted)?;
    }
    if is_new {
        let status = command("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"])
            .current_dir(&folder)
            .status()
            .context("npm does not start; install it")?;
        if !status.success() {
            // What is half there is taken for nothing the next time.
            let _ = fs::remove_dir_all(folder.join("node_modules"));
            bail!("npm ci failed");
        }
    }
    Ok(folder.join("node_modules"))
}

/// Every file of `web/vendor`, by its name.
fn files(packages: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut list = String::from(
        "# Modules of others\n\nThe lab's pages load these as they are here; nothing is fetched. \
         `cargo xtask vendor` writes this folder from the packages that `web/package-lock.json` \
         names, and changes one thing: modules name each other by file.\n\n\
         | file | package | version | licence | SHA-256 |\n| --- | --- | --- | --- | --- |\n",
    );
    for Module { package, file, name } in MODULES {
        let folder = packages.join(package);
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let said: serde_json::Value = serde_json::from_str(&read("package.json")?)?;
        let word = |key: &str| said[key].as_str().unwrap_or("?").to_owned();
        let mut text = read(file)?;
        for (import, own) in IMPORTS {
            text = text.replace(&format!("from{import}"), &format!("from{own}"));
        }
        // The maps are not here.
        let lines = text.lines().filter(|line| !line.starts_with("//# sourceMappingURL="));
        let text = lines.collect::<Vec<_>>().join("\n") + "\n";
        let (version, licence) = (word("version"), word("license"));
        let digest = sha256(&text)?;
        let _ = writeln!(list, "| {name} | {package} | {version} | {licence} | `{digest}` |");
        let notice = format!("{}.LICENSE", package.trim_start_matches('@').replace('/', "-"));
        if !files.iter().any(|(name, _)| *name == notice) {
            files.push((notice, read("LICENSE")?));
        }
        files.push(((*name).to_owned(), text));
    }
    files.push(("README.md".to_owned(), list));
    Ok(files)
}

fn sha256(text: &str) -> anyhow::Result<String> {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = command("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("no input")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}
