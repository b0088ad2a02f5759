//! `layers.identity.session` with `signed`: a framework's own signed cookie, which is read here.

use super::checkers::{cookie, path};
use super::issuer::seconds_text;
use super::{record, secrets};
use crate::document::{Table, Value};
use crate::effective::{list, quote};
use crate::reading::Reading;
use doorward_core::layers::identity::{
    Framework, SIGNED_SECRET_BYTES_MIN, SIGNED_SECRETS_MAX, SignedSettings,
};
use doorward_core::secret::Secret;

/// Seconds for which a cookie is believed that says its time by a member of its own.
const MAX_AGE_S: u64 = 14 * 86_400;
/// The keys that hold no secret.
const PUBLIC: &[&str] = &[
    "cookie", "with", "check", "record", "key", "signed", "subject", "scopes", "issued", "expires",
    "max_age", "remember", "private",
];

/// Who signs a cookie.
#[derive(Clone, Copy)]
pub(super) enum SignedBy {
    /// A framework, which keeps the whole session in it.
    Framework(Framework),
    /// express-session, which keeps the session's id in it.
    ExpressSession,
}

impl SignedBy {
    /// The words of the configuration.
    pub(super) const WORDS: &[(&str, Self)] = &[
        ("flask", Self::Framework(Framework::Flask)),
        ("django", Self::Framework(Framework::Django)),
        ("express", Self::Framework(Framework::Express)),
        ("express-session", Self::ExpressSession),
    ];
}

/// Whether a table of a session says that a framework signs it.
pub(super) fn is_meant(table: &Table<'_>) -> bool {
    table.value("signed").is_some()
}

/// Says of words that belong to a framework's cookie where there is none.
pub(super) fn refuse_words(table: &Table<'_>, reading: &mut Reading<'_>) {
    table.mask_literals(PUBLIC, reading);
    for name in ["secret", "issued", "max_age"] {
        let Some(said) = table.value(name) else { continue };
        let what = format!("`{name}` is for a framework's signed cookie, and the backend is asked");
        let _: Option<()> = said.error(what, "leave it out, or say signed = \"flask\"", reading);
    }
}

/// Reads `session`. With it, the file's words for it.
pub(super) fn read(
    value: &Value<'_>,
    reading: &mut Reading<'_>,
) -> Option<(SignedSettings, String)> {
    let table = value.table(reading)?;
    table.mask_literals(PUBLIC, reading);
    for name in ["check", "with", "remember", "private"] {
        let Some(said) = table.value(name) else { continue };
        let what = format!("`{name}` is for a backend that is asked, and a signed cookie is read");
        let hint = "leave it out, or leave out `signed`";
        let _: Option<()> = said.error(what, hint, reading);
    }
    record::refuse_words(&table, reading);
    let framework = framework(&table, reading);
    let cookie = cookie(value, &table, reading);
    let (secrets, written) = secrets_of(value, &table, reading);
    let subject = match table.value("subject") {
        Some(said) => path(&said, reading),
        None => {
            let what = "this does not say where the session names the caller: many applications \
                        give everybody one";
            let hint = "add subject = \"$.user_id\", of Flask-Login \"$._user_id\", of Django \
                        \"$._auth_user_id\"";
            value.error(what, hint, reading)
        }
    };
    let scopes = table.value("scopes").and_then(|said| path(&said, reading));
    let (issued, max_age_s) = times(framework?, &table, reading);
    let (framework, cookie, subject) = (framework?, cookie?, subject?);
    let settings =
        SignedSettings { cookie, framework, secrets, subject, scopes, issued, max_age_s };
    let text = text(&settings, &written);
    Some((settings, text))
}

fn framework(table: &Table<'_>, reading: &mut Reading<'_>) -> Option<Framework> {
    let said = table.value("signed")?;
    match said.choose(SignedBy::WORDS, reading)? {
        SignedBy::Framework(framework) => Some(framework),
        SignedBy::ExpressSession => {
            let what = "express-session keeps no session in its cookie, only the name of one";
            let hint = "add record = \"redis://127.0.0.1:6379\" and key = \"sess:{id}\", where \
                        connect-redis keeps it; for any other store use `check`";
            said.error(what, hint, reading)
        }
    }
}

