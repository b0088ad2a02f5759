//! `when`: an expression in CEL. It is read once, when the gate is made; what it may do is listed
//! here, and everything else of the language is an error, so that its cost is known beforehand.

use super::RuleError;
use super::claim::Roles;
use super::facts::Facts;
use super::name::{self, KNOWN, Name, ROOTS};
use super::rule::WHEN_BYTES_MAX;
use crate::layers::identity::Identity;
use crate::parameter::Parameter;
use crate::visit::Visit;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue};
use cel::common::types::CelBool;
use cel::context::Context;
use cel::parser::PrattParser;
use cel::{Env, Value};
use std::fmt;
use std::sync::Arc;

/// Different things that one expression may name.
const NAMES_MAX: usize = 32;
/// Nested parts of an expression at the most.
const DEPTH_MAX: usize = 48;
/// Sums and joined texts of an expression at the most: each may be as long as both its parts.
const SUMS_MAX: usize = 8;

const INDEX: &str = "_[_]";
const SUM: &str = "_+_";

/// Operators and functions that cost no more than their arguments are long. `map` and `filter` are
/// not among them, which make lists of lists, nor is anything that reads a clock.
const FUNCTIONS: &[&str] = &[
    "_&&_",
    "_||_",
    "!_",
    "_?_:_",
    "_==_",
    "_!=_",
    "_<_",
    "_<=_",
    "_>_",
    "_>=_",
    "@in",
    INDEX,
    SUM,
    "@not_strictly_false",
    "startsWith",
    "endsWith",
    "contains",
    "size",
    "string",
    "int",
];

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
        let mut walk = Walk { parameters, names: Vec::new(), bound: Vec::new(), sums: 0 };
        walk.expression(&mut expression, 0).map_err(|(what, hint)| wrong(what, &hint))?;
        if !may_be_boolean(&expression.expr) {
            let what = "this is neither true nor false".to_owned();
            return Err(wrong(what, "compare it with something: ==, in, <"));
        }
        let env = Env::default().with_optional_support(false).with_stdlib();
        Ok(Self { expression, names: walk.names, env: Arc::new(env) })
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
        identity: &Identity,
        roles: Roles<'_>,
        visit: &Visit<'_>,
    ) -> Option<bool> {
        let facts = Facts::new(&self.names, identity, roles, visit);
        let mut context = Context::with_env(Arc::clone(&self.env));
        context.set_variable_resolver(&facts);
        let value = Value::resolve_val(&self.expression, &context).ok()?;
        value.downcast_ref::<CelBool>().map(|truth| *truth.inner())
    }
}

const TOO_DEEP: &str = "this is nested too deeply";

/// Whether brackets, or signs before one value, are nested deeper than a reader could follow. It
/// stands before the parser, which comes down by one call for each.
fn nests_too_deep(source: &str) -> bool {
    let (mut depth, mut signs) = (0_usize, 0_usize);
    source.bytes().any(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        signs = match byte {
            b'!' | b'-' => signs + 1,
            b' ' | b'\t' | b'\r' | b'\n' => signs,
            _ => 0,
        };
        depth > DEPTH_MAX || signs > DEPTH_MAX
    })
}

/// Whether an expression may come to true or false.
fn may_be_boolean(expression: &Expr) -> bool {
    match expression {
        Expr::Call(call) => ![SUM, "size", "string", "int"].contains(&call.func_name.as_str()),
        Expr::Literal(LiteralValue::Boolean(_))
        | Expr::Comprehension(_)
        | Expr::Ident(_)
        | Expr::Select(_) => true,
        Expr::Literal(_) | Expr::List(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
            false
        }
    }
}

/// What is wrong, and how to mend it.
type Wrong = (String, String);

/// A walk through an expression: it refuses what is not listed, and puts numbers for names.
struct Walk<'p> {
    parameters: &'p [Parameter],
    names: Vec<Name>,
    /// Names that an `exists` or `all` around makes.
    bound: Vec<String>,
    sums: usize,
}

