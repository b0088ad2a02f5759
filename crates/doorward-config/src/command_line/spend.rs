//! `--budget` and `--prices`: what the requests of `--allow` may spend together.

use crate::document::Table;
use crate::draft::Draft;
use crate::given::Given;
use crate::keys::PRICES_FILE;
use crate::measure;
use crate::reading::Reading;
use crate::section::amount::{Amount, amount};
use crate::section::budget::read_prices;
use crate::source::Place;
use doorward_core::layers::body::AiSettings;
use doorward_core::layers::quota::budget::{Budget, By, Unit};
use std::path::Path;
use toml::de::DeTable;

/// What the budget of the command line is called.
const NAME: &str = "command-line";

/// Writes the flags over the draft. `own`: how many routes the file has; those behind are of
/// `--allow`.
pub(super) fn apply(given: &Given, own: usize, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(path) = &given.prices {
        prices(path, draft, reading);
    }
    let Some(text) = &given.budget else { return };
    let place = reading.add_flag("--budget", text);
    let Some(budget) = budget(text, &place, reading) else { return };
    let index = draft.settings.budget.budgets.len();
    reading.point(format!("layers.quota.budgets[{index}]"), &place);
    if given.allow.is_empty() {
        let hint = "say which requests spend it: --allow 'POST /v1/chat/completions'";
        reading.error(Some(&place), "no request would spend this budget", hint);
    }
    draft.settings.budget.budgets.push(budget);
    for (index, route) in draft.settings.routes.iter_mut().enumerate().skip(own) {
        // What is only read spends nothing.
        let reads = route.methods.iter().all(|method| method == "GET" || method == "HEAD");
        if !route.methods.is_empty() && reads {
            continue;
        }
        for key in ["ai", "budget"] {
            reading.point(format!("route[{index}].{key}"), &place);
        }
        route.ai = Some(AiSettings::default());
        route.budgets = vec![NAME.to_owned()];
    }
}

fn budget(text: &str, place: &Place, reading: &mut Reading<'_>) -> Option<Budget> {
    let mut error = |what: &str| {
        let hint = "write --budget 2usd/day or --budget '100000 tokens/day' (day, hour, minute, \
                    or whole seconds: 30s)";
        reading.error(Some(place), what, hint);
        None
    };
    let Some((limit, per)) = text.rsplit_once('/') else {
        return error("a budget is an amount in a time");
    };
    let Some(window_s) = measure::window_s(per) else {
        return error("this budget's time is no window");
    };
    let (unit, units) = match amount(limit) {
        Some(Amount::Money(units)) => (Unit::Money, units),
        Some(Amount::Tokens(tokens)) => (Unit::Tokens, tokens),
        Some(Amount::Units(_)) | None => return error("this budget's amount is none"),
    };
    let Some(limit) = u32::try_from(units).ok().filter(|units| *units > 0) else {
        return error("so much cannot be counted in one window");
    };
    Some(Budget { name: NAME.to_owned(), by: By::Everybody, window_s, unit, limit })
}

/// Reads a file of prices alone.
fn prices(path: &Path, draft: &mut Draft, reading: &mut Reading<'_>) {
    let name = path.display().to_string();
    let place = reading.add_flag("--prices", &name);
    let bytes = match reading.outside.file(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let what = format!("the prices cannot be read: {error}");
            return reading.error(Some(&place), what, "");
        }
    };
    let hint = "write [prices.\"MODEL\"] with input = \"0.15usd/1M\" and output = \"0.60usd/1M\"";
    let Ok(text) = String::from_utf8(bytes) else {
        return reading.error(Some(&place), "the prices are not UTF-8 text", hint);
    };
    let source = reading.add_source(Some(name), text.clone());
    match DeTable::parse(&text) {
        Ok(document) => {
            let table = Table::open(&PRICES_FILE, document.get_ref(), source, "", reading);
            match table.value("prices") {
                Some(value) => read_prices(&value, draft, reading),
                None => reading.error(Some(&place), "there are no prices in it", hint),
            }
        }
        Err(error) => {
            let place = Place::new(source, error.span().unwrap_or(0..0));
            reading.error(Some(&place), format!("this is not TOML: {}", error.message()), hint);
        }
    }
}
