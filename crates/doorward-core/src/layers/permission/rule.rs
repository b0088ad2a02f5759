//! What one route asks of its callers, checked.

use super::claim::{ClaimName, Roles};
use super::condition::Condition;
use super::require::is_scope;
use super::{Missing, No, Policy, Reason, Require};
use crate::layers::identity::{Identity, Kind};
use crate::parameter::{Form, Parameter};
use crate::visit::Visit;
use serde_json::Value;

/// Bytes of an expression at the most.
pub const WHEN_BYTES_MAX: usize = 4 * 1024;

/// What one route asks of its callers.
#[derive(Debug, Default)]
pub struct Rule {
    scopes: Vec<String>,
    any_scope: Vec<String>,
    roles: Vec<String>,
    any_role: Vec<String>,
    claims: Vec<(String, ClaimName, Vec<Value>)>,
    /// The parameter that is the caller's subject, by its place in the route's list.
    subject: Option<usize>,
    issuer: Option<String>,
    when: Option<Condition>,
}

/// What is wrong with what a route asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct RuleError {
    /// The key that says it, below the route.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub hint: String,
}

impl RuleError {
    pub(super) fn new(key: &str, what: impl Into<String>, hint: &str) -> Self {
        Self { key: key.to_owned(), what: what.into(), hint: hint.to_owned() }
    }
}

impl Rule {
    /// Reads what a route asks for; `issuers` are those whose tokens are believed.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn new(
        require: Option<&Require>,
        when: Option<&str>,
        parameters: &[Parameter],
        issuers: &[&str],
    ) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let mut rule = match require {
            Some(require) => Self::of_lists(require, &mut errors),
            None => Self::default(),
        };
        if let Some(subject) = require.and_then(|require| require.subject.as_deref()) {
            rule.subject = subject_of(subject, parameters, &mut errors);
        }
        if let Some(require) = require {
            check_issuer(require, issuers, &mut errors);
        }
        if let Some(source) = when {
            match Condition::parse(source, parameters) {
                Ok(condition) => rule.when = Some(condition),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(rule) } else { Err(errors) }
    }

    fn of_lists(require: &Require, errors: &mut Vec<RuleError>) -> Self {
        if require.is_empty() {
            let hint = "write require = { scopes = [\"…\"] }, or leave it out";
            errors.push(RuleError::new("require", "this requires nothing", hint));
        }
        for (key, list) in [("scopes", &require.scopes), ("any_scope", &require.any_scope)] {
            for (place, scope) in list.iter().enumerate().filter(|(_, scope)| !is_scope(scope)) {
                let key = format!("require.{key}[{place}]");
                let what = format!("{scope:?} is no scope");
                let hint = "write each scope by itself, without spaces and quotes (RFC 6749 3.3)";
                errors.push(RuleError::new(&key, what, hint));
            }
        }
        for (key, list) in [("roles", &require.roles), ("any_role", &require.any_role)] {
            if list.iter().any(String::is_empty) {
                let key = format!("require.{key}");
                errors.push(RuleError::new(&key, "a role has a name", "leave the empty one out"));
            }
        }
        let mut claims = Vec::new();
        for (name, values) in &require.claims {
            match ClaimName::parse(name) {
                Some(claim) => claims.push((name.clone(), claim, values.clone())),
                None => errors.push(RuleError::new(
                    "require.claims",
                    format!("{name:?} is no name of a claim"),
                    "write \"tenant\", or \"realm_access.roles\" for a member of a member",
                )),
            }
        }
        Self {
            scopes: require.scopes.clone(),
            any_scope: require.any_scope.clone(),
            roles: require.roles.clone(),
            any_role: require.any_role.clone(),
            claims,
            issuer: require.issuer.clone(),
            ..Self::default()
        }
    }

    /// The claims that it looks at, by where they begin.
    pub(super) fn claims(&self) -> impl Iterator<Item = &str> {
        let of_condition = self.when.iter().flat_map(Condition::claims);
        self.claims.iter().map(|(_, claim, _)| claim.first()).chain(of_condition)
    }

    /// Whether it looks at roles.
    pub(super) fn asks_for_roles(&self) -> bool {
        !self.roles.is_empty()
            || !self.any_role.is_empty()
            || self.when.as_ref().is_some_and(Condition::asks_for_roles)
    }

    /// Whether a caller has all that is asked for: the first thing that is missing.
    pub(super) fn judge(
        &self,
        policy: &Policy,
        identity: &Identity,
        visit: &Visit<'_>,
    ) -> Result<(), No> {
        let has_scope = |scope: &String| identity.scopes().any(|own| own == scope);
        need(&self.scopes, &self.any_scope, has_scope, Reason::Scope)?;
        let roles = roles(policy, identity);
        if self.roles.len() + self.any_role.len() > 0 {
            if matches!(roles, Roles::Unclear) {
                return Err(Reason::CannotTell.into());
            }
            need(&self.roles, &self.any_role, |role| roles.has(role), Reason::Role)?;
        }
        for (name, claim, values) in &self.claims {
            let own = identity.claims().and_then(|claims| claim.find(claims));
            if !own.is_some_and(|own| values.contains(own)) {
                let missing = Missing::All(vec![name.clone()]);
                return Err(No { reason: Reason::Claim, missing });
            }
        }
        self.judge_subject(identity, visit)?;
        match self.when.as_ref().map(|condition| condition.holds(identity, roles, visit)) {
            None | Some(Some(true)) => Ok(()),
            Some(Some(false)) => Err(Reason::When.into()),
            Some(None) => Err(Reason::CannotTell.into()),
        }
    }

    fn judge_subject(&self, identity: &Identity, visit: &Visit<'_>) -> Result<(), No> {
        let Some(place) = self.subject else { return Ok(()) };
        // The ids of keys and of integrations are the file's words: no user is called so.
        let is_user = !matches!(identity.kind(), Kind::Key | Kind::Signature);
        let is_theirs = self.issuer.as_deref().is_none_or(|issuer| issuer == identity.issuer());
        if !is_user || !is_theirs {
            return Err(Reason::Subject.into());
        }
        let parameter = visit.route().parameters.get(place);
        let parameter = parameter.ok_or(Reason::CannotTell)?;
        let value = parameter.value(visit.view.target.path).ok_or(Reason::CannotTell)?;
        let is_same = match parameter.form {
            // One UUID, whichever case its digits have (RFC 9562 4).
            Form::Uuid => value.eq_ignore_ascii_case(identity.subject()),
            Form::Text | Form::Int | Form::Slug => value == identity.subject(),
        };
        if is_same { Ok(()) } else { Err(Reason::Subject.into()) }
    }
}

