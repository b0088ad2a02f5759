//! What of the machine shapes our output: terminals, colours, letters.

use std::env;
use std::io::{self, IsTerminal, Write};

/// Whether text on standard error may have colours: on a terminal, without `NO_COLOR`.
pub(crate) fn talk_has_colour() -> bool {
    io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether standard output is a terminal.
pub(crate) fn output_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether text on standard output may have colours.
pub(crate) fn output_has_colour() -> bool {
    output_is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// How many columns standard output has; none where it is no terminal.
pub(crate) fn output_columns() -> Option<usize> {
    let size = output_is_terminal().then(|| terminal_size::terminal_size_of(io::stdout()));
    size.flatten().map(|(width, _)| usize::from(width.0))
}

/// Whether the locale says UTF-8; without a word about it shapes are written in ASCII.
pub(crate) fn speaks_unicode() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
        .is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

/// Writes to standard error. Whoever reads it may be gone; that must stop nobody (`eprintln!` would
/// panic).
pub(crate) fn talk(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Writes to standard output, as `talk` does to standard error.
pub(crate) fn output(text: &str) {
    let _ = try_output(text);
}

/// Writes to standard output what is lost when nobody reads it.
pub(crate) fn try_output(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}
