//! The shadow of the head's checks: what the principles say about a request, told from its facts
//! alone and in other words than the core's.

use super::facts::{Facts, Host, Path, Said, Second, Whose};
use super::world::{GoesBy, LAYERS, ROUTES, RouteFacts, World};
use doorward_core::mode::Mode;
use doorward_core::route::{Embed, Kind};

/// What must come of a request before its caller's shares are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Foretold {
    /// The gate answers by itself.
    Reply,
    /// Refused, by this layer.
    Refuse(&'static str),
    /// It goes on.
    Goes(Going),
}

/// A request that goes on to its caller's shares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Going {
    /// A page or a person sent it, not a program.
    pub(super) is_page: bool,
    /// Monitored layers that would have refused it.
    pub(super) noted: Vec<&'static str>,
}

/// Foretells a request's way.
pub(super) fn foretell(world: &World, facts: &Facts) -> Foretold {
    if facts.path == Path::Health && matches!(facts.method, "GET" | "HEAD") {
        return Foretold::Reply;
    }
    let Some(route) = understood(world, facts) else { return Foretold::Refuse("message") };
    let mut going = Going::default();
    let preflight =
        facts.method == "OPTIONS" && facts.origin != Whose::Nobody && facts.asks != Said::Nothing;
    let answers = mode_of(world, route, "cors");
    let clear = facts.asks == Said::Word("POST") || facts.asks == Said::Word("PUT");
    let approved = is_friend(facts.origin, route) && clear;
    if preflight && answers == Mode::Enforce {
        return if approved { Foretold::Reply } else { Foretold::Refuse("cors") };
    }
    if preflight && answers != Mode::Off && !approved {
        going.noted.push("cors");
    }
    match mode_of(world, route, "site") {
        Mode::Off => {}
        Mode::Monitor if preflight => {}
        mode => match from_friends(world, facts, route) {
            Some(is_page) => going.is_page = is_page,
            None if mode == Mode::Monitor => going.noted.push("site"),
            None => return Foretold::Refuse("site"),
        },
    }
    match mode_of(world, route, "method") {
        Mode::Off => {}
        // Left to the backend, which answers it: but only what a browser sends, without a body and
        // without a header that names another method.
        _ if preflight && is_bare(facts) => {}
        _ if takes(route, facts) => {}
        Mode::Monitor => going.noted.push("method"),
        Mode::Share(_) | Mode::Enforce => return Foretold::Refuse("method"),
    }
    Foretold::Goes(going)
}

/// Whether a request has neither a body nor a header with a second method.
fn is_bare(facts: &Facts) -> bool {
    let names_another = matches!(facts.second, Second::Header(_) | Second::Twice);
    facts.body_bytes == 0 && !names_another
}

/// What no mounting carries here, or no route takes, once the address is not denied.
pub(super) fn not_carried(world: &World, facts: &Facts) -> Option<&'static str> {
    if ["TRACE", "TRACK", "CONNECT"].iter().any(|never| facts.method.eq_ignore_ascii_case(never)) {
        return Some("method");
    }
    if wants_socket(facts) && !world.upgrades {
        return Some("gate");
    }
    let Path::Route(place) = facts.path else { return None };
    let most = ROUTES[place].body_bytes_max?;
    (facts.body_bytes > most).then_some("body")
}

/// How seriously a layer is taken on a route.
pub(super) fn mode_of(world: &World, route: &RouteFacts, layer: &str) -> Mode {
    let place = LAYERS.iter().position(|id| *id == layer).expect("a layer with a mode");
    let modes = [world.mode, route.mode, world.modes[place]];
    let has = |mode| modes.contains(&mode);
    match (has(Mode::Off), has(Mode::Monitor)) {
        (true, _) => Mode::Off,
        (false, true) => Mode::Monitor,
        (false, false) => Mode::Enforce,
    }
}

/// The route of a request that says once whom it is for and what it wants.
fn understood(world: &World, facts: &Facts) -> Option<&'static RouteFacts> {
    called_by(world, facts)?;
    let tells = matches!(facts.connection, Said::Nothing | Said::Word("keep-alive"));
    match facts.path {
        Path::Route(0) if world.closed => None,
        Path::Route(place) if tells => Some(&ROUTES[place]),
        Path::Route(_) | Path::Bad | Path::Near | Path::Health | Path::Nothing => None,
    }
}

