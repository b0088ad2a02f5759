//! The file of API keys: `[[key]]` tables, written by `doorward key` and read by the gate. It holds
//! no key, only their SHA-256.

use crate::document::{Table, Value, shorten};
use crate::measure;
use crate::outside::{Machine, Outside};
use crate::reading::Reading;
use crate::report::Report;
use crate::shape::{Key, Section, Shape};
use crate::source::Place;
use doorward_core::layers::identity::{ApiKey, KEY_PREFIX};
use std::collections::HashSet;
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file's name where nobody gives another one.
pub const KEY_FILE_NAME: &str = "doorward-keys.toml";
/// Letters of a key's name at the most.
pub const KEY_NAME_LETTERS_MAX: usize = 64;
/// Scopes of a key at the most.
pub const KEY_SCOPES_MAX: usize = 64;
/// What a key's id begins with; eight hexadecimal digits follow.
pub const KEY_ID_PREFIX: &str = "k_";
const KEY_ID_DIGITS: usize = 8;

/// A key's line in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// What a person calls it.
    pub name: String,
    /// The second since 1970 at which it was created.
    pub created_unix_s: u64,
    /// The second since 1970 at which it was revoked.
    pub revoked_unix_s: Option<u64>,
    /// What the gate knows of it.
    pub key: ApiKey,
}

impl KeyRecord {
    /// Whether it opens anything at that second.
    #[must_use]
    pub fn is_living(&self, now_unix_s: u64) -> bool {
        !self.key.is_revoked && self.key.ends_unix_s.is_none_or(|ends| now_unix_s < ends)
    }
}

/// Everything that is wrong with a file of keys.
#[derive(Clone, Debug)]
pub struct KeyFileError(Report);

impl KeyFileError {
    /// The report, with the lines of a file of that name.
    #[must_use]
    pub fn named(self, name: &str) -> Report {
        let Report { mut sources, problems } = self.0;
        for source in &mut sources {
            source.name = Some(name.to_owned());
        }
        Report::new(sources, problems)
    }
}

/// One line: each problem with its own.
impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.problems().iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let line = problem.line.rsplit(':').next().unwrap_or_default();
            match line {
                "" => write!(f, "{separator}{}", problem.what)?,
                line => write!(f, "{separator}line {line}: {}", problem.what)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for KeyFileError {}

const TOP: Section = Section::new(
    "API keys, without the keys themselves.",
    &[Key {
        name: "key",
        shape: Shape::List(&Shape::Table(&KEY)),
        default: "",
        about: "A key; `doorward key create` writes it.",
    }],
);

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, default: "", about }
}

const KEY: Section = Section::new(
    "A key.",
    &[
        key("id", Shape::Text, "What its caller is known by: `k_` and eight hexadecimal digits."),
        key("name", Shape::Text, "What a person calls it."),
        key("sha256", Shape::Text, "SHA-256 of the key, in hexadecimal digits."),
        key("created", Shape::Moment, "When it was created."),
        key("expires", Shape::Moment, "When it ends; without: never."),
        key("revoked", Shape::Moment, "When it was revoked."),
        key("scopes", Shape::List(&Shape::Text), "What it may do."),
        key("acts_for_visitors", Shape::Boolean, "It may name the visitor whose share is charged."),
        key("as_page", Shape::Boolean, "It may come with a browser's headers."),
    ],
);

/// Where a configuration says that its keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHome {
    /// The file of keys.
    pub file: PathBuf,
    /// The header that they are sent in.
    pub header: String,
    /// Whether it reads keys at all: it has `keys` under `[layers.identity]`.
    pub is_read: bool,
}

impl KeyHome {
    /// Where keys are when nobody says otherwise.
    #[must_use]
    pub fn here() -> Self {
        let file = PathBuf::from(KEY_FILE_NAME);
        Self { file, header: KEY_HEADER.to_owned(), is_read: true }
    }

