//! # Cookie
//!
//! Takes out of a request's cookies what could be read in two ways, and hardens those that the
//! backend sets.
//!
//! ## What it stops
//!
//! * A second cookie of a session's name, which a sibling domain may set (RFC 6265 8.6; CWE-384):
//!   backends take the first or the last (lab: `tossed-cookie`).
//! * Names that a backend reads as others: nameless cookies (`=__Host-a=1`), a prefix in other
//!   case, behind a Unicode space, with `%5F` or `.` for its `_` (CVE-2022-31629, CVE-2020-8184).
//! * `$Version` and quotes that end in another cookie, by which old parsers swallow what stands
//!   between (RFC 2109).
//! * Jars so full that a parser or a log chokes on them.
//! * Sessions that scripts may read, that travel in the clear, or that other sites' pages send
//!   along (lab: `samesite`; CWE-1004, CWE-614, CWE-1275).
//! * Tossing, where asked for (`rename`): a sibling cannot set `__Host-session` (lab:
//!   `host-prefix`).
//!
//! ## How it decides
//!
//! Going in, right behind `message`, before anybody reads cookies:
//!
//! 1. More cookies than `count`, or more bytes than `size`: refused.
//! 2. Not handed on: what has no name, a name that is no token or begins with `$`, or that only
//!    some read as a prefix or a session; a value whose opening quote is not closed at its end.
//! 3. Of a renamed cookie only the prefixed one is handed on, under its own name. The bare one is
//!    dropped; until `migrate_until` it is taken where no prefixed one came.
//! 4. A session's name twice among what is left, in any case: refused.
//!
//! All other cookies go on as they came; if nothing was dropped, the header does byte for byte.
//!
//! Going out, on the answers of every route:
//!
//! 5. Every cookie gains `Secure` where browsers reach the gate by https.
//! 6. A session gains `HttpOnly`, unless it is `readable`; and `SameSite=Lax`, if it is not
//!    stricter, where all allowed origins are of the gate's own site and no route takes people
//!    back by POST. Otherwise `SameSite` stays what the backend said.
//! 7. A renamed cookie becomes `__Host-NAME` with `Path=/`, without `Domain`. When it is deleted,
//!    so is the bare one.
//! 8. A cookie that would pass 4096 bytes keeps its name, and gains what fits.
//!
//! A session is what `sessions`, `protect` and `layers.identity` name, or what common frameworks
//! call theirs. Only the former are renamed, and only where browsers come by https: without it
//! they refuse the prefix.
//!
//! ## What it does not stop
//!
//! * Tossing of cookies that are not renamed: one that comes alone looks like the true one.
//! * The same under `__Host-`, in browsers that do not know the prefix: WebKit's GTK port (2.50, by
//!   libsoup's jar). Two of one name are refused there as well.
//! * A sibling that fills the jar until the session falls out, or the request is refused.
//! * Pages that read a session which its own script must read (`readable`).
//! * What a backend puts into a cookie, and whether it checks what comes back.
//! * Names with brackets, as PHP has them for lists (`a[b]`): they are no tokens, and dropped.
//!
//! ## When it cannot decide
//!
//! A cookie whose name or value is unclear is not handed on. A date that cannot be read deletes
//! nothing. In monitor nothing is dropped or rewritten, and what would be refused is noted.
//!
//! ## References
//!
//! RFC 6265; RFC 6265bis 4.1, 5.4, 5.6; RFC 2109; CWE-384; CVE-2020-7070.

mod date;
mod jar;
mod names;
mod policy;
mod set_cookie;

pub use names::is_readable;
pub(crate) use policy::Around;
pub use policy::{BYTES_MAX, COUNT_MAX, Policy, SameSite, Settings};

