//! The gate's own names: how browsers reach it. Any other `Host` is 421, or a page that rebinds a
//! name to this address would be held for one's own.

use crate::header::One;
use crate::origin::{Origin, OriginError, default_port, is_local_host, port_number, split_port};
use http::HeaderValue;

/// The names of a gate.
#[derive(Debug)]
pub struct Names {
    listed: Vec<External>,
    /// While trying out without a list: local names and the listening address, with any port.
    local: bool,
    addresses: Vec<String>,
}

/// One way in which browsers reach the gate.
#[derive(Debug)]
pub struct External {
    origin: Origin,
    /// The path prefix under which a proxy in front mounts the gate, without a slash at its end.
    prefix: String,
    /// Host and port, as `X-Forwarded-Host` tells them.
    authority: HeaderValue,
}

/// What a request's authority turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'v> {
    /// Host and port as sent.
    pub authority: &'v str,
    /// Which listed name it is; none for a local name while trying out.
    pub external: Option<usize>,
    /// Whether browsers hold it for trustworthy, and so send `Sec-Fetch-*` to it.
    pub trustworthy: bool,
}

impl External {
    /// Reads `https://host[:port][/prefix]`.
    ///
    /// # Errors
    /// What keeps it from being one.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let after = text.find("://").map_or(text.len(), |at| at + 3);
        let (origin, path) = match text[after..].find('/') {
            Some(slash) => text.split_at(after + slash),
            None => (text, ""),
        };
        let origin = Origin::parse(origin)?;
        if path.contains(['?', '#']) || default_port(origin.scheme()).is_none() {
            return Err(OriginError::Path(origin.as_str().to_owned()));
        }
        let authority = &origin.as_str()[origin.scheme().len() + "://".len()..];
        let authority = HeaderValue::from_str(authority).map_err(|_| OriginError::Scheme)?;
        Ok(Self { origin, prefix: path.trim_end_matches('/').to_owned(), authority })
    }

    /// Its origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its host, with the port unless it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    /// Its path prefix, empty or beginning with a slash.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl Names {
    /// The listed names; with none, local names and `addresses` (while trying out).
    #[must_use]
    pub fn new(listed: Vec<External>, addresses: Vec<String>) -> Self {
        Self { local: listed.is_empty(), listed, addresses }
    }

    /// The listed names.
    #[must_use]
    pub fn listed(&self) -> &[External] {
        &self.listed
    }

    /// Which of the gate's names `authority` is. `None`: none of them.
    #[must_use]
    pub fn find<'v>(&self, authority: &'v str) -> Option<Named<'v>> {
        let (host, port) = split_port(authority);
        let number = match port {
            Some(text) => Some(port_number(text)?),
            None => None,
        };
        for (index, external) in self.listed.iter().enumerate() {
            let same_port = match number {
                Some(number) => external.origin.port() == Some(number),
                None => external.origin.port() == default_port(external.origin.scheme()),
            };
            if same_port && external.origin.host().eq_ignore_ascii_case(host) {
                let trustworthy = external.origin.is_trustworthy();
                return Some(Named { authority, external: Some(index), trustworthy });
            }
        }
        let local = is_local_host(host);
        if self.local && (local || self.addresses.iter().any(|address| address == host)) {
            return Some(Named { authority, external: None, trustworthy: local });
        }
        None
    }

    /// Whether `origin` is the gate's own, for a request that came in by `named`.
    #[must_use]
    pub fn is_own(&self, origin: &str, named: Named<'_>) -> bool {
        if !self.local {
            return self.listed.iter().any(|external| external.origin.as_str() == origin);
        }
        // While trying out without a list, the request's own Host stands for it.
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        (scheme == "http" || scheme == "https") && authority.eq_ignore_ascii_case(named.authority)
    }
}

/// The one authority of a request: of the target where it has one, else of `Host`.
///
/// # Errors
/// `Err(true)`: the two differ (RFC 9112 3.2.2 lets the target win; here it is refused).
/// `Err(false)`: there is none, or it cannot be told.
pub fn authority<'v>(target: Option<&'v str>, host: One<'v>) -> Result<&'v str, bool> {
    match (target, host) {
        (None, One::Value(host)) => Ok(host),
        (Some(target), One::Value(host)) if target.eq_ignore_ascii_case(host) => Ok(host),
        (Some(_), One::Value(_)) => Err(true),
        (_, One::Repeated | One::Unreadable | One::Absent) => Err(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listed: &[&str]) -> Names {
        let listed = listed.iter().map(|text| External::parse(text).expect("an address"));
        Names::new(listed.collect(), vec!["192.168.1.9".into()])
    }

    #[test]
    fn a_host_is_ours_only_by_its_whole_name_and_port() {
        let listed = names(&["https://shop.example/api", "http://intern.test:8080"]);
        let local = names(&[]);
        for (names, host, want) in [
            (&listed, "shop.example", true),
            (&listed, "SHOP.example", true),
            (&listed, "shop.example:443", true),
            (&listed, "shop.example:80", false),
            (&listed, "shop.example.", false),
            (&listed, "evilshop.example", false),
            (&listed, "shop.example.evil.test", false),
            (&listed, "intern.test:8080", true),
            (&listed, "intern.test", false),
            (&listed, "localhost:8080", false),
            (&listed, "127.0.0.1:8080", false),
            (&listed, "shop.example:443:443", false),
            (&listed, "shop.example:0443", false),
            (&listed, "user@shop.example", false),
            (&listed, "", false),
            (&local, "localhost", true),
            (&local, "localhost:8080", true),
            (&local, "api.shop.localhost:1", true),
            (&local, "127.0.0.1:9", true),
            (&local, "[::1]:9", true),
            (&local, "192.168.1.9:8080", true),
            (&local, "192.168.1.8:8080", false),
            (&local, "rebind.test:8080", false),
            (&local, "evillocalhost", false),
            (&local, ".localhost", false),
            (&local, "localhost.evil.test", false),
            (&local, "localhost.", false),
            (&local, "127.0.0.2", false),
            (&local, "a_b.c-d.localhost", true),
            (&local, "evil.test/.localhost", false),
            (&local, "user@x.localhost", false),
            (&local, "a..localhost", false),
        ] {
            assert_eq!(names.find(host).is_some(), want, "{host}");
        }
    }

    #[test]
    fn ones_own_origin_is_that_of_the_listed_names_or_of_the_host_while_trying_out() {
        let listed = names(&["https://shop.example/api"]);
        let at = listed.find("shop.example").expect("listed");
        assert!(listed.is_own("https://shop.example", at));
        assert!(!listed.is_own("http://shop.example", at));
        let local = names(&[]);
        let at = local.find("gate.localhost:8080").expect("local");
        assert!(local.is_own("http://gate.localhost:8080", at));
        assert!(!local.is_own("http://gate.localhost:8081", at));
        assert!(!local.is_own("http://evil.localhost:8080", at));
        assert!(!local.is_own("null", at));
    }

    #[test]
    fn target_and_host_must_agree() {
        assert_eq!(authority(None, One::Value("a")), Ok("a"));
        assert_eq!(authority(Some("A"), One::Value("a")), Ok("a"));
        assert_eq!(authority(Some("b"), One::Value("a")), Err(true));
        assert_eq!(authority(None, One::Absent), Err(false));
        assert_eq!(authority(Some("a"), One::Repeated), Err(false));
    }
}
