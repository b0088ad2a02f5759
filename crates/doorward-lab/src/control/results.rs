//! What was run so far, and the tables that are made of it. Every cell is a run that was seen; what
//! was not run is empty.

use crate::gate::{Layer, Layers};
use crate::run::{Ran, StepRan};
use crate::scenario::{Backend, Gets, Scenario, Side};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

/// Runs kept in full, for their pages.
const RUNS_MAX: usize = 200;

/// The essay's own rows, in its order.
const ESSAY: [&str; 5] =
    ["simple GET", "GET with Authorization", "JSON POST", "form POST", "any script"];

/// All results.
#[derive(Default)]
pub struct Results {
    runs: Vec<Arc<Ran>>,
    /// The last run of each story as its file has it.
    stories: HashMap<(String, Side, &'static str), Arc<Ran>>,
    /// The last run of each attack in each column of the matrix.
    cells: HashMap<(String, usize, Column), Cell>,
}

/// One row of the closing table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TableRow {
    /// The kind of request.
    pub kind: String,
    /// Who sends it.
    pub caller: &'static str,
    /// Whose word this is.
    pub engine: String,
    /// The story that it is from.
    pub scenario: String,
    /// One of the essay's own five.
    pub essay: bool,
    /// Layers that it waits for.
    pub waits_for: Vec<String>,
    /// It happens without the gate at all.
    pub is_off: bool,
    /// It happens with the gate.
    pub is_on: bool,
    /// What CORS alone does.
    pub off: Option<TableCell>,
    /// What the gate does.
    pub on: Option<TableCell>,
}

/// What was seen of one kind of request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TableCell {
    /// What the caller got, in words.
    pub browser: &'static str,
    /// What the backend did, in words.
    pub backend: String,
    /// The gate's code.
    pub gate: Option<String>,
}

/// A column of the defence matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// CORS alone.
    None,
    /// One layer of the gate.
    One(Layer),
    /// All that the story has.
    All,
}

/// What came of an attack in one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cell {
    /// The backend did not run it, or not beyond its share.
    pub stopped: bool,
    /// By which code, or what ran.
    pub how: String,
}

/// One attack, and what came of it in every column.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MatrixRow {
    /// The story.
    pub scenario: String,
    /// The step, from 0.
    pub step: usize,
    /// What it is.
    pub says: String,
    /// Whether the gate can be on for it.
    pub has_gate: bool,
    /// Whether it happens without one.
    pub has_off: bool,
    /// The cells, by column.
    pub cells: Vec<(Column, Option<Cell>)>,
}

impl Column {
    /// All of them, in order.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let layers = Layer::ALL.into_iter().map(Self::One);
        std::iter::once(Self::None).chain(layers).chain([Self::All]).collect()
    }

    fn of(ran: &Ran) -> Option<Self> {
        match (ran.gate, &ran.layers) {
            (Side::Off, _) => Some(Self::None),
            (Side::On, Layers::All) => Some(Self::All),
            (Side::On, Layers::Only(layer)) => Some(Self::One(*layer)),
            (Side::On, Layers::Without(_)) => None,
        }
    }

    /// Its heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::None => "CORS alone",
            Self::One(layer) => layer.id(),
            Self::All => "all layers",
        }
    }
}

impl Results {
    /// Takes a run in. `is_changed`: its backend's CORS was not the file's.
    pub fn take(&mut self, ran: Ran, scenario: &Scenario, is_changed: bool) -> Arc<Ran> {
        let ran = Arc::new(ran);
        if self.runs.len() >= RUNS_MAX {
            self.runs.remove(0);
        }
        self.runs.push(Arc::clone(&ran));
        let own_cors = ran.cors == scenario.backend.cors || scenario.gate.cors == Some(ran.cors);
        if let Some(column) = Column::of(&ran).filter(|_| own_cors) {
            for step in &ran.steps {
                let is_attack = scenario.steps.get(step.step).is_some_and(|own| own.attack);
                if is_attack {
                    let key = (ran.scenario.clone(), step.step, column);
                    self.cells.insert(key, cell(step, scenario));
                }
            }
        }
        let whole = ran.steps.len() == scenario.steps(ran.gate).count();
        if !is_changed && whole {
            let key = (ran.scenario.clone(), ran.gate, ran.engine);
            self.stories.insert(key, Arc::clone(&ran));
        }
        ran
    }

