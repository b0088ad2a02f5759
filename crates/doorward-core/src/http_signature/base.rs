//! The signature base: the text that is signed (RFC 9421 2.5).

use super::component::{Component, Form, Part};
use super::fields;
use super::query;
use super::target::Target;
use super::{FIELD_BYTES_MAX, Fault};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use sfv::{FieldType, Item, List, Parser, Version};

/// Bytes of a signature base at the most.
pub const BASE_BYTES_MAX: usize = 32 * 1024;

/// A text that grows to [`BASE_BYTES_MAX`] and no further.
#[derive(Default)]
pub(super) struct Base(Vec<u8>);

impl Base {
    pub(super) fn push(&mut self, text: &str) -> Result<(), Fault> {
        if self.0.len().saturating_add(text.len()) > BASE_BYTES_MAX {
            return Err(Fault::TooLong);
        }
        // RFC 9421 2.5: it is ASCII, and a line ends only where this module ends it.
        if text.bytes().any(|byte| !byte.is_ascii() || byte == b'\n' || byte == b'\r') {
            return Err(Fault::Malformed);
        }
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn end_line(&mut self) {
        self.0.push(b'\n');
    }
}

/// The base of a signature over `components`, whose parameters are `params` as they are written.
pub(super) fn build(
    components: &[Component],
    params: &str,
    target: &Target<'_>,
    headers: &HeaderMap,
) -> Result<Vec<u8>, Fault> {
    let mut base = Base::default();
    // Read at most once, and only if it is asked for.
    let mut query_params = None;
    for component in components {
        base.push(&component.written)?;
        base.push(": ")?;
        match &component.part {
            Part::Derived(derived) => target.write(*derived, &mut base)?,
            Part::QueryParam(name) => {
                let known = match query_params.take() {
                    Some(known) => known,
                    None => query::params(target.query)?,
                };
                base.push(&query::value(&known, name)?)?;
                query_params = Some(known);
            }
            Part::Field(name, form) => write_field(name, form, headers, &mut base)?,
        }
        base.end_line();
    }
    base.push("\"@signature-params\": ")?;
    base.push(params)?;
    Ok(base.0)
}

fn write_field(
    name: &HeaderName,
    form: &Form,
    headers: &HeaderMap,
    base: &mut Base,
) -> Result<(), Fault> {
    if !headers.contains_key(name) {
        return Err(Fault::Absent);
    }
    match form {
        Form::Plain => write_lines(name, headers, base),
        Form::Binary => write_binary(name, headers, base),
        Form::Strict => base.push(&strict(name, shape(name)?, headers)?),
        Form::Member(key) => {
            let members = fields::dictionary(headers, name, Version::Rfc9651, FIELD_BYTES_MAX)?;
            let members = members.ok_or(Fault::Absent)?;
            base.push(&fields::written(members.get(key.as_str()).ok_or(Fault::Absent)?))
        }
    }
}

/// RFC 9421 2.1: each line without the whitespace around it, joined by a comma and a space.
fn write_lines(name: &HeaderName, headers: &HeaderMap, base: &mut Base) -> Result<(), Fault> {
    for (index, line) in headers.get_all(name).iter().enumerate() {
        if index > 0 {
            base.push(", ")?;
        }
        base.push(line.to_str().map_err(|_| Fault::Malformed)?.trim_matches([' ', '\t']))?;
    }
    Ok(())
}

/// RFC 9421 2.1.3: a list of byte sequences, one of each line.
fn write_binary(name: &HeaderName, headers: &HeaderMap, base: &mut Base) -> Result<(), Fault> {
    for (index, line) in headers.get_all(name).iter().enumerate() {
        if line.len() > BASE_BYTES_MAX {
            return Err(Fault::TooLong);
        }
        base.push(if index > 0 { ", :" } else { ":" })?;
        base.push(&STANDARD.encode(line.as_bytes().trim_ascii()))?;
        base.push(":")?;
    }
    Ok(())
}

/// The kinds of structured fields (RFC 9651 3).
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Dictionary,
    List,
    Item,
}

/// What is known of a field's kind. RFC 9421 2.1.1: without knowing it, `sf` cannot be used; a
/// dictionary and a list of the same text are written differently.
fn shape(name: &HeaderName) -> Result<Shape, Fault> {
    // IANA's registry of field names, those that a request can have.
    const KNOWN: &[(&str, Shape)] = &[
        ("accept-signature", Shape::Dictionary),
        ("content-digest", Shape::Dictionary),
        ("priority", Shape::Dictionary),
        ("repr-digest", Shape::Dictionary),
        ("signature", Shape::Dictionary),
        ("signature-input", Shape::Dictionary),
        ("want-content-digest", Shape::Dictionary),
        ("want-repr-digest", Shape::Dictionary),
        ("client-cert-chain", Shape::List),
        ("client-cert", Shape::Item),
    ];
    let known = KNOWN.iter().find(|(known, _)| *known == name.as_str());
    known.map(|(_, shape)| *shape).ok_or(Fault::Unsupported)
}

/// RFC 9421 2.1.1: the field as a strict writer writes it.
pub(super) fn strict(
    name: &HeaderName,
    shape: Shape,
    headers: &HeaderMap,
) -> Result<String, Fault> {
    match shape {
        Shape::Dictionary => {
            let members = fields::dictionary(headers, name, Version::Rfc9651, FIELD_BYTES_MAX)?;
            // An empty one has no text (RFC 9651 4.1).
            Ok(members.and_then(|members| members.serialize()).unwrap_or_default())
        }
        Shape::List => {
            let mut list = List::new();
            for line in lines(name, headers)? {
                list.extend(Parser::new(line).parse::<List>().map_err(|_| Fault::Malformed)?);
            }
            Ok(list.serialize().unwrap_or_default())
        }
        Shape::Item => match lines(name, headers)?.as_slice() {
            [line] => {
                let item = Parser::new(*line).parse::<Item>();
                Ok(item.map_err(|_| Fault::Malformed)?.serialize())
            }
            _ => Err(Fault::Malformed),
        },
    }
}

fn lines<'h>(name: &HeaderName, headers: &'h HeaderMap) -> Result<Vec<&'h [u8]>, Fault> {
    let lines: Vec<&[u8]> = headers.get_all(name).iter().map(|line| line.as_bytes()).collect();
    let bytes: usize = lines.iter().map(|line| line.len().saturating_add(2)).sum();
    if bytes > FIELD_BYTES_MAX { Err(Fault::TooLong) } else { Ok(lines) }
}
