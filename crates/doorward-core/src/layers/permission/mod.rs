//! # Permission
//!
//! Refuses known callers who lack what a route asks for.
//!
//! ## What it stops
//!
//! * A valid token that was issued for something else: it lacks the scope, role or claim that the
//!   route requires (OWASP API5:2023; CWE-285, CWE-862).
//! * One caller at another's address: `/users/{id}` only for that user (OWASP API1:2023; CWE-639).
//! * Other spellings of an id, which the gate would read one way and a backend another:
//!   `/users/01`, `/users/1%20`, `/users/me` (CWE-180).
//!
//! ## How it decides
//!
//! 1. A parameter of the path that does not have its declared form (`{id:uuid}`, `{id:int}`,
//!    `{name:slug}`) is `permission/parameter`. The form never chooses the route: what is refused
//!    here cannot slip into a laxer one.
//! 2. A route without `require` and `when` asks for nothing more than a known caller. `doorward
//!    check` lists those.
//! 3. Scopes are compared byte for byte, as whole words. All of `scopes` are needed, and one of
//!    `any_scope`; the same with `roles` and `any_role`.
//! 4. Roles come from one claim, `layers.permission.roles`: a list of texts, or one text, which is
//!    one role. API keys and signatures have scopes and no roles or claims.
//! 5. A claim equals the value that is required, or one of several, in type and bytes.
//! 6. `subject = "{id}"`: the parameter is the caller's subject, among one issuer's. API keys and
//!    signatures are nobody's subject.
//! 7. `when`, an expression in CEL, is true. It sees only what it names, of bounded size:
//!    `caller.subject`, `.issuer`, `.kind`, `.scopes`, `.roles`, `.claims.NAME`; `request.method`,
//!    `.host`, `.path`, `.address`, `.query.NAME`; `path.NAME`.
//!
//! It stands right behind `identity`: a refusal costs no share, burns no signature, and counts
//! against nobody's address, since honest callers meet it. It is judged no more seriously than
//! `identity` is: while that is monitored, strangers come in anyhow.
//!
//! ## What it does not stop
//!
//! * Access to what is another's: only the backend knows whose invoice 17 is. The gate judges what
//!   a request names, never what that belongs to.
//! * What stands in a body.
//! * Issuers who hand out too much: every issuer that is believed may name every scope and role.
//! * A `when` that says what may not pass in place of what may: what it did not think of passes.
//!
//! ## When it cannot decide
//!
//! A claim for roles that is neither text nor texts, an expression that fails or is not true or
//! false, a parameter that could be read in two ways: `permission/cannot-tell`.
//!
//! ## References
//!
//! RFC 6749 3.3; RFC 6750 3.1; RFC 8693 4.2; RFC 9068 2.2.3; RFC 9562 4; the CEL specification;
//! OWASP API Security 2023.

mod claim;
#[cfg(feature = "when")]
mod condition;
#[cfg(not(feature = "when"))]
#[path = "no_condition.rs"]
mod condition;
#[cfg(feature = "when")]
mod facts;
#[cfg(feature = "when")]
mod name;
mod reason;
mod require;
mod rule;
#[cfg(feature = "when")]
mod walk;

pub(crate) use claim::ClaimName;
pub use reason::Reason;
pub use require::Require;
pub use rule::{Rule, RuleError, WHEN_BYTES_MAX};

use super::Meta;
use crate::visit::Visit;

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "permission",
    title: "Refuses known callers who lack what a route asks for.",
    needs: &[],
    can_be_off: true,
    store_away: None,
    source: include_str!("mod.rs"),
};

/// The claim that roles are read from, unless the file says another one.
pub const ROLES: &str = "roles";

/// Where roles come from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The claim: `roles`, `realm_access.roles`, `https://shop.example/roles`.
    pub roles: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { roles: ROLES.to_owned() }
    }
}

/// Checked settings; what is asked for stands with the routes.
#[derive(Debug)]
pub struct Policy {
    roles: ClaimName,
}

impl Policy {
    /// Reads the name of the claim. None: it is no name of one.
    #[must_use]
    pub fn new(settings: &Settings) -> Option<Self> {
        Some(Self { roles: ClaimName::parse(&settings.roles)? })
    }

    /// The claims that must be known to judge what `rules` ask for.
    pub(crate) fn claims<'r>(&self, rules: impl Iterator<Item = &'r Rule>) -> Vec<Box<str>> {
        let mut out = Vec::new();
        for rule in rules {
            out.extend(rule.claims().map(Box::from));
            if rule.asks_for_roles() {
                out.push(self.roles.first().into());
            }
        }
        out
    }
}

/// A refusal, and what was missing.
#[derive(Debug)]
pub(crate) struct No {
    pub(crate) reason: Reason,
    pub(crate) missing: Missing,
}

/// What a caller lacks, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It has no name.
    #[default]
    Nothing,
    /// All of these.
    All(Vec<String>),
    /// Any of these.
    AnyOf(Vec<String>),
}

impl From<Reason> for No {
    fn from(reason: Reason) -> Self {
        Self { reason, missing: Missing::Nothing }
    }
}

/// Judges the forms of a path's parameters, whoever is calling.
pub(crate) fn inspect_parameters(visit: &Visit<'_>) -> Result<(), No> {
    let path = visit.view.target.path;
    let fits = visit.route().parameters.iter().all(|parameter| {
        // A path that its route fits has all its segments.
        parameter.find(path).is_some_and(|text| parameter.form.fits(text))
    });
    if fits { Ok(()) } else { Err(Reason::Parameter.into()) }
}

/// Judges whether a known caller has what the route asks for.
pub(crate) fn inspect(policy: &Policy, visit: &Visit<'_>) -> Result<(), No> {
    let Some(rule) = visit.route().permission.as_deref() else { return Ok(()) };
    // Where callers must be known, nobody unknown comes so far.
    let Some(known) = &visit.known else { return Err(Reason::CannotTell.into()) };
    rule.judge(policy, &known.identity, visit)
}
