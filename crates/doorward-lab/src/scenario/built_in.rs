//! The scenarios that the lab brings: `scenarios/*.toml`, in the order of their names.

use super::{Scenario, ScenarioError, read};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../scenarios"]
#[include = "*.toml"]
struct Files;

/// All of them, in order.
///
/// # Errors
/// What is wrong with the first bad one; a test reads them all.
pub fn all() -> Result<Vec<Scenario>, ScenarioError> {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort();
    let texts = names.iter().filter_map(|name| Some((name, Files::get(name)?)));
    texts.map(|(name, file)| read(name, &String::from_utf8_lossy(&file.data))).collect()
}

/// The one of that id or row.
#[must_use]
pub fn of_id<'s>(scenarios: &'s [Scenario], id: &str) -> Option<&'s Scenario> {
    let is_row =
        |own: &Scenario| own.row.as_deref().is_some_and(|row| row.eq_ignore_ascii_case(id));
    scenarios.iter().find(|own| own.id == id || is_row(own))
}

#[cfg(test)]
mod tests {
    use super::{all, of_id};
    use std::collections::HashSet;

    #[test]
    fn every_row_has_its_scenario() {
        let scenarios = all().unwrap_or_else(|error| panic!("{error}"));
        let rows: Vec<String> = (1..=28).map(|number| format!("A{number}")).collect();
        let own: Vec<String> = scenarios.iter().filter_map(|one| one.row.clone()).collect();
        assert_eq!(own, rows, "in order");
        let ids: HashSet<&str> = scenarios.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids.len(), scenarios.len());
        assert!(of_id(&scenarios, "a11").is_some_and(|one| one.id == "transfer"));
        assert!(of_id(&scenarios, "hidden-read").is_some());
        assert!(of_id(&scenarios, "a29").is_none());
    }

    #[test]
    fn every_scenario_says_what_is_not_stopped_and_asks() {
        for scenario in all().unwrap_or_else(|error| panic!("{error}")) {
            let texts = [&scenario.story, &scenario.lesson, &scenario.not_stopped, &scenario.title];
            assert!(texts.iter().all(|text| text.len() > 5), "{}", scenario.id);
            assert!(scenario.ask.question.ends_with('?'), "{}", scenario.id);
            assert!(!scenario.ask.yes.is_empty() && scenario.ask.yes != scenario.ask.no);
        }
    }
}
