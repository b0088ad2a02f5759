//! When a certificate ends: the one field that the TLS library does not tell (RFC 5280 4.1).
//!
//! Only the way to it is read: `Certificate { TBSCertificate { [0] version, serialNumber,
//! signature, issuer, Validity { notBefore, notAfter }, … } … }`, in DER.

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The second at which `certificate` ends, since 1970; none if it is not one.
pub(crate) fn not_after(certificate: &[u8]) -> Option<i64> {
    let (whole, rest) = expect(certificate, SEQUENCE)?;
    if !rest.is_empty() {
        return None;
    }
    let (mut fields, _) = expect(whole, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        (_, fields) = expect(fields, VERSION)?;
    }
    (_, fields) = expect(fields, INTEGER)?;
    (_, fields) = expect(fields, SEQUENCE)?;
    (_, fields) = expect(fields, SEQUENCE)?;
    let (validity, _) = expect(fields, SEQUENCE)?;
    let (_, _, after_begin) = element(validity)?;
    let (tag, time, rest) = element(after_begin)?;
    if rest.is_empty() { unix_s(tag, time) } else { None }
}

/// The contents of the element at the front, which has this tag, and what follows it.
fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, contents, rest) = element(bytes)?;
    (found == tag).then_some((contents, rest))
}

/// The element at the front: its tag, its contents, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            let length = digits.iter().fold(0, |sum, &digit| sum << 8 | usize::from(digit));
            (length, rest)
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}

/// A time as RFC 5280 4.1.2.5 has it: `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn unix_s(tag: u8, text: &[u8]) -> Option<i64> {
    let (year_digits, rest) = match tag {
        UTC_TIME => text.split_at_checked(2)?,
        GENERALIZED_TIME => text.split_at_checked(4)?,
        _ => return None,
    };
    let rest: &[u8; 11] = rest.try_into().ok()?;
    if rest[10] != b'Z' {
        return None;
    }
    let year = match (tag, number(year_digits)?) {
        (UTC_TIME, year @ 0..50) => 2000 + year,
        (UTC_TIME, year) => 1900 + year,
        (_, year) => year,
    };
    let [month, day] = [number(&rest[..2])?, number(&rest[2..4])?];
    let [hour, minute, second] =
        [number(&rest[4..6])?, number(&rest[6..8])?, number(&rest[8..10])?];
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 {
        return None;
    }
    Some(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second.min(60))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the leap day is the last of its year.
    let year = if month > 2 { year } else { year - 1 };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_rfc_5280_writes_them() {
        for (tag, text, want) in [
            (UTC_TIME, "700101000000Z", Some(0)),
            (UTC_TIME, "491231235959Z", Some(2_524_607_999)),
            (UTC_TIME, "500101000000Z", Some(-631_152_000)),
            (UTC_TIME, "240229120000Z", Some(1_709_208_000)),
            (GENERALIZED_TIME, "20500101000000Z", Some(2_524_608_000)),
            (GENERALIZED_TIME, "99991231235959Z", Some(253_402_300_799)),
            (UTC_TIME, "700101000000", None),
            (UTC_TIME, "7001010000Z", None),
            (UTC_TIME, "701301000000Z", None),
            (UTC_TIME, "70010100000xZ", None),
            (GENERALIZED_TIME, "700101000000Z", None),
            (INTEGER, "700101000000Z", None),
        ] {
            assert_eq!(unix_s(tag, text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x00",
            b"\x30\x05\x30\x03\x02\x01\x01",
            b"\x30\x84\xff\xff\xff\xff\x00",
            b"\x30\x80\x00\x00",
        ] {
            assert_eq!(not_after(bytes), None, "{bytes:x?}");
        }
    }
}
