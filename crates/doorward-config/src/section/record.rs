//! `layers.identity.session` with `record`: sessions that are records in Redis or Valkey.

use super::checkers::{cookie, path, seconds};
use super::issuer::seconds_text;
use super::signed::{SignedBy, secrets_of};
use super::{record_url, secrets};
use crate::document::{Table, Value};
use crate::effective::{list, quote};
use crate::reading::Reading;
use doorward_core::layers::identity::{
    AskUrl, CheckerSettings, How, Place, Record, SESSION_S, Whoami,
};
use doorward_core::remote::Remote;
use doorward_core::secret::Secret;

/// What stands for the session's id in the name of its record.
const ID: &str = "{id}";
/// What express-session calls its cookie when nobody says otherwise.
const EXPRESS_COOKIE: &str = "connect.sid";
/// Bytes of such a name at the most, without the id.
const KEY_BYTES_MAX: usize = 256;
/// The keys that hold no secret; of `record`, what stands before an `@` may be one.
const PUBLIC: &[&str] = &[
    "cookie", "with", "check", "record", "key", "signed", "subject", "scopes", "issued", "expires",
    "max_age", "remember", "private",
];

/// Whether a table of a session says that it is a record.
pub(super) fn is_meant(table: &Table<'_>) -> bool {
    table.value("record").is_some()
}

/// Says of words that belong to a record where there is none.
pub(super) fn refuse_words(table: &Table<'_>, reading: &mut Reading<'_>) {
    for name in ["key", "expires", "password"] {
        let Some(said) = table.value(name) else { continue };
        let what = format!("`{name}` is for a session that is a record in Redis or Valkey");
        let hint = "leave it out, or say record = \"redis://127.0.0.1:6379\"";
        let _: Option<()> = said.error(what, hint, reading);
    }
}

