//! `layers.identity.jwt`: issuers of tokens.

use super::identity::header_name;
use super::{key_url, secrets};
use crate::document::{Table, Value, shorten};
use crate::reading::Reading;
use crate::source::Place as At;
use doorward_core::layers::identity::{
    Algorithm, IssuerSettings, KEY_ISSUER, KeySetError, KeysFrom, Place, Policy, PolicyError,
    SHARED_SECRET_BYTES_MIN, Settings,
};
use doorward_core::secret::Secret;
use std::time::Duration;

/// How an issuer's keys were written: `jwks` or `secret`, and by what text.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeysWritten {
    pub(crate) key: &'static str,
    pub(crate) text: String,
}

/// The keys of an issuer that are no secrets.
const PUBLIC: &[&str] = &[
    "issuer",
    "audience",
    "jwks",
    "algorithms",
    "types",
    "from",
    "subject",
    "scopes",
    "leeway",
    "refresh",
    "stale",
    "private",
];

/// Reads an issuer. `names` are the issuers before it.
pub(super) fn read(
    value: &Value<'_>,
    names: &[String],
    reading: &mut Reading<'_>,
) -> Option<(IssuerSettings, KeysWritten)> {
    let table = value.table(reading)?;
    table.mask_literals(PUBLIC, reading);
    let name = name(value, &table, names, reading);
    let audiences = audiences(value, &table, reading);
    let algorithms = algorithms(value, &table, reading);
    let (keys, written) = keys(value, &table, &algorithms, reading);
    let mut issuer = IssuerSettings::new(&name, "", keys, &algorithms);
    issuer.audiences = audiences;
    if let Some(from) = table.value("from")
        && let Some(place) = from.text(reading).and_then(|text| place(text, &from.place, reading))
    {
        issuer.place = place;
    }
    if let Some(types) = table.value("types") {
        let list = types.list(reading);
        issuer.types = list.iter().filter_map(|entry| token_type(entry, reading)).collect();
    }
    for (claim, name) in [(&mut issuer.subject, "subject"), (&mut issuer.scopes, "scopes")] {
        let Some(value) = table.value(name) else { continue };
        match value.text(reading) {
            Some("") => {
                let what = "a claim has a name";
                let _: Option<()> = value.error(what, "leave it out for the usual one", reading);
            }
            Some(text) => text.clone_into(claim),
            None => {}
        }
    }
    if let Some(leeway) = table.value("leeway").and_then(|value| value.duration(reading)) {
        issuer.leeway_s = leeway.as_secs();
    }
    Some((issuer, written))
}

fn wrong(value: &Value<'_>, what: &str, hint: &str, reading: &mut Reading<'_>) {
    let _: Option<()> = value.error(what, hint, reading);
}

/// Says that a key is missing, but not of one that was misspelled: that was said already.
fn missing(value: &Value<'_>, name: &str, what: &str, hint: &str, reading: &mut Reading<'_>) {
    if reading.exact_place(&format!("{}.{name}", value.path)).is_none() {
        wrong(value, what, hint, reading);
    }
}

fn name(
    value: &Value<'_>,
    table: &Table<'_>,
    names: &[String],
    reading: &mut Reading<'_>,
) -> String {
    let Some(said) = table.value("issuer") else {
        let hint = "add issuer = \"https://id.example\": the `iss` of its tokens, exactly";
        missing(value, "issuer", "this issuer has no `issuer`", hint, reading);
        return String::new();
    };
    let text = said.text(reading).unwrap_or_default();
    if names.iter().any(|name| name == text && !name.is_empty()) {
        let what = "another issuer has this name: their tokens could be mixed up";
        wrong(&said, what, "write one entry an issuer, with all its audiences", reading);
    }
    if said.as_text() == Some("") {
        wrong(&said, "an issuer has a name", "write the `iss` of its tokens, exactly", reading);
    }
    if text == KEY_ISSUER {
        let what = "callers with an API key are known by this name";
        wrong(&said, what, "let the issuer call itself something else", reading);
    }
    text.to_owned()
}

fn audiences(value: &Value<'_>, table: &Table<'_>, reading: &mut Reading<'_>) -> Vec<String> {
    let hint = "add audience = \"api\": what this gate is called in the `aud` of its tokens";
    let Some(said) = table.value("audience") else {
        let what = "this issuer has no `audience`: tokens for others would open this gate";
        missing(value, "audience", what, hint, reading);
        return Vec::new();
    };
    let list = said.list(reading);
    if list.is_empty() && !reading.is_faulty(&said.place) {
        wrong(&said, "no audience is named: no token would be let in", hint, reading);
    }
    let mut out = Vec::new();
    for entry in list {
        match entry.text(reading) {
            Some("") => wrong(&entry, "an audience has a name", hint, reading),
            Some(text) => out.push(text.to_owned()),
            None => {}
        }
    }
    out
}