    /// Reads where the keys of a configuration are, and nothing else of it: what else is wrong with
    /// it, or not there yet, must keep nobody from revoking a key.
    ///
    /// # Errors
    /// What keeps the file from being read as TOML.
    pub fn find(config: &Path, outside: &dyn Outside) -> Result<Self, String> {
        let name = config.display();
        let bytes =
            outside.file(config).map_err(|error| format!("{name} cannot be read: {error}"))?;
        let text = String::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8 text"))?;
        let document = DeTable::parse(&text)
            .map_err(|error| format!("{name} is not TOML: {}", error.message()))?;
        let keys = table_in(document.get_ref(), "layers")
            .and_then(|layers| table_in(layers, "identity"))
            .and_then(|identity| table_in(identity, "keys"));
        let said = |name: &str, default: &str| match keys
            .and_then(|keys| keys.get(name))
            .map(Spanned::get_ref)
        {
            None => Ok(default.to_owned()),
            Some(DeValue::String(said)) => Ok(said.clone().into_owned()),
            Some(_) => Err(format!("layers.identity.keys.{name} is no text")),
        };
        let folder = config.parent().unwrap_or(Path::new(""));
        Ok(Self {
            file: folder.join(said("file", KEY_FILE_NAME)?),
            header: said("header", KEY_HEADER)?,
            is_read: keys.is_some(),
        })
    }
}

fn table_in<'t, 'd>(table: &'t DeTable<'d>, name: &str) -> Option<&'t DeTable<'d>> {
    match table.get(name)?.get_ref() {
        DeValue::Table(inner) => Some(inner),
        _ => None,
    }
}

/// The header that keys are sent in where nobody says another one.
const KEY_HEADER: &str = "x-api-key";

/// Reads a file of keys as the gate needs them.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn parse(bytes: &[u8]) -> Result<Vec<ApiKey>, KeyFileError> {
    Ok(read(bytes)?.into_iter().map(|record| record.key).collect())
}

/// Reads a file of keys whole.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn read(bytes: &[u8]) -> Result<Vec<KeyRecord>, KeyFileError> {
    let mut reading = Reading::new(&Machine);
    let records = read_text(bytes, &mut reading);
    if reading.has_errors() { Err(KeyFileError(reading.report())) } else { Ok(records) }
}

fn read_text(bytes: &[u8], reading: &mut Reading<'_>) -> Vec<KeyRecord> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        reading.error(None, "it is not UTF-8 text", "save it as UTF-8");
        return Vec::new();
    };
    let source = reading.add_source(Some(KEY_FILE_NAME.to_owned()), text.to_owned());
    mask_keys(text, source, reading);
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let place = Place::new(source, error.span().unwrap_or(0..0));
            reading.error(Some(&place), format!("this is not TOML: {}", error.message()), "");
            return Vec::new();
        }
    };
    let top = Table::open(&TOP, document.get_ref(), source, "", reading);
    let mut records = Vec::new();
    let mut seen = Seen::default();
    for value in top.list("key", reading) {
        if let Some(table) = value.table(reading) {
            records.extend(read_key(&table, &value.place, &mut seen, reading));
        }
    }
    records
}

/// Whole keys that somebody wrote into the file are not shown again.
fn mask_keys(text: &str, source: usize, reading: &mut Reading<'_>) {
    for (start, _) in text.match_indices(KEY_PREFIX) {
        let rest = &text[start..];
        let is_of_key = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let end = rest.find(|letter: char| !is_of_key(letter)).unwrap_or(rest.len());
        reading.mask(&Place::new(source, start..start + end));
    }
}

/// What must not stand twice.
#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    hashes: HashSet<[u8; 32]>,
}

