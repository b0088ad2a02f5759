//! A run: one story, on one side of the gate, in one browser. Everything it says of what happened
//! was observed: by the page that asked, on the wire, and by the backend's own witness.

mod compare;
mod measure;
mod plan;
mod program;
mod seen;
mod stage;

pub use compare::{Fault, FaultKind};
pub use measure::{SelfTest, self_test, third_party};
pub(crate) use plan::{Plan, Source, asker, body_of, signed};
pub(crate) use seen::cookie_names;
pub use seen::{Ledger, LogLine, Seen};
pub use stage::{Screen, Show, View};

use crate::acts::{Act, PREFIX, Report};
use crate::client::Call;
use crate::gate::Layers;
use crate::lab::{Lab, Scene, SceneError, Setting, unix_s};
use crate::passes;
use crate::predict::{Asker, Elsewhere, Everywhere, Predicted, Via};
use crate::scenario::{self, Caller, CorsWord, Expected, Place, Said, Scenario, Side, Step, Way};
use crate::wire::{Mark, Message, Node, What};
use doorward_browser::{Engine, EngineId};
use serde::Serialize;
use stage::Stage;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Euros that one story moves, at most.
const STORY_EUROS_MAX: i64 = 200;

/// Why a run came to no end.
#[derive(Debug, Error)]
pub enum RunError {
    /// The scene could not be set.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// Nobody shows pages.
    #[error("no browser shows the pages: {0}")]
    Screen(String),
    /// A page of the story has no address in this naming.
    #[error("{0} has no name of its own here: the sites are named localhost and 127.0.0.1")]
    NoSuchPage(&'static str),
    /// The scenario cannot be run on this side.
    #[error("{0}")]
    NoSuchSide(String),
}

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The story.
    pub scenario: Arc<Scenario>,
    /// Without the gate, or with it.
    pub side: Side,
    /// The browser that it runs in, with its knobs.
    pub engine: Engine,
    /// Another CORS of the backend's than the story's.
    pub cors: Option<CorsWord>,
    /// The gate's layers.
    pub layers: Layers,
    /// One step alone, from 0.
    pub only: Option<usize>,
}

impl Spec {
    /// The story as its file has it.
    #[must_use]
    pub const fn new(scenario: Arc<Scenario>, side: Side, engine: Engine) -> Self {
        Self { scenario, side, engine, cors: None, layers: Layers::All, only: None }
    }

    /// Whether a step is to be run: alone it still needs the one that it copies, and the cookies
    /// that pages wrote before.
    fn wants(&self, at: usize) -> bool {
        let Some(only) = self.only else { return true };
        let copied = self.scenario.steps.get(only).and_then(Step::copied);
        let sets = |at| self.scenario.steps.get(at).is_some_and(Step::sets_cookies);
        at == only || copied == Some(at) || (at < only && sets(at))
    }

    /// Whether something is other than the file says: then its expectations do not hold.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.cors.is_some_and(|cors| cors != self.scenario.backend.cors)
            || (self.side == Side::On && self.layers != Layers::All)
    }
}

/// One step that was run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepRan {
    /// Its place in the file, from 0.
    pub step: usize,
    /// What happens in it.
    pub says: String,
    /// Who does it.
    pub caller: Caller,
    /// The request as its author would write it.
    pub shown: String,
    /// What was predicted before it ran.
    pub predicted: Predicted,
    /// What is predicted for other engines, where that is something else.
    pub elsewhere: Vec<Elsewhere>,
    /// What was seen.
    pub seen: Seen,
    /// What the file says must be seen; none where something is other than the file says.
    pub expected: Option<Expected>,
    /// What does not agree; empty: all is well.
    pub faults: Vec<Fault>,
    /// What travelled.
    pub wire: Vec<Message>,
}

/// A run that came to its end.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ran {
    /// Its number.
    pub run: u64,
    /// The scenario's id.
    pub scenario: String,
    /// Which side.
    pub gate: Side,
    /// In which engine.
    pub engine: &'static str,
    /// The backend's CORS when it began.
    pub cors: CorsWord,
    /// The gate's layers.
    pub layers: Layers,
    /// The gate's configuration, where there is one.
    pub config: Option<String>,
    /// The steps.
    pub steps: Vec<StepRan>,
    /// Whether everything agrees.
    pub ok: bool,
    /// The bank afterwards.
    pub balances: Vec<(&'static str, i64)>,
}

