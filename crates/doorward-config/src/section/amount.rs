//! Amounts of tokens and money, as the file writes them: whole numbers inside, so that nothing is
//! rounded where nobody sees it.

use doorward_core::layers::quota::budget::UNITS_OF_USD;

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// So many tokens.
    Tokens(u64),
    /// So many ten millionths of a dollar.
    Money(u64),
    /// So many of whatever the backend's answers count.
    Units(u64),
}

/// Digits behind the point of an amount of money: a unit is 0.00001 dollars.
const MONEY_DIGITS: usize = 5;
/// Digits behind the point of a price, by which all that is written is exact.
const PRICE_DIGITS: usize = 12;

/// Reads `2usd`, `0.50usd`, `100000 tokens`, `500 units`.
pub(crate) fn amount(text: &str) -> Option<Amount> {
    let end = text.bytes().position(|byte| !(byte.is_ascii_digit() || byte == b'.'))?;
    let (number, unit) = text.split_at(end);
    match unit.trim_start_matches(' ') {
        "usd" => decimal(number, MONEY_DIGITS)?.try_into().ok().map(Amount::Money),
        "tokens" => number.parse().ok().map(Amount::Tokens),
        "units" => number.parse().ok().map(Amount::Units),
        _ => None,
    }
}

/// Writes units of money.
pub(crate) fn write_money(units: u32) -> String {
    point(u128::from(units), u128::from(UNITS_OF_USD), MONEY_DIGITS) + "usd"
}

/// Tokens that prices are given for.
const PER: &[(&str, u128)] = &[("1M", 1_000_000), ("1K", 1_000)];

/// Reads `0.15usd/1M`: millionths of a millionth of a dollar for a token.
pub(crate) fn price(text: &str) -> Option<u64> {
    let (money, per) = text.split_once('/')?;
    let (_, per) = PER.iter().find(|(name, _)| *name == per)?;
    let pico = decimal(money.strip_suffix("usd")?.trim_end_matches(' '), PRICE_DIGITS)?;
    if !pico.is_multiple_of(*per) {
        return None;
    }
    u64::try_from(pico / per).ok()
}

/// Writes the price of a token, for a million of them.
pub(crate) fn write_price(pico: u64) -> String {
    // A millionth of a millionth for a token is a millionth for a million.
    point(u128::from(pico), 1_000_000, 6) + "usd/1M"
}

/// Reads `0.15` as a whole number of its last digit's units.
fn decimal(text: &str, digits: usize) -> Option<u128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_part = text.contains('.');
    if whole.is_empty() || !plain(whole) || !plain(part) || part.len() > digits {
        return None;
    }
    if has_part && part.is_empty() {
        return None;
    }
    let unit = 10_u128.checked_pow(u32::try_from(digits).ok()?)?;
    let part: u128 = format!("{part:0<digits$}").parse().ok()?;
    whole.parse::<u128>().ok()?.checked_mul(unit)?.checked_add(part)
}

fn point(number: u128, unit: u128, digits: usize) -> String {
    let (whole, part) = (number / unit, number % unit);
    let part = format!("{part:0digits$}");
    match part.trim_end_matches('0') {
        "" => whole.to_string(),
        part => format!("{whole}.{part}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_whole_numbers_inside() {
        for (text, want) in [
            ("2usd", Some(Amount::Money(200_000))),
            ("0.50usd", Some(Amount::Money(50_000))),
            ("0.00001usd", Some(Amount::Money(1))),
            ("2 usd", Some(Amount::Money(200_000))),
            ("100000 tokens", Some(Amount::Tokens(100_000))),
            ("100000tokens", Some(Amount::Tokens(100_000))),
            ("500 units", Some(Amount::Units(500))),
            ("0.000001usd", None),
            ("1.5 tokens", None),
            ("-1usd", None),
            ("1e3usd", None),
            (".5usd", None),
            ("5.usd", None),
            ("usd", None),
            ("2", None),
            ("2eur", None),
            ("$2", None),
            ("2USD", None),
            ("99999999999999999999999999999999999999999usd", None),
        ] {
            assert_eq!(amount(text), want, "{text}");
        }
        for (units, text) in [(200_000, "2usd"), (50_000, "0.5usd"), (1, "0.00001usd"), (0, "0usd")]
        {
            assert_eq!(write_money(units), text);
        }
    }

    #[test]
    fn prices_are_exact_or_none() {
        for (text, want) in [
            ("0.15usd/1M", Some(150_000)),
            ("0.60usd/1M", Some(600_000)),
            ("2usd/1K", Some(2_000_000_000)),
            ("0.000001usd/1M", Some(1)),
            ("0usd/1M", Some(0)),
            ("0.0000001usd/1M", None),
            ("0.15usd", None),
            ("0.15/1M", None),
            ("0.15usd/M", None),
            ("0.15usd/1m", None),
            ("-0.15usd/1M", None),
        ] {
            assert_eq!(price(text), want, "{text}");
        }
        for pico in [150_000, 1, 600_000, 2_000_000_000, 0] {
            assert_eq!(price(&write_price(pico)), Some(pico));
        }
    }
}
