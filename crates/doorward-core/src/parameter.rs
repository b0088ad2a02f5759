//! The parameters of a route's path, and the forms that they may be declared to have.
//!
//! A form never chooses the route: `/users/me` is judged as `/users/{id:uuid}` and refused there.
//! Were it another route's, whatever is laxer (`/users/*`, `/**`, the default route) would take in
//! what the declared one keeps out, and a backend that reads the segment in its own way (`01`,
//! `1%20`, `ME`) would run it.

use crate::path;
use crate::route::TemplateError;
use std::borrow::Cow;

/// What a parameter's text must look like. In each form one value has one spelling, but for the
/// case of a UUID's digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Any text.
    #[default]
    Text,
    /// `8-4-4-4-12` hexadecimal digits of either case (RFC 9562 4).
    Uuid,
    /// A whole number from 0, of at most 18 digits, without leading zeros.
    Int,
    /// Lower-case letters, digits, `-` and `_`: at most 128 of them, a letter or digit first.
    Slug,
}

/// The words of the forms that can be declared.
pub const FORMS: &[(&str, Form)] =
    &[("uuid", Form::Uuid), ("int", Form::Int), ("slug", Form::Slug)];

/// Digits of an `int` at the most: every such number fits 64 bits.
const INT_DIGITS_MAX: usize = 18;
/// Bytes of a `slug` at the most.
const SLUG_BYTES_MAX: usize = 128;

/// A parameter of a route's path: `{id}` or `{id:uuid}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its form.
    pub form: Form,
    /// Which segment of the path it is, counted from 0.
    pub segment: usize,
}

impl Parameter {
    /// Its text in a path that its route fits, as it was sent.
    #[must_use]
    pub fn find<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix('/')?.split('/').nth(self.segment)
    }

    /// Its value in a path, where every backend reads the same one: it is decoded once, and has
    /// nothing in it that a second decoding, a file system or a router would take for something
    /// else.
    #[must_use]
    pub fn value<'p>(&self, path: &'p str) -> Option<Cow<'p, str>> {
        let sent = self.find(path)?;
        if self.form != Form::Text {
            return self.form.fits(sent).then_some(Cow::Borrowed(sent));
        }
        clear(sent)
    }
}

/// A segment's text, decoded once, where nothing in it is read as something else by a second
/// decoding, a file system or a router.
pub(crate) fn clear(sent: &str) -> Option<Cow<'_, str>> {
    let value = if sent.contains('%') {
        Cow::Owned(String::from_utf8(path::decode(sent.as_bytes())?).ok()?)
    } else {
        Cow::Borrowed(sent)
    };
    let is_odd = |letter: char| letter.is_control() || "%/\\;?#".contains(letter);
    let ends = [value.chars().next(), value.chars().next_back()];
    let is_dropped = |letter: Option<char>| letter.is_none_or(char::is_whitespace);
    let is_clear =
        !value.contains(is_odd) && !ends.into_iter().any(is_dropped) && !value.ends_with('.');
    is_clear.then_some(value)
}

impl Form {
    /// Whether a segment, as it was sent, has this form.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Form::Text => true,
            Form::Uuid => is_uuid(bytes),
            Form::Int => {
                let is_short = (1..=INT_DIGITS_MAX).contains(&bytes.len());
                let leads = bytes.len() == 1 || bytes.first() != Some(&b'0');
                is_short && leads && bytes.iter().all(u8::is_ascii_digit)
            }
            Form::Slug => {
                let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
                bytes.len() <= SLUG_BYTES_MAX
                    && bytes.first().is_some_and(plain)
                    && bytes.iter().all(|byte| plain(byte) || matches!(byte, b'-' | b'_'))
            }
        }
    }
}

fn is_uuid(bytes: &[u8]) -> bool {
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(place, byte)| match HYPHENS.contains(&place) {
            true => *byte == b'-',
            false => byte.is_ascii_hexdigit(),
        })
}

