//! The report, written in the form that was asked for; and the former one, read.

use crate::args::{Probe as Typed, ReportForm};
use crate::{init, machine};
use doorward_probe::Told;
use doorward_probe::report::{self, TableLook};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a former report that are read, at most: ten thousand findings of two kilobytes.
const BASELINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Writes the report to standard output, or into a file: whole, or not at all.
pub(super) fn write(typed: &Typed, told: &Told<'_>) -> Result<(), String> {
    let Some(path) = &typed.output else {
        let look = TableLook {
            unicode: machine::speaks_unicode(),
            colour: machine::output_has_colour(),
            columns: machine::output_columns(),
            verbose: typed.verbose,
        };
        let text = text(typed.format, told, look);
        return machine::try_output(&text).map_err(|error| format!("cannot write: {error}"));
    };
    // Whoever opens the file later has no terminal of ours.
    let look = TableLook { unicode: true, colour: false, columns: None, verbose: typed.verbose };
    let text = text(typed.format, told, look);
    init::write(path, &text, true)
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    machine::talk(&format!("{}: {}\n", path.display(), told.found()));
    Ok(())
}

/// Whether there is a folder for the file: a long run is not lost at its end.
pub(super) fn may_write(path: Option<&Path>) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match path.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
        true => Err(format!("--output {}: name a file in a folder that is there", path.display())),
        false => Ok(()),
    }
}

fn text(form: ReportForm, told: &Told<'_>, look: TableLook) -> String {
    match form {
        ReportForm::Table => report::table(told, look),
        ReportForm::Json => report::json_text(&report::json(told)),
        ReportForm::Sarif => report::json_text(&report::sarif(told)),
        ReportForm::Junit => report::junit(told),
        ReportForm::Markdown => report::markdown(told),
        ReportForm::Html => report::html(told),
    }
}

/// The keys of a former report.
pub(super) fn known(path: Option<&Path>) -> Result<BTreeSet<String>, String> {
    let Some(path) = path else { return Ok(BTreeSet::new()) };
    let no = |why: &dyn std::fmt::Display| format!("cannot use {}: {why}", path.display());
    // Some files have no length, and no end.
    let file = File::open(path).map_err(|error| no(&error))?;
    let mut text = String::new();
    let read = file.take(BASELINE_BYTES_MAX + 1).read_to_string(&mut text);
    if read.map_err(|error| no(&error))? as u64 > BASELINE_BYTES_MAX {
        return Err(no(&format!("it is longer than {} MiB", BASELINE_BYTES_MAX >> 20)));
    }
    report::keys(&text).map_err(|error| no(&error))
}
