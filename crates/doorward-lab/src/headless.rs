//! `doorward lab --headless`: every story in every engine, on both sides of the gate, without a
//! person.
//!
//! The same runs as on the lab's page, shown by the same scripts; only whoever clicks is a driver.

use crate::browsers::{Browser, BrowserError, BrowserOptions};
use crate::causes;
use crate::control::{Control, Difference, Watcher};
use crate::lab::{Lab, LabError, LabOptions};
use crate::record::fault_text;
use crate::run::{Ran, RunError, Spec, cannot_show, run};
use crate::scenario::{Scenario, Side};
use doorward_browser::{Engine, EngineId, ThirdParty};
use fantoccini::Locator;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one story may take on one side.
const STORY_PATIENCE: Duration = Duration::from_secs(60);
/// How long the lab's page may take to be ready.
const PAGE_PATIENCE: Duration = Duration::from_secs(20);

/// What is to be run.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The engines; all when there is none.
    pub engines: Vec<EngineId>,
    /// The stories, by id or row; all when there is none.
    pub scenarios: Vec<String>,
    /// Stories of one's own.
    pub own: Vec<Scenario>,
    /// The sites speak TLS.
    pub tls: bool,
    /// Cookies of other sites, where an engine can be told; none leaves it as it is installed.
    pub third_party: Option<ThirdParty>,
}

/// How browsers are started.
#[derive(Clone, Copy)]
struct How {
    tls: bool,
    third_party: Option<ThirdParty>,
}

impl How {
    /// The engine, started so.
    fn engine(self, id: EngineId) -> Engine {
        let engine = Engine::of(id);
        match self.third_party.filter(|_| id != EngineId::WebKit) {
            Some(third_party) => Engine { third_party, ..engine },
            None => engine,
        }
    }
}

/// What came of a story in an engine, on one side.
#[derive(Clone, Debug)]
pub enum Came {
    /// It was run.
    Ran(Arc<Ran>),
    /// The gate's layers that it needs are not built yet.
    NotBuilt(String),
    /// This engine cannot show it over http, and why.
    NotShown(String),
    /// It has no such side.
    NoSide,
    /// It came to no end.
    Broken(String),
}

/// One line of the outcome.
#[derive(Clone, Debug)]
pub struct Line {
    /// The story.
    pub scenario: Arc<Scenario>,
    /// The engine.
    pub engine: EngineId,
    /// The side.
    pub side: Side,
    /// What came of it.
    pub came: Came,
}

/// Everything that came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// A line for each story, engine and side.
    pub lines: Vec<Line>,
    /// Engines that are not here, and what is missing.
    pub missing: Vec<(EngineId, String)>,
    /// The engines that ran, their versions, and the seconds that all stories took.
    pub ran_in: Vec<(EngineId, String, f64)>,
    /// How often a browser had to be started again because its driver failed.
    pub retries: u32,
    /// Where the engines differ.
    pub differences: Vec<Difference>,
}

/// The counts of an outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Runs in which everything agreed.
    pub agreed: usize,
    /// Runs in which something did not, or that came to no end.
    pub disagreed: usize,
    /// Sides that wait for a layer.
    pub not_built: usize,
    /// What an engine cannot show over http.
    pub not_shown: usize,
}