    /// A run by its number.
    #[must_use]
    pub fn run(&self, number: u64) -> Option<Arc<Ran>> {
        self.runs.iter().find(|ran| ran.run == number).cloned()
    }

    /// The last whole run of every story, in no order.
    pub fn stories(&self) -> impl Iterator<Item = &Arc<Ran>> {
        self.stories.values()
    }

    /// The closing table: the essay's five rows first, then every first step that was run.
    #[must_use]
    pub fn table(&self, scenarios: &[Arc<Scenario>], engine: &'static str) -> Vec<TableRow> {
        let mut rows = Vec::new();
        for scenario in scenarios {
            for (at, step) in scenario.steps.iter().enumerate() {
                if step.table.is_none() && at > 0 && !step.attack {
                    continue;
                }
                let of = |side| {
                    let ran = self.stories.get(&(scenario.id.clone(), side, engine))?;
                    let own = ran.steps.iter().find(|own| own.step == at);
                    own.map(|own| table_cell(own, u64::from(step.times)))
                };
                let (off, on) = (of(Side::Off), of(Side::On));
                let essay = step.table.is_some();
                let kind = step.table.clone().unwrap_or_else(|| step.says.clone());
                let name = if step.caller.is_page() { engine } else { "no browser" };
                rows.push(TableRow {
                    kind,
                    caller: step.caller.word(),
                    engine: name.to_owned(),
                    scenario: scenario.id.clone(),
                    essay,
                    waits_for: scenario.waits_for.clone(),
                    is_off: step.off.is_some(),
                    is_on: step.on.is_some(),
                    off,
                    on,
                });
            }
        }
        let place = |row: &TableRow| ESSAY.iter().position(|kind| *kind == row.kind);
        rows.sort_by_key(|row| if row.essay { place(row).unwrap_or(ESSAY.len()) } else { 99 });
        rows
    }

    /// The defence matrix: every attack in every column.
    #[must_use]
    pub fn matrix(&self, scenarios: &[Arc<Scenario>]) -> Vec<MatrixRow> {
        let mut rows = Vec::new();
        for scenario in scenarios {
            for (at, step) in scenario.steps.iter().enumerate().filter(|(_, step)| step.attack) {
                let cells = Column::all().into_iter().map(|column| {
                    let cell = self.cells.get(&(scenario.id.clone(), at, column));
                    (column, cell.cloned())
                });
                rows.push(MatrixRow {
                    scenario: scenario.id.clone(),
                    step: at,
                    says: step.says.clone(),
                    has_gate: scenario.has_gate() && step.on.is_some(),
                    has_off: step.off.is_some(),
                    cells: cells.collect(),
                });
            }
        }
        rows
    }
}

/// What came of an attack: only the backend's own log says that it ran.
fn cell(step: &StepRan, scenario: &Scenario) -> Cell {
    let seen = &step.seen;
    let times = scenario.steps.get(step.step).map_or(1, |own| u64::from(own.times));
    let stopped = seen.executed < times;
    let how = match (&seen.gate, stopped) {
        (_, false) if seen.moved > 0 => format!("executed, {} € moved", seen.moved),
        (_, false) => "executed".to_owned(),
        (Some(code), true) if seen.executed > 0 => format!("{code}, {} ran", seen.executed),
        (Some(code), true) => code.clone(),
        (None, true) if seen.backend.contains(&Backend::Asked) => "never sent".to_owned(),
        (None, true) if seen.backend.contains(&Backend::Refused) => {
            "the backend refused".to_owned()
        }
        (None, true) if seen.from_cache => "from the cache".to_owned(),
        (None, true) => "not executed".to_owned(),
    };
    // What a page reads from a cache harms without the backend.
    let stopped = stopped && !(seen.from_cache && seen.gets == Some(Gets::Read));
    Cell { stopped, how }
}

