//! What is written into schemas before they are read: members that are not named are refused where
//! that is chosen, and what is read-only is not required of who writes.

use super::fault::{ShapeError, escaped};
use super::graph::{Graph, Library, Node, Part, Step, parts, references};
use super::{Additional, Document};
use crate::json::member;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// A schema to begin at.
pub(super) struct Root {
    pub(super) pointer: String,
    /// A value is held against it as it stands; else only through those that refer to it.
    pub(super) is_whole: bool,
}

/// What is written at one place.
pub(super) struct Change {
    document: usize,
    pointer: String,
    kind: Kind,
}

enum Kind {
    /// No other members than those of `properties` and `patternProperties` beside it.
    Additional,
    /// No other members than those that any of its parts names (JSON Schema 2020-12, Core 11.3).
    Unevaluated,
    /// These are not required.
    NotRequired(Vec<String>),
}

/// What is to be written into the schemas at these places, and into all that stand in them.
pub(super) fn changes(
    library: &Library,
    roots: &[(usize, Root)],
    additional: Additional,
) -> Result<Vec<Change>, ShapeError> {
    let mut walk = Walk { graph: Graph::new(library), additional, changes: Vec::new() };
    for (document, root) in roots {
        if let Some(node) = walk.graph.node_of(*document, &root.pointer) {
            walk.visit(node, &root.pointer, root.is_whole)?;
        }
    }
    Ok(walk.changes)
}

/// Writes it.
pub(super) fn apply(documents: &mut [Document], changes: Vec<Change>) {
    for change in changes {
        let document = documents.get_mut(change.document);
        let schema = document.and_then(|one| one.value.pointer_mut(&change.pointer));
        let Some(schema) = schema.and_then(Value::as_object_mut) else { continue };
        match change.kind {
            Kind::Additional => {
                schema.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            Kind::Unevaluated => {
                schema.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
            }
            Kind::NotRequired(names) => {
                if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
                    required.retain(|name| !names.iter().any(|one| name == one));
                }
            }
        }
    }
}

struct Walk<'d> {
    graph: Graph<'d>,
    additional: Additional,
    changes: Vec<Change>,
}

impl<'d> Walk<'d> {
    fn visit(&mut self, node: Node<'d>, pointer: &str, whole: bool) -> Result<(), ShapeError> {
        let Some(schema) = node.schema.as_object() else { return Ok(()) };
        let inner = parts(schema);
        if whole && self.additional == Additional::Refuse {
            self.close(node, schema, &inner, pointer)?;
        }
        let read_only = self.read_only(node, schema);
        if !read_only.is_empty() {
            self.change(node, pointer, Kind::NotRequired(read_only));
        }
        for part in inner {
            let below = format!("{pointer}{}", part.path);
            let next = node.at(part.schema);
            if part.turns {
                self.turned(next, &below)?;
            } else {
                self.visit(next, &below, part.step != Step::Here)?;
            }
        }
        for word in ["$defs", "definitions"] {
            let named = schema.get(word).and_then(Value::as_object).into_iter().flatten();
            for (name, one) in named {
                self.visit(node.at(one), &format!("{pointer}/{word}/{}", escaped(name)), false)?;
            }
        }
        Ok(())
    }

    fn close(
        &mut self,
        node: Node<'d>,
        schema: &Map<String, Value>,
        inner: &[Part<'d>],
        pointer: &str,
    ) -> Result<(), ShapeError> {
        let says = ["additionalProperties", "unevaluatedProperties"];
        if says.iter().any(|word| schema.contains_key(*word)) {
            return Ok(());
        }
        let has_parts =
            inner.iter().any(|part| part.step == Step::Here) || references(schema).next().is_some();
        let names = self.names_members(node, &mut HashSet::new());
        match (names, has_parts) {
            (false, _) => {}
            (true, false) => self.change(node, pointer, Kind::Additional),
            (true, true) if self.graph.knows_unevaluated(node) => {
                self.change(node, pointer, Kind::Unevaluated);
            }
            (true, true) => {
                let what = "members cannot be closed here: this draft knows no word for that";
                let hint = "say \"$schema\": \"https://json-schema.org/draft/2020-12/schema\", or \
                            leave out additional = \"refuse\"";
                return Err(ShapeError::new(pointer, what, hint));
            }
        }
        Ok(())
    }

    /// Whether a schema, or one held against the same value, names members.
    fn names_members(&self, node: Node<'d>, seen: &mut HashSet<usize>) -> bool {
        let Some(schema) = node.schema.as_object() else { return false };
        if !seen.insert(node.key()) {
            return false;
        }
        if ["properties", "patternProperties"].iter().any(|word| schema.contains_key(*word)) {
            return true;
        }
        // What must not be so names nothing.
        let mut here = parts(schema).into_iter().filter(|part| part.step == Step::Here);
        here.any(|part| !part.turns && self.names_members(node.at(part.schema), seen))
            || references(schema).any(|name| {
                let target = self.graph.follow(node, name);
                target.is_none_or(|target| self.names_members(target, seen))
            })
    }

    /// Below `not` and `if` a stricter schema lets more pass: nothing is written there, and what is
    /// referred to there must not be written into either.
    fn turned(&self, node: Node<'d>, pointer: &str) -> Result<(), ShapeError> {
        let Some(schema) = node.schema.as_object() else { return Ok(()) };
        if self.additional == Additional::Refuse && references(schema).next().is_some() {
            let what = "a reference below `not` or `if` cannot be closed to other members";
            let hint = "write the schema out there, or leave out additional = \"refuse\" and say \
                        \"additionalProperties\": false where it is meant";
            return Err(ShapeError::new(pointer, what, hint));
        }
        for part in parts(schema) {
            self.turned(node.at(part.schema), &format!("{pointer}{}", part.path))?;
        }
        Ok(())
    }

    /// The members that are required here and cannot be written.
    fn read_only(&self, node: Node<'d>, schema: &Map<String, Value>) -> Vec<String> {
        let Some(required) = member(schema, "required").and_then(Value::as_array) else {
            return Vec::new();
        };
        let Some(members) = member(schema, "properties").and_then(Value::as_object) else {
            return Vec::new();
        };
        let names = required.iter().filter_map(Value::as_str);
        let is_read_only = |name: &&str| {
            let member = members.get(*name).map(|member| node.at(member));
            member.is_some_and(|member| self.is_read_only(member, &mut HashSet::new()))
        };
        names.filter(is_read_only).map(str::to_owned).collect()
    }

    fn is_read_only(&self, node: Node<'d>, seen: &mut HashSet<usize>) -> bool {
        let Some(schema) = node.schema.as_object() else { return false };
        if !seen.insert(node.key()) {
            return false;
        }
        if member(schema, "readOnly") == Some(&Value::Bool(true)) {
            return true;
        }
        let all = member(schema, "allOf").and_then(Value::as_array).into_iter().flatten();
        let all = all.map(|part| node.at(part));
        let referred = references(schema).filter_map(|name| self.graph.follow(node, name));
        all.chain(referred).any(|next| self.is_read_only(next, seen))
    }

    fn change(&mut self, node: Node<'d>, pointer: &str, kind: Kind) {
        self.changes.push(Change { document: node.document, pointer: pointer.to_owned(), kind });
    }
}
