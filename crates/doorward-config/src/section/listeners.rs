//! How clients arrive: `[tls]`, `proxy_protocol`; and `[admin]`, the operator's own listener.

use super::{client_ip, secrets, top};
use crate::config::{Admin, ClientFiles, TlsFiles};
use crate::document::{Table, Value, shorten};
use crate::draft::{Draft, Reference};
use crate::pem::{self, PemKind};
use crate::reading::Reading;
use ipnet::IpNet;
use std::net::{Ipv4Addr, SocketAddr};

/// The port of the default of `admin.listen`.
const ADMIN_PORT: u16 = 9180;
/// Bytes of the admin token at the least.
const ADMIN_TOKEN_BYTES_MIN: usize = 16;

/// Reads `http2` and `proxy_protocol`.
pub(super) fn read_top(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(http2) = table.value("http2").and_then(|value| value.boolean(reading)) {
        draft.http2 = http2;
    }
    let list = table.list("proxy_protocol", reading);
    for (network, place) in client_ip::networks(&list, reading) {
        draft.proxy_protocol.push(network);
        // Two halves of everybody are everybody too.
        let together = IpNet::aggregate(&draft.proxy_protocol);
        if together.iter().any(|network| network.prefix_len() == 0) {
            let what = "this believes everybody, so anybody could choose his own address";
            reading.error(Some(&place), what, "list the networks of your own load balancers");
            draft.proxy_protocol.clear();
        }
    }
}

/// Reads `[tls]`.
pub(super) fn read_tls(
    value: &Value<'_>,
    table: &Table<'_>,
    draft: &mut Draft,
    reading: &mut Reading<'_>,
) {
    let mut file = |name: &str, kind: PemKind, example: &str| {
        let Some(said) = table.value(name) else {
            if reading.exact_place(&table.at(name)).is_some() {
                // Misspelled, which was said already.
                return None;
            }
            let what = format!("TLS needs a certificate and its key, and `{name}` is missing");
            return value.error(what, format!("add {example}"), reading);
        };
        pem::read(&said, kind, reading)
    };
    let certificate =
        file("certificate", PemKind::Certificate, "certificate = \"cert.pem\", the whole chain");
    let key = file("key", PemKind::Key, "key = \"key.pem\", readable by the gate only");
    let clients = table.value("clients");
    let crl = table.value("crl");
    if let (None, Some(crl)) = (&clients, &crl)
        && reading.exact_place(&table.at("clients")).is_none()
    {
        let what = "nobody is asked for a certificate, so none of these can come";
        let hint = "add clients = \"ca.pem\": the authorities of your clients' certificates";
        let _: Option<()> = crl.error(what, hint, reading);
    }
    let clients = clients.and_then(|said| pem::read(&said, PemKind::Certificate, reading));
    let crl = crl.and_then(|said| pem::read(&said, PemKind::Revocations, reading));
    let clients = clients.map(|authorities| ClientFiles { authorities, crl });
    let pair = certificate.zip(key);
    draft.tls = pair.map(|(certificate, key)| TlsFiles { certificate, key, clients });
}

/// Reads `[admin]`.
pub(super) fn read_admin(
    value: &Value<'_>,
    table: &Table<'_>,
    draft: &mut Draft,
    reading: &mut Reading<'_>,
) {
    table.mask_literals(&["listen", "hosts"], reading);
    let mut listen = SocketAddr::from((Ipv4Addr::LOCALHOST, ADMIN_PORT));
    if let Some(said) = table.value("listen")
        && let Some(text) = said.text(reading)
        && let Some(address) = top::listen(text, &said.place, reading)
    {
        listen = address;
    }
    let mut hosts = Vec::new();
    for host in table.list("hosts", reading) {
        let Some(text) = host.text(reading) else { continue };
        if top::is_host(text) {
            hosts.push(text.to_owned());
        } else {
            let what = format!("{:?} is no Host", shorten(text));
            let hint = "write it as it is called: \"gate.internal:9180\"";
            let _: Option<()> = host.error(what, hint, reading);
        }
    }
    let said = table.value("token");
    let token = said.as_ref().and_then(|said| token(said, reading));
    let is_said = reading.exact_place(&table.at("token")).is_some();
    if !is_said && !listen.ip().is_loopback() {
        let place = table.value("listen").map_or_else(|| value.place.clone(), |said| said.place);
        let hint = "add token = \"env:DOORWARD_ADMIN\", and make one: head -c 32 /dev/urandom | \
                    base64";
        let what = "off loopback the admin listener needs a token of its own";
        reading.error(Some(&place), what, hint);
    }
    draft.admin_token = token.as_ref().map(|reference| reference.written.clone());
    draft.admin = Some(Admin { listen, hosts, token: token.map(|reference| reference.secret) });
}

/// A token as `Authorization: Bearer` can carry it (RFC 6750 2.1).
fn token(value: &Value<'_>, reading: &mut Reading<'_>) -> Option<Reference> {
    let text = value.text(reading)?;
    let token = secrets::read_one(text, &value.place, reading)?;
    if token.len() < ADMIN_TOKEN_BYTES_MIN {
        let what =
            format!("this token has {} bytes; {ADMIN_TOKEN_BYTES_MIN} are the least", token.len());
        let hint = "make one: head -c 32 /dev/urandom | base64 | tr -d '\\n'";
        return value.error(what, hint, reading);
    }
    if !token.iter().all(u8::is_ascii_graphic) {
        let what = "this token cannot stand in a header";
        return value.error(what, "use letters, digits, `+`, `/`, `-`, `_`, `.`, `=`", reading);
    }
    Some(secrets::reference(text, token))
}