/// Reads what stands between a segment's braces: `id`, `id:uuid`. None: it is no parameter.
pub(crate) fn read(inner: &str) -> Option<Result<(&str, Form), TemplateError>> {
    let (name, form) = match inner.split_once(':') {
        Some((name, form)) => (name, Some(form)),
        None => (inner, None),
    };
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    let Some(word) = form else { return Some(Ok((name, Form::Text))) };
    let found = FORMS.iter().find(|(known, _)| *known == word);
    Some(found.map(|(_, form)| (name, *form)).ok_or(TemplateError::Form(word.to_owned())))
}

/// The parameters of a route's path.
///
/// # Errors
/// A form that there is not, or a name that stands twice.
pub fn of_path(path: &str) -> Result<Vec<Parameter>, TemplateError> {
    let mut out: Vec<Parameter> = Vec::new();
    for (segment, text) in path.split('/').skip(1).enumerate() {
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let Some(read) = inner.and_then(read) else { continue };
        let (name, form) = read?;
        if out.iter().any(|other| other.name == name) {
            return Err(TemplateError::Twice(name.to_owned()));
        }
        out.push(Parameter { name: name.to_owned(), form, segment });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_one_spelling_of_a_value() {
        let uuid = "018f9e4e-7c1a-7d3b-9c7e-3f2a1b0c9d8e";
        for (form, text, want) in [
            (Form::Uuid, uuid, true),
            (Form::Uuid, &uuid.to_ascii_uppercase(), true),
            (Form::Uuid, &uuid[1..], false),
            (Form::Uuid, &uuid.replace('-', ""), false),
            (Form::Uuid, &format!("{{{uuid}}}"), false),
            (Form::Uuid, &uuid.replace('8', "g"), false),
            (Form::Uuid, "00000000-0000-0000-0000-00000000000é", false),
            (Form::Uuid, "me", false),
            (Form::Int, "0", true),
            (Form::Int, "7", true),
            (Form::Int, "999999999999999999", true),
            (Form::Int, "1000000000000000000", false),
            (Form::Int, "01", false),
            (Form::Int, "00", false),
            (Form::Int, "+1", false),
            (Form::Int, "-1", false),
            (Form::Int, "1.0", false),
            (Form::Int, "1e3", false),
            (Form::Int, "1%20", false),
            (Form::Int, "%31", false),
            (Form::Int, "1;x", false),
            (Form::Int, "٣", false),
            (Form::Int, "", false),
            (Form::Slug, "a-post_2", true),
            (Form::Slug, "A-post", false),
            (Form::Slug, "-a", false),
            (Form::Slug, "a.b", false),
            (Form::Slug, "a%2Db", false),
            (Form::Slug, &"a".repeat(129), false),
            (Form::Text, "anything", true),
        ] {
            assert_eq!(form.fits(text), want, "{form:?} {text}");
        }
    }

    #[test]
    fn a_text_has_a_value_where_nobody_reads_another() {
        let parameter = &of_path("/users/{id}/keys").expect("a template")[0];
        for (sent, want) in [
            ("ann", Some("ann")),
            ("auth0%7C5f7c", Some("auth0|5f7c")),
            ("ann@example.org", Some("ann@example.org")),
            ("b%C3%BCcher", Some("bücher")),
            ("a%20b", Some("a b")),
            ("ann%20", None),
            ("%20ann", None),
            ("ann.", None),
            ("ann;x=1", None),
            ("ann%3Bx", None),
            ("a%2Fb", None),
            ("a%2561nn", None),
            ("100%25", None),
            ("ann%23", None),
            ("ann%3Fa", None),
            ("caf%E9", None),
            ("ann%E2%80%83", None),
        ] {
            let path = format!("/users/{sent}/keys");
            assert_eq!(parameter.value(&path).as_deref(), want, "{sent}");
        }
    }
}
