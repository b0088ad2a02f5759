//! The table of stories and engines, for a terminal.

use doorward_lab::headless::{Came, Line, Outcome};
use doorward_lab::scenario::Side;
use std::fmt::Write;

/// A story's name takes this many columns.
const NAME_COLUMNS: usize = 24;

/// The table and its counts. Writing to a string does not fail.
pub(super) fn text(outcome: &Outcome, unicode: bool) -> String {
    let mut out = String::new();
    let engines: Vec<_> = outcome.ran_in.iter().map(|(engine, ..)| *engine).collect();
    let _ = write!(out, "{:<5}{:<NAME_COLUMNS$}", "", "gate off / gate on");
    for engine in &engines {
        let _ = write!(out, "{:<12}", engine.to_string());
    }
    out.push('\n');
    let mut stories: Vec<&str> = Vec::new();
    for line in &outcome.lines {
        if !stories.contains(&line.scenario.id.as_str()) {
            stories.push(&line.scenario.id);
        }
    }
    for story in stories {
        let lines: Vec<&Line> =
            outcome.lines.iter().filter(|line| line.scenario.id == story).collect();
        let row = lines.first().and_then(|line| line.scenario.row.as_deref()).unwrap_or("-");
        let _ = write!(out, "{row:<5}{story:<NAME_COLUMNS$}");
        for engine in &engines {
            let of = |side| {
                let own = lines.iter().find(|line| line.engine == *engine && line.side == side);
                own.map_or(' ', |line| shape(&line.came, unicode))
            };
            let _ = write!(out, "{:<12}", format!("{} / {}", of(Side::Off), of(Side::On)));
        }
        out.push('\n');
    }
    let counts = outcome.counts();
    let mark = |came: &Came| shape(came, unicode);
    let _ = write!(
        out,
        "\n{} agree, {} disagree, {} not built yet ({}), {} not shown on http ({})\n",
        counts.agreed,
        counts.disagreed,
        counts.not_built,
        mark(&Came::NotBuilt(String::new())),
        counts.not_shown,
        mark(&Came::NotShown(String::new())),
    );
    for line in &outcome.lines {
        if let Came::NotShown(why) = &line.came
            && line.side == Side::Off
        {
            let _ =
                writeln!(out, "{} cannot show {} on http: {why}", line.engine, line.scenario.id);
        }
    }
    differences(outcome, &mut out);
    for (engine, version, seconds) in &outcome.ran_in {
        let _ = writeln!(out, "{engine} {version}: {seconds:.1} s");
    }
    if outcome.retries > 0 {
        let _ = writeln!(
            out,
            "{} times a driver failed, and its browser was started again",
            outcome.retries
        );
    }
    out
}

/// Where the engines differ: seen, and predicted for those that did not run it.
fn differences(outcome: &Outcome, out: &mut String) {
    for (at, difference) in outcome.differences.iter().enumerate() {
        if at == 0 {
            out.push_str("\nthe engines differ:\n");
        }
        let side = if difference.gate == Side::Off { "gate off" } else { "gate on" };
        let (scenario, says) = (&difference.scenario, &difference.says);
        let _ = writeln!(out, "  {scenario}, {side}, {says}");
        for told in &difference.engines {
            let word = if told.seen { "seen" } else { "predicted" };
            let _ = writeln!(out, "    {:<10}{word:<11}{}", told.engine, told.text(difference));
        }
    }
}

fn shape(came: &Came, unicode: bool) -> char {
    match (came, unicode) {
        (Came::Ran(ran), true) if ran.ok => '✓',
        (Came::Ran(ran), false) if ran.ok => 'y',
        (Came::Ran(_) | Came::Broken(_), true) => '✗',
        (Came::Ran(_) | Came::Broken(_), false) => 'X',
        (Came::NotBuilt(_), true) => '◌',
        (Came::NotBuilt(_), false) => '-',
        (Came::NotShown(_), true) => '┄',
        (Came::NotShown(_), false) => '~',
        (Came::NoSide, _) => ' ',
    }
}
