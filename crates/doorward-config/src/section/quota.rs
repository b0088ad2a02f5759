//! `[layers.quota]`, and the limits of routes.

use super::client_ip::network;
use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::measure::{self, Pace};
use crate::reading::Reading;
use doorward_core::layers::quota::{By, Deny, Limit, Measure, Who};
use doorward_core::question::Rate;

/// The words of `who`.
pub(crate) const WHO: &[(&str, Who)] =
    &[
        ("all", Who::All),
        ("pages", Who::Pages),
        ("programs", Who::Programs),
        ("known", Who::Known),
        ("strangers", Who::Strangers),
    ];

/// What a limit counts by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    Address,
    Network,
    Route,
}

const COUNTS: &[(&str, Counts)] =
    &[("address", Counts::Address), ("network", Counts::Network), ("route", Counts::Route)];

pub(crate) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(pace) = table.value("strikes").and_then(|value| value.pace(reading)) {
        draft.settings.quota.strikes = rate(pace, pace.count);
    }
    if let Some(limits) = table.value("limits") {
        draft.settings.quota.limits = read_limits(&limits.list(reading), reading);
    }
    for value in table.list("deny", reading) {
        let Some(entry) = value.table(reading) else { continue };
        draft.settings.quota.deny.extend(deny(&value, &entry, reading));
    }
}

fn deny(value: &Value<'_>, entry: &Table<'_>, reading: &mut Reading<'_>) -> Option<Deny> {
    let until = entry.value("until").map(|until| until.moment(reading));
    let why = entry.text("why", reading).unwrap_or_default();
    let Some(address) = entry.value("address") else {
        let what = "this entry denies nobody: `address` is missing";
        return value.error(what, "write { address = \"203.0.113.0/24\" }", reading);
    };
    let text = address.text(reading)?;
    let network = network(text, &address.place, reading)?;
    Some(Deny { network, until_unix_s: until.flatten(), why: why.to_owned() })
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
        let hint = "write by = [\"address\"]; or \"network\", and \"route\" beside one of them";
        let _: Option<()> = value.error("this limit does not say whom it counts", hint, reading);
        return;
    };
    let list = by.list(reading);
    let counts: Vec<Option<Counts>> =
        list.iter().map(|entry| entry.choose(COUNTS, reading)).collect();
    if counts.contains(&None) || reading.is_faulty(&by.place) {
        return;
    }
    let has = |wanted: Counts| counts.contains(&Some(wanted));
    limit.per_route = has(Counts::Route);
    match (has(Counts::Address), has(Counts::Network)) {
        (true, false) => limit.by = By::Address,
        (false, true) => limit.by = By::Network,
        (true, true) => {
            let what = "a limit counts addresses or networks, not both";
            let _: Option<()> = by.error(what, "write two limits", reading);
        }
        (false, false) => {
            let what = "everybody would share this limit, so one caller could use it up for all";
            let hint = "add \"address\" or \"network\"; later versions count users, keys, passes \
                 and \
                        sessions too";
            let _: Option<()> = by.error(what, hint, reading);
        }
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

fn rate(pace: Pace, burst: u32) -> Rate {
    Rate { every_ns: (pace.unit_ns / u64::from(pace.count)).max(1), burst }
}
