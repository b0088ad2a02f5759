//! Query parameters by name (RFC 9421 2.2.8, URL Standard 5.1).

use super::Fault;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Bytes of a query that is taken apart.
const QUERY_BYTES_MAX: usize = 32 * 1024;

/// The values by encoded name. None: the name stands more than once.
pub(super) type Params = BTreeMap<String, Option<String>>;

/// Takes a query apart as a form does, and encodes names and values again in one way, so that it
/// does not matter how the sender encoded them.
pub(super) fn params(query: Option<&str>) -> Result<Params, Fault> {
    let query = query.unwrap_or_default();
    if query.len() > QUERY_BYTES_MAX {
        return Err(Fault::TooLong);
    }
    let mut params = Params::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = encode(&decode(name_or_value(value)?)?);
        let name = encode(&decode(name_or_value(name)?)?);
        params.entry(name).and_modify(|value| *value = None).or_insert(Some(value));
    }
    Ok(params)
}

/// Only ASCII stands in a URI (RFC 3986 2).
fn name_or_value(text: &str) -> Result<&str, Fault> {
    if text.is_ascii() { Ok(text) } else { Err(Fault::Malformed) }
}

/// Undoes `+` and percent-encoding. What is no UTF-8 then has no one way to be written again: the
/// URL Standard would make one replacement character of many bytes.
fn decode(text: &str) -> Result<String, Fault> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match (first, behind) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                (None, _) | (_, None) => b'%',
            },
            (other, _) => *other,
        });
    }
    String::from_utf8(bytes).map_err(|_| Fault::Malformed)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The form's percent-encoding, with `%20` for a space (RFC 9421 2.2.8).
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The value of the parameter that `name` names.
pub(super) fn value<'p>(params: &'p Params, name: &str) -> Result<Cow<'p, str>, Fault> {
    match params.get(name) {
        // RFC 9421 2.2.8: a name that stands more than once must not be covered.
        Some(None) => Err(Fault::Ambiguous),
        Some(Some(value)) => Ok(Cow::Borrowed(value)),
        None => Err(Fault::Absent),
    }
}
