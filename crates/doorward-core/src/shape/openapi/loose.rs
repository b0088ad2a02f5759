//! What a document leaves open: shapes that take more than anybody means.

use super::super::graph::{Graph, Node};
use super::super::{Additional, Loose, part};
use super::OpenApi;
use super::lazy::Lazy;
use serde_json::Value;
use std::collections::HashSet;

impl OpenApi {
    /// The operations that leave something open, the loosest first.
    #[must_use]
    pub fn loose(&self) -> Vec<Loose> {
        let mut out: Vec<Loose> = Vec::new();
        for operation in &self.operations {
            let mut loose = Loose {
                operation: format!("{} {}", operation.method, operation.path),
                without_schema: usize::from(operation.has_several),
                ..Loose::default()
            };
            let media = operation.wanted.iter().flat_map(|wanted| &wanted.media);
            let of_parameters = operation.parameters.iter().map(|one| one.shape.as_ref());
            let mut seen = HashSet::new();
            for shape in media.map(|media| media.shape.as_ref()).chain(of_parameters) {
                self.look(shape, &mut loose, &mut seen);
            }
            if loose.count() > 0 {
                out.push(loose);
            }
        }
        out.sort_by(|a, b| b.count().cmp(&a.count()).then(a.operation.cmp(&b.operation)));
        out
    }

    fn look(&self, shape: Option<&Lazy>, loose: &mut Loose, seen: &mut HashSet<usize>) {
        let graph = Graph::new(&self.library);
        let Some(node) = shape.and_then(|shape| graph.node(&shape.pointer)) else {
            loose.without_schema += 1;
            return;
        };
        let mut waiting = vec![("", node)];
        while let Some((word, node)) = waiting.pop() {
            if seen.insert(node.key()) {
                self.look_at(node, word == "allOf", loose);
                let steps = graph.told_steps(node).into_iter();
                waiting.extend(steps.map(|(_, word, next)| (word, next)));
            }
        }
    }

    /// What is one of several parts of an object need not close it.
    fn look_at(&self, node: Node<'_>, is_one_of_all: bool, loose: &mut Loose) {
        let says = |name: &str| part(node.schema, name).is_some();
        let is_of = |kind: &str| match part(node.schema, "type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(list)) => list.iter().any(|one| one == kind),
            Some(_) | None => false,
        };
        let closes = ["additionalProperties", "unevaluatedProperties"].into_iter().any(says);
        let names = is_of("object") || says("properties") && !is_one_of_all;
        let is_closed =
            closes || self.choices.additional == Additional::Refuse && says("properties");
        loose.open_objects += usize::from(names && !is_closed);
        let ends = ["maxLength", "enum", "const", "pattern", "format"].into_iter().any(says);
        loose.endless_texts += usize::from(is_of("string") && !ends);
        loose.endless_lists += usize::from(is_of("array") && !says("maxItems"));
    }
}
