//! `doorward explain --fetch | --curl | --har | --console`: why a page is not let, and what mends
//! it.

use super::paragraph;
use crate::args::{EngineName, Explain};
use crate::probe::sources::{read_har, text};
use crate::{EXIT_UNREACHED, EXIT_USAGE, machine};
use anyhow::{Context, anyhow, bail};
use doorward_browser::{Document, EngineId, Request};
use doorward_probe::explain::{Answers, Explained, explain, live, page};
use doorward_probe::read::{Asked, TEXT_BYTES_MAX, answers, console, curl, fetch};
use doorward_probe::report::visible;
use doorward_probe::{Options, Probe, Scope};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use tokio::runtime::Builder;

/// What is to be explained.
struct Case {
    engine: EngineId,
    page: Document,
    request: Request,
    answers: Answers,
    notes: Vec<String>,
    /// Why the answer to the request itself is not known.
    unknown: Option<String>,
}

/// Explains what was typed.
pub(super) fn run(typed: &Explain) -> ExitCode {
    let case = case(typed).and_then(|case| match typed.trouble.live {
        true => asked(typed, case),
        false => Ok(case),
    });
    match case {
        Ok(case) => {
            machine::output(&told(&case));
            ExitCode::SUCCESS
        }
        Err(error) => {
            machine::talk(&format!("error: {}\n", clean(&format!("{error:#}"))));
            ExitCode::from(match error.is::<Unreached>() {
                true => EXIT_UNREACHED,
                false => EXIT_USAGE,
            })
        }
    }
}

/// The server cannot be asked.
#[derive(Debug)]
struct Unreached(String);

impl std::fmt::Display for Unreached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreached {}

/// Reads what was typed.
fn case(typed: &Explain) -> anyhow::Result<Case> {
    let trouble = &typed.trouble;
    let from = typed.from.as_deref().map(|text| {
        page(text).ok_or_else(|| {
            anyhow!("`--from {text}` is no page: write its origin, as in http://localhost:5173")
        })
    });
    let from = from.transpose()?;
    let mut said_by = None;
    let (asked, mut answers) = if let Some(call) = &trouble.fetch {
        let base = from.as_ref().map(|page| &page.url);
        (fetch::read(&whole(call)?, base).context("--fetch")?, Answers::default())
    } else if let Some(line) = &trouble.curl {
        (curl::read(&whole(line)?).context("--curl")?, Answers::default())
    } else if let Some(entry) = &trouble.har {
        of_har(entry)?
    } else {
        let line = trouble.console.as_deref().unwrap_or_default();
        let said = console::read(&whole(line)?).context("--console")?;
        said_by = Some(said.engine);
        (said.asked, said.answers)
    };
    let Asked { request, origin, mut notes, .. } = asked;
    let from = match from {
        Some(page) => page,
        None => {
            let origin = origin.context("say where the page is: --from http://localhost:5173")?;
            page(&origin).with_context(|| format!("`{origin}` is no page that can be judged"))?
        }
    };
    if let Some(file) = &typed.answer {
        let (read, more) = answers::read(&text(file, TEXT_BYTES_MAX)?)
            .with_context(|| format!("{}", file.display()))?;
        answers = read;
        notes.extend(more);
    } else if answers == Answers::default() && !trouble.live {
        notes.push(
            "no answer was given: it is explained for a server that says nothing of CORS; \
             --answer FILE or --live tell what it says"
                .to_owned(),
        );
    }
    let engine = trouble.engine.map(engine).or(said_by).unwrap_or(EngineId::Chromium);
    Ok(Case { engine, page: from, request, answers, notes, unknown: None })
}

/// What was typed, or what standard input has where that is `-`.
fn whole(typed: &str) -> anyhow::Result<String> {
    match typed {
        "-" => text(Path::new("-"), TEXT_BYTES_MAX),
        typed => Ok(typed.to_owned()),
    }
}

/// `FILE#N`: an entry of a HAR.
fn of_har(typed: &str) -> anyhow::Result<(Asked, Answers)> {
    let hint = "--har takes a file and the number of an entry, as in trouble.har#7";
    let (file, number) = typed.rsplit_once('#').context(hint)?;
    let number: usize = number.parse().context(hint)?;
    read_har(Path::new(file))?.trouble(number).map_err(|said| anyhow!("{file}: {said}"))
}

