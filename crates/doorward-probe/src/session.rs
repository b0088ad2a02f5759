//! A signed-in person's credentials, which travel only where they were given for.

use crate::call::Call;
use doorward_browser::Origin;
use url::Url;

/// Headers that say who calls.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Names and values, as in `Cookie: session=…`.
    headers: Vec<(String, String)>,
    /// The origins that they are for: what travels by TLS does not travel without it.
    hosts: Vec<Origin>,
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
        let hosts = urls.iter().map(Origin::of).collect();
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
        let own = Origin::of(&call.url);
        self.hosts.iter().any(|host| host.is_same(&own)).then(|| {
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

/// Letters of a value that is a secret, at least: what is shorter stands in any text.
const SECRET_LETTERS_MIN: usize = 4;

impl Session {
    /// A text without its values: a server says back whatever it was told.
    #[must_use]
    pub fn left_out_of(&self, text: &str) -> String {
        let mut secrets: Vec<&str> = Vec::new();
        for (name, value) in &self.headers {
            secrets.push(value);
            // A word before it names the scheme (RFC 9110 11.4).
            secrets.extend(value.split_once(' ').map(|(_, rest)| rest.trim()));
            let pairs = value.split(';').filter(|_| is_cookie(name));
            secrets.extend(pairs.filter_map(|pair| pair.split_once('=')).map(|(_, value)| value));
        }
        let mut secrets: Vec<String> = secrets
            .into_iter()
            .map(|secret| secret.trim().to_owned())
            // As it stands in a text of JSON.
            .flat_map(|secret| [secret.replace('"', "\\\""), secret])
            .filter(|secret| secret.len() >= SECRET_LETTERS_MIN)
            .collect();
        // The longer ones first: a part of one may be another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }
}

fn is_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("cookie")
}

#[cfg(test)]
mod tests {
    use super::Session;
    use crate::call::Call;
    use url::Url;

    fn session() -> Session {
        let url = Url::parse("https://api.example:8443/a").expect("an address");
        let headers = [
            ("Cookie", "theme=1; session=hunter2%21"),
            ("Authorization", "Basic aHVudGVyMw=="),
            ("X-Key", "hunter4\"5"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Session::new(headers.to_vec(), &[url])
    }

    #[test]
    fn it_travels_to_its_own_origin_alone() {
        let on = |url: &str| {
            let call = Call::new("GET", &Url::parse(url).expect("an address"));
            session().on(&call).is_some()
        };
        assert!(on("https://api.example:8443/b?c"));
        for other in [
            "http://api.example:8443/b",
            "https://api.example/b",
            "https://api.example.evil.example:8443/",
            "https://evil.example:8443/",
        ] {
            assert!(!on(other), "{other}");
        }
    }

    #[test]
    fn its_values_are_taken_out_of_texts() {
        let session = session();
        for secret in [
            "hunter2%21",
            "theme=1; session=hunter2%21",
            "Basic aHVudGVyMw==",
            "aHVudGVyMw==",
            "hunter4\"5",
            r#"{"a":"hunter4\"5"}"#,
        ] {
            let text = session.left_out_of(&format!("before {secret} behind"));
            assert!(!text.contains("hunter") && !text.contains("aHV"), "{text}");
            assert!(text.starts_with("before ") && text.ends_with(" behind"), "{text}");
        }
        // A value that is a word of everybody's says nothing, and is not looked for.
        assert_eq!(session.left_out_of("status 1, theme=2"), "status 1, theme=2");
    }
}
