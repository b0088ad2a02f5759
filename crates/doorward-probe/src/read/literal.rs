//! Literals of JavaScript: strings, templates, numbers, objects, arrays, some constructors. Nothing
//! is evaluated. What is no literal is stepped over, noted with its place, and stood in for.

mod text;

use super::{Unreadable, note_at, shown};

/// How deep literals may lie in each other.
const DEPTH_MAX: usize = 64;
/// What stands for a part of a text that is not known.
pub(super) const STAND_IN: &str = "x";
/// Such a part inside of a text, until it is known whether it matters. It stands for nothing else
/// (Unicode, private use).
pub(super) const UNKNOWN: char = '\u{e000}';

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    /// As it stands there.
    Number(String),
    True,
    False,
    Null,
    Undefined,
    Object(Vec<Member>),
    Array(Vec<Self>),
    /// `new Headers(…)`, `JSON.stringify(…)`: a name, and what it is given.
    Made(String, Vec<Self>),
    /// No literal.
    Unknown,
}

/// A member of an object, and the byte at which its value begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) at: usize,
    pub(super) value: Value,
}

/// Constructors and functions that are known.
const MADE: &[&str] = &[
    "Array.of",
    "Blob",
    "FormData",
    "Headers",
    "JSON.stringify",
    "Request",
    "String",
    "URL",
    "URLSearchParams",
    "Uint8Array",
    "encodeURIComponent",
];

/// Reads a text from a place on.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) at: usize,
    depth: usize,
    pub(super) notes: Vec<String>,
}

