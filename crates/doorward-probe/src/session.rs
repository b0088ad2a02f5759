//! A signed-in person's credentials, which travel only where they were given for.

use crate::call::Call;
use url::Url;

/// Headers that say who calls.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Names and values, as in `Cookie: session=…`.
    headers: Vec<(String, String)>,
    /// Host and port that they are for.
    hosts: Vec<(String, u16)>,
}

/// Its values are in no text.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Session").field("headers", &names).field("hosts", &self.hosts).finish()
    }
}

impl Session {
    /// These headers, for the hosts of these addresses.
    #[must_use]
    pub fn new(headers: Vec<(String, String)>, urls: &[Url]) -> Self {
        let hosts = urls.iter().filter_map(host).collect();
        Self { headers, hosts }
    }

    /// The call with the session; none where it is for another host.
    #[must_use]
    pub fn on(&self, call: &Call) -> Option<Call> {
        self.with_those(call, |_| true)
    }

    /// The call with what a browser attaches by itself, the cookie; none where it is for another
    /// host.
    #[must_use]
    pub fn cookie_on(&self, call: &Call) -> Option<Call> {
        self.with_those(call, |name| name.eq_ignore_ascii_case("cookie"))
    }

    fn with_those(&self, call: &Call, travels: impl Fn(&str) -> bool) -> Option<Call> {
        let host = host(&call.url)?;
        self.hosts.contains(&host).then(|| {
            let mut call = call.clone();
            for (name, value) in self.headers.iter().filter(|(name, _)| travels(name)) {
                call.headers.append(name, value);
            }
            call
        })
    }

    /// Whether a cookie is part of it: a browser sends that by itself.
    #[must_use]
    pub fn has_cookie(&self) -> bool {
        self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie"))
    }

    /// The names of its cookies.
    #[must_use]
    pub fn cookie_names(&self) -> Vec<&str> {
        let cookies = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        let pairs = cookies.flat_map(|(_, value)| value.split(';'));
        pairs.filter_map(|pair| pair.split_once('=').map(|(name, _)| name.trim())).collect()
    }
}

fn host(url: &Url) -> Option<(String, u16)> {
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}
