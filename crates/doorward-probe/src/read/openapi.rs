//! Reads an OpenAPI file, 3.0 or 3.1, in JSON or YAML: every operation with a request that a
//! sensible caller would send. The file names no host: addresses are made of the command line's. It
//! fetches nothing, and refers to nothing outside of itself.

mod example;
mod fill;
mod refer;

use super::{Listed, Unreadable, shown};
use crate::operation::{Operation, Source};
use doorward_core::shape::yaml;
use example::Maker;
use fill::Filled;
use refer::Document;
use serde_json::{Map, Value};
use url::Url;

/// Bytes of a file, at most.
pub const OPENAPI_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Methods that a path may have here. `options` is the preflights', `trace` is nobody's.
const METHODS: [&str; 6] = ["get", "put", "post", "delete", "head", "patch"];
/// What else a path's item may have.
const BESIDE: [&str; 6] = ["$ref", "description", "options", "parameters", "summary", "trace"];

/// Reads a file. Paths are put behind the path of `base`.
///
/// # Errors
/// Where it is no OpenAPI file.
pub fn read(text: &str, base: &Url) -> Result<Listed, Unreadable> {
    let root = parsed(text)?;
    let document = Document::new(&root);
    let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.") {
        let what = match root.get("swagger") {
            Some(_) => "it is Swagger 2.0".to_owned(),
            None => "it has no `openapi: 3.…`".to_owned(),
        };
        let mend = "give a file of OpenAPI 3.0 or 3.1; converters make one of Swagger 2.0";
        return Err(Unreadable { line: 1, column: 1, what, mend });
    }
    let (maker, listed) = (Maker::new(document), Listed::default());
    let mut walk = Walk { document, base, maker, listed, steps: 0 };
    if has_servers(&root) {
        let why = "the file names no host: that is the command line's";
        walk.listed.leave_out("`servers`", why);
    }
    let no_paths = Map::new();
    let paths = root.get("paths").and_then(Value::as_object).unwrap_or(&no_paths);
    for (path, item) in paths {
        walk.item(path, item, root.get("security"));
    }
    Ok(walk.done())
}

fn parsed(text: &str) -> Result<Value, Unreadable> {
    if text.len() > OPENAPI_BYTES_MAX {
        let what = format!("the file has {} bytes", text.len());
        let mend = "64 MiB are read at most: give its parts one by one";
        return Err(Unreadable { line: 1, column: 1, what, mend });
    }
    let text = text.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with('{') {
        return yaml::read(text).map_err(|error| Unreadable {
            line: error.line,
            column: error.column,
            what: error.what,
            mend: error.mend,
        });
    }
    serde_json::from_str(text).map_err(|error| Unreadable {
        line: error.line(),
        column: error.column(),
        what: shown(&format!("it is no JSON: {error}")),
        mend: "see line and column, and what stands before it",
    })
}

fn has_servers(root: &Value) -> bool {
    root.get("servers").and_then(Value::as_array).is_some_and(|servers| !servers.is_empty())
}

struct Walk<'d> {
    document: Document<'d>,
    base: &'d Url,
    maker: Maker<'d>,
    listed: Listed,
    /// Members and parameters that were looked at.
    steps: usize,
}

impl<'d> Walk<'d> {
    /// All operations of a path.
    fn item(&mut self, path: &'d str, item: &'d Value, security: Option<&'d Value>) {
        let Some(item) = self.document.resolve(item).and_then(Value::as_object) else {
            return self.listed.leave_out(shown(path), "what it refers to is not in the file");
        };
        if let Some(why) = unfit(path) {
            return self.listed.leave_out(shown(path), why);
        }
        for (key, operation) in item {
            if !self.has_room() {
                return;
            }
            let is_method = METHODS.contains(&key.as_str());
            let is_beside = BESIDE.contains(&key.as_str()) || key.starts_with("x-");
            let name = format!("{} {}", key.to_ascii_uppercase(), shown(path));
            match operation.as_object() {
                Some(operation) if is_method => {
                    self.operation((key, path), item, operation, security);
                }
                None if is_method => self.listed.leave_out(name, "it is no object"),
                _ if key == "servers" => {
                    let why = "the file names no host: that is the command line's";
                    self.listed.leave_out("`servers`", why);
                }
                _ if is_beside => {}
                _ => self.listed.leave_out(shown(&name), "it is no method of OpenAPI 3"),
            }
        }
    }

