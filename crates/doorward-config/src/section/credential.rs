//! `[layers.credential]`: what only the gate knows, and adds on the way to the backend.

use super::secrets;
use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::reading::Reading;
use crate::source::Place;
use doorward_core::layers::credential::{Credential, Put};
use doorward_core::secret::Secret;
use http::HeaderName;

pub(crate) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    for value in table.list("add", reading) {
        // One that cannot be read keeps its place and its name, so that routes may name it.
        let (mut credential, mut written) = (empty(), String::new());
        if let Some(entry) = value.table(reading) {
            read_one(&value, &entry, &mut credential, &mut written, reading);
        }
        if !credential.name.is_empty() && is_known(draft, &credential.name) {
            let what = format!("another credential is called {:?}", credential.name);
            let hint = "give each a name of its own: routes name them";
            let _: Option<()> = value.error(what, hint, reading);
        }
        draft.settings.credential.credentials.push(credential);
        draft.credential_values.push(written);
    }
}

fn is_known(draft: &Draft, name: &str) -> bool {
    draft.settings.credential.credentials.iter().any(|known| known.name == name)
}

fn empty() -> Credential {
    Credential {
        name: String::new(),
        put: Put::Header(http::header::AUTHORIZATION),
        before: String::new(),
        secret: Secret::default(),
    }
}

fn read_one(
    value: &Value<'_>,
    entry: &Table<'_>,
    credential: &mut Credential,
    written: &mut String,
    reading: &mut Reading<'_>,
) {
    entry.mask_literals(&["name", "header", "query", "value"], reading);
    match entry.value("name") {
        Some(name) => {
            name.text(reading).unwrap_or_default().clone_into(&mut credential.name);
        }
        None => missing(value, "name", "name = \"openai\"", reading),
    }
    if let Some(put) = put(value, entry, reading) {
        credential.put = put;
    }
    match entry.value("value") {
        Some(said) => {
            let Some(text) = said.text(reading) else { return };
            written.push_str(self::written(text));
            if let Some((before, secret)) = split_value(text, &said.place, reading) {
                (credential.before, credential.secret) = (before, secret);
            }
        }
        None => missing(value, "value", "value = \"Bearer env:API_KEY\"", reading),
    }
}

/// Where it is put: into a header, or into a parameter of the query.
fn put(value: &Value<'_>, entry: &Table<'_>, reading: &mut Reading<'_>) -> Option<Put> {
    match (entry.value("header"), entry.value("query")) {
        (Some(header), None) => {
            let name = header_name(header.text(reading)?, &header.place, reading)?;
            Some(Put::Header(name))
        }
        (None, Some(query)) => {
            let name = parameter_name(query.text(reading)?, &query.place, reading)?;
            Some(Put::Query(name))
        }
        (Some(_), Some(query)) => {
            let hint = "leave out one, or write two credentials; a route may name both";
            query.error("a credential is put into a header or into the query", hint, reading)
        }
        (None, None) => {
            missing(value, "header", "header = \"authorization\", or query = \"key\"", reading);
            None
        }
    }
}

fn missing(value: &Value<'_>, name: &str, example: &str, reading: &mut Reading<'_>) {
    let what = format!("this credential has no `{name}`");
    let _: Option<()> = value.error(what, format!("add {example}"), reading);
}

/// Headers that belong to the connection, to the message's form or to the gate itself.
const NEVER: &[&str] = &[
    "host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "content-type",
    "content-encoding",
    "expect",
    "forwarded",
    "origin",
    "referer",
    "cookie",
];

/// Reads the name of a header that may be added.
pub(crate) fn header_name(
    text: &str,
    place: &Place,
    reading: &mut Reading<'_>,
) -> Option<HeaderName> {
    let Ok(name) = text.parse::<HeaderName>() else {
        let what = "this is no header's name";
        reading.error(Some(place), what, "write it like \"authorization\" or \"x-api-key\"");
        return None;
    };
    // Many servers read `_` as `-`.
    let dashed = name.as_str().replace('_', "-");
    if is_own(&dashed) {
        let what = format!("the header `{name}` is the gate's own to write");
        reading.error(Some(place), what, "add another header");
        return None;
    }
    Some(name)
}

/// Letters of a parameter's name at the most.
const PARAMETER_LETTERS_MAX: usize = 64;

/// Reads the name of a query's parameter that may be added.
pub(crate) fn parameter_name(
    text: &str,
    place: &Place,
    reading: &mut Reading<'_>,
) -> Option<String> {
    // In letters that every backend reads as they are, so that a client's own is known for one.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let has_letter = text.bytes().any(|byte| byte.is_ascii_alphanumeric());
    if !has_letter || text.len() > PARAMETER_LETTERS_MAX || !text.bytes().all(is_plain) {
        let hint = "write it like \"key\": at most 64 of a-z, A-Z, 0-9, `-`, `_`, `.` and `~`";
        reading.error(Some(place), "this is no name of a parameter that could be added", hint);
        return None;
    }
    let folded = text.to_ascii_lowercase();
    if folded.starts_with("doorward") || folded == "access_token" || folded == "_method" {
        let what = format!("the gate judges a parameter {text:?} by itself");
        reading.error(Some(place), what, "add another parameter, or a header");
        return None;
    }
    Some(text.to_owned())
}

/// Whether a header, in lower case with `-`, is the gate's, the connection's or a browser's own.
pub(super) fn is_own(name: &str) -> bool {
    let own = ["doorward-", "x-forwarded", "sec-", "access-control-"];
    own.iter().any(|begin| name.starts_with(begin)) || NEVER.contains(&name)
}

/// Where a reference begins in a value: at its beginning or after a space.
fn reference_start(text: &str) -> Option<usize> {
    let starts = |at: usize| secrets::refers(&text[at..]);
    let after_spaces = text.match_indices(' ').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after_spaces).find(|at| starts(*at))
}

/// Whether a value refers to a secret that stands elsewhere.
pub(crate) fn has_reference(text: &str) -> bool {
    reference_start(text).is_some()
}

/// A value as it may be shown: one without a reference is a secret.
pub(crate) fn written(text: &str) -> &str {
    if reference_start(text).is_some() { text } else { "…" }
}

/// Reads a value with a reference in it: `Bearer env:API_KEY`. The reference ends the value. What
/// stands before it, and the secret.
pub(crate) fn split_value(
    text: &str,
    place: &Place,
    reading: &mut Reading<'_>,
) -> Option<(String, Secret)> {
    let start = reference_start(text).unwrap_or(0);
    let (before, reference) = text.split_at(start);
    let is_plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let secret = secrets::read_one(reference, place, reading)?;
    if !before.bytes().all(is_plain) {
        let hint = "write printable ASCII before the reference, as in \"Bearer env:API_KEY\"";
        reading.error(Some(place), "this cannot stand in a header", hint);
        return None;
    }
    Some((before.to_owned(), Secret::new(secret)))
}
