//! A build without CEL: an expression is an error of the configuration.

use super::RuleError;
use super::claim::Roles;
use crate::layers::identity::Identity;
use crate::parameter::Parameter;
use crate::visit::Visit;

/// An expression, of which there is none in this build.
#[derive(Debug)]
pub(super) enum Condition {}

impl Condition {
    pub(super) fn parse(_: &str, _: &[Parameter]) -> Result<Self, RuleError> {
        let what = "this build knows no expressions";
        Err(RuleError::new("when", what, "build it with the feature `when`, or use `require`"))
    }

    pub(super) fn claims(&self) -> std::iter::Empty<&str> {
        match *self {}
    }

    pub(super) fn asks_for_roles(&self) -> bool {
        match *self {}
    }

    pub(super) fn holds(&self, _: &Identity, _: Roles<'_>, _: &Visit<'_>) -> Option<bool> {
        match *self {}
    }
}