    fn operation(
        &mut self,
        (method, path): (&str, &'d str),
        item: &'d Map<String, Value>,
        operation: &'d Map<String, Value>,
        security: Option<&'d Value>,
    ) {
        let name = format!("{} {}", method.to_ascii_uppercase(), shown(path));
        let parameters = self.parameters(item, operation);
        let filled = fill::address(self.base, path, &parameters, &mut self.maker);
        let Filled { url, left_out } = match filled {
            Ok(filled) => filled,
            Err(why) => return self.listed.leave_out(name, why),
        };
        for (part, why) in left_out {
            self.listed.leave_out(format!("{name}, {part}"), why);
        }
        let mut body = (String::new(), Vec::new());
        // RFC 9110 9.3.1, 9.3.2: a body of these has no meaning.
        if !matches!(method, "get" | "head")
            && let Some(wanted) = operation.get("requestBody")
        {
            match fill::body(self.document, wanted, &mut self.maker) {
                Ok(made) => body = made,
                Err(why) => self.listed.leave_out(format!("{name}, its body"), why),
            }
        }
        let marked = operation.get("x-doorward-probe").or_else(|| item.get("x-doorward-probe"));
        let is_harmless = marked.and_then(Value::as_str) == Some("safe");
        if marked.is_some() && !is_harmless {
            let why = "it says something else than `safe`";
            self.listed.leave_out(format!("{name}, x-doorward-probe"), why);
        }
        let security = operation.get("security").or(security);
        self.listed.take(Operation {
            method: method.to_ascii_uppercase(),
            path: format!("{}{path}", self.base.path().trim_end_matches('/')),
            content_type: body.0,
            body: body.1,
            source: Source::OpenApi,
            is_harmless,
            needs_caller: needs_caller(security),
            ..Operation::get(url)
        });
    }

    /// The parameters of an operation: its own, and those of its path that it does not replace.
    fn parameters(
        &mut self,
        item: &'d Map<String, Value>,
        operation: &'d Map<String, Value>,
    ) -> Vec<&'d Map<String, Value>> {
        let mut out: Vec<&Map<String, Value>> = Vec::new();
        for owner in [operation, item] {
            let rows = owner.get("parameters").and_then(Value::as_array);
            for row in rows.into_iter().flatten() {
                if out.len() == PARAMETERS_MAX || !self.has_room() {
                    break;
                }
                let Some(row) = self.document.resolve(row).and_then(Value::as_object) else {
                    let why = "what it refers to is not in the file";
                    self.listed.leave_out("a parameter", why);
                    continue;
                };
                let is_same = |own: &&Map<String, Value>| {
                    own.get("name") == row.get("name") && own.get("in") == row.get("in")
                };
                if !out.iter().any(is_same) {
                    out.push(row);
                }
            }
        }
        out
    }

    /// Counts a step. What many paths refer to is walked for each of them: a small file may be
    /// a long walk.
    fn has_room(&mut self) -> bool {
        self.steps += 1;
        self.steps <= STEPS_MAX
    }

    fn done(mut self) -> Listed {
        if self.steps > STEPS_MAX {
            self.listed.leave_out("the end of the file", "it refers to too much, too often");
        }
        for (what, why) in self.maker.left_out() {
            self.listed.leave_out(what, why);
        }
        self.listed
    }
}

/// Members and parameters of a file that are looked at: twenty for each of 100,000
/// operations.
const STEPS_MAX: usize = 2_000_000;
/// Bytes of a path, at most.
const PATH_BYTES_MAX: usize = 8 * 1024;
/// Parameters of an operation, at most.
const PARAMETERS_MAX: usize = 64;

/// Choices among schemes, and types of a body, that are looked at.
const CHOICES_MAX: usize = 64;

/// Why a path cannot be put behind another one; none where it can.
fn unfit(path: &str) -> Option<&'static str> {
    let is_dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        matches!(plain.as_str(), "." | "..")
    };
    if path.len() > PATH_BYTES_MAX {
        Some("it is longer than 8 KiB")
    } else if !path.starts_with('/') {
        Some("it does not begin with a slash")
    } else if path.contains(['?', '#', '\\']) || path.chars().any(char::is_control) {
        Some("it has a letter that is none of a path's")
    } else if path.split('/').any(is_dots) {
        Some("it leads out of the address that was given")
    } else {
        None
    }
}

/// Whether a caller must be known: schemes are named, and doing without is not among the choices.
fn needs_caller(security: Option<&Value>) -> bool {
    let choices = security.and_then(Value::as_array);
    choices.is_some_and(|choices| {
        let is_free = |one: &Value| one.as_object().is_some_and(Map::is_empty);
        !choices.is_empty() && !choices.iter().take(CHOICES_MAX).any(is_free)
    })
}

#[cfg(test)]
mod tests;
