//! `body.schema` of a route, and `[[openapi]]`: the files of declared shapes.

use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::json::LETTERS_MAX;
use doorward_core::json::guard::{Integers, JsonGuard, Limits};
use doorward_core::shape::openapi::OpenApi;
use doorward_core::shape::schema::Schema;
use doorward_core::shape::{
    Additional, ApiSettings, Choices, Declared, Document, Formats, Queries, ShapeError,
    Specification, Unknown, yaml,
};
use serde_json::Value as Json;
use std::sync::Arc;

/// The words of `additional`.
pub(crate) const ADDITIONAL: &[(&str, Additional)] =
    &[("as-declared", Additional::AsDeclared), ("refuse", Additional::Refuse)];
/// The words of `formats`.
pub(crate) const FORMATS: &[(&str, Formats)] =
    &[("assert", Formats::Assert), ("ignore", Formats::Ignore)];
/// The words of `unknown`.
pub(crate) const UNKNOWN: &[(&str, Unknown)] =
    &[("refuse", Unknown::Refuse), ("pass", Unknown::Pass)];
/// The words of `parameters`.
pub(crate) const QUERIES: &[(&str, Queries)] =
    &[("refuse", Queries::Refuse), ("pass", Queries::Pass)];

/// Files that one schema may refer to.
const FILES_MAX: usize = 64;
/// Operations whose schemas are all read at load; of a larger document each is read when it is
/// first needed, and by `doorward check`.
const READ_AT_ONCE_MAX: usize = 200;
/// What a document's own text may be; its file is bounded already.
const LIMITS: Limits = Limits {
    depth: 128,
    names: 1_000_000,
    names_open: 1_000_000,
    text_bytes: 16 * 1024 * 1024,
    number_letters: LETTERS_MAX,
    integers: Integers::Any,
    nul: true,
};

/// The schema of a route's bodies.
pub(super) fn read_schema(body: &Table<'_>, reading: &mut Reading<'_>) -> Option<Declared> {
    let choices = choices(body, reading);
    let Some(value) = body.value("schema") else {
        for name in ["additional", "formats"] {
            if let Some(value) = body.value(name) {
                let what = "this says something of a schema, and there is none";
                let hint = "add schema = \"schemas/….json\", or leave it out";
                let _: Option<()> = value.error(what, hint, reading);
            }
        }
        return None;
    };
    let file = value.text(reading)?.to_owned();
    let main = document(&file, &value, reading)?;
    let base = part(&main, "$id").and_then(Json::as_str).map_or_else(|| uri(&file), str::to_owned);
    let mut files = vec![(file.clone(), Document { uri: base, value: main })];
    let mut next = 0;
    while let Some((from, document)) = files.get(next).cloned() {
        for reference in references(&document.value) {
            let uri = join(&document.uri, &reference);
            if files.iter().any(|(_, known)| known.uri == uri) {
                continue;
            }
            let beside = join(&from, &reference);
            if files.len() > FILES_MAX {
                let what = format!("{file} leads to more than {FILES_MAX} files");
                return value.error(what, "write them into fewer", reading);
            }
            let read = self::document(&beside, &value, reading)?;
            files.push((beside, Document { uri, value: read }));
        }
        next += 1;
    }
    let mut documents = files.into_iter().map(|(_, document)| document);
    let main = documents.next()?;
    match Schema::new(main, documents.collect(), choices) {
        Ok(schema) => Some(Declared { file, choices, schema: Arc::new(schema) }),
        Err(error) => {
            say(&file, &error, &value, reading);
            None
        }
    }
}