/// By which of its names the gate was called: whether browsers trust it. None: by none.
fn called_by(world: &World, facts: &Facts) -> Option<bool> {
    let plain_is_ours = world.goes_by == GoesBy::Two;
    let by_host = match facts.host {
        Host::Twice | Host::Missing => return None,
        Host::Gate => Some(true),
        Host::Plain => plain_is_ours.then_some(false),
        Host::Foreign(_) => None,
    };
    let by_proxy = (facts.forwarded_host == Some(true) && plain_is_ours).then_some(false);
    by_proxy.or(by_host)
}

/// Whether a page is one's own or an allowed one on this route.
pub(super) fn is_friend(whose: Whose, route: &RouteFacts) -> bool {
    match whose {
        Whose::Own => true,
        Whose::Shop | Whose::Preview => !route.partners,
        Whose::Partner => route.partners,
        Whose::Nobody | Whose::Stranger(_) | Whose::Null | Whose::Twice | Whose::Bytes => false,
    }
}

fn wants_socket(facts: &Facts) -> bool {
    match facts.upgrade {
        Said::Nothing => false,
        Said::Word(text) => text.to_ascii_lowercase().contains("websocket"),
        Said::Twice | Said::Bytes => true,
    }
}

/// Whether a request may come from where it comes from. None: no. Else whether a page sent it.
///
/// In doubt the answer is no: whatever stands twice or is no text says nothing.
fn from_friends(world: &World, facts: &Facts, route: &RouteFacts) -> Option<bool> {
    let doubtful = |said| matches!(said, Said::Twice | Said::Bytes);
    if [facts.site, facts.mode, facts.dest].into_iter().any(doubtful)
        || matches!(facts.origin, Whose::Twice | Whose::Bytes)
        || facts.site == Said::Word("Same-Origin")
    {
        return None;
    }
    if is_friend(facts.origin, route) {
        return Some(true);
    }
    // A stranger's page, named as such, comes in by one door only: it posts a person back.
    let opens_whole = facts.mode == Said::Word("navigate") && facts.dest == Said::Word("document");
    let reads = matches!(facts.method, "GET" | "HEAD") && !wants_socket(facts);
    let posts_back = route.kind == Kind::Return
        && route.post
        && opens_whole
        && !reads
        && !wants_socket(facts)
        && matches!(facts.site, Said::Word("cross-site" | "same-site"));
    match facts.origin {
        Whose::Nobody => {}
        Whose::Null if facts.site == Said::Word("same-origin") => return Some(true),
        _ => return posts_back.then_some(true),
    }
    // From here on nobody's page is named.
    match facts.site {
        Said::Word("same-origin") => Some(true),
        Said::Word("none") => Some(reads && opens_whole),
        Said::Word(site) => {
            let embeddable = match route.embed {
                Embed::Own => false,
                Embed::SameSite => site == "same-site",
                Embed::Anyone => true,
            };
            // Scripts' requests always name their page: one that does not is a lie.
            let script = matches!(facts.mode, Said::Word("cors" | "same-origin" | "websocket"));
            let open = if opens_whole { is_open(route) } else { embeddable && !script };
            (reads && open).then_some(true)
        }
        _ if called_by(world, facts) == Some(true) => Some(false),
        _ => by_referer(facts, route, reads),
    }
}

/// On plain http browsers say no more than this.
fn by_referer(facts: &Facts, route: &RouteFacts, reads: bool) -> Option<bool> {
    match facts.referer {
        Whose::Twice | Whose::Bytes => None,
        Whose::Nobody => {
            let harmless = !facts.cookie || is_open(route) || route.kind == Kind::Health;
            harmless.then_some(false)
        }
        whose => (is_friend(whose, route) || reads && is_open(route)).then_some(true),
    }
}

/// Whether people are led to it from anywhere.
fn is_open(route: &RouteFacts) -> bool {
    matches!(route.kind, Kind::Page | Kind::Return)
}

/// Whether a route takes a request's method, and a second one where it names one.
fn takes(route: &RouteFacts, facts: &Facts) -> bool {
    let usual = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let safe = |method: &str| matches!(method, "GET" | "HEAD" | "OPTIONS");
    let one = |method: &str| {
        let declared = match route.methods {
            [] => usual.contains(&method),
            list => list.contains(&method) || method == "HEAD" && list.contains(&"GET"),
        };
        let of_kind = match route.kind {
            Kind::Page | Kind::Health => matches!(method, "GET" | "HEAD"),
            Kind::Api | Kind::Return | Kind::Webhook => true,
        };
        declared && of_kind && !(route.writes && safe(method))
    };
    let second = match facts.second {
        Second::None => return one(facts.method),
        Second::Twice => return false,
        Second::Header(named) | Second::Query(named) => named.to_uppercase(),
    };
    one(facts.method)
        && !route.refuses_overrides
        && one(&second)
        && (!safe(facts.method) || second == facts.method)
}