fn read_key(
    table: &Table<'_>,
    place: &Place,
    seen: &mut Seen,
    reading: &mut Reading<'_>,
) -> Option<KeyRecord> {
    let id = required(table, "id", place, reading).and_then(|value| read_id(&value, seen, reading));
    let name = required(table, "name", place, reading).and_then(|value| read_name(&value, reading));
    let sha256 = required(table, "sha256", place, reading)
        .and_then(|value| read_hash(&value, seen, reading));
    let created =
        required(table, "created", place, reading).and_then(|value| value.moment(reading));
    // A moment that cannot be read is reported, and then nothing of the file counts.
    let expires = table.value("expires").and_then(|value| value.moment(reading));
    let revoked = table.value("revoked").and_then(|value| value.moment(reading));
    let key = ApiKey {
        id: id?,
        sha256: sha256?,
        scopes: read_scopes(table, reading),
        ends_unix_s: expires,
        is_revoked: revoked.is_some(),
        acts_for_visitors: table.is_set("acts_for_visitors", reading),
        as_page: table.is_set("as_page", reading),
    };
    Some(KeyRecord { name: name?, created_unix_s: created?, revoked_unix_s: revoked, key })
}

fn required<'d>(
    table: &Table<'d>,
    name: &str,
    place: &Place,
    reading: &mut Reading<'_>,
) -> Option<Value<'d>> {
    let value = table.value(name);
    if value.is_none() && reading.exact_place(&table.at(name)).is_none() {
        let what = format!("this key has no `{name}`");
        reading.error(Some(place), what, "`doorward key create` writes whole entries");
    }
    value
}

fn read_id(value: &Value<'_>, seen: &mut Seen, reading: &mut Reading<'_>) -> Option<String> {
    let id = value.text(reading)?;
    if !is_id(id) {
        let what = format!("{:?} is no key's id", shorten(id));
        return value.error(what, "expected: `k_` and eight digits of 0-9 and a-f", reading);
    }
    if !seen.ids.insert(id.to_owned()) {
        let what = format!("another key has the id {id}");
        return value.error(what, "remove one of the two", reading);
    }
    Some(id.to_owned())
}

fn read_name(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<String> {
    let name = value.text(reading)?;
    match name_fault(name) {
        None => Some(name.to_owned()),
        Some(fault) => value.error(fault, "choose another name", reading),
    }
}

fn read_hash(value: &Value<'_>, seen: &mut Seen, reading: &mut Reading<'_>) -> Option<[u8; 32]> {
    let text = value.text(reading)?;
    let Some(hash) = from_hex(text) else {
        // Perhaps it is a key, or a part of one.
        reading.mask(&value.place);
        let hint = "expected: 64 digits of 0-9 and a-f; the key itself does not belong here";
        return value.error("this is no SHA-256", hint, reading);
    };
    if !seen.hashes.insert(hash) {
        return value.error("another entry is of the same key", "remove one of the two", reading);
    }
    Some(hash)
}

fn read_scopes(table: &Table<'_>, reading: &mut Reading<'_>) -> Vec<String> {
    let values = table.list("scopes", reading);
    if let Some(beyond) = values.get(KEY_SCOPES_MAX) {
        let _: Option<()> = beyond.error("a key has at most 64 scopes", "", reading);
    }
    let mut scopes = Vec::new();
    for value in values {
        let Some(scope) = value.text(reading) else { continue };
        if is_scope(scope) {
            scopes.push(scope.to_owned());
        } else {
            let what = format!("{:?} is no scope", shorten(scope));
            let hint = "visible ASCII letters without spaces, quotes and backslashes";
            let _: Option<()> = value.error(what, hint, reading);
        }
    }
    scopes
}

/// Whether a text is a key's id.
fn is_id(text: &str) -> bool {
    text.strip_prefix(KEY_ID_PREFIX)
        .is_some_and(|digits| digits.len() == KEY_ID_DIGITS && digits.bytes().all(is_hex))
}

/// Whether a text is a scope (RFC 6749 3.3): others could be read as two.
#[must_use]
pub fn is_scope(text: &str) -> bool {
    let is_of_scope = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (1..=256).contains(&text.len()) && text.bytes().all(is_of_scope)
}

/// What keeps a text from being a key's name: letters that do not show, or another meaning.
#[must_use]
pub fn name_fault(name: &str) -> Option<&'static str> {
    let is_printable = |letter: char| match letter {
        ' '..='~' => true,
        letter => !letter.is_ascii() && letter.is_alphanumeric(),
    };
    if name.is_empty() || name.trim() != name {
        return Some("a key's name must not be empty, nor begin or end with a space");
    }
    if name.chars().count() > KEY_NAME_LETTERS_MAX {
        return Some("a key's name has at most 64 letters");
    }
    if !name.chars().all(is_printable) {
        return Some("a key's name consists of printable letters");
    }
    if is_id(name) || name.contains(KEY_PREFIX) {
        return Some("a key's name must not look like an id or a key");
    }
    None
}