fn roles<'i>(policy: &Policy, identity: &'i Identity) -> Roles<'i> {
    Roles::of(identity.claims().and_then(|claims| policy.roles.find(claims)))
}

/// Whether all of one list are there, and one of the other.
fn need(
    all: &[String],
    any: &[String],
    has: impl Fn(&String) -> bool,
    reason: Reason,
) -> Result<(), No> {
    if !all.iter().all(&has) {
        let missing = all.iter().filter(|wanted| !has(wanted)).cloned();
        return Err(No { reason, missing: Missing::All(missing.collect()) });
    }
    if !any.is_empty() && !any.iter().any(has) {
        return Err(No { reason, missing: Missing::AnyOf(any.to_vec()) });
    }
    Ok(())
}

fn subject_of(text: &str, parameters: &[Parameter], errors: &mut Vec<RuleError>) -> Option<usize> {
    let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let found = name.and_then(|name| parameters.iter().position(|known| known.name == name));
    if found.is_none() {
        let what = format!("{text:?} is no parameter of this route's path");
        let hint = "write subject = \"{id}\" where the path has {id}, {id:uuid} or {id:int}";
        errors.push(RuleError::new("require.subject", what, hint));
    }
    found
}

/// A subject is one among its issuer's: another issuer may call somebody else so.
fn check_issuer(require: &Require, issuers: &[&str], errors: &mut Vec<RuleError>) {
    match (&require.subject, &require.issuer) {
        // Without any issuer there is more to be said than this, and it is said elsewhere.
        (_, Some(issuer)) if !issuers.is_empty() && !issuers.contains(&issuer.as_str()) => {
            let what = format!("no tokens of {issuer:?} are believed");
            let hint = "write it exactly as in layers.identity.jwt";
            errors.push(RuleError::new("require.issuer", what, hint));
        }
        (None, Some(_)) => {
            let hint = "add subject = \"{id}\", or leave it out";
            errors.push(RuleError::new("require.issuer", "it says whose `subject` is meant", hint));
        }
        (Some(_), None) if issuers.len() > 1 => {
            let what = "two issuers may call two people by one subject";
            let hint = "add issuer = \"https://…\": whose subjects stand in the path";
            errors.push(RuleError::new("require.subject", what, hint));
        }
        (Some(_) | None, Some(_) | None) => {}
    }
}
