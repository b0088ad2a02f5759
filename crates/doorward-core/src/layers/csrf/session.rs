//! Whether an answer changes whose session its visitor has. Its page's forms are sent with the new
//! one, and a token of the old would be refused.

use super::token::Subject;
use crate::layers::identity::{Carried, cookie};
use crate::layers::method;
use crate::route::Effect;
use crate::verdict::Admitted;
use crate::visit::Visit;
use http::{HeaderMap, StatusCode};

/// The session that a page's request came with.
#[derive(Debug)]
pub(super) enum Session {
    /// A caller's. An answer may sign out; many frameworks set it anew with every answer, under
    /// another value, and it is his all the same.
    Known,
    /// None, or nobody's, on a request that changes something: it may sign in. The values of it.
    Strange(Vec<String>),
    /// The same, on a request that only reads: what its answer sets is a visitor's first.
    Read,
}

impl Session {
    pub(super) fn of(visit: &Visit<'_>, subject: Subject) -> Self {
        let may_write =
            !method::is_safe(visit.view.method) || visit.route().effect == Effect::Write;
        match subject {
            Subject::User(_) => Self::Known,
            Subject::Anonymous if may_write => Self::Strange(values(visit)),
            Subject::Anonymous => Self::Read,
        }
    }

    /// Whether an answer signs somebody in or out, as far as anybody can tell.
    pub(super) fn is_changed_by(
        &self,
        admitted: &Admitted,
        (status, headers): (StatusCode, &HeaderMap),
    ) -> bool {
        let lines = || admitted.gate().identity.session_lines(headers);
        match self {
            Self::Read => false,
            Self::Known => {
                let (mut ended, mut kept) = (false, false);
                lines().for_each(|line| match line.value {
                    Some(_) => kept = true,
                    None => ended = true,
                });
                ended && !kept
            }
            // A form that is shown again because of a wrong password keeps its token.
            Self::Strange(_) if !status.is_success() || admitted.has_failed_to_sign_in() => false,
            Self::Strange(old) => lines().filter_map(|line| line.value).any(|value| {
                // Some frameworks set the same one with every answer, so that it lasts longer.
                !old.iter().any(|old| old.as_bytes() == value)
            }),
        }
    }
}

fn values(visit: &Visit<'_>) -> Vec<String> {
    if !visit.seen.cookie {
        return Vec::new();
    }
    let names = visit.gate.identity.cookies();
    let texts = names.filter_map(|name| match cookie(visit, name) {
        Carried::Text(text) => Some(text.to_owned()),
        Carried::Nothing | Carried::Unclear => None,
    });
    texts.collect()
}