fn table_cell(step: &StepRan, times: u64) -> TableCell {
    let seen = &step.seen;
    let browser = match (seen.gets, step.caller.is_page()) {
        (Some(Gets::Read), true) => "reads",
        (Some(Gets::Read), false) => "no browser",
        (Some(Gets::Hidden | Gets::Throws), _) => "hides the answer",
        (Some(Gets::Opaque), _) => "shows an empty answer",
        (Some(Gets::Navigated), _) => "shows it to the visitor only",
        (Some(Gets::Silent), _) => "nobody waits for it",
        (Some(Gets::Nothing) | None, _) => "nothing came",
    };
    let asked = seen.backend.contains(&Backend::Asked);
    let backend = if seen.executed > 0 && seen.executed < times {
        return TableCell {
            browser,
            backend: format!("executes {} of {times}", seen.executed),
            gate: seen.gate.clone(),
        };
    } else if seen.executed > 0 {
        "executes"
    } else if seen.gate.is_some() {
        "is not contacted"
    } else if seen.backend.contains(&Backend::Refused) {
        "refuses"
    } else if asked {
        "is asked, nothing is sent"
    } else if seen.from_cache {
        "is not contacted: the cache answers"
    } else {
        "is not contacted"
    };
    TableCell { browser, backend: backend.to_owned(), gate: seen.gate.clone() }
}

/// The closing table as Markdown.
#[must_use]
pub fn table_markdown(rows: &[TableRow]) -> String {
    let mut out = "| request | caller | the browser | the backend, CORS alone | the backend, with \
                   the gate |\n| --- | --- | --- | --- | --- |\n"
        .to_owned();
    for row in rows {
        let browser = row.off.as_ref().or(row.on.as_ref().filter(|_| !row.is_off));
        let browser = browser.map_or("not run yet", |cell| cell.browser);
        let side = |cell: &Option<TableCell>, happens: bool| match cell {
            None if !happens => "does not happen".to_owned(),
            None => "not run yet".to_owned(),
            Some(TableCell { backend, gate: Some(code), .. }) => format!("{backend} (`{code}`)"),
            Some(TableCell { backend, gate: None, .. }) => backend.clone(),
        };
        let waits = row.on.is_none() && !row.waits_for.is_empty();
        let on = if waits {
            format!("not built yet: {}", row.waits_for.join(", "))
        } else {
            side(&row.on, row.is_on)
        };
        let off = side(&row.off, row.is_off);
        let kind = cell_text(&row.kind);
        let _ = writeln!(out, "| {kind} | {} | {browser} | {off} | {on} |", row.caller);
    }
    out
}

/// The defence matrix as Markdown.
#[must_use]
pub fn matrix_markdown(rows: &[MatrixRow]) -> String {
    let columns = Column::all();
    let titles: Vec<&str> = columns.iter().map(|column| column.title()).collect();
    let mut out = format!("| attack | {} |\n| --- |", titles.join(" | "));
    out.push_str(&" --- |".repeat(columns.len()));
    out.push('\n');
    for row in rows {
        let cells = row.cells.iter().map(|(column, cell)| match cell {
            None if *column == Column::None && !row.has_off => "does not happen".to_owned(),
            None => "not run yet".to_owned(),
            Some(Cell { stopped: true, how }) => format!("□ {}", cell_text(how)),
            Some(Cell { stopped: false, how }) => format!("■ {}", cell_text(how)),
        });
        let cells: Vec<String> = cells.collect();
        let says = cell_text(&row.says);
        let _ = writeln!(out, "| {}: {says} | {} |", row.scenario, cells.join(" | "));
    }
    out
}

/// Text in a Markdown table's cell.
fn cell_text(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('`', "\\`")
}
