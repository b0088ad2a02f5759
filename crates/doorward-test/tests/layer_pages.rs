//! `docs/layers` says what the layers say.

use doorward_core::layers::LAYERS;
use doorward_test::layer_pages::layer_pages;
use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

#[test]
fn the_pages_of_the_layers_are_up_to_date() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/layers");
    let pages = layer_pages()?;
    for page in &pages {
        let there = std::fs::read_to_string(folder.join(&page.name)).unwrap_or_default();
        assert!(there == page.text, "docs/layers/{}: run `cargo xtask docs`", page.name);
    }
    let names: BTreeSet<_> = pages.iter().map(|page| page.name.as_str().to_owned()).collect();
    let mut there = BTreeSet::new();
    for entry in std::fs::read_dir(&folder)? {
        there.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    assert_eq!(there, names, "a page of no layer; remove it");
    Ok(())
}

#[test]
fn a_page_has_its_headings_codes_and_words() -> Result<(), Box<dyn Error>> {
    let pages = layer_pages()?;
    assert_eq!(pages.len(), LAYERS.len() + 1);
    let page = pages.iter().find(|page| page.name == "identity.md").ok_or("no page")?;
    for part in [
        "# Identity\n\n",
        "\n## What it does not stop\n\n",
        "\n| `identity/missing` | 401 |",
        "\n| `session.remember` | `\"10s\"` |",
        "\n| `jwt.issuer` |",
    ] {
        assert!(page.text.contains(part), "{part:?} in {}", page.text);
    }
    Ok(())
}
