//! `doorward lab`: the lab on its page, or without a person in every engine.

mod browse;
mod table;

use crate::args::{EngineName, Form, Lab as Typed, ThirdPartyCookies};
use crate::{EXIT_FINDINGS, EXIT_UNREACHED, EXIT_USAGE, machine};
use doorward_browser::{EngineId, ThirdParty};
use doorward_lab::causes;
use doorward_lab::control::Control;
use doorward_lab::headless::{Came, HeadlessError, Outcome, Wanted, headless};
use doorward_lab::lab::{Lab, LabOptions};
use doorward_lab::scenario::{self, Scenario};
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

/// Runs what was typed.
pub(crate) fn run(typed: &Typed) -> ExitCode {
    let own = match own_scenarios(typed) {
        Ok(own) => own,
        Err(said) => {
            machine::talk(&format!("{said}\n"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    if typed.list {
        return list(own);
    }
    let runtime = match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return unreached(&format!("cannot start: {error}")),
    };
    if typed.headless || typed.record.is_some() {
        return without_a_person(typed, own, &runtime);
    }
    runtime.block_on(with_a_person(typed, own))
}

/// Stories of one's own; all that is wrong with them at once.
fn own_scenarios(typed: &Typed) -> Result<Vec<Scenario>, String> {
    let mut own = Vec::new();
    let mut wrong = Vec::new();
    for file in &typed.files {
        match read(file) {
            Ok(scenario) => own.push(scenario),
            Err(said) => wrong.push(said),
        }
    }
    if wrong.is_empty() { Ok(own) } else { Err(wrong.join("\n\n")) }
}

fn read(file: &Path) -> Result<Scenario, String> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    scenario::read(&name, &text).map_err(|error| error.to_string())
}

fn list(own: Vec<Scenario>) -> ExitCode {
    let all = match scenario::all() {
        Ok(all) => all,
        Err(error) => return unreached(&error.to_string()),
    };
    for scenario in all.iter().chain(&own) {
        let row = scenario.row.as_deref().unwrap_or("-");
        let waits = if scenario.has_gate() {
            String::new()
        } else {
            format!("  (with the gate: not built yet: {})", scenario.waits_for.join(", "))
        };
        machine::output(&format!("{row:<4} {:<22} {}{waits}\n", scenario.id, scenario.title));
    }
    ExitCode::SUCCESS
}

async fn with_a_person(typed: &Typed, own: Vec<Scenario>) -> ExitCode {
    let options = LabOptions { port: typed.port, tls: typed.tls, any_ports: false };
    let (lab, bound) = match Lab::start(options).await {
        Ok(started) => started,
        Err(error) => {
            let taken = typed.port.map(|port| {
                format!(
                    "\n  help: another program may listen on port {port}; choose another --port"
                )
            });
            return unreached(&format!("{}{}", causes(&error), taken.unwrap_or_default()));
        }
    };
    let control = match Control::new(Arc::clone(&lab), own) {
        Ok(control) => control,
        Err(error) => return unreached(&causes(&error)),
    };
    let _serving = control.serve(bound);
    if let Err(error) = say_where(&lab, &control) {
        return unreached(&error);
    }
    if !typed.no_open && !browse::open(&control.address()) {
        machine::talk("No browser could be opened from here: open the address yourself.\n");
    }
    until_stopped().await;
    ExitCode::SUCCESS
}

fn say_where(lab: &Lab, control: &Control) -> Result<(), String> {
    let sites = lab.sites();
    let mut out = String::from("The lab, on this machine only. Nothing leaves it.\n\n");
    out.push_str(&format!("  open      {}\n", control.address()));
    out.push_str(&format!(
        "  sites     {}\n",
        sites.fill("{shop} {evil} {promo}", scenario::Side::Off)
    ));
    out.push_str(&format!("  backend   {}\n", sites.fill("{api}", scenario::Side::Off)));
    out.push_str(&format!("  gate      {}\n", sites.fill("{gate}", scenario::Side::On)));
    if let Some(pem) = lab.authority_pem() {
        let path = std::env::temp_dir().join(format!("doorward-lab-{}.pem", std::process::id()));
        fs::write(&path, pem).map_err(|error| format!("cannot write the certificate: {error}"))?;
        let path = path.display();
        out.push_str(&format!(
            "\n  The sites speak https by a throw-away authority. Let your browser trust it while \
             you try,\n  and forget it afterwards: {path}\n"
        ));
    }
    out.push_str(
        "\nThe address holds this run's token: whoever has it can drive the lab. Ctrl-C ends it.\n",
    );
    machine::talk(&out);
    Ok(())
}

async fn until_stopped() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn without_a_person(typed: &Typed, own: Vec<Scenario>, runtime: &Runtime) -> ExitCode {
    let engines = typed.engines.iter().map(|name| match name {
        EngineName::Chromium => EngineId::Chromium,
        EngineName::Firefox => EngineId::Firefox,
        EngineName::Webkit => EngineId::WebKit,
    });
    let mut scenarios = typed.scenarios.clone();
    if scenarios.is_empty() {
        // A file that is given alone is run alone.
        scenarios = own.iter().map(|scenario| scenario.id.clone()).collect();
    }
    let third_party = typed.third_party_cookies.map(|what| match what {
        ThirdPartyCookies::Allow => ThirdParty::Allowed,
        ThirdPartyCookies::Block => ThirdParty::Blocked,
    });
    let wanted = Wanted { engines: engines.collect(), scenarios, own, tls: typed.tls, third_party };
    let tell = |line: &str| machine::talk(&format!("{line}\n"));
    let (outcome, control) = match runtime.block_on(headless(wanted, &tell)) {
        Ok(done) => done,
        Err(error @ HeadlessError::NoSuchScenario(_)) => {
            machine::talk(&format!("error: {error}\n"));
            return ExitCode::from(EXIT_USAGE);
        }
        Err(error) => return unreached(&causes(&error)),
    };
    match typed.format {
        Form::Json => machine::output(&format!("{:#}\n", outcome.json())),
        Form::Table => machine::output(&table::text(&outcome, machine::speaks_unicode())),
    }
    if let Some(file) = &typed.record
        && let Err(error) = write_record(file, &outcome, &control)
    {
        return unreached(&format!("{}: {error}", file.display()));
    }
    exit(&outcome)
}

fn write_record(file: &Path, outcome: &Outcome, control: &Control) -> std::io::Result<()> {
    let runs = outcome.lines.iter().filter_map(|line| match &line.came {
        Came::Ran(ran) => Some(Arc::clone(ran)),
        Came::NotBuilt(_) | Came::NotShown(_) | Came::NoSide | Came::Broken(_) => None,
    });
    let runs: Vec<_> = runs.collect();
    fs::write(file, doorward_lab::record::page(&runs, control.scenarios()))
}

/// Disagreement is a finding; an engine that was asked for and is not there could not be reached.
fn exit(outcome: &Outcome) -> ExitCode {
    for (engine, what) in &outcome.missing {
        machine::talk(&format!("{engine} was not run: {what}\n"));
    }
    if outcome.counts().disagreed > 0 {
        ExitCode::from(EXIT_FINDINGS)
    } else if !outcome.missing.is_empty() {
        ExitCode::from(EXIT_UNREACHED)
    } else {
        ExitCode::SUCCESS
    }
}

fn unreached(said: &str) -> ExitCode {
    machine::talk(&format!("error: {said}\n"));
    ExitCode::from(EXIT_UNREACHED)
}
