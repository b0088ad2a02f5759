//! Valves: what makes an answer wait until a test says go, without anyone sleeping.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Names of valves kept; asking for more is refused.
const VALVES_MAX: usize = 1000;

/// Named counters of steps that may go on.
#[derive(Default)]
pub(super) struct Valves(Mutex<HashMap<String, Arc<Semaphore>>>);

impl Valves {
    /// The valve of this name, closed when it is new; `None` when there are too many.
    pub(super) fn of(&self, key: &str) -> Option<Arc<Semaphore>> {
        let mut valves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(valve) = valves.get(key) {
            return Some(Arc::clone(valve));
        }
        if valves.len() >= VALVES_MAX {
            return None;
        }
        let valve = Arc::new(Semaphore::new(0));
        valves.insert(key.to_owned(), Arc::clone(&valve));
        Some(valve)
    }

    /// Lets `steps` more steps go on.
    pub(super) fn release(&self, key: &str, steps: usize) {
        if let Some(valve) = self.of(key) {
            valve.add_permits(steps);
        }
    }
}

/// Waits for one step.
pub(super) async fn step(valve: &Semaphore) {
    // The semaphore is never closed, so that a permit always comes or the caller leaves.
    if let Ok(permit) = valve.acquire().await {
        permit.forget();
    }
}
