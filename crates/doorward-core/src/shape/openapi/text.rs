//! From the texts of a path, a query, a header or a form to values that a schema can judge.

use super::super::graph::{Graph, Node, Step};
use super::super::part;
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, HashSet};

/// Letters of a number at the most.
const NUMBER_LETTERS_MAX: usize = 64;
/// How deep lists and objects may lie in a text.
const DEPTH_MAX: usize = 3;

/// What a schema takes a text for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Form {
    text: bool,
    integer: bool,
    number: bool,
    boolean: bool,
    null: bool,
    pub(super) list: bool,
    pub(super) object: bool,
    /// It is a file: its bytes are none of a schema's business.
    pub(super) file: bool,
    items: Option<Box<Form>>,
    pub(super) members: BTreeMap<String, Form>,
}

/// Which of two readings of a text comes first, where both are declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A number, a truth value.
    Typed,
    /// A text.
    Text,
}

impl Form {
    /// What the schema at a node takes texts for.
    pub(super) fn of<'d>(graph: Graph<'d>, node: Node<'d>) -> Self {
        let mut form = Self::default();
        form.see(graph, node, &mut HashSet::new(), 0);
        form
    }

    fn see<'d>(
        &mut self,
        graph: Graph<'d>,
        node: Node<'d>,
        seen: &mut HashSet<usize>,
        depth: usize,
    ) {
        if !seen.insert(node.key()) {
            return;
        }
        let word = |name| part(node.schema, name);
        let types = match word("type") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            Some(_) | None => Vec::new(),
        };
        for name in types {
            match name {
                "string" => self.text = true,
                "integer" => self.integer = true,
                "number" => self.number = true,
                "boolean" => self.boolean = true,
                "null" => self.null = true,
                "array" => self.list = true,
                "object" => self.object = true,
                _ => {}
            }
        }
        let values = word("enum").and_then(Value::as_array).into_iter().flatten();
        values.chain(word("const")).for_each(|value| self.see_value(value));
        self.file |= word("format").and_then(Value::as_str) == Some("binary")
            || word("contentMediaType").is_some() && word("contentEncoding").is_none();
        for (step, place, next) in graph.told_steps(node) {
            let inner = || {
                let mut form = Self::default();
                if depth < DEPTH_MAX {
                    form.see(graph, next, &mut HashSet::new(), depth + 1);
                }
                form
            };
            match (step, place) {
                (Step::Here, "not" | "if") => {}
                (Step::Here, _) => self.see(graph, next, seen, depth),
                (Step::Member(name), _) => {
                    let form = inner();
                    self.members.entry(name.to_owned()).or_insert(form);
                }
                (Step::Any, "items") => self.items = Some(Box::new(inner())),
                (Step::Any, _) => {}
            }
        }
    }

    fn see_value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null = true,
            Value::Bool(_) => self.boolean = true,
            Value::Number(number) if number.is_f64() => self.number = true,
            Value::Number(_) => self.integer = true,
            Value::String(_) => self.text = true,
            Value::Array(_) => self.list = true,
            Value::Object(_) => self.object = true,
        }
    }

    /// Whether it is a file, or a list of such.
    pub(super) fn is_file(&self) -> bool {
        self.file || self.items.as_ref().is_some_and(|items| items.file)
    }

    /// Whether a value may be neither a list nor an object.
    pub(super) fn may_be_single(&self) -> bool {
        let single = self.text || self.integer || self.number || self.boolean || self.null;
        single || !(self.list || self.object)
    }

    /// Whether texts have a second reading.
    pub(super) fn is_double(&self) -> bool {
        let typed = self.integer || self.number || self.boolean || self.null;
        self.text && typed
            || self.items.as_ref().is_some_and(|items| items.is_double())
            || self.members.values().any(Self::is_double)
    }

    /// A text's value. What has none of the declared forms stays a text, which no schema of theirs
    /// takes.
    pub(super) fn value(&self, text: &str, reading: Reading) -> Value {
        if self.text && reading == Reading::Text {
            return Value::from(text);
        }
        if let Some(number) = self.number(text) {
            return Value::Number(number);
        }
        match text {
            "true" if self.boolean => Value::Bool(true),
            "false" if self.boolean => Value::Bool(false),
            "null" if self.null => Value::Null,
            _ => Value::from(text),
        }
    }

    /// A number, as JSON writes it (RFC 8259 6): a backend's reader may have other spellings.
    fn number(&self, text: &str) -> Option<Number> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_taken = self.number || self.integer && is_whole;
        let is_bare = digits.starts_with(|letter: char| letter.is_ascii_digit())
            && digits.ends_with(|letter: char| letter.is_ascii_digit());
        let is_short = text.len() <= NUMBER_LETTERS_MAX;
        let number = || serde_json::from_str(text).ok();
        (is_taken && is_bare && is_short).then(number).flatten()
    }

    /// The value of several texts.
    pub(super) fn list_of<'t>(
        &self,
        texts: impl Iterator<Item = &'t str>,
        reading: Reading,
    ) -> Value {
        let any = Self::any();
        let items = self.items.as_deref().unwrap_or(&any);
        Value::Array(texts.map(|text| items.value(text, reading)).collect())
    }

    /// The value of names and texts. None: a name stands twice where one is meant.
    pub(super) fn object_of(
        &self,
        fields: &[(String, String)],
        reading: Reading,
    ) -> Result<Value, String> {
        let any = Self::any();
        let mut grouped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, text) in fields {
            grouped.entry(name).or_default().push(text);
        }
        let mut out = Map::new();
        for (name, texts) in grouped {
            let form = self.members.get(name).unwrap_or(&any);
            let value = match (form.list, texts.as_slice()) {
                (true, _) => form.list_of(texts.into_iter(), reading),
                (false, [_]) if form.file => Value::from(""),
                (false, [text]) => form.value(text, reading),
                (false, _) => return Err(name.to_owned()),
            };
            out.insert(name.to_owned(), value);
        }
        Ok(Value::Object(out))
    }

    /// Of what nothing is declared.
    fn any() -> Self {
        Self { text: true, ..Self::default() }
    }
}
