//! The one list of what tidy lets pass, each with its reason. It may only shrink.

use super::Finding;

/// A finding that is right as it is.
struct Exception {
    /// The file it is in.
    path: &'static str,
    /// Part of the finding's words.
    what: &'static str,
    /// Why it is right; read by people.
    #[expect(dead_code, reason = "the reason is for readers of this list")]
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        path: "crates/doorward-proxy/src/worker.rs",
        what: "time::sleep",
        reason: "accept fails at once while descriptors are short, and no event tells of its end",
    },
    Exception {
        path: "crates/doorward-core/src/layers/credential/reason.rs",
        what: "`credential/unprovable` has no refusing case",
        reason: "no request and no configuration that starts can cause it: the proof is ASCII",
    },
];

/// Drops what the list lets pass; an exception that nothing needs is a finding itself.
pub(super) fn apply(findings: Vec<Finding>) -> Vec<Finding> {
    except(findings, EXCEPTIONS)
}

fn except(mut findings: Vec<Finding>, exceptions: &[Exception]) -> Vec<Finding> {
    let mut idle = Vec::new();
    for exception in exceptions {
        let before = findings.len();
        findings.retain(|finding| {
            finding.path != exception.path || !finding.what.contains(exception.what)
        });
        if findings.len() == before {
            idle.push(Finding::new(
                "xtask/src/tidy/exceptions.rs",
                1,
                format!(
                    "no finding needs the exception for {} `{}`",
                    exception.path, exception.what
                ),
                "remove it from the list",
            ));
        }
    }
    findings.extend(idle);
    findings
}

#[cfg(test)]
mod tests {
    use super::{Exception, except};
    use crate::tidy::Finding;

    #[test]
    fn lets_pass_what_is_listed_and_tells_what_is_idle() {
        let list = [Exception { path: "a.rs", what: "sleeps", reason: "a row of this test" }];
        let listed = Finding::new("a.rs", 1, "it sleeps", "");
        let other = Finding::new("b.rs", 1, "it sleeps", "");
        assert_eq!(except(vec![listed, other.clone()], &list), std::slice::from_ref(&other));
        assert_eq!(except(vec![other], &list).len(), 2);
    }
}
