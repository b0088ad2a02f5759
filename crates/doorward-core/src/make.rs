//! From settings to a gate. All errors come at once.

mod ai;
mod credentials;
mod fingerprint;
mod limits;
mod may;
mod webhook;

use crate::client_ip::ClientIp;
use crate::gate::{Gate, LayerModes};
use crate::layers::method::Methods;
use crate::layers::{
    LAYERS, body, cookie, cors, csrf, identity, message, method, pass, quota, site,
};
use crate::mode::Mode;
use crate::names::{External, Names};
use crate::origin::Origins;
use crate::own::Own;
use crate::parameter;
use crate::path;
use crate::route::{Effect, Kind, Route, Routes, Settings as RouteSettings};
use crate::settings::{Settings, SettingsError};
use http::Method;
use std::sync::Arc;

/// Paths that are pages by default, whatever stands behind the gate.
const IMPLICIT_PAGES: &[&str] = &[
    "/robots.txt",
    "/favicon.ico",
    "/sitemap.xml",
    "/.well-known/**",
    "/feed",
    "/feed.xml",
    "/rss.xml",
    "/atom.xml",
];

impl Gate {
    /// Checks settings and makes a gate of them.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the settings.
    pub fn new(settings: &Settings) -> Result<Arc<Self>, Vec<SettingsError>> {
        let mut errors = Vec::new();
        let names = names(settings, &mut errors);
        let origins = origins(&settings.origins, "origins", settings, &mut errors);
        let modes = layer_modes(&settings.layer_modes, &mut errors);
        if !is_plain_path(&settings.endpoints) {
            errors.push(SettingsError::new(
                "endpoints".to_owned(),
                "the gate's own addresses begin with a plain path",
                "write endpoints = \"/.doorward\"",
            ));
        }
        check_proxies(settings, &mut errors);
        limits::check(settings, &mut errors);
        let (routes, of_routes) = routes(settings, &mut errors);
        let credential = credentials::policy(settings, &mut errors);
        let mut identity = who(settings, modes.identity, &mut errors);
        let fingerprint = fingerprint::policy(settings, &identity, &mut errors);
        let permission = may::roles(settings, &mut errors);
        csrf::check(settings, modes.csrf, &mut errors);
        if modes.pass != Mode::Off && settings.pass.secrets.is_empty() {
            errors.push(SettingsError::new(
                "layers.pass.mode".to_owned(),
                "passes are sealed with a signing secret, and there is none",
                "add [secrets] signing = [\"env:DOORWARD_SECRET\"]",
            ));
        }
        let (Some(routes), Some(permission), Some(credential), true) =
            (routes, permission, credential, errors.is_empty())
        else {
            return Err(errors);
        };
        let rules = routes.all().iter().filter_map(|route| route.permission.as_deref());
        let quota = quota::Policy::new(&settings.quota, of_routes);
        let claims = permission.claims(rules).into_iter().chain(quota.claims());
        identity.keep_claims(claims.collect());
        let around = cookie::Around { identity: &identity, names: &names, origins: &origins };
        let cookie = cookie::Policy::new(&settings.cookie, &around, &routes)?;
        Ok(Arc::new(Self {
            names,
            origins,
            routes,
            client_ip: ClientIp {
                trusted: settings.trusted_proxies.clone(),
                from: settings.forwarded_by,
            },
            fingerprint,
            endpoints: settings.endpoints.clone(),
            mode: settings.mode,
            modes,
            message: message::Policy::new(settings.message.clone()),
            cors: cors::Policy::new(&settings.cors),
            site: site::Policy,
            method: method::Policy,
            quota,
            identity,
            permission,
            csrf: csrf::Policy::new(&settings.csrf, &settings.gate_id),
            pass: pass::Policy::new(&settings.pass, &settings.gate_id, settings.trying_out),
            body: body::Policy,
            budget: quota::budget::Policy::new(&settings.budget),
            credential,
            cookie,
        }))
    }
}

/// Whether the gate's own addresses may begin with this.
fn is_plain_path(path: &str) -> bool {
    path::inspect(path).is_ok() && !path.ends_with('/') && !path.contains(['{', '}', '*'])
}

