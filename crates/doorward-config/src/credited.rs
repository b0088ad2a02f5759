//! Upstreams that are given a credential: services that know strangers by the lack of one.

use doorward_core::settings::Settings;

/// Whether some route gives a credential to an upstream.
pub(crate) fn gets_one(settings: &Settings, upstream: usize) -> bool {
    let mut routes = settings.routes.iter().filter(|route| route.upstream == upstream);
    routes.any(|route| !route.credentials.is_empty())
}

/// Whether all that goes to an upstream has a credential, so that it must be asking for one.
pub(crate) fn gets_one_always(settings: &Settings, upstream: usize) -> bool {
    let is_closed = upstream != 0 || settings.message.refuse_unmatched;
    let mut routes = settings.routes.iter().filter(|route| route.upstream == upstream);
    is_closed && gets_one(settings, upstream) && routes.all(|route| !route.credentials.is_empty())
}
