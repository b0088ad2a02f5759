//! What the control server knows.

use super::results::Results;
use super::screens::Screens;
use crate::acts::nonce;
use crate::lab::{Lab, LabError};
use crate::scenario::{self, Scenario};
use doorward_core::secret::Secret;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The lab, its stories, and who watches.
pub struct Control {
    pub(super) lab: Arc<Lab>,
    pub(super) scenarios: Vec<Arc<Scenario>>,
    pub(super) screens: Screens,
    pub(super) token: Secret,
    results: Mutex<Results>,
}

impl Control {
    /// The lab's own scenarios, and those that are given.
    ///
    /// # Errors
    /// When one of the lab's own cannot be read.
    pub fn new(lab: Arc<Lab>, more: Vec<Scenario>) -> Result<Arc<Self>, LabError> {
        let all = scenario::all()?.into_iter().chain(more);
        Ok(Arc::new(Self {
            lab,
            scenarios: all.map(Arc::new).collect(),
            screens: Screens::default(),
            token: Secret::new(nonce()),
            results: Mutex::default(),
        }))
    }

    /// The lab.
    #[must_use]
    pub const fn lab(&self) -> &Arc<Lab> {
        &self.lab
    }

    /// All stories, in order.
    #[must_use]
    pub fn scenarios(&self) -> &[Arc<Scenario>] {
        &self.scenarios
    }

    /// The story of that id or row.
    #[must_use]
    pub fn scenario(&self, id: &str) -> Option<&Arc<Scenario>> {
        let is_row =
            |own: &Scenario| own.row.as_deref().is_some_and(|row| row.eq_ignore_ascii_case(id));
        self.scenarios.iter().find(|own| own.id == id || is_row(own))
    }

    /// The page's address, with the token in its fragment: fragments are sent to nobody.
    #[must_use]
    pub fn address(&self) -> String {
        self.with_token("/")
    }

    /// The address of the page that only shows pages of others.
    #[must_use]
    pub fn stage_address(&self) -> String {
        self.with_token("/stage")
    }

    /// What was run so far.
    pub fn results(&self) -> MutexGuard<'_, Results> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_token(&self, path: &str) -> String {
        let token = String::from_utf8_lossy(self.token.expose()).into_owned();
        format!("{}{path}#token={token}", self.lab.sites().lab())
    }
}