fn names(settings: &Settings, errors: &mut Vec<SettingsError>) -> Names {
    let mut listed = Vec::new();
    for (place, text) in settings.external.iter().enumerate() {
        match External::parse(text) {
            Ok(external) => listed.push(external),
            Err(error) => errors.push(SettingsError::new(
                format!("external[{place}]"),
                error,
                "write it as browsers call the gate: https://shop.example/api",
            )),
        }
    }
    if settings.external.is_empty() && !settings.trying_out {
        errors.push(SettingsError::new(
            "external".to_owned(),
            "off loopback and private addresses the gate must know its own names",
            "add external = [\"https://…\"]: how browsers reach it; any other Host is refused",
        ));
    }
    Names::new(listed, settings.addresses.clone())
}

fn origins(
    list: &[String],
    place: &str,
    settings: &Settings,
    errors: &mut Vec<SettingsError>,
) -> Origins {
    let parsed = match Origins::parse(list) {
        Ok(parsed) => parsed,
        Err(found) => {
            for (index, error) in found {
                errors.push(SettingsError::new(
                    format!("{place}[{index}]"),
                    error,
                    "write each origin as the browser's address bar begins: https://shop.example",
                ));
            }
            return Origins::default();
        }
    };
    if settings.cors.credentials {
        let open = parsed.exact().find(|origin| {
            origin.scheme() == "http" && !origin.is_trustworthy() && !settings.trying_out
        });
        if let Some(origin) = open {
            let index = list.iter().position(|text| text == origin.as_str()).unwrap_or(0);
            errors.push(SettingsError::new(
                format!("{place}[{index}]"),
                "anybody on the network path can be this origin, and it may use cookies here",
                "serve the page over https",
            ));
        }
    }
    parsed
}

/// Who is believed, and whether anybody is where callers must be known.
fn who(settings: &Settings, mode: Mode, errors: &mut Vec<SettingsError>) -> identity::Policy {
    let policy = identity::Policy::new(&settings.identity).unwrap_or_else(|error| {
        let place = match &error {
            identity::PolicyError::Keys(index, _) => format!("layers.identity.jwt[{index}].jwks"),
            identity::PolicyError::Twice(index) => format!("layers.identity.jwt[{index}].issuer"),
            identity::PolicyError::Algorithms(index) => {
                format!("layers.identity.jwt[{index}].algorithms")
            }
            identity::PolicyError::Places => "layers.identity".to_owned(),
        };
        errors.push(SettingsError::new(place, error, "see `doorward explain identity`"));
        identity::Policy::default()
    });
    let nonce = &settings.identity.nonce;
    if nonce.stretch_s.is_some() && nonce.secrets.is_empty() {
        errors.push(SettingsError::new(
            "layers.identity.proof.nonce".to_owned(),
            "nonces are made with a signing secret, and there is none",
            "add [secrets] signing = [\"env:DOORWARD_SECRET\"]",
        ));
    }
    let policy = policy.with_nonces(nonce, &settings.gate_id);
    let requires = settings.requires_identity
        || settings.routes.iter().any(|route| route.requires_identity == Some(true));
    if requires && !settings.identity.believes_anybody() && mode != Mode::Off {
        errors.push(SettingsError::new(
            "layers.identity".to_owned(),
            "callers must be known, and the gate is not told whom to believe",
            "add jwt = [{ issuer, audience, jwks, algorithms }], \
             session = { cookie, check, subject }, or \
             keys = { header = \"x-api-key\", file = \"doorward-keys.toml\" }",
        ));
    }
    policy
}

/// Whether callers must be known on a route. Pages, returns and health checks are for everybody.
fn requires_identity(route: &RouteSettings, settings: &Settings) -> bool {
    route.kind == Kind::Api && route.requires_identity.unwrap_or(settings.requires_identity)
}

