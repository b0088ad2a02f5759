//! `[layers.quota]`.

use super::budget;
use super::client_ip::network;
use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::effective::quote;
use crate::measure::Pace;
use crate::reading::Reading;
use crate::section::limit::read_limits;
use doorward_core::layers::identity::{self, KEY_ISSUER, SESSION_ISSUER};
use doorward_core::layers::quota::{Deny, DenyKnown};
use doorward_core::question::Rate;

/// The words of `rate_limit`: whether it stands on each answer.
pub(crate) const RATE_LIMIT: &[(&str, bool)] = &[("refusals", false), ("answers", true)];

/// A caller or token that is denied, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DenyWritten {
    /// Its issuer; none for a key.
    pub(crate) issuer: Option<String>,
    /// `subject`, `token` or `key`.
    pub(crate) by: &'static str,
    /// Its name there.
    pub(crate) name: String,
    /// The entry's place in the file's list.
    pub(crate) index: usize,
}

pub(crate) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(pace) = table.value("strikes").and_then(|value| value.pace(reading)) {
        draft.settings.quota.strikes = rate(pace, pace.count);
    }
    if let Some(limits) = table.value("limits") {
        draft.settings.quota.limits = read_limits(&limits.list(reading), reading);
    }
    budget::read(&table.list("budgets", reading), draft, reading);
    if let Some(tells) = table.choose("rate_limit", RATE_LIMIT, reading) {
        draft.settings.quota.tells_answers = tells;
    }
    for value in &table.list("allow", reading) {
        allow(value, draft, reading);
    }
    if let Some(streams) = table.value("streams").and_then(|value| value.table(reading)) {
        let most = &mut draft.settings.quota.streams;
        for (word, most) in [("pass", &mut most.pass), ("address", &mut most.address)] {
            let said = streams.value(word).and_then(|value| value.whole(reading));
            *most = said.and_then(|said| u32::try_from(said).ok()).unwrap_or(*most);
        }
    }
    for (index, value) in table.list("deny", reading).iter().enumerate() {
        let Some(entry) = value.table(reading) else { continue };
        deny(value, &entry, index, draft, reading);
    }
}

/// Reads whom no limit counts: a network, or a known caller.
fn allow(value: &Value<'_>, draft: &mut Draft, reading: &mut Reading<'_>) -> Option<()> {
    let allow = &mut draft.settings.quota.allow;
    if !value.is_table() {
        let network = network(value.text(reading)?, &value.place, reading)?;
        reading
            .point(format!("layers.quota.allow.networks[{}]", allow.networks.len()), &value.place);
        allow.networks.push(network);
        draft.allow_written.push(quote(&network.to_string()));
        return Some(());
    }
    let entry = value.table(reading)?;
    let texts = ["issuer", "subject", "key"].map(|name| entry.text(name, reading));
    let (digest, written) = match texts {
        [None, None, Some(key)] if !key.is_empty() => {
            (identity::user_digest(KEY_ISSUER, key), format!("{{ key = {} }}", quote(key)))
        }
        [Some(issuer), Some(subject), None] if !subject.is_empty() => {
            let (by, name) = (quote(issuer), quote(subject));
            let written = format!("{{ issuer = {by}, subject = {name} }}");
            (identity::user_digest(issuer, subject), written)
        }
        _ => {
            let what = "this entry names no caller, or two";
            let hint = "write { key = \"<id>\" } or { issuer = \"…\", subject = \"…\" }";
            return value.error(what, hint, reading);
        }
    };
    allow.known.push(digest);
    draft.allow_written.push(written);
    Some(())
}

/// Whom an entry of the deny-list may name.
const DENIED: &[&str] = &["address", "subject", "token", "key", "pass", "session"];

fn deny(
    value: &Value<'_>,
    entry: &Table<'_>,
    index: usize,
    draft: &mut Draft,
    reading: &mut Reading<'_>,
) -> Option<()> {
    let until = entry.value("until").map(|until| until.moment(reading));
    let until_unix_s = until.flatten();
    let why = entry.text("why", reading).unwrap_or_default().to_owned();
    let mut named = DENIED.iter().filter_map(|by| Some((*by, entry.value(by)?)));
    let Some((by, said)) = named.next() else {
        let what = "this entry denies nobody";
        let hint = "write { address = \"203.0.113.0/24\" }, { issuer = \"…\", subject = \"…\" }, \
                    { issuer = \"…\", token = \"<jti>\" }, { key = \"<id>\" }, \
                    { pass = \"<id>\" } or { session = \"<SHA-256>\" }";
        return value.error(what, hint, reading);
    };
    if let Some((other, at)) = named.next() {
        let what = format!("an entry denies one, and this names `{by}` and `{other}`");
        return at.error(what, "write two entries", reading);
    }
    let name = said.text(reading)?;
    let issuer = entry.value("issuer");
    let digest: fn(&str, &str) -> [u8; 16] = match by {
        "token" => identity::token_digest,
        _ => identity::user_digest,
    };
    if let ("address" | "key" | "pass" | "session", Some(issuer)) = (by, &issuer) {
        let what = format!("`issuer` goes with `subject` or `token`, and this entry has `{by}`");
        return issuer.error(what, "leave it out", reading);
    }
    if by == "address" {
        let network = network(name, &said.place, reading)?;
        draft.settings.quota.deny.push(Deny { network, until_unix_s, why });
        return Some(());
    }
    if name.is_empty() {
        return said.error("this names nobody", "write how its issuer names it", reading);
    }
    let is_digest =
        name.len() == 64 && name.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
    if by == "session" && !is_digest {
        reading.mask(&said.place);
        let hint = "its cookie's value opens it, so write its SHA-256: printf %s VALUE | sha256sum";
        return said.error("this names no session", hint, reading);
    }
    let issuer = match (by, &issuer) {
        ("key" | "pass" | "session", _) => None,
        (_, Some(issuer)) => Some(issuer.text(reading)?.to_owned()),
        (_, None) => {
            let what = format!("whose {by} this is, is not said: two issuers may have the same");
            return said.error(what, "add issuer = \"https://id.example\"", reading);
        }
    };
    let digest = match by {
        "pass" => identity::pass_digest(name),
        "session" => identity::token_digest(SESSION_ISSUER, name),
        _ => digest(issuer.as_deref().unwrap_or(KEY_ISSUER), name),
    };
    draft.settings.quota.deny_known.push(DenyKnown { digest, until_unix_s, why });
    draft.deny_known.push(DenyWritten { issuer, by, name: name.to_owned(), index });
    Some(())
}

pub(super) fn rate(pace: Pace, burst: u32) -> Rate {
    Rate { every_ns: (pace.unit_ns / u64::from(pace.count)).max(1), burst }
}
