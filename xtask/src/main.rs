//! Doorward's own tasks: `cargo xtask test | quick | tidy | vendor | docs | prove | conformance |
//! bench | dist`.

mod bench;
mod conformance;
mod count;
mod dist;
mod docs;
mod install;
mod prove;
mod python;
mod quick;
mod schema_suite;
mod step;
mod test;
mod tidy;
mod web;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test              what continuous integration runs; installs what is missing
cargo xtask quick             format, tidy, clippy, unit tests: under a minute
cargo xtask tidy              the invariants and measures that can be checked by text
cargo xtask vendor            writes web/vendor from the packages of web/package-lock.json
cargo xtask docs              writes docs/layers and docs/checks from the layers' and checks' files
cargo xtask prove [NAME [N]]  one campaign in full; without a name, the list
cargo xtask conformance [N [SEED]]
                              the model of a browser beside three engines; writes
                              docs/conformance.md
cargo xtask bench [--rounds N] [--seconds S] [--rate R] [--peers A,B] [--gate PROGRAM]
                              the gate beside nginx, HAProxy and Envoy doing the same work: CPU,
                              calls, memory, latency; installs what is missing
cargo xtask bench decision    the core alone: nanoseconds of a decision, of passes, of callers
cargo xtask dist              the program as it is given to others, built by what the bench's load
                              has shown; installs what is missing
cargo xtask bench micro       the gate's layers one by one: instructions and time
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => test::run(),
        ["quick"] => quick::run(),
        ["tidy"] => tidy::run(),
        ["vendor"] => web::vendor(),
        ["docs"] => docs::run(),
        ["prove", rest @ ..] => prove::run(rest),
        ["conformance", rest @ ..] => conformance::run(rest),
        ["bench", rest @ ..] => bench::run(rest),
        ["dist"] => dist::run(),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
