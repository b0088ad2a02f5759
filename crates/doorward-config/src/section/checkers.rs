//! `layers.identity.session` and `.introspection`: who is asked about callers.

use super::issuer::{is_cookie_name, place, place_text, seconds_text};
use super::{key_url, record, secrets, signed};
use crate::document::{Table, Value, shorten};
use crate::effective::{list, quote};
use crate::reading::Reading;
use doorward_core::layers::identity::{
    AskUrl, CheckerSettings, How, INTROSPECTION_S, Introspection, LEEWAY_S, Place, SESSION_S,
    Whoami, whoami_path,
};
use doorward_core::secret::Secret;

/// The keys that hold no secret.
const PUBLIC: &[&str] =
    &["issuer", "url", "client_id", "audience", "from", "subject", "remember", "leeway", "private"];

/// Reads `session`. With it, the file's words for it.
pub(super) fn session(
    value: &Value<'_>,
    reading: &mut Reading<'_>,
) -> Option<(CheckerSettings, String)> {
    let table = value.table(reading)?;
    signed::refuse_words(&table, reading);
    record::refuse_words(&table, reading);
    let cookie = cookie(value, &table, reading);
    let mut with = Vec::new();
    for entry in table.list("with", reading) {
        with.extend(cookie_name(&entry, reading));
    }
    let hint = "add check = \"http://127.0.0.1:3000/whoami\": what answers 200 to who is signed \
                in; or signed = \"flask\", or record = \"redis://127.0.0.1:6379\"";
    let url = url(value, &table, "check", hint, reading);
    let subject = match table.value("subject") {
        Some(said) => path(&said, reading),
        None => {
            let what = "this does not say where the answer names the caller: many backends answer \
                        200 to everybody";
            let hint = "add subject = \"$.id\": the member of its JSON that only a caller has";
            value.error(what, hint, reading)
        }
    };
    let scopes = table.value("scopes").and_then(|said| path(&said, reading));
    let remember_s = seconds(&table, "remember", SESSION_S, reading);
    let (cookie, url, subject) = (cookie?, url?, subject?);
    let mut written = format!(
        "cookie = {}, with = {}, check = {}, subject = {}",
        quote(&cookie),
        list(&with),
        quote(&url.url),
        quote(&format!("$.{}", subject.join("."))),
    );
    if let Some(scopes) = &scopes {
        written.push_str(&format!(", scopes = {}", quote(&format!("$.{}", scopes.join(".")))));
    }
    let remember = quote(&seconds_text(remember_s));
    written.push_str(&format!(", remember = {remember}, private = {}", url.is_private));
    let place = Place::Cookie(cookie);
    let how = How::Whoami(Whoami { subject, scopes });
    Some((CheckerSettings { place, with, url, how, remember_s }, format!("{{ {written} }}")))
}

/// Reads one of `introspection`.
pub(super) fn introspection(
    value: &Value<'_>,
    reading: &mut Reading<'_>,
) -> Option<(CheckerSettings, String)> {
    let table = value.table(reading)?;
    table.mask_literals(PUBLIC, reading);
    let issuer =
        text(value, &table, "issuer", "\"https://id.example\": whose tokens they are", reading);
    let hint = "add url = \"https://id.example/introspect\": its `introspection_endpoint`";
    let url = url(value, &table, "url", hint, reading);
    let client_id =
        text(value, &table, "client_id", "\"gate\": by what name the gate asks", reading);
    let secret = secret(value, &table, reading);
    let mut audiences = Vec::new();
    for entry in table.list("audience", reading) {
        audiences.extend(entry.text(reading).map(str::to_owned));
    }
    let from = match table.value("from") {
        None => Some(Place::Bearer),
        Some(from) => from.text(reading).and_then(|text| place(text, &from.place, reading)),
    };
    let subject = match table.value("subject").and_then(|said| said.text(reading)) {
        Some(subject) => subject.to_owned(),
        None => "sub".to_owned(),
    };
    let remember_s = seconds(&table, "remember", INTROSPECTION_S, reading);
    let leeway_s = seconds(&table, "leeway", LEEWAY_S, reading);
    let (issuer, url, client_id) = (issuer?, url?, client_id?);
    let ((client_secret, secret_text), place) = (secret?, from?);
    let written = format!(
        "{{ issuer = {}, url = {}, client_id = {}, client_secret = {}, audience = {}, from = {}, \
         subject = {}, remember = {}, leeway = {}, private = {} }}",
        quote(&issuer),
        quote(&url.url),
        quote(&client_id),
        quote(&secret_text),
        list(&audiences),
        quote(&place_text(&place)),
        quote(&subject),
        quote(&seconds_text(remember_s)),
        quote(&seconds_text(leeway_s)),
        url.is_private,
    );
    let how = Introspection { issuer, audiences, client_id, client_secret, subject, leeway_s };
    let how = How::Introspection(how);
    Some((CheckerSettings { place, with: Vec::new(), url, how, remember_s }, written))
}

