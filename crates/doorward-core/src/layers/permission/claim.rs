//! Claims of a verified caller, by name.

use crate::json::{Object, member};
use serde_json::Value;

/// Steps of a claim's name at the most.
const STEPS_MAX: usize = 8;

/// Which claim is meant: `tenant`, or a member of a member, `realm_access.roles`. A name with `/`
/// or `:` in it is one word: issuers name claims of their own by an address, whose dots are its own
/// (RFC 7519 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimName(Vec<Box<str>>);

impl ClaimName {
    /// Reads a name. None: it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.contains(['/', ':']) {
            return Some(Self(vec![text.into()]));
        }
        Self::of_steps(text.split('.').map(Box::from).collect())
    }

    /// A name of these steps. None: it is none.
    pub(super) fn of_steps(steps: Vec<Box<str>>) -> Option<Self> {
        let is_name = (1..=STEPS_MAX).contains(&steps.len())
            && steps.iter().all(|step| !step.is_empty() && step.trim() == &**step);
        is_name.then_some(Self(steps))
    }

    /// The claim that it begins at.
    pub(crate) fn first(&self) -> &str {
        // A name has at least one step.
        self.0.first().map_or("", |step| step)
    }

    /// What it stands for; none where it is absent.
    pub(crate) fn find<'c>(&self, claims: &'c Object) -> Option<&'c Value> {
        let (first, rest) = self.0.split_first()?;
        let begin = member(claims, first)?;
        rest.iter().try_fold(begin, |value, step| member(value.as_object()?, step))
    }
}

/// The roles of a caller.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Roles<'c> {
    /// There are none.
    Nobody,
    /// One, which may have spaces in it.
    One(&'c str),
    /// A list of texts.
    List(&'c [Value]),
    /// Neither a text nor texts.
    Unclear,
}

impl<'c> Roles<'c> {
    /// The roles that a claim says.
    pub(super) fn of(claim: Option<&'c Value>) -> Self {
        match claim {
            None => Roles::Nobody,
            Some(Value::String(text)) => Roles::One(text),
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => Roles::List(list),
            Some(_) => Roles::Unclear,
        }
    }

    /// Whether this one is among them.
    pub(super) fn has(self, role: &str) -> bool {
        match self {
            Roles::Nobody | Roles::Unclear => false,
            Roles::One(own) => own == role,
            Roles::List(list) => list.iter().any(|own| own.as_str() == Some(role)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_steps_or_an_address() {
        let claims = crate::json::object(
            br#"{"a":{"b":{"c":1}},"a.b":2,"https://x.test/y.z":3,"s":"t","n":null}"#,
        );
        let claims = claims.expect("an object");
        for (name, want) in [
            ("a.b.c", Some(Value::from(1))),
            ("https://x.test/y.z", Some(Value::from(3))),
            ("s", Some(Value::from("t"))),
            ("n", Some(Value::Null)),
            ("s.t", None),
            ("a.c", None),
            ("A", None),
        ] {
            let name = ClaimName::parse(name).expect("a name");
            assert_eq!(name.find(&claims), want.as_ref(), "{name:?}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", " a", "a.b.c.d.e.f.g.h.i"] {
            assert_eq!(ClaimName::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn one_text_is_one_role_and_nothing_else_is_any() {
        for (json, role, want) in [
            (r#"["a","b"]"#, "b", true),
            (r#"["ab"]"#, "a", false),
            (r#""a""#, "a", true),
            (r#""a b""#, "a", false),
            (r#""a b""#, "a b", true),
            (r#"["a",1]"#, "a", false),
            (r#"{"a":true}"#, "a", false),
            ("1", "1", false),
            ("null", "null", false),
        ] {
            let value: Value = serde_json::from_str(json).expect("JSON");
            assert_eq!(Roles::of(Some(&value)).has(role), want, "{json} {role}");
        }
        assert!(!Roles::of(None).has("a"));
    }
}
