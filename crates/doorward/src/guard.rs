//! `doorward guard`: from a checked configuration to a running gate.

use crate::args::{Guard, Log};
use crate::reload::{Noted, Reload};
use crate::{EXIT_USAGE, greeting, machine, mounting, serve, store};
use anyhow::Context;
use doorward_config::{Config, Given, Level, LogKind};
use doorward_core::memory::Memory;
use doorward_core::moment::Chance;
use doorward_porter::Outside as World;
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::{Clock, SystemClock};
use doorward_porter::outside::OutsideSettings;
use doorward_proxy::settings::{Forwarding, LogForm, ProxySettings};
use doorward_proxy::{Proxy, StartError};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

/// Prefixes whose strikes are remembered at once.
const STRIKES_MAX: usize = 100_000;

/// Guards until it is told to stop.
pub(crate) fn run(guard: &Guard) -> ExitCode {
    let (given, secret, noted) = (given(guard), random_secret(), Noted::default());
    let config = match doorward_config::load(&given, &noted, secret) {
        Ok(config) => config,
        Err(report) => {
            machine::talk(&report.render(machine::talk_has_colour()));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let Started { proxy, world } = match start(&config, Box::new(io::stdout())) {
        Ok(started) => started,
        Err(error) => return not_started(&error),
    };
    // Notes are for `check`; the greeting says what is not built yet.
    if config.warnings.problems().iter().any(|problem| problem.level == Level::Warning) {
        machine::talk(&config.warnings.render(machine::talk_has_colour()));
    }
    machine::talk(&greeting::text(&config, proxy.address(), proxy.admin_address()));
    let reload = Reload::new(given, secret, config, world, noted);
    serve::until_stopped(proxy, Some(reload))
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
        budget: guard.spend.budget.clone(),
        prices: guard.spend.prices.clone(),
        no_passes: guard.no_passes,
        insecure_open_credential: guard.insecure_open_credential,
    }
}

/// A gate that runs.
pub(crate) struct Started {
    pub(crate) proxy: Proxy,
    /// What it knows of the world outside.
    pub(crate) world: Arc<World>,
}

/// Starts the proxy of a configuration, with its log going to `log_to`.
pub(crate) fn start(config: &Config, log_to: Box<dyn Write + Send>) -> anyhow::Result<Started> {
    let upstreams: anyhow::Result<Vec<_>> =
        config.upstreams.iter().map(mounting::upstream).collect();
    let upstreams = upstreams.context("cannot use the upstream's host")?;
    // One clock for both: keys are believed by the time at which requests are judged.
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let world = look_outside(config, Arc::clone(&clock)).context("cannot look outside")?;
    let settings = ProxySettings {
        listen: config.listen,
        threads: config.threads,
        upstreams,
        tls: mounting::certificate(config)?.inspect(mounting::tell_end),
        http2: config.http2,
        proxy_protocol: config.proxy_protocol.clone(),
        forwarding: Forwarding::default(),
        bounds: mounting::bounds(config),
        admin: mounting::admin(config),
        log: log_form(config.log),
        log_to,
        talk: Box::new(|line| machine::talk(&format!("{line}\n"))),
        clock,
        chance: Arc::new(SystemChance),
        outside: Arc::clone(&world),
    };
    let memory = Arc::new(Memory::new(STRIKES_MAX, seed()));
    let clock = &settings.clock;
    let opening = store::Opening { seed: seed(), clock, world: &world, memory: &memory };
    let store = store::open(config, &opening)?;
    let gate = Arc::clone(&config.gate);
    let proxy = Proxy::start(settings, gate, Arc::new(store), memory)?;
    Ok(Started { proxy, world })
}

/// Looks after the keys of the gate's issuers. A gate whose issuers have none to be fetched needs
/// no thread for it, but one whose file is changed may.
fn look_outside(config: &Config, clock: Arc<dyn Clock>) -> io::Result<Arc<World>> {
    let world = World::start(OutsideSettings {
        note: Box::new(|note| machine::talk(&format!("{note}\n"))),
        ..OutsideSettings::new(clock, Arc::new(SystemChance))
    })?;
    world.attend(&config.gate);
    Ok(world)
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