/// What a run tells while it goes on.
pub trait Listener: Send + Sync {
    /// A step begins; this is predicted of it.
    fn began(&self, run: u64, step: usize, says: &str, predicted: &Predicted);
    /// A step has ended.
    fn ended(&self, run: u64, step: &StepRan);
}

/// Runs a story from its beginning to its end.
///
/// # Errors
/// When it cannot be begun, or nobody shows its pages.
pub async fn run(
    lab: &Lab,
    spec: &Spec,
    screen: &dyn Screen,
    listener: &dyn Listener,
) -> Result<Ran, RunError> {
    let _alone = lab.stage.lock().await;
    if spec.side == Side::On && !spec.scenario.has_gate() {
        let layers = spec.scenario.waits_for.join(", ");
        return Err(RunError::NoSuchSide(format!("not built yet: {layers}")));
    }
    let setting = Setting {
        scenario: &spec.scenario,
        side: spec.side,
        cors: spec.cors,
        layers: spec.layers.clone(),
    };
    // Who has nothing left cannot be robbed.
    if lab.bank.balance("ann").is_none_or(|balance| balance < STORY_EUROS_MAX) {
        lab.reset_bank();
    }
    let scene = lab.set(&setting).await?;
    let number = lab.next_run();
    let predictors = Everywhere::new(&spec.engine, &scene, unix_s());
    let mut run = Run { lab, spec, stage: Stage { lab, screen }, scene, predictors, number };
    if spec.scenario.needs_window(spec.side) {
        run.forget().await?;
    }
    run.sign_in().await?;
    let mut steps = Vec::new();
    for (at, step) in spec.scenario.steps(spec.side) {
        if !spec.wants(at) {
            continue;
        }
        let ran = run.step(at, &step, listener).await?;
        listener.ended(number, &ran);
        steps.push(ran);
    }
    if spec.scenario.sign_in.is_some() {
        run.forget().await?;
    }
    Ok(Ran {
        run: number,
        scenario: spec.scenario.id.clone(),
        gate: spec.side,
        engine: spec.engine.id.word(),
        cors: setting.cors(),
        layers: spec.layers.clone(),
        config: run.scene.config.clone(),
        ok: steps.iter().all(|step| step.faults.is_empty()),
        steps,
        balances: lab.balances(),
    })
}

/// What is going to happen here, and in other engines where it is something else.
type Foreseen = (Predicted, Vec<Elsewhere>);

/// A run in progress.
struct Run<'a> {
    lab: &'a Lab,
    spec: &'a Spec,
    stage: Stage<'a>,
    scene: Scene,
    predictors: Everywhere,
    number: u64,
}

/// The mark of what happens before the first step.
const BEFORE: u32 = 999;

