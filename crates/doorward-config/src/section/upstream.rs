//! `upstream`, the file's or a route's: an address, or a table that says more.

use crate::document::{Table, Value, shorten};
use crate::pem::{self, PemKind};
use crate::reading::Reading;
use crate::source::Place;
use crate::upstream::{
    HostHeader, Upstream, UpstreamAddress, UpstreamHttp, UpstreamIdentity, UpstreamTls,
};
use std::net::IpAddr;

/// The words of `http`.
pub(crate) const HTTP: &[(&str, UpstreamHttp)] =
    &[("1", UpstreamHttp::One), ("2", UpstreamHttp::Two)];

/// Reads an upstream: a text, or a table.
pub(crate) fn read(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Upstream> {
    if !value.is_table() {
        return of_text(value.text(reading)?, &value.place, reading);
    }
    let table = value.table(reading)?;
    let Some(url) = table.value("url") else {
        if reading.exact_place(&table.at("url")).is_some() {
            // Misspelled, which was said already.
            return None;
        }
        let what = "this upstream does not say where it is";
        return value.error(what, "add url = \"https://api.internal\"", reading);
    };
    let mut upstream = of_text(url.text(reading)?, &url.place, reading);
    let http = table.choose("http", HTTP, reading);
    let Some(target) = &mut upstream else {
        // The rest is read for its own errors.
        let _ = tls(&table, String::new(), reading);
        return None;
    };
    target.http = http.unwrap_or_default();
    if let UpstreamAddress::Https { host, .. } = &target.address {
        target.tls = Some(tls(&table, host.clone(), reading));
        return upstream;
    }
    for name in ["ca", "certificate", "key", "server_name"] {
        if let Some(said) = table.value(name) {
            let what = format!("`{name}` is for https, and this upstream is spoken to without it");
            let _: Option<()> = said.error(what, "leave it out, or write https://…", reading);
        }
    }
    if let (UpstreamAddress::Unix(_), Some(said)) = (&target.address, table.value("http"))
        && target.http == UpstreamHttp::Two
    {
        let what = "a unix socket is spoken to in HTTP/1.1";
        let _: Option<()> = said.error(what, "leave it out, or use a port", reading);
    }
    upstream
}

/// Reads an upstream's address.
pub(crate) fn of_text(text: &str, place: &Place, reading: &mut Reading<'_>) -> Option<Upstream> {
    let address = match UpstreamAddress::parse(text) {
        Ok(address) => address,
        Err((what, hint)) => {
            if text.contains('@') {
                // A password may stand before it.
                reading.mask(place);
            }
            reading.error(Some(place), what, hint);
            return None;
        }
    };
    let tls = match &address {
        UpstreamAddress::Https { host, .. } => {
            Some(UpstreamTls { server_name: host.clone(), ca: None, identity: None })
        }
        UpstreamAddress::Http { .. } | UpstreamAddress::Unix(_) => None,
    };
    Some(Upstream { address, host: HostHeader::Keep, tls, http: UpstreamHttp::One })
}

fn tls(table: &Table<'_>, host: String, reading: &mut Reading<'_>) -> UpstreamTls {
    let mut tls = UpstreamTls { server_name: host, ca: None, identity: None };
    if let Some(value) = table.value("server_name")
        && let Some(text) = value.text(reading)
    {
        if is_server_name(text) {
            text.clone_into(&mut tls.server_name);
        } else {
            let what = format!("{:?} is no name that a certificate has", shorten(text));
            let hint = "write a host's name, or an address, without scheme and port";
            let _: Option<()> = value.error(what, hint, reading);
        }
    }
    if let Some(value) = table.value("ca") {
        tls.ca = pem::read(&value, PemKind::Certificate, reading);
    }
    match (table.value("certificate"), table.value("key")) {
        (Some(certificate), Some(key)) => {
            let certificate = pem::read(&certificate, PemKind::Certificate, reading);
            let key = pem::read(&key, PemKind::Key, reading);
            tls.identity = certificate
                .zip(key)
                .map(|(certificate, key)| UpstreamIdentity { certificate, key });
        }
        (Some(alone), None) => {
            let what = "a certificate proves nothing without its private key";
            let _: Option<()> = alone.error(what, "add key = \"client.key\"", reading);
        }
        (None, Some(alone)) => {
            let what = "a private key alone is shown to nobody";
            let _: Option<()> = alone.error(what, "add certificate = \"client.pem\"", reading);
        }
        (None, None) => {}
    }
    tls
}

/// Whether a certificate could be for this name.
fn is_server_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.parse::<IpAddr>().is_ok() || (!text.is_empty() && text.bytes().all(plain))
}
