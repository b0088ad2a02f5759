//! A gate that runs: until it is told to stop, and told to read its configuration again.

use crate::reload::Reload;
use crate::{EXIT_UNREACHED, machine};
use anyhow::Context;
use doorward_proxy::Proxy;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Serves until SIGTERM or SIGINT, then lets requests in flight end.
pub(crate) fn until_stopped(proxy: Proxy, reload: Option<Reload>) -> ExitCode {
    match wait(&proxy, reload) {
        Ok(()) => {
            proxy.stop();
            ExitCode::SUCCESS
        }
        Err(error) => {
            machine::talk(&format!("error: {error:#}\n"));
            ExitCode::from(EXIT_UNREACHED)
        }
    }
}

fn wait(proxy: &Proxy, mut reload: Option<Reload>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot wait for signals")?;
    runtime.block_on(async {
        let mut terminate = hear(SignalKind::terminate())?;
        let mut interrupt = hear(SignalKind::interrupt())?;
        let mut hang_up = hear(SignalKind::hangup())?;
        let mut beat = tokio::time::interval(LOOK_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                _ = hang_up.recv() => {
                    if let Some(reload) = &mut reload {
                        reload.read(proxy);
                    }
                }
                _ = beat.tick() => {
                    if let Some(reload) = &mut reload {
                        reload.look(proxy);
                    }
                }
            }
        }
    })
}

fn hear(kind: SignalKind) -> anyhow::Result<Signal> {
    signal(kind).context("cannot wait for signals")
}
