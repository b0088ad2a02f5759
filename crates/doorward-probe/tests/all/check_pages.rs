//! `docs/checks` says what the checks say.

use doorward_probe::checks::{CHECKS, check_pages};
use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

#[test]
fn the_pages_of_the_checks_are_up_to_date() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks");
    let pages = check_pages();
    assert_eq!(pages.len(), CHECKS.len() + 1);
    for page in &pages {
        let there = std::fs::read_to_string(folder.join(&page.name)).unwrap_or_default();
        assert!(there == page.text, "docs/checks/{}: run `cargo xtask docs`", page.name);
    }
    let names: BTreeSet<_> = pages.iter().map(|page| page.name.clone()).collect();
    let mut there = BTreeSet::new();
    for entry in std::fs::read_dir(&folder)? {
        there.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    assert_eq!(there, names, "a page of no check; remove it");
    Ok(())
}
