//! What a configuration may say, and somebody should look at.

mod budget;
mod certificate;
mod cookie;
mod credential;
mod forms;
mod proxy;
mod quota;
mod sign_in;
mod store;

use crate::credited;
use crate::document::shorten;
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::crowd::CROWD_PART;
use doorward_core::layers::identity::{Place, SIGNATURE_ISSUER};
use doorward_core::layers::quota::By;
use doorward_core::mode::Mode;
use doorward_core::names::External;
use doorward_core::origin::{Origin, is_local_host};
use doorward_core::route::{Effect, Kind};
use doorward_core::settings::Settings;

/// Adds the warnings and notes of a configuration without errors.
pub(crate) fn add(draft: &Draft, trying_out: bool, reading: &mut Reading<'_>) {
    passes_without_cors(draft, reading);
    claims(draft, reading);
    upstreams(draft, reading);
    whom(draft, reading);
    externals(draft, reading);
    proxy::unnamed(&listed(draft), draft, reading);
    origins(draft, trying_out, reading);
    writes(draft, reading);
    any_caller(draft, reading);
    store::look(draft, reading);
    cookie::renaming(draft, reading);
    certificate::of_clients(draft, reading);
    forms::written(draft, reading);
    sign_in::look(draft, reading);
    quota::look(draft, reading);
    budget::look(draft, reading);
}

/// A page of another origin can have no pass where nobody lets it read the gate's answers.
fn passes_without_cors(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    let asks = settings.layer_modes.contains(&("pass", Mode::Enforce));
    if asks && !settings.origins.is_empty() && !is_enforced(settings, "cors") {
        let place = reading.place("layers.cors.mode");
        reading.warn(
            place,
            "pages of other origins cannot ask for a pass, nor read why they are refused"
                .to_owned(),
            "enforce `cors`, or take passes back: [layers.pass] mode = \"off\"",
        );
    }
}

/// What was used is remembered in a table that is never too small for one caller: no pass and no
/// address may fill it, by the limits that it has.
fn claims(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    if !settings.layer_modes.contains(&("pass", Mode::Enforce)) {
        return;
    }
    let room = u64::from(CROWD_PART);
    let window_s = doorward_core::pass::CLAIM_S;
    let limits = settings.quota.limits.iter().enumerate();
    let of_passes = limits.filter(|(_, limit)| {
        let is_of_one = matches!(limit.by.as_slice(), [By::Pass | By::Address]);
        limit.who.counts_pages_with_passes() && is_of_one && quota::holds(limit)
    });
    let most = of_passes.map(|(place, limit)| (limit.most_in(window_s), place)).min();
    let (most, place) = match most {
        Some((most, place)) => (most, Some(place)),
        None => (u64::MAX, None),
    };
    if most <= room {
        return;
    }
    let at = place.map(|place| format!("layers.quota.limits[{place}]"));
    let at = at.as_deref().unwrap_or("layers.quota.limits");
    let what = match place {
        Some(_) => format!(
            "{most} signatures of one address may have to be remembered at once, and there is room \
             for {room}"
        ),
        None => "nothing limits how many signatures of one pass have to be remembered".to_owned(),
    };
    let at = reading.place(at);
    reading.warn(
        at,
        what,
        "limit passes or addresses: beyond that, an address's signed requests are refused \
         (pass/store-away)",
    );
}

fn upstreams(draft: &Draft, reading: &mut Reading<'_>) {
    let of_file = draft.upstream.iter().map(|upstream| ("upstream".to_owned(), upstream));
    let of_routes = draft.settings.routes.iter().enumerate().filter_map(|(place, route)| {
        let upstream = draft.route_upstreams.get(route.upstream.checked_sub(1)?)?;
        Some((format!("route[{place}].upstream"), route.upstream, upstream))
    });
    let of_file = of_file.map(|(path, upstream)| (path, 0, upstream));
    for (path, place, upstream) in of_file.chain(of_routes) {
        credential::in_the_clear(&path, place, upstream, draft, reading);
        let address = &upstream.address;
        // One that is shown a certificate can tell the gate from strangers.
        let is_told = upstream.tls.as_ref().is_some_and(|tls| tls.identity.is_some());
        let knows_strangers = is_told || credited::gets_one_always(&draft.settings, place);
        if address.looks_public() && !knows_strangers {
            let place = reading.place(&path);
            reading.warn(
                place,
                format!("{address} looks as if strangers could call it without the gate"),
                "let it check Doorward-Admitted, or listen on a unix socket or a private address",
            );
        }
    }
}

/// Whether a layer is enforced, as far as the file says.
fn is_enforced(settings: &Settings, layer: &str) -> bool {
    let of_layer = settings.layer_modes.iter().find(|(id, _)| *id == layer);
    settings.mode == Mode::Enforce && of_layer.is_none_or(|(_, mode)| *mode == Mode::Enforce)
}

