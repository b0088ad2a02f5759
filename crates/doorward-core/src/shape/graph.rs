//! Which schema leads to which, and whether to another value or to the same one. It tells what a
//! reader of schemas must never run into: references that turn in a circle at one value, and
//! choices within choices whose number doubles with each level of a body.

use super::fault::{ShapeError, escaped};
use super::{Document, part};
use crate::json::member;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// How many schemas one value may be held against, until it is not told any more which of them it
/// breaks.
pub(super) const SPREAD_MAX: u64 = 1_000;
/// Levels of a body that are looked at.
const LEVELS_MAX: usize = 64;
/// How deep a document's parts may lie in each other.
const DEPTH_MAX: usize = 256;
/// References that may lead on to each other at one value.
const CHAIN_MAX: usize = 256;

/// Where a schema's part is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'d> {
    /// The same value.
    Here,
    /// A member of this name.
    Member(&'d str),
    /// Any member or element.
    Any,
}

/// A schema that stands in another.
pub(super) struct Part<'d> {
    pub(super) step: Step<'d>,
    /// The keyword, and what of it.
    pub(super) path: String,
    pub(super) schema: &'d Value,
    /// It stands below `not` or `if`: what is refused there passes.
    pub(super) turns: bool,
}

/// The words whose value is one schema, and where that is held against.
const ONE: &[(&str, Step<'static>)] = &[
    ("not", Step::Here),
    ("if", Step::Here),
    ("then", Step::Here),
    ("else", Step::Here),
    ("items", Step::Any),
    ("additionalItems", Step::Any),
    ("unevaluatedItems", Step::Any),
    ("contains", Step::Any),
    ("additionalProperties", Step::Any),
    ("unevaluatedProperties", Step::Any),
    ("propertyNames", Step::Any),
];
/// The words whose value is a list of schemas.
const MANY: &[(&str, Step<'static>)] = &[
    ("allOf", Step::Here),
    ("anyOf", Step::Here),
    ("oneOf", Step::Here),
    ("prefixItems", Step::Any),
    ("items", Step::Any),
];
/// The words whose value has a schema for each name.
const NAMED: &[(&str, Step<'static>)] = &[
    ("dependentSchemas", Step::Here),
    ("dependencies", Step::Here),
    ("patternProperties", Step::Any),
];

/// The schemas that stand in this one, without those that it refers to.
pub(super) fn parts(schema: &Map<String, Value>) -> Vec<Part<'_>> {
    let mut out = Vec::new();
    for (word, step) in ONE {
        if let Some(part) = schema.get(*word).filter(|part| is_schema(part)) {
            let turns = matches!(*word, "not" | "if");
            out.push(Part { step: *step, path: format!("/{word}"), schema: part, turns });
        }
    }
    for (word, step) in MANY {
        let list = schema.get(*word).and_then(Value::as_array).into_iter().flatten();
        out.extend(list.enumerate().map(|(place, part)| Part {
            step: *step,
            path: format!("/{word}/{place}"),
            schema: part,
            turns: false,
        }));
    }
    for (word, step) in NAMED {
        let named = schema.get(*word).and_then(Value::as_object).into_iter().flatten();
        out.extend(named.filter(|(_, part)| is_schema(part)).map(|(name, part)| Part {
            step: *step,
            path: format!("/{word}/{}", escaped(name)),
            schema: part,
            turns: false,
        }));
    }
    let members = member(schema, "properties").and_then(Value::as_object).into_iter().flatten();
    out.extend(members.map(|(name, part)| Part {
        step: Step::Member(name),
        path: format!("/properties/{}", escaped(name)),
        schema: part,
        turns: false,
    }));
    out
}

fn is_schema(value: &Value) -> bool {
    value.is_object() || value.is_boolean()
}

/// What stands in `$ref` and its kin.
pub(super) fn references(schema: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let words = ["$ref", "$dynamicRef", "$recursiveRef"].into_iter();
    words.filter_map(|word| schema.get(word)?.as_str())
}

/// Documents whose references are followed.
#[derive(Clone, Copy)]
pub(super) struct Graph<'d> {
    library: &'d Library,
}

/// Documents, and whether one can say of each reference in them where it leads.
#[derive(Debug)]
pub(super) struct Library {
    documents: Vec<Document>,
    are_plain: Vec<bool>,
}

impl Library {
    pub(super) fn new(documents: Vec<Document>) -> Self {
        let are_plain = documents.iter().map(|one| !names_itself(&one.value, 0)).collect();
        Self { documents, are_plain }
    }

    pub(super) fn documents(&self) -> &[Document] {
        &self.documents
    }

    pub(super) fn documents_mut(&mut self) -> &mut [Document] {
        &mut self.documents
    }
}

/// Whether a part of a document has an address of its own: references below it are relative to
/// that.
fn names_itself(value: &Value, depth: usize) -> bool {
    let mut parts: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Object(members) => {
            if depth > 0 && member(members, "$id").is_some_and(Value::is_string) {
                return true;
            }
            Box::new(members.values())
        }
        Value::Array(list) => Box::new(list.iter()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return false,
    };
    depth > DEPTH_MAX || parts.any(|part| names_itself(part, depth + 1))
}

/// A schema, and the document that it stands in.
#[derive(Clone, Copy)]
pub(super) struct Node<'d> {
    pub(super) document: usize,
    pub(super) schema: &'d Value,
}

