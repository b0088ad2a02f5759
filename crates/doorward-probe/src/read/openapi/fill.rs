//! Addresses and bodies, filled in.

use super::CHOICES_MAX;
use super::example::Maker;
use super::refer::Document;
use crate::read::{multipart, multipart_type, shown};
use serde_json::{Map, Value};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

/// Bytes of an address, at most.
const ADDRESS_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a body, at most.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// What an id is that nobody describes.
const SOME_ID: &str = "1";

/// A type of a body, and the body.
pub(super) type Typed = (String, Vec<u8>);

/// An address, and parts of the request that are not in it.
pub(super) struct Filled {
    pub(super) url: Url,
    pub(super) left_out: Vec<(String, &'static str)>,
}

/// The address of an operation, with its parameters.
pub(super) fn address<'d>(
    base: &Url,
    path: &str,
    parameters: &[&'d Map<String, Value>],
    maker: &mut Maker<'d>,
) -> Result<Filled, &'static str> {
    let mut filled = path.to_owned();
    let mut left_out = Vec::new();
    let mut query = Serializer::new(String::new());
    let mut has_query = false;
    for parameter in parameters {
        let Some(name) = parameter.get("name").and_then(Value::as_str) else { continue };
        if name.len() > ADDRESS_BYTES_MAX {
            return Err("it has a parameter whose name is longer than 8 KiB");
        }
        let is_required = parameter.get("required") == Some(&Value::Bool(true));
        let place = parameter.get("in").and_then(Value::as_str).unwrap_or_default();
        match place {
            "path" => {
                let value = texts(&value_of(parameter, maker)).join(",");
                filled = filled.replace(&format!("{{{name}}}"), &segment(&value));
            }
            "query" if is_required || maker.has_given(parameter) => {
                for value in texts(&value_of(parameter, maker)) {
                    query.append_pair(name, &value);
                    has_query = true;
                }
            }
            "header" | "cookie" if is_required => {
                let part = format!("the {place} `{}`", shown(name));
                left_out.push((part, "only what every caller sends is sent"));
            }
            _ => {}
        }
        if filled.len() > ADDRESS_BYTES_MAX {
            return Err("its address is longer than 8 KiB");
        }
    }
    let mut url = base.clone();
    let prefix = base.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{prefix}{}", without_braces(&filled)));
    url.set_query(has_query.then(|| query.finish()).as_deref());
    url.set_fragment(None);
    // A path that was joined stays behind the address that was given.
    if url.as_str().len() > ADDRESS_BYTES_MAX || !url.path().starts_with(&prefix) {
        return Err("its address is longer than 8 KiB, or leads elsewhere");
    }
    Ok(Filled { url, left_out })
}

/// A parameter's value: the author's, else one of its schema.
fn value_of<'d>(parameter: &'d Map<String, Value>, maker: &mut Maker<'d>) -> Value {
    if let Some(given) = maker.given(parameter) {
        return given;
    }
    let media = parameter.get("content").and_then(Value::as_object);
    let media = media.and_then(|media| media.values().next()).and_then(|media| media.get("schema"));
    match parameter.get("schema").or(media) {
        Some(schema) => maker.value(schema),
        None => Value::from(SOME_ID),
    }
}

/// A value as texts: a list is several.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => vec![text(value)],
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => SOME_ID.to_owned(),
        value => value.to_string(),
    }
}

/// A value as one segment of a path: nothing in it parts the path or leads out of it.
fn segment(value: &str) -> String {
    if value.is_empty() || matches!(value, "." | "..") {
        return SOME_ID.to_owned();
    }
    let encoded: String = byte_serialize(value.as_bytes()).collect();
    encoded.replace('+', "%20")
}

/// Parameters that nobody declares.
fn without_braces(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((_, behind)) = behind.split_once('}') else { break };
        out.push_str(before);
        out.push_str(SOME_ID);
        rest = behind;
    }
    out + rest
}

/// The body of an operation, of the first type that can be written.
pub(super) fn body<'d>(
    document: Document<'d>,
    wanted: &'d Value,
    maker: &mut Maker<'d>,
) -> Result<Typed, &'static str> {
    let wanted = document.resolve(wanted).ok_or("what it refers to is not in the file")?;
    let content = wanted.get("content").and_then(Value::as_object);
    let content = content.ok_or("it has no `content`")?;
    let kinds = content.iter().take(CHOICES_MAX);
    let mut kinds: Vec<(u8, &'d String, &'d Value)> =
        kinds.filter_map(|(kind, media)| Some((rank(kind)?, kind, media))).collect();
    kinds.sort_by_key(|(rank, _, _)| *rank);
    let none = "its type is none of JSON, forms and plain text";
    let (_, kind, media) = kinds.first().ok_or(none)?;
    let media = document.resolve(media).and_then(Value::as_object).ok_or(none)?;
    let value = match (maker.given(media), media.get("schema")) {
        (Some(given), _) => given,
        (None, Some(schema)) => maker.value(schema),
        (None, None) => Value::Object(Map::new()),
    };
    let typed = written(kind, &value);
    if typed.1.len() > BODY_BYTES_MAX {
        return Err("it is longer than 256 KiB");
    }
    Ok(typed)
}

/// Which type is written first; none: it cannot be written.
fn rank(kind: &str) -> Option<u8> {
    match essence(kind).as_str() {
        "application/json" => Some(0),
        other if other.ends_with("+json") => Some(1),
        "application/x-www-form-urlencoded" => Some(2),
        "multipart/form-data" => Some(3),
        "text/plain" => Some(4),
        "*/*" | "application/*" => Some(5),
        _ => None,
    }
}

fn essence(kind: &str) -> String {
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn written(kind: &str, value: &Value) -> Typed {
    match essence(kind).as_str() {
        "application/x-www-form-urlencoded" => {
            let mut out = Serializer::new(String::new());
            (essence(kind), out.extend_pairs(pairs(value)).finish().into_bytes())
        }
        "multipart/form-data" => (multipart_type(), multipart(&pairs(value))),
        "text/plain" => (essence(kind), text(value).into_bytes()),
        "*/*" | "application/*" => ("application/json".to_owned(), json(value)),
        other => (other.to_owned(), json(value)),
    }
}

fn json(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// The fields of a form.
fn pairs(value: &Value) -> Vec<(String, String)> {
    let members = value.as_object().into_iter().flatten();
    members
        .flat_map(|(name, value)| texts(value).into_iter().map(|text| (name.clone(), text)))
        .collect()
}
