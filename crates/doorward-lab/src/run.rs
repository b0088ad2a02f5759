//! A run: one story, on one side of the gate, in one browser. Everything it says of what happened
//! was observed: by the page that asked, on the wire, and by the backend's own witness.

mod compare;
mod program;
mod seen;

pub use compare::{Fault, FaultKind};
pub use seen::{Ledger, LogLine, Seen};

use crate::acts::{Act, Opened, PREFIX, Report};
use crate::gate::Layers;
use crate::lab::{Lab, Scene, SceneError, Setting, unix_s};
use crate::predict::{Asker, Predicted, Predictor, Via};
use crate::scenario::{Caller, CorsWord, Expected, Place, Said, Scenario, Side, Step, Way};
use crate::wire::{Mark, Message, What};
use doorward_browser::{Engine, EngineId};
use serde::Serialize;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::oneshot;

/// How long a page may take with one step.
const STEP_PATIENCE: Duration = Duration::from_secs(12);

/// How long a page may take until it is there, and how often it is shown.
const FETCH_PATIENCE: Duration = Duration::from_millis(1_500);
const SHOWS_MAX: u32 = 3;

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

    /// Whether something is other than the file says: then its expectations do not hold.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.cors.is_some_and(|cors| cors != self.scenario.backend.cors)
            || (self.side == Side::On && self.layers != Layers::All)
    }
}

/// Where a page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// In a frame of the lab's page.
    Frame,
    /// In a window of its own: frames change which cookies travel.
    Window,
}

/// A page that is to be shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Show {
    /// Its address.
    pub url: String,
    /// Where.
    pub view: View,
}

/// Shows pages in a browser.
pub trait Screen: Send + Sync {
    /// Shows one page. That it was asked to is enough: what the page does tells the rest.
    ///
    /// # Errors
    /// When there is no browser any more, in words.
    fn show<'a>(
        &'a self,
        show: Show,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;
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
    let predictor = Predictor::new(spec.engine.clone(), &scene, unix_s());
    let mut run = Run { lab, spec, screen, scene, predictor, number };
    if spec.scenario.needs_window(spec.side) {
        run.forget().await?;
    }
    run.sign_in().await?;
    let mut steps = Vec::new();
    for (at, step) in spec.scenario.steps(spec.side) {
        if spec.only.is_some_and(|only| only != at) {
            continue;
        }
        let ran = run.step(at, step, listener).await?;
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

/// A run in progress.
struct Run<'a> {
    lab: &'a Lab,
    spec: &'a Spec,
    screen: &'a dyn Screen,
    scene: Scene,
    predictor: Predictor,
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
        for place in places.into_iter().filter(|place| *place != Place::PaidAi) {
            let origin = self.lab.sites().place(place, side);
            let act = Act {
                url: format!("{origin}{PREFIX}forget"),
                origin,
                way: Way::Fetch,
                method: "POST".to_owned(),
                said: Said::default(),
                says: "The lab forgets what an earlier story left".to_owned(),
            };
            self.show(act, View::Window, Mark { run: self.number, step: BEFORE }).await?;
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
        };
        let asker = Asker::Page { act: &act, frame_of: None };
        self.predictor.step(&asker, via(place, side));
        self.show(act, View::Window, mark).await?;
        Ok(())
    }

    async fn step(
        &mut self,
        at: usize,
        step: &Step,
        listener: &dyn Listener,
    ) -> Result<StepRan, RunError> {
        let mark = Mark { run: self.number, step: u32::try_from(at).unwrap_or(u32::MAX) };
        self.change_cors(step);
        let before = Ledger::of(self.lab);
        let side = self.spec.side;
        let via = via(step.to, side);
        let (predicted, shown, report) = if step.caller.is_page() {
            let act = self.act(step, mark)?;
            let view = if step.needs_window() { View::Window } else { View::Frame };
            let lab = self.lab.sites().lab();
            let frame_of = (view == View::Frame).then_some(lab.as_str());
            let predicted = self.predictor.step(&Asker::Page { act: &act, frame_of }, via);
            listener.began(self.number, at, &step.says, &predicted);
            let shown = act.shown();
            (predicted, shown, self.show(act, view, mark).await?)
        } else {
            let program = program::Program::new(self.lab, step, side, mark);
            let asker = program.asker();
            let predicted = asker.map(|asker| self.predictor.step(&asker, via));
            let predicted = predicted.unwrap_or_default();
            listener.began(self.number, at, &step.says, &predicted);
            (predicted, program.shown(), program.run().await)
        };
        let wire = self.lab.wire().of_step(mark);
        let seen = seen::Observed {
            witness: match step.to {
                Place::PaidAi => self.lab.paid_ai.witness(),
                Place::Api | Place::ShopHost | Place::Cdn | Place::Backend => {
                    self.scene.backend.witness()
                }
            },
            wire: &wire,
            mark,
            step,
            report,
            before,
        }
        .seen(Ledger::of(self.lab));
        let expected = self.expected(step);
        let faults = compare::faults(&predicted, &seen, expected.as_ref());
        let (says, caller) = (step.says.clone(), step.caller);
        Ok(StepRan { step: at, says, caller, shown, predicted, seen, expected, faults, wire })
    }

