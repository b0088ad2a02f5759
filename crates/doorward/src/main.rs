//! Doorward: the gate that decides whether a backend runs a request.

// They panic when nobody reads; `machine::talk` and `machine::output` do not.
#![deny(clippy::print_stderr, clippy::print_stdout)]

mod admin;
mod args;
mod check;
mod demo;
mod deny;
mod explain;
mod greeting;
mod guard;
mod init;
mod key;
mod lab;
mod machine;
mod mounting;
mod probe;
mod reload;
mod report;
mod serve;
mod store;
mod ticket;

use crate::args::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

/// Something was found.
pub(crate) const EXIT_FINDINGS: u8 = 1;
/// Wrong usage or configuration.
pub(crate) const EXIT_USAGE: u8 = 2;
/// What should be reached cannot be.
pub(crate) const EXIT_UNREACHED: u8 = 3;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Guard(guard) if guard.demo => demo::run(&guard),
        Command::Guard(guard) => guard::run(&guard),
        Command::Lab(lab) => lab::run(&lab),
        Command::Probe(probe) => probe::run(&probe),
        Command::Init(init) => init::run(&init),
        Command::Check(check) => check::run(&check),
        Command::Schema => check::schema(),
        Command::Explain(explain) => explain::run(&explain),
        Command::Report(report) => report::run(&report),
        Command::Deny(deny) => deny::run(&deny),
        Command::Store(work) => store::run(&work),
        Command::Key(key) => key::run(&key),
        Command::Ticket(ticket) => ticket::run(&ticket),
    }
}
