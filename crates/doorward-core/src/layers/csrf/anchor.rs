//! The anchor: a cookie of the gate's own. It stays while the application issues its session anew,
//! and is drawn again when somebody else is signed in.

use crate::header::One;
use crate::layers::identity::{Carried, cookie};
use crate::visit::Visit;
use http::HeaderValue;

/// By https. No sibling can set a cookie of such a name, and no page on plain http, wherever the
/// browser knows the prefix.
const SECURE: &str = "__Host-doorward";
/// On plain http, while trying out: browsers take no `__Host-` cookie there.
const PLAIN: &str = "doorward-anchor";

/// Whether a cookie of this name is the gate's own.
pub(crate) fn is_anchor(name: &[u8]) -> bool {
    name == SECURE.as_bytes() || name == PLAIN.as_bytes()
}

/// The anchor of a request.
pub(super) fn find<'v>(visit: &Visit<'v>) -> One<'v> {
    if !visit.seen.cookie {
        return One::Absent;
    }
    match cookie(visit, if is_secure(visit) { SECURE } else { PLAIN }) {
        Carried::Nothing => One::Absent,
        Carried::Text(text) => One::Value(text),
        Carried::Unclear => One::Repeated,
    }
}

/// The line that sets an anchor. `is_from_elsewhere`: an allowed page of another site asks, whose
/// requests carry no `Lax` cookie; it gets one of its own, that no other site's pages share.
pub(super) fn set(visit: &Visit<'_>, anchor: &str, is_from_elsewhere: bool) -> Option<HeaderValue> {
    HeaderValue::try_from(line(anchor, is_secure(visit), is_from_elsewhere)).ok()
}

/// The line's text.
pub(super) fn line(anchor: &str, is_secure: bool, is_from_elsewhere: bool) -> String {
    let (name, rest) = match (is_secure, is_from_elsewhere) {
        (true, true) => (SECURE, "; SameSite=None; Secure; Partitioned"),
        (true, false) => (SECURE, "; SameSite=Lax; Secure"),
        (false, _) => (PLAIN, "; SameSite=Lax"),
    };
    format!("{name}={anchor}; Path=/; HttpOnly{rest}")
}

/// Whether browsers reach the gate by https, by the name that the request came in by.
pub(super) fn is_secure(visit: &Visit<'_>) -> bool {
    let listed = visit.named.and_then(|named| named.external);
    let external = listed.and_then(|place| visit.gate.names.listed().get(place));
    external.is_some_and(|external| external.origin().scheme() == "https")
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn what_a_browser_is_told_of_the_anchor() {
        for (is_secure, is_from_elsewhere, want) in [
            (true, false, "__Host-doorward=a; Path=/; HttpOnly; SameSite=Lax; Secure"),
            (true, true, "__Host-doorward=a; Path=/; HttpOnly; SameSite=None; Secure; Partitioned"),
            (false, false, "doorward-anchor=a; Path=/; HttpOnly; SameSite=Lax"),
            (false, true, "doorward-anchor=a; Path=/; HttpOnly; SameSite=Lax"),
        ] {
            assert_eq!(line("a", is_secure, is_from_elsewhere), want);
        }
    }
}
