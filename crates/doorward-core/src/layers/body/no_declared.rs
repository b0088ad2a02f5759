//! A build without JSON Schema: nothing is declared, as no configuration can say so.

use super::Reason;
use crate::shape::Breaches;
use crate::visit::Visit;

/// A refusal, and what of the request does not have its shape.
#[derive(Debug)]
pub(crate) struct Misshapen {
    pub(crate) reason: Reason,
    pub(crate) breaches: Option<Breaches>,
}

pub(crate) fn inspect_head(_: &Visit<'_>) -> Result<(), Misshapen> {
    Ok(())
}

pub(crate) fn reads_body(_: &Visit<'_>) -> bool {
    false
}

pub(crate) fn inspect(_: &Visit<'_>, _: &[u8]) -> Result<(), Misshapen> {
    Ok(())
}