/// Why a key's end is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndFault {
    /// It is written in another way.
    Unreadable,
    /// It is over already.
    Past,
}

impl fmt::Display for EndFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "write it like 90d, 12h, 2027-01-31 or 2027-01-31T18:00:00Z",
            Self::Past => "that is over already; choose a later one",
        })
    }
}

impl std::error::Error for EndFault {}

/// Reads when a key ends: a time from now on, a day (its first second, UTC) or a moment.
///
/// # Errors
/// When it is none of them, or not in the future.
pub fn read_end(text: &str, now_unix_s: u64) -> Result<u64, EndFault> {
    let ends = match measure::duration(text) {
        Some(from_now) => now_unix_s.checked_add(from_now.as_secs()),
        None => measure::moment_unix_s(text)
            .or_else(|| measure::moment_unix_s(&format!("{text}T00:00:00Z"))),
    };
    // A year has four digits in the file.
    let ends = ends.filter(|ends| *ends <= UNIX_S_MAX).ok_or(EndFault::Unreadable)?;
    if ends <= now_unix_s { Err(EndFault::Past) } else { Ok(ends) }
}

/// 9999-12-31T23:59:59Z.
const UNIX_S_MAX: u64 = 253_402_300_799;

/// Seconds since 1970 as RFC 3339 writes them, in UTC.
#[must_use]
pub fn write_moment(unix_s: u64) -> String {
    measure::write_moment(unix_s)
}

/// The file's text. What comments somebody wrote into it are not kept, and it says so.
#[must_use]
pub fn write(records: &[KeyRecord]) -> String {
    let mut out = String::from(
        "# API keys, without the keys themselves. Written by `doorward key`, which keeps no \
         comments.\n",
    );
    for KeyRecord { name, created_unix_s, revoked_unix_s, key } in records {
        let _ = writeln!(out, "\n[[key]]\nid = {}\nname = {}", quoted(&key.id), quoted(name));
        let _ = writeln!(out, "sha256 = \"{}\"", to_hex(&key.sha256));
        let moments = [
            ("created", Some(*created_unix_s)),
            ("expires", key.ends_unix_s),
            ("revoked", *revoked_unix_s),
        ];
        for (name, unix_s) in moments {
            if let Some(unix_s) = unix_s {
                let _ = writeln!(out, "{name} = {}", measure::write_moment(unix_s));
            }
        }
        if !key.scopes.is_empty() {
            let scopes: Vec<String> = key.scopes.iter().map(|scope| quoted(scope)).collect();
            let _ = writeln!(out, "scopes = [{}]", scopes.join(", "));
        }
        for (name, is_set) in
            [("acts_for_visitors", key.acts_for_visitors), ("as_page", key.as_page)]
        {
            if is_set {
                let _ = writeln!(out, "{name} = true");
            }
        }
    }
    out
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

const fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn to_hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(is_hex) {
        return None;
    }
    let mut out = [0; 32];
    for (byte, digits) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests;
