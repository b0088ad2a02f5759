//! Limits: the file's, and the routes'.

use super::quota::rate;
use crate::document::{Table, Value, shorten};
use crate::keys::{BEGUN, METHODS, OTHERS, WORDS};
use crate::measure;
use crate::near::nearest;
use crate::reading::Reading;
use doorward_core::layers::quota::{AnswerIs, By, ByError, Cost, Limit, Measure, Penalty, Who};
use http::{HeaderName, Method};

/// The words of `who`.
pub(crate) const WHO: &[(&str, Who)] = &[
    ("all", Who::All),
    ("pages", Who::Pages),
    ("programs", Who::Programs),
    ("known", Who::Known),
    ("strangers", Who::Strangers),
    ("passes", Who::Passes),
];

/// The words of a limit's `mode`: whether its no is only noted.
const MODES: &[(&str, bool)] = &[("enforce", false), ("monitor", true)];

/// The longest penalty, where nothing is said.
const PENALTY_MOST_S: u32 = 86_400;

/// Reads limits. One that cannot be read keeps its place, so that the others keep theirs.
pub(crate) fn read_limits(list: &[Value<'_>], reading: &mut Reading<'_>) -> Vec<Limit> {
    list.iter().map(|value| limit(value, reading)).collect()
}

fn limit(value: &Value<'_>, reading: &mut Reading<'_>) -> Limit {
    // What cannot be read is large and quick, so that nothing else is said to be wrong with it.
    let anything = Measure::Window { window_s: 1, limit: u32::MAX };
    let mut limit = Limit::new("", &[By::Address], anything);
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
    match table.value("by") {
        Some(by) => limit.by = parts(&by, reading).unwrap_or(limit.by),
        None => {
            let hint = "write by = [\"address\"], \"network\" or \"user\"; and \"route\" beside \
                        one of them";
            let _: Option<()> =
                value.error("this limit does not say whom it counts", hint, reading);
        }
    }
    if let Some(measure) = measure_of(value, &table, reading) {
        limit.measure = measure;
    }
    if let Some(cost) = table.value("cost").and_then(|value| cost(&value, reading)) {
        limit.cost = cost;
    }
    limit.counts = counts(&table, reading);
    limit.penalty = table.value("penalty").and_then(|value| penalty(&value, reading));
    limit.is_watched = table.choose("mode", MODES, reading).unwrap_or(false);
    limit
}

/// The parts of a key; none where one of them cannot be read.
fn parts(by: &Value<'_>, reading: &mut Reading<'_>) -> Option<Vec<By>> {
    let parts: Vec<Option<By>> =
        by.list(reading).iter().map(|entry| part(entry, reading)).collect();
    if reading.is_faulty(&by.place) {
        return None;
    }
    parts.into_iter().collect()
}

fn part(entry: &Value<'_>, reading: &mut Reading<'_>) -> Option<By> {
    let text = entry.text(reading)?;
    let error = match text.parse::<By>() {
        Ok(by) => return Some(by),
        Err(error) => error,
    };
    let hint = match &error {
        ByError::Unknown(_) => meant(text, entry),
        ByError::Bits => "write \"ip4/28\" or \"ip6/56\"".to_owned(),
        ByError::Claim => "write \"claim:tenant\" or \"claim:realm.tenant\"".to_owned(),
        ByError::Header => "write \"header:x-tenant\", with `-` and not `_`".to_owned(),
        ByError::Secret => "whoever it belongs to is \"user\", \"token\" or \"key\"".to_owned(),
    };
    let what = match &error {
        ByError::Unknown(text) => format!("{:?} is nothing that can be counted by", shorten(text)),
        other => other.to_string(),
    };
    entry.error(what, hint, reading)
}

/// What others call the parts of a key.
const ALSO: [(&str, &str); 6] = [
    ("ip", "address"),
    ("subject", "user"),
    ("session", "token"),
    ("tenant", "claim:tenant"),
    ("path", "route"),
    ("apikey", "key"),
];

/// What somebody may have meant by a part that there is not.
fn meant(text: &str, entry: &Value<'_>) -> String {
    let also = ALSO.iter().find(|(other, _)| *other == text).map(|(_, ours)| *ours);
    if let Some(near) = also.or_else(|| nearest(text, WORDS.iter().copied())) {
        return format!("did you mean \"{near}\"?");
    }
    match BEGUN.iter().find(|begun| text == begun.trim_end_matches(['/', ':'])) {
        Some(begun) => format!("say which: \"{begun}…\""),
        None => format!("expected: {}", entry.expected()),
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
                let what = format!("{:?} is no window", shorten(text));
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

/// What a request costs: a number, or by one of three.
fn cost(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Cost> {
    if !value.is_table() {
        return u32::try_from(value.whole(reading)?).ok().map(Cost::Each);
    }
    let table = value.table(reading)?;
    let number = |name: &str, reading: &mut Reading<'_>| {
        table.value(name).map(|said| said.whole(reading).and_then(|said| u32::try_from(said).ok()))
    };
    let (per, header, most) = (table.value("per"), table.value("header"), table.value("most"));
    let named = METHODS.map(|name| (name, number(name, reading)));
    let others = number(OTHERS, reading);
    let has_methods = others.is_some() || named.iter().any(|(_, cost)| cost.is_some());
    match (per, header, has_methods) {
        (Some(per), None, false) => {
            let most = needed(value, most, "what a body costs whose length nobody says", reading);
            Some(Cost::ByBody { per_bytes: per.size(reading)?, most: most? })
        }
        (None, Some(header), false) => {
            let most = needed(value, most, "the most that an answer can cost", reading);
            Some(Cost::ByAnswer { header: answers_header(&header, reading)?, most: most? })
        }
        (None, None, true) => {
            if let Some(most) = most {
                let what = "`most` goes with `per` or `header`, and this cost is by methods";
                return most.error(what, "leave it out; all others are `others`", reading);
            }
            by_method(&named, others)
        }
        _ => {
            let what = "a cost is by the methods, by the body or by an answer, one of them";
            let hint = "write { GET = 1, POST = 5 }, { per = \"64KiB\", most = 16 } or { header = \
                        \"X-Cost\", most = 100 }";
            value.error(what, hint, reading)
        }
    }
}

/// The most that can be taken, which must be said.
fn needed(
    cost: &Value<'_>,
    most: Option<Value<'_>>,
    what: &str,
    reading: &mut Reading<'_>,
) -> Option<u32> {
    let Some(most) = most else {
        return cost.error(format!("this does not say {what}"), "add `most`", reading);
    };
    u32::try_from(most.whole(reading)?).ok()
}

/// Costs that are said; what cannot be read was reported.
fn by_method(named: &[(&str, Option<Option<u32>>)], others: Option<Option<u32>>) -> Option<Cost> {
    let mut costs = Vec::new();
    for (name, cost) in named {
        let Some(cost) = cost else { continue };
        costs.push((Method::from_bytes(name.as_bytes()).ok()?, (*cost)?));
    }
    let dearest = costs.iter().map(|(_, cost)| *cost).max().unwrap_or(0);
    let others = match others {
        Some(others) => others?,
        None => dearest,
    };
    Some(Cost::ByMethod { named: costs, others })
}

/// A header of answers that is nobody else's.
fn answers_header(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<HeaderName> {
    let text = value.text(reading)?;
    let hint = "write a header of the backend's own: \"X-Cost\"";
    let Ok(name) = HeaderName::from_bytes(text.as_bytes()) else {
        let what = format!("{:?} names no header", shorten(text));
        return value.error(what, hint, reading);
    };
    let begun = ["doorward-", "access-control-", "sec-", "content-", "ratelimit"];
    let is_taken = begun.iter().any(|begun| name.as_str().starts_with(begun))
        || TAKEN.contains(&name.as_str())
        || text.contains('_');
    if is_taken {
        let what = format!("{:?} means something else", shorten(text));
        return value.error(what, hint, reading);
    }
    Some(name)
}

/// Headers that clients and answers need.
const TAKEN: [&str; 16] = [
    "age",
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "date",
    "etag",
    "expires",
    "host",
    "location",
    "retry-after",
    "set-cookie",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
];

/// Answers that count.
fn counts(table: &Table<'_>, reading: &mut Reading<'_>) -> Vec<AnswerIs> {
    let list = table.list("counts", reading);
    let mut out = Vec::new();
    for entry in &list {
        let Some(text) = entry.text(reading) else { continue };
        match text.parse() {
            Ok(answer) => out.push(answer),
            Err(error) => {
                let what = format!("{:?}: {error}", shorten(text));
                let _: Option<()> = entry.error(what, "write \"401\" or \"4xx\"", reading);
            }
        }
    }
    out
}

fn penalty(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Penalty> {
    let table = value.table(reading)?;
    let seconds = |said: Value<'_>, reading: &mut Reading<'_>| {
        let said = said.duration(reading)?;
        u32::try_from(said.as_secs()).ok()
    };
    let Some(first) = table.value("first") else {
        let hint = "add first = \"1m\"";
        return value.error("this penalty does not say how long", hint, reading);
    };
    let first_s = seconds(first, reading)?;
    let most_s = match table.value("most") {
        Some(most) => seconds(most, reading)?,
        None => PENALTY_MOST_S.max(first_s),
    };
    Some(Penalty { first_s, most_s })
}