/// The documents of OpenAPI.
pub(super) fn read_openapi(list: &[Value<'_>], draft: &mut Draft, reading: &mut Reading<'_>) {
    for value in list {
        let Some(table) = value.table(reading) else { continue };
        reading.point(value.path.clone(), &value.place);
        if let Some(read) = read_one(value, &table, reading) {
            draft.settings.openapi.push(read);
        }
    }
}

fn read_one(
    whole: &Value<'_>,
    table: &Table<'_>,
    reading: &mut Reading<'_>,
) -> Option<Specification> {
    let unknown = table.choose("unknown", UNKNOWN, reading).unwrap_or_default();
    let queries = table.choose("parameters", QUERIES, reading).unwrap_or_default();
    let choices = choices(table, reading);
    let prefix = match table.value("prefix") {
        Some(value) => {
            let text = value.text(reading)?.trim_end_matches('/');
            let is_path = text.is_empty() || text.starts_with('/');
            if !is_path || text.contains(['{', '}', '*', '?', '#', '%']) {
                let what = "a prefix is the beginning of a path";
                return value.error(what, "write it like \"/v1\"", reading);
            }
            Some(text.to_owned())
        }
        None => None,
    };
    let Some(value) = table.value("file") else {
        let hint = "add file = \"openapi.yaml\"";
        return whole.error("this names no document", hint, reading);
    };
    let file = value.text(reading)?.to_owned();
    let document = document(&file, &value, reading)?;
    let settings = ApiSettings { prefix, queries, choices };
    let api = match OpenApi::new(document, &settings) {
        Ok(api) => api,
        Err(errors) => {
            for error in errors.iter().take(ERRORS_MAX) {
                say(&file, error, &value, reading);
            }
            return None;
        }
    };
    if api.count() <= READ_AT_ONCE_MAX {
        let errors = api.read_all();
        for error in errors.iter().take(ERRORS_MAX) {
            say(&file, error, &value, reading);
        }
        if !errors.is_empty() {
            return None;
        }
    }
    Some(Specification { file, settings, unknown, api: Arc::new(api) })
}

/// Errors of one document that are told.
const ERRORS_MAX: usize = 10;

fn choices(table: &Table<'_>, reading: &mut Reading<'_>) -> Choices {
    Choices {
        additional: table.choose("additional", ADDITIONAL, reading).unwrap_or_default(),
        formats: table.choose("formats", FORMATS, reading).unwrap_or_default(),
    }
}

fn say(file: &str, error: &ShapeError, value: &Value<'_>, reading: &mut Reading<'_>) {
    let what = format!("{file}#{}: {}", error.pointer, error.what);
    let _: Option<()> = value.error(what, error.hint.clone(), reading);
}

/// A document in JSON or YAML, in which no name stands twice.
fn document(file: &str, value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Json> {
    let path = reading.resolve(file);
    let bytes = match reading.outside.large_file(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let hint = "paths are relative to this file";
            return value.error(format!("{file} cannot be read: {error}"), hint, reading);
        }
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return value.error(format!("{file} is not UTF-8 text"), "save it as UTF-8", reading);
    };
    let text = text.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with(['{', '[']) {
        return match yaml::read(text) {
            Ok(read) => Some(read),
            Err(error) => value.error(format!("{file}, {error}"), error.mend, reading),
        };
    }
    let guarded = JsonGuard::read(LIMITS, text.as_bytes()).map_err(|fault| fault.to_string());
    let read = guarded.and_then(|()| serde_json::from_str(text).map_err(|error| error.to_string()));
    match read {
        Ok(read) => Some(read),
        Err(why) => {
            let hint = "write it as JSON, each name of an object once";
            value.error(format!("{file} cannot be read: {why}"), hint, reading)
        }
    }
}

/// The address under which a schema's file refers to itself and to others.
fn uri(file: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encoded = file.trim_start_matches('/').bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    format!("doorward:/{}", encoded.collect::<String>())
}

/// What a reference to a file beside one is, seen from where that one is seen from.
fn join(from: &str, reference: &str) -> String {
    let folder = from.rfind('/').map_or("", |end| &from[..end]);
    let mut names: Vec<&str> = folder.split('/').collect();
    if folder.is_empty() && !from.starts_with('/') {
        names.clear();
    }
    for name in reference.split('/') {
        match name {
            "." | "" => {}
            ".." => drop(names.pop()),
            _ => names.push(name),
        }
    }
    names.join("/")
}

/// The files beside a document that it refers to. What has a scheme or a root is no such file: the
/// reader of schemas says so.
fn references(value: &Json) -> Vec<String> {
    let mut out = Vec::new();
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Json::Object(members) => {
                let reference = part(value, "$ref").and_then(Json::as_str).unwrap_or_default();
                let file = reference.split('#').next().unwrap_or_default();
                if !file.is_empty() && !file.starts_with('/') && !file.contains([':', '%']) {
                    out.push(file.to_owned());
                }
                waiting.extend(members.values());
            }
            Json::Array(list) => waiting.extend(list),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
    out
}

fn part<'v>(value: &'v Json, name: &str) -> Option<&'v Json> {
    value.as_object()?.get(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_a_file_are_found_from_it() {
        for (from, reference, want) in [
            ("a.json", "b.json", "b.json"),
            ("schemas/a.json", "b.json", "schemas/b.json"),
            ("schemas/a.json", "./x/b.json", "schemas/x/b.json"),
            ("schemas/a.json", "../b.json", "b.json"),
            ("/etc/d/a.json", "b.json", "/etc/d/b.json"),
            ("doorward:/a.json", "b.json", "doorward:/b.json"),
            ("doorward:/s/a.json", "../b.json", "doorward:/b.json"),
            ("https://x.test/s/a.json", "b.json", "https://x.test/s/b.json"),
        ] {
            assert_eq!(join(from, reference), want, "{from} {reference}");
        }
        assert_eq!(uri("my schemas/a.json"), "doorward:/my%20schemas/a.json");
    }
}
