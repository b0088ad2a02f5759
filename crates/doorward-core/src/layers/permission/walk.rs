//! What an expression may say: it is listed here, and everything else of the language is an error,
//! so that what it costs is known beforehand.

use super::name::{self, KNOWN, Name, ROOTS};
use crate::parameter::Parameter;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue};

/// Different things that one expression may name.
const NAMES_MAX: usize = 32;
/// Nested parts of an expression at the most.
pub(super) const DEPTH_MAX: usize = 48;
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

pub(super) const TOO_DEEP: &str = "this is nested too deeply";

/// Whether brackets, or signs before one value, are nested deeper than a reader could follow. It
/// stands before the parser, which comes down by one call for each.
pub(super) fn nests_too_deep(source: &str) -> bool {
    let (mut depth, mut signs) = (0_usize, 0_usize);
    source.bytes().any(|byte| {
        depth = match byte {
            b'(' | b'[' | b'{' => depth + 1,
            b')' | b']' | b'}' => depth.saturating_sub(1),
            _ => depth,
        };
        signs = match byte {
            b'!' | b'-' => signs + 1,
            b' ' | b'\t' | b'\r' | b'\n' => signs,
            _ => 0,
        };
        depth > DEPTH_MAX || signs > DEPTH_MAX
    })
}

/// Whether an expression may come to true or false.
pub(super) fn may_be_boolean(expression: &Expr) -> bool {
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
pub(super) type Wrong = (String, String);

/// A walk through an expression: it refuses what is not listed, and puts numbers for names.
pub(super) struct Walk<'p> {
    parameters: &'p [Parameter],
    names: Vec<Name>,
    /// Names that an `exists` or `all` around makes.
    bound: Vec<String>,
    sums: usize,
}

impl<'p> Walk<'p> {
    /// Looks a whole expression over: what it names, in the order of the numbers put for it.
    pub(super) fn through(
        expression: &mut IdedExpr,
        parameters: &'p [Parameter],
    ) -> Result<Vec<Name>, Wrong> {
        let mut walk = Self { parameters, names: Vec::new(), bound: Vec::new(), sums: 0 };
        walk.expression(expression, 0)?;
        Ok(walk.names)
    }

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
            Expr::List(list) => self.each(&mut list.elements, depth),
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
        self.each(target.chain(&mut call.args), depth)
    }

    fn each<'e>(
        &mut self,
        parts: impl IntoIterator<Item = &'e mut IdedExpr>,
        depth: usize,
    ) -> Result<(), Wrong> {
        parts.into_iter().try_for_each(|one| self.expression(one, depth + 1))
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
        let walked = self.each([&mut all.loop_cond, &mut all.loop_step, &mut all.result], depth);
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
