//! What an expression is given: the things that it names, and nothing else, of bounded size. What
//! is absent, too large, or could be read in two ways is not there, which is an error in CEL: where
//! the rest of the expression does not decide by itself, the request is refused.

use super::claim::Roles;
use super::name::Name;
use crate::form;
use crate::json::Object;
use crate::layers::identity::{Identity, Kind};
use crate::layers::method;
use crate::parameter::Form;
use crate::path;
use crate::query;
use crate::visit::Visit;
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt,
};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// Bytes of a text at the most.
const TEXT_BYTES_MAX: usize = 4 * 1024;
/// Elements of a list, with all that is in them, at the most.
const ELEMENTS_MAX: usize = 256;
/// How deep a claim's own lists and members may be nested.
const LEVELS_MAX: usize = 8;

type Boxed<'f> = Box<dyn Val + 'f>;

/// The values of an expression's names, in their order.
pub(super) struct Facts<'f>(Vec<Option<Boxed<'f>>>);

impl<'f> Facts<'f> {
    pub(super) fn new(
        names: &[Name],
        identity: &'f Identity,
        roles: Roles<'f>,
        visit: &'f Visit<'_>,
    ) -> Self {
        Self(names.iter().map(|name| value(name, identity, roles, visit)).collect())
    }
}

impl VariableResolver for Facts<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let place: usize = variable.strip_prefix('$')?.parse().ok()?;
        Some(CowVal::Borrowed(&**self.0.get(place)?.as_ref()?))
    }
}

fn value<'f>(
    name: &Name,
    identity: &'f Identity,
    roles: Roles<'f>,
    visit: &'f Visit<'_>,
) -> Option<Boxed<'f>> {
    match name {
        Name::Subject => text(identity.subject()),
        Name::Issuer => text(identity.issuer()),
        Name::Kind => text(match identity.kind() {
            Kind::Jwt => "jwt",
            Kind::Key => "key",
            Kind::Signature => "signature",
            Kind::Session => "session",
            Kind::Opaque => "opaque",
            Kind::Certificate => "certificate",
        }),
        Name::Scopes => list(identity.scopes().map(text)),
        Name::Roles => match roles {
            Roles::Nobody => list(std::iter::empty()),
            Roles::One(role) => list(std::iter::once(text(role))),
            Roles::List(roles) => list(roles.iter().map(|role| text(role.as_str()?))),
            Roles::Unclear => None,
        },
        Name::Claim(claim) => {
            of_json(claim.find(identity.claims()?)?, &mut { ELEMENTS_MAX }, LEVELS_MAX)
        }
        Name::Method if method::is_overridden(visit) => None,
        Name::Method => text(visit.view.method.as_str()),
        Name::Path => path_of(visit),
        Name::Host => host(visit),
        Name::Address => text(visit.client.to_string()),
        Name::Query(name) => match field(visit.view.target.query, name) {
            Field::Value(value) => text(value),
            Field::Absent | Field::Unclear => None,
        },
        Name::Parameter(place) => parameter(*place, visit),
        Name::Has(inner) => has(inner, identity, visit).map(|has| boxed(CelBool::from(has))),
    }
}

/// Whether something is there. None: it cannot be told.
fn has(name: &Name, identity: &Identity, visit: &Visit<'_>) -> Option<bool> {
    match name {
        Name::Claim(claim) => {
            Some(identity.claims().is_some_and(|claims| claim.find(claims).is_some()))
        }
        Name::Query(name) => match field(visit.view.target.query, name) {
            Field::Value(_) => Some(true),
            Field::Absent => Some(false),
            Field::Unclear => None,
        },
        // All others are always there, and never asked about.
        _ => None,
    }
}

fn boxed<'f>(value: impl Val + 'f) -> Boxed<'f> {
    Box::new(value)
}

fn text<'f>(text: impl Into<Cow<'f, str>>) -> Option<Boxed<'f>> {
    match text.into() {
        text if text.len() > TEXT_BYTES_MAX => None,
        Cow::Borrowed(text) => Some(boxed(CelString::from(text))),
        Cow::Owned(text) => Some(boxed(CelString::from(text))),
    }
}

fn list<'f>(elements: impl Iterator<Item = Option<Boxed<'f>>>) -> Option<Boxed<'f>> {
    let elements = elements.take(ELEMENTS_MAX + 1).collect::<Option<Vec<_>>>()?;
    (elements.len() <= ELEMENTS_MAX).then(|| boxed(CelList::from(elements)))
}

/// A claim's value. `left`: how many more elements there may be.
fn of_json<'f>(value: &'f Value, left: &mut usize, levels: usize) -> Option<Boxed<'f>> {
    *left = left.checked_sub(1)?;
    match value {
        Value::Null => Some(boxed(CelNull)),
        Value::Bool(truth) => Some(boxed(CelBool::from(*truth))),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Some(boxed(CelInt::from(whole))),
            (None, Some(whole)) => Some(boxed(CelUInt::from(whole))),
            (None, None) => number.as_f64().map(|number| boxed(CelDouble::from(number))),
        },
        Value::String(own) => text(own.as_str()),
        Value::Array(elements) => {
            let levels = levels.checked_sub(1)?;
            let elements = elements.iter().map(|one| of_json(one, left, levels));
            Some(boxed(CelList::from(elements.collect::<Option<Vec<_>>>()?)))
        }
        Value::Object(members) => of_members(members, left, levels.checked_sub(1)?),
    }
}

