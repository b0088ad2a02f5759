//! Moments as RFC 3339 writes them.

/// Reads a moment (RFC 3339 5.6): whole seconds since 1970 in UTC. Parts of a second are cut off.
#[must_use]
pub fn unix_s(text: &str) -> Option<u64> {
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
    match without_fraction(text.get(19..)?)? {
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
#[must_use]
pub fn write(unix_s: u64) -> String {
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

/// What stands behind `.5`, where that is there.
fn without_fraction(text: &str) -> Option<&str> {
    let Some(rest) = text.strip_prefix('.') else { return Some(text) };
    let behind = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    (behind.len() < rest.len()).then_some(behind)
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

fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rfc_3339() {
        for (text, want) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-12-31T00:00:00Z", Some(1_798_675_200)),
            ("2024-02-29T12:30:15Z", Some(1_709_209_815)),
            ("2024-02-29T12:30:15.000Z", Some(1_709_209_815)),
            ("2024-02-29T12:30:15.9z", Some(1_709_209_815)),
            ("2024-02-29T13:30:15+01:00", Some(1_709_209_815)),
            ("2024-02-29T13:30:15.123456+01:00", Some(1_709_209_815)),
            ("2024-02-29T12:00:15-00:30", Some(1_709_209_815)),
            ("2024-02-29T12:30:15.Z", None),
            ("2024-02-29T12:30:15.5", None),
            ("2024-02-29T12:30:15,5Z", None),
            ("2023-02-29T12:30:15Z", None),
            ("2024-02-29", None),
            ("2024-02-29T12:30:15", None),
            ("1969-12-31T23:59:59Z", None),
            ("1970-01-01T00:00:00+01:00", None),
            ("2024-13-01T00:00:00Z", None),
            ("2024-02-29T12:30:15ü", None),
        ] {
            assert_eq!(unix_s(text), want, "{text}");
        }
        for moment in [0, 1_709_209_815, 1_798_675_200, 951_782_400, 4_102_444_800] {
            assert_eq!(unix_s(&write(moment)), Some(moment));
        }
    }
}