fn algorithms(value: &Value<'_>, table: &Table<'_>, reading: &mut Reading<'_>) -> Vec<Algorithm> {
    let hint = "add algorithms = [\"ES256\"]: what the issuer says that it signs with, no more";
    let Some(said) = table.value("algorithms") else {
        let what = "this issuer does not say how it signs";
        missing(value, "algorithms", what, hint, reading);
        return Vec::new();
    };
    let list = said.list(reading);
    if list.is_empty() && !reading.is_faulty(&said.place) {
        wrong(&said, "no algorithm is named: no token would be let in", hint, reading);
    }
    let mut out = Vec::new();
    for entry in list {
        if entry.as_text().is_some_and(|text| text.eq_ignore_ascii_case("none")) {
            let what = "`none` is no signature: anybody could write such a token (RFC 8725 3.2)";
            wrong(&entry, what, "name what the issuer signs with, such as \"ES256\"", reading);
            continue;
        }
        let Some(algorithm) = entry.choose(Algorithm::NAMES, reading) else { continue };
        if !out.contains(&algorithm) {
            out.push(algorithm);
        }
    }
    out
}

/// Where its keys come from. What cannot be read comes to an empty set, and an error.
fn keys(
    value: &Value<'_>,
    table: &Table<'_>,
    algorithms: &[Algorithm],
    reading: &mut Reading<'_>,
) -> (KeysFrom, KeysWritten) {
    let nothing = (KeysFrom::Set(Vec::new()), KeysWritten::default());
    let (jwks, secret) = (table.value("jwks"), table.value("secret"));
    if !jwks.as_ref().is_some_and(is_url) {
        for name in ["refresh", "stale", "private"] {
            let Some(said) = table.value(name) else { continue };
            let what = format!("`{name}` is for keys that are fetched, and these are not");
            wrong(&said, &what, "leave it out, or write jwks = \"https://…\"", reading);
        }
    }
    let keys = match (&jwks, &secret) {
        (Some(jwks), None) => {
            fits(table, algorithms, false, reading);
            from_set(jwks, table, algorithms, reading)
        }
        (None, Some(secret)) => {
            fits(table, algorithms, true, reading);
            shared(secret, reading)
        }
        (Some(_), Some(secret)) => {
            let what = "an issuer's keys are in a `jwks`, or it has a `secret`, not both";
            wrong(secret, what, "leave one out; HS256 needs the secret", reading);
            None
        }
        (None, None) => {
            let hint = "add jwks = \"https://id.example/jwks.json\", or a file";
            if reading.exact_place(&table.at("secret")).is_none() {
                missing(value, "jwks", "this issuer has no keys", hint, reading);
            }
            None
        }
    };
    keys.unwrap_or(nothing)
}

/// Whether the algorithms are of the kind that the keys are of.
fn fits(table: &Table<'_>, algorithms: &[Algorithm], has_secret: bool, reading: &mut Reading<'_>) {
    let Some(said) = table.value("algorithms") else { return };
    if algorithms.iter().all(|algorithm| algorithm.is_symmetric() == has_secret) {
        return;
    }
    if has_secret {
        let what = "a `secret` is for HS256 alone; all others are checked by public keys";
        let hint = "write algorithms = [\"HS256\"], or the issuer's `jwks` in place of `secret`";
        wrong(&said, what, hint, reading);
    } else {
        let what = "HS256 is signed by whoever can check it, and a `jwks` is public";
        let hint = "leave out HS256; or, alone, write secret = \"env:JWT_SECRET\" with it";
        wrong(&said, what, hint, reading);
    }
}

fn is_url(jwks: &Value<'_>) -> bool {
    jwks.as_text().is_some_and(|text| text.contains("://"))
}

fn from_set(
    jwks: &Value<'_>,
    table: &Table<'_>,
    algorithms: &[Algorithm],
    reading: &mut Reading<'_>,
) -> Option<(KeysFrom, KeysWritten)> {
    let text = jwks.text(reading)?;
    let written = KeysWritten { key: "jwks", text: text.to_owned() };
    if is_url(jwks) {
        let times = ["refresh", "stale"].map(|name| {
            table.value(name).and_then(|value| value.duration(reading)).map(|time| time.as_secs())
        });
        let is_private = table.is_set("private", reading);
        let url = key_url::read(text, is_private, times, &jwks.place, reading)?;
        return Some((KeysFrom::Url(url), written));
    }
    let file = reading.resolve(text.strip_prefix("file:").unwrap_or(text));
    let bytes = match reading.outside.file(&file) {
        Ok(bytes) => bytes,
        Err(error) => {
            let what = format!("the keys {:?} cannot be read: {error}", shorten(text));
            let hint = "relative paths start where the configuration file is; a URL begins with \
                        https://";
            return jwks.error(what, hint, reading);
        }
    };
    check_set(&bytes, algorithms, jwks, reading)?;
    Some((KeysFrom::Set(bytes), written))
}