/// Runs all that is wanted; `tell` hears what is going on.
///
/// # Errors
/// When the lab does not start, or a wanted story is none of its own.
pub async fn headless(
    wanted: Wanted,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<(Outcome, Arc<Control>), HeadlessError> {
    let options = LabOptions { tls: wanted.tls, any_ports: true, ..LabOptions::default() };
    let (lab, bound) = Lab::start(options).await?;
    let control = Control::new(lab, wanted.own)?;
    let _serving = control.serve(bound);
    let mut stories = Vec::new();
    for id in &wanted.scenarios {
        let story = control.scenario(id).cloned();
        stories.push(story.ok_or_else(|| HeadlessError::NoSuchScenario(id.clone()))?);
    }
    if stories.is_empty() {
        stories = control.scenarios().to_vec();
    }
    let engines = match wanted.engines.as_slice() {
        [] => EngineId::ALL.to_vec(),
        engines => engines.to_vec(),
    };
    let how = How { tls: wanted.tls, third_party: wanted.third_party };
    let mut outcome = Outcome::default();
    for engine in engines {
        match Show::open(&control, engine, how).await {
            Ok(show) => {
                tell(&format!("{engine} {}", show.browser.version));
                all_in(show, &control, &stories, how, &mut outcome, tell).await;
            }
            Err(BrowserError::Missing(missing)) => {
                outcome.missing.push((engine, missing.to_string()));
            }
            Err(error) => outcome.missing.push((engine, causes(&error))),
        }
    }
    outcome.differences = control.results().differences(&stories);
    Ok((outcome, control))
}

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum HeadlessError {
    /// The lab does not start.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// A wanted story is none.
    #[error("there is no scenario `{0}`; `doorward lab --list` names them")]
    NoSuchScenario(String),
}

/// A browser that shows stories.
struct Show {
    browser: Browser,
    watcher: Watcher,
}

impl Show {
    async fn open(
        control: &Arc<Control>,
        engine: EngineId,
        how: How,
    ) -> Result<Self, BrowserError> {
        let (accepts_any_certificate, third_party) = (how.tls, how.third_party);
        let options =
            BrowserOptions { accepts_any_certificate, third_party, ..BrowserOptions::default() };
        let browser = Browser::open(engine, options).await?;
        let ready = async {
            let client = browser.client();
            client.goto(&control.stage_address()).await?;
            let watcher = control.first_watcher().await;
            client.find(Locator::Css("#open")).await?.click().await?;
            client.wait().for_element(Locator::Css("body[data-window=open]")).await?;
            Ok(watcher)
        };
        match tokio::time::timeout(PAGE_PATIENCE, ready).await {
            Ok(Ok(watcher)) => Ok(Self { browser, watcher }),
            Ok(Err(error)) => Err(BrowserError::Command(error)),
            Err(_) => Err(BrowserError::TooSlow("the lab's page".to_owned())),
        }
    }
}

async fn all_in(
    show: Show,
    control: &Arc<Control>,
    stories: &[Arc<Scenario>],
    how: How,
    outcome: &mut Outcome,
    tell: &(dyn Fn(&str) + Sync),
) {
    let begun = Instant::now();
    let (engine, version) = (show.browser.engine(), show.browser.version.clone());
    let mut show = Some(show);
    for scenario in stories {
        for side in [Side::Off, Side::On] {
            let came = match without_running(scenario, engine, side, how.tls) {
                Some(came) => came,
                None => one(&mut show, control, scenario, side, how, outcome).await,
            };
            tell(&told(scenario, side, &came));
            outcome.lines.push(Line { scenario: Arc::clone(scenario), engine, side, came });
        }
    }
    if let Some(show) = show {
        // Whether it ends in good order says nothing of the stories.
        let _ = show.browser.close().await;
    }
    outcome.ran_in.push((engine, version, begun.elapsed().as_secs_f64()));
}

/// What needs no run.
fn without_running(scenario: &Scenario, engine: EngineId, side: Side, tls: bool) -> Option<Came> {
    if side == Side::On && !scenario.has_gate() {
        return Some(Came::NotBuilt(scenario.waits_for.join(", ")));
    }
    if side == Side::Off && scenario.gate_only {
        return Some(Came::NoSide);
    }
    cannot_show(scenario, engine, tls).map(|why| Came::NotShown(why.to_owned()))
}

/// Runs one story. A browser that is lost is started again, once: a verdict never is.
async fn one(
    show: &mut Option<Show>,
    control: &Arc<Control>,
    scenario: &Arc<Scenario>,
    side: Side,
    how: How,
    outcome: &mut Outcome,
) -> Came {
    let Some(mut own) = show.take() else { return Came::Broken("there is no browser".to_owned()) };
    let engine = own.browser.engine();
    let spec = Spec::new(Arc::clone(scenario), side, how.engine(engine));
    let mut tries = 0;
    loop {
        control.lab().reset_bank();
        let ran = run(control.lab(), &spec, &own.watcher, &own.watcher);
        let lost = match tokio::time::timeout(STORY_PATIENCE, ran).await {
            Ok(Ok(ran)) => {
                let ran = control.results().take(ran, scenario, false);
                *show = Some(own);
                return Came::Ran(ran);
            }
            Ok(Err(RunError::Screen(why))) => why,
            Ok(Err(error)) => {
                *show = Some(own);
                return Came::Broken(causes(&error));
            }
            Err(_) => "the story took too long".to_owned(),
        };
        tries += 1;
        if tries > 1 {
            *show = Some(own);
            return Came::Broken(lost);
        }
        drop(own);
        outcome.retries += 1;
        own = match Show::open(control, engine, how).await {
            Ok(own) => own,
            Err(error) => return Came::Broken(causes(&error)),
        };
    }
}

fn told(scenario: &Scenario, side: Side, came: &Came) -> String {
    let gate = if side == Side::Off { "off" } else { "on " };
    let row = scenario.row.as_deref().unwrap_or("-");
    let word = match came {
        Came::Ran(ran) if ran.ok => "agrees".to_owned(),
        Came::Ran(ran) => format!("DISAGREES: {}", faults(ran).join("; ")),
        Came::NotBuilt(layers) => format!("not built yet: {layers}"),
        Came::NotShown(why) => format!("cannot be shown on http: {why}"),
        Came::NoSide => "has no such side".to_owned(),
        Came::Broken(why) => format!("BROKEN: {why}"),
    };
    format!("  {row:<4} {:<22} gate {gate}  {word}", scenario.id)
}

fn faults(ran: &Ran) -> Vec<String> {
    let steps = ran.steps.iter().flat_map(|step| {
        step.faults.iter().map(|fault| format!("step {}, {}", step.step + 1, fault_text(fault)))
    });
    steps.collect()
}

impl Outcome {
    /// The counts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for line in &self.lines {
            match &line.came {
                Came::Ran(ran) if ran.ok => counts.agreed += 1,
                Came::Ran(_) | Came::Broken(_) => counts.disagreed += 1,
                Came::NotBuilt(_) => counts.not_built += 1,
                Came::NotShown(_) => counts.not_shown += 1,
                Came::NoSide => {}
            }
        }
        counts
    }

    /// The whole as JSON. What was not run is told of beside the results, never among them.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut results = Vec::new();
        let mut not_run = Vec::new();
        for line in &self.lines {
            let gate = line.side;
            let (id, row, engine) = (&line.scenario.id, &line.scenario.row, line.engine.word());
            let of = |why: &str, says: &str| {
                json!({ "scenario": id, "row": row, "engine": engine, "gate": gate, "why": why,
                    "says": says })
            };
            match &line.came {
                Came::Ran(ran) => results.push(result(ran, row.as_deref())),
                Came::Broken(why) => results.push(json!({
                    "scenario": id, "row": row, "engine": engine, "gate": gate, "predicted": [],
                    "browser": [], "backend": [], "ok": false, "faults": [why],
                })),
                Came::NotBuilt(layers) => {
                    not_run.push(of("not-built-yet", &format!("not built yet: {layers}")));
                }
                Came::NotShown(why) => not_run.push(of("not-on-http", why)),
                Came::NoSide => {}
            }
        }
        let engines = self.ran_in.iter().map(|(engine, version, seconds)| {
            json!({ "engine": engine.word(), "version": version, "seconds": seconds })
        });
        let missing = self
            .missing
            .iter()
            .map(|(engine, what)| json!({ "engine": engine.word(), "says": what }));
        json!({
            "results": results,
            "not-run": not_run,
            "engines": engines.collect::<Vec<_>>(),
            "missing-engines": missing.collect::<Vec<_>>(),
            "differences": self.differences,
            "counts": self.counts(),
            "retries": self.retries,
        })
    }
}

