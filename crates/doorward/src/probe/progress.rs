//! How far a run has come, on a terminal, and only where it takes longer than a second.

use super::begun::Begun;
use crate::machine;
use doorward_probe::run::Looked;
use doorward_probe::{Operation, Probe, Report};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;
use std::time::Duration;

/// How long nothing is shown.
const QUIET: Duration = Duration::from_secs(1);
/// How often it is drawn.
const TICK: Duration = Duration::from_millis(250);

/// The run, watched; an error where what is done could not be written down.
pub(super) async fn watched(
    probe: &Probe,
    operations: &[Operation],
    mut begun: Begun,
) -> Result<Report, String> {
    let done = std::mem::take(&mut begun.done);
    let bar =
        ProgressBar::with_draw_target(Some(operations.len() as u64), ProgressDrawTarget::hidden());
    bar.inc(done.len().min(operations.len()) as u64);
    let lost = RefCell::new(None);
    let seen = |looked: &Looked| {
        bar.inc(1);
        if let Err(said) = begun.keep(looked) {
            lost.borrow_mut().get_or_insert(said);
        }
    };
    let mut run = std::pin::pin!(probe.run_on(operations, done, &seen));
    let mut quiet = QUIET;
    let report = loop {
        if let Ok(report) = tokio::time::timeout(quiet, &mut run).await {
            break report;
        }
        if quiet == QUIET {
            show(&bar);
            quiet = TICK;
        }
        bar.set_message(format!("{} requests", probe.requests()));
    };
    bar.finish_and_clear();
    match lost.take() {
        Some(said) => Err(said),
        None => Ok(report),
    }
}

/// Shows it on standard error; where that is no terminal, nothing is drawn.
fn show(bar: &ProgressBar) {
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos} of {len}  {msg}") {
        let letters = if machine::speaks_unicode() { "█░" } else { "#-" };
        bar.set_style(style.progress_chars(letters));
    }
    bar.set_draw_target(ProgressDrawTarget::stderr());
}