/// The same with the server's own answers.
fn asked(typed: &Explain, mut case: Case) -> anyhow::Result<Case> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut scope = Scope::new(&typed.trouble.authorised);
        scope.add(&case.request.url).await?;
        let options = Options {
            allow_writes: typed.trouble.allow_writes,
            requests_max: 2,
            ..Options::default()
        };
        let probe = Probe::new(scope, options).map_err(Unreached)?;
        let found = live(probe.asker(), case.engine, &case.page, &case.request).await;
        case.answers = found.answers;
        case.unknown = found.unknown.map(|failed| failed.to_string());
        case.notes.push("the server was asked without cookies".to_owned());
        let is_half = case.answers.preflight.is_some() && case.answers.answer.is_none();
        if is_half && case.unknown.is_none() {
            let text = "what the request itself is answered with is not known: it is taken for an \
                        answer that says nothing of CORS";
            case.notes.push(text.to_owned());
        }
        if case.answers == Answers::default() && case.unknown.is_none() {
            bail!(Unreached("nothing is sent: no answer of the server's counts".to_owned()));
        }
        Ok(case)
    })
}

const fn engine(name: EngineName) -> EngineId {
    match name {
        EngineName::Chromium => EngineId::Chromium,
        EngineName::Firefox => EngineId::Firefox,
        EngineName::Webkit => EngineId::WebKit,
    }
}

/// The explanation in words. Writing to a string does not fail.
fn told(case: &Case) -> String {
    let explained = explain(case.engine, &case.page, &case.request, &case.answers);
    let Case { page, request, .. } = case;
    let mut out = format!(
        "{} {}\n  from a page of {}, in {}\n\n",
        clean(&request.method),
        clean(request.url.as_str()),
        page.origin(),
        case.engine
    );
    // Without the answer the walk is known as far as the preflight.
    let is_open = case.unknown.is_some() && !explained.judged.in_preflight;
    let known = match is_open {
        true => explained.steps.len() - 1,
        false => explained.steps.len(),
    };
    for (at, step) in explained.steps.iter().take(known).enumerate() {
        out.push_str(&listed(&format!("{}", at + 1), step));
    }
    if let (true, Some(why)) = (is_open, &case.unknown) {
        let _ =
            write!(out, "\nopen\n{}", indented(&format!("What comes back is not known: {why}.")));
    } else {
        because(&explained, &mut out);
        mended(&explained, &mut out);
    }
    section("look at", &explained.hints, &mut out);
    section("but", &explained.warnings, &mut out);
    section("read so", &case.notes, &mut out);
    out
}

/// The rule, and what the engines say.
fn because(explained: &Explained, out: &mut String) {
    let cause = &explained.judged.cause;
    let detail = match cause.detail.is_empty() {
        true => String::new(),
        false => format!(" ({})", cause.detail),
    };
    let _ = write!(out, "\nwhy  {}, {}\n", cause.id, cause.section);
    out.push_str(&indented(&format!("{}{detail}", cause.says)));
    let _ = writeln!(out, "  {}", cause.link);
    for (engine, end) in &explained.others {
        out.push_str(&indented(&format!("{engine} ends otherwise: {end}")));
    }
    if explained.consoles.iter().any(|(_, said)| said.is_some()) {
        out.push_str("\nthe console\n");
        for (engine, said) in &explained.consoles {
            let said = said.as_deref().unwrap_or("prints nothing, or words that are not known");
            let _ = writeln!(out, "  {:<9} {}", engine.to_string(), clean(said));
        }
    }
}

/// What makes it work.
fn mended(explained: &Explained, out: &mut String) {
    if explained.judged.works() {
        return;
    }
    let changes: Vec<String> = explained.changes.iter().map(ToString::to_string).collect();
    section("the server's smallest change that makes it work, tried", &changes, out);
    let is_blind = explained.page_changes.first().is_some_and(|one| one.contains("no-cors"));
    let title = match (changes.is_empty(), is_blind) {
        (_, true) => "in the call, with that",
        (true, false) => "in the call",
        (false, false) => "or in the call",
    };
    section(title, &explained.page_changes, out);
    if changes.is_empty() && explained.page_changes.is_empty() {
        out.push_str("\nno change of the answer's headers or status makes it work\n");
    }
}

fn section(title: &str, lines: &[String], out: &mut String) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(out, "\n{title}\n");
    for line in lines {
        // A line that is to be copied stays one line.
        match line.starts_with("to ") {
            true => {
                let _ = writeln!(out, "  {}", clean(line));
            }
            false => out.push_str(&indented(line)),
        }
    }
}

fn listed(mark: &str, text: &str) -> String {
    let lines = paragraph(&clean(text));
    let mut out = String::new();
    for (at, line) in lines.lines().enumerate() {
        let mark = if at == 0 { mark } else { "" };
        let _ = writeln!(out, "{mark:<2} {line}");
    }
    out
}

fn indented(text: &str) -> String {
    let lines = paragraph(&clean(text));
    lines.lines().fold(String::new(), |out, line| out + "  " + line + "\n")
}

/// What came from outside steers no terminal.
fn clean(text: &str) -> String {
    visible(text)
}

#[cfg(test)]
mod tests;
