//! What a check of the probe looks for, from its own file.

use super::headings;
use crate::{EXIT_USAGE, machine};
use doorward_probe::checks::{CHECKS, Check};
use doorward_probe::fixes::{Product, beyond, mend};
use std::fmt::Write;
use std::process::ExitCode;

/// The check of an id, however it is written: `C-17`, `c-17`.
pub(super) fn find(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id.eq_ignore_ascii_case(id))
}

/// Its headings, and where its finding is looked for.
pub(super) fn text(check: &Check) -> String {
    let mut out = headings(check.source);
    let _ = writeln!(out, "\n`doorward probe URL` looks for it.");
    if let Some(mend) = mend(check.id) {
        let _ = writeln!(out, "\nThe configuration that closes it ({}):", mend.title);
        let _ = writeln!(out, "  {}", mend.command(check.id));
    }
    if let Some(why) = beyond(check.id) {
        let _ = writeln!(out, "\nNo configuration closes it: {why}.");
    }
    out
}

/// Prints the configuration that closes the findings of a check.
pub(super) fn configuration(subject: &str, product: &str) -> ExitCode {
    match file(subject, product) {
        Ok(text) => {
            machine::output(text);
            ExitCode::SUCCESS
        }
        Err(said) => {
            machine::talk(&format!("error: {said}\n"));
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn file(subject: &str, product: &str) -> Result<&'static str, String> {
    let check = find(subject).ok_or_else(|| {
        format!("--for is for checks of the probe, and {subject:?} is none, as C-17 is one")
    })?;
    let Some(mend) = mend(check.id) else {
        let why = beyond(check.id).unwrap_or("it has no file");
        return Err(format!("no configuration closes {}: {why}", check.id));
    };
    let words = mend.words().collect::<Vec<_>>().join(", ");
    Product::of(&product.to_ascii_lowercase())
        .and_then(|product| mend.file(product))
        .ok_or_else(|| format!("{} has no file for {:?}: choose one of {words}", check.id, product))
}

/// A line for each check.
pub(super) fn list() -> String {
    let mut out = String::new();
    for check in CHECKS {
        let _ = writeln!(out, "{:<6} {}", check.id, check.title);
    }
    out
}

/// The checks whose ids are nearest to what was typed: the same without its hyphen or with zeros
/// in front of its number, else one letter off, else the same number.
pub(super) fn near(subject: &str) -> Vec<&'static str> {
    let Some(typed) = parts(subject) else { return Vec::new() };
    let all = || CHECKS.iter().filter_map(|check| Some((check.id, parts(check.id)?)));
    let which = |fits: &dyn Fn(&Parts) -> bool| -> Vec<&'static str> {
        all().filter(|(_, own)| fits(own)).map(|(id, _)| id).take(3).collect()
    };
    for fits in [
        &(|own: &Parts| *own == typed) as &dyn Fn(&Parts) -> bool,
        &|own: &Parts| own.letter == typed.letter && is_one_off(own.number, typed.number),
        &|own: &Parts| own.number == typed.number,
    ] {
        let found = which(fits);
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// An id in its parts.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    letter: char,
    number: u32,
}

/// The parts of what looks like an id: a letter, perhaps a hyphen, and a number.
fn parts(text: &str) -> Option<Parts> {
    let mut letters = text.chars();
    let letter = letters.next().filter(char::is_ascii_alphabetic)?.to_ascii_uppercase();
    let rest = letters.as_str().trim_start_matches(['-', '_', ' ']);
    // Signs are no part of a number here.
    let is_number = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let number = rest.parse().ok().filter(|_| is_number)?;
    Some(Parts { letter, number })
}

/// Whether two numbers differ in one digit, or one has a digit more.
fn is_one_off(one: u32, other: u32) -> bool {
    let (one, other) = (one.to_string(), other.to_string());
    match one.len().abs_diff(other.len()) {
        0 => one.bytes().zip(other.bytes()).filter(|(a, b)| a != b).count() == 1,
        1 => {
            let (short, long) =
                if one.len() < other.len() { (&one, &other) } else { (&other, &one) };
            long.starts_with(short.as_str()) || long.ends_with(short.as_str())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECKS, file, find, near, text};

    #[test]
    fn every_check_is_explained_by_its_headings() {
        for check in CHECKS {
            let own = find(&check.id.to_lowercase()).expect("a check of ours");
            assert_eq!(own.id, check.id);
            let text = text(own);
            assert!(text.starts_with(&format!("{}: ", check.id)), "{text}");
            let (by_file, by_none) = ("\nThe configuration that", "\nNo configuration");
            assert!(text.contains(by_file) != text.contains(by_none), "{text}");
            for heading in ["\nWhat it does not say\n", "\nHow to close it\n"] {
                assert!(text.contains(heading), "{text}");
            }
        }
        assert!(find("C-999").is_none());
        assert!(find("").is_none());
    }

    #[test]
    fn configurations_are_shown_for_checks_that_have_one() {
        assert!(file("c-17", "nginx").is_ok_and(|text| text.contains("proxy_pass")));
        assert_eq!(file("C-17", "NGINX"), file("C-17", "nginx"));
        for (subject, product, said) in [
            ("C-17", "apache", "choose one of doorward, nginx"),
            ("C-17", "", "choose one of doorward, nginx"),
            ("C-24", "nginx", "no configuration closes C-24: "),
            ("site", "nginx", "\"site\" is none"),
        ] {
            assert!(file(subject, product).is_err_and(|text| text.contains(said)), "{subject}");
        }
    }

    #[test]
    fn near_misses() {
        assert_eq!(near("C17"), ["C-17"]);
        assert_eq!(near("c1"), ["C-01"]);
        assert_eq!(near("c_017"), ["C-17"]);
        assert!(near("Z-17").contains(&"C-17"));
        for subject in ["", "17", "C", "C-", "C-+17", "C-99999999999", "site/cross-site", "é1"] {
            assert!(near(subject).is_empty(), "{subject}");
        }
    }
}