/// Sessions that say no time: a copy of one is good for as long as the secret is.
fn endless(draft: &Draft, reading: &mut Reading<'_>) {
    let signed = draft.settings.identity.signed.as_ref();
    if signed.is_some_and(|signed| signed.max_age_s.is_none()) {
        let place = reading.place("layers.identity.session.signed");
        reading.warn(
            place,
            "these cookies do not say when they were signed, so a copy of one is good for ever"
                .to_owned(),
            "have the backend write the time of signing in into the session, and say where: issued \
             = \"$.signed_in_at\"",
        );
    }
}

/// Who is believed, and who is denied without being known.
fn whom(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    let of_issuers = settings.identity.issuers.iter().enumerate();
    let of_issuers = of_issuers
        .map(|(index, issuer)| (&issuer.place, format!("layers.identity.jwt[{index}].from")));
    let sessions = settings.identity.checkers.iter();
    let sessions = sessions.map(|one| (&one.place, "layers.identity.session".to_owned()));
    let by_cookie = of_issuers.chain(sessions).filter(|(at, _)| matches!(at, Place::Cookie(_)));
    let signed = settings.identity.signed.iter().map(|_| "layers.identity.session".to_owned());
    for key in by_cookie.map(|(_, key)| key).chain(signed) {
        if is_enforced(settings, "csrf") {
            continue;
        }
        let place = reading.place(&key);
        let what = "a cookie comes along with whatever a page sends, and `csrf` does not ask for \
                    tokens";
        let hint = if is_enforced(settings, "site") {
            "enforce it, [layers.csrf] mode = \"enforce\", or keep the application's own CSRF \
             tokens; `site` refuses what other sites send"
        } else {
            "enforce `csrf` or `site`: nothing else here tells what other sites send from one's own"
        };
        reading.warn(place, what.to_owned(), hint);
    }
    endless(draft, reading);
    for denied in &draft.deny_known {
        let Some(issuer) = &denied.issuer else { continue };
        let known = settings.identity.issuer_names();
        if issuer == SIGNATURE_ISSUER || known.contains(&issuer.as_str()) {
            continue;
        }
        let place = reading.place(&format!("layers.quota.deny[{}].issuer", denied.index));
        let what =
            format!("nobody here has the issuer {:?}, so this denies nobody", shorten(issuer));
        let hint = "write it exactly as in `jwt` or `introspection`, or leave the entry out; \
                    sessions have \"session\"";
        reading.warn(place, what, hint);
    }
}

/// The listed names that can be read, with their index.
fn listed(draft: &Draft) -> Vec<(usize, External)> {
    let parsed = draft.settings.external.iter().enumerate();
    parsed.filter_map(|(index, text)| Some((index, External::parse(text).ok()?))).collect()
}

fn externals(draft: &Draft, reading: &mut Reading<'_>) {
    for (index, external) in listed(draft) {
        if external.origin().is_trustworthy() {
            continue;
        }
        let place = reading.place(&format!("external[{index}]"));
        if draft.tls.is_some() {
            let what = "this gate speaks TLS and nothing else, and this name is called without";
            reading.warn(place, what.to_owned(), "write https://…, as browsers call it");
            continue;
        }
        let credentials =
            if draft.settings.cors.credentials { ", and cookies travel in the clear" } else { "" };
        reading.warn(
            place,
            format!("on plain http browsers send no Sec-Fetch headers{credentials}"),
            "serve https: `site` can then judge every request instead of guessing by Referer",
        );
    }
}

fn origins(draft: &Draft, trying_out: bool, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    let externals: Vec<Origin> =
        listed(draft).into_iter().map(|(_, external)| external.origin().clone()).collect();
    if settings.origins.is_empty() {
        reading.note(
            None,
            "no `origins`: only pages of the gate's own origin may call".to_owned(),
            "a page elsewhere needs origins = [\"https://…\"]",
        );
    }
    let of_file = ("origins".to_owned(), settings.origins.as_slice());
    let of_routes = settings.routes.iter().enumerate().filter_map(|(place, route)| {
        Some((format!("route[{place}].origins"), route.origins.as_deref()?))
    });
    for (path, list) in std::iter::once(of_file).chain(of_routes) {
        let parsed: Vec<(usize, Origin)> = list
            .iter()
            .enumerate()
            .filter_map(|(index, text)| Some((index, Origin::parse(text).ok()?)))
            .collect();
        for (index, origin) in &parsed {
            let at = format!("{path}[{index}]");
            let known = |other: &Origin| {
                externals.contains(other) || parsed.iter().any(|(_, listed)| listed == other)
            };
            beside(origin, &at, known, reading);
            claimed_by_any(origin, &at, trying_out, reading);
            two_sites(origin, &externals, &at, settings, reading);
        }
    }
}