fn text(
    value: &Value<'_>,
    table: &Table<'_>,
    name: &str,
    example: &str,
    reading: &mut Reading<'_>,
) -> Option<String> {
    let Some(said) = table.value(name) else {
        return value.error(
            format!("`{name}` is missing"),
            format!("add {name} = {example}"),
            reading,
        );
    };
    match said.text(reading)? {
        "" => {
            said.error(format!("`{name}` is empty"), format!("write {name} = {example}"), reading)
        }
        text => Some(text.to_owned()),
    }
}

pub(super) fn cookie(
    value: &Value<'_>,
    table: &Table<'_>,
    reading: &mut Reading<'_>,
) -> Option<String> {
    match table.value("cookie") {
        Some(said) => cookie_name(&said, reading),
        None => {
            let hint = "add cookie = \"session\": the name of the backend's session cookie";
            value.error("this does not say which cookie is the session", hint, reading)
        }
    }
}

fn cookie_name(said: &Value<'_>, reading: &mut Reading<'_>) -> Option<String> {
    let name = said.text(reading)?;
    if is_cookie_name(name) {
        return Some(name.to_owned());
    }
    let what = format!("{:?} is no cookie's name (RFC 6265 4.1.1)", shorten(name));
    said.error(what, "write it as the backend sets it: \"connect.sid\"", reading)
}

pub(super) fn path(said: &Value<'_>, reading: &mut Reading<'_>) -> Option<Vec<String>> {
    let text = said.text(reading)?;
    let what = format!("{:?} is no way to a member", shorten(text));
    whoami_path(text)
        .or_else(|| said.error(what, "write it like \"$.id\" or \"$.user.id\"", reading))
}

/// The address that is asked.
fn url(
    value: &Value<'_>,
    table: &Table<'_>,
    name: &str,
    hint: &str,
    reading: &mut Reading<'_>,
) -> Option<AskUrl> {
    let is_private = table.is_set("private", reading);
    let Some(said) = table.value(name) else {
        return value.error("this does not say who is asked", hint, reading);
    };
    let text = said.text(reading)?;
    if let Err((what, _)) = key_url::parse(text, is_private) {
        if text.contains('@') {
            reading.mask(&said.place);
        }
        let what = match what {
            key_url::NO_URL => "this is no address that can be asked",
            key_url::PLAIN => {
                "over http anybody on the way could read what is asked, and answer for it"
            }
            what => what,
        };
        let hint = "write \"https://id.example/…\"; plain http goes to this machine and to private \
                    addresses, and elsewhere where private = true accepts it";
        return said.error(what, hint, reading);
    }
    Some(AskUrl { url: text.to_owned(), is_private })
}

fn secret(
    value: &Value<'_>,
    table: &Table<'_>,
    reading: &mut Reading<'_>,
) -> Option<(Secret, String)> {
    let Some(said) = table.value("client_secret") else {
        let what = "`client_secret` is missing: issuers answer only whom they know (RFC 7662 2.1)";
        return value.error(what, "add client_secret = \"env:NAME\"", reading);
    };
    let text = said.text(reading)?;
    let bytes = secrets::read_one(text, &said.place, reading)?;
    let reference = secrets::reference(text, bytes);
    Some((reference.secret, reference.written))
}

pub(super) fn seconds(table: &Table<'_>, name: &str, usual: u64, reading: &mut Reading<'_>) -> u64 {
    let said = table.value(name).and_then(|value| value.duration(reading));
    said.map_or(usual, |time| time.as_secs())
}
