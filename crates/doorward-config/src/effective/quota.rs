//! `[layers.quota]` and limits, as they are in effect.

use super::{Page, quote, rate_text, word};
use crate::measure::{write_duration, write_moment, write_size};
use crate::section::limit::WHO;
use crate::section::quota::{DenyWritten, RATE_LIMIT};
use doorward_core::layers::quota::{
    Cost, Deny, DenyKnown, Limit, Measure, Penalty, Settings, StreamsMax,
};
use std::time::Duration;

pub(super) fn quota(settings: &Settings, page: &mut Page<'_>) {
    page.key("strikes", &quote(&rate_text(settings.strikes)));
    let limits: Vec<String> = settings.limits.iter().map(limit_text).collect();
    page.lines("limits", &limits);
    page.key("rate_limit", &word(RATE_LIMIT, settings.tells_answers));
    let StreamsMax { pass, address } = settings.streams;
    page.key("streams", &format!("{{ pass = {pass}, address = {address} }}"));
    page.lines("allow", &page.said.allow_written.clone());
    let mut deny: Vec<String> = settings.deny.iter().map(deny_text).collect();
    let written = settings.deny_known.iter().zip(&page.said.deny_known);
    deny.extend(written.map(|(known, written)| deny_known_text(known, written)));
    page.lines("deny", &deny);
}

/// A limit, with what is not as it is without a word.
pub(super) fn limit_text(limit: &Limit) -> String {
    let by: Vec<String> = limit.by.iter().map(|part| quote(&part.to_string())).collect();
    let measure = match limit.measure {
        Measure::Rate(rate) => {
            format!("rate = {}, burst = {}", quote(&rate_text(rate)), rate.burst)
        }
        Measure::Window { window_s, limit } => {
            format!("window = {}, limit = {limit}", duration(window_s))
        }
    };
    let cost = match &limit.cost {
        Cost::Each(1) => String::new(),
        cost => format!(", cost = {}", cost_text(cost)),
    };
    let counts: Vec<String> = limit.counts.iter().map(|one| quote(&one.to_string())).collect();
    let counts = match counts.as_slice() {
        [] => String::new(),
        counts => format!(", counts = [{}]", counts.join(", ")),
    };
    let penalty = limit.penalty.map(|Penalty { first_s, most_s }| {
        let (first, most) = (duration(first_s), duration(most_s));
        format!(", penalty = {{ first = {first}, most = {most} }}")
    });
    let mode = if limit.is_watched { ", mode = \"monitor\"" } else { "" };
    let (name, who, by) = (quote(&limit.name), word(WHO, limit.who), by.join(", "));
    let rest = format!("{measure}{cost}{counts}{}{mode}", penalty.unwrap_or_default());
    format!("{{ name = {name}, by = [{by}], who = {who}, {rest} }}")
}

fn duration(seconds: u32) -> String {
    quote(&write_duration(Duration::from_secs(u64::from(seconds))))
}

fn cost_text(cost: &Cost) -> String {
    match cost {
        Cost::Each(cost) => cost.to_string(),
        Cost::ByMethod { named, others } => {
            let named: String =
                named.iter().map(|(method, cost)| format!("{method} = {cost}, ")).collect();
            format!("{{ {named}others = {others} }}")
        }
        Cost::ByBody { per_bytes, most } => {
            format!("{{ per = {}, most = {most} }}", quote(&write_size(*per_bytes)))
        }
        Cost::ByAnswer { header, most } => {
            format!("{{ header = {}, most = {most} }}", quote(header.as_str()))
        }
    }
}

fn deny_text(deny: &Deny) -> String {
    let end = deny_end(deny.until_unix_s, &deny.why);
    format!("{{ address = \"{}\", {end} }}", deny.network)
}

fn deny_known_text(deny: &DenyKnown, written: &DenyWritten) -> String {
    let issuer = written.issuer.as_ref().map(|issuer| format!("issuer = {}, ", quote(issuer)));
    let (by, name) = (written.by, quote(&written.name));
    let end = deny_end(deny.until_unix_s, &deny.why);
    format!("{{ {}{by} = {name}, {end} }}", issuer.unwrap_or_default())
}

fn deny_end(until_unix_s: Option<u64>, why: &str) -> String {
    let until = until_unix_s.map(|unix_s| format!("until = {}, ", quote(&write_moment(unix_s))));
    format!("{}why = {}", until.unwrap_or_default(), quote(why))
}
