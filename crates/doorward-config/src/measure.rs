//! Numbers with units: rates, durations, sizes, shares, moments.

use doorward_core::date;
pub(crate) use doorward_core::date::write as write_moment;
use std::time::Duration;

/// `600/min`: so many in a unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How many; 1 to `PACE_COUNT_MAX`.
    pub(crate) count: u32,
    /// Nanoseconds of the unit.
    pub(crate) unit_ns: u64,
}

/// The count of a rate at the most.
pub(crate) const PACE_COUNT_MAX: u32 = 1_000_000;

const SECOND_NS: u64 = 1_000_000_000;

/// The units of rates.
const PACE_UNITS: &[(&str, u64)] = &[
    ("sec", SECOND_NS),
    ("min", 60 * SECOND_NS),
    ("hour", 3600 * SECOND_NS),
    ("day", 86_400 * SECOND_NS),
];

/// Reads `N/sec`, `N/min`, `N/hour`, `N/day`.
pub(crate) fn pace(text: &str) -> Option<Pace> {
    let (count, unit) = text.split_once('/')?;
    let count: u32 = digits(count)?.try_into().ok()?;
    let (_, unit_ns) = PACE_UNITS.iter().find(|(name, _)| *name == unit)?;
    (1..=PACE_COUNT_MAX).contains(&count).then_some(Pace { count, unit_ns: *unit_ns })
}

/// The units of durations, in milliseconds.
const DURATION_UNITS: &[(&str, u64)] =
    &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Reads `10s`, `5m`, `2h`, `7d`, `250ms`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let (count, unit) = split_unit(text)?;
    let (_, unit_ms) = DURATION_UNITS.iter().find(|(name, _)| *name == unit)?;
    Some(Duration::from_millis(count.checked_mul(*unit_ms)?))
}

/// Writes a duration in its largest whole unit.
pub(crate) fn write_duration(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if ms == 0 {
        return "0s".to_owned();
    }
    let unit = DURATION_UNITS.iter().find(|(_, unit_ms)| ms.is_multiple_of(*unit_ms));
    unit.map_or_else(|| format!("{ms}ms"), |(name, unit_ms)| format!("{}{name}", ms / unit_ms))
}

/// The units of sizes, in bytes.
const SIZE_UNITS: &[(&str, u64)] =
    &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Reads `64KiB`, `1MiB`, `512B`: bytes.
pub(crate) fn size(text: &str) -> Option<u64> {
    let (count, unit) = split_unit(text)?;
    let (_, unit_bytes) = SIZE_UNITS.iter().find(|(name, _)| *name == unit)?;
    count.checked_mul(*unit_bytes)
}

/// Writes a size in its largest whole unit.
pub(crate) fn write_size(bytes: u64) -> String {
    if bytes == 0 {
        return "0B".to_owned();
    }
    let unit = SIZE_UNITS.iter().find(|(_, unit_bytes)| bytes.is_multiple_of(*unit_bytes));
    unit.map_or_else(|| format!("{bytes}B"), |(name, unit)| format!("{}{name}", bytes / unit))
}

/// Reads `10%`: 0 to 100.
pub(crate) fn percent(text: &str) -> Option<u8> {
    let number = digits(text.strip_suffix('%')?)?;
    u8::try_from(number).ok().filter(|percent| *percent <= 100)
}

/// The window of a limit: `day`, `hour`, `minute`, or a duration; seconds.
pub(crate) fn window_s(text: &str) -> Option<u32> {
    let seconds = match text {
        "day" => 86_400,
        "hour" => 3600,
        "minute" => 60,
        _ => {
            let length = duration(text)?;
            if length.subsec_millis() != 0 {
                return None;
            }
            u32::try_from(length.as_secs()).ok()?
        }
    };
    (1..=WINDOW_S_MAX).contains(&seconds).then_some(seconds)
}

/// Seconds of a limit's window at the most: 31 days.
pub(crate) const WINDOW_S_MAX: u32 = 31 * 86_400;

/// Reads a moment as RFC 3339 writes it, without fractions: seconds since 1970 in UTC.
pub(crate) fn moment_unix_s(text: &str) -> Option<u64> {
    // Nobody means a part of a second in a configuration.
    if text.contains('.') { None } else { date::unix_s(text) }
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit())?;
    Some((digits(&text[..end])?, &text[end..]))
}

fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_durations_sizes_and_shares_have_units() {
        let rate = |count, seconds: u64| Some(Pace { count, unit_ns: seconds * SECOND_NS });
        for (text, want) in [
            ("600/min", rate(600, 60)),
            ("1/sec", rate(1, 1)),
            ("5/hour", rate(5, 3600)),
            ("1000/day", rate(1000, 86_400)),
            ("0/min", None),
            ("600/minute", None),
            ("600 / min", None),
            ("-1/min", None),
            ("600", None),
            ("99999999999999999999/min", None),
        ] {
            assert_eq!(pace(text), want, "{text}");
        }
        for (text, want_ms) in [
            ("10s", Some(10_000)),
            ("5m", Some(300_000)),
            ("2h", Some(7_200_000)),
            ("7d", Some(604_800_000)),
            ("250ms", Some(250)),
            ("0s", Some(0)),
            ("10", None),
            ("s", None),
            ("1.5s", None),
            ("10 s", None),
            ("99999999999999999999d", None),
            ("9999999999999999d", None),
        ] {
            assert_eq!(duration(text), want_ms.map(Duration::from_millis), "{text}");
        }
        for (text, want) in [
            ("16KiB", Some(16_384)),
            ("1MiB", Some(1 << 20)),
            ("512B", Some(512)),
            ("16KB", None),
            ("16k", None),
            ("16", None),
        ] {
            assert_eq!(size(text), want, "{text}");
        }
        for (text, want) in
            [("10%", Some(10)), ("100%", Some(100)), ("101%", None), ("10", None), ("%", None)]
        {
            assert_eq!(percent(text), want, "{text}");
        }
        for (text, want) in [
            ("day", Some(86_400)),
            ("30s", Some(30)),
            ("0s", None),
            ("250ms", None),
            ("32d", None),
            ("week", None),
        ] {
            assert_eq!(window_s(text), want, "{text}");
        }
    }

    #[test]
    fn moments_have_no_fractions() {
        assert_eq!(moment_unix_s("2024-02-29T12:30:15Z"), Some(1_709_209_815));
        assert_eq!(moment_unix_s("2024-02-29T12:30:15.5Z"), None);
    }

    #[test]
    fn what_is_written_reads_as_the_same() {
        for text in ["0s", "10s", "90s", "5m", "2h", "7d", "250ms"] {
            assert_eq!(write_duration(duration(text).expect("a duration")), text);
        }
        for text in ["0B", "512B", "64KiB", "1MiB", "3GiB"] {
            assert_eq!(write_size(size(text).expect("a size")), text);
        }
    }
}