fn of_members<'f>(members: &'f Object, left: &mut usize, levels: usize) -> Option<Boxed<'f>> {
    let members = members.iter().map(|(name, value)| {
        let key = CelMapKey::from(name.as_str());
        Some((key, of_json(value, left, levels)?))
    });
    Some(boxed(CelMap::from(members.collect::<Option<HashMap<_, _>>>()?)))
}

/// The path as it was sent, where no backend reads another one.
fn path_of<'f>(visit: &'f Visit<'_>) -> Option<Boxed<'f>> {
    let sent = visit.view.target.path;
    let odd = path::inspect(sent).ok()?;
    let is_clear = !(odd.encoded || odd.parameters || odd.empty_segment || odd.ending);
    if is_clear { text(sent) } else { None }
}

/// The name by which the gate was called, in lower case; with its port, unless it is the scheme's.
fn host<'f>(visit: &'f Visit<'_>) -> Option<Boxed<'f>> {
    let named = visit.named?;
    let listed = named.external.and_then(|place| visit.gate.names.listed().get(place));
    match listed {
        Some(external) => text(external.authority().to_str().ok()?),
        None => text(named.authority.to_ascii_lowercase()),
    }
}

fn parameter<'f>(place: usize, visit: &'f Visit<'_>) -> Option<Boxed<'f>> {
    let parameter = visit.route().parameters.get(place)?;
    let value = parameter.value(visit.view.target.path)?;
    match parameter.form {
        Form::Int => Some(boxed(CelInt::from(value.parse::<i64>().ok()?))),
        Form::Uuid => text(value.to_ascii_lowercase()),
        Form::Slug | Form::Text => text(value),
    }
}

/// A field of the query.
#[derive(Debug, PartialEq, Eq)]
enum Field<'q> {
    Absent,
    Value(Cow<'q, str>),
    /// It stands twice, or in a spelling that some backends take for it, or cannot be decoded.
    Unclear,
}

fn field<'q>(query: Option<&'q str>, name: &str) -> Field<'q> {
    let Some(query) = query else { return Field::Absent };
    // Some backends split at `;`, others take it for text.
    if query.contains(';') {
        return Field::Unclear;
    }
    let pairs = query::fields(query).map(query::pair);
    let mut found = pairs.filter(|(own, _)| form::is_field(own, name.as_bytes()));
    match (found.next(), found.next()) {
        (None, _) => Field::Absent,
        (Some((own, value)), None) if own == name => {
            decoded(value).map_or(Field::Unclear, Field::Value)
        }
        (Some(_), _) => Field::Unclear,
    }
}

fn decoded(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains(['%', '+']) {
        return Some(Cow::Borrowed(value));
    }
    let spaced = value.replace('+', " ");
    Some(Cow::Owned(String::from_utf8(path::decode(spaced.as_bytes())?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_the_query_has_one_reading() {
        let value = |text: &'static str| Field::Value(Cow::Borrowed(text));
        for (query, want) in [
            ("", Field::Absent),
            ("a=1", Field::Absent),
            ("dry=1", value("1")),
            ("a=1&dry=", value("")),
            ("dry", value("")),
            ("dry=a+b%21", value("a b!")),
            ("dry=1&dry=1", Field::Unclear),
            ("dry=1&DRY=0", Field::Unclear),
            ("Dry=1", Field::Unclear),
            ("%64ry=1", Field::Unclear),
            ("dry[]=1", Field::Unclear),
            ("dry=1;x", Field::Unclear),
            ("dry=%zz", Field::Unclear),
            ("dry=%ff", Field::Unclear),
        ] {
            assert_eq!(field(Some(query), "dry"), want, "{query}");
        }
        assert_eq!(field(None, "dry"), Field::Absent);
    }

    #[test]
    fn a_claim_is_given_only_in_bounds() {
        let given = |json: &str| {
            let value: Value = serde_json::from_str(json).expect("JSON");
            of_json(&value, &mut { ELEMENTS_MAX }, LEVELS_MAX).is_some()
        };
        let list = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(given(&list(ELEMENTS_MAX - 1)) && !given(&list(ELEMENTS_MAX)));
        assert!(given(&nested(LEVELS_MAX)) && !given(&nested(LEVELS_MAX + 1)));
        assert!(given(&format!("\"{}\"", "x".repeat(TEXT_BYTES_MAX))));
        assert!(!given(&format!("\"{}\"", "x".repeat(TEXT_BYTES_MAX + 1))));
        assert!(!given(&format!("{{\"a\":{},\"b\":{}}}", list(200), list(60))));
    }
}