/// When a cookie was signed, and for how long it is believed.
fn times(
    framework: Framework,
    table: &Table<'_>,
    reading: &mut Reading<'_>,
) -> (Option<Vec<String>>, Option<u64>) {
    let said = table.value("max_age");
    let max_age_s = said.as_ref().and_then(|said| said.duration(reading)).map(|age| age.as_secs());
    let issued = table.value("issued");
    if let (Some(own_s), Some(issued)) = (framework.max_age_s(), &issued) {
        let what = "this framework's cookies say themselves when they were signed";
        let _: Option<()> = issued.error(what, "leave it out", reading);
        return (None, max_age_s.or(Some(own_s)));
    }
    let path = issued.as_ref().and_then(|issued| path(issued, reading));
    match (framework.max_age_s(), issued, said) {
        (Some(own_s), _, _) => (None, max_age_s.or(Some(own_s))),
        (None, Some(_), _) => (path, max_age_s.or(Some(MAX_AGE_S))),
        (None, None, None) => (None, None),
        (None, None, Some(said)) => {
            let what = "this framework's cookies do not say when they were signed";
            let hint = "have the backend write the time of signing in into the session, and say \
                        where: issued = \"$.signed_in_at\"";
            let _: Option<()> = said.error(what, hint, reading);
            (None, None)
        }
    }
}

pub(super) fn secrets_of(
    value: &Value<'_>,
    table: &Table<'_>,
    reading: &mut Reading<'_>,
) -> (Vec<Secret>, Vec<String>) {
    let hint = "add secret = \"env:NAME\": what the framework signs with; a list while it is \
                changed, the new one and the old";
    let Some(said) = table.value("secret") else {
        let _: Option<()> = value.error("nobody could check these sessions", hint, reading);
        return Default::default();
    };
    let entries = said.list(reading);
    if entries.is_empty() && !reading.is_faulty(&said.place) {
        let _: Option<()> = said.error("nobody could check these sessions", hint, reading);
    }
    if entries.len() > SIGNED_SECRETS_MAX {
        let what =
            format!("more than {SIGNED_SECRETS_MAX} secrets: each is tried with each cookie");
        let _: Option<()> = said.error(what, "keep those that still sign", reading);
    }
    secrets::read_each(entries, reading, |entry, bytes, reading| {
        let is_long = bytes.len() >= SIGNED_SECRET_BYTES_MIN;
        if !is_long {
            let what = format!(
                "this secret has {} bytes; {SIGNED_SECRET_BYTES_MIN} are the least: whoever has \
                 one cookie can try out secrets by himself",
                bytes.len(),
            );
            let hint = "give the backend a longer one: head -c 32 /dev/urandom | base64";
            let _: Option<()> = entry.error(what, hint, reading);
        }
        is_long
    })
}

/// As the file writes it.
fn text(settings: &SignedSettings, secrets: &[String]) -> String {
    let way = |path: &[String]| quote(&format!("$.{}", path.join(".")));
    let word = Framework::NAMES.iter().find(|(_, meaning)| *meaning == settings.framework);
    let mut out = format!(
        "{{ cookie = {}, signed = {}, secret = {}, subject = {}",
        quote(&settings.cookie),
        quote(word.map_or("", |(word, _)| word)),
        list(secrets),
        way(&settings.subject),
    );
    for (name, path) in [("scopes", &settings.scopes), ("issued", &settings.issued)] {
        if let Some(path) = path {
            out.push_str(&format!(", {name} = {}", way(path)));
        }
    }
    if let Some(max_age_s) = settings.max_age_s {
        out.push_str(&format!(", max_age = {}", quote(&seconds_text(max_age_s))));
    }
    out.push_str(" }");
    out
}
