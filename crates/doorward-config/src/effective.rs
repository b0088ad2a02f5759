//! The effective configuration: every key with its value, said or default, and where it was said.

mod budget;
mod cookie;
mod identity;
mod permission;
mod quota;
mod store;

use crate::bound::Bounds;
use crate::config::{Admin, Config, Profile};
use crate::draft::Draft;
use crate::given::LogKind;
use crate::measure::{write_duration, write_size};
use crate::reading::Reading;
use crate::section::client_ip::FROM;
use crate::section::issuer::KeysWritten;
use crate::section::layers::WITH_MODE;
use crate::section::quota::DenyWritten;
use crate::section::routes::{CSRFS, EFFECTS, EMBEDS, FORMS, KINDS, OVERRIDES, PASSES, TICKETS};
use crate::section::sign_in::COUNTS;
use crate::section::upstream::HTTP;
use crate::upstream::{HostHeader, Upstream, UpstreamHttp};
use cookie::cookie;
use doorward_core::layers::credential::Put;
use doorward_core::layers::quota::{SignIn, Success};
use doorward_core::mode::Mode;
use doorward_core::question::Rate;
use doorward_core::route::{Effect, Settings as Route};
use http::StatusCode;
use identity::{identity, webhook};
use permission::permission;
use quota::{limit_text, quota};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::num::NonZeroU32;
use store::store;

/// What a configuration's values were written as, and where; secrets only by reference.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// Paths of keys to `doorward.toml:3` or a flag.
    at: BTreeMap<String, String>,
    signing: Vec<String>,
    admission: Option<String>,
    literal_secrets: bool,
    upstream_host: Option<String>,
    credential_values: Vec<String>,
    admin_token: Option<String>,
    jwt_keys: Vec<KeysWritten>,
    signature_keys: Vec<String>,
    session: Option<String>,
    introspection: Vec<String>,
    webhook_secrets: Vec<(usize, Vec<String>)>,
    key_file: String,
    allow_written: Vec<String>,
    deny_known: Vec<DenyWritten>,
    later_off: Vec<&'static str>,
    store_instances: Option<NonZeroU32>,
}

impl Said {
    /// Where a path of keys was said.
    pub(crate) fn at(&self, path: &str) -> Option<&str> {
        self.at.get(path).map(String::as_str)
    }

    pub(crate) fn new(draft: &Draft, reading: &Reading<'_>, generated: bool) -> Self {
        let signing = draft.signing.iter().map(|reference| reference.written.clone());
        Self {
            at: reading.said(),
            signing: if generated { Vec::new() } else { signing.collect() },
            admission: draft.admission.as_ref().map(|reference| reference.written.clone()),
            literal_secrets: reading.literal_secrets,
            upstream_host: draft.upstream_host.clone(),
            credential_values: draft.credential_values.clone(),
            admin_token: draft.admin_token.clone(),
            jwt_keys: draft.jwt_keys.clone(),
            signature_keys: draft.signature_keys.clone(),
            session: draft.session.clone(),
            introspection: draft.introspection.clone(),
            webhook_secrets: draft.webhook_secrets.clone(),
            key_file: draft.key_file.clone(),
            allow_written: draft.allow_written.clone(),
            deny_known: draft.deny_known.clone(),
            later_off: draft.later_off.clone(),
            store_instances: draft.store_instances,
        }
    }
}

/// Columns up to which values are padded before their comment.
const COMMENT_COLUMN: usize = 44;

/// The text in the making.
struct Page<'c> {
    out: String,
    said: &'c Said,
    table: String,
}

/// The configuration as TOML, every default written out, with a comment on where each value was
/// said. Secrets stand as references, `…` where they were literal. Read again it comes to the same,
/// unless a secret was literal.
#[must_use]
pub fn print_effective(config: &Config) -> String {
    let mut page = Page { out: String::new(), said: &config.said, table: String::new() };
    top(config, &mut page);
    if let Some(tls) = &config.tls {
        page.open("tls");
        page.key("certificate", &quote(&tls.certificate.written));
        page.key("key", &quote(&tls.key.written));
        match &tls.clients {
            None => page.absent("clients", "clients are asked for no certificate"),
            Some(clients) => {
                page.key("clients", &quote(&clients.authorities.written));
                match &clients.crl {
                    None => page.absent("crl", "none"),
                    Some(crl) => page.key("crl", &quote(&crl.written)),
                }
            }
        }
    }
    if let Some(of_operator) = &config.admin {
        admin(of_operator, &mut page);
    }
    secrets(&mut page);
    client_ip(config, &mut page);
    bounds(&config.bounds, &mut page);
    store(&config.store, config.said.store_instances, &mut page);
    budget::prices(&config.settings.budget.prices, &mut page);
    layers(config, &mut page);
    for (place, route) in config.settings.routes.iter().enumerate() {
        one_route(config, place, route, &mut page);
    }
    page.out
}

