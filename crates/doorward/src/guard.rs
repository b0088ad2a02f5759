//! `doorward guard`: from a checked configuration to a running gate.

use crate::args::{Guard, Log};
use crate::machine;
use crate::{EXIT_UNREACHED, EXIT_USAGE, greeting, mounting};
use anyhow::Context;
use doorward_config::{Config, Given, Level, LogKind, Machine};
use doorward_core::memory::Memory;
use doorward_core::moment::Chance;
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::SystemClock;
use doorward_proxy::settings::{Forwarding, LogForm, ProxySettings};
use doorward_proxy::{Proxy, StartError};
use doorward_store::{MemoryStore, Sizes, Store};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

/// Prefixes whose strikes are remembered at once.
const STRIKES_MAX: usize = 100_000;

/// Guards until it is told to stop.
pub(crate) fn run(guard: &Guard) -> ExitCode {
    let config = match doorward_config::load(&given(guard), &Machine, random_secret()) {
        Ok(config) => config,
        Err(report) => {
            machine::talk(&report.render(machine::talk_has_colour()));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let proxy = match start(&config, Box::new(io::stdout())) {
        Ok(proxy) => proxy,
        Err(error) => return not_started(&error),
    };
    // Notes are for `check`; the greeting says what is not built yet.
    if config.warnings.problems().iter().any(|problem| problem.level == Level::Warning) {
        machine::talk(&config.warnings.render(machine::talk_has_colour()));
    }
    machine::talk(&greeting::text(&config, proxy.address()));
    stop_when_told(proxy)
}

/// What the command line says, for the configuration to go over the file with.
pub(crate) fn given(guard: &Guard) -> Given {
    Given {
        file: guard.config.clone(),
        upstream: guard.upstream.clone(),
        origins: guard.origins.clone(),
        external: guard.external.clone(),
        listen: guard.listen.clone(),
        profile: guard.profile.clone(),
        monitor: guard.monitor,
        log: guard.log.map(|log| match log {
            Log::Pretty => LogKind::Pretty,
            Log::Json => LogKind::Json,
            Log::Off => LogKind::Off,
        }),
        threads: guard.threads,
        allow: guard.allow.clone(),
        credential: guard.credential.clone(),
        insecure_open_credential: guard.insecure_open_credential,
    }
}

/// Starts the proxy of a configuration, with its log going to `log_to`.
pub(crate) fn start(config: &Config, log_to: Box<dyn Write + Send>) -> anyhow::Result<Proxy> {
    let upstreams: anyhow::Result<Vec<_>> =
        config.upstreams.iter().map(mounting::upstream).collect();
    let upstreams = upstreams.context("cannot use the upstream's host")?;
    let settings = ProxySettings {
        listen: config.listen,
        tls: None,
        http2: true,
        proxy_protocol: Vec::new(),
        threads: config.threads,
        upstreams,
        forwarding: Forwarding::default(),
        bounds: mounting::bounds(config),
        log: log_form(config.log),
        log_to,
        talk: Box::new(|line| machine::talk(&format!("{line}\n"))),
        clock: Arc::new(SystemClock::new()),
        chance: Arc::new(SystemChance),
    };
    let store = Store::Memory(MemoryStore::new(Sizes::default(), seed()));
    let memory = Memory::new(STRIKES_MAX, seed());
    let gate = Arc::clone(&config.gate);
    Ok(Proxy::start(settings, gate, Arc::new(store), Arc::new(memory))?)
}

fn log_form(kind: LogKind) -> LogForm {
    let pretty = LogForm::Pretty {
        unicode: machine::speaks_unicode(),
        colour: machine::output_has_colour(),
    };
    match kind {
        LogKind::Off => LogForm::Off,
        LogKind::Json => LogForm::Json,
        LogKind::Pretty => pretty,
        LogKind::Auto if machine::output_is_terminal() => pretty,
        LogKind::Auto => LogForm::Json,
    }
}

/// A secret for this run, used while trying out without one.
pub(crate) fn random_secret() -> [u8; 32] {
    let mut secret = [0; 32];
    SystemChance.fill(&mut secret);
    secret
}

fn seed() -> [u8; 16] {
    let mut seed = [0; 16];
    SystemChance.fill(&mut seed);
    seed
}

/// Says why a gate did not start, and what to do.
pub(crate) fn not_started(error: &anyhow::Error) -> ExitCode {
    machine::talk(&format!("error: {error:#}\n"));
    if let Some(StartError::Listen { source, .. }) = error.downcast_ref()
        && source.kind() == io::ErrorKind::AddrInUse
    {
        machine::talk(
            "  help: another program listens there; choose another --listen, or port 0\n",
        );
    }
    ExitCode::from(EXIT_USAGE)
}

/// Waits for SIGTERM or SIGINT, then lets requests in flight end.
pub(crate) fn stop_when_told(proxy: Proxy) -> ExitCode {
    match proxy.run_until_signal() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            machine::talk(&format!("error: {:#}\n", anyhow::Error::from(error)));
            ExitCode::from(EXIT_UNREACHED)
        }
    }
}
