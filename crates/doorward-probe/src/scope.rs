//! Whom the probe may call.
//!
//! Hosts come from the command line alone: an OpenAPI file, a HAR, a redirect or an answer names
//! none. A host is looked up once, what it is found at is checked, and every connection goes there,
//! so a name that changes its address afterwards leads nowhere. Without more words only loopback is
//! called; any other host needs to be authorised by name. Addresses at which clouds hand out
//! credentials are never called.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use thiserror::Error;
use url::{Host, Url};

/// Why a host is not called.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refused {
    /// It is not named on the command line.
    #[error("{0} is not among the hosts of the command line: the probe calls no other")]
    NotNamed(String),
    /// It is somebody's machine, and nobody said that this is allowed.
    #[error(
        "{0} is not this machine ({1}): if you are allowed to test it, say \
         `--i-am-authorised {0}`"
    )]
    NotAuthorised(String, IpAddr),
    /// Credentials are handed out there.
    #[error("{0} is at {1}, where clouds hand out credentials: it is never called")]
    Metadata(String, IpAddr),
    /// It is no address that one can call.
    #[error("{0} is at {1}, which is no single machine's address")]
    NoMachine(String, IpAddr),
    /// Nobody knows it.
    #[error("{0} has no address: {1}")]
    Unknown(String, String),
    /// Something other than HTTP.
    #[error("{0} is no http or https address")]
    NotHttp(String),
}

/// Scheme, host and port.
type Key = (&'static str, String, u16);

/// The hosts that may be called, and where they are.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// By scheme, host and port: what was named with TLS is not called without it.
    pinned: HashMap<Key, SocketAddr>,
    /// Hosts that somebody said he may test, in lower case.
    authorised: Vec<String>,
    /// Where a backend is, and the tap through which it is called.
    tapped: Option<(SocketAddr, SocketAddr)>,
}

impl Scope {
    /// Nobody, but `authorised` may be added though they are not this machine.
    #[must_use]
    pub fn new(authorised: &[String]) -> Self {
        let authorised = authorised.iter().map(|host| host.to_ascii_lowercase()).collect();
        Self { pinned: HashMap::new(), authorised, tapped: None }
    }

    /// Adds the host of an address that the command line names.
    ///
    /// # Errors
    /// When it may not be called.
    pub async fn add(&mut self, url: &Url) -> Result<(), Refused> {
        let key = key(url)?;
        if self.pinned.contains_key(&key) {
            return Ok(());
        }
        let found = look_up(url, &key).await?;
        let first = found
            .first()
            .ok_or_else(|| Refused::Unknown(key.1.clone(), "the resolver knows none".to_owned()))?;
        // One bad address among several is reason enough: which one is used is chance.
        for address in &found {
            self.check(&key.1, address.ip())?;
        }
        self.pinned.insert(key, *first);
        Ok(())
    }

    /// Where an address's host is.
    ///
    /// # Errors
    /// When it is not named on the command line.
    pub fn socket(&self, url: &Url) -> Result<SocketAddr, Refused> {
        let key = key(url)?;
        let found = self.pinned.get(&key).copied();
        found.ok_or_else(|| Refused::NotNamed(format!("{}://{}:{}", key.0, key.1, key.2)))
    }

    /// Calls what is at `backend` by the tap before it; names stay as they are.
    pub fn tap(&mut self, backend: SocketAddr, tap: SocketAddr) {
        self.tapped = Some((backend, tap));
    }

    /// Where a connection for an address is made: its host, or the tap before it.
    ///
    /// # Errors
    /// When it is not named on the command line.
    pub fn way(&self, url: &Url) -> Result<SocketAddr, Refused> {
        let own = self.socket(url)?;
        match self.tapped {
            // TLS is between the probe and the backend: nobody in between can read a mark.
            Some((backend, tap)) if backend == own && url.scheme() == "http" => Ok(tap),
            Some(_) | None => Ok(own),
        }
    }

    /// The host behind the tap, where it is not this machine.
    #[must_use]
    pub fn behind_tap(&self) -> Option<&str> {
        let (backend, _) = self.tapped.filter(|(at, _)| !plain(at.ip()).is_loopback())?;
        self.pinned.iter().find(|(_, at)| **at == backend).map(|((_, host, _), _)| host.as_str())
    }

    /// Whether this machine's own address may be listened on: loopback, or what is authorised.
    #[must_use]
    pub fn may_listen(&self, address: IpAddr) -> bool {
        let is_named = self.authorised.iter().any(|own| own.parse() == Ok(address));
        plain(address).is_loopback() || is_named
    }

