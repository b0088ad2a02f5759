//! `[secrets]`, and how a secret is referred to.

use crate::document::{Table, Value};
use crate::draft::{Draft, Reference};
use crate::outside::Outside;
use crate::reading::Reading;
use crate::source::Place;
use doorward_core::secret::Secret;

/// Bytes of a secret at the least.
pub(crate) const SECRET_BYTES_MIN: usize = 32;

/// Whether a text is nothing but a reference to a secret.
pub(crate) fn refers(text: &str) -> bool {
    text.starts_with("env:") || text.starts_with("file:")
}

pub(crate) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    table.mask_literals(&[], reading);
    reading.literal_secrets = table.is_set("insecure_literal_secret", reading);
    for value in table.list("signing", reading) {
        let Some(text) = value.text(reading) else { continue };
        let Some(secret) = read_one(text, &value.place, reading) else { continue };
        if secret.len() < SECRET_BYTES_MIN {
            let _: Option<()> = short(secret.len(), &value.place, reading);
            continue;
        }
        draft.signing.push(reference(text, secret));
    }
    if let Some(value) = table.value("admission")
        && let Some(text) = value.text(reading)
        && let Some(secret) = read_one(text, &value.place, reading)
    {
        let key = key_of(&secret);
        if key.len() < SECRET_BYTES_MIN {
            let _: Option<()> = short(secret.len(), &value.place, reading);
            return;
        }
        draft.admission = Some(reference(text, key));
    }
}

/// 32 bytes in hexadecimal or base64url; any other text is taken as it is.
fn key_of(text: &[u8]) -> Vec<u8> {
    hexadecimal(text).or_else(|| base64url(text)).unwrap_or_else(|| text.to_vec())
}

pub(super) fn reference(text: &str, secret: Vec<u8>) -> Reference {
    let written = if refers(text) { text.to_owned() } else { "…".to_owned() };
    Reference { written, secret: Secret::new(secret) }
}

/// Reads several, and as they are written; those that `is_fit` does not say no to.
pub(super) fn read_each(
    entries: Vec<Value<'_>>,
    reading: &mut Reading<'_>,
    is_fit: impl Fn(&Value<'_>, &[u8], &mut Reading<'_>) -> bool,
) -> (Vec<Secret>, Vec<String>) {
    let mut read = (Vec::new(), Vec::new());
    for entry in entries {
        let Some(text) = entry.text(reading) else { continue };
        let Some(bytes) = read_one(text, &entry.place, reading) else { continue };
        if is_fit(&entry, &bytes, reading) {
            let reference = reference(text, bytes);
            read.0.push(reference.secret);
            read.1.push(reference.written);
        }
    }
    read
}

pub(crate) fn short<T>(bytes: usize, place: &Place, reading: &mut Reading<'_>) -> Option<T> {
    let what = format!("this secret has {bytes} bytes; {SECRET_BYTES_MIN} are the least");
    let hint = "make one: head -c 32 /dev/urandom | base64 | tr -d '\\n'";
    reading.error(Some(place), what, hint);
    None
}

/// Reads what `env:NAME` or `file:PATH` refers to, or a literal secret where the file allows that.
pub(crate) fn read_one(text: &str, place: &Place, reading: &mut Reading<'_>) -> Option<Vec<u8>> {
    if let Some(name) = text.strip_prefix("env:") {
        return variable(name, place, reading);
    }
    if let Some(path) = text.strip_prefix("file:") {
        return secret_file(path, place, reading);
    }
    reading.mask(place);
    if !reading.literal_secrets {
        reading.error(
            Some(place),
            "a secret is written out here, and so stands in every copy of it",
            "write \"env:NAME\" or \"file:PATH\"; or accept it under [secrets] by \
             insecure_literal_secret = true",
        );
        return None;
    }
    Some(text.as_bytes().to_vec())
}

/// Whether a text could name an environment variable.
pub(crate) fn is_variable(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(plain) && !name.as_bytes()[0].is_ascii_digit()
}

fn variable(name: &str, place: &Place, reading: &mut Reading<'_>) -> Option<Vec<u8>> {
    if !is_variable(name) {
        let hint = "write \"env:NAME\", its name from A-Z, a-z, 0-9 and `_`";
        reading.error(Some(place), "this names no environment variable", hint);
        return None;
    }
    match reading.outside.variable(name) {
        Some(value) if !value.is_empty() => Some(value.into_bytes()),
        Some(_) => {
            let what = format!("the variable {name} is empty");
            reading.error(Some(place), what, "set it before the gate starts");
            None
        }
        None => {
            let what = format!("the variable {name} is not set");
            reading.error(
                Some(place),
                what,
                format!("set it before the gate starts: export {name}=…"),
            );
            None
        }
    }
}

fn secret_file(path: &str, place: &Place, reading: &mut Reading<'_>) -> Option<Vec<u8>> {
    let file = reading.resolve(path);
    match reading.outside.file(&file) {
        Ok(mut bytes) => {
            // Editors and `echo` end a file with a line break that is not part of the secret.
            while matches!(bytes.last(), Some(b'\n' | b'\r')) {
                bytes.pop();
            }
            if bytes.is_empty() {
                reading.error(
                    Some(place),
                    format!("the file {path:?} is empty"),
                    "put the secret in",
                );
                return None;
            }
            Some(bytes)
        }
        Err(error) => {
            let what = format!("the file {path:?} cannot be read: {error}");
            let hint = "relative paths start where the configuration file is";
            reading.error(Some(place), what, hint);
            None
        }
    }
}

fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() != 2 * SECRET_BYTES_MIN {
        return None;
    }
    let digit = |byte: u8| u8::try_from((byte as char).to_digit(16)?).ok();
    text.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// 32 bytes in base64url without padding (RFC 4648 5): 43 letters.
fn base64url(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() != 43 {
        return None;
    }
    let mut out = Vec::with_capacity(SECRET_BYTES_MIN);
    let (mut word, mut bits) = (0_u32, 0_u32);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        word = word << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    // The two bits that are left over are zero, or two texts would be one key.
    (word == 0).then_some(out)
}

/// The secret that a text on the command line refers to: `env:NAME` or `file:PATH`.
///
/// # Errors
/// What is wrong, and how to mend it.
pub fn read_secret(text: &str, outside: &dyn Outside) -> Result<Vec<u8>, String> {
    if !refers(text) {
        return Err("write env:NAME or file:PATH: what is typed stands in the shell's history \
                    and in the list of processes"
            .to_owned());
    }
    let mut reading = Reading::new(outside);
    let place = reading.add_flag("--key", text);
    read_one(text, &place, &mut reading).ok_or_else(|| {
        let report = reading.report();
        let first = report.problems().first();
        first.map_or_else(String::new, |one| format!("{}; {}", one.what, one.hint))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admission_key_is_read_in_both_spellings_of_32_bytes() {
        let bytes: Vec<u8> = (0..32).map(|number| number * 7 + 3).collect();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut text = Vec::new();
        doorward_core::crypto::base64url(&bytes, &mut text);
        assert_eq!(key_of(hex.as_bytes()), bytes);
        assert_eq!(key_of(hex.to_uppercase().as_bytes()), bytes);
        assert_eq!(key_of(&text), bytes);
        for other in ["correct horse battery staple, and so on", &hex[1..], &format!("{hex}0")] {
            assert_eq!(key_of(other.as_bytes()), other.as_bytes(), "{other}");
        }
    }
}