use super::{Meta, Need, Step};
use crate::mode::Force;
use crate::moment::Now;
use crate::reason::Words;
use crate::visit::Visit;
use http::{HeaderMap, HeaderValue, StatusCode, header};
pub(crate) use jar::{Cleaning, read};
use policy::Site;
use set_cookie::Rewritten;

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "cookie",
    title: "Takes out of a request's cookies what could be read in two ways, and hardens those \
            that the backend sets.",
    needs: &[Need::Edits, Need::Dress],
    can_be_off: true,
    store_away: None,
    source: include_str!("mod.rs"),
};

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A session's name more than once.
    Duplicate,
    /// More cookies, or more bytes of them, than the limit.
    TooMany,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Duplicate, Self::TooMany];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        match self {
            Self::Duplicate => Words {
                code: "cookie/duplicate",
                status: StatusCode::BAD_REQUEST,
                title: "Refused: the request carries two cookies of one session's name",
                advice: "Delete this site's cookies and sign in again. If the backend sets it for \
                         two paths or domains, let it settle on one, or list the name in \
                         layers.cookie.insecure_duplicates.",
            },
            Self::TooMany => Words {
                code: "cookie/too-many",
                status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                title: "Refused: the request carries more cookies than this gate takes",
                advice: "Delete this site's cookies, or raise layers.cookie.count and size.",
            },
        }
    }
}

/// Judges the jar: its size, and whether a session's name stands in it twice. Where the layer acts,
/// what is not handed on is read by nobody from here on.
#[must_use]
pub fn inspect(policy: &Policy, visit: &mut Visit<'_>, now: Now, force: Force) -> Step {
    if !visit.seen.cookie || force == Force::Off {
        return Step::Next;
    }
    let headers = visit.view.headers;
    let cleaning = jar::cleaning(policy, site_of(policy, visit), now);
    let reason = if jar::is_over(policy, headers) {
        Reason::TooMany
    } else if jar::has_duplicate(policy, cleaning, headers) {
        Reason::Duplicate
    } else {
        // Most jars go on as they came.
        let acts = force == Force::Enforce && jar::changes(policy, cleaning, headers);
        visit.cleaning = visit.cleaning.or(acts.then_some(cleaning));
        return Step::Next;
    };
    Step::Refuse(crate::reason::Reason::Cookie(reason))
}

/// Whether the answers to a visit are rewritten.
pub(crate) fn acts(visit: &Visit<'_>) -> bool {
    visit.gate.force(visit, visit.gate.modes.cookie) == Force::Enforce
}

fn site_of(policy: &Policy, visit: &Visit<'_>) -> Site {
    policy.site(visit.named.and_then(|named| named.external))
}

/// Hardens what the backend sets. Whether one was too large for all of it.
pub(crate) fn dress(
    policy: &Policy,
    external: Option<usize>,
    now: Now,
    headers: &mut HeaderMap,
) -> bool {
    if !headers.contains_key(header::SET_COOKIE) {
        return false;
    }
    let site = policy.site(external);
    let lines = headers.get_all(header::SET_COOKIE).into_iter();
    let rewritten: Vec<Rewritten> =
        lines.map(|line| set_cookie::rewrite(policy, site, now, line.as_bytes())).collect();
    if rewritten.iter().all(|one| one.lines.is_empty()) {
        return rewritten.iter().any(|one| one.is_too_large);
    }
    let old = headers.get_all(header::SET_COOKIE).into_iter().cloned();
    let old: Vec<HeaderValue> = old.collect();
    headers.remove(header::SET_COOKIE);
    for (old, new) in old.into_iter().zip(&rewritten) {
        let read: Result<Vec<HeaderValue>, _> =
            new.lines.iter().map(|line| HeaderValue::from_bytes(line)).collect();
        match read {
            Ok(new) if !new.is_empty() => {
                for mut line in new {
                    line.set_sensitive(old.is_sensitive());
                    headers.append(header::SET_COOKIE, line);
                }
            }
            Ok(_) | Err(_) => {
                headers.append(header::SET_COOKIE, old);
            }
        }
    }
    rewritten.iter().any(|one| one.is_too_large)
}

#[cfg(test)]
mod tests;