/// `www.` without the bare name, or the other way round: people use both.
fn beside(origin: &Origin, at: &str, known: impl Fn(&Origin) -> bool, reading: &mut Reading<'_>) {
    let host = origin.host();
    let other = match host.strip_prefix("www.") {
        Some(bare) => bare.to_owned(),
        None if psl::domain_str(host) == Some(host) => format!("www.{host}"),
        None => return,
    };
    let authority = &origin.as_str()[origin.scheme().len() + 3..];
    // Names with a port are for developers, who know what they open; numbers have no www.
    if authority != host || is_local_host(host) || host.parse::<std::net::IpAddr>().is_ok() {
        return;
    }
    let Ok(other) = Origin::parse(&format!("{}://{other}", origin.scheme())) else { return };
    if known(&other) {
        return;
    }
    let place = reading.place(at);
    reading.warn(
        place,
        format!("{other} is another origin, and not listed"),
        "add it if people open the page under that name too, or redirect them",
    );
}

/// Origins that tell nobody apart.
fn claimed_by_any(origin: &Origin, at: &str, trying_out: bool, reading: &mut Reading<'_>) {
    let web = matches!(origin.scheme(), "http" | "https");
    if !web {
        let place = reading.place(at);
        reading.warn(
            place,
            format!("any app can claim the origin {origin}"),
            "what it may do, a stranger's app may do too",
        );
    } else if !trying_out && is_local_host(origin.host()) {
        let place = reading.place(at);
        reading.warn(
            place,
            format!("{origin} is every development server and app on a visitor's own machine"),
            "leave it out in production",
        );
    }
}

/// Cookies across sites: browsers are about to stop sending them.
fn two_sites(
    origin: &Origin,
    externals: &[Origin],
    at: &str,
    settings: &Settings,
    reading: &mut Reading<'_>,
) {
    if externals.is_empty() || externals.iter().any(|external| external.is_same_site(origin)) {
        return;
    }
    let place = reading.place(at);
    if settings.cors.credentials {
        reading.warn(
            place,
            format!(
                "{origin} and the gate are two sites: cookies between them are third-party cookies"
            ),
            "Safari and Firefox withhold them, others only send SameSite=None; Secure; serve both \
             under one domain",
        );
    } else if is_enforced(settings, "cookie") {
        reading.note(
            place,
            format!("{origin} and the gate are two sites: sessions keep the backend's SameSite"),
            "serve both under one domain, and they gain SameSite=Lax",
        );
    }
}

/// A route that changes state, of which CORS is thought to protect it.
fn writes(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    for (place, route) in settings.routes.iter().enumerate() {
        let asks = route.requires_identity.unwrap_or(settings.requires_identity);
        let asks = asks && route.kind == Kind::Api && is_enforced(settings, "identity");
        if route.effect != Effect::Write || asks {
            continue;
        }
        let at = reading.place(&format!("route[{place}].effect"));
        reading.warn(
            at,
            format!("{:?} changes state, and the gate asks nobody who he is", route.path),
            "pages of other sites are refused, programs are not: the backend must know its callers",
        );
    }
}

/// Routes that are listed at the most.
const LISTED_MAX: usize = 12;

/// Routes that any valid token or key may call: what each caller may do there is left to the
/// backend, which its writer should know.
fn any_caller(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    let is_known = |asks: Option<bool>| asks.unwrap_or(settings.requires_identity);
    let mut open: Vec<String> = Vec::new();
    if settings.requires_identity && !settings.message.refuse_unmatched {
        open.push("every path without a route".to_owned());
    }
    let routes = settings.routes.iter().filter(|route| {
        let asks_for_more = route.require.is_some() || route.when.is_some();
        route.kind == Kind::Api && is_known(route.requires_identity) && !asks_for_more
    });
    open.extend(routes.map(|route| route.path.clone()));
    if open.is_empty() || settings.layer_modes.contains(&("identity", Mode::Off)) {
        return;
    }
    let more = open.len().saturating_sub(LISTED_MAX);
    open.truncate(LISTED_MAX);
    let who = match settings.identity.certificate {
        Some(_) => "token, key or certificate",
        None => "token or key",
    };
    let mut what = format!("any valid {who} may call: {}", open.join(", "));
    if more > 0 {
        what.push_str(&format!(", and {more} more"));
    }
    reading.note(
        None,
        what,
        "say on a route who may: require = { scopes = [\"…\"] }, or subject = \"{id}\"; whose \
         things they are stays with the backend",
    );
}
