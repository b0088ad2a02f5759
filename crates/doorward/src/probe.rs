//! `doorward probe`: asks a live API what it lets each kind of caller read, and run.

pub(crate) mod sources;

use crate::args::{Probe as Typed, ReportForm};
use crate::{EXIT_FINDINGS, EXIT_UNREACHED, EXIT_USAGE, machine};
use doorward_browser::Origin;
use doorward_probe::read::Listed;
use doorward_probe::report::{self, TableLook};
use doorward_probe::run::{closed, open};
use doorward_probe::{Operation, Options, Probe, Scope, Session};
use std::process::ExitCode;
use tokio::runtime::Builder;
use url::Url;

/// Runs what was typed.
pub(crate) fn run(typed: &Typed) -> ExitCode {
    let read = urls(typed).and_then(|urls| {
        let gathered = sources::gathered(typed, &urls).map_err(|error| format!("{error:#}"))?;
        Ok((options(typed, &urls, gathered.session)?, gathered.listed, urls))
    });
    let (options, listed, urls) = match read {
        Ok(read) => read,
        Err(said) => {
            machine::talk(&format!("error: {said}\n"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let runtime = match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return unreached(&format!("cannot start: {error}")),
    };
    runtime.block_on(go(typed, options, urls, listed))
}

async fn go(typed: &Typed, options: Options, urls: Vec<Url>, mut listed: Listed) -> ExitCode {
    let mut scope = Scope::new(&typed.authorised);
    for url in &urls {
        if let Err(refused) = scope.add(url).await {
            machine::talk(&format!("error: {refused}\n"));
            return ExitCode::from(EXIT_USAGE);
        }
    }
    let operations = std::mem::take(&mut listed.operations);
    if typed.plan {
        for (what, why) in sources::left_out(listed) {
            machine::talk(&format!("left out {what}: {why}\n"));
        }
        return plan(&scope, &options, &operations).await;
    }
    let probe = match Probe::new(scope, options) {
        Ok(probe) => probe,
        Err(said) => return unreached(&said),
    };
    let mut report = probe.run(&operations, &|_| {}).await;
    report.left_out.extend(sources::left_out(listed));
    let text = match typed.format {
        ReportForm::Table => report::table(
            &report,
            TableLook { unicode: machine::speaks_unicode(), colour: machine::output_has_colour() },
        ),
        ReportForm::Json => format!("{:#}\n", report::json(&report)),
    };
    if machine::try_output(&text).is_err() {
        return ExitCode::from(EXIT_UNREACHED);
    }
    if report.looked_at.is_empty() {
        return ExitCode::from(EXIT_UNREACHED);
    }
    let worst = report.findings.iter().map(|finding| finding.severity).max();
    match worst.is_some_and(|worst| worst >= typed.fail_on.severity()) {
        true => ExitCode::from(EXIT_FINDINGS),
        false => ExitCode::SUCCESS,
    }
}

/// All requests that may be sent: what a closed API would be asked, and what an open one would be.
async fn plan(scope: &Scope, options: &Options, operations: &[Operation]) -> ExitCode {
    let mut lines = Vec::new();
    for pretended in [closed, open] {
        let probe = Probe::plan(scope.clone(), options.clone(), pretended);
        probe.run(operations, &|_| {}).await;
        for line in probe.log().iter().map(doorward_probe::Call::curl) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    machine::output(&format!("{}\n", lines.join("\n")));
    ExitCode::SUCCESS
}

fn urls(typed: &Typed) -> Result<Vec<Url>, String> {
    let read = |text: &String| {
        // `localhost:3000/a` is what people type; it is no scheme `localhost`.
        let whole = if text.contains("://") { text.clone() } else { format!("http://{text}") };
        let url = Url::parse(&whole).map_err(|error| format!("`{text}` is no address: {error}"))?;
        match url.scheme() {
            "http" | "https" => Ok(url),
            other => Err(format!("`{text}` is no address of an API: it is {other}, not http")),
        }
    };
    typed.urls.iter().map(read).collect()
}

fn options(typed: &Typed, urls: &[Url], held: Option<Session>) -> Result<Options, String> {
    for origin in &typed.origins {
        let parsed = Origin::parse(origin).map_err(|error| error.to_string())?;
        if parsed.to_string() != *origin {
            return Err(format!("`{origin}` is written `{parsed}` by browsers: write it so"));
        }
    }
    Ok(Options {
        origins: typed.origins.clone(),
        session: session(typed, urls, held)?,
        allow_writes: typed.allow_writes,
        requests_max: typed.requests,
        seed: u64::from_le_bytes(machine_seed()),
    })
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
    machine::talk(&format!("error: {said}\n"));
    ExitCode::from(EXIT_UNREACHED)
}
