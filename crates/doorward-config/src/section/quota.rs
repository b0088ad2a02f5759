//! `[layers.quota]`, and the limits of routes.

use super::budget;
use super::client_ip::network;
use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::measure::{self, Pace};
use crate::reading::Reading;
use doorward_core::layers::identity::{self, KEY_ISSUER, SESSION_ISSUER};
use doorward_core::layers::quota::{By, Deny, DenyKnown, Limit, Measure, Who};
use doorward_core::question::Rate;

/// The words of `who`.
pub(crate) const WHO: &[(&str, Who)] = &[
    ("all", Who::All),
    ("pages", Who::Pages),
    ("programs", Who::Programs),
    ("known", Who::Known),
    ("strangers", Who::Strangers),
    ("passes", Who::Passes),
];

/// What a limit counts by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    By(By),
    Route,
}

const COUNTS: &[(&str, Counts)] = &[
    ("address", Counts::By(By::Address)),
    ("network", Counts::By(By::Network)),
    ("user", Counts::By(By::User)),
    ("pass", Counts::By(By::Pass)),
    ("route", Counts::Route),
];

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

/// Reads limits. One that cannot be read keeps its place, so that the others keep theirs.
pub(crate) fn read_limits(list: &[Value<'_>], reading: &mut Reading<'_>) -> Vec<Limit> {
    list.iter().map(|value| limit(value, reading)).collect()
}

fn limit(value: &Value<'_>, reading: &mut Reading<'_>) -> Limit {
    let mut limit = Limit {
        name: String::new(),
        by: By::Address,
        who: Who::All,
        per_route: false,
        measure: Measure::Rate(Rate::per_minute(1, 1)),
    };
    let Some(table) = value.table(reading) else { return limit };
    match table.value("name") {
        Some(name) => limit.name = name.text(reading).unwrap_or_default().to_owned(),
        None => {
            let hint = "write name = \"per-address\": it stands in headers and in the log";
            let _: Option<()> = value.error("this limit has no name", hint, reading);
        }
    }
    if let Some(who) = table.choose("who", WHO, reading) {
        limit.who = who;
    }
    counted_by(value, &table, &mut limit, reading);
    if let Some(measure) = measure_of(value, &table, reading) {
        limit.measure = measure;
    }
    limit
}

fn counted_by(value: &Value<'_>, table: &Table<'_>, limit: &mut Limit, reading: &mut Reading<'_>) {
    let Some(by) = table.value("by") else {
        let hint =
            "write by = [\"address\"], \"network\" or \"user\"; and \"route\" beside one of them";
        let _: Option<()> = value.error("this limit does not say whom it counts", hint, reading);
        return;
    };
    let list = by.list(reading);
    let counts: Vec<Option<Counts>> =
        list.iter().map(|entry| entry.choose(COUNTS, reading)).collect();
    if counts.contains(&None) || reading.is_faulty(&by.place) {
        return;
    }
    limit.per_route = counts.contains(&Some(Counts::Route));
    let mut whom = counts.iter().filter_map(|counts| match counts {
        Some(Counts::By(by)) => Some(*by),
        Some(Counts::Route) | None => None,
    });
    let Some(first) = whom.next() else {
        let what = "everybody would share this limit, so one caller could use it up for all";
        let hint = "add \"address\", \"network\" or \"user\"";
        let _: Option<()> = by.error(what, hint, reading);
        return;
    };
    limit.by = first;
    if whom.any(|other| other != first) {
        let what = "a limit counts addresses, networks or users, one of them";
        let _: Option<()> = by.error(what, "write two limits", reading);
    }
}

/// A rate with a burst, or a window with a limit.
fn measure_of(value: &Value<'_>, table: &Table<'_>, reading: &mut Reading<'_>) -> Option<Measure> {
    let burst = table.value("burst");
    let count = table.value("limit");
    match (table.value("rate"), table.value("window")) {
        (Some(said), None) => {
            if let Some(count) = count {
                let what = "`limit` belongs to a window, and this limit has a rate";
                return count.error(
                    what,
                    "write `burst`, or a `window` in place of `rate`",
                    reading,
                );
            }
            let pace = said.pace(reading)?;
            let burst = match burst {
                Some(burst) => u32::try_from(burst.whole(reading)?).ok()?,
                None => pace.count,
            };
            Some(Measure::Rate(rate(pace, burst)))
        }
        (None, Some(window)) => {
            if let Some(burst) = burst {
                let what = "`burst` belongs to a rate, and this limit has a window";
                return burst.error(what, "write `limit`: how many in a window", reading);
            }
            let text = window.text(reading)?;
            let Some(window_s) = measure::window_s(text) else {
                let what = format!("{:?} is no window", crate::document::shorten(text));
                let hint = "write \"day\", \"hour\", \"minute\" or whole seconds such as \"30s\", \
                     at \
                            most 31d";
                return window.error(what, hint, reading);
            };
            let Some(count) = count else {
                let what = "this window does not say how many";
                return window.error(what, "add limit = 10000", reading);
            };
            let limit = u32::try_from(count.whole(reading)?).ok()?;
            Some(Measure::Window { window_s, limit })
        }
        (Some(said), Some(_)) => {
            let what = "a limit has a rate or a window, not both";
            said.error(what, "write two limits", reading)
        }
        (None, None) => {
            let what = "this limit does not say how much";
            let hint = "add rate = \"600/min\", or window = \"day\" with limit = 10000";
            value.error(what, hint, reading)
        }
    }
}

pub(super) fn rate(pace: Pace, burst: u32) -> Rate {
    Rate { every_ns: (pace.unit_ns / u64::from(pace.count)).max(1), burst }
}
