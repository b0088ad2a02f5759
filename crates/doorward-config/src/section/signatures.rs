//! `layers.identity.signatures`: integrations that sign their requests (RFC 9421).

use super::secrets;
use crate::document::{Table, Value, shorten};
use crate::reading::Reading;
use doorward_core::http_signature::{Algorithm, Key, SHARED_SECRET_BYTES_MIN};
use doorward_core::layers::identity::SignerSettings;
use doorward_core::secret::Secret;

/// Keys that hold no secret.
const PUBLIC: &[&str] = &["keyid", "algorithm", "key", "subject", "scopes", "covers"];

/// Reads one. With it, how its key was written: `key = "…"` or `secret = "…"`.
pub(super) fn read(
    value: &Value<'_>,
    known: &[SignerSettings],
    reading: &mut Reading<'_>,
) -> Option<(SignerSettings, String)> {
    let table = value.table(reading)?;
    table.mask_literals(PUBLIC, reading);
    let key_id = key_id(value, &table, known, reading);
    let algorithm = match table.value("algorithm") {
        Some(said) => said.choose(Algorithm::NAMES, reading),
        None => {
            let hint = "add algorithm = \"ed25519\", \"ecdsa-p256-sha256\" or \"hmac-sha256\"";
            value.error("this does not say how the integration signs", hint, reading)
        }
    };
    let texts = |name: &str, reading: &mut Reading<'_>| -> Vec<String> {
        let list = table.list(name, reading);
        list.iter().filter_map(|entry| entry.text(reading)).map(str::to_owned).collect()
    };
    let (scopes, covers) = (texts("scopes", reading), texts("covers", reading));
    let subject = table.value("subject").and_then(|value| value.text(reading)).map(str::to_owned);
    let (key, written) = match algorithm? {
        Algorithm::HmacSha256 => shared(value, &table, reading)?,
        algorithm => public(algorithm, value, &table, reading)?,
    };
    let key_id = key_id?;
    let subject = subject.unwrap_or_else(|| key_id.clone());
    Some((SignerSettings { key_id, key, subject, scopes, covers }, written))
}

fn key_id(
    value: &Value<'_>,
    table: &Table<'_>,
    known: &[SignerSettings],
    reading: &mut Reading<'_>,
) -> Option<String> {
    let Some(said) = table.value("keyid") else {
        let hint = "add keyid = \"partner-1\": the `keyid` of its signatures";
        return value.error("this integration has no `keyid`", hint, reading);
    };
    let text = said.text(reading)?;
    if text.is_empty() || known.iter().any(|other| other.key_id == text) {
        let what = "each key has a name of its own";
        return said.error(what, "write another `keyid` in one of them", reading);
    }
    Some(text.to_owned())
}

fn shared(
    value: &Value<'_>,
    table: &Table<'_>,
    reading: &mut Reading<'_>,
) -> Option<(Key, String)> {
    let Some(said) = table.value("secret") else {
        let hint = "add secret = \"env:NAME\", 32 bytes or more that both sides know";
        return value.error("hmac-sha256 needs a shared `secret`", hint, reading);
    };
    let text = said.text(reading)?;
    let bytes = secrets::read_one(text, &said.place, reading)?;
    if bytes.len() < SHARED_SECRET_BYTES_MIN {
        return secrets::short(bytes.len(), &said.place, reading);
    }
    let reference = secrets::reference(text, bytes);
    let key = Key::shared(&reference.secret).ok()?;
    Some((key, format!("secret = {}", toml::Value::from(reference.written))))
}

fn public(
    algorithm: Algorithm,
    value: &Value<'_>,
    table: &Table<'_>,
    reading: &mut Reading<'_>,
) -> Option<(Key, String)> {
    let Some(said) = table.value("key") else {
        let hint = "add key = \"partner.pem\": a file that begins with BEGIN PUBLIC KEY";
        return value.error("this integration has no public `key`", hint, reading);
    };
    let path = said.text(reading)?;
    let file = reading.resolve(path);
    let bytes = match reading.outside.file(&file) {
        Ok(bytes) => Secret::new(bytes),
        Err(error) => {
            let what = format!("the file {:?} cannot be read: {error}", shorten(path));
            return said.error(what, "relative paths start where this file is", reading);
        }
    };
    let pem = String::from_utf8_lossy(bytes.expose());
    match Key::from_pem(algorithm, &pem) {
        Ok(key) => Some((key, format!("key = {}", toml::Value::from(path)))),
        Err(error) => {
            let hint = "make it: openssl pkey -in private.pem -pubout";
            said.error(error.to_string(), hint, reading)
        }
    }
}