    fn change_cors(&mut self, step: &Step) {
        let scenario = &self.spec.scenario;
        let changed = step.cors(self.spec.side, &scenario.gate);
        if let Some(word) = changed.filter(|_| self.spec.cors.is_none()) {
            let policy = self.lab.policy(word, &scenario.backend.allows);
            self.scene.backend.set_cors(policy.clone());
            self.predictor.set_policy(policy);
        }
    }

    /// What the file says of this engine, with names filled in.
    fn expected(&self, step: &Step) -> Option<Expected> {
        if self.spec.is_changed() {
            return None;
        }
        let side = self.spec.side;
        let expected = step.expected(side)?;
        if !expected.says_something() {
            return None;
        }
        let mut expected = expected.in_engine(self.spec.engine.id);
        expected.origin = expected.origin.map(|origin| self.lab.fill(&origin, side));
        expected.gate = expected.gate.filter(|code| !code.is_empty());
        Some(expected)
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
        for value in said.headers.values_mut() {
            *value = self.lab.fill(value, side);
        }
        let path = mark.on(&said.path);
        Ok(Act {
            origin,
            way: step.way,
            method: step.method().to_owned(),
            url: self.lab.address(step.to, side, &path),
            said,
            says: step.says.clone(),
        })
    }

    /// Has a page shown until it is there. A browser that is still busy with the page before may
    /// drop it; nothing of it was done then.
    async fn bring(&self, show: Show, mut served: oneshot::Receiver<()>) -> Result<(), RunError> {
        for _ in 0..SHOWS_MAX {
            self.screen.show(show.clone()).await.map_err(RunError::Screen)?;
            if tokio::time::timeout(FETCH_PATIENCE, &mut served).await.is_ok() {
                return Ok(());
            }
        }
        // The step then says that nothing came.
        Ok(())
    }

    /// Shows an act's page and waits until it has acted.
    async fn show(&self, act: Act, view: View, mark: Mark) -> Result<Option<Report>, RunError> {
        let (navigates, tells) = (act.way.navigates(), !act.way.is_without_scripts());
        let Opened { url, served, report: reported } = self.lab.acts.open(act);
        self.bring(Show { url, view }, served).await?;
        let wire = self.lab.wire();
        let acted = async {
            if navigates || !tells {
                // Nobody is left to tell: the answer on the wire is the end.
                wire.quiet(mark, 1).await;
                return None;
            }
            let report = reported.await.ok();
            wire.quiet(mark, 0).await;
            report
        };
        Ok(tokio::time::timeout(STEP_PATIENCE, acted).await.unwrap_or_default())
    }
}

/// What a browser can be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SelfTest {
    /// It resolves the sites' names.
    pub names: bool,
    /// It says where requests come from: `Sec-Fetch-*`.
    pub metadata: bool,
}

/// How long a browser may take to resolve a name of this machine.
const SELF_TEST_PATIENCE: Duration = Duration::from_secs(4);

/// Shows a hostile page in a frame and lets it call the backend.
pub async fn self_test(lab: &Lab, screen: &dyn Screen) -> SelfTest {
    // Something must stand behind the taps to be called.
    let Some(mark) = lab.desk_mark(BEFORE).await else { return SelfTest::default() };
    let origin = lab.sites().page(Caller::Evil, Side::Off).unwrap_or_default();
    let act = Act {
        origin,
        way: Way::Fetch,
        method: "GET".to_owned(),
        url: lab.address(Place::Api, Side::Off, &mark.on("/status")),
        said: Said::default(),
        says: "The self-test".to_owned(),
    };
    let Opened { url, report: reported, .. } = lab.acts.open(act);
    if screen.show(Show { url, view: View::Frame }).await.is_err() {
        return SelfTest::default();
    }
    let names = tokio::time::timeout(SELF_TEST_PATIENCE, reported).await.is_ok_and(|r| r.is_ok());
    let is_told = |message: &Message| match &message.what {
        What::Request { headers, .. } => {
            headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("sec-fetch-site"))
        }
        What::Answer { .. } | What::Broken => false,
    };
    SelfTest { names, metadata: lab.wire().of_step(mark).iter().any(is_told) }
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
