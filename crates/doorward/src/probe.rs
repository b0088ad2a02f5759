//! `doorward probe`: asks a live API what it lets each kind of caller read, and run.

mod begun;
mod progress;
pub(crate) mod sources;
mod tap;
mod written;

use crate::args::Probe as Typed;
use crate::{EXIT_FINDINGS, EXIT_UNREACHED, EXIT_USAGE, machine};
use begun::Begun;
use doorward_browser::Origin;
use doorward_probe::read::Listed;
use doorward_probe::report::visible;
use doorward_probe::run::{closed, open};
use doorward_probe::{Breadth, Operation, Options, Probe, Report, Scope, Session, Told, Witness};
use std::collections::{BTreeSet, HashSet};
use std::process::ExitCode;
use tap::NoTap;
use tokio::runtime::Builder;
use url::Url;

/// Runs what was typed.
pub(crate) fn run(typed: &Typed) -> ExitCode {
    let read = urls(&typed.urls).and_then(|urls| {
        let gathered = sources::gathered(typed, &urls).map_err(|error| format!("{error:#}"))?;
        Ok((options(typed, &urls, gathered.session)?, gathered.listed, urls))
    });
    let (options, listed, urls) = match read {
        Ok(read) => read,
        Err(said) => {
            return wrong(&said);
        }
    };
    let runtime = match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return unreached(&format!("cannot start: {error}")),
    };
    runtime.block_on(go(typed, options, urls, listed))
}

async fn go(typed: &Typed, mut options: Options, urls: Vec<Url>, mut listed: Listed) -> ExitCode {
    let mut scope = Scope::new(&typed.authorised);
    let watched = match &options.witness {
        Some(Witness::Url(url)) => Some(url),
        Some(Witness::Command(_)) | None => None,
    };
    for url in urls.iter().chain(watched).chain(&options.around) {
        if let Err(refused) = scope.add(url).await {
            return wrong(&refused.to_string());
        }
    }
    let operations = std::mem::take(&mut listed.operations);
    if typed.plan {
        for (what, why) in sources::left_out(listed) {
            machine::talk(&format!("left out {}: {}\n", visible(&what), visible(&why)));
        }
        return plan(&scope, &options, &operations).await;
    }
    if let Err(said) = written::may_write(typed.output.as_deref()) {
        return wrong(&said);
    }
    let known = match written::known(typed.baseline.as_deref()) {
        Ok(known) => known,
        Err(said) => return wrong(&said),
    };
    options.tap = match tap::standing(typed, &mut scope, &urls).await {
        Ok(tap) => tap,
        Err(NoTap::Wrong(said)) => return wrong(&said),
        Err(NoTap::Unreached(said)) => return unreached(&said),
    };
    let begun = match Begun::of(typed.resume.as_deref(), &mut options) {
        Ok(begun) => begun,
        Err(said) => return wrong(&said),
    };
    let probe = match Probe::new(scope, options) {
        Ok(probe) => probe,
        Err(said) => return unreached(&said),
    };
    match progress::watched(&probe, &operations, begun).await {
        Ok(mut report) => {
            report.left_out.extend(sources::left_out(listed));
            tell(typed, &report, &known)
        }
        Err(said) => unreached(&said),
    }
}

/// Tells what came of a run, and ends as it went.
fn tell(typed: &Typed, report: &Report, known: &BTreeSet<String>) -> ExitCode {
    let fail_on = typed.fail_on.severity();
    let told = Told { report, known, fail_on, openapi: None };
    if let Err(said) = written::write(typed, &told) {
        return unreached(&said);
    }
    match (report.looked_at.is_empty(), told.is_failed()) {
        (_, true) => ExitCode::from(EXIT_FINDINGS),
        (true, false) => ExitCode::from(EXIT_UNREACHED),
        (false, false) => ExitCode::SUCCESS,
    }
}

/// Tells what is wrong. Files and hosts have a word in it, and steer no terminal.
fn wrong(said: &str) -> ExitCode {
    machine::talk(&format!("error: {}\n", visible(said)));
    ExitCode::from(EXIT_USAGE)
}

/// All requests that may be sent: what a closed API would be asked, and what an open one would be.
async fn plan(scope: &Scope, options: &Options, operations: &[Operation]) -> ExitCode {
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for pretended in [closed, open] {
        let probe = Probe::plan(scope.clone(), options.clone(), pretended);
        probe.run(operations, &|_| {}).await;
        for line in probe.log().iter().map(doorward_probe::Call::curl) {
            if seen.insert(line.clone()) {
                lines.push(line);
            }
        }
    }
    machine::output(&format!("{}\n", lines.join("\n")));
    ExitCode::SUCCESS
}

