//! YAML as JSON's values, within bounds: aliases count for all that they stand for, so that a small
//! file makes no large tree.

use super::sentence::shown;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// What a document may weigh: a node is 1, and so are 64 bytes of text.
const WEIGHT_MAX: usize = 5_000_000;
/// How deep values may lie in each other.
const DEPTH_MAX: usize = 128;

/// Why a text is not taken for a document, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct Unreadable {
    /// The line, from 1 on.
    pub line: usize,
    /// The character in that line, from 1 on.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: &'static str,
}

/// Reads the first document of a text.
///
/// # Errors
/// What is no YAML, or too much of it; also a name that stands twice.
pub fn read(text: &str) -> Result<Value, Unreadable> {
    let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
    let mut tree = Tree::default();
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| {
            let mark = error.marker();
            let what = format!("it is no YAML: {}", shown(error.info()));
            no(mark.line(), mark.col() + 1, what, "see line and column, and what stands before it")
        })?;
        if event == Event::DocumentEnd {
            break;
        }
        tree.take(event, span)?;
    }
    tree.root.ok_or_else(|| no(1, 1, "the file is empty".to_owned(), "give a file of OpenAPI"))
}

fn no(line: usize, column: usize, what: String, mend: &'static str) -> Unreadable {
    Unreadable { line, column, what, mend }
}

/// A list or an object that is not yet whole.
struct Open {
    value: Value,
    /// The name of the member that comes next.
    key: Option<String>,
    anchor: usize,
    weight: usize,
}

#[derive(Default)]
struct Tree {
    root: Option<Value>,
    open: Vec<Open>,
    anchors: HashMap<usize, (Value, usize)>,
    weight: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Unreadable> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let weight = 1 + text.len() / 64;
                self.weigh(weight, span)?;
                if self.wants_key() {
                    return self.key(text.into_owned(), weight, span);
                }
                let value = scalar(&text, style, tag);
                self.put(value, weight, anchor, span)
            }
            Event::SequenceStart(anchor, _) => self.begin(Value::Array(Vec::new()), anchor, span),
            Event::MappingStart(anchor, _) => self.begin(Value::Object(Map::new()), anchor, span),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.put(done.value, done.weight, done.anchor, span),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let (value, weight) = known.ok_or_else(|| {
                    let what = "an alias stands inside of what it names".to_owned();
                    at(span, what, "write it out")
                })?;
                self.weigh(weight, span)?;
                match (self.wants_key(), value) {
                    (true, Value::String(text)) => self.key(text, weight, span),
                    (true, _) => Err(not_a_key(span)),
                    (false, value) => self.put(value, weight, 0, span),
                }
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn weigh(&mut self, weight: usize, span: Span) -> Result<(), Unreadable> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight <= WEIGHT_MAX {
            return Ok(());
        }
        let what = "the document is too large, with all that its aliases stand for".to_owned();
        Err(at(span, what, "give its parts one by one"))
    }

    fn begin(&mut self, value: Value, anchor: usize, span: Span) -> Result<(), Unreadable> {
        if self.wants_key() {
            return Err(not_a_key(span));
        }
        if self.open.len() == DEPTH_MAX {
            let what = "it is nested too deep".to_owned();
            return Err(at(span, what, "128 levels are read"));
        }
        self.weigh(1, span)?;
        self.open.push(Open { value, key: None, anchor, weight: 1 });
        Ok(())
    }

    fn wants_key(&self) -> bool {
        let inner = self.open.last();
        inner.is_some_and(|open| open.value.is_object() && open.key.is_none())
    }

    fn key(&mut self, text: String, weight: usize, span: Span) -> Result<(), Unreadable> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        if open.value.get(&text).is_some() {
            let what = format!("{} stands there twice", shown(&text));
            return Err(at(span, what, "leave one of them out"));
        }
        open.weight += weight;
        open.key = Some(text);
        Ok(())
    }

    fn put(
        &mut self,
        value: Value,
        weight: usize,
        anchor: usize,
        span: Span,
    ) -> Result<(), Unreadable> {
        if anchor > 0 {
            // What is kept for aliases takes room as well.
            self.weigh(weight, span)?;
            self.anchors.insert(anchor, (value.clone(), weight));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        open.weight += weight;
        match (&mut open.value, open.key.take()) {
            (Value::Object(members), Some(key)) => drop(members.insert(key, value)),
            (Value::Array(values), _) => values.push(value),
            _ => {}
        }
        Ok(())
    }
}

fn at(span: Span, what: String, mend: &'static str) -> Unreadable {
    no(span.start.line(), span.start.col() + 1, what, mend)
}

fn not_a_key(span: Span) -> Unreadable {
    at(span, "a list or an object is no name of a member".to_owned(), "use a plain word")
}

/// A scalar by the core schema (YAML 1.2, 10.3.2).
fn scalar(text: &str, style: ScalarStyle, tag: Option<Cow<'_, Tag>>) -> Value {
    let is_text = tag.is_some_and(|tag| tag.suffix == "str");
    if style != ScalarStyle::Plain || is_text {
        return Value::from(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let radix = |prefix: &str, radix: u32| {
        text.strip_prefix(prefix).and_then(|digits| u64::from_str_radix(digits, radix).ok())
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Value::from(number);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| {
        let whole = text.parse::<i64>().ok().map(Number::from);
        whole.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64))
    });
    number.flatten().map_or_else(|| Value::from(text), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::json;

    #[test]
    fn documents() {
        let text = "# a comment\n\
                    a: &one [1, -2.5, 0x10, 1e3, v1.0, '7', \"8\", ~, null, true, yes]\n\
                    b: *one\n200: {c: !!str 9}\nd: |\n  e\n  f\n'g': >-\n  h\n  i\n---\nz: 1\n";
        let list = json!([1, -2.5, 16, 1000.0, "v1.0", "7", "8", null, null, true, "yes"]);
        let want = json!({"a": list, "b": list, "200": {"c": "9"}, "d": "e\nf\n", "g": "h i"});
        assert_eq!(read(text).expect("YAML"), want);
    }

    #[test]
    fn what_is_too_much_is_refused_with_its_place() {
        let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (name, before) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip("abcdefg".chars()) {
            let ten = vec![format!("*{before}"); 10].join(",");
            bomb.push_str(&format!("{name}: &{name} [{ten}]\n"));
        }
        let long = format!("a: &a '{}'\nb: [{}]\n", "x".repeat(1 << 20), "*a,".repeat(1000));
        let deep = "[".repeat(129) + &"]".repeat(129);
        let rows = [
            (bomb.as_str(), "too large"),
            (long.as_str(), "too large"),
            (deep.as_str(), "nested too deep"),
            ("a: 1\na: 2\n", "twice"),
            ("? [a]\n: b\n", "no name"),
            ("a: &a [*a]\n", "inside of what it names"),
            ("a: *b\n", "no YAML"),
            ("a: [\n", "no YAML"),
            ("a: 'x\n", "no YAML"),
            ("", "empty"),
        ];
        for (text, what) in rows {
            let error = read(text).expect_err(what);
            assert!(error.what.contains(what), "{error}");
            assert!(error.line >= 1);
        }
    }
}