impl<'d> Node<'d> {
    /// What tells it from others of its library.
    pub(super) fn key(&self) -> usize {
        std::ptr::from_ref(self.schema).addr()
    }

    /// Another schema of the same document.
    pub(super) const fn at(self, schema: &'d Value) -> Self {
        Self { document: self.document, schema }
    }
}

impl<'d> Graph<'d> {
    pub(super) const fn new(library: &'d Library) -> Self {
        Self { library }
    }

    /// A schema of the first document.
    pub(super) fn node(&self, pointer: &str) -> Option<Node<'d>> {
        self.node_of(0, pointer)
    }

    /// A schema of any document.
    pub(super) fn node_of(&self, document: usize, pointer: &str) -> Option<Node<'d>> {
        let value = &self.library.documents.get(document)?.value;
        Some(Node { document, schema: value.pointer(pointer)? })
    }

    /// Whether a schema's document has the word `unevaluatedProperties`: drafts before 2019-09 have
    /// not.
    pub(super) fn knows_unevaluated(&self, node: Node<'d>) -> bool {
        let document = self.library.documents.get(node.document);
        let draft = document.and_then(|one| part(&one.value, "$schema")).and_then(Value::as_str);
        draft.is_none_or(|draft| ["/2019-09/", "/2020-12/"].iter().any(|one| draft.contains(one)))
    }

    /// What a reference leads to. None: it is not here, or found by means that only a whole reader
    /// of schemas has (`$id` within a document).
    pub(super) fn follow(&self, from: Node<'d>, reference: &str) -> Option<Node<'d>> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let documents = &self.library.documents;
        let document = match uri {
            "" => from.document,
            _ => documents.iter().position(|one| is_at(&one.uri, uri))?,
        };
        let is_plain = |place: usize| self.library.are_plain.get(place) == Some(&true);
        if !is_plain(from.document) || !is_plain(document) {
            return None;
        }
        let root = &documents.get(document)?.value;
        if fragment.is_empty() || fragment.starts_with('/') {
            let bytes = crate::path::decode(fragment.as_bytes())?;
            let schema = root.pointer(std::str::from_utf8(&bytes).ok()?)?;
            return Some(Node { document, schema });
        }
        anchored(root, fragment, 0).map(|schema| Node { document, schema })
    }

    /// What a schema leads to; whether that is all.
    fn steps(&self, node: Node<'d>) -> (Vec<(Step<'d>, Node<'d>)>, bool) {
        let Some(schema) = node.schema.as_object() else { return (Vec::new(), true) };
        let mut out: Vec<_> = parts(schema)
            .into_iter()
            .map(|part| (part.step, self.through(node.at(part.schema))))
            .collect();
        let mut is_all = true;
        for reference in references(schema) {
            match self.follow(node, reference) {
                Some(target) => out.push((Step::Here, target)),
                None => is_all = false,
            }
        }
        (out, is_all)
    }

    /// What a schema leads to, with the words that lead there.
    pub(super) fn told_steps(&self, node: Node<'d>) -> Vec<(Step<'d>, &'d str, Node<'d>)> {
        let Some(schema) = node.schema.as_object() else { return Vec::new() };
        let word = |path: String| {
            let word = path.split('/').nth(1).unwrap_or_default();
            schema.get_key_value(word).map_or("", |(name, _)| name.as_str())
        };
        let inner = parts(schema).into_iter();
        let inner = inner.map(|part| (part.step, word(part.path), node.at(part.schema)));
        let referred = references(schema).filter_map(|name| self.follow(node, name));
        inner.chain(referred.map(|next| (Step::Here, "$ref", next))).collect()
    }

    /// What a schema that only refers to another one leads to: two members of one shape are one.
    fn through(&self, mut node: Node<'d>) -> Node<'d> {
        for _ in 0..CHAIN_MAX {
            let Some(schema) = node.schema.as_object() else { return node };
            let mut all = references(schema);
            let (Some(name), None) = (all.next(), all.next()) else { return node };
            let target = self.follow(node, name).filter(|_| parts(schema).is_empty());
            let Some(target) = target else { return node };
            node = target;
        }
        node
    }

    /// Looks for references that lead back to where they came from without going on to a member or
    /// an element: such a schema says nothing, and whatever is held against it passes.
    pub(super) fn circles(&self, root: Node<'d>) -> Result<(), ShapeError> {
        let mut waiting = vec![root];
        let mut seen = HashSet::new();
        let mut well = HashSet::new();
        while let Some(node) = waiting.pop() {
            if !seen.insert(node.key()) {
                continue;
            }
            self.turns(node, &mut Vec::new(), &mut well)?;
            waiting.extend(self.steps(node).0.into_iter().map(|(_, next)| next));
        }
        Ok(())
    }

    fn turns(
        &self,
        node: Node<'d>,
        above: &mut Vec<usize>,
        well: &mut HashSet<usize>,
    ) -> Result<(), ShapeError> {
        if well.contains(&node.key()) {
            return Ok(());
        }
        if above.contains(&node.key()) || above.len() == CHAIN_MAX {
            let name = part(node.schema, "$ref").and_then(Value::as_str).unwrap_or_default();
            let what = format!("references turn in a circle, by way of {name:?}");
            return Err(ShapeError::new("", what, "say what the value is in one of them"));
        }
        above.push(node.key());
        for (step, next) in self.steps(node).0 {
            if step == Step::Here {
                self.turns(next, above, well)?;
            }
        }
        above.pop();
        well.insert(node.key());
        Ok(())
    }

    /// Against how many schemas one value may be held, at each level of a body. The last holds for
    /// all levels below.
    pub(super) fn spread(&self, root: Node<'d>) -> Vec<u64> {
        let mut out = Vec::new();
        let mut level: HashMap<usize, (Node<'d>, u64)> = HashMap::from([(root.key(), (root, 1))]);
        while out.len() < LEVELS_MAX && !level.is_empty() {
            let mut all = HashMap::new();
            let mut left = SPREAD_MAX;
            let well = level
                .values()
                .all(|(node, count)| self.spread_here(*node, *count, &mut all, &mut left));
            if !well {
                out.push(u64::MAX);
                return out;
            }
            out.push(SPREAD_MAX - left);
            level = self.below(&all);
        }
        out
    }

    /// Counts a schema and all that are held against the same value. Whether they could be counted.
    fn spread_here(
        &self,
        node: Node<'d>,
        count: u64,
        all: &mut HashMap<usize, (Node<'d>, u64)>,
        left: &mut u64,
    ) -> bool {
        if *left < count {
            return false;
        }
        *left -= count;
        all.entry(node.key()).or_insert((node, 0)).1 += count;
        let (steps, is_all) = self.steps(node);
        let mut here = steps.iter().filter(|(step, _)| *step == Step::Here);
        is_all && here.all(|(_, next)| self.spread_here(*next, count, all, left))
    }

    /// What is held against the members and elements of a value: for each schema as often as for
    /// that member of which it is the most.
    fn below(&self, all: &HashMap<usize, (Node<'d>, u64)>) -> HashMap<usize, (Node<'d>, u64)> {
        let mut named: HashMap<(&str, usize), (Node<'d>, u64)> = HashMap::new();
        let mut any: HashMap<usize, (Node<'d>, u64)> = HashMap::new();
        for (node, count) in all.values() {
            for (step, next) in self.steps(*node).0 {
                let entry = match step {
                    Step::Here => continue,
                    Step::Member(name) => named.entry((name, next.key())).or_insert((next, 0)),
                    Step::Any => any.entry(next.key()).or_insert((next, 0)),
                };
                entry.1 += count;
            }
        }
        let mut out: HashMap<usize, (Node<'d>, u64)> = HashMap::new();
        for ((_, key), (node, count)) in named {
            let most = out.entry(key).or_insert((node, 0));
            most.1 = most.1.max(count);
        }
        for (key, (node, count)) in any {
            out.entry(key).or_insert((node, 0)).1 += count;
        }
        out
    }
}

/// Whether a document at `uri` is meant by a reference: whole, or by its last names.
fn is_at(uri: &str, reference: &str) -> bool {
    let reference = reference.trim_start_matches("./");
    uri == reference || uri.strip_suffix(reference).is_some_and(|before| before.ends_with('/'))
}

/// The schema of an anchor's name.
fn anchored<'d>(value: &'d Value, name: &str, depth: usize) -> Option<&'d Value> {
    match value {
        _ if depth > DEPTH_MAX => None,
        Value::Object(members) => {
            let is_named = ["$anchor", "$dynamicAnchor"]
                .iter()
                .any(|word| members.get(*word).and_then(Value::as_str) == Some(name));
            if is_named {
                return Some(value);
            }
            members.values().find_map(|one| anchored(one, name, depth + 1))
        }
        Value::Array(list) => list.iter().find_map(|one| anchored(one, name, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
