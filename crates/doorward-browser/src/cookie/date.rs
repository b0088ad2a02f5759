//! The date of `Expires`, as leniently as browsers read it (RFC 6265bis 5.1.1).

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// What was found so far; each part counts once, and the first of them.
#[derive(Default)]
struct Found {
    time: Option<(i64, i64, i64)>,
    day: Option<i64>,
    month: Option<usize>,
    year: Option<i64>,
}

/// Seconds since 1970; none where it is no date.
pub(super) fn read(text: &str) -> Option<i64> {
    let mut found = Found::default();
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        found.take(token);
    }
    let ((hour, minute, second), day) = (found.time?, found.day?);
    let (month, year) = (found.month?, full_year(found.year?));
    let is_date = (1..=31).contains(&day) && year >= 1601;
    let is_time = hour <= 23 && minute <= 59 && second <= 59;
    if !is_date || !is_time || day > days_of(month, year) {
        return None;
    }
    Some(((days_before(year, month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second)
}

impl Found {
    fn take(&mut self, token: &str) {
        if self.time.is_none()
            && let Some(time) = time(token)
        {
            self.time = Some(time);
        } else if self.day.is_none()
            && let Some(day) = number(token, 1, 2)
        {
            self.day = Some(day);
        } else if self.month.is_none()
            && let Some(month) = month(token)
        {
            self.month = Some(month);
        } else if self.year.is_none()
            && let Some(year) = number(token, 2, 4)
        {
            self.year = Some(year);
        }
    }
}

const fn is_delimiter(one: char) -> bool {
    matches!(one, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// `12:34:56`; what follows and is no digit does not count.
fn time(token: &str) -> Option<(i64, i64, i64)> {
    let mut parts = token.splitn(3, ':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = |text: &str| {
        let is_all = text.bytes().all(|byte| byte.is_ascii_digit());
        is_all.then(|| number(text, 1, 2)).flatten()
    };
    Some((whole(hour)?, whole(minute)?, number(second, 1, 2)?))
}

fn month(token: &str) -> Option<usize> {
    let begins = token.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|month| *month == begins)
}

/// The digits in front, if there are as many as there may be.
fn number(token: &str, least: usize, most: usize) -> Option<i64> {
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    if !(least..=most).contains(&digits) {
        return None;
    }
    token.get(..digits)?.parse().ok()
}

const fn full_year(year: i64) -> i64 {
    match year {
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        _ => year,
    }
}

const fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

const fn days_of(month: usize, year: i64) -> i64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// Days from 1970 to the first of a month; before 1970 they are negative.
fn days_before(year: i64, month: usize) -> i64 {
    let last = year - 1;
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leaps(last) - leaps(1969);
    years + (0..month).map(|month| days_of(month, year)).sum::<i64>()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn dates() {
        let rows = [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Thu, 01-Jan-1970 00:00:01 GMT", Some(1)),
            ("Fri, 02 Jan 1970 00:00:00 GMT", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("1 jan 2000 0:0:0", Some(946_684_800)),
            ("29 Feb 2024 00:00:00", Some(1_709_164_800)),
            ("29 Feb 2023 00:00:00", None),
            ("31 Dec 1969 23:59:59", Some(-1)),
            ("1 Jan 1600 00:00:00", None),
            ("1 Jan 2000 24:00:00", None),
            ("1 Jan 2000", None),
            ("tomorrow", None),
            ("", None),
        ];
        for (text, want) in rows {
            assert_eq!(read(text), want, "{text}");
        }
    }
}