impl<'t> Reader<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0, depth: 0, notes: Vec::new() }
    }

    pub(super) fn no(&self, at: usize, what: impl Into<String>, mend: &'static str) -> Unreadable {
        Unreadable::at(self.text, at, what, mend)
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Takes a letter, if it is the next.
    pub(super) fn takes(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        if is_next {
            self.at += wanted.len_utf8();
        }
        is_next
    }

    /// Steps over white space and comments.
    pub(super) fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            self.at += rest.len() - trimmed.len();
            let length = if trimmed.starts_with("//") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map_or(trimmed.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += length;
        }
    }

    /// A name, with the dots in it; empty where there is none.
    pub(super) fn name(&mut self) -> &'t str {
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
        let starts = rest.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$'));
        let end = if starts { rest.find(|c| !is_part(c)).unwrap_or(rest.len()) } else { 0 };
        self.at += end;
        &rest[..end]
    }

    /// The next value. What is no literal is `Unknown`.
    pub(super) fn value(&mut self) -> Result<Value, Unreadable> {
        self.skip_space();
        let begin = self.at;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.no(begin, "it is nested too deep", "64 levels are read"));
        }
        let value = self.sum()?;
        self.depth -= 1;
        self.skip_space();
        if self.ends() && value != Value::Unknown {
            return Ok(value);
        }
        self.at = begin;
        self.step_over();
        let what = self.text.get(begin..self.at).unwrap_or_default().trim_end();
        self.unknown(begin, what);
        Ok(Value::Unknown)
    }

    fn unknown(&mut self, at: usize, what: &str) {
        note_at(
            &mut self.notes,
            self.text,
            at,
            &format!("`{}` is not read", shown(what.trim_end())),
        );
    }

    /// Whether a value can end here.
    fn ends(&self) -> bool {
        self.peek().is_none_or(|c| matches!(c, ',' | '}' | ']' | ')' | ';' | ':'))
    }

    /// `"a" + "b"`. A part that is not known becomes a stand-in beside one that is.
    fn sum(&mut self) -> Result<Value, Unreadable> {
        let begin = self.at;
        let mut value = self.one()?;
        loop {
            self.skip_space();
            if !self.takes('+') {
                return Ok(value);
            }
            self.skip_space();
            let second_at = self.at;
            let second = self.one()?;
            let what = self.text.get(second_at..self.at).unwrap_or_default();
            let mut sum = match value {
                Value::Text(text) | Value::Number(text) => text,
                _ => {
                    let first = self.text.get(begin..second_at).unwrap_or_default();
                    self.unknown(begin, first);
                    UNKNOWN.to_string()
                }
            };
            match second {
                Value::Text(text) | Value::Number(text) => sum.push_str(&text),
                _ => {
                    self.unknown(second_at, what);
                    sum.push(UNKNOWN);
                }
            }
            value = Value::Text(sum);
        }
    }

    fn one(&mut self) -> Result<Value, Unreadable> {
        match self.peek() {
            Some(quote @ ('"' | '\'')) => self.string(quote).map(Value::Text),
            Some('`') => self.template().map(Value::Text),
            Some('{') => self.object(),
            Some('[') => self.list(']').map(Value::Array),
            Some('(') => self.bracketed(),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '.') => Ok(self.number()),
            Some(c) if c.is_alphabetic() || matches!(c, '_' | '$') => self.named(),
            _ => Ok(Value::Unknown),
        }
    }

    fn bracketed(&mut self) -> Result<Value, Unreadable> {
        let mut values = self.list(')')?;
        Ok(if values.len() == 1 { values.remove(0) } else { Value::Unknown })
    }

    fn number(&mut self) -> Value {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let text = rest[..end].replace('_', "");
        // JSON's numbers are those that are written as they are read.
        if text.parse::<f64>().is_err() {
            return Value::Unknown;
        }
        self.at += end;
        Value::Number(text)
    }

    fn named(&mut self) -> Result<Value, Unreadable> {
        let mut name = self.name();
        let is_new = name == "new";
        if is_new || name == "await" {
            self.skip_space();
            name = self.name();
        }
        match name {
            "true" => return Ok(Value::True),
            "false" => return Ok(Value::False),
            "null" => return Ok(Value::Null),
            "undefined" => return Ok(Value::Undefined),
            _ => {}
        }
        let name =
            name.strip_prefix("window.").or(name.strip_prefix("globalThis.")).unwrap_or(name);
        self.skip_space();
        if !MADE.contains(&name) || self.peek() != Some('(') {
            // What it is called with is part of it: a sum goes on behind.
            while let Some('(' | '[') = self.peek() {
                self.step_over_brackets();
                self.skip_space();
                self.step_over_dots();
            }
            return Ok(Value::Unknown);
        }
        let values = self.list(')')?;
        self.step_over_dots();
        Ok(Value::Made(name.to_owned(), values))
    }

    /// `.toString()` and `.href` behind what is one text in any case.
    fn step_over_dots(&mut self) {
        while self.peek() == Some('.') {
            self.at += 1;
            self.name();
            if self.peek() == Some('(') {
                self.step_over_brackets();
            }
        }
    }

    /// Values up to a bracket. What is spread into them is not known.
    pub(super) fn list(&mut self, end: char) -> Result<Vec<Value>, Unreadable> {
        let begin = self.at;
        self.next();
        let mut values = Vec::new();
        loop {
            self.skip_space();
            if self.takes(end) {
                return Ok(values);
            }
            if self.takes(',') {
                continue;
            }
            let before = self.at;
            values.push(self.value()?);
            self.skip_space();
            let goes_on = matches!(self.peek(), Some(c) if c == ',' || c == end);
            if !goes_on || self.at == before {
                return Err(self.no(begin, "a bracket is not closed", "close it"));
            }
        }
    }

    fn object(&mut self) -> Result<Value, Unreadable> {
        let begin = self.at;
        self.next();
        let mut members = Vec::new();
        loop {
            self.skip_space();
            if self.takes('}') {
                return Ok(Value::Object(members));
            }
            if self.takes(',') {
                continue;
            }
            let before = self.at;
            members.extend(self.member()?);
            self.skip_space();
            if !matches!(self.peek(), Some(',' | '}')) || self.at == before {
                return Err(self.no(begin, "a brace is not closed", "close it"));
            }
        }
    }

    /// A member; none where its name is not known (`...more`, `[name]: …`).
    fn member(&mut self) -> Result<Option<Member>, Unreadable> {
        let begin = self.at;
        let name = match self.peek() {
            Some(quote @ ('"' | '\'')) => self.string(quote)?,
            Some(c) if c.is_ascii_digit() => match self.number() {
                Value::Number(text) => text,
                _ => String::new(),
            },
            _ => self.name().to_owned(),
        };
        self.skip_space();
        if !name.is_empty() && self.takes(':') {
            self.skip_space();
            let at = self.at;
            return Ok(Some(Member { name, at, value: self.value()? }));
        }
        self.at = begin;
        self.step_over();
        let what = self.text.get(begin..self.at).unwrap_or_default().trim_end();
        self.unknown(begin, what);
        // `{ body }` names a member whose value is a variable; `{ body() {} }` is a function.
        Ok((what == name).then_some(Member { name, at: begin, value: Value::Unknown }))
    }

    /// Steps to the end of whatever stands here.
    fn step_over(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                ',' | '}' | ']' | ')' | ';' => return,
                '(' | '[' | '{' => self.step_over_brackets(),
                _ => self.step(),
            }
        }
    }

    /// Steps over a bracket and all that is in it.
    fn step_over_brackets(&mut self) {
        let mut open = 0usize;
        while let Some(c) = self.peek() {
            match c {
                '(' | '[' | '{' => {
                    open += 1;
                    self.at += 1;
                }
                ')' | ']' | '}' => {
                    open = open.saturating_sub(1);
                    self.at += 1;
                    if open == 0 {
                        return;
                    }
                }
                _ => self.step(),
            }
        }
    }

    /// Steps over a string, a comment or a letter.
    pub(super) fn step(&mut self) {
        let before = self.at;
        match self.peek() {
            Some(quote @ ('"' | '\'' | '`')) => {
                self.at += 1;
                while let Some(c) = self.next() {
                    match c {
                        '\\' => drop(self.next()),
                        c if c == quote => return,
                        '\n' if quote != '`' => return,
                        _ => {}
                    }
                }
            }
            Some('/') => {
                self.skip_space();
                if self.at == before {
                    self.at += 1;
                }
            }
            _ => drop(self.next()),
        }
    }
}

