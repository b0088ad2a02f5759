//! `[layers.quota] budgets` and `[prices]`.

use super::amount::{self, Amount};
use crate::document::{Table, Value, shorten};
use crate::draft::Draft;
use crate::measure;
use crate::reading::Reading;
use doorward_core::layers::quota::budget::{Budget, By, Path, Price, Unit};

/// The words of `by`.
pub(crate) const BY: &[(&str, By)] = &[
    ("everybody", By::Everybody),
    ("address", By::Address),
    ("network", By::Network),
    ("user", By::User),
    ("pass", By::Pass),
];

/// Reads budgets. One that cannot be read keeps its place, so that the others keep theirs.
pub(super) fn read(list: &[Value<'_>], draft: &mut Draft, reading: &mut Reading<'_>) {
    let budgets = list.iter().map(|value| budget(value, reading)).collect();
    draft.settings.budget.budgets = budgets;
}

fn budget(value: &Value<'_>, reading: &mut Reading<'_>) -> Budget {
    let mut budget = Budget {
        name: String::new(),
        by: By::Everybody,
        window_s: 86_400,
        unit: Unit::Tokens,
        limit: 1,
    };
    let Some(table) = value.table(reading) else { return budget };
    match table.value("name") {
        Some(name) => budget.name = name.text(reading).unwrap_or_default().to_owned(),
        None => {
            let hint = "write name = \"ai\": routes name it, and it stands in metrics";
            let _: Option<()> = value.error("this budget has no name", hint, reading);
        }
    }
    match table.value("by") {
        Some(by) => budget.by = one_of(&by, reading).unwrap_or(budget.by),
        None => {
            let hint = "write by = [\"pass\"], [\"user\"], [\"address\"] or [\"network\"]; \
                        [\"everybody\"] for what you may be billed in all";
            let _: Option<()> = value.error("this budget does not say whose it is", hint, reading);
        }
    }
    if let Some(per) = table.value("per") {
        budget.window_s = window(&per, reading).unwrap_or(budget.window_s);
    }
    let said = said_in(value, &table, reading);
    match table.value("limit") {
        Some(limit) => {
            if let Some((unit, units)) =
                limit_of(&limit, (said, table.value("usage").is_some()), reading)
            {
                (budget.unit, budget.limit) = (unit, units);
            }
        }
        None => {
            let hint = "add limit = \"2usd\" or limit = \"100000 tokens\"";
            let _: Option<()> = value.error("this budget does not say how much", hint, reading);
        }
    }
    budget
}

/// Whose: one word, in a list as limits have it.
fn one_of(by: &Value<'_>, reading: &mut Reading<'_>) -> Option<By> {
    let list = by.list(reading);
    let mut words = list.iter().map(|entry| entry.choose(BY, reading));
    match (words.next(), words.next()) {
        (Some(first), None) => first,
        (None, _) if reading.is_faulty(&by.place) => None,
        _ => {
            let hint = "write two budgets, and both names on the route";
            by.error("a budget is counted by one of these", hint, reading)
        }
    }
}

fn window(per: &Value<'_>, reading: &mut Reading<'_>) -> Option<u32> {
    let text = per.text(reading)?;
    let window = measure::window_s(text);
    window.or_else(|| {
        let what = format!("{:?} is no window", shorten(text));
        let hint = "write \"day\", \"hour\", \"minute\" or whole seconds such as \"30s\", at most \
                    31d";
        per.error(what, hint, reading)
    })
}

/// Where the answer says what it cost, and what is taken before.
fn said_in(value: &Value<'_>, table: &Table<'_>, reading: &mut Reading<'_>) -> Option<(Path, u32)> {
    let reserve = table.value("reserve");
    let Some(usage) = table.value("usage") else {
        if let Some(reserve) = reserve {
            let what = "`reserve` belongs to `usage`: what an AI is asked says by itself";
            let _: Option<()> = reserve.error(what, "leave it out", reading);
        }
        return None;
    };
    let text = usage.text(reading)?;
    let Some(path) = Path::parse(text) else {
        let what = format!("{:?} leads to no member", shorten(text));
        return usage.error(what, "write it like \"$.meta.cost\"", reading);
    };
    let Some(reserve) = reserve else {
        let hint = "add reserve = 10: as much as one request may cost";
        return value.error("nobody knows what to take before the answer", hint, reading);
    };
    let reserve = reserve.whole(reading)?;
    Some((path, u32::try_from(reserve).ok()?))
}

fn limit_of(
    limit: &Value<'_>,
    (said, has_usage): (Option<(Path, u32)>, bool),
    reading: &mut Reading<'_>,
) -> Option<(Unit, u32)> {
    let text = limit.text(reading)?;
    let (unit, units) = match (amount::amount(text), said) {
        (Some(Amount::Units(units)), Some((usage, reserve))) => {
            (Unit::Said { usage, reserve }, units)
        }
        (Some(Amount::Tokens(tokens)), None) => (Unit::Tokens, tokens),
        (Some(Amount::Money(units)), None) => (Unit::Money, units),
        // What is wrong with it was said where it stands.
        (Some(Amount::Units(_)), None) if has_usage => return None,
        (Some(Amount::Units(_)), None) => {
            let hint = "write tokens or usd, or add `usage` and `reserve`";
            return limit.error("nobody says where these units stand", hint, reading);
        }
        (Some(_), Some(_)) => {
            let what = "with `usage` the backend's own units are counted";
            return limit.error(what, "write limit = \"500 units\"", reading);
        }
        (None, _) => {
            let what = format!("{:?} is no amount", shorten(text));
            let hint = "write \"2usd\" (0.00001 at the least), \"100000 tokens\", or \"500 units\"";
            return limit.error(what, hint, reading);
        }
    };
    match u32::try_from(units).ok().filter(|units| *units > 0) {
        Some(units) => Some((unit, units)),
        None => {
            let what = "so much cannot be counted in one window";
            let hint = "write more than nothing, and at most 42949usd or 4294967295 tokens";
            limit.error(what, hint, reading)
        }
    }
}

/// Reads the price of each model.
pub(crate) fn read_prices(prices: &Value<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    for (model, value) in prices.members(reading) {
        reading.point(value.path.clone(), &value.place);
        let Some(table) = value.table(reading) else { continue };
        let (input, output) = (price(&table, "input", reading), price(&table, "output", reading));
        for (name, said) in [("input", input), ("output", output)] {
            if said.is_none() && table.value(name).is_none() {
                let what = format!("a token's price lacks its `{name}`");
                let hint = format!("add {name} = \"0.15usd/1M\", as your provider bills it");
                let _: Option<()> = value.error(what, hint, reading);
            }
        }
        let cached_pico_usd = price(&table, "cached", reading);
        let (Some(input_pico_usd), Some(output_pico_usd)) = (input, output) else { continue };
        let price = Price { input_pico_usd, cached_pico_usd, output_pico_usd };
        let known = &mut draft.settings.budget.prices;
        known.retain(|(other, _)| *other != model);
        known.push((model, price));
    }
}

fn price(table: &Table<'_>, name: &str, reading: &mut Reading<'_>) -> Option<u64> {
    let value = table.value(name)?;
    let text = value.text(reading)?;
    amount::price(text).or_else(|| {
        let what = format!("{:?} is no price", shorten(text));
        let hint = "write \"0.15usd/1M\": dollars for a million tokens, or for 1K";
        value.error(what, hint, reading)
    })
}
