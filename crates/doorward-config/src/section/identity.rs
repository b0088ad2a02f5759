//! `[layers.identity]`: whom the gate believes.

use super::{certificate, checkers, credential, issuer, proof, record, signatures, signed};
use crate::document::{Table, Value, shorten};
use crate::draft::Draft;
use crate::key_file::{self, KEY_FILE_NAME};
use crate::reading::Reading;
use crate::source::Place as At;
use doorward_core::layers::identity::{ApiKey, KeySettings, Kind, Place};
use http::HeaderName;
use std::io;

/// The words of `prefer`.
pub(crate) const KINDS: &[(&str, Kind)] = &[
    ("key", Kind::Key),
    ("jwt", Kind::Jwt),
    ("session", Kind::Session),
    ("opaque", Kind::Opaque),
    ("certificate", Kind::Certificate),
];
/// The default of `keys.header`.
const KEY_HEADER: &str = "x-api-key";

pub(crate) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    let errors_before = reading.error_count();
    let mut names: Vec<String> = Vec::new();
    for value in table.list("jwt", reading) {
        let Some((issuer, written)) = issuer::read(&value, &names, reading) else { continue };
        names.push(issuer.issuer.clone());
        draft.settings.identity.issuers.push(issuer);
        draft.jwt_keys.push(written);
    }
    for value in table.list("signatures", reading) {
        let known = &draft.settings.identity.signers;
        let Some((signer, written)) = signatures::read(&value, known, reading) else { continue };
        draft.settings.identity.signers.push(signer);
        draft.signature_keys.push(written);
    }
    read_checkers(table, draft, reading);
    if let Some(value) = table.value("certificate") {
        draft.settings.identity.certificate = certificate::read(&value, reading);
    }
    proof::read(table, draft, reading);
    if let Some(value) = table.value("keys")
        && let Some(keys) = value.table(reading)
    {
        let at = value.place.clone();
        draft.settings.identity.keys = Some(read_keys(&keys, &at, draft, reading));
    }
    prefer(table, draft, reading);
    if reading.error_count() > errors_before {
        // The file does not come to a gate. What was meant is not said to be missing in addition.
        draft.settings.identity.issuers.clear();
        draft.settings.identity.checkers.clear();
        draft.settings.identity.signed = None;
        draft.settings.identity.nonce.stretch_s = None;
        let place = Place::Header(HeaderName::from_static(KEY_HEADER));
        draft.settings.identity.keys = Some(KeySettings { place, keys: Vec::new() });
    }
}

/// Who is asked about sessions and opaque tokens.
fn read_checkers(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(value) = table.value("session") {
        read_session(&value, draft, reading);
    }
    for value in table.list("introspection", reading) {
        let Some((checker, written)) = checkers::introspection(&value, reading) else { continue };
        let known = &mut draft.settings.identity.checkers;
        if known.iter().any(|other| other.place == checker.place) {
            let what = "another issuer is asked about what stands here";
            let _: Option<()> =
                value.error(what, "write another `from`, or leave one out", reading);
            continue;
        }
        known.push(checker);
        draft.introspection.push(written);
    }
}

/// The backend's sessions: it is asked, its record is, or a framework's signature tells.
fn read_session(value: &Value<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    let Some(table) = value.table(reading) else { return };
    let is_record = record::is_meant(&table);
    if is_record || !signed::is_meant(&table) {
        let asked = if is_record { record::read } else { checkers::session };
        if let Some((checker, written)) = asked(value, reading) {
            draft.settings.identity.checkers.push(checker);
            draft.session = Some(written);
        }
        return;
    }
    let Some((settings, written)) = signed::read(value, reading) else { return };
    let place = Place::Cookie(settings.cookie.clone());
    let beside = settings.framework.signature_cookie(&settings.cookie).map(Place::Cookie);
    let mut issuers = draft.settings.identity.issuers.iter();
    if issuers.any(|issuer| issuer.place == place || Some(&issuer.place) == beside.as_ref()) {
        let what = "tokens of an issuer in `jwt` stand in this cookie";
        let _: Option<()> = value.error(what, "give each a cookie of its own", reading);
    }
    draft.settings.identity.signed = Some(settings);
    draft.session = Some(written);
}

fn prefer(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    for value in table.list("prefer", reading) {
        let Some(kind) = value.choose(KINDS, reading) else { continue };
        let known = &mut draft.settings.identity.prefer;
        if known.contains(&kind) {
            let _: Option<()> = value.error("this stands twice", "leave one out", reading);
        } else {
            known.push(kind);
        }
    }
}

fn read_keys(
    table: &Table<'_>,
    at: &At,
    draft: &mut Draft,
    reading: &mut Reading<'_>,
) -> KeySettings {
    let mut place = Place::Header(HeaderName::from_static(KEY_HEADER));
    if let Some(value) = table.value("header")
        && let Some(text) = value.text(reading)
    {
        if text.eq_ignore_ascii_case("authorization") {
            place = Place::Bearer;
        } else if let Some(name) = header_name(text, &value.place, reading) {
            place = Place::Header(name);
        }
    }
    let said = table.value("file");
    let path = match &said {
        Some(value) => value.text(reading),
        None => Some(KEY_FILE_NAME),
    };
    let Some(path) = path else { return KeySettings { place, keys: Vec::new() } };
    path.clone_into(&mut draft.key_file);
    let at = said.map_or_else(|| at.clone(), |value| value.place);
    KeySettings { place, keys: keys_of(path, &at, reading) }
}

/// The keys of a file. One that is not there yet has none.
fn keys_of(path: &str, at: &At, reading: &mut Reading<'_>) -> Vec<ApiKey> {
    let file = reading.resolve(path);
    match reading.outside.file(&file) {
        Ok(bytes) => key_file::parse(&bytes).unwrap_or_else(|error| {
            reading.take_report(error.named(path));
            Vec::new()
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let what = format!("there is no key yet: {path:?} is not there");
            reading.warn(Some(at.clone()), what, "make one: doorward key create NAME");
            Vec::new()
        }
        Err(error) => {
            let what = format!("the file of keys {path:?} cannot be read: {error}");
            let hint = "relative paths start where the configuration file is";
            reading.error(Some(at), what, hint);
            Vec::new()
        }
    }
}

/// Headers that are judged as something else, beside those that the gate writes.
fn is_judged(name: &str) -> bool {
    let begins = ["x-http-method", "x-original-", "proxy", "accept", "if-"];
    let others =
        ["authorization", "x-method-override", "x-real-ip", "user-agent", "range", "via", "date"];
    begins.iter().any(|begin| name.starts_with(begin)) || others.contains(&name)
}

/// Reads the name of a header that credentials stand in.
pub(super) fn header_name(text: &str, at: &At, reading: &mut Reading<'_>) -> Option<HeaderName> {
    let Ok(name) = text.parse::<HeaderName>() else {
        let what = format!("{:?} is no header's name", shorten(text));
        reading.error(Some(at), what, "write it like \"x-api-key\"");
        return None;
    };
    if name.as_str().contains('_') {
        let what = "many servers read `_` as `-`, and would take two headers for one";
        reading.error(Some(at), what, format!("call it {:?}", name.as_str().replace('_', "-")));
        return None;
    }
    if credential::is_own(name.as_str()) || is_judged(name.as_str()) {
        let what = format!("the header `{name}` is not free: it means something else already");
        let hint = "use a header of its own, such as \"x-api-key\", or \"authorization\"";
        reading.error(Some(at), what, hint);
        return None;
    }
    Some(name)
}
