//! `[store]` with the address of Redis or Valkey: a store that the gates of a fleet share.

use super::{record_url, secrets};
use crate::config::{Sentinels, SharedStore, StoreAt, WhenGone};
use crate::document::{Table, Value};
use crate::draft::{Draft, Reference};
use crate::measure;
use crate::reading::Reading;
use doorward_core::remote::{Remote, RemoteAt};
use std::num::NonZeroU32;
use std::time::Duration;

/// How long a request waits for the store, where nothing is said.
const DEADLINE: Duration = Duration::from_millis(250);
/// The least that it may be told to wait.
const DEADLINE_MIN: Duration = Duration::from_millis(10);
/// A slice at the most: what every gate may leave unused.
const LEASE_PERCENT_MAX: u8 = 20;
/// What tells that the address is that of Sentinels.
const SENTINEL: &str = "+sentinel://";
/// Where Sentinels listen, where no port is said.
const SENTINEL_PORT: u16 = 26_379;
/// Sentinels at the most.
const SENTINELS_MAX: usize = 16;

/// What such a store is called with, beside its address.
pub(super) const WORDS: &[&str] =
    &["password", "secret", "deadline", "lease", "insecure_evicting_store"];
/// The keys that hold no secret; of `url`, what stands before an `@` may be one.
const PUBLIC: &[&str] =
    &["url", "private", "deadline", "when_away", "instances", "lease", "insecure_evicting_store"];

/// Whether an address is that of such a store, by its first letters, or by a reference to it.
pub(super) fn is_meant(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let scheme = scheme.strip_suffix("+sentinel").unwrap_or(scheme);
    ["valkey", "valkeys", "redis", "rediss", "unix", "env"].contains(&scheme)
}

/// Reads it.
pub(super) fn read(
    url: &Value<'_>,
    table: &Table<'_>,
    when_gone: WhenGone,
    reading: &mut Reading<'_>,
) -> Option<StoreAt> {
    table.mask_literals(PUBLIC, reading);
    let is_private = table.is_set("private", reading);
    let address = address(url, is_private, reading);
    let deadline = match table.value("deadline") {
        None => Some(DEADLINE),
        Some(said) => match said.duration(reading) {
            Some(deadline) if deadline < DEADLINE_MIN => {
                let what = "no network answers within this";
                said.error(what, "write at least deadline = \"10ms\"", reading)
            }
            deadline => deadline,
        },
    };
    let lease_percent = lease(table, reading);
    let insecure_evicting = table.is_set("insecure_evicting_store", reading);
    let password = secret(table, "password", 1, reading);
    let own_secret = secret(table, "secret", secrets::SECRET_BYTES_MIN, reading);
    let (mut remote, sentinels, written) = address?;
    if let Some(Reference { secret, .. }) = password.as_ref().ok()?.as_ref() {
        if remote.password.is_some() {
            let what = "there is a password in the address already";
            return url.error(what, "leave one of them out", reading);
        }
        remote.password = Some(secret.clone());
    }
    let own_secret = own_secret.ok()?;
    Some(StoreAt::Shared(Box::new(SharedStore {
        remote,
        sentinels,
        is_private,
        secret: own_secret.as_ref().map(|reference| reference.secret.clone()),
        deadline: deadline?,
        when_gone,
        lease_percent: lease_percent?,
        insecure_evicting,
        written,
        password_written: password.ok()?.map(|reference| reference.written),
        secret_written: own_secret.map(|reference| reference.written),
    })))
}

/// Hundredths of a share that are taken in advance; 0 where nothing is said.
fn lease(table: &Table<'_>, reading: &mut Reading<'_>) -> Option<u8> {
    let Some(said) = table.value("lease") else { return Some(0) };
    let text = said.text(reading)?;
    let percent =
        measure::percent(text).filter(|percent| (1..=LEASE_PERCENT_MAX).contains(percent));
    if percent.is_none() {
        let what = "this is no small part of a share";
        return said.error(what, "write lease = \"2%\", from 1% to 20%, or leave it out", reading);
    }
    percent
}

/// A secret by its reference, of so many bytes at the least; none within where it is not said.
fn secret(
    table: &Table<'_>,
    name: &str,
    bytes_min: usize,
    reading: &mut Reading<'_>,
) -> Result<Option<Reference>, ()> {
    let Some(said) = table.value(name) else { return Ok(None) };
    let text = said.text(reading).ok_or(())?;
    let bytes = secrets::read_one(text, &said.place, reading).ok_or(())?;
    if bytes.len() < bytes_min {
        secrets::short(bytes.len(), &said.place, reading).ok_or(())?;
    }
    Ok(Some(secrets::reference(text, bytes)))
}

