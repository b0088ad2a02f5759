//! The keys at the top of the file, and the order of the tables.

use super::{budget, client_ip, layers, limits, listeners, routes, secrets, store, upstream};
use crate::config::Profile;
use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::given::LogKind;
use crate::reading::Reading;
use crate::source::Place;
use std::net::SocketAddr;

/// Reads the whole file.
pub(crate) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(profile) = table.choose("profile", Profile::WORDS, reading) {
        draft.profile = profile;
    }
    if let Some(mode) = table.value("mode").and_then(|value| value.mode(reading)) {
        draft.settings.mode = mode;
    }
    if let Some(value) = table.value("listen")
        && let Some(text) = value.text(reading)
        && let Some(address) = listen(text, &value.place, reading)
    {
        draft.listen = address;
    }
    let external = table.list("external", reading);
    draft.settings.external = texts(&external, "external", reading);
    let origins = table.list("origins", reading);
    draft.settings.origins = origin_list(&origins, "origins", reading);
    addresses(table, draft, reading);
    if let Some(count) = table.value("threads").and_then(|value| value.whole(reading)) {
        draft.threads = usize::try_from(count).unwrap_or(0);
    }
    if let Some(log) = table.choose("log", LogKind::WORDS, reading) {
        draft.log = log;
    }
    let unmatched = [("judge", false), ("refuse", true)];
    if let Some(refuse) = table.choose("unmatched", &unmatched, reading) {
        draft.settings.message.refuse_unmatched = refuse;
    }
    gate_id(table, draft, reading);
    // Secrets come first: they say whether others may be written out.
    if let Some(secrets) = table.table("secrets", reading) {
        secrets::read(&secrets, draft, reading);
    }
    listeners::read_top(table, draft, reading);
    if let Some(value) = table.value("tls")
        && let Some(tls) = value.table(reading)
    {
        listeners::read_tls(&value, &tls, draft, reading);
    }
    if let Some(value) = table.value("admin")
        && let Some(admin) = value.table(reading)
    {
        listeners::read_admin(&value, &admin, draft, reading);
    }
    if let Some(client_ip) = table.table("client_ip", reading) {
        client_ip::read(&client_ip, draft, reading);
    }
    if let Some(sizes) = table.table("limits", reading) {
        limits::read_limits(&sizes, draft, reading);
    }
    if let Some(times) = table.table("time", reading) {
        limits::read_times(&times, draft, reading);
    }
    if let Some(store) = table.table("store", reading) {
        store::read(&store, draft, reading);
    }
    if let Some(prices) = table.value("prices") {
        budget::read_prices(&prices, draft, reading);
    }
    if let Some(layers) = table.table("layers", reading) {
        layers::read(&layers, draft, reading);
    }
    routes::read(&table.list("route", reading), draft, reading);
}

/// `upstream`, `upstream_host` and `endpoints`.
fn addresses(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(value) = table.value("upstream") {
        draft.upstream = upstream::read(&value, reading);
    }
    if let Some(value) = table.value("upstream_host")
        && let Some(text) = value.text(reading)
    {
        if is_host(text) {
            draft.upstream_host = Some(text.to_owned());
        } else {
            let hint = "write \"keep\", \"upstream\", or a name such as \"shop.internal:8080\"";
            let _: Option<()> = value.error("this is no Host", hint, reading);
        }
    }
    if let Some(text) = table.text("endpoints", reading) {
        text.clone_into(&mut draft.settings.endpoints);
    }
}

/// Whether a text could be a Host: a name or an address, perhaps with a port.
pub(super) fn is_host(text: &str) -> bool {
    text.parse::<http::uri::Authority>().is_ok() && !text.contains('@')
}

/// Letters of a gate's id at the most.
const GATE_ID_BYTES_MAX: usize = 64;

fn gate_id(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    let Some(value) = table.value("gate_id") else { return };
    let Some(text) = value.text(reading) else { return };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if text.is_empty() || text.len() > GATE_ID_BYTES_MAX || !text.bytes().all(plain) {
        let hint = "use 1 to 64 of a-z, A-Z, 0-9, `-`, `_` and `.`";
        let _: Option<()> = value.error("a gate's id is a plain word", hint, reading);
        return;
    }
    text.clone_into(&mut draft.settings.gate_id);
}

/// Reads an address to listen on.
pub(crate) fn listen(text: &str, place: &Place, reading: &mut Reading<'_>) -> Option<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let port = text.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    let hint = match port {
        Some(port) => format!(
            "write \"127.0.0.1:{port}\" for this machine alone, \"0.0.0.0:{port}\" for everybody"
        ),
        None => "write \"127.0.0.1:8080\"; IPv6 in brackets: \"[::1]:8080\"".to_owned(),
    };
    reading.error(Some(place), "this is no address with a port", hint);
    None
}

/// The texts of a list; the core names them by their index in what comes back, under `path`.
pub(crate) fn texts(list: &[Value<'_>], path: &str, reading: &mut Reading<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for value in list {
        let Some(text) = value.text(reading) else { continue };
        reading.point(format!("{path}[{}]", out.len()), &value.place);
        out.push(text.to_owned());
    }
    out
}

/// The same for origins, of which `file:PATH` brings more.
pub(crate) fn origin_list(
    list: &[Value<'_>],
    path: &str,
    reading: &mut Reading<'_>,
) -> Vec<String> {
    let mut out = Vec::new();
    for value in list {
        let Some(text) = value.text(reading) else { continue };
        let entries = match text.strip_prefix("file:") {
            Some(file) if !file.starts_with("//") => reading.list_file(file, &value.place),
            _ => vec![(text.to_owned(), value.place.clone())],
        };
        for (entry, place) in entries {
            reading.point(format!("{path}[{}]", out.len()), &place);
            out.push(entry);
        }
    }
    out
}
