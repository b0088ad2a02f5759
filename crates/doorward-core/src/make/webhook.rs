//! Who sends a route's deliveries.

use crate::route::{Kind, Settings as RouteSettings};
use crate::settings::SettingsError;
use crate::webhook::Scheme;

/// How a webhook's deliveries are signed.
pub(super) fn of_route(
    route: &RouteSettings,
    place: usize,
    errors: &mut Vec<SettingsError>,
) -> Option<Scheme> {
    let at = format!("route[{place}].webhook");
    let mut error = |what: String, hint: &str| {
        errors.push(SettingsError::new(at.clone(), what, hint));
    };
    let example = "write kind = \"webhook\" and webhook = { scheme = \"stripe\", \
                   secret = \"env:STRIPE_SECRET\" }";
    match (route.kind, &route.webhook) {
        (Kind::Webhook, Some(settings)) => Scheme::new(&settings.kind, &settings.secrets)
            .map_err(|wrong| error(wrong.to_string(), "see docs/integrations.md"))
            .ok(),
        (Kind::Webhook, None) => {
            error("nobody could tell who sends this webhook".to_owned(), example);
            None
        }
        (_, Some(_)) => {
            error("only a route of the kind `webhook` has a sender".to_owned(), example);
            None
        }
        (_, None) => None,
    }
}
