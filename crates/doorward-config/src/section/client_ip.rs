//! `[client_ip]`: whom to believe about clients' addresses.

use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::reading::Reading;
use crate::source::Place;
use doorward_core::client_ip::From;
use ipnet::IpNet;
use std::net::IpAddr;

/// RFC 1918 and RFC 4193.
pub(crate) const PRIVATE: &[&str] = &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
/// RFC 1122 and RFC 4291.
pub(crate) const LOOPBACK: &[&str] = &["127.0.0.0/8", "::1/128"];

/// The words of `from`.
pub(crate) const FROM: &[(&str, From)] = &[
    ("x-forwarded-for", From::XForwardedFor),
    ("forwarded", From::Forwarded),
    ("x-real-ip", From::XRealIp),
];

pub(crate) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(from) = table.choose("from", FROM, reading) {
        draft.settings.forwarded_by = from;
    }
    if let Some(value) = table.value("fingerprint_from") {
        reading.point("client_ip.fingerprint_from".to_owned(), &value.place);
        let fingerprint = &mut draft.settings.fingerprint;
        fingerprint.from = value.text(reading).map(str::to_owned);
        fingerprint.is_wanted = fingerprint.from.is_some();
    }
    for (network, place) in networks(&table.list("trusted_proxies", reading), reading) {
        let index = draft.settings.trusted_proxies.len();
        reading.point(format!("client_ip.trusted_proxies[{index}]"), &place);
        draft.settings.trusted_proxies.push(network);
    }
}

/// Networks, `private`, `loopback` or `file:PATH`, each with its place.
pub(crate) fn networks(list: &[Value<'_>], reading: &mut Reading<'_>) -> Vec<(IpNet, Place)> {
    let mut out = Vec::new();
    for value in list {
        let Some(text) = value.text(reading) else { continue };
        let entries: Vec<(String, Place)> = match (text, text.strip_prefix("file:")) {
            ("private", _) => named(PRIVATE, &value.place),
            ("loopback", _) => named(LOOPBACK, &value.place),
            (_, Some(path)) => reading.list_file(path, &value.place),
            _ => vec![(text.to_owned(), value.place.clone())],
        };
        for (entry, place) in entries {
            let network = network(&entry, &place, reading);
            out.extend(network.map(|network| (network, place)));
        }
    }
    out
}

fn named(networks: &[&str], place: &Place) -> Vec<(String, Place)> {
    networks.iter().map(|network| ((*network).to_owned(), place.clone())).collect()
}

/// Reads an address or a network.
pub(crate) fn network(text: &str, place: &Place, reading: &mut Reading<'_>) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(IpNet::from(address));
    }
    let Ok(network) = text.parse::<IpNet>() else {
        let what = format!("{:?} is no address and no network", crate::document::shorten(text));
        reading.error(Some(place), what, "write 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32");
        return None;
    };
    if network.trunc() == network {
        return Some(network);
    }
    let what = format!("{network} names one address and a whole network at once");
    let hint = format!("write {} for the network, or {} alone", network.trunc(), network.addr());
    reading.error(Some(place), what, hint);
    None
}