/// One run as others rely on it.
fn result(ran: &Ran, row: Option<&str>) -> Value {
    let predicted = ran.steps.iter().map(|step| {
        let predicted = &step.predicted;
        json!({
            "gets": predicted.gets, "backend": predicted.backend, "gate": predicted.gate,
            "cookies": predicted.cookies,
            "rules": predicted.rules.iter().map(|rule| &rule.id).collect::<Vec<_>>(),
        })
    });
    let browser = ran.steps.iter().map(|step| {
        let seen = &step.seen;
        json!({
            "caller": step.caller, "gets": seen.gets, "status": seen.status, "error": seen.error,
            "cookies": seen.cookies, "origin": seen.origin, "gate": seen.gate, "price": seen.price,
            "shows-key": seen.shows_key,
        })
    });
    let backend = ran.steps.iter().map(|step| {
        let seen = &step.seen;
        json!({
            "says": seen.backend, "executed": seen.executed, "moved": seen.moved, "log": seen.log,
        })
    });
    json!({
        "scenario": ran.scenario, "row": row, "engine": ran.engine, "gate": ran.gate,
        "predicted": predicted.collect::<Vec<_>>(),
        "browser": browser.collect::<Vec<_>>(),
        "backend": backend.collect::<Vec<_>>(),
        "ok": ran.ok,
        "faults": faults(ran),
    })
}
