//! What a document of OpenAPI leaves open, as `doorward check` prints it: a line of numbers for
//! each document, and the worst of its operations.

use doorward_core::shape::{Loose, Specification};
use std::fmt::Write;

/// Operations that are printed of one document.
const SHOWN_MAX: usize = 10;

/// The tables of all documents; empty where none leaves anything open.
pub(crate) fn tables(documents: &[Specification]) -> String {
    documents.iter().map(|one| table(&one.file, one.api.count(), &one.api.loose())).collect()
}

fn table(file: &str, count: usize, loose: &[Loose]) -> String {
    let mut out = String::new();
    if loose.is_empty() {
        return out;
    }
    let sum = |of: fn(&Loose) -> usize| loose.iter().map(of).sum::<usize>();
    let mut line = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    line(format!(
        "{file}: {} of {count} operations leave something open: {} without a schema, {} open \
         objects, {} texts and {} lists without an end",
        loose.len(),
        sum(|one| one.without_schema),
        sum(|one| one.open_objects),
        sum(|one| one.endless_texts),
        sum(|one| one.endless_lists),
    ));
    line("  no schema  objects  texts  lists".to_owned());
    for one in loose.iter().take(SHOWN_MAX) {
        line(format!(
            "  {:>9}  {:>7}  {:>5}  {:>5}  {}",
            one.without_schema,
            one.open_objects,
            one.endless_texts,
            one.endless_lists,
            one.operation
        ));
    }
    if loose.len() > SHOWN_MAX {
        line(format!("  and {} more", loose.len() - SHOWN_MAX));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_are_printed_with_their_numbers() {
        let one = |name: &str| Loose {
            operation: name.to_owned(),
            without_schema: 0,
            open_objects: 2,
            endless_texts: 13,
            endless_lists: 1,
        };
        let text = table("openapi.yaml", 20, &[one("POST /users"), one("PUT /users/{id}")]);
        assert_eq!(
            text,
            "openapi.yaml: 2 of 20 operations leave something open: 0 without a schema, 4 open \
             objects, 26 texts and 2 lists without an end\n\
             \x20 no schema  objects  texts  lists\n\
             \x20         0        2     13      1  POST /users\n\
             \x20         0        2     13      1  PUT /users/{id}\n"
        );
        let many: Vec<Loose> = (0..12).map(|n| one(&format!("GET /{n}"))).collect();
        assert!(table("a", 12, &many).ends_with("  and 2 more\n"));
        assert_eq!(table("a", 12, &[]), "");
    }
}
