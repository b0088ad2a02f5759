//! What came of it: how often the model and the engine agree, and each difference.

use super::compare::Said;
use super::trial::{Site, Trial};
use doorward_browser::EngineId;
use std::fmt::Write;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The trial's number.
    pub trial: usize,
    /// What differs.
    pub what: String,
    /// What the model says.
    pub model: String,
    /// What the engine did.
    pub engine: String,
    /// The trial in words.
    pub about: String,
}

/// What came of the trials of one engine.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The engine.
    pub engine: EngineId,
    /// Its version.
    pub version: String,
    /// How many trials there were.
    pub trials: usize,
    /// In how many nothing differs.
    pub agree: usize,
    /// All that differs.
    pub differences: Vec<Difference>,
}

impl Tally {
    pub(super) const fn new(engine: EngineId) -> Self {
        let version = String::new();
        Self { engine, version, trials: 0, agree: 0, differences: Vec::new() }
    }

    pub(super) fn add(&mut self, trial: &Trial, said: Vec<Said>) {
        self.trials += 1;
        self.agree += usize::from(said.is_empty());
        for (what, model, engine) in said {
            self.put(trial, (what, model, engine));
        }
    }

    /// Compares what the jars hold at the end.
    pub(super) fn kept(&mut self, trials: &[Trial], jars: &[(Site, Vec<String>, Vec<String>)]) {
        for trial in trials {
            let ends = [format!("c{}", trial.id)];
            let is_own = |name: &str| {
                let bare = name.trim_start_matches("__Host-").trim_start_matches("__Secure-");
                bare == ends[0]
            };
            let was_well = self.differences.iter().all(|difference| difference.trial != trial.id);
            let mut is_well = true;
            for (site, engine, model) in jars {
                let own = |names: &[String]| {
                    let own = names.iter().filter(|name| is_own(name));
                    own.cloned().collect::<Vec<_>>().join(" ")
                };
                let (model, engine) = (own(model), own(engine));
                if model != engine {
                    is_well = false;
                    self.put(trial, (format!("kept at {}", site.host()), model, engine));
                }
            }
            if was_well && !is_well {
                self.agree -= 1;
            }
        }
    }

    fn put(&mut self, trial: &Trial, (what, model, engine): Said) {
        let about = about(trial);
        self.differences.push(Difference { trial: trial.id, what, model, engine, about });
    }

    /// In how many of a hundred nothing differs.
    #[must_use]
    pub fn percent(&self) -> f64 {
        if self.trials == 0 { 0.0 } else { 100.0 * self.agree as f64 / self.trials as f64 }
    }
}

fn about(trial: &Trial) -> String {
    let mut out = format!(
        "{:?} {:?} {} to {:?}, {:?} {:?} {:?}",
        trial.from,
        trial.way,
        trial.method,
        trial.to,
        trial.mode,
        trial.credentials,
        trial.redirect
    );
    let _ = write!(out, ", headers {:?}, body {:?}", trial.headers, trial.body);
    let _ = write!(out, ", preflight {} {:?}", trial.preflight.status, trial.preflight.headers);
    for reply in &trial.replies {
        let _ = write!(out, ", then {} {:?} {:?}", reply.status, reply.headers, reply.on_to);
    }
    out
}

/// The table of all engines, and the differences that remain, as Markdown.
#[must_use]
pub fn markdown(tallies: &[Tally], seed: u64) -> String {
    let mut out = format!(
        "# The model and the engines\n\nRequests and answers are made up, and put to the model \
         (`doorward-browser`) and to a real engine. One server on this machine stands for every \
         site. What is compared: each request that arrives, preflights too, with its method, \
         `Origin`, `Referer`, `Sec-Fetch-*`, cookies and the script's headers; what the page may \
         read, with the names of the headers; which cookies are kept; in Chromium also the words \
         of the console. `cargo xtask conformance` writes this page; this one was drawn from \
         {seed}.\n\n\
         | engine | version | model = engine | of |\n| --- | --- | --- | --- |\n"
    );
    for tally in tallies {
        let _ = writeln!(
            out,
            "| {} | {} | {} ({:.2} %) | {} |",
            tally.engine,
            tally.version,
            tally.agree,
            tally.percent(),
            tally.trials
        );
    }
    out.push_str("\n## Differences that remain\n");
    for tally in tallies {
        let _ = writeln!(out, "\n### {}\n", tally.engine);
        if tally.differences.is_empty() {
            out.push_str("None.\n");
        }
        for difference in &tally.differences {
            let Difference { trial, what, model, engine, about } = difference;
            let _ = writeln!(
                out,
                "* trial {trial}, {what}: the model says `{model}`, the engine `{engine}`\n  \
                 ({about})"
            );
        }
    }
    out
}