    /// Whether all hosts are this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.pinned.values().all(|address| plain(address.ip()).is_loopback())
    }

    /// The hosts that are not this machine: a report names them.
    #[must_use]
    pub fn others(&self) -> Vec<String> {
        let others = self.pinned.iter().filter(|(_, at)| !plain(at.ip()).is_loopback());
        let mut others: Vec<String> = others.map(|((_, host, _), _)| host.clone()).collect();
        others.sort();
        others.dedup();
        others
    }

    fn check(&self, host: &str, address: IpAddr) -> Result<(), Refused> {
        let address = plain(address);
        if is_metadata(address) {
            return Err(Refused::Metadata(host.to_owned(), address));
        }
        let broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
        if address.is_unspecified() || address.is_multicast() || broadcast {
            return Err(Refused::NoMachine(host.to_owned(), address));
        }
        if address.is_loopback() || self.authorised.iter().any(|own| own == host) {
            return Ok(());
        }
        Err(Refused::NotAuthorised(host.to_owned(), address))
    }
}

fn key(url: &Url) -> Result<Key, Refused> {
    let not_http = || Refused::NotHttp(url.to_string());
    let scheme = match url.scheme() {
        "http" => "http",
        "https" => "https",
        _ => return Err(not_http()),
    };
    let host = url.host_str().ok_or_else(not_http)?;
    let port = url.port_or_known_default().ok_or_else(not_http)?;
    Ok((scheme, host.trim_end_matches('.').to_owned(), port))
}

async fn look_up(url: &Url, key: &Key) -> Result<Vec<SocketAddr>, Refused> {
    let (_, host, port) = key;
    match url.host() {
        Some(Host::Ipv4(address)) => return Ok(vec![SocketAddr::from((address, *port))]),
        Some(Host::Ipv6(address)) => return Ok(vec![SocketAddr::from((address, *port))]),
        // RFC 6761 6.3: names under `localhost` are this machine; many resolvers do not know.
        Some(Host::Domain(_)) if host.ends_with(".localhost") => {
            return Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, *port))]);
        }
        Some(Host::Domain(_)) | None => {}
    }
    let found = tokio::net::lookup_host((host.as_str(), *port)).await;
    let found = found.map_err(|error| Refused::Unknown(host.clone(), error.to_string()))?;
    let mut found: Vec<SocketAddr> = found.collect();
    // A server on `localhost` listens on 127.0.0.1 more often than on ::1 alone.
    found.sort_by_key(SocketAddr::is_ipv6);
    Ok(found)
}

/// An IPv4 address that is written as an IPv6 one is that IPv4 address.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The IPv4 address that a gateway calls for an IPv6 one: translated (RFC 6052 2.1, RFC 8215), by
/// 6to4 (RFC 3056 2), or compatible (RFC 4291 2.5.5.1).
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let ipv4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match [a, b] {
        [0x0064, 0xff9b] => Some(ipv4(high, low)),
        [0x2002, _] => Some(ipv4(b, c)),
        [0, 0] if [c, d, e, f] == [0; 4] => Some(ipv4(high, low)),
        _ => None,
    }
}