impl Page<'_> {
    fn open(&mut self, table: &str) {
        table.clone_into(&mut self.table);
        let _ = write!(self.out, "\n[{table}]\n");
    }

    fn path(&self, name: &str) -> String {
        if self.table.is_empty() { name.to_owned() } else { format!("{}.{name}", self.table) }
    }

    /// `name = value  # where`.
    fn key(&mut self, name: &str, value: &str) {
        let at = self.said.at.get(&self.path(name)).map_or("default", String::as_str);
        let line = format!("{name} = {value}");
        let _ = writeln!(self.out, "{line:COMMENT_COLUMN$} # {at}");
    }

    /// A list with an element a line.
    fn lines(&mut self, name: &str, elements: &[String]) {
        if elements.is_empty() {
            return self.key(name, "[]");
        }
        let at = self.said.at.get(&self.path(name)).map_or("default", String::as_str);
        let line = format!("{name} = [");
        let _ = writeln!(self.out, "{line:COMMENT_COLUMN$} # {at}");
        for element in elements {
            let _ = writeln!(self.out, "    {element},");
        }
        self.out.push_str("]\n");
    }

    /// A key that has no value and no default.
    fn absent(&mut self, name: &str, why: &str) {
        let _ = writeln!(self.out, "# {name}: {why}");
    }
}

fn top(config: &Config, page: &mut Page<'_>) {
    let settings = &config.settings;
    page.key("profile", &word(Profile::WORDS, config.profile));
    page.key("mode", &mode_text(settings.mode));
    page.key("listen", &quote(&config.listen.to_string()));
    page.key("http2", &config.http2.to_string());
    let balancers: Vec<String> = config.proxy_protocol.iter().map(ToString::to_string).collect();
    page.key("proxy_protocol", &list(&balancers));
    page.key("external", &list(&settings.external));
    match config.upstreams.first() {
        Some(upstream) => page.key("upstream", &upstream_text(upstream)),
        None => page.absent("upstream", "none"),
    }
    match page.said.upstream_host.clone() {
        Some(said) => page.key("upstream_host", &quote(&said)),
        None if config.upstreams.iter().any(|upstream| upstream.host != HostHeader::Keep) => {
            page.absent("upstream_host", "keep; its own name to a service that is given a key");
        }
        None => page.key("upstream_host", "\"keep\""),
    }
    page.key("origins", &list(&settings.origins));
    page.key("threads", &config.threads.to_string());
    page.key("gate_id", &quote(&settings.gate_id));
    page.key("endpoints", &quote(&settings.endpoints));
    let unmatched = if settings.message.refuse_unmatched { "refuse" } else { "judge" };
    page.key("unmatched", &quote(unmatched));
    page.key("log", &word(LogKind::WORDS, config.log));
}

fn secrets(page: &mut Page<'_>) {
    page.open("secrets");
    let said = page.said;
    if said.signing.is_empty() {
        page.absent("signing", "drawn at this start, and gone with it");
    } else {
        page.key("signing", &list(&said.signing));
    }
    match &said.admission {
        Some(reference) => page.key("admission", &quote(reference)),
        None => page.absent("admission", "derived from the first signing secret"),
    }
    page.key("insecure_literal_secret", &said.literal_secrets.to_string());
}

fn admin(admin: &Admin, page: &mut Page<'_>) {
    page.open("admin");
    page.key("listen", &quote(&admin.listen.to_string()));
    page.key("hosts", &list(&admin.hosts));
    match &page.said.admin_token {
        Some(reference) => page.key("token", &quote(reference)),
        None => page.absent("token", "drawn at each start, and printed"),
    }
}

fn client_ip(config: &Config, page: &mut Page<'_>) {
    page.open("client_ip");
    let networks: Vec<String> =
        config.settings.trusted_proxies.iter().map(ToString::to_string).collect();
    page.key("trusted_proxies", &list(&networks));
    page.key("from", &word(FROM, config.settings.forwarded_by));
    if let Some(from) = &config.settings.fingerprint.from {
        page.key("fingerprint_from", &quote(from));
    }
}

