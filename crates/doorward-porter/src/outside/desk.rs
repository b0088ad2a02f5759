//! Questions about callers: each is asked once, however many requests wait for its answer.

use super::fetch_error::FetchError;
use super::line::{Bounds, Line, Place};
use super::lock;
use super::note::Note;
use super::supply::Tools;
use doorward_core::address::Prefix;
use doorward_core::layers::identity::{Errand, Told, What};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

/// Questions at once and in line. A backend is asked no more than a page with many pictures would.
const BOUNDS: Bounds = Bounds {
    asked_max: 32,
    asked_of_prefix_max: 16,
    waiting_max: 1_024,
    waiting_of_prefix_max: 64,
};
/// Nanoseconds between two lines in the log about questions without an answer.
const NOTE_EVERY_NS: u64 = 60_000_000_000;

type Flights = Mutex<HashMap<[u8; 32], watch::Receiver<Option<Answer>>>>;
/// What was said, and the steady nanosecond at which it was asked.
type Answer = (Told, u64);

/// Where questions about callers are asked.
pub(super) struct Desk {
    line: Arc<Line>,
    /// Those that are under way.
    flights: Arc<Flights>,
    noted: Arc<Mutex<Noted>>,
}

/// Questions without an answer, and when that was last said.
#[derive(Default)]
struct Noted {
    failures: u64,
    said_ns: Option<u64>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self { line: Line::new(BOUNDS), flights: Arc::default(), noted: Arc::default() }
    }

    /// Asks, or waits for the answer of whoever asks the same.
    pub(super) async fn ask(
        &self,
        errand: Errand,
        prefix: Prefix,
        tools: &Arc<Tools>,
        runtime: &Handle,
    ) -> Answer {
        let wait = Duration::from_millis(tools.limits.wait_ms_max);
        let Some(mut answer) = self.flight(errand, prefix, tools, runtime) else {
            return (Told::Busy, 0);
        };
        let told = timeout(wait, answer.wait_for(Option::is_some)).await;
        match told {
            Ok(Ok(told)) => told.clone().unwrap_or((Told::Away, 0)),
            Ok(Err(_)) | Err(_) => (Told::Away, 0),
        }
    }

    /// The question's flight, which may be under way already. None: too many wait.
    fn flight(
        &self,
        errand: Errand,
        prefix: Prefix,
        tools: &Arc<Tools>,
        runtime: &Handle,
    ) -> Option<watch::Receiver<Option<Answer>>> {
        let mut flights = lock(&self.flights);
        if let Some(under_way) = flights.get(&errand.digest) {
            return Some(under_way.clone());
        }
        let place = self.line.enter(prefix)?;
        let (tell, answer) = watch::channel(None);
        flights.insert(errand.digest, answer.clone());
        let landing = Landing { flights: Arc::clone(&self.flights), digest: errand.digest };
        let (tools, noted) = (Arc::clone(tools), Arc::clone(&self.noted));
        runtime.spawn(async move {
            let told = fly(place, &errand, &tools, &noted).await;
            // Whoever comes from now on asks anew: what was asked before may have changed since.
            drop(landing);
            tell.send_replace(Some(told));
        });
        Some(answer)
    }
}

/// Takes a flight off the list, whatever becomes of it.
struct Landing {
    flights: Arc<Flights>,
    digest: [u8; 32],
}

impl Drop for Landing {
    fn drop(&mut self) {
        lock(&self.flights).remove(&self.digest);
    }
}

async fn fly(place: Place, errand: &Errand, tools: &Tools, noted: &Mutex<Noted>) -> Answer {
    let wait = Duration::from_millis(tools.limits.wait_ms_max);
    let _turn = match place {
        Place::Now(turn) => turn,
        Place::Later(comes) => match timeout(wait, comes).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) | Err(_) => return (Told::Busy, 0),
        },
    };
    let asked_ns = tools.clock.now().steady_ns;
    let answered = match &errand.what {
        What::Http { headers, form } => {
            tools.fetcher.ask(&errand.to, headers, form.as_deref()).await
        }
        What::Record { remote, key } => {
            tools.records.ask(&tools.fetcher, &errand.to, remote, key).await
        }
    };
    let told = match answered {
        Ok((status, body)) => {
            if status >= 500 {
                note(tools, noted, &FetchError::status(&errand.to.url, status));
            }
            Told::Answer(status, body)
        }
        Err(error) => {
            note(tools, noted, &error);
            Told::Away
        }
    };
    (told, asked_ns)
}

/// Says it once a minute: what strangers send must not fill the log.
fn note(tools: &Tools, noted: &Mutex<Noted>, error: &FetchError) {
    let now_ns = tools.clock.now().steady_ns;
    let failures = {
        let mut noted = lock(noted);
        noted.failures += 1;
        let is_due =
            noted.said_ns.is_none_or(|said_ns| now_ns.saturating_sub(said_ns) >= NOTE_EVERY_NS);
        if !is_due {
            return;
        }
        noted.said_ns = Some(now_ns);
        std::mem::take(&mut noted.failures)
    };
    (tools.note)(&Note::NoAnswer { error: error.clone(), failures });
}
