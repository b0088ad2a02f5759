//! `[layers.credential]`: headers that only the gate knows.

use super::secrets;
use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::reading::Reading;
use crate::source::Place;
use doorward_core::layers::credential::Credential;
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
        header: http::header::AUTHORIZATION,
        value: Secret::default(),
    }
}

fn read_one(
    value: &Value<'_>,
    entry: &Table<'_>,
    credential: &mut Credential,
    written: &mut String,
    reading: &mut Reading<'_>,
) {
    entry.mask_literals(&["name", "header", "value"], reading);
    match entry.value("name") {
        Some(name) => {
            name.text(reading).unwrap_or_default().clone_into(&mut credential.name);
        }
        None => missing(value, "name", "name = \"openai\"", reading),
    }
    match entry.value("header") {
        Some(header) => {
            if let Some(text) = header.text(reading)
                && let Some(name) = header_name(text, &header.place, reading)
            {
                credential.header = name;
            }
        }
        None => missing(value, "header", "header = \"authorization\"", reading),
    }
    match entry.value("value") {
        Some(said) => {
            let Some(text) = said.text(reading) else { return };
            written.push_str(self::written(text));
            if let Some(bytes) = header_value(text, &said.place, reading) {
                credential.value = Secret::new(bytes);
            }
        }
        None => missing(value, "value", "value = \"Bearer env:API_KEY\"", reading),
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

/// A value as it may be shown: one without a reference is a secret.
pub(crate) fn written(text: &str) -> &str {
    if reference_start(text).is_some() { text } else { "…" }
}

/// Reads a header's value with a reference in it: `Bearer env:API_KEY`. The reference ends the
/// value.
pub(crate) fn header_value(
    text: &str,
    place: &Place,
    reading: &mut Reading<'_>,
) -> Option<Vec<u8>> {
    let start = reference_start(text).unwrap_or(0);
    let (before, reference) = text.split_at(start);
    let secret = secrets::read_one(reference, place, reading)?;
    let mut out = before.as_bytes().to_vec();
    out.extend_from_slice(&secret);
    Some(out)
}
