//! `[limits]` and `[time]`: how large, how many, how long.

use crate::document::Table;
use crate::draft::Draft;
use crate::reading::Reading;
use std::time::Duration;

pub(crate) fn read_limits(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    let bounds = &mut draft.bounds;
    let sizes = [("head", &mut bounds.head_bytes_max), ("path", &mut bounds.path_bytes_max)];
    for (name, bound) in sizes {
        if let Some(size) = table.value(name).and_then(|value| value.size(reading)) {
            *bound = usize::try_from(size).unwrap_or(usize::MAX);
        }
    }
    let counts = [
        ("headers", &mut bounds.headers_max),
        ("connections", &mut bounds.connections_max),
        ("upstream_requests", &mut bounds.upstream_requests_max),
    ];
    for (name, bound) in counts {
        if let Some(count) = table.value(name).and_then(|value| value.whole(reading)) {
            *bound = usize::try_from(count).unwrap_or(usize::MAX);
        }
    }
    if let Some(size) = table.value("least_rate").and_then(|value| value.size(reading)) {
        bounds.least_rate_bytes_per_s = u32::try_from(size).unwrap_or(u32::MAX);
    }
    if let Some(path) = table.value("path")
        && bounds.path_bytes_max > bounds.head_bytes_max
    {
        let what = "a path cannot be longer than the head that it stands in";
        let _: Option<()> = path.error(what, "raise `head` too, or lower `path`", reading);
    }
    draft.settings.message.path_bytes_max = bounds.path_bytes_max;
    draft.settings.message.headers_max = bounds.headers_max;
}

pub(crate) fn read_times(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    let bounds = &mut draft.bounds;
    let times: [(&str, &mut Duration); 9] = [
        ("head", &mut bounds.head),
        ("idle", &mut bounds.idle),
        ("body", &mut bounds.body),
        ("write", &mut bounds.write),
        ("connect", &mut bounds.connect),
        ("upstream", &mut bounds.upstream),
        ("stream", &mut bounds.stream),
        ("upstream_idle", &mut bounds.upstream_idle),
        ("drain", &mut bounds.drain),
    ];
    for (name, bound) in times {
        if let Some(time) = table.value(name).and_then(|value| value.duration(reading)) {
            *bound = time;
        }
    }
}