impl Walk<'_> {
    fn expression(&mut self, at: &mut IdedExpr, depth: usize) -> Result<(), Wrong> {
        if depth > DEPTH_MAX {
            return Err((TOO_DEEP.to_owned(), "say it in fewer steps".to_owned()));
        }
        if let Some(name) = self.named(&at.expr)? {
            at.expr = Expr::Ident(format!("${}", self.place_of(name)?));
            return Ok(());
        }
        match &mut at.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) if self.bound.contains(name) => Ok(()),
            Expr::Ident(name) => Err((format!("`{name}` is not known here"), KNOWN.to_owned())),
            Expr::Select(select) => self.expression(&mut select.operand, depth + 1),
            Expr::Call(call) => self.call(call, depth),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, depth),
            Expr::List(list) => {
                list.elements.iter_mut().try_for_each(|one| self.expression(one, depth + 1))
            }
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                let hint = "compare texts, numbers and lists: \"a\" in [\"a\", \"b\"]";
                Err(("maps are not made here".to_owned(), hint.to_owned()))
            }
        }
    }

    fn call(&mut self, call: &mut CallExpr, depth: usize) -> Result<(), Wrong> {
        let function = call.func_name.as_str();
        if !FUNCTIONS.contains(&function) {
            let what = format!("`{}` is not known here", function.trim_matches('_'));
            let hint = "known: && || ! ?: == != < <= > >= in [] +, startsWith, endsWith, contains, \
                        size, string, int, exists, exists_one, all, has";
            return Err((what, hint.to_owned()));
        }
        self.sums += usize::from(function == SUM);
        if self.sums > SUMS_MAX {
            let what = format!("more than {SUMS_MAX} sums or joined texts");
            return Err((what, "say it with fewer".to_owned()));
        }
        let target = call.target.iter_mut().map(|target| &mut **target);
        target.chain(&mut call.args).try_for_each(|one| self.expression(one, depth + 1))
    }

    /// `exists`, `exists_one` or `all`: once through a list, and not for each element of another.
    fn comprehension(&mut self, all: &mut ComprehensionExpr, depth: usize) -> Result<(), Wrong> {
        self.expression(&mut all.iter_range, depth + 1)?;
        if !matches!(all.accu_init.expr, Expr::Literal(_)) {
            let what = "`map` and `filter` are not known here".to_owned();
            return Err((what, "ask with exists, exists_one or all".to_owned()));
        }
        if !self.bound.is_empty() {
            let what = "an exists or all within another".to_owned();
            return Err((what, "go through one list at a time".to_owned()));
        }
        if ROOTS.contains(&all.iter_var.as_str()) || all.iter_var.starts_with(['.', '$']) {
            let what = format!("`{}` already means something else", all.iter_var);
            return Err((what, "call the element by another name".to_owned()));
        }
        self.bound = vec![all.iter_var.clone(), all.accu_var.clone()];
        let parts = [&mut all.loop_cond, &mut all.loop_step, &mut all.result];
        let walked = parts.into_iter().try_for_each(|part| self.expression(part, depth + 1));
        self.bound.clear();
        walked
    }

    /// What a chain such as `caller.claims.tenant` or `caller.claims["tenant"]` names. None: it is
    /// no such chain.
    fn named(&self, expression: &Expr) -> Result<Option<Name>, Wrong> {
        let Some((words, tests)) = words(expression) else { return Ok(None) };
        if !ROOTS.contains(&words[0]) {
            return Ok(None);
        }
        let name = name::find(&words, tests, self.parameters);
        name.map(Some).map_err(|hint| (format!("`{}` is not known here", words.join(".")), hint))
    }

    fn place_of(&mut self, name: Name) -> Result<usize, Wrong> {
        if let Some(place) = self.names.iter().position(|known| *known == name) {
            return Ok(place);
        }
        if self.names.len() == NAMES_MAX {
            let what = format!("more than {NAMES_MAX} different names");
            return Err((what, "ask for fewer things".to_owned()));
        }
        self.names.push(name);
        Ok(self.names.len() - 1)
    }
}

/// The words of a chain of names, and whether it stands in `has(…)`.
fn words(expression: &Expr) -> Option<(Vec<&str>, bool)> {
    let mut words = Vec::new();
    let mut at = expression;
    let tests = matches!(expression, Expr::Select(select) if select.test);
    loop {
        at = match at {
            Expr::Ident(name) => {
                words.push(name.as_str());
                words.reverse();
                return Some((words, tests));
            }
            Expr::Select(select) => {
                words.push(select.field.as_str());
                &select.operand.expr
            }
            Expr::Call(call) if call.func_name == INDEX => match call.args.as_slice() {
                [list, IdedExpr { expr: Expr::Literal(LiteralValue::String(key)), .. }] => {
                    words.push(key.inner());
                    &list.expr
                }
                _ => return None,
            },
            _ => return None,
        };
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
