//! `[[route]]`: what the file says about some paths.

use super::{ai, limit, permission, sign_in, top, upstream, webhook};
use crate::config::Profile;
use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::layers::csrf::Forms;
use doorward_core::route::{
    Csrf, Effect, Embed, HELD_BODY_BYTES_MAX, Kind, Override, Pass, Settings, Tickets,
};

/// The words of `kind`.
pub(crate) const KINDS: &[(&str, Kind)] = &[
    ("api", Kind::Api),
    ("page", Kind::Page),
    ("return", Kind::Return),
    ("webhook", Kind::Webhook),
    ("health", Kind::Health),
];
/// The words of `effect`.
pub(crate) const EFFECTS: &[(&str, Effect)] = &[("read", Effect::Read), ("write", Effect::Write)];
/// The words of `embed`.
pub(crate) const EMBEDS: &[(&str, Embed)] =
    &[("own", Embed::Own), ("same-site", Embed::SameSite), ("anyone", Embed::Anyone)];
/// The words of `csrf`.
pub(crate) const CSRFS: &[(&str, Csrf)] = &[
    ("cookie", Csrf::Cookie),
    ("body", Csrf::Body),
    ("required", Csrf::Required),
    ("app", Csrf::App),
    ("off", Csrf::Off),
];
/// The words of `forms`.
pub(crate) const FORMS: &[(&str, Forms)] = &[("leave", Forms::Leave), ("inject", Forms::Inject)];
/// The words of `pass`.
pub(crate) const PASSES: &[(&str, Pass)] =
    &[("required", Pass::Required), ("optional", Pass::Optional)];
/// The words of `tickets`.
pub(crate) const TICKETS: &[(&str, Tickets)] =
    &[("once", Tickets::Once), ("window", Tickets::Window)];
/// The words of `override`.
pub(crate) const OVERRIDES: &[(&str, Override)] =
    &[("judge", Override::Judge), ("refuse", Override::Refuse)];

/// Reads the routes. One that cannot be read keeps its place, so that the others keep theirs.
pub(crate) fn read(list: &[Value<'_>], draft: &mut Draft, reading: &mut Reading<'_>) {
    for value in list {
        let mut route = Settings::default();
        if let Some(table) = value.table(reading) {
            // A route's own span is its header's line; errors about the whole of it stand there.
            reading.point(value.path.clone(), &value.place);
            read_one(value, &table, &mut route, draft, reading);
        }
        draft.settings.routes.push(route);
    }
}

fn read_one(
    value: &Value<'_>,
    table: &Table<'_>,
    route: &mut Settings,
    draft: &mut Draft,
    reading: &mut Reading<'_>,
) {
    match table.value("path") {
        Some(path) => path.text(reading).unwrap_or_default().clone_into(&mut route.path),
        None => {
            let hint = "add path = \"/v1/…\", or leave out the route";
            let _: Option<()> = value.error("this route has no path", hint, reading);
        }
    }
    if let Some(kind) = table.choose("kind", KINDS, reading) {
        route.kind = kind;
    }
    if let Some(effect) = table.choose("effect", EFFECTS, reading) {
        route.effect = effect;
    }
    if let Some(embed) = table.choose("embed", EMBEDS, reading) {
        route.embed = embed;
    }
    if let Some(overrides) = table.choose("override", OVERRIDES, reading) {
        route.overrides = overrides;
    }
    if let Some(csrf) = table.choose("csrf", CSRFS, reading) {
        route.csrf = csrf;
    }
    route.forms = table.choose("forms", FORMS, reading);
    if let Some(value) = table.value("sign_in") {
        route.sign_in = sign_in::read(&value, reading);
    }
    if let Some(pass) = table.choose("pass", PASSES, reading) {
        route.pass = pass;
    }
    if let Some(tickets) = table.choose("tickets", TICKETS, reading) {
        route.tickets = tickets;
    }
    if let Some(mode) = table.value("mode").and_then(|value| value.mode(reading)) {
        route.mode = mode;
    }
    for allowed in table.list("allow", reading) {
        if allowed.choose(&[("encoded-slash", ())], reading).is_some() {
            route.allow_encoded_slash = true;
        }
    }
    route.post = table.is_set("post", reading);
    route.limits_only = table.is_set("limits_only", reading);
    route.insecure_open_credential = table.is_set("insecure_open_credential", reading);
    lists(value, table, route, reading);
    permission::read_route(table, route, reading);
    if let Some(body) = table.table("body", reading) {
        read_body(&body, route, reading);
    }
    if let Some(value) = table.value("upstream")
        && let Some(upstream) = upstream::read(&value, reading)
    {
        route.upstream = draft.route_upstream(upstream);
    }
    if let Some(value) = table.value("webhook")
        && let Some((webhook, written)) = webhook::read(&value, reading)
    {
        route.webhook = Some(webhook);
        draft.webhook_secrets.push((draft.settings.routes.len(), written));
    }
    route.ai = table.value("ai").and_then(|value| ai::read(&value, reading));
    profile(table, route, reading);
}

fn profile(table: &Table<'_>, route: &mut Settings, reading: &mut Reading<'_>) {
    let Some(value) = table.value("profile") else { return };
    let Some(profile) = value.choose(Profile::WORDS, reading) else { return };
    let is_authenticated = profile == Profile::Authenticated;
    if is_authenticated && route.kind != Kind::Api {
        let what = "pages, returns, webhooks and health checks have no logins";
        let hint = "leave out `profile`, or say kind = \"api\" on this route";
        let _: Option<()> = value.error(what, hint, reading);
    }
    route.requires_identity = Some(is_authenticated);
}

fn lists(value: &Value<'_>, table: &Table<'_>, route: &mut Settings, reading: &mut Reading<'_>) {
    let at = |name: &str| format!("{}.{name}", value.path);
    let texts = |name: &str, reading: &mut Reading<'_>| -> Vec<String> {
        let list = table.list(name, reading);
        list.iter().filter_map(|entry| entry.text(reading)).map(str::to_owned).collect()
    };
    route.methods = texts("methods", reading);
    route.credentials = texts("credential", reading);
    route.budgets = texts("budget", reading);
    if table.value("origins").is_some() {
        let list = table.list("origins", reading);
        route.origins = Some(top::origin_list(&list, &at("origins"), reading));
    }
    route.limits = limit::read_limits(&table.list("limits", reading), reading);
}

fn read_body(body: &Table<'_>, route: &mut Settings, reading: &mut Reading<'_>) {
    route.bind_body = body.is_set("bind", reading);
    let Some(max) = body.value("max") else { return };
    route.body_bytes_max = max.size(reading);
    let held = HELD_BODY_BYTES_MAX as u64;
    if route.bind_body && route.body_bytes_max.is_some_and(|bytes| bytes > held) {
        let what = "a bound body is held, and no more than 1 MiB of it can be";
        let _: Option<()> = max.error(what, "lower `max` to 1MiB, or leave out `bind`", reading);
    }
}
