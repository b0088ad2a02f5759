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

/// What of it a browser sends by itself, and what is left without a part.
impl Session {
    /// The call with the session's cookies alone; the call as it is where there are none for it.
    #[must_use]
    pub fn cookies_on(&self, call: &Call) -> Call {
        let own = self.keeping(|name, _| name.eq_ignore_ascii_case("cookie"));
        own.on(call).unwrap_or_else(|| call.clone())
    }

    /// The session without one of its cookies.
    #[must_use]
    pub fn without_cookie(&self, name: &str) -> Self {
        let mut session = self.clone();
        for (_, value) in session.headers.iter_mut().filter(|(own, _)| is_cookie(own)) {
            let pairs = value
                .split(';')
                .filter(|pair| pair.split_once('=').is_none_or(|(own, _)| own.trim() != name));
            *value = pairs.map(str::trim).collect::<Vec<_>>().join("; ");
        }
        session.headers.retain(|(own, value)| !is_cookie(own) || !value.is_empty());
        session
    }

    /// The session with other headers: each is exchanged for what `change` makes of it.
    #[must_use]
    pub(crate) fn changed(&self, change: impl Fn(&str, &str) -> String) -> Self {
        let mut session = self.clone();
        for (name, value) in &mut session.headers {
            *value = change(name, value);
        }
        session
    }

    /// The session with some of its headers.
    #[must_use]
    pub(crate) fn keeping(&self, keep: impl Fn(&str, &str) -> bool) -> Self {
        let mut session = self.clone();
        session.headers.retain(|(name, value)| keep(name, value));
        session
    }

    /// Its headers.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn is_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("cookie")
}

fn host(url: &Url) -> Option<(String, u16)> {
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}