/// Reads `session`. With it, the file's words for it.
pub(super) fn read(
    value: &Value<'_>,
    reading: &mut Reading<'_>,
) -> Option<(CheckerSettings, String)> {
    let table = value.table(reading)?;
    table.mask_literals(PUBLIC, reading);
    for name in ["check", "with", "issued", "max_age"] {
        let Some(said) = table.value(name) else { continue };
        let what = format!("`{name}` says nothing of a session whose record is asked for");
        let _: Option<()> =
            said.error(what, "leave it out, or leave out `record` and `key`", reading);
    }
    let cookie = cookie(value, &table, reading);
    let remote = remote(&table, reading);
    let key = key(value, &table, reading);
    let signed = signed(value, &table, reading);
    let subject = match table.value("subject") {
        Some(said) => path(&said, reading),
        None => {
            let what = "this does not say where the record names the caller: many applications \
                        give everybody a session";
            let hint = "add subject = \"$.passport.user\", or where your application writes it";
            value.error(what, hint, reading)
        }
    };
    let mut way = |name| table.value(name).and_then(|said: Value<'_>| path(&said, reading));
    let (scopes, expires) = (way("scopes"), way("expires"));
    let remember_s = seconds(&table, "remember", SESSION_S, reading);
    let (cookie, (remote, url, written), key) = (cookie?, remote?, key?);
    let (signed, subject) = (signed?, subject?);
    if signed.is_none() && cookie == EXPRESS_COOKIE {
        let what =
            format!("{cookie} is express-session's, which signs the id: none would be found");
        let hint = "add signed = \"express-session\" and its secret, if it is so here";
        reading.warn(Some(value.place.clone()), what, hint);
    }
    let (secrets, secret_texts) = signed.unzip();
    let said = Whoami { subject, scopes };
    let record = Record { remote, key, secrets, said, expires };
    let text = text(&cookie, &record, (&written, secret_texts), remember_s, url.is_private);
    let how = How::Record(Box::new(record));
    let (place, with) = (Place::Cookie(cookie), Vec::new());
    Some((CheckerSettings { place, with, url, how, remember_s }, text))
}

/// Where the records are, and as the file writes it: the address, and the password if it stands by
/// itself.
fn remote(
    table: &Table<'_>,
    reading: &mut Reading<'_>,
) -> Option<(Remote, AskUrl, [Option<String>; 2])> {
    let is_private = table.is_set("private", reading);
    let said = table.value("record")?;
    let text = said.text(reading)?;
    if text.contains('@') {
        // A password may stand before it.
        reading.mask(&said.place);
    }
    let bytes = match secrets::refers(text) || record_url::has_password(text) {
        true => secrets::read_one(text, &said.place, reading)?,
        false => text.as_bytes().to_vec(),
    };
    let written = match record_url::has_password(text) {
        true => "…".to_owned(),
        false => text.to_owned(),
    };
    let read = String::from_utf8(bytes).map_err(|_| record_url::FORM);
    let mut remote = match read.and_then(|text| record_url::parse(&text, is_private)) {
        Ok(remote) => remote,
        Err((what, hint)) => return said.error(what, hint, reading),
    };
    let mut password_written = None;
    if let Some(said) = table.value("password") {
        let text = said.text(reading)?;
        let bytes = secrets::read_one(text, &said.place, reading)?;
        if remote.password.is_some() {
            let what = "there is a password in the address already";
            return said.error(what, "leave one of them out", reading);
        }
        let reference = secrets::reference(text, bytes);
        password_written = Some(reference.written);
        remote.password = Some(reference.secret);
    }
    let url = AskUrl { url: remote.to_string(), is_private };
    Some((remote, url, [Some(written), password_written]))
}

/// The name of a record, around the session's id.
fn key(value: &Value<'_>, table: &Table<'_>, reading: &mut Reading<'_>) -> Option<[String; 2]> {
    let hint = "write key = \"sess:{id}\" for connect-redis, \"session:{id}\" for Flask-Session";
    let Some(said) = table.value("key") else {
        return value.error("this does not say what a record is called", hint, reading);
    };
    let text = said.text(reading)?;
    let Some((before, behind)) = text.split_once(ID) else {
        let what = "the session's id is not in this name: everybody would have one record";
        return said.error(what, hint, reading);
    };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && text.len() <= KEY_BYTES_MAX;
    if behind.contains(ID) || !is_plain {
        let what = "this is no name of a record: it has {id} once, in 256 letters of ASCII without \
                    blanks";
        return said.error(what, hint, reading);
    }
    Some([before.to_owned(), behind.to_owned()])
}

/// The secrets of a signed cookie, and as they are written. None within: it is not signed.
fn signed(
    value: &Value<'_>,
    table: &Table<'_>,
    reading: &mut Reading<'_>,
) -> Option<Option<(Vec<Secret>, Vec<String>)>> {
    let Some(said) = table.value("signed") else {
        let Some(secret) = table.value("secret") else { return Some(None) };
        let what = "this does not say who signs the cookie with this secret";
        return secret.error(what, "add signed = \"express-session\", or leave it out", reading);
    };
    match said.choose(SignedBy::WORDS, reading)? {
        SignedBy::ExpressSession => Some(Some(secrets_of(value, table, reading))),
        SignedBy::Framework(_) => {
            let what = "a session that stands in its cookie has no record";
            let hint = "say signed = \"express-session\", or leave out `record` and `key`";
            said.error(what, hint, reading)
        }
    }
}

/// As the file writes it.
fn text(
    cookie: &str,
    record: &Record,
    ([address, password], secrets): (&[Option<String>; 2], Option<Vec<String>>),
    remember_s: u64,
    is_private: bool,
) -> String {
    let way = |path: &[String]| quote(&format!("$.{}", path.join(".")));
    let [before, behind] = &record.key;
    let address = address.as_deref().unwrap_or_default();
    let mut out = format!(
        "{{ cookie = {}, record = {}, key = {}",
        quote(cookie),
        quote(address),
        quote(&format!("{before}{ID}{behind}")),
    );
    if let Some(password) = password {
        out.push_str(&format!(", password = {}", quote(password)));
    }
    if let Some(secrets) = secrets {
        out.push_str(&format!(", signed = \"express-session\", secret = {}", list(&secrets)));
    }
    out.push_str(&format!(", subject = {}", way(&record.said.subject)));
    for (name, path) in [("scopes", &record.said.scopes), ("expires", &record.expires)] {
        if let Some(path) = path {
            out.push_str(&format!(", {name} = {}", way(path)));
        }
    }
    let remember = quote(&seconds_text(remember_s));
    out.push_str(&format!(", remember = {remember}, private = {is_private} }}"));
    out
}