/// Whether strangers need a pass on a route, each of them.
fn requires_pass(route: &RouteSettings, settings: &Settings) -> bool {
    let is_said = settings.layer_modes.contains(&("pass", Mode::Enforce));
    let is_asked = route.kind == Kind::Api && route.pass == crate::route::Pass::Required;
    is_asked && is_said && settings.mode == Mode::Enforce
}

/// Whether a layer is enforced, as far as the file says.
fn is_enforced(settings: &Settings, layer: &str) -> bool {
    let of_layer = settings.layer_modes.iter().find(|(id, _)| *id == layer);
    settings.mode == Mode::Enforce && of_layer.is_none_or(|(_, mode)| *mode == Mode::Enforce)
}

fn layer_modes(modes: &[(&'static str, Mode)], errors: &mut Vec<SettingsError>) -> LayerModes {
    let mut out = LayerModes::default();
    for (id, mode) in modes {
        match *id {
            "cors" => out.cors = *mode,
            "site" => out.site = *mode,
            "method" => out.method = *mode,
            "quota" => out.quota = *mode,
            "identity" => out.identity = *mode,
            "permission" => out.permission = *mode,
            "csrf" => out.csrf = *mode,
            "pass" => out.pass = *mode,
            "body" => out.body = *mode,
            "cookie" => out.cookie = *mode,
            _ if *mode == Mode::Enforce => {}
            _ => {
                let known = LAYERS.iter().any(|meta| meta.id == *id);
                errors.push(SettingsError::new(
                    format!("layers.{id}.mode"),
                    if known { "this layer is always enforced" } else { "there is no such layer" },
                    "leave it out",
                ));
            }
        }
    }
    out
}

/// Whether forwarding headers are believed of everybody.
fn check_proxies(settings: &Settings, errors: &mut Vec<SettingsError>) {
    // Two halves of everybody are everybody too.
    let together = ipnet::IpNet::aggregate(&settings.trusted_proxies);
    if together.iter().any(|net| net.prefix_len() == 0) {
        let alone = settings.trusted_proxies.iter().position(|net| net.prefix_len() == 0);
        let place = alone.map(|place| format!("[{place}]")).unwrap_or_default();
        errors.push(SettingsError::new(
            format!("client_ip.trusted_proxies{place}"),
            "this trusts everybody, so anybody could choose his own address",
            "list the networks of your own proxies",
        ));
    }
}

/// The default route, the file's, and the pages that always are; with the routes' own limits.
fn routes(
    settings: &Settings,
    errors: &mut Vec<SettingsError>,
) -> (Option<Routes>, Vec<quota::Limit>) {
    let mut limits = Vec::new();
    let mut list = vec![Route {
        requires_identity: settings.requires_identity,
        injects: csrf::injects(&RouteSettings::default(), settings),
        ..default_route()
    }];
    for (place, route) in settings.routes.iter().enumerate() {
        let first_limit = settings.quota.limits.len() + limits.len();
        limits.extend(route.limits.iter().cloned());
        list.push(one_route(route, place, first_limit, settings, errors));
    }
    let declared = list.len();
    for path in IMPLICIT_PAGES {
        list.push(Route {
            path: (*path).to_owned(),
            kind: Kind::Page,
            implicit: true,
            ..default_route()
        });
    }
    let own = Own::ALL.iter().filter(|_| is_plain_path(&settings.endpoints));
    for (name, own) in own {
        list.push(Route {
            path: format!("{}{name}", settings.endpoints),
            methods: Methods::parse(&[own.method().to_string()]).unwrap_or_default(),
            body_bytes_max: Some(crate::own::BODY_BYTES_MAX),
            own: Some(*own),
            origins: of_any_route(settings, errors),
            implicit: true,
            ..default_route()
        });
    }
    match Routes::new(list) {
        Ok(routes) => (Some(routes), limits),
        Err(found) => {
            for (index, error) in found {
                debug_assert!(index < declared, "the gate's own pages are well formed");
                errors.push(SettingsError::new(
                    format!("route[{}].path", index.saturating_sub(1)),
                    error,
                    "write it like /v1/users/{id}, /static/**",
                ));
            }
            (None, limits)
        }
    }
}

/// Where a route has origins of its own, its pages ask for passes too.
fn of_any_route(settings: &Settings, errors: &mut Vec<SettingsError>) -> Option<Origins> {
    let own = settings.routes.iter().filter_map(|route| route.origins.as_ref());
    let mut all: Vec<String> = own.flatten().cloned().collect();
    if all.is_empty() {
        return None;
    }
    all.extend(settings.origins.iter().cloned());
    all.sort();
    all.dedup();
    let known = errors.len();
    let out = origins(&all, "origins", settings, errors);
    // What is wrong with one was said where it stands.
    errors.truncate(known);
    Some(out)
}

pub(crate) fn default_route() -> Route {
    Route {
        path: String::new(),
        kind: Kind::Api,
        methods: Methods::default(),
        effect: Effect::ByMethod,
        mode: Mode::Enforce,
        origins: None,
        embed: crate::route::Embed::Own,
        post: false,
        overrides: crate::route::Override::Judge,
        allow_encoded_slash: false,
        limits: Vec::new(),
        limits_only: false,
        credentials: Vec::new(),
        requires_identity: false,
        parameters: Vec::new(),
        permission: None,
        body_bytes_max: None,
        bind_body: false,
        upstream: 0,
        csrf: crate::route::Csrf::Cookie,
        injects: false,
        sign_in: None,
        pass: crate::route::Pass::Required,
        tickets: crate::route::Tickets::Once,
        webhook: None,
        ai: None,
        budgets: Vec::new(),
        own: None,
        implicit: false,
    }
}

fn one_route(
    route: &RouteSettings,
    place: usize,
    first_limit: usize,
    settings: &Settings,
    errors: &mut Vec<SettingsError>,
) -> Route {
    let at = |key: &str| format!("route[{place}].{key}");
    // Deliveries are posted.
    let posted = [Method::POST.to_string()];
    let is_posted = route.kind == Kind::Webhook && route.methods.is_empty();
    let named = if is_posted { &posted[..] } else { &route.methods };
    let methods = Methods::parse(named).unwrap_or_else(|name| {
        errors.push(SettingsError::new(
            at("methods"),
            format!("{name:?} is no method that could be let through"),
            "methods are written in upper case; TRACE, TRACK and CONNECT never pass",
        ));
        Methods::default()
    });
    if route.post && route.kind != Kind::Return {
        errors.push(SettingsError::new(
            at("post"),
            "only people who are sent back come by POST from another site",
            "say kind = \"return\" on this route, or leave out `post`",
        ));
    }
    if route.effect == Effect::Write && matches!(route.kind, Kind::Page | Kind::Health) {
        errors.push(SettingsError::new(
            at("effect"),
            "pages and health checks only read",
            "leave out `effect`, or say kind = \"api\"",
        ));
    }
    // What is wrong with the path is said where the routes are put together.
    let parameters = parameter::of_path(&route.path).unwrap_or_default();
    let own = route.origins.as_ref().map(|list| origins(list, &at("origins"), settings, errors));
    Route {
        path: route.path.clone(),
        kind: route.kind,
        methods,
        effect: route.effect,
        mode: route.mode,
        origins: own,
        embed: route.embed,
        post: route.post,
        overrides: route.overrides,
        allow_encoded_slash: route.allow_encoded_slash,
        limits: (first_limit..first_limit + route.limits.len()).collect(),
        limits_only: route.limits_only,
        credentials: credentials::of_route(route, place, settings, errors),
        requires_identity: requires_identity(route, settings),
        permission: may::of_route(route, place, &parameters, settings, errors),
        parameters,
        body_bytes_max: ai::body_bytes_max(route),
        bind_body: route.bind_body,
        upstream: route.upstream,
        csrf: route.csrf,
        injects: csrf::injects(route, settings),
        sign_in: route.sign_in.clone(),
        pass: route.pass,
        tickets: route.tickets,
        webhook: webhook::of_route(route, place, errors),
        ai: ai::of_route(route, place, settings, errors),
        budgets: ai::budgets_of_route(route, place, settings, errors),
        own: None,
        implicit: false,
    }
}
