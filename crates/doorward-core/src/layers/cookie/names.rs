//! Names of cookies: which are sessions, and which only some backends read as one.

use super::policy::Policy;

/// Prefixes by which a browser promises something about a cookie (RFC 6265bis 4.1.3).
const PREFIXES: &[&[u8]] = &[b"__Host-", b"__Secure-", b"__Http-"];

/// What renamed cookies begin with.
pub(super) const HOST: &[u8] = b"__Host-";

/// What common frameworks call their sessions.
const COMMON: &[&str] = &[
    ".ASPXAUTH",
    ".AspNetCore.Cookies",
    ".AspNetCore.Identity.Application",
    ".AspNetCore.Session",
    "ASP.NET_SessionId",
    "JSESSIONID",
    "PHPSESSID",
    "PLAY_SESSION",
    "SESSION",
    "_oauth2_proxy",
    "_session_id",
    "appSession",
    "auth_session",
    "authjs.session-token",
    "beaker.session.id",
    "better-auth.session_token",
    "ci_session",
    "connect.sid",
    "express.sid",
    "fastapiusersauth",
    "koa.sess",
    "koa.sid",
    "laravel_session",
    "next-auth.session-token",
    "rack.session",
    "remember_token",
    "remember_user_token",
    "sails.sid",
    "session",
    "session_id",
    "sessionid",
    "sid",
];

/// The same, where a part differs from one application to the next.
const COMMON_BEGIN: &[&str] = &[
    ".AspNetCore.CookiesC",
    "ASPSESSIONID",
    "authjs.session-token.",
    "next-auth.session-token.",
    "remember_web_",
    "wordpress_logged_in_",
    "wordpress_sec_",
];

/// What pages read by themselves, to send it back in a header: never a session.
const READABLE: &[&str] =
    &["XSRF-TOKEN", "X-XSRF-TOKEN", "CSRF-TOKEN", "X-CSRF-TOKEN", "csrf_token", "csrftoken"];

/// Whether pages are known to read a cookie of this name (Angular, axios, Django and others).
#[must_use]
pub fn is_readable(name: &str) -> bool {
    READABLE.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// A name without its prefix.
pub(super) fn bare(name: &[u8]) -> &[u8] {
    let rest = PREFIXES.iter().find_map(|prefix| name.strip_prefix(*prefix));
    let rest = rest.unwrap_or(name);
    rest.strip_prefix(b"Http-").filter(|_| name.starts_with(HOST)).unwrap_or(rest)
}

/// Whether a cookie is named as a session, with or without a prefix.
pub(super) fn is_session(policy: &Policy, name: &[u8]) -> bool {
    let bare = bare(name);
    let is = |known: &String| known.as_bytes() == name || known.as_bytes() == bare;
    policy.sessions.iter().any(is) || is_common(bare)
}

fn is_common(name: &[u8]) -> bool {
    COMMON.iter().any(|known| known.as_bytes() == name)
        || COMMON_BEGIN.iter().any(|begin| name.starts_with(begin.as_bytes()))
        || is_of_rails(name)
        || is_of_drupal(name)
}

/// `_shop_session`.
fn is_of_rails(name: &[u8]) -> bool {
    name.starts_with(b"_") && name.ends_with(b"_session") && name.len() > "__session".len()
}

/// `SESS` or `SSESS` and a digest.
fn is_of_drupal(name: &[u8]) -> bool {
    let digest = name.strip_prefix(b"SSESS").or_else(|| name.strip_prefix(b"SESS"));
    digest.is_some_and(|rest| rest.len() >= 32 && rest.iter().all(u8::is_ascii_hexdigit))
}

/// Whether some backends read a name as a prefixed one or as a session, and it is none: decoded
/// (Rack, PHP before 7.2.34), with `.` for `_` (PHP), or a prefix in other case.
pub(super) fn is_disguised(policy: &Policy, name: &[u8]) -> bool {
    let as_prefix = |prefix: &&[u8]| {
        !name.starts_with(prefix) && reads_as(name, prefix, Case::Folded).is_some()
    };
    if PREFIXES.iter().any(as_prefix) {
        return true;
    }
    let may_differ = name.iter().any(|byte| matches!(byte, b'%' | b'.'));
    if !may_differ || is_session(policy, name) {
        return false;
    }
    let sessions = policy.sessions.iter().map(String::as_str).chain(COMMON.iter().copied());
    let mut sessions = sessions.map(str::as_bytes);
    sessions.any(|session| reads_as(name, session, Case::Exact).is_some_and(<[u8]>::is_empty))
}

/// Whether a name is `session` to a backend that does not care about case or spelling.
pub(super) fn could_be(name: &[u8], session: &[u8]) -> bool {
    reads_as(name, session, Case::Folded).is_some_and(<[u8]>::is_empty)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Exact,
    Folded,
}

/// What stands behind `want` in a name, where some backends read the beginning as that.
fn reads_as<'n>(name: &'n [u8], want: &[u8], case: Case) -> Option<&'n [u8]> {
    let mut rest = name;
    for wanted in want {
        let (byte, behind) = decoded(rest)?;
        let is_same = byte == *wanted
            || (*wanted == b'_' && byte == b'.')
            || (case == Case::Folded && byte.eq_ignore_ascii_case(wanted));
        if !is_same {
            return None;
        }
        rest = behind;
    }
    Some(rest)
}

/// The first byte, `%41` read as `A`, and what stands behind it.
fn decoded(name: &[u8]) -> Option<(u8, &[u8])> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if let [b'%', high, low, rest @ ..] = name
        && let (Some(high), Some(low)) = (digit(*high), digit(*low))
    {
        return Some((high << 4 | low, rest));
    }
    name.split_first().map(|(first, rest)| (*first, rest))
}
