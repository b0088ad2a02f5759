//! Budgets, prices, and what an AI may be asked, as they are effective.

use super::{Page, list, quote, word};
use crate::measure::{write_duration, write_size};
use crate::section::amount::{write_money, write_price};
use crate::section::budget::BY;
use doorward_core::layers::body::AiSettings;
use doorward_core::layers::quota::budget::{Budget, Price, Unit};
use doorward_core::route::Settings as Route;
use std::fmt::Write;
use std::time::Duration;

/// `budgets` of `[layers.quota]`.
pub(super) fn budgets(budgets: &[Budget], page: &mut Page<'_>) {
    let texts: Vec<String> = budgets.iter().map(budget_text).collect();
    page.lines("budgets", &texts);
}

fn budget_text(budget: &Budget) -> String {
    let per = write_duration(Duration::from_secs(u64::from(budget.window_s)));
    let (name, by, per) = (quote(&budget.name), word(BY, budget.by), quote(&per));
    let limit = match &budget.unit {
        Unit::Tokens => format!("limit = \"{} tokens\"", budget.limit),
        Unit::Money => format!("limit = {}", quote(&write_money(budget.limit))),
        Unit::Said { usage, reserve } => {
            let usage = quote(&usage.text());
            format!("limit = \"{} units\", usage = {usage}, reserve = {reserve}", budget.limit)
        }
    };
    format!("{{ name = {name}, by = [{by}], per = {per}, {limit} }}")
}

/// `[prices]`.
pub(super) fn prices(prices: &[(String, Price)], page: &mut Page<'_>) {
    if prices.is_empty() {
        return;
    }
    page.open("prices");
    for (model, price) in prices {
        let at = page.said.at(&format!("prices.{model}")).unwrap_or("default").to_owned();
        let cached =
            price.cached_pico_usd.map(|pico| format!(", cached = {:?}", write_price(pico)));
        let line = format!(
            "{} = {{ input = {:?}, output = {:?}{} }}",
            quote(model),
            write_price(price.input_pico_usd),
            write_price(price.output_pico_usd),
            cached.unwrap_or_default(),
        );
        let _ = writeln!(page.out, "{line:column$} # {at}", column = super::COMMENT_COLUMN);
    }
}

/// `route.ai` and `route.budget`.
pub(super) fn spends(route: &Route, page: &mut Page<'_>) {
    match &route.ai {
        Some(ai) => page.key("ai", &ai_text(ai)),
        None => page.absent("ai", "bodies are not read for that"),
    }
    page.key("budget", &list(&route.budgets));
}

fn ai_text(ai: &AiSettings) -> String {
    let AiSettings { models, parameters, prompt_bytes_max, tokens_max, tools, urls } = ai;
    format!(
        "{{ models = {}, parameters = {}, prompt_max = {}, tokens_max = {tokens_max}, \
         tools = {tools}, urls = {urls} }}",
        list(models),
        list(parameters),
        quote(&write_size(*prompt_bytes_max)),
    )
}
