//! # C-32: one operation allows otherwise than its neighbours
//!
//! ## What it is
//!
//! Most operations of an API allow the same pages. One that allows none of them, or allows them
//! without credentials where the others have them, was most likely forgotten: pages that work
//! everywhere else fail there.
//!
//! ## How it is found
//!
//! What each operation answered to the allowed origin is laid side by side. At least three must
//! agree, and at most a third may differ; only successes count.
//!
//! ## What it does not say
//!
//! Public operations with `*` beside private ones are usual. What is too open is for the other
//! checks, operation by operation. A list of routes that is closed to pages on purpose looks the
//! same as one that was forgotten: this is a note.
//!
//! ## How to close it
//!
//! Decide CORS in one place for all routes, and name the exceptions.
//!
//! ## References
//!
//! Fetch 4.10 (CORS check).

use crate::approval::foreign;
use crate::call::Call;
use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Engines, Finding, Severity};
use crate::grant::{Allowed, Grant};
use crate::look::Look;

/// The check. It looks at no operation by itself: [`drift`] is called behind the last one.
pub const CHECK: Check = Check {
    id: "C-32",
    title: "one operation allows otherwise than its neighbours",
    source: include_str!("c32.rs"),
    look,
};

/// Operations that must agree before another can differ.
const AGREEING_MIN: usize = 3;

fn look<'l>(_: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async { Vec::new() })
}

/// What one operation lets an allowed page do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The operation's name.
    pub operation: String,
    /// The page's origin.
    pub origin: String,
    /// The request.
    pub call: Call,
    /// What was allowed.
    pub policy: Policy,
}

/// Whom an answer allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// No page of another origin.
    Nobody,
    /// Everybody, by `*`.
    Everybody,
    /// The origin that asked.
    Listed,
    /// The origin that asked, with credentials.
    ListedSignedIn,
}

impl Policy {
    fn words(self) -> &'static str {
        match self {
            Self::Nobody => "allows it nothing",
            Self::Everybody => "allows everybody",
            Self::Listed => "allows it without credentials",
            Self::ListedSignedIn => "allows it with credentials",
        }
    }

    /// What an operation with this policy lacks beside neighbours with the other.
    const fn lacks(self, usual: Self) -> bool {
        match (self, usual) {
            (Self::Nobody, Self::Listed | Self::ListedSignedIn)
            | (Self::Listed, Self::ListedSignedIn) => true,
            (Self::Nobody, Self::Nobody | Self::Everybody)
            | (Self::Listed, Self::Nobody | Self::Everybody | Self::Listed)
            | (Self::Everybody | Self::ListedSignedIn, _) => false,
        }
    }
}

/// What an operation answered the allowed page; none where there is no such page, or no success.
pub async fn observe(look: &Look<'_>) -> Option<Observed> {
    let origin = foreign(look)?;
    let call = look.from_page(origin);
    let answer = look.ask(&call).await.ok().filter(|answer| answer.is_success())?;
    let grant = Grant::of(&answer, origin);
    let policy = match (grant.allowed, grant.credentials) {
        (Allowed::Nobody | Allowed::Other, _) => Policy::Nobody,
        (Allowed::Everybody, _) => Policy::Everybody,
        (Allowed::Exactly, false) => Policy::Listed,
        (Allowed::Exactly, true) => Policy::ListedSignedIn,
    };
    let (operation, origin) = (look.operation.name(), origin.to_owned());
    Some(Observed { operation, origin, call, policy })
}

/// The operations that differ from most others.
#[must_use]
pub fn drift(observed: &[Observed]) -> Vec<Finding> {
    let count = |policy| observed.iter().filter(|one| one.policy == policy).count();
    let usual = [Policy::ListedSignedIn, Policy::Listed].into_iter().find(|policy| {
        let agreeing = count(*policy);
        agreeing >= AGREEING_MIN && (observed.len() - agreeing) * 3 <= observed.len()
    });
    let Some(usual) = usual else { return Vec::new() };
    let others = observed.iter().filter(|one| one.policy.lacks(usual));
    others.map(|one| finding(one, usual, (count(usual), observed.len()))).collect()
}

fn finding(one: &Observed, usual: Policy, (agreeing, all): (usize, usize)) -> Finding {
    Finding {
        check: CHECK.id,
        title: format!("It {}, where most operations do otherwise", one.policy.words()),
        severity: Severity::Info,
        confidence: Confidence::Tentative,
        who: format!(
            "Pages of {} that read {agreeing} of {all} operations cannot read {} in the same way.",
            one.origin, one.operation
        ),
        engines: Engines::all(),
        operation: one.operation.clone(),
        request: one.call.curl(),
        evidence: vec![format!("here it {}; elsewhere it {}", one.policy.words(), usual.words())],
        rung: None,
        fix: "Decide CORS in one place for all routes, and name the exceptions.".to_owned(),
        variant: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Observed, Policy, drift};
    use crate::call::Call;
    use url::Url;

    fn drifting(policies: &[Policy]) -> Vec<String> {
        let url = Url::parse("http://localhost:1/").expect("an address");
        let observed: Vec<Observed> = policies
            .iter()
            .enumerate()
            .map(|(at, policy)| Observed {
                operation: format!("GET /{at}"),
                origin: "http://shop.localhost:5173".to_owned(),
                call: Call::new("GET", &url),
                policy: *policy,
            })
            .collect();
        drift(&observed).into_iter().map(|finding| finding.operation).collect()
    }

    #[test]
    fn who_differs_from_most() {
        use Policy::{Everybody, Listed, ListedSignedIn, Nobody};
        let none: [&str; 0] = [];
        assert_eq!(drifting(&[Listed, Listed, Listed, Nobody]), ["GET /3"]);
        assert_eq!(drifting(&[Listed, ListedSignedIn, ListedSignedIn, ListedSignedIn]), ["GET /0"]);
        for alike in [
            vec![],
            vec![Nobody],
            vec![Listed, Listed, Nobody],
            vec![Listed, Listed, Listed, Nobody, Nobody],
            vec![Listed, Listed, Listed, Everybody],
            vec![Listed, Listed, Listed, ListedSignedIn],
            vec![Everybody, Everybody, Everybody, Nobody],
            vec![Nobody, Nobody, Nobody, Listed],
        ] {
            assert_eq!(drifting(&alike), none, "{alike:?}");
        }
    }
}