fn bounds(bounds: &Bounds, page: &mut Page<'_>) {
    let size = |bytes: usize| quote(&write_size(bytes as u64));
    page.open("limits");
    page.key("head", &size(bounds.head_bytes_max));
    page.key("headers", &bounds.headers_max.to_string());
    page.key("path", &size(bounds.path_bytes_max));
    page.key("connections", &bounds.connections_max.to_string());
    page.key("upstream_requests", &bounds.upstream_requests_max.to_string());
    page.key("least_rate", &quote(&write_size(u64::from(bounds.least_rate_bytes_per_s))));
    page.open("time");
    for (name, time) in [
        ("head", bounds.head),
        ("idle", bounds.idle),
        ("body", bounds.body),
        ("write", bounds.write),
        ("connect", bounds.connect),
        ("upstream", bounds.upstream),
        ("stream", bounds.stream),
        ("upstream_idle", bounds.upstream_idle),
        ("drain", bounds.drain),
    ] {
        page.key(name, &quote(&write_duration(time)));
    }
}

fn layers(config: &Config, page: &mut Page<'_>) {
    let settings = &config.settings;
    for id in WITH_MODE {
        page.open(&format!("layers.{id}"));
        let said = settings.layer_modes.iter().find(|(layer, _)| layer == id);
        page.key("mode", &mode_text(said.map_or(Mode::Enforce, |(_, mode)| *mode)));
        match *id {
            "cors" => {
                page.key("credentials", &settings.cors.credentials.to_string());
                let age = std::time::Duration::from_secs(u64::from(settings.cors.max_age_s));
                page.key("max_age", &quote(&write_duration(age)));
            }
            "quota" => {
                quota(&settings.quota, page);
                budget::budgets(&settings.budget.budgets, page);
            }
            "identity" => identity(&settings.identity, page),
            "permission" => page.key("roles", &quote(&settings.permission.roles)),
            "csrf" => {
                page.key("fields", &settings.csrf.fields.to_string());
                page.key("forms", &word(FORMS, settings.csrf.forms));
            }
            "cookie" => cookie(&settings.cookie, page),
            "pass" => {
                page.key("work", &settings.pass.work_bits.to_string());
            }
            _ => {}
        }
    }
    page.open("layers.credential");
    let values = page.said.credential_values.iter();
    let added = settings.credential.credentials.iter().zip(values).map(|(credential, value)| {
        let put = match &credential.put {
            Put::Header(name) => format!("header = {}", quote(name.as_str())),
            Put::Query(name) => format!("query = {}", quote(name)),
        };
        format!("{{ name = {}, {put}, value = {} }}", quote(&credential.name), quote(value))
    });
    let added: Vec<String> = added.collect();
    page.lines("add", &added);
    for id in page.said.later_off.clone() {
        page.open(&format!("layers.{id}"));
        page.key("mode", "\"off\"");
    }
}

fn one_route(config: &Config, place: usize, route: &Route, page: &mut Page<'_>) {
    page.out.push_str("\n[[route]]\n");
    page.table = format!("route[{place}]");
    page.key("path", &quote(&route.path));
    page.key("kind", &word(KINDS, route.kind));
    match route.requires_identity {
        Some(true) => page.key("profile", "\"authenticated\""),
        Some(false) => page.key("profile", "\"public\""),
        None => page.absent("profile", "the file's"),
    }
    page.key("methods", &list(&route.methods));
    match route.effect {
        Effect::ByMethod => page.absent("effect", "by method: safe ones read, others write"),
        Effect::Read | Effect::Write => page.key("effect", &word(EFFECTS, route.effect)),
    }
    page.key("mode", &mode_text(route.mode));
    match &route.origins {
        Some(origins) => page.key("origins", &list(origins)),
        None => page.absent("origins", "the file's"),
    }
    page.key("embed", &word(EMBEDS, route.embed));
    page.key("post", &route.post.to_string());
    page.key("override", &word(OVERRIDES, route.overrides));
    page.key("allow", if route.allow_encoded_slash { "[\"encoded-slash\"]" } else { "[]" });
    page.key("csrf", &word(CSRFS, route.csrf));
    match route.forms {
        Some(forms) => page.key("forms", &word(FORMS, forms)),
        None => page.absent("forms", "as `csrf` says"),
    }
    match &route.sign_in {
        Some(sign_in) => page.key("sign_in", &sign_in_text(sign_in)),
        None => page.absent("sign_in", "nobody signs in here"),
    }
    page.key("pass", &word(PASSES, route.pass));
    page.key("tickets", &word(TICKETS, route.tickets));
    permission(route, page);
    webhook(route, place, page);
    budget::spends(route, page);
    let limits: Vec<String> = route.limits.iter().map(limit_text).collect();
    page.lines("limits", &limits);
    page.key("limits_only", &route.limits_only.to_string());
    page.key("credential", &list(&route.credentials));
    page.key("insecure_open_credential", &route.insecure_open_credential.to_string());
    let max = route.body_bytes_max.map(|bytes| format!("max = {}, ", quote(&write_size(bytes))));
    let bind = route.bind_body;
    page.key("body", &format!("{{ {}bind = {bind} }}", max.unwrap_or_default()));
    match config.upstreams.get(route.upstream) {
        Some(upstream) if route.upstream > 0 => {
            page.key("upstream", &upstream_text(upstream));
        }
        _ => page.absent("upstream", "the file's"),
    }
}

