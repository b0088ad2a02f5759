//! Dates in `Expires`, as browsers read them (RFC 6265 5.1.1).

/// Seconds since 1970; none where a browser reads no date. Before 1970: zero.
pub(super) fn unix_s(text: &[u8]) -> Option<u64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter =
        |byte: &u8| matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        // Each part is the first that fits, in this order.
        if time.is_none() && clock(token).is_some() {
            time = clock(token);
        } else if day.is_none() && number(token, 1, 2).is_some() {
            day = number(token, 1, 2);
        } else if month.is_none() && month_of(token).is_some() {
            month = month_of(token);
        } else if year.is_none() && number(token, 2, 4).is_some() {
            year = number(token, 2, 4);
        }
    }
    let (time, day, month) = (time?, day?, month?);
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    if year < 1601 || day == 0 || day > month_days(year, month) {
        return None;
    }
    if year < 1970 {
        return Some(0);
    }
    let of_years: u64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let of_months: u64 = (1..month).map(|month| month_days(year, month)).sum();
    Some((of_years + of_months + day - 1) * 86_400 + time)
}

/// A number of so many digits at the beginning, with no digit behind.
fn number(token: &[u8], least: usize, most: usize) -> Option<u64> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(least..=most).contains(&digits) {
        return None;
    }
    std::str::from_utf8(token.get(..digits)?).ok()?.parse().ok()
}

/// `hh:mm:ss`, in seconds.
fn clock(token: &[u8]) -> Option<u64> {
    let mut parts = token.splitn(3, |byte| *byte == b':');
    let exact = |part: &[u8]| number(part, 1, 2).filter(|_| part.iter().all(u8::is_ascii_digit));
    let (hour, minute) = (exact(parts.next()?)?, exact(parts.next()?)?);
    let second = number(parts.next()?, 1, 2)?;
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

fn month_of(token: &[u8]) -> Option<u64> {
    const MONTHS: [&[u8]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let begin = token.get(..3)?;
    let place = MONTHS.iter().position(|month| begin.eq_ignore_ascii_case(month))?;
    u64::try_from(place + 1).ok()
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn month_days(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::unix_s;

    #[test]
    fn dates_are_read_as_browsers_do() {
        for (text, want) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Thu, 01-Jan-1970 00:00:01 GMT", Some(1)),
            ("Thu Jan  1 00:00:10 1970", Some(10)),
            ("Mon, 31-Dec-29 12:30:15 GMT", Some(1_893_414_615)),
            ("Thu, 29 Feb 2024 12:30:15 GMT", Some(1_709_209_815)),
            ("Fri, 31 Dec 1600 23:59:59 GMT", None),
            ("Sun, 01 Jan 1950 00:00:00 GMT", Some(0)),
            ("Thu, 29 Feb 2023 12:30:15 GMT", None),
            ("Thu, 01 Jan 1970 24:00:00 GMT", None),
            ("01 Jan 1970", None),
            ("0", None),
            ("-1", None),
            ("", None),
            ("Session", None),
        ] {
            assert_eq!(unix_s(text.as_bytes()), want, "{text}");
        }
    }
}
