//! The pages that watch: each hears events, and shows the pages of stories that it asked for.

use crate::predict::Predicted;
use crate::run::{Listener, RunError, Screen, Show, StepRan, third_party};
use doorward_browser::{Engine, ThirdParty};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, watch};

/// Screens at once.
const SCREENS_MAX: usize = 32;
/// Events that wait for a screen that does not read them.
const EVENTS_MAX: usize = 256;

/// All screens.
pub(super) struct Screens {
    open: Mutex<HashMap<String, Line>>,
    numbers: AtomicU64,
    /// How many there are, for whoever waits for the first.
    count: watch::Sender<usize>,
}

struct Line {
    number: u64,
    events: mpsc::Sender<String>,
    /// The engine, with what was measured of it.
    engine: Engine,
    is_measured: bool,
}

impl Default for Screens {
    fn default() -> Self {
        let (open, numbers) = (Mutex::default(), AtomicU64::new(0));
        Self { open, numbers, count: watch::Sender::new(0) }
    }
}

/// A screen's place in the list: given up when its page is gone.
pub(super) struct Seat {
    screens: Arc<super::Control>,
    id: String,
    number: u64,
    pub(super) events: mpsc::Receiver<String>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.screens.screens.lock();
        // A page that was reloaded has a newer line under the same id.
        if open.get(&self.id).is_some_and(|line| line.number == self.number) {
            open.remove(&self.id);
        }
        let count = open.len();
        drop(open);
        self.screens.screens.count.send_replace(count);
    }
}

impl Screens {
    /// A screen of that id begins to listen; none when there are too many.
    pub(super) fn seat(control: &Arc<super::Control>, id: &str, engine: Engine) -> Option<Seat> {
        let screens = &control.screens;
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let mut open = screens.lock();
        if open.len() >= SCREENS_MAX && !open.contains_key(id) {
            return None;
        }
        let number = screens.numbers.fetch_add(1, Ordering::Relaxed);
        open.insert(id.to_owned(), Line { number, events: sender, engine, is_measured: false });
        let count = open.len();
        drop(open);
        screens.count.send_replace(count);
        Some(Seat { screens: Arc::clone(control), id: id.to_owned(), number, events })
    }

    /// The engine of a screen, as far as it is known; none when there is no such screen.
    pub(super) fn engine(&self, id: &str) -> Option<Engine> {
        self.lock().get(id).map(|line| line.engine.clone())
    }

    /// Whether it is not known yet what becomes of third-party cookies there.
    pub(super) fn is_to_be_measured(&self, id: &str) -> bool {
        self.lock().get(id).is_some_and(|line| !line.is_measured)
    }

    /// What becomes of third-party cookies there.
    pub(super) fn measured(&self, id: &str, third_party: ThirdParty) {
        if let Some(line) = self.lock().get_mut(id) {
            line.is_measured = true;
            line.engine.third_party = third_party;
        }
    }

    /// Whether `Secure` cookies are kept there from names of this machine without TLS.
    pub(super) fn keeps_secure(&self, id: &str, kept: bool) {
        if let Some(line) = self.lock().get_mut(id) {
            line.engine.secure_on_localhost = kept;
        }
    }

    /// Any screen that is there; waits for one.
    pub(super) async fn first(&self) -> String {
        let mut counts = self.count.subscribe();
        loop {
            counts.mark_unchanged();
            if let Some(id) = self.lock().keys().next() {
                return id.clone();
            }
            // The sender lives as long as this list, so that waiting cannot fail.
            let _ = counts.changed().await;
        }
    }

    fn tell(&self, id: &str, event: &Value) -> Result<(), String> {
        let line = self.lock().get(id).map(|line| line.events.clone());
        let line = line.ok_or("the lab's page was closed")?;
        let told = line.try_send(format!("{event}\n"));
        told.map_err(|_| "the lab's page does not listen".to_owned())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Line>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One screen, as a run sees it.
pub(crate) struct Watcher {
    pub(super) control: Arc<super::Control>,
    pub(super) id: String,
}

impl Watcher {
    /// The engine of this screen, when it was found out what becomes of third-party cookies in it:
    /// once, when a story needs it and its window is there.
    pub(super) async fn measured(&self, engine: Engine) -> Result<Engine, RunError> {
        let screens = &self.control.screens;
        if !screens.is_to_be_measured(&self.id) {
            return Ok(engine);
        }
        if let Some(found) = third_party(&self.control.lab, self).await? {
            screens.measured(&self.id, found);
        }
        Ok(screens.engine(&self.id).unwrap_or(engine))
    }
}

impl Screen for Watcher {
    fn show<'a>(
        &'a self,
        show: Show,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(async move {
            self.control.screens.tell(&self.id, &json!({ "type": "show", "show": show }))
        })
    }
}

impl Listener for Watcher {
    fn began(&self, run: u64, step: usize, says: &str, predicted: &Predicted) {
        let event = json!({
            "type": "step-began", "run": run, "step": step, "says": says, "predicted": predicted,
        });
        // A screen that is gone is noticed where it should show something.
        let _ = self.control.screens.tell(&self.id, &event);
    }

    fn ended(&self, run: u64, step: &StepRan) {
        let balances = self.control.lab.balances();
        let event = json!({ "type": "step-ended", "run": run, "step": step, "balances": balances });
        let _ = self.control.screens.tell(&self.id, &event);
    }
}