/// A mode as the file writes it.
pub(crate) fn mode_text(mode: Mode) -> String {
    match mode {
        Mode::Enforce => "\"enforce\"".to_owned(),
        Mode::Monitor => "\"monitor\"".to_owned(),
        Mode::Off => "\"off\"".to_owned(),
        Mode::Share(percent) => format!("{{ enforce = \"{percent}%\" }}"),
    }
}

fn sign_in_text(sign_in: &SignIn) -> String {
    let success = sign_in.success.as_ref().map(success_text).unwrap_or_default();
    format!(
        "{{ account = {}, counts = {}, per_account = {}, per_address = {}{success} }}",
        quote(sign_in.account.as_str()),
        word(COUNTS, sign_in.counts),
        quote(&rate_text(sign_in.per_account)),
        quote(&rate_text(sign_in.per_address)),
    )
}

fn success_text(success: &Success) -> String {
    let statuses: Vec<&str> = success.statuses.iter().map(StatusCode::as_str).collect();
    let (statuses, locations) = (statuses.join(", "), list(&success.locations));
    format!(", success = {{ status = [{statuses}], location = {locations} }}")
}

/// A rate in the unit whose number is the burst, as `strikes` has it; else a minute's, or the
/// smallest unit's in which it is a whole number.
fn rate_text(rate: Rate) -> String {
    const UNITS: [(&str, u64); 5] =
        [("min", 60), ("sec", 1), ("min", 60), ("hour", 3600), ("day", 86_400)];
    let count = |seconds: u64| (seconds * 1_000_000_000).checked_div(rate.every_ns).unwrap_or(0);
    let comes_back = |seconds: u64| {
        let back = (seconds * 1_000_000_000).checked_div(count(seconds));
        back == Some(rate.every_ns)
    };
    let whole = || UNITS.iter().filter(|(_, seconds)| comes_back(*seconds));
    let is_burst = |(_, seconds): &&(&str, u64)| count(*seconds) == u64::from(rate.burst);
    let unit = whole().find(is_burst).or_else(|| whole().next()).unwrap_or(&UNITS[4]);
    format!("{}/{}", count(unit.1), unit.0)
}

fn upstream_text(upstream: &Upstream) -> String {
    let url = quote(&upstream.address.to_string());
    let mut out = String::new();
    if let Some(tls) = &upstream.tls {
        let identity = tls.identity.as_ref();
        let files = [
            ("ca", tls.ca.as_ref()),
            ("certificate", identity.map(|identity| &identity.certificate)),
            ("key", identity.map(|identity| &identity.key)),
        ];
        for (name, file) in files {
            if let Some(file) = file {
                let _ = write!(out, ", {name} = {}", quote(&file.written));
            }
        }
        if !upstream.address.is_host(&tls.server_name) {
            let _ = write!(out, ", server_name = {}", quote(&tls.server_name));
        }
    }
    if upstream.http != UpstreamHttp::One {
        let _ = write!(out, ", http = {}", word(HTTP, upstream.http));
    }
    if out.is_empty() { url } else { format!("{{ url = {url}{out} }}") }
}

pub(crate) fn word<T: PartialEq>(words: &[(&'static str, T)], value: T) -> String {
    let found = words.iter().find(|(_, meaning)| *meaning == value);
    quote(found.map_or("", |(word, _)| word))
}

pub(crate) fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// A text as a TOML basic string (TOML 1.0, "String").
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            letter if letter.is_control() => {
                let _ = write!(out, "\\u{:04X}", letter as u32);
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
