//! Header names, as they may and may not go on.

use crate::layers::identity;
use arrayvec::ArrayVec;
use http::header::{self, HeaderName};

/// Names, in lower case with `-`, that never go on as the client sent them.
pub(super) fn is_removed(name: &str) -> bool {
    match name.as_bytes().first() {
        Some(b'd') => name.starts_with("doorward-") || name == "do-connecting-ip",
        Some(b'f') => {
            name.starts_with("forwarded")
                || matches!(name, "fastly-client-ip" | "fly-client-ip" | "front-end-https")
        }
        // CGI hands it to the backend as HTTP_PROXY (CVE-2016-5385).
        Some(b'p') => name == "proxy",
        Some(b'c') => {
            matches!(name, "client-ip" | "cf-connecting-ip" | "cf-connecting-ipv6" | "cf-ipcountry")
                || is_of_certificates(name)
        }
        Some(b's') => is_of_certificates(name),
        Some(b't') => name == "true-client-ip",
        Some(b'x') => {
            name.starts_with("x-forwarded")
                || name.starts_with("x-original-")
                || is_of_certificates(name)
                || matches!(
                    name,
                    "x-real-ip"
                        | "x-client-ip"
                        | "x-cluster-client-ip"
                        | "x-remote-ip"
                        | "x-remote-addr"
                        | "x-azure-clientip"
                        | "x-originating-ip"
                        | "x-proxyuser-ip"
                        | "x-true-client-ip"
                        | "x-host"
                        | "x-http-host-override"
                        | "x-scheme"
                        | "x-url-scheme"
                        | "x-rewrite-url"
                        | "x-middleware-subrequest"
                        | "x-envoy-external-address"
                        | "x-envoy-original-path"
                )
        }
        Some(_) | None => false,
    }
}

/// Names by which proxies that end TLS tell of a client's certificate: RFC 9440, nginx, HAProxy,
/// Apache, Azure, AWS, Cloudflare and Google. Whoever sends one here has not shown it.
fn is_of_certificates(name: &str) -> bool {
    let begins = [
        "client-cert",
        "ssl-client-",
        "x-ssl-client-",
        "x-ssl-cert",
        "x-client-cert",
        "x-client-verify",
        "x-client-dn",
        "x-arr-clientcert",
        "x-amzn-mtls-",
        "x-tls-client-",
        "cf-client-cert",
        "ssl-cert",
    ];
    begins.iter().any(|begin| name.starts_with(begin))
        || matches!(name, "x-verified-cert" | "ssl-verify" | "x-ssl-verify")
}

/// Whether two names are one to a server that reads `_` as `-`.
pub(crate) fn is_same(name: &str, other: &str) -> bool {
    let dashed = |byte: u8| if byte == b'_' { b'-' } else { byte };
    name.bytes().map(dashed).eq(other.bytes().map(dashed))
}

/// Names that the gate judged in their own spelling: another spelling must not come beside them.
fn is_judged(name: &str) -> bool {
    name.starts_with("sec-")
        || name.starts_with("access-control-")
        || name.starts_with("x-http-method")
        || matches!(
            name,
            "host"
                | "origin"
                | "referer"
                | "cookie"
                | "authorization"
                | "proxy-authorization"
                | "connection"
                | "upgrade"
                | "content-length"
                | "content-type"
                | "content-encoding"
                | "transfer-encoding"
                | "x-method-override"
                | "x-api-key"
        )
}

/// Longest name whose spelling with `_` is looked into; a longer one is removed.
const UNDERSCORED_NAME_BYTES_MAX: usize = 64;

pub(super) fn keeps_underscored(name: &str, policy: &identity::Policy) -> bool {
    let mut dashed = [0; UNDERSCORED_NAME_BYTES_MAX];
    let Some(dashed) = dashed.get_mut(..name.len()) else { return false };
    for (to, from) in dashed.iter_mut().zip(name.bytes()) {
        *to = if from == b'_' { b'-' } else { from };
    }
    std::str::from_utf8(dashed)
        .is_ok_and(|dashed| !is_removed(dashed) && !is_judged(dashed) && !policy.judges(dashed))
}

/// Removes the answer's headers that are the gate's own, whatever the backend says.
pub(crate) fn dress(headers: &mut header::HeaderMap) {
    let is_own = |name: &HeaderName| name.as_str().starts_with("doorward-");
    while headers.keys().any(is_own) {
        let own: ArrayVec<HeaderName, 8> =
            headers.keys().filter(|name| is_own(name)).take(8).cloned().collect();
        for name in own {
            headers.remove(name);
        }
    }
}
