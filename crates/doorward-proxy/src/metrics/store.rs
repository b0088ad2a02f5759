//! What is counted about a store that gates share, where there is one.

use super::collect::{Page, seconds};
use doorward_store::valkey::{LATENCY_ENDS_US, Standing};
use prometheus_client::encoding::NoLabelSet;
use std::fmt::Error;

/// Every word for how it stands.
const STANDINGS: [Standing; 3] = [Standing::Present, Standing::Away, Standing::Alone];

pub(super) fn write(page: &mut Page<'_, '_>) -> Result<(), Error> {
    let Some(server) = page.shared.store.server() else { return Ok(()) };
    let (figures, standing) = (server.figures(), server.standing());
    let help = "Commands that were sent to the shared store";
    page.counter("doorward_store_trips", help, figures.trips)?;
    let help = "Commands to the shared store that came to nothing";
    page.counter("doorward_store_errors", help, figures.errors)?;
    let help = "How often the shared store was found to be away";
    page.counter("doorward_store_times_away", help, figures.times_away)?;
    let batches =
        [([("answer", "refused")], figures.refused), ([("answer", "local")], figures.alone)];
    let help = "Batches that were answered while the shared store was away";
    page.family("doorward_store_away_batches", help, true, batches.into_iter())?;
    let help = "Batches that were answered from what was taken of shares in advance";
    page.counter("doorward_store_leased", help, figures.leased)?;
    let help = "What was told to the shared store and never arrived: it stays spent";
    page.counter("doorward_store_lost", help, figures.lost)?;
    let help = "How often the shared store was found to have forgotten what was used";
    page.counter("doorward_store_epochs", help, figures.epochs)?;
    let states = STANDINGS.map(|one| ([("standing", one.word())], u64::from(one == standing)));
    let help = "How the shared store stands: 1 for what is so";
    page.family("doorward_store_standing", help, false, states.into_iter())?;
    let name = "doorward_store_duration";
    let metric = seconds(&mut page.encoder, name, "What the shared store took to answer")?;
    let ends = LATENCY_ENDS_US.iter().map(|end| *end as f64 / 1e6).chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = ends.zip(figures.latency).collect();
    let (mut metric, sum) = (metric, figures.latency_us as f64 / 1e6);
    metric.encode_histogram::<NoLabelSet>(sum, figures.latency.iter().sum(), &buckets, None)
}
