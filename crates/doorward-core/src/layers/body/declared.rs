//! Declared shapes: a route's schema, and the operations of documents of OpenAPI.

use super::Reason;
use crate::form::{self, Kind};
use crate::json::guard::{JsonGuard, Limits};
use crate::route;
use crate::shape::openapi::{Found, Known, Problem};
use crate::shape::{Breaches, Unknown};
use crate::view::BodyHint;
use crate::visit::Visit;
use http::Method;

/// A refusal, and what of the request does not have its shape.
#[derive(Debug)]
pub(crate) struct Misshapen {
    pub(crate) reason: Reason,
    pub(crate) breaches: Option<Breaches>,
}

impl From<Reason> for Misshapen {
    fn from(reason: Reason) -> Self {
        Self { reason, breaches: None }
    }
}

impl From<Problem> for Misshapen {
    fn from(problem: Problem) -> Self {
        let (reason, breaches) = match problem {
            Problem::Parameters(breaches) => (Reason::Parameters, Some(breaches)),
            Problem::NoBody => (Reason::Missing, None),
            Problem::NoBodyWanted => (Reason::Unexpected, None),
            Problem::MediaType => (Reason::MediaType, None),
            Problem::Unclear => (Reason::Unclear, None),
            Problem::Body(breaches) => (Reason::Schema, Some(breaches)),
            Problem::Document(_) => (Reason::CannotTell, None),
        };
        Self { reason, breaches }
    }
}

/// Judges what a head tells: the operation, its parameters, and whether a body of this type is
/// taken at all.
pub(crate) fn inspect_head(visit: &Visit<'_>) -> Result<(), Misshapen> {
    if !is_judged(visit) {
        return Ok(());
    }
    if visit.route().schema.is_some() {
        expects_json(visit, is_empty(visit))?;
    }
    let Some(found) = operation(visit)? else { return Ok(()) };
    let (target, headers) = (&visit.view.target, visit.view.headers);
    found.judge_head(target.query, headers)?;
    found.expects(headers, is_empty(visit))?;
    Ok(())
}

/// Whether the body is wanted to be judged. What the head is refused for needs none.
pub(crate) fn reads_body(visit: &Visit<'_>) -> bool {
    if !is_judged(visit) || is_empty(visit) {
        return false;
    }
    let reads = |found: Option<Found<'_, '_>>| {
        found.is_some_and(|found| found.expects(visit.view.headers, false).unwrap_or(false))
    };
    visit.route().schema.is_some() || operation(visit).is_ok_and(reads)
}

/// Judges a body, all of it.
pub(crate) fn inspect(visit: &Visit<'_>, body: &[u8]) -> Result<(), Misshapen> {
    if !is_judged(visit) {
        return Ok(());
    }
    if let Some(schema) = &visit.route().schema
        && expects_json(visit, body.is_empty())?
    {
        JsonGuard::read(Limits::default(), body).map_err(|_| Reason::Unclear)?;
        schema
            .judge(body)
            .map_err(|breaches| Misshapen { reason: Reason::Schema, breaches: Some(breaches) })?;
    }
    let Some(found) = operation(visit)? else { return Ok(()) };
    found.judge_body(visit.view.headers, body)?;
    Ok(())
}

/// Programs' addresses are judged; documents, deliveries and the gate's own are not.
fn is_judged(visit: &Visit<'_>) -> bool {
    let route = visit.route();
    let is_api = route.kind == route::Kind::Api && route.own.is_none();
    let is_declared = route.schema.is_some() || !visit.gate.openapi.is_empty();
    is_api && is_declared && !visit.gate.leaves_preflight(visit)
}

fn is_empty(visit: &Visit<'_>) -> bool {
    matches!(visit.view.body, BodyHint::Empty | BodyHint::Length(0))
}

/// Whether a body comes that a route's schema is for. What writes has one.
fn expects_json(visit: &Visit<'_>, is_empty: bool) -> Result<bool, Reason> {
    let method = visit.view.method;
    if is_empty {
        let needs = [Method::POST, Method::PUT, Method::PATCH].contains(method);
        return if needs { Err(Reason::Missing) } else { Ok(false) };
    }
    match form::kind(visit.view.headers) {
        Some(Kind::Json) => Ok(true),
        Some(Kind::Form | Kind::Multipart(_)) | None => Err(Reason::MediaType),
    }
}

/// The operation that a request is; none where no document says anything of its path. Of several
/// documents the one whose paths begin deepest decides about what none of them knows.
fn operation<'g, 'v>(visit: &'g Visit<'v>) -> Result<Option<Found<'g, 'v>>, Reason> {
    let path = visit.view.target.path;
    let mut nearest: Option<(usize, Unknown)> = None;
    for one in &visit.gate.openapi {
        let Some(depth) = one.api.covers(path) else { continue };
        match one.api.find(visit.view.method, path) {
            Known::Operation(found) => return Ok(Some(found)),
            Known::OtherMethod(_) | Known::Nothing => {}
        }
        if nearest.is_none_or(|(deepest, _)| depth > deepest) {
            nearest = Some((depth, one.unknown));
        }
    }
    match nearest {
        None | Some((_, Unknown::Pass)) => Ok(None),
        Some((_, Unknown::Refuse)) => Err(Reason::Operation),
    }
}