/// Where it is, and as the file may show it.
fn address(
    url: &Value<'_>,
    is_private: bool,
    reading: &mut Reading<'_>,
) -> Option<(Remote, Option<Sentinels>, String)> {
    let text = url.text(reading)?;
    if text.contains('@') {
        // A password may stand before it.
        reading.mask(&url.place);
    }
    let is_secret = record_url::has_password(text);
    let bytes = match text.starts_with("env:") || is_secret {
        true => secrets::read_one(text, &url.place, reading)?,
        false => text.as_bytes().to_vec(),
    };
    let written = if is_secret { "…".to_owned() } else { text.to_owned() };
    let read = String::from_utf8(bytes).map_err(|_| record_url::FORM);
    match read.and_then(|text| parse(&text, is_private)) {
        Ok((remote, sentinels)) => Some((remote, sentinels, written)),
        Err(fault) if fault == record_url::PLAIN => {
            let what = "without TLS anybody on the way could read what gates keep, and change it";
            url.error(what, fault.1, reading)
        }
        Err((what, hint)) => url.error(what, hint, reading),
    }
}

/// Reads the address of a server, or of Sentinels that know it:
/// `valkey+sentinel://[USER[:PASSWORD]@]HOST[:PORT],…/NAME[/DATABASE]`.
fn parse(
    text: &str,
    is_private: bool,
) -> Result<(Remote, Option<Sentinels>), (&'static str, &'static str)> {
    const FORM: (&str, &str) = (
        "this does not name Sentinels and their primary",
        "write \"valkey+sentinel://10.0.0.1:26379,10.0.0.2:26379/NAME\"",
    );
    let Some((scheme, rest)) = text.split_once(SENTINEL) else {
        return Ok((record_url::parse(text, is_private)?, None));
    };
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (format!("{user}@"), rest),
        None => (String::new(), rest),
    };
    let (hosts, name) = rest.split_once('/').ok_or(FORM)?;
    let (name, database) = name.split_once('/').unwrap_or((name, ""));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_plain) || hosts.split(',').count() > SENTINELS_MAX {
        return Err(FORM);
    }
    let mut found = Vec::new();
    for host in hosts.split(',') {
        // The form of a server's address is that of a Sentinel's, but for the port.
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let port = if has_port { String::new() } else { format!(":{SENTINEL_PORT}") };
        let address = format!("{scheme}://{user}{host}{port}/{database}");
        found.push(record_url::parse(&address, is_private)?);
    }
    let first = found.first().cloned().ok_or(FORM)?;
    let is_port = |at: &RemoteAt| matches!(at, RemoteAt::Port { .. });
    let at: Vec<RemoteAt> = found.into_iter().map(|one| one.at).filter(is_port).collect();
    Ok((first, Some(Sentinels { at, primary: name.to_owned() })))
}

/// How many gates there are, where it is said.
pub(super) fn instances(table: &Table<'_>, reading: &mut Reading<'_>) -> Option<NonZeroU32> {
    let count = table.value("instances")?.whole(reading)?;
    u32::try_from(count).ok().and_then(NonZeroU32::new)
}

/// What only the whole can tell: the secret that names are made with.
pub(crate) fn look(draft: &Draft, is_generated: bool, reading: &mut Reading<'_>) {
    let StoreAt::Shared(store) = &draft.store else { return };
    if store.secret.is_none() && is_generated {
        let what = "gates that share a store need a secret that they share";
        let hint = "add [secrets] signing = [\"env:DOORWARD_SECRET\"], the same for all of them";
        let place = reading.place("store.url");
        reading.error(place.as_ref(), what, hint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentinels_are_read_strictly() {
        for (text, want) in [
            ("valkey+sentinel://10.0.0.1,10.0.0.2:7000/main", Some((2, "main", 0))),
            ("redis+sentinel://127.0.0.1/main/3", Some((1, "main", 3))),
            ("rediss+sentinel://a.example,b.example/my-main", Some((2, "my-main", 0))),
            ("valkey+sentinel://u:p%40@[::1]:26379/main", Some((1, "main", 0))),
            ("valkey+sentinel://[::1]/main", Some((1, "main", 0))),
            ("valkey+sentinel://a.example/main", None),
            ("valkey+sentinel://10.0.0.1", None),
            ("valkey+sentinel://10.0.0.1/", None),
            ("valkey+sentinel:///main", None),
            ("valkey+sentinel://10.0.0.1,/main", None),
            ("valkey+sentinel://10.0.0.1/ma in", None),
            ("valkey+sentinel://10.0.0.1/main/x", None),
            ("unix+sentinel://10.0.0.1/main", None),
            ("VALKEY+sentinel://10.0.0.1/main", None),
        ] {
            let read = parse(text, false).ok().and_then(|(remote, sentinels)| {
                let Sentinels { at, primary } = sentinels?;
                Some((at.len(), primary, remote.database))
            });
            let want = want.map(|(count, name, database)| (count, name.to_owned(), database));
            assert_eq!(read, want, "{text}");
        }
        let (remote, sentinels) = parse("redis+sentinel://u:p@[::1]/main", false).expect("good");
        assert_eq!(remote.user.as_deref(), Some("u"));
        let at = RemoteAt::Port { host: "::1".to_owned(), port: SENTINEL_PORT, is_tls: false };
        assert_eq!(sentinels.expect("some").at, [at]);
        assert!(parse("valkey://127.0.0.1/2", false).is_ok_and(|(_, none)| none.is_none()));
    }
}