impl Value {
    /// As `String(…)` gives it; none for what has no sensible text.
    pub(super) fn as_text(&self) -> Option<String> {
        Some(match self {
            Self::Text(text) => text.replace(UNKNOWN, STAND_IN),
            Self::Number(text) => text.clone(),
            Self::True => "true".to_owned(),
            Self::False => "false".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Undefined => "undefined".to_owned(),
            Self::Made(name, values) if name == "String" => values.first()?.as_text()?,
            Self::Made(name, values) if name == "encodeURIComponent" => {
                let text = values.first()?.as_text()?;
                url::form_urlencoded::byte_serialize(text.as_bytes())
                    .collect::<String>()
                    .replace('+', "%20")
            }
            Self::Made(name, values) if name == "JSON.stringify" => values.first()?.json(),
            Self::Made(..) | Self::Object(_) | Self::Array(_) | Self::Unknown => return None,
        })
    }

    /// As `JSON.stringify` gives it; what is not known is an empty text.
    pub(super) fn json(&self) -> String {
        self.to_json().to_string()
    }

    fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Text(text) => Json::from(text.replace(UNKNOWN, STAND_IN)),
            Self::Number(text) => serde_json::from_str(text)
                .unwrap_or_else(|_| text.parse::<f64>().map_or(Json::Null, Json::from)),
            Self::True => Json::Bool(true),
            Self::False => Json::Bool(false),
            Self::Null | Self::Undefined => Json::Null,
            Self::Array(values) => Json::Array(values.iter().map(Self::to_json).collect()),
            Self::Object(members) => {
                let known = members.iter().filter(|member| member.value != Self::Undefined);
                let pairs = known.map(|member| (member.name.clone(), member.value.to_json()));
                Json::Object(pairs.collect())
            }
            Self::Made(..) => self.as_text().map_or(Json::from(STAND_IN), Json::from),
            Self::Unknown => Json::from(STAND_IN),
        }
    }
}
