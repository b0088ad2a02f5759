//! A page a layer, for `docs/layers`: its own file's headings, its codes, its configuration's
//! words. `cargo xtask docs` writes them; a test holds them against what the layers say.

use doorward_core::layers::{LAYERS, Meta};
use doorward_core::reason::Reason;
use serde_json::Value;
use std::fmt::Write;

/// A file of `docs/layers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerPage {
    /// Its name: `site.md`.
    pub name: String,
    /// All of its text.
    pub text: String,
}

/// All pages: the list of layers, and one of each.
///
/// # Errors
///
/// When the schema of the configuration is no JSON.
pub fn layer_pages() -> serde_json::Result<Vec<LayerPage>> {
    let schema: Value = serde_json::from_str(&doorward_config::schema())?;
    let tables = &schema["properties"]["layers"]["properties"];
    let mut pages = vec![LayerPage { name: "README.md".to_owned(), text: list() }];
    pages.extend(LAYERS.iter().map(|meta| {
        let text = page(meta, &tables[meta.id]);
        LayerPage { name: format!("{}.md", meta.id), text }
    }));
    Ok(pages)
}

/// What stands at the end of each.
const WRITTEN: &str = "Written by `cargo xtask docs` from";

fn list() -> String {
    let mut out = String::from(
        "# The layers\n\nIn the order in which a request meets them. `doorward explain ID` says \
         the same on the command line.\n\n| layer | what it does |\n| --- | --- |\n",
    );
    for meta in LAYERS {
        let _ = writeln!(out, "| [`{0}`]({0}.md) | {1} |", meta.id, cell(meta.title));
    }
    let _ = writeln!(out, "\n{WRITTEN} the layers' own files.");
    out
}

fn page(meta: &Meta, table: &Value) -> String {
    let mut out = String::new();
    for line in meta.source.lines().take_while(|line| line.starts_with("//!")) {
        let text = line.trim_start_matches("//!").strip_prefix(' ').unwrap_or_default();
        let _ = writeln!(out, "{text}");
    }
    if let Some(away) = meta.store_away {
        let _ = writeln!(out, "\n## When the store is away\n\nThen {away}.");
    }
    codes(&mut out, meta);
    words(&mut out, meta, table);
    let _ = writeln!(
        out,
        "\n{WRITTEN} the layer's own file. Its cases stand in [`cases/{0}`](../../cases/{0}).",
        meta.id
    );
    out
}

fn codes(out: &mut String, meta: &Meta) {
    let mut reasons = Reason::all();
    reasons.retain(|reason| reason.layer() == meta.id);
    if reasons.is_empty() {
        out.push_str("\n## Codes\n\nNone: it refuses nothing.\n");
        return;
    }
    out.push_str("\n## Codes\n\n| code | status | what happened | what to do |\n");
    out.push_str("| --- | --- | --- | --- |\n");
    for reason in reasons {
        let words = reason.words();
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            words.code,
            words.status.as_u16(),
            cell(words.title),
            cell(words.advice)
        );
    }
}

fn words(out: &mut String, meta: &Meta, table: &Value) {
    let mut rows = Vec::new();
    gather(&mut rows, "", table);
    // Whether JSON keeps its order depends on what else is built.
    rows.sort();
    if rows.is_empty() {
        let about = table["description"].as_str().unwrap_or_default();
        let _ = writeln!(out, "\n## Configuration\n\nNo words of its own. {about}");
        return;
    }
    let _ = writeln!(
        out,
        "\n## Configuration\n\n`[layers.{}]`; a route may say more (`doorward schema`).\n\n\
         | word | default | what it says |\n| --- | --- | --- |",
        meta.id
    );
    for (name, default, about) in rows {
        let _ = writeln!(out, "| `{name}` | {default} | {} |", cell(&about));
    }
}

/// The words of a table, and of the tables in it: `jwt.issuer`.
fn gather(rows: &mut Vec<(String, String, String)>, before: &str, table: &Value) {
    let Some(properties) = table["properties"].as_object() else { return };
    for (name, said) in properties {
        // What is only there to be refused has no form.
        if said.get("not").is_some() {
            continue;
        }
        let name = format!("{before}{name}");
        let default = match said.get("default") {
            Some(default) => format!("`{}`", cell(&default.to_string())),
            None => String::new(),
        };
        let about = said["description"].as_str().unwrap_or_default().to_owned();
        rows.push((name.clone(), default, about));
        // A mode's own table, { enforce = "10%" }, is the same for all.
        if name != "mode" {
            let choices = said["anyOf"].as_array().into_iter().flatten();
            for inner in choices.chain([said, &said["items"]]) {
                gather(rows, &format!("{name}."), inner);
            }
        }
    }
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
