//! Numbers with units: rates, durations, sizes, shares, moments.

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
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| digits(text.get(from..to)?);
    let mark = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
    let marks =
        mark(4, b"-") && mark(7, b"-") && mark(10, b"Tt ") && mark(13, b":") && mark(16, b":");
    if !marks {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    if day > month_days(year, month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local = days_before(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    match text.get(19..)? {
        "Z" | "z" => Some(local),
        offset => {
            let (sign, rest) = offset.split_at_checked(1)?;
            let (hours, minutes) = rest.split_once(':')?;
            if hours.len() != 2 || minutes.len() != 2 {
                return None;
            }
            let (hours, minutes) = (digits(hours)?, digits(minutes)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let ahead = hours * 3600 + minutes * 60;
            match sign {
                "+" => local.checked_sub(ahead),
                "-" => local.checked_add(ahead),
                _ => None,
            }
        }
    }
}

/// Writes seconds since 1970 as RFC 3339 does, in UTC.
pub(crate) fn write_moment(unix_s: u64) -> String {
    let (mut days, rest) = (unix_s / 86_400, unix_s % 86_400);
    let mut year = 1970;
    while year < 9999 && days >= year_days(year) {
        days -= year_days(year);
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days >= month_days(year, month) {
        days -= month_days(year, month);
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", days + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn year_days(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn month_days(year: u64, month: u64) -> u64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

fn days_before(year: u64, month: u64, day: u64) -> u64 {
    let years: u64 = (1970..year).map(year_days).sum();
    let months: u64 = (1..month).map(|month| month_days(year, month)).sum();
    years + months + day - 1
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
    fn moments_are_rfc_3339() {
        for (text, want) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-12-31T00:00:00Z", Some(1_798_675_200)),
            ("2024-02-29T12:30:15Z", Some(1_709_209_815)),
            ("2024-02-29T13:30:15+01:00", Some(1_709_209_815)),
            ("2024-02-29T12:00:15-00:30", Some(1_709_209_815)),
            ("2023-02-29T12:30:15Z", None),
            ("2024-02-29", None),
            ("2024-02-29T12:30:15", None),
            ("1969-12-31T23:59:59Z", None),
            ("1970-01-01T00:00:00+01:00", None),
            ("2024-13-01T00:00:00Z", None),
            ("2024-02-29T12:30:15ü", None),
        ] {
            assert_eq!(moment_unix_s(text), want, "{text}");
        }
        for unix_s in [0, 1_709_209_815, 1_798_675_200, 951_782_400, 4_102_444_800] {
            assert_eq!(moment_unix_s(&write_moment(unix_s)), Some(unix_s));
        }
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
