//! Routes where people sign in, and nobody is counted, or whoever succeeds too.

use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::layers::identity::How;
use doorward_core::layers::quota::Counts;
use doorward_core::mode::Mode;
use doorward_core::route::{Kind, Settings as Route};
use doorward_core::settings::Settings;

/// Methods that are attempts only with a body, which nobody sends with them.
const SAFE: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// Says what a route's `sign_in` does not do.
pub(super) fn look(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    for (place, route) in settings.routes.iter().enumerate() {
        let Some(sign_in) = &route.sign_in else { continue };
        let at = reading.place(&format!("route[{place}].sign_in"));
        if let Some((what, hint)) = idle(route, settings) {
            reading.warn(
                at,
                format!("{:?} counts no attempt to sign in: {what}", route.path),
                hint,
            );
        } else if sign_in.counts == Counts::Failures
            && sign_in.success.is_none()
            && !tells_successes(settings)
        {
            reading.warn(
                at,
                format!(
                    "nothing here tells a success at {:?} from a failure, so each attempt counts \
                     as one",
                    route.path
                ),
                "say how the backend answers whoever has signed in, and nobody else: success = { \
                 status = [204] }, or success = { location = \"/\" }",
            );
        }
    }
}

/// Why a route counts nothing, and how to mend it.
fn idle(route: &Route, settings: &Settings) -> Option<(&'static str, &'static str)> {
    let only_reads = !route.methods.is_empty()
        && route.methods.iter().all(|method| SAFE.contains(&method.as_str()));
    if matches!(route.kind, Kind::Page | Kind::Health) {
        let what = "pages and health checks take GET and HEAD alone";
        return Some((
            what,
            "leave out `kind`, or put `sign_in` on the route that the form posts to",
        ));
    }
    if only_reads {
        let what = "its `methods` only read";
        return Some((what, "add \"POST\" to `methods`, or leave `sign_in` out"));
    }
    if settings.layer_modes.contains(&("quota", Mode::Off)) {
        return Some(("`quota` is off", "take out [layers.quota] mode = \"off\""));
    }
    None
}

/// Whether an answer tells that somebody has signed in, without more being said.
fn tells_successes(settings: &Settings) -> bool {
    let identity = &settings.identity;
    let is_of_sessions = |how: &How| matches!(how, How::Whoami(_) | How::Record(_));
    let has_sessions = identity.checkers.iter().any(|checker| is_of_sessions(&checker.how));
    let has_tokens = !identity.issuers.is_empty() || !identity.checkers.is_empty();
    has_sessions || (has_tokens && !identity.reads_cookies())
}
