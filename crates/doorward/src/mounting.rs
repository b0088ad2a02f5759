//! A checked configuration in the words of the proxy.

use crate::machine;
use anyhow::Context;
use doorward_config::{
    Config, HostHeader, Upstream as Configured, UpstreamAddress as Address, UpstreamHttp as Http,
};
use doorward_core::moment::Chance;
use doorward_core::secret::Secret;
use doorward_porter::chance::SystemChance;
use doorward_proxy::scan::ScanLimits;
use doorward_proxy::settings::{
    AdminSettings, Bounds, Certificate, Clients, Identity, Roots, Upstream, UpstreamAddress,
    UpstreamHost, UpstreamHttp, UpstreamTls,
};

use http::HeaderValue;
use std::time::{SystemTime, UNIX_EPOCH};

/// An upstream.
pub(crate) fn upstream(configured: &Configured) -> anyhow::Result<Upstream> {
    let address = match &configured.address {
        Address::Http { host, port } | Address::Https { host, port } => {
            UpstreamAddress::Tcp { host: host.clone(), port: *port }
        }
        Address::Unix(path) => UpstreamAddress::Unix(path.clone()),
    };
    let host = match &configured.host {
        HostHeader::Keep => UpstreamHost::Keep,
        HostHeader::Name(name) => UpstreamHost::Name(HeaderValue::from_str(name)?),
    };
    let http = match configured.http {
        Http::One => UpstreamHttp::One,
        Http::Two => UpstreamHttp::Two,
    };
    Ok(Upstream { address, host, tls: upstream_tls(configured)?, http })
}

/// How an upstream proves who it is, where it is spoken to over TLS.
fn upstream_tls(configured: &Configured) -> anyhow::Result<Option<UpstreamTls>> {
    let Some(tls) = &configured.tls else { return Ok(None) };
    let roots = tls.ca.as_ref().map_or(Roots::Platform, |ca| Roots::Pem(ca.text()));
    let identity = tls.identity.as_ref().map(|identity| Identity {
        chain_pem: identity.certificate.text(),
        key_pem: identity.key.text(),
    });
    let made = UpstreamTls::new(&tls.server_name, roots, identity);
    Ok(Some(made.with_context(|| configured.address.to_string())?))
}

/// The limits. What the file cannot say keeps the proxy's own default.
pub(crate) fn bounds(config: &Config) -> Bounds {
    let said = &config.bounds;
    let small = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    Bounds {
        scan: ScanLimits {
            head_bytes_max: said.head_bytes_max,
            headers_max: small(said.headers_max),
            target_bytes_max: small(said.path_bytes_max),
        },
        head: said.head,
        idle: said.idle,
        body_stall: said.body,
        write_stall: said.write,
        rate_bytes_per_s: said.least_rate_bytes_per_s,
        upstream_connect: said.connect,
        upstream_head: said.upstream,
        stream_idle: said.stream,
        upstream_idle: said.upstream_idle,
        upstream_open_max: said.upstream_requests_max,
        connections_max: said.connections_max,
        drain: said.drain,
        ..Bounds::default()
    }
}

/// The certificate that clients are shown, where there is one.
pub(crate) fn certificate(config: &Config) -> anyhow::Result<Option<Certificate>> {
    let Some(tls) = &config.tls else { return Ok(None) };
    let certificate = Certificate::parse(tls.certificate.text(), tls.key.text());
    let certificate = certificate.with_context(|| {
        let place = config.said_at("tls.certificate").unwrap_or("[tls]");
        format!("{place}: {} cannot be shown to clients", tls.certificate.path().display())
    })?;
    let Some(files) = &tls.clients else { return Ok(Some(certificate)) };
    let crl = files.crl.as_ref().map(|crl| crl.text());
    let clients = Clients::parse(files.authorities.text(), crl).with_context(|| {
        let place = config.said_at("tls.clients").unwrap_or("[tls]");
        let path = files.authorities.path().display();
        format!("{place}: clients cannot be judged by {path}")
    })?;
    Ok(Some(certificate.with_clients(clients)))
}

/// The operator's own listener, where there is one.
pub(crate) fn admin(config: &Config) -> Option<AdminSettings> {
    let admin = config.admin.as_ref()?;
    let token = admin.token.clone().unwrap_or_else(|| {
        let token = drawn_token();
        machine::talk(&format!("admin token of this start: {token}\n"));
        Secret::new(token)
    });
    let mut hosts = admin.hosts.clone();
    if !hosts.is_empty() {
        // Alone, the listed ones would take the place of those that are always there.
        hosts.extend(OWN_HOSTS.map(str::to_owned));
    }
    Some(AdminSettings { listen: admin.listen, hosts, token })
}

/// Names by which the admin listener may always be called.
const OWN_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// 128 random bits, in hexadecimal digits.
fn drawn_token() -> String {
    let mut random = [0; 16];
    SystemChance.fill(&mut random);
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A certificate's last days are told of.
const LAST_DAYS: i64 = 14;

/// Says when a certificate ends soon, or has ended: browsers refuse it from then on.
pub(crate) fn tell_end(certificate: &Certificate) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left_s = certificate.not_after_unix_s() - i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let days = left_s.div_euclid(24 * 60 * 60);
    if left_s < 0 {
        machine::talk("warning: the certificate of [tls] has ended: browsers refuse it\n");
    } else if days < LAST_DAYS {
        machine::talk(&format!("warning: the certificate of [tls] ends in {days} days\n"));
    }
}
