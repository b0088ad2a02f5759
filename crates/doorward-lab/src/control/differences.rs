//! Where the engines differ: what was seen in those that ran, and what is predicted for the others.

use super::Results;
use crate::run::{Ran, StepRan};
use crate::scenario::{Backend, Gets, Scenario, Side};
use doorward_browser::EngineId;
use serde::Serialize;
use std::sync::Arc;

/// One step at which engines differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// The story.
    pub scenario: String,
    /// The side.
    pub gate: Side,
    /// The step, from 0.
    pub step: usize,
    /// What happens in it.
    pub says: String,
    /// What each engine does, in the order of [`EngineId::ALL`].
    pub engines: Vec<Told>,
}

/// What one engine does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Told {
    /// Which one.
    pub engine: &'static str,
    /// It was seen here; else it is what the model says of that engine.
    pub seen: bool,
    /// What the page got.
    pub gets: Option<Gets>,
    /// The names of the cookies that arrived.
    pub cookies: Vec<String>,
    /// What the backend's log says, each once.
    pub backend: Vec<Backend>,
}

impl Told {
    fn seen(step: &StepRan, engine: &'static str) -> Self {
        let own = step.seen.clone();
        let (gets, cookies, backend) = (own.gets, own.cookies, own.backend);
        Self { engine, seen: true, gets, cookies, backend }
    }

    /// What another engine's run predicts for this one: the same as for itself, where it says
    /// nothing else.
    fn predicted(step: &StepRan, engine: &'static str) -> Self {
        let other = step.elsewhere.iter().find(|other| other.engine == engine);
        let own = other.map_or(&step.predicted, |other| &other.predicted).clone();
        let (gets, cookies, backend) = (own.gets, own.cookies, own.backend);
        Self { engine, seen: false, gets, cookies, backend }
    }

    fn is_other_than(&self, other: &Self) -> bool {
        (self.gets, &self.cookies, &self.backend) != (other.gets, &other.cookies, &other.backend)
    }

    /// What it does, in words: only that which is not the same everywhere.
    #[must_use]
    pub fn text(&self, of: &Difference) -> String {
        let mut parts = Vec::new();
        let differs = |same: &dyn Fn(&Self) -> bool| of.engines.iter().any(|one| !same(one));
        if differs(&|one| one.cookies == self.cookies) {
            parts.push(match self.cookies.as_slice() {
                [] => "no cookie goes along".to_owned(),
                names => format!("along go {}", names.join(", ")),
            });
        }
        if differs(&|one| one.gets == self.gets) {
            parts.push(gets(self.gets).to_owned());
        }
        if differs(&|one| one.backend == self.backend) {
            let runs = self.backend.contains(&Backend::Executed);
            parts.push(
                if runs { "the backend runs it" } else { "the backend does not run it" }.to_owned(),
            );
        }
        parts.join("; ")
    }
}

const fn gets(gets: Option<Gets>) -> &'static str {
    match gets {
        Some(Gets::Read) => "the page reads the answer",
        Some(Gets::Hidden) => "the answer is hidden",
        Some(Gets::Opaque) => "an answer without content",
        Some(Gets::Throws) => "nothing is sent",
        Some(Gets::Navigated) => "the visitor sees the answer",
        Some(Gets::Silent) => "no script waits for it",
        Some(Gets::Nothing) => "nothing came back",
        None => "not modelled",
    }
}

impl Results {
    /// Every step of what was run at which the engines differ.
    #[must_use]
    pub fn differences(&self, scenarios: &[Arc<Scenario>]) -> Vec<Difference> {
        let mut found = Vec::new();
        for scenario in scenarios {
            for gate in [Side::Off, Side::On] {
                let ran: Vec<&Arc<Ran>> = self
                    .stories()
                    .filter(|ran| ran.scenario == scenario.id && ran.gate == gate)
                    .collect();
                for (step, own) in scenario.steps(gate) {
                    let says = own.says.clone();
                    if let Some(engines) = told(&ran, step) {
                        let scenario = scenario.id.clone();
                        found.push(Difference { scenario, gate, step, says, engines });
                    }
                }
            }
        }
        found
    }
}

/// What every engine does in a step; none when all do the same, or none ran it.
fn told(ran: &[&Arc<Ran>], step: usize) -> Option<Vec<Told>> {
    let of = |ran: &Arc<Ran>| ran.steps.iter().position(|own| own.step == step);
    let steps: Vec<(&'static str, &StepRan)> =
        ran.iter().filter_map(|ran| Some((ran.engine, &ran.steps[of(ran)?]))).collect();
    let (_, any) = steps.first()?;
    if !any.caller.is_page() {
        return None;
    }
    let engines: Vec<Told> = EngineId::ALL
        .into_iter()
        .map(|id| match steps.iter().find(|(engine, _)| *engine == id.word()) {
            Some((engine, own)) => Told::seen(own, engine),
            None => Told::predicted(any, id.word()),
        })
        .collect();
    let (first, others) = engines.split_first()?;
    others.iter().any(|other| other.is_other_than(first)).then_some(engines)
}
