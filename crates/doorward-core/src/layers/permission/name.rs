//! What an expression may name of caller, request and path.

use super::claim::ClaimName;
use crate::parameter::Parameter;

/// One thing that an expression names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// `caller.subject`.
    Subject,
    /// `caller.issuer`.
    Issuer,
    /// `caller.kind`: `jwt`, `opaque`, `key`, `signature` or `session`.
    Kind,
    /// `caller.scopes`.
    Scopes,
    /// `caller.roles`.
    Roles,
    /// `caller.claims.NAME`.
    Claim(ClaimName),
    /// `request.method`.
    Method,
    /// `request.path`.
    Path,
    /// `request.host`.
    Host,
    /// `request.address`.
    Address,
    /// `request.query.NAME`.
    Query(Box<str>),
    /// `path.NAME`, by its place in the route's list.
    Parameter(usize),
    /// `has(…)` of a claim or of a field of the query.
    Has(Box<Name>),
}

/// What the names begin with.
pub(super) const ROOTS: &[&str] = &["caller", "request", "path"];

const CALLER: &str = "known: caller.subject, caller.issuer, caller.kind, caller.scopes, \
                      caller.roles, caller.claims.NAME";
const REQUEST: &str =
    "known: request.method, request.path, request.host, request.address, request.query.NAME";
/// What there is at all.
pub(super) const KNOWN: &str =
    "known: caller.…, request.… and path.NAME; see `doorward explain permission`";

/// Why words name nothing: how to mend it.
pub(super) type Hint = String;

/// What words such as `caller.claims.tenant` name. `tests`: they stand in `has(…)`.
pub(super) fn find(words: &[&str], tests: bool, parameters: &[Parameter]) -> Result<Name, Hint> {
    let name = match words {
        ["caller", "claims", steps @ ..] => {
            let steps = steps.iter().map(|step| Box::from(*step)).collect();
            let claim = ClaimName::of_steps(steps);
            Name::Claim(claim.ok_or("name one claim: caller.claims.tenant")?)
        }
        ["caller", rest @ ..] => match rest {
            ["subject"] => Name::Subject,
            ["issuer"] => Name::Issuer,
            ["kind"] => Name::Kind,
            ["scopes"] => Name::Scopes,
            ["roles"] => Name::Roles,
            _ => return Err(CALLER.to_owned()),
        },
        ["request", "query", field] => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            if field.is_empty() || !field.bytes().all(plain) {
                return Err("fields of the query have letters, digits, - and _".to_owned());
            }
            Name::Query(Box::from(*field))
        }
        ["request", rest @ ..] => match rest {
            ["method"] => Name::Method,
            ["path"] => Name::Path,
            ["host"] => Name::Host,
            ["address"] => Name::Address,
            _ => return Err(REQUEST.to_owned()),
        },
        ["path", name] => {
            let place = parameters.iter().position(|known| known.name == *name);
            Name::Parameter(place.ok_or_else(|| in_path(parameters))?)
        }
        _ => return Err(in_path(parameters)),
    };
    match (tests, &name) {
        (false, _) => Ok(name),
        (true, Name::Claim(_) | Name::Query(_)) => Ok(Name::Has(Box::new(name))),
        (true, _) => {
            Err("it is always there: only claims and fields of the query may not be".to_owned())
        }
    }
}

fn in_path(parameters: &[Parameter]) -> Hint {
    if parameters.is_empty() {
        return "the route's path has no parameters: write path = \"/users/{id:uuid}\"".to_owned();
    }
    let names: Vec<String> = parameters.iter().map(|one| format!("path.{}", one.name)).collect();
    format!("known: {}", names.join(", "))
}
