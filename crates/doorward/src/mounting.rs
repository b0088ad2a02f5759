//! A checked configuration in the words of the proxy.

use doorward_config::{Config, HostHeader, Upstream as Configured, UpstreamAddress as Address};
use doorward_proxy::scan::ScanLimits;
use doorward_proxy::settings::{Bounds, Upstream, UpstreamAddress, UpstreamHost, UpstreamHttp};
use http::HeaderValue;

/// An upstream.
pub(crate) fn upstream(configured: &Configured) -> anyhow::Result<Upstream> {
    let address = match &configured.address {
        Address::Http { host, port } => UpstreamAddress::Tcp { host: host.clone(), port: *port },
        Address::Unix(path) => UpstreamAddress::Unix(path.clone()),
    };
    let host = match &configured.host {
        HostHeader::Keep => UpstreamHost::Keep,
        HostHeader::Name(name) => UpstreamHost::Name(HeaderValue::from_str(name)?),
    };
    Ok(Upstream { address, host, tls: None, http: UpstreamHttp::One })
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
