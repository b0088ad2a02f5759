//! `when`: an expression in CEL. It is read once, when the gate is made, and run for each request.

use super::RuleError;
use super::claim::Roles;
use super::facts::Facts;
use super::name::Name;
use super::rule::WHEN_BYTES_MAX;
use super::walk::{DEPTH_MAX, TOO_DEEP, Walk, may_be_boolean, nests_too_deep};
use crate::layers::identity::Identity;
use crate::parameter::Parameter;
use crate::visit::Visit;
use cel::common::ast::IdedExpr;
use cel::common::types::CelBool;
use cel::context::{Context, VariableResolver};
use cel::parser::PrattParser;
use cel::{Env, Value};
use std::fmt;
use std::sync::Arc;

/// A checked expression.
pub(super) struct Condition {
    expression: IdedExpr,
    /// What it names; in the expression stands `$0`, `$1` and so on in its place.
    names: Vec<Name>,
    env: Arc<Env>,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Condition {
    /// Reads an expression.
    pub(super) fn parse(source: &str, parameters: &[Parameter]) -> Result<Self, RuleError> {
        let wrong = |what: String, hint: &str| RuleError::new("when", what, hint);
        if source.len() > WHEN_BYTES_MAX {
            let what = format!("{} bytes, and an expression has at most 4 KiB", source.len());
            return Err(wrong(what, "say it shorter, or judge it in the backend"));
        }
        if nests_too_deep(source) {
            return Err(wrong(TOO_DEEP.to_owned(), "say it with fewer parentheses"));
        }
        let parsed = PrattParser::new().max_recursion_depth(DEPTH_MAX as u16).parse(source);
        let mut expression = parsed.map_err(|found| {
            let first = found.errors.first();
            let (line, column) = first.map_or((0, 0), |error| error.pos);
            let said = first.map_or("", |error| error.msg.as_str());
            let said = said.trim_start_matches("Syntax error: ");
            let at = match line {
                0 => String::new(),
                _ => format!(" at line {line}, column {}", column.max(1)),
            };
            let hint = "write it like caller.subject == path.id || \"admin\" in caller.roles";
            wrong(format!("this is no expression{at}: {said}"), hint)
        })?;
        let names = Walk::through(&mut expression, parameters);
        let names = names.map_err(|(what, hint)| wrong(what, &hint))?;
        if !may_be_boolean(&expression.expr) {
            let what = "this is neither true nor false".to_owned();
            return Err(wrong(what, "compare it with something: ==, in, <"));
        }
        let env = Env::default().with_optional_support(false).with_stdlib();
        Ok(Self { expression, names, env: Arc::new(env) })
    }

    /// The claims that it looks at, by where they begin.
    pub(super) fn claims(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter_map(|name| match name {
            Name::Claim(claim) => Some(claim.first()),
            Name::Has(inner) => match &**inner {
                Name::Claim(claim) => Some(claim.first()),
                _ => None,
            },
            _ => None,
        })
    }

    /// Whether it looks at roles.
    pub(super) fn asks_for_roles(&self) -> bool {
        self.names.contains(&Name::Roles)
    }

    /// Whether it is true. None: it cannot be told.
    pub(super) fn holds(
        &self,
        who: &Identity,
        roles: Roles<'_>,
        visit: &Visit<'_>,
    ) -> Option<bool> {
        self.run(&Facts::new(&self.names, who, roles, visit))
    }

    fn run(&self, facts: &dyn VariableResolver) -> Option<bool> {
        let mut context = Context::with_env(Arc::clone(&self.env));
        context.set_variable_resolver(facts);
        let value = Value::resolve_val(&self.expression, &context).ok()?;
        Some(*value.downcast_ref::<CelBool>()?.inner())
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