impl Run<'_> {
    /// Forgets what earlier stories left in the browser: on each host's own page.
    async fn forget(&self) -> Result<(), RunError> {
        let (scenario, side) = (&self.spec.scenario, self.spec.side);
        let steps = scenario.steps(side).map(|(_, step)| step.to);
        let mut places: Vec<Place> =
            steps.chain(scenario.sign_in.iter().map(|own| own.at)).collect();
        places.sort_unstable();
        places.dedup();
        let sets = gone(scenario);
        for place in places.into_iter().filter(|place| *place != Place::PaidAi) {
            let origin = self.lab.sites().place(place, side);
            let act = Act {
                url: format!("{origin}{PREFIX}forget"),
                origin,
                way: Way::Fetch,
                method: "POST".to_owned(),
                said: Said { sets: sets.clone(), ..Said::default() },
                says: "The lab forgets what an earlier story left".to_owned(),
                script: None,
            };
            self.stage.show(act, View::Window, Mark { run: self.number, step: BEFORE }).await?;
        }
        Ok(())
    }

    /// Signs Ann in, where the story says so: on the API's own page, as she would.
    async fn sign_in(&mut self) -> Result<(), RunError> {
        let Some(sign_in) = &self.spec.scenario.sign_in else { return Ok(()) };
        let (place, side) = (sign_in.at, self.spec.side);
        let mark = Mark { run: self.number, step: BEFORE };
        let path = mark.on(&sign_in.path);
        let act = Act {
            origin: self.lab.sites().place(place, side),
            way: Way::Fetch,
            method: "POST".to_owned(),
            url: self.lab.address(place, side, &path),
            said: Said::default(),
            says: "Ann signs in".to_owned(),
            script: None,
        };
        let asker = Asker::Page { act: &act, frame_of: None };
        self.predictors.step(BEFORE, &asker, via(place, side));
        self.stage.show(act, View::Window, mark).await?;
        Ok(())
    }

    async fn step(
        &mut self,
        at: usize,
        step: &Step,
        listener: &dyn Listener,
    ) -> Result<StepRan, RunError> {
        let mark = self.mark(at);
        self.change_cors(step);
        self.wait(step);
        let before = Ledger::of(self.lab);
        self.lab.wire().begin(mark);
        let (foreseen, shown, report) = self.acted(at, step, listener).await?;
        let (predicted, elsewhere) = foreseen;
        let wire = self.lab.wire().of_step(mark);
        let witnesses = [self.scene.backend.witness(), self.lab.paid_ai.witness()];
        let key = self.lab.fill("{paid-key}", self.spec.side);
        let seen = seen::Observed {
            witnesses,
            wire: &wire,
            mark,
            step,
            report,
            before,
            key: &key,
            shown: &shown,
        }
        .seen(Ledger::of(self.lab));
        let expected = self.expected(step);
        let faults = compare::faults(&predicted, &seen, expected.as_ref());
        let (says, caller) = (step.says.clone(), step.caller);
        Ok(StepRan {
            step: at,
            says,
            caller,
            shown,
            predicted,
            elsewhere,
            seen,
            expected,
            faults,
            wire,
        })
    }

    /// Has somebody act, and says before what is going to happen.
    async fn acted(
        &mut self,
        at: usize,
        step: &Step,
        listener: &dyn Listener,
    ) -> Result<(Foreseen, String, Option<Report>), RunError> {
        let (mark, side) = (self.mark(at), self.spec.side);
        let via = via(step.to, side);
        if step.caller.is_page() {
            let act = self.act(step, mark)?;
            let view = if step.needs_window() { View::Window } else { View::Frame };
            let lab = self.lab.sites().lab();
            let frame_of = (view == View::Frame).then_some(lab.as_str());
            let asker = Asker::Page { act: &act, frame_of };
            let foreseen = self.predictors.step(mark.step, &asker, via);
            listener.began(self.number, at, &step.says, &foreseen.0);
            let shown = act.shown();
            return Ok((foreseen, shown, self.stage.show(act, view, mark).await?));
        }
        let plan = Plan::new(self.lab, step, side, mark);
        let foreseen = self.predictors.step(mark.step, &Asker::Program(&plan), via);
        listener.began(self.number, at, &step.says, &foreseen.0);
        let travelled = step.copied().and_then(|copied| self.travelled(copied));
        let program = program::Program {
            lab: self.lab,
            step,
            side,
            mark,
            clock: self.scene.gate.as_ref().map(|gate| &**gate.clock()),
            plan: &plan,
            call: program::Program::call(&plan, travelled),
        };
        Ok((foreseen, program.shown(), program.run().await))
    }

    /// What a step sent, as the network tab has it.
    fn travelled(&self, step: usize) -> Option<Call> {
        let mark = self.mark(step);
        let own = self.spec.scenario.step(step, self.spec.side)?;
        let origin = self.lab.sites().place(own.to, self.spec.side);
        let scheme = origin.split_once("://").map_or("http", |(scheme, _)| scheme);
        let wire = self.lab.wire().of_step(mark).into_iter();
        let mut asked =
            wire.filter(|message| message.from == Node::Caller && !message.what.is_aside());
        asked.find_map(|message| match message.what {
            What::Request { method, host, target, headers } if method != "OPTIONS" => {
                let url = format!("{scheme}://{host}{}", mark.on(&target));
                Some(Call { method, url, headers, body: body_of(&own.request) })
            }
            What::Request { .. } | What::Answer { .. } | What::Broken => None,
        })
    }

    fn mark(&self, step: usize) -> Mark {
        Mark { run: self.number, step: u32::try_from(step).unwrap_or(u32::MAX) }
    }

    /// Turns the gate's clock on, where the step says that time goes by.
    fn wait(&mut self, step: &Step) {
        let Some(gate) = self.scene.gate.as_ref().filter(|_| step.later > 0) else { return };
        let time = Duration::from_secs(u64::from(step.later));
        gate.clock().turn_on(time);
        self.predictors.wait(time);
    }

    fn change_cors(&mut self, step: &Step) {
        let scenario = &self.spec.scenario;
        let changed = step.cors(self.spec.side, &scenario.gate);
        if let Some(word) = changed.filter(|_| self.spec.cors.is_none()) {
            let policy = self.lab.policy(word, &scenario.backend.allows);
            self.predictors.set_policy(&policy);
            self.scene.backend.set_cors(policy);
        }
    }

    /// What the file says of this engine, with names filled in.
    fn expected(&self, step: &Step) -> Option<Expected> {
        let side = self.spec.side;
        // A file speaks of browsers as they are installed.
        let other_cookies = self.spec.engine != Engine::of(self.spec.engine.id)
            && self.spec.scenario.needs_window(side);
        let not_here = cannot_show(&self.spec.scenario, self.spec.engine.id, self.lab.sites().tls);
        if self.spec.is_changed() || other_cookies || not_here.is_some() {
            return None;
        }
        let expected = step.expected(side)?;
        if !expected.says_something() {
            return None;
        }
        let mut expected = expected.in_engine(self.spec.engine.id);
        expected.origin = expected.origin.map(|origin| self.lab.fill(&origin, side));
        expected.gate = expected.gate.filter(|code| !code.is_empty());
        Some(expected)
    }

    /// The script of the gate that a step calls: of this gate, not what a browser kept of another.
    fn script(&self, step: &Step, mark: Mark) -> String {
        self.lab.address(step.to, Side::On, &mark.on(passes::SCRIPT))
    }

    fn act(&self, step: &Step, mark: Mark) -> Result<Act, RunError> {
        let side = self.spec.side;
        let origin = match step.caller {
            // The API's own page stands where the API is called.
            Caller::Own => Some(self.lab.sites().place(step.to, side)),
            caller => self.lab.sites().page(caller, side),
        };
        let origin = origin.ok_or(RunError::NoSuchPage(step.caller.word()))?;
        let mut said = step.request.clone();
        said.with_csrf &= side == Side::On;
        for value in said.headers.values_mut().chain(&mut said.sets) {
            *value = self.lab.fill(value, side).replace("{evil-session}", &self.scene.evil_session);
        }
        let path = mark.on(&said.path);
        Ok(Act {
            origin,
            way: step.way,
            method: step.method().to_owned(),
            url: self.lab.address(step.to, side, &path),
            said,
            says: step.says.clone(),
            script: (step.request.signed && side == Side::On).then(|| self.script(step, mark)),
        })
    }
}

/// What pages of any story wrote into `document.cookie`, once more, with its time over: a story
/// may have been left before its end.
fn gone(scenario: &Scenario) -> Vec<String> {
    let all = scenario::all().unwrap_or_default();
    let steps = all.iter().flat_map(|other| &other.steps).chain(&scenario.steps);
    let said =
        steps.flat_map(|step| step.with_gate.iter().map(|own| &own.request).chain([&step.request]));
    let lines = said.flat_map(|said| &said.sets).map(|line| format!("{line}; Max-Age=0"));
    lines.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Which way a request goes to a place.
const fn via(place: Place, side: Side) -> Via {
    match (place, side) {
        (Place::Cdn, _) => Via::Cache,
        (Place::PaidAi, _) => Via::PaidAi,
        (Place::Backend, _) | (Place::Api | Place::ShopHost, Side::Off) => Via::Backend,
        (Place::Api | Place::ShopHost, Side::On) => Via::Gate,
    }
}

/// Why an engine cannot show a scenario, if it cannot.
#[must_use]
pub fn cannot_show(scenario: &Scenario, engine: EngineId, tls: bool) -> Option<&str> {
    let why = scenario.not_on_http.get(engine.word()).filter(|_| !tls);
    why.map(String::as_str)
}
