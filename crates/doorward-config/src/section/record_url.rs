//! The address of a server of keys and values: Redis, Valkey.

use crate::upstream::{host_and_port, is_private};
use doorward_core::origin::is_local_host;
use doorward_core::path;
use doorward_core::remote::{REMOTE_PORT, Remote, RemoteAt};
use doorward_core::secret::Secret;
use std::net::IpAddr;

/// What is wrong, and how to mend it.
type Fault = (&'static str, &'static str);

/// It is no such address.
pub(super) const FORM: Fault = (
    "this is no address of Redis or Valkey",
    "write \"redis://127.0.0.1:6379/0\", \"rediss://…\" for TLS, \"unix:/run/redis.sock\", or \
     \"env:NAME\" for a variable with it",
);

/// It could be overheard.
pub(super) const PLAIN: Fault = (
    "without TLS anybody on the way could read sessions, and make some up",
    "write rediss://… or valkeys://…; on a network that is your own alone, accept it by private = \
     true",
);

/// The number of a database at the most: servers have 16, and may be given more.
const DATABASE_MAX: u32 = 65_535;

/// Whether a password stands in an address.
pub(super) fn has_password(text: &str) -> bool {
    let authority = text.split_once("://").map(|(_, rest)| rest);
    let user = authority.and_then(|rest| rest.rsplit_once('@')).map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':'))
}

/// Reads `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]` and its kin.
pub(super) fn parse(text: &str, is_private_said: bool) -> Result<Remote, Fault> {
    if let Some(path) = text.strip_prefix("unix:") {
        return socket(path);
    }
    let (scheme, rest) = text.split_once("://").ok_or(FORM)?;
    let is_tls = match scheme {
        "redis" | "valkey" => false,
        "rediss" | "valkeys" => true,
        _ => return Err(FORM),
    };
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, rest),
    };
    let (authority, database) = match rest.split_once('/') {
        Some((authority, database)) => (authority, number(database)?),
        None => (rest, 0),
    };
    let (host, port) = host_and_port(authority, REMOTE_PORT).ok_or(FORM)?;
    let host = host.to_ascii_lowercase();
    let is_own = match host.parse::<IpAddr>() {
        Ok(address) => is_private(address),
        Err(_) => is_local_host(&host),
    };
    if !is_tls && !is_own && !is_private_said {
        return Err(PLAIN);
    }
    let (user, password) = user.map_or(Ok((None, None)), user_and_password)?;
    let at = RemoteAt::Port { host, port, is_tls };
    Ok(Remote { at, database, user, password })
}

fn socket(text: &str) -> Result<Remote, Fault> {
    let (path, database) = match text.split_once("?db=") {
        Some((path, database)) => (path, number(database)?),
        None => (text, 0),
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    if !path.starts_with('/') || path.len() < 2 || path.contains(['\0', '?']) {
        return Err(FORM);
    }
    let at = RemoteAt::Socket(path.to_owned());
    Ok(Remote { at, database, user: None, password: None })
}

fn number(text: &str) -> Result<u32, Fault> {
    if text.is_empty() {
        return Ok(0);
    }
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| is_plain && *number <= DATABASE_MAX);
    number.ok_or((
        "this is no number of a database",
        "write it behind the address, and nothing else: \"redis://127.0.0.1:6379/0\"",
    ))
}

/// Percent-encoded, as in all URLs (RFC 3986 2.1).
fn user_and_password(text: &str) -> Result<(Option<String>, Option<Secret>), Fault> {
    let fault = (
        "what stands before `@` is no user and password",
        "percent-encode it, as in \"redis://USER:PASSWORD@HOST\"; or write the password alone: \
         password = \"env:NAME\"",
    );
    let decoded = |text: &str| {
        let bytes = path::decode(text.as_bytes()).filter(|bytes| !bytes.is_empty())?;
        String::from_utf8(bytes).ok()
    };
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, Some(decoded(password).ok_or(fault)?)),
        None => (text, None),
    };
    let user = match user {
        // The server's default user.
        "" if password.is_some() => None,
        user => Some(decoded(user).ok_or(fault)?),
    };
    Ok((user, password.map(Secret::new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_strictly() {
        for (text, is_private, want) in [
            ("redis://127.0.0.1", false, Some("redis://127.0.0.1:6379/0")),
            ("redis://127.0.0.1:6380/", false, Some("redis://127.0.0.1:6380/0")),
            ("redis://localhost:6379/3", false, Some("redis://localhost:6379/3")),
            ("redis://[::1]:80/1", false, Some("redis://[::1]:80/1")),
            ("valkey://10.0.0.7", false, Some("redis://10.0.0.7:6379/0")),
            ("redis://cache.internal", true, Some("redis://cache.internal:6379/0")),
            ("redis://cache.internal", false, None),
            ("redis://203.0.113.7", false, None),
            ("rediss://Cache.example/2", false, Some("rediss://cache.example:6379/2")),
            ("valkeys://cache.example:6380", false, Some("rediss://cache.example:6380/0")),
            ("redis://u:p%40ss@127.0.0.1/0", false, Some("redis://127.0.0.1:6379/0")),
            ("unix:/run/redis.sock", false, Some("unix:/run/redis.sock")),
            ("unix:///run/redis.sock?db=4", false, Some("unix:/run/redis.sock?db=4")),
            ("unix:redis.sock", false, None),
            ("unix:/run/redis.sock?db=x", false, None),
            ("unix:/run/redis.sock?user=x", false, None),
            ("REDIS://127.0.0.1", false, None),
            ("redis:127.0.0.1", false, None),
            ("http://127.0.0.1", false, None),
            ("redis://", false, None),
            ("redis://:6379", false, None),
            ("redis://127.0.0.1:0", false, None),
            ("redis://127.0.0.1:99999", false, None),
            ("redis://127.0.0.1/-1", false, None),
            ("redis://127.0.0.1/70000", false, None),
            ("redis://127.0.0.1/0/1", false, None),
            ("redis://127.0.0.1/0?db=1", false, None),
            ("redis://127.0.0.1?db=1", false, None),
            ("redis://127.0.0.1#1", false, None),
            ("redis://@127.0.0.1", false, None),
            ("redis://u:@127.0.0.1", false, None),
            ("redis://u:%zz@127.0.0.1", false, None),
            ("", false, None),
        ] {
            let read = parse(text, is_private).ok().map(|remote| remote.to_string());
            assert_eq!(read.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn user_and_password_are_decoded() {
        for (text, user, password) in [
            ("redis://127.0.0.1", None, None),
            ("redis://ann@127.0.0.1", Some("ann"), None),
            ("redis://ann:s%3Ae@127.0.0.1", Some("ann"), Some("s:e")),
            ("redis://:a:b@127.0.0.1", None, Some("a:b")),
            ("redis://ann:a%2Fb@[::1]/0", Some("ann"), Some("a/b")),
        ] {
            let remote = parse(text, false).expect("an address");
            assert_eq!(remote.user.as_deref(), user, "{text}");
            let said = remote.password.as_ref().map(Secret::expose);
            assert_eq!(said, password.map(str::as_bytes), "{text}");
            assert_eq!(has_password(text), password.is_some(), "{text}");
        }
    }
}