/// Where clouds hand out credentials: link-local addresses, and what some use beside them.
fn is_metadata(address: IpAddr) -> bool {
    /// Alibaba Cloud; Oracle Cloud; Azure's wire server.
    const V4: [Ipv4Addr; 3] = [
        Ipv4Addr::new(100, 100, 100, 200),
        Ipv4Addr::new(192, 0, 0, 192),
        Ipv4Addr::new(168, 63, 129, 16),
    ];
    /// Amazon; Google; Scaleway.
    const V6: [Ipv6Addr; 3] = [
        Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254),
        Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254),
        Ipv6Addr::new(0xfd00, 0x0042, 0, 0, 0, 0, 0, 0x0042),
    ];
    match address {
        IpAddr::V4(address) => address.is_link_local() || V4.contains(&address),
        IpAddr::V6(address) => {
            let is_carried = carried(address).is_some_and(|ipv4| is_metadata(IpAddr::V4(ipv4)));
            let is_link_local = (address.segments()[0] & 0xffc0) == 0xfe80;
            is_carried || is_link_local || V6.contains(&address)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Refused, Scope};
    use url::Url;

    async fn add(scope: &mut Scope, text: &str) -> Result<(), Refused> {
        scope.add(&Url::parse(text).expect("an address")).await
    }

    #[tokio::test]
    async fn this_machine_and_who_is_authorised() {
        let mut scope = Scope::new(&["192.0.2.7".to_owned()]);
        for good in [
            "http://localhost:1/",
            "http://127.0.0.1:2/a",
            "http://[::1]:3/",
            "http://[::ffff:127.0.0.1]:3/",
            "http://api.shop.localhost:4/",
            "http://2130706433/",
            "https://192.0.2.7/",
        ] {
            assert_eq!(add(&mut scope, good).await, Ok(()), "{good}");
        }
        assert_eq!(scope.others(), ["192.0.2.7"]);
        for bad in [
            "http://192.0.2.8/",
            "http://10.0.0.1/",
            "http://192.168.1.1/",
            "http://[fd00::1]/",
            "http://[::ffff:10.0.0.1]/",
        ] {
            let said = add(&mut scope, bad).await;
            assert!(matches!(said, Err(Refused::NotAuthorised(..))), "{bad}: {said:?}");
        }
    }

    #[tokio::test]
    async fn credentials_of_clouds_are_never_asked_for() {
        let hosts = ["169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "[::ffff:169.254.169.254]"];
        let more = [
            "100.100.100.200",
            "2852039166",
            "[64:ff9b::a9fe:a9fe]",
            "[64:ff9b:1::a9fe:a9fe]",
            "[2002:a9fe:a9fe::1]",
            "[::a9fe:a9fe]",
            "[fd20:ce::254]",
            "[fd00:42::42]",
            "169.254.169.254.",
            "0xa9.0376.43518",
            "%31%36%39.254.169.254",
            "\u{ff11}\u{ff16}\u{ff19}.254.169.254",
        ];
        for host in hosts.iter().chain(&more) {
            let mut scope = Scope::new(&[(*host).to_owned(), "169.254.169.254".to_owned()]);
            let said = add(&mut scope, &format!("http://{host}/")).await;
            assert!(matches!(said, Err(Refused::Metadata(..))), "{host}: {said:?}");
        }
        for host in ["0.0.0.0", "[::]", "255.255.255.255", "224.0.0.1"] {
            let mut scope = Scope::new(&[host.to_owned()]);
            let said = add(&mut scope, &format!("http://{host}/")).await;
            assert!(matches!(said, Err(Refused::NoMachine(..))), "{host}: {said:?}");
        }
    }

    /// What is spelled so that people take it for this machine is somebody else's.
    #[tokio::test]
    async fn addresses_that_look_like_this_machine() {
        for evil in [
            "http://localhost@192.0.2.8/",
            "http://localhost:80@192.0.2.8/",
            "http://127.0.0.1#@192.0.2.8/",
            "http://localhost\\@192.0.2.8/",
            "http://192.0.2.8\\@localhost/",
            "http:192.0.2.8/",
            "http:///192.0.2.8/",
            "http://0xc0.0.2.8/",
        ] {
            let url = Url::parse(evil).expect("an address");
            let said = Scope::new(&[]).add(&url).await;
            match url.host_str() {
                Some("127.0.0.1" | "localhost") => assert_eq!(said, Ok(()), "{evil}"),
                _ => assert!(matches!(said, Err(Refused::NotAuthorised(..))), "{evil}: {said:?}"),
            }
        }
        // Zones, and letters that no name has, are no addresses at all.
        for none in ["http://[fe80::1%25eth0]/", "http://[::1%lo]/", "http://a%00b/", "http://a b/"]
        {
            assert!(Url::parse(none).is_err(), "{none}");
        }
    }

    /// What is named with TLS is not called without it on the same port.
    #[tokio::test]
    async fn without_tls_is_another_host() {
        let mut scope = Scope::new(&[]);
        add(&mut scope, "https://localhost:8443/").await.expect("this machine");
        let socket = |text: &str| scope.socket(&Url::parse(text).expect("an address"));
        assert!(socket("https://localhost:8443/a").is_ok());
        assert!(matches!(socket("http://localhost:8443/a"), Err(Refused::NotNamed(_))));
    }

    #[tokio::test]
    async fn a_tap_is_on_the_way_and_the_host_stays() {
        let mut scope = Scope::new(&["192.0.2.7".to_owned(), "0.0.0.0".to_owned()]);
        for url in ["http://localhost:1/", "http://127.0.0.1:2/", "https://192.0.2.7:3/"] {
            add(&mut scope, url).await.expect("it is in scope");
        }
        let at = |text: &str| text.parse().expect("a socket");
        let url = |text: &str| Url::parse(text).expect("an address");
        scope.tap(at("127.0.0.1:1"), at("127.0.0.1:9"));
        assert_eq!(scope.way(&url("http://localhost:1/a")), Ok(at("127.0.0.1:9")));
        assert_eq!(scope.socket(&url("http://localhost:1/a")), Ok(at("127.0.0.1:1")));
        assert_eq!(scope.way(&url("http://127.0.0.1:2/")), Ok(at("127.0.0.1:2")));
        assert_eq!(scope.behind_tap(), None);
        scope.tap(at("192.0.2.7:3"), at("127.0.0.1:9"));
        assert_eq!(scope.way(&url("https://192.0.2.7:3/")), Ok(at("192.0.2.7:3")));
        // A tap on this machine makes nobody's machine ours.
        assert!(!scope.is_local());
        assert_eq!(scope.behind_tap(), Some("192.0.2.7"));
        for (address, may) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("0.0.0.0", true),
            ("::", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(scope.may_listen(address.parse().expect("an address")), may, "{address}");
        }
    }

    #[tokio::test]
    async fn nobody_else_is_called() {
        let mut scope = Scope::new(&[]);
        add(&mut scope, "http://localhost:1/a").await.expect("this machine");
        let socket = |text: &str| scope.socket(&Url::parse(text).expect("an address"));
        assert!(socket("http://localhost:1/b?c").is_ok());
        assert!(matches!(socket("http://localhost:2/"), Err(Refused::NotNamed(_))));
        assert!(matches!(socket("http://example.test:1/"), Err(Refused::NotNamed(_))));
        assert!(matches!(socket("ftp://localhost:1/"), Err(Refused::NotHttp(_))));
    }
}