fn urls(texts: &[String]) -> Result<Vec<Url>, String> {
    let read = |text: &String| {
        // `localhost:3000/a` is what people type; it is no scheme `localhost`.
        let whole = if text.contains("://") { text.clone() } else { format!("http://{text}") };
        let url = Url::parse(&whole).map_err(|error| format!("`{text}` is no address: {error}"))?;
        let is_somebodys = !url.username().is_empty() || url.password().is_some();
        match url.scheme() {
            // It is not said again: the password is in it. Before an `@` may stand what looks like
            // a host, and is none.
            "http" | "https" if is_somebodys => Err(format!(
                "an address of {} has a name or a password in it: take what stands before the `@` \
                 away; --with-session 'Authorization: …' sends it",
                url.host_str().unwrap_or_default()
            )),
            "http" | "https" => Ok(url),
            other => Err(format!("`{text}` is no address of an API: it is {other}, not http")),
        }
    };
    texts.iter().map(read).collect()
}

/// Whether an address is a host and a port, and nothing more.
fn origin_alone(url: &Url) -> bool {
    let is_anybodys = url.username().is_empty() && url.password().is_none();
    is_anybodys && url.path() == "/" && url.query().is_none() && url.fragment().is_none()
}

fn options(typed: &Typed, urls: &[Url], held: Option<Session>) -> Result<Options, String> {
    for origin in &typed.origins {
        let parsed = Origin::parse(origin).map_err(|error| error.to_string())?;
        if parsed.to_string() != *origin {
            return Err(format!("`{origin}` is written `{parsed}` by browsers: write it so"));
        }
    }
    let around = around(typed, urls)?;
    let of_session: Vec<Url> = urls.iter().chain(&around).cloned().collect();
    Ok(Options {
        origins: typed.origins.clone(),
        session: session(typed, &of_session, held)?,
        around,
        allow_writes: typed.allow_writes,
        witness: witness(typed)?,
        tap: None,
        limits: typed.limits,
        requests_max: typed.requests,
        breadth: Breadth { is_thorough: typed.thorough, with_raw: typed.raw_origins },
        seed: u64::from_le_bytes(machine_seed()),
    })
}

/// The backend's own address, which is another than the gate's.
fn around(typed: &Typed, asked: &[Url]) -> Result<Option<Url>, String> {
    let Some(text) = &typed.behind.around else { return Ok(None) };
    let url = urls(std::slice::from_ref(text))?.pop().filter(origin_alone);
    let url = url.ok_or_else(|| {
        format!("--around {text}: write host and port alone, as in http://10.0.0.7:3000")
    })?;
    match asked.iter().any(|own| own.origin() == url.origin()) {
        true => Err(format!("--around {text} is the gate's own address: name the backend's")),
        false => Ok(Some(url)),
    }
}

fn witness(typed: &Typed) -> Result<Option<Witness>, String> {
    let command = typed.witness_command.clone().map(Witness::Command);
    let url = match &typed.witness {
        Some(text) => urls(std::slice::from_ref(text))?.pop().map(Witness::Url),
        None => None,
    };
    Ok(command.or(url))
}

/// The credentials that may travel: those that were typed, or those that a file holds.
fn session(typed: &Typed, urls: &[Url], held: Option<Session>) -> Result<Option<Session>, String> {
    let mut headers = Vec::new();
    let mut wants_held = false;
    for line in &typed.session {
        if line.is_empty() {
            wants_held = true;
            continue;
        }
        let header = line.split_once(':').filter(|(_, value)| !value.starts_with("//"));
        let (name, value) = header.ok_or_else(|| {
            "--with-session takes a header, as in `Cookie: session=…`; without one it stands \
             behind the addresses"
                .to_owned()
        })?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    match (headers.is_empty(), wants_held) {
        (false, true) => {
            Err("--with-session is given with and without a header: choose one".to_owned())
        }
        (false, false) => Ok(Some(Session::new(headers, urls))),
        (true, false) => Ok(None),
        (true, true) => held.map(Some).ok_or_else(|| {
            "--with-session without a header takes what a --har or --curl was sent with, and there \
             is nothing of these hosts: write it as in `Cookie: session=…`"
                .to_owned()
        }),
    }
}

fn machine_seed() -> [u8; 8] {
    let secret = crate::guard::random_secret();
    std::array::from_fn(|at| secret[at])
}

fn unreached(said: &str) -> ExitCode {
    machine::talk(&format!("error: {}\n", visible(said)));
    ExitCode::from(EXIT_UNREACHED)
}

#[cfg(test)]
mod tests {
    use super::urls;

    #[test]
    fn addresses() {
        let read = |text: &str| urls(&[text.to_owned()]).map(|urls| urls[0].to_string());
        assert_eq!(read("localhost:3000/a").as_deref(), Ok("http://localhost:3000/a"));
        assert_eq!(read("https://a.test/@b?c=@d").as_deref(), Ok("https://a.test/@b?c=@d"));
        for somebodys in [
            "http://ann:hunter2@localhost/",
            "ann@localhost:3000",
            "http://localhost@evil.example/",
            "http://:hunter2@localhost/",
        ] {
            let said = read(somebodys).expect_err(somebodys);
            assert!(said.contains("password") && !said.contains("hunter2"), "{said}");
        }
        for none in ["", "http://", "file:///etc/passwd", "ftp://a.test/", "http://[fe80::1%25e]/"]
        {
            assert!(read(none).is_err(), "{none}");
        }
    }
}
