//! Limits that hold less than they seem to, and an allow-list that lets more through.

use crate::config::StoreAt;
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::layers::quota::{By, Cost, Limit, Measure, Who};
use doorward_core::settings::Settings;
use ipnet::IpNet;

/// Says what the limits do not do.
pub(super) fn look(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    for (path, limit, beside) in limits(settings) {
        if draft.store == StoreAt::Memory {
            window(&path, limit, reading);
        } else {
            penalty(&path, limit, reading);
        }
        chosen(&path, limit, &beside, reading);
        long_prefix(&path, limit, reading);
        tokens(&path, limit, &beside, reading);
        under_way(&path, limit, reading);
    }
    proxies(settings, reading);
}

/// Whether a limit refuses whoever sends too many requests, whatever they are and come to.
pub(super) fn holds(limit: &Limit) -> bool {
    let costs_nothing = |cost: &Cost| match cost {
        Cost::Each(_) | Cost::ByBody { .. } => false,
        Cost::ByMethod { named, others } => {
            *others == 0 || named.iter().any(|(_, cost)| *cost == 0)
        }
        Cost::ByAnswer { .. } => true,
    };
    !limit.is_watched && limit.counts.is_empty() && !costs_nothing(&limit.cost)
}

/// Every limit with its place, and those that count beside it.
fn limits(settings: &Settings) -> Vec<(String, &Limit, Vec<&Limit>)> {
    let of_file: Vec<&Limit> = settings.quota.limits.iter().collect();
    let mut out: Vec<(String, &Limit, Vec<&Limit>)> = of_file
        .iter()
        .enumerate()
        .map(|(place, limit)| (format!("layers.quota.limits[{place}]"), *limit, of_file.clone()))
        .collect();
    for (route, own) in settings.routes.iter().enumerate() {
        let mut beside: Vec<&Limit> = own.limits.iter().collect();
        if !own.limits_only {
            beside.extend(&of_file);
        }
        for (place, limit) in own.limits.iter().enumerate() {
            out.push((format!("route[{route}].limits[{place}]"), limit, beside.clone()));
        }
    }
    out
}

/// Seconds from which on a window is meant to outlive a restart.
pub(super) const LONG_WINDOW_S: u32 = 3600;

fn window(path: &str, limit: &Limit, reading: &mut Reading<'_>) {
    let Measure::Window { window_s, .. } = limit.measure else { return };
    if window_s < LONG_WINDOW_S {
        return;
    }
    let place = reading.place(&format!("{path}.window"));
    reading.warn(
        place,
        format!("the store `memory:` forgets the window of {:?} at a restart", limit.name),
        "a restart gives everybody a whole window again",
    );
}

/// A store keeps shares; who is refused for a time stays with the process.
fn penalty(path: &str, limit: &Limit, reading: &mut Reading<'_>) {
    if limit.penalty.is_none() {
        return;
    }
    let place = reading.place(&format!("{path}.penalty"));
    reading.note(
        place,
        format!(
            "the penalty of {:?} is each process's own, and forgotten at a restart",
            limit.name
        ),
        "its share is the store's, and refuses all the same",
    );
}

/// Whether another limit holds whoever a limit is for, by what nobody chooses.
fn is_held(limit: &Limit, beside: &[&Limit], is_his_own: fn(&By) -> bool) -> bool {
    beside.iter().any(|other| {
        let is_for_him = other.who == limit.who || other.who == Who::All;
        let is_long = |part: &By| matches!(part, By::Ip6(bits) if *bits > 64);
        let tells = |part: &By| is_his_own(part) && !is_long(part);
        is_for_him && holds(other) && other.by.iter().all(tells)
    })
}

/// A value that clients make up: each is a share.
fn chosen(path: &str, limit: &Limit, beside: &[&Limit], reading: &mut Reading<'_>) {
    let Some(part) = limit.by.iter().find(|part| part.is_chosen()) else { return };
    if is_held(limit, beside, |part| !part.is_chosen()) {
        return;
    }
    let place = reading.place(&format!("{path}.by"));
    reading.warn(
        place,
        format!("a caller has as many shares of {:?} as it makes up values of {part}", limit.name),
        "add a limit by \"address\" or \"user\" beside it",
    );
}

/// More bits than a subscriber cannot choose (RFC 6177).
fn long_prefix(path: &str, limit: &Limit, reading: &mut Reading<'_>) {
    let Some(bits) = limit.by.iter().find_map(|part| match part {
        By::Ip6(bits) if *bits > 64 => Some(*bits),
        _ => None,
    }) else {
        return;
    };
    let place = reading.place(&format!("{path}.by"));
    reading.warn(
        place,
        format!("whoever has an IPv6 /64 has 2^{} shares of {:?}", bits - 64, limit.name),
        "count by \"address\" beside it, or by \"ip6/64\" at the longest",
    );
}

/// A share for each token, and none for whoever asks for tokens.
fn tokens(path: &str, limit: &Limit, beside: &[&Limit], reading: &mut Reading<'_>) {
    let is_of_tokens = limit.by.contains(&By::Token) && !limit.by.contains(&By::User);
    if !is_of_tokens || is_held(limit, beside, |part| *part != By::Token && !part.is_chosen()) {
        return;
    }
    let place = reading.place(&format!("{path}.by"));
    reading.warn(
        place,
        format!("whoever signs in again has a whole share of {:?} again", limit.name),
        "add a limit by \"user\" beside it",
    );
}

/// Requests that one page has under way at once: browsers open six connections to a host, and far
/// more streams of HTTP/2.
const AT_ONCE: u32 = 20;

/// What is taken before an answer tells is taken of everybody, as long as his requests are under
/// way.
fn under_way(path: &str, limit: &Limit, reading: &mut Reading<'_>) {
    let each = match &limit.cost {
        Cost::ByAnswer { most, .. } => *most,
        Cost::Each(cost) if !limit.counts.is_empty() => *cost,
        Cost::ByMethod { .. } | Cost::ByBody { .. } if !limit.counts.is_empty() => 1,
        Cost::Each(_) | Cost::ByMethod { .. } | Cost::ByBody { .. } => return,
    };
    let at_once = limit.most_at_once() / each.max(1);
    // A route of its own is one that its writer knows.
    if at_once >= AT_ONCE || !path.starts_with("layers.") || limit.is_watched {
        return;
    }
    let key = if limit.counts.is_empty() { "cost" } else { "counts" };
    let place = reading.place(&format!("{path}.{key}"));
    reading.warn(
        place,
        format!(
            "{:?} holds no more than {at_once} requests that are under way at once, whatever they \
             come to",
            limit.name
        ),
        "raise its burst, or put it on the route that it is for: a page loads many things at once",
    );
}

/// A proxy's address stands for everybody behind it.
fn proxies(settings: &Settings, reading: &mut Reading<'_>) {
    let meets = |one: &IpNet, other: &IpNet| one.contains(other) || other.contains(one);
    for (index, network) in settings.quota.allow.networks.iter().enumerate() {
        let Some(proxy) = settings.trusted_proxies.iter().find(|proxy| meets(network, proxy))
        else {
            continue;
        };
        let place = reading.place(&format!("layers.quota.allow.networks[{index}]"));
        reading.warn(
            place,
            format!("{network} meets {proxy}, which is a trusted proxy's"),
            "a proxy's own address is counted all the same: list whom it stands before",
        );
    }
}
