//! The same step in the other engines: where one would do something else, that is told beside it.

use super::{Asker, Predicted, Predictor, Via};
use crate::backend::CorsPolicy;
use crate::lab::Scene;
use doorward_browser::{Engine, EngineId};
use serde::Serialize;
use std::time::Duration;

/// What another engine would do.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Elsewhere {
    /// Which one, as it is installed.
    pub engine: &'static str,
    /// What is predicted for it.
    pub predicted: Predicted,
}

/// A predictor for the engine at hand, and one for each other.
pub(crate) struct Everywhere {
    here: Predictor,
    others: Vec<(EngineId, Predictor)>,
}

impl Everywhere {
    pub(crate) fn new(engine: &Engine, scene: &Scene, now_s: u64) -> Self {
        let others = EngineId::ALL.into_iter().filter(|id| *id != engine.id);
        let others = others.map(|id| (id, Predictor::new(Engine::of(id), scene, now_s)));
        Self { here: Predictor::new(engine.clone(), scene, now_s), others: others.collect() }
    }

    /// The backend says something else of CORS from now on.
    pub(crate) fn set_policy(&mut self, policy: &CorsPolicy) {
        let others = self.others.iter_mut().map(|(_, other)| other);
        for predictor in others.chain([&mut self.here]) {
            predictor.set_policy(policy.clone());
        }
    }

    /// Time goes by at the gate.
    pub(crate) fn wait(&mut self, time: Duration) {
        let others = self.others.iter_mut().map(|(_, other)| other);
        others.chain([&mut self.here]).for_each(|predictor| predictor.wait(time));
    }

    /// Predicts one step; what other engines do only where it differs.
    pub(crate) fn step(
        &mut self,
        step: u32,
        asker: &Asker<'_>,
        via: Via,
    ) -> (Predicted, Vec<Elsewhere>) {
        let predicted = self.here.step(step, asker, via);
        if matches!(asker, Asker::Program(_)) {
            return (predicted, Vec::new());
        }
        let mut elsewhere = Vec::new();
        for (id, other) in &mut self.others {
            let theirs = other.step(step, asker, via);
            if theirs.differs(&predicted) {
                elsewhere.push(Elsewhere { engine: id.word(), predicted: theirs });
            }
        }
        (predicted, elsewhere)
    }
}

impl Predicted {
    /// Whether something else happens: that it happens for other reasons is no difference.
    fn differs(&self, other: &Self) -> bool {
        let told = |one: &Self| {
            (one.gets, one.backend.clone(), one.executed, one.gate.clone(), one.cookies.clone())
        };
        told(self) != told(other)
    }
}
