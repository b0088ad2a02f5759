//! `doorward init`: asks a few questions and writes a configuration, if the gate starts with it.

mod asking;
mod text;

use crate::args::{Init, Profile, SignsIn};
use crate::{EXIT_USAGE, machine};
use doorward_config::{Given, Machine, Outside};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// The variable that the signing secret stands in.
const SECRET: &str = "DOORWARD_SECRET";

/// Answers, whoever gave them.
struct Answers {
    upstream: String,
    origins: Vec<String>,
    external: Vec<String>,
    /// What ends TLS before the gate.
    proxies: Vec<String>,
    /// Certificate and key, where the gate ends it.
    tls: Option<(String, String)>,
    profile: Profile,
    signs_in: SignsIn,
    issuer: String,
    audience: String,
    jwks: String,
    algorithm: String,
    cookie: String,
    whoami: String,
    subject: String,
    login: String,
    account: String,
}

impl Answers {
    fn is_by_https(&self) -> bool {
        is_by_https(&self.external)
    }
}

fn is_by_https(external: &[String]) -> bool {
    external
        .iter()
        .any(|url| url.get(..8).is_some_and(|from| from.eq_ignore_ascii_case("https://")))
}

/// Writes the file, and says what is next.
pub(crate) fn run(init: &Init) -> ExitCode {
    let file = init.file.display();
    // A link that leads nowhere is there, too.
    if !init.force && init.file.symlink_metadata().is_ok() {
        return is_there(init);
    }
    let answers = match asking::answers(init) {
        Ok(answers) => answers,
        Err(error) => {
            machine::talk(&format!("error: {error}\n"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let text = text::text(&answers);
    let draft = Draft { path: &init.file, text: &text };
    let given = Given { file: Some(init.file.clone()), ..Given::default() };
    let warnings = match doorward_config::load(&given, &draft, crate::guard::random_secret()) {
        Ok(config) => config.warnings,
        Err(report) => {
            machine::talk(&report.render(machine::talk_has_colour()));
            machine::talk(&format!(
                "error: the gate would not start with these answers; {file} is not written\n"
            ));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match write(&init.file, &text, init.force) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return is_there(init),
        Err(error) => {
            machine::talk(&format!("error: {file} cannot be written: {error}\n"));
            return ExitCode::from(EXIT_USAGE);
        }
    }
    machine::output(&format!("{file} is written\n"));
    machine::talk(&warnings.render(machine::talk_has_colour()));
    machine::talk(&next(init, &answers));
    ExitCode::SUCCESS
}

fn is_there(init: &Init) -> ExitCode {
    let file = init.file.display();
    machine::talk(&format!("error: {file} is there already; write another, or say --force\n"));
    ExitCode::from(EXIT_USAGE)
}

/// The file before it is written, and what it needs: its secret is made when all is well.
struct Draft<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Outside for Draft<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let stands_in = || (name == SECRET).then(|| hexadecimal(crate::guard::random_secret()));
        Machine.variable(name).or_else(stands_in)
    }

    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        match path == self.path {
            true => Ok(self.text.as_bytes().to_vec()),
            false => Machine.file(path),
        }
    }
}

fn hexadecimal(bytes: [u8; 32]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Writes a file that was not there; or, where it may be, a new one that takes its place: never
/// half of one, and never where a link leads.
pub(crate) fn write(path: &Path, text: &str, over: bool) -> io::Result<()> {
    let new = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
    let fill = |mut file: File| file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if !over {
        let written = fill(new(path)?);
        return written.inspect_err(|_| {
            // It is this one's own, and half of it is none.
            let _ = fs::remove_file(path);
        });
    }
    let name = path.file_name().unwrap_or(OsStr::new("doorward.toml")).to_string_lossy();
    let random = hexadecimal(crate::guard::random_secret());
    let beside = path.with_file_name(format!(".{name}.{}", &random[..16]));
    let file = new(&beside)?;
    let written = match fs::metadata(path) {
        // Whom the old one was closed to, the new one is.
        Ok(before) => file.set_permissions(before.permissions()),
        Err(_) => Ok(()),
    };
    let written = written.and_then(|()| fill(file)).and_then(|()| fs::rename(&beside, path));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

fn next(init: &Init, answers: &Answers) -> String {
    let file = init.file.display();
    let mut out = String::from("\nnext\n");
    if !answers.external.is_empty() {
        let _ = writeln!(out, "  export {SECRET}=$(head -c 32 /dev/urandom | base64)");
    }
    if matches!(answers.signs_in, SignsIn::Keys)
        && matches!(answers.profile, Profile::Authenticated)
    {
        let _ = writeln!(out, "  doorward key create NAME      a key for each program that calls");
    }
    let _ = writeln!(out, "  doorward check {file}");
    let _ = writeln!(out, "  doorward guard --config {file} --monitor   refuses nobody yet");
    let _ = writeln!(out, "  doorward guard --config {file}");
    out
}