/// Whether bytes are a set of keys for these algorithms; for any, where those are unclear.
fn check_set(
    bytes: &[u8],
    algorithms: &[Algorithm],
    jwks: &Value<'_>,
    reading: &mut Reading<'_>,
) -> Option<()> {
    let asymmetric = |list: &mut dyn Iterator<Item = Algorithm>| -> Vec<Algorithm> {
        list.filter(|algorithm| !algorithm.is_symmetric()).collect()
    };
    let mut checked = asymmetric(&mut algorithms.iter().copied());
    if checked.is_empty() {
        checked = asymmetric(&mut Algorithm::NAMES.iter().map(|(_, algorithm)| *algorithm));
    }
    let issuer = IssuerSettings::new("", "", KeysFrom::Set(bytes.to_vec()), &checked);
    let settings = Settings { issuers: vec![issuer], ..Settings::default() };
    let Err(PolicyError::Keys(_, error)) = Policy::new(&settings) else { return Some(()) };
    let hint = match error {
        KeySetError::Private => {
            "write out the public keys alone, and make new ones: whoever saw this file can sign"
        }
        KeySetError::NoneOfUse => {
            "see its keys' `kty`, `crv`, `alg` and `use`, and `algorithms` here"
        }
        KeySetError::TooLong
        | KeySetError::NoObject
        | KeySetError::NoKeys
        | KeySetError::TooManyKeys => "write {\"keys\": [ … ]}, as the issuer's `jwks_uri` has it",
    };
    jwks.error(format!("this is no set of keys to check by: {error}"), hint, reading)
}

fn shared(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<(KeysFrom, KeysWritten)> {
    let text = value.text(reading)?;
    let secret = secrets::read_one(text, &value.place, reading)?;
    if secret.len() < SHARED_SECRET_BYTES_MIN {
        return secrets::short(secret.len(), &value.place, reading);
    }
    let written = if secrets::refers(text) { text } else { "…" };
    let written = KeysWritten { key: "secret", text: written.to_owned() };
    Some((KeysFrom::Shared(Secret::new(secret)), written))
}

/// Where tokens stand.
pub(super) fn place(text: &str, at: &At, reading: &mut Reading<'_>) -> Option<Place> {
    if text == "authorization" {
        return Some(Place::Bearer);
    }
    match text.split_once(':') {
        Some(("header", name)) if name.eq_ignore_ascii_case("authorization") => {
            let hint = "write from = \"authorization\": it is read behind the word Bearer";
            reading.error(Some(at), "this header has a form of its own", hint);
            None
        }
        Some(("header", name)) => header_name(name, at, reading).map(Place::Header),
        Some(("cookie", name)) if is_cookie_name(name) => Some(Place::Cookie(name.to_owned())),
        Some(("cookie", name)) => {
            let what = format!("{:?} is no cookie's name (RFC 6265 4.1.1)", shorten(name));
            reading.error(Some(at), what, "write it like \"cookie:session\"");
            None
        }
        _ => {
            let what = format!("{:?} is no place for tokens", shorten(text));
            let hint = "write \"authorization\", \"header:x-token\" or \"cookie:session\"; a query \
                        stands in logs and histories";
            reading.error(Some(at), what, hint);
            None
        }
    }
}

/// A `token` (RFC 9110 5.6.2).
pub(super) fn is_cookie_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(plain)
}

/// A `typ`, in lower case without `application/` (RFC 7515 4.1.9).
fn token_type(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<String> {
    let text = value.text(reading)?.to_ascii_lowercase();
    let text = text.strip_prefix("application/").unwrap_or(&text);
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return value.error("this is no type of token", "write \"jwt\" or \"at+jwt\"", reading);
    }
    Some(text.to_owned())
}

/// A time in seconds, as the file writes it.
pub(crate) fn seconds_text(seconds: u64) -> String {
    crate::measure::write_duration(Duration::from_secs(seconds))
}

/// Where tokens stand, as the file writes it.
pub(crate) fn place_text(place: &Place) -> String {
    match place {
        Place::Bearer => "authorization".to_owned(),
        Place::Header(name) => format!("header:{name}"),
        Place::Cookie(name) => format!("cookie:{name}"),
    }
}
