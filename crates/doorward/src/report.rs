//! `doorward report`: what a log says was refused or would be, what would admit it, and what is
//! ready to be enforced.

mod gathered;
pub(crate) mod line;
pub(crate) mod mend;
mod said;
mod words;

use crate::args::{Form, Report};
use crate::machine;
use crate::{EXIT_FINDINGS, EXIT_USAGE};
use doorward_config::{Given, Machine};
use doorward_core::gate::Gate;
use gathered::Gathered;
use line::{Piece, next};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Reads the logs and tells what they say. A finding is a request that would be refused.
pub(crate) fn run(report: &Report) -> ExitCode {
    let gate = match &report.config {
        None => None,
        Some(file) => match gate_of(file) {
            Ok(gate) => Some(gate),
            Err(text) => {
                machine::talk(&text);
                return ExitCode::from(EXIT_USAGE);
            }
        },
    };
    let mut gathered = Gathered::default();
    for path in &report.logs {
        if let Err(error) = read(path, &mut gathered) {
            machine::talk(&format!("error: cannot read {}: {error}\n", path.display()));
            return ExitCode::from(EXIT_USAGE);
        }
    }
    let said = said::Said::of(&gathered, gate.as_deref(), report.top);
    machine::output(&match report.format {
        Form::Json => format!("{}\n", said.json()),
        Form::Table => words::table(&said, machine::speaks_unicode()),
    });
    if said.would_refuse > 0 { ExitCode::from(EXIT_FINDINGS) } else { ExitCode::SUCCESS }
}

/// The gate of a configuration, for its layers' and routes' modes.
fn gate_of(file: &Path) -> Result<Arc<Gate>, String> {
    let given = Given { file: Some(file.to_owned()), ..Given::default() };
    match doorward_config::load(&given, &Machine, crate::guard::random_secret()) {
        Ok(config) => Ok(config.gate),
        Err(report) => Err(report.render(machine::talk_has_colour())),
    }
}

fn read(path: &Path, into: &mut Gathered) -> io::Result<()> {
    if path.as_os_str() == "-" {
        return read_all(&mut io::stdin().lock(), "-", into);
    }
    read_all(&mut BufReader::new(File::open(path)?), &path.display().to_string(), into)
}

fn read_all(from: &mut impl BufRead, name: &str, into: &mut Gathered) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        match next(from, &mut bytes)? {
            Piece::End => return Ok(()),
            Piece::Line => into.take(&bytes, name, number),
            Piece::TooLong => into.broken(name, number, "it is longer than a line of ours"),
        }
    }
}

#[cfg(test)]
mod tests;
