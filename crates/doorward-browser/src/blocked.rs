//! What a browser does not send wherever it is answered: other protocols' ports, plain `http:`
//! from a page of `https:`, and servers that are nearer than the page.

use crate::document::{Document, Permission};
use crate::engine::Engine;
use crate::origin::{Origin, is_trustworthy};
use crate::request::Request;
use crate::rule;
use crate::space::AddressSpace;
use crate::verdict::Because;
use crate::way::{Target, Way};
use url::{Host, Url};

/// Ports of other protocols (Fetch 2.9).
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10_080,
];

/// Why nothing is sent.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The browser does not send it.
    Never(Because),
    /// The browser asks the person first.
    Prompts(Because),
}

/// Whether a request to this address is not sent at all, or not yet.
pub(crate) fn stop(
    engine: &Engine,
    from: Option<&Document>,
    request: &Request,
    url: &Url,
) -> Option<Stop> {
    if url.port().is_some_and(|port| BAD_PORTS.contains(&port)) {
        return Some(Stop::Never(Because::of(rule::BAD_PORT)));
    }
    let from = from?;
    let is_shown = matches!(request.way, Way::Image | Way::Audio | Way::Video);
    // An engine that does not upgrade what is merely shown lets it pass.
    let is_let = is_shown && !engine.upgrades_mixed;
    // Local Network Access 3.4: who names a nearer space may ask it by plain http.
    let is_named = engine.gates_local_network
        && request.options.target_space.is_some_and(|space| space != AddressSpace::Public);
    if is_mixed(engine, from, request.way, url) && !is_let && !is_named {
        return Some(Stop::Never(Because::of(rule::MIXED_CONTENT)));
    }
    if engine.gates_local_network { nearer(from, request, url) } else { None }
}

/// The address that is asked for instead: what is merely shown in a page of `https:` (Mixed
/// Content 4.1). An IP address has no certificate, and is left as it is.
pub(crate) fn upgraded(
    engine: &Engine,
    from: Option<&Document>,
    way: Way,
    url: &Url,
) -> Option<Url> {
    let is_shown = matches!(way, Way::Image | Way::Audio | Way::Video);
    let is_name = matches!(url.host(), Some(Host::Domain(_)));
    if !engine.upgrades_mixed || !is_shown || !is_name || !is_mixed(engine, from?, way, url) {
        return None;
    }
    let mut url = url.clone();
    url.set_scheme("https").ok()?;
    Some(url)
}

/// Whether a page of `https:` asks for something that anybody between could have changed. What
/// fills the whole tab is no content of the page.
fn is_mixed(engine: &Engine, from: &Document, way: Way, url: &Url) -> bool {
    let mut pages = std::iter::once(&from.url).chain(&from.ancestors);
    pages.any(|page| page.scheme() == "https")
        && matches!(url.scheme(), "http" | "ws")
        && !(engine.trusts_loopback && is_trustworthy(url))
        && way.navigates() != Some(Target::Top)
}

/// Whether the server is nearer than the page (Local Network Access 3): then it takes a secure
/// page and a person's yes. What fills the whole tab is not gated.
fn nearer(from: &Document, request: &Request, url: &Url) -> Option<Stop> {
    let own = from.space?;
    let is_own_server = request.url.host() == url.host();
    let known = request.options.server_space.filter(|_| is_own_server);
    let space = known.or_else(|| AddressSpace::of(url))?;
    let is_tab = request.way.navigates() == Some(Target::Top);
    let is_same = from.origin().is_same(&Origin::of(url));
    if is_tab || is_same {
        return None;
    }
    let on = |rule| Because::on(rule, space.word());
    if request.options.target_space.is_some_and(|target| target != space) {
        return Some(Stop::Never(on(rule::LOCAL_NETWORK_OTHER)));
    }
    if space >= own {
        return None;
    }
    if !from.is_secure() {
        return Some(Stop::Never(on(rule::LOCAL_NETWORK_INSECURE)));
    }
    match from.local_network {
        Permission::Granted => None,
        Permission::Denied => Some(Stop::Never(on(rule::LOCAL_NETWORK_DENIED))),
        Permission::Prompt => Some(Stop::Prompts(on(rule::LOCAL_NETWORK_PROMPT))),
    }
}
