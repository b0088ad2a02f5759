//! Budgets that hold less than they seem to.

use super::quota::LONG_WINDOW_S;
use crate::config::StoreAt;
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::layers::quota::budget::By;

/// Says what the budgets do not do.
pub(super) fn look(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    for (place, budget) in settings.budget.budgets.iter().enumerate() {
        let at = reading.place(&format!("layers.quota.budgets[{place}]"));
        let mut routes =
            settings.routes.iter().filter(|route| route.budgets.contains(&budget.name));
        if routes.next().is_none() {
            let what = format!("nothing spends the budget {:?}", budget.name);
            reading.warn(at, what, "name it on a route: budget = [\"…\"]; or leave it out");
        } else if draft.store == StoreAt::Memory && budget.window_s >= LONG_WINDOW_S {
            let what = format!("a restart forgets what was spent of {:?}", budget.name);
            let hint =
                "keep it: [store] url = \"file:doorward.redb\", or a server that all gates ask";
            reading.warn(at, what, hint);
        }
    }
    let is_everybodys = |name: &String| {
        let mut budgets = settings.budget.budgets.iter();
        budgets.any(|budget| budget.name == *name && budget.by == By::Everybody)
    };
    for (place, route) in settings.routes.iter().enumerate() {
        if !route.budgets.is_empty() && route.budgets.iter().all(is_everybodys) {
            let at = reading.place(&format!("route[{place}].budget"));
            let what = "one caller can use up what everybody has here".to_owned();
            reading.note(
                at,
                what,
                "add a budget by [\"pass\"], [\"user\"] or [\"address\"] beside it",
            );
        }
    }
}
