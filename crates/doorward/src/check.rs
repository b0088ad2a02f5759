//! `doorward check` and `doorward schema`.

use crate::EXIT_USAGE;
use crate::args::Check;
use crate::{machine, mounting, store};
use doorward_config::{Given, Machine};
use std::process::ExitCode;

/// Checks a file; prints what it comes to where asked.
pub(crate) fn run(check: &Check) -> ExitCode {
    let given = Given { file: Some(check.file.clone()), ..Given::default() };
    let secret = crate::guard::random_secret();
    let config = match doorward_config::load(&given, &Machine, secret) {
        Ok(config) => config,
        Err(report) => {
            machine::talk(&report.render(machine::talk_has_colour()));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    // What stands in certificates and keys is looked into here, as a start would.
    let mounted = mounting::certificate(&config).and_then(|certificate| {
        certificate.iter().for_each(mounting::tell_end);
        config.upstreams.iter().try_for_each(|one| mounting::upstream(one).map(drop))
    });
    let mounted = mounted.and_then(|()| Ok(store::look(&config)?));
    if let Err(error) = mounted {
        machine::talk(&format!("error: {error:#}\n"));
        return ExitCode::from(EXIT_USAGE);
    }
    if check.print_effective {
        machine::output(&doorward_config::print_effective(&config));
    }
    machine::talk(&config.warnings.render(machine::talk_has_colour()));
    for word in &config.permissive {
        machine::talk(&format!("permissive: {word}\n"));
    }
    machine::talk(&format!(
        "{}: well, {} routes\n",
        check.file.display(),
        config.settings.routes.len()
    ));
    ExitCode::SUCCESS
}

/// Prints the configuration's JSON Schema.
pub(crate) fn schema() -> ExitCode {
    machine::output(&format!("{}\n", doorward_config::schema()));
    ExitCode::SUCCESS
}
