//! The backend's own CORS: right, or wrong in the ways that are met in the wild.
//!
//! It is what a backend's framework would do. Only `Checking` ever refuses to run a request, which
//! is the point of the others: CORS tells browsers what pages may read.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method, request::Parts};

/// What the backend says about other origins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CorsPolicy {
    /// No CORS at all: no `Access-Control-*` on anything.
    #[default]
    Off,
    /// Set up well: these exact origins, mirrored, with `Vary: Origin`.
    Allow {
        /// Serialised origins, such as `http://shop.localhost:5173`.
        origins: Vec<String>,
        /// Whether cookies may come along.
        credentials: bool,
    },
    /// These exact origins, mirrored, but without `Vary: Origin`: caches mix them up.
    NoVary {
        /// Serialised origins.
        origins: Vec<String>,
    },
    /// `*` on every answer; preflights of the three safelisted methods approved.
    Wildcard,
    /// `*` on every answer; preflights of all methods approved, and `Authorization` and
    /// `Content-Type` by name.
    WildcardListed,
    /// `*` on every answer, every method and `*` for headers on every preflight.
    BlanketPreflight,
    /// `*` with `Access-Control-Allow-Credentials: true`, which no browser accepts.
    WildcardCredentials,
    /// Whatever origin asks, mirrored, with credentials and without `Vary`.
    Mirror,
    /// This origin, whoever asks: wrong for everyone else.
    Fixed(String),
    /// Two `Access-Control-Allow-Origin` headers, both with this origin: every browser refuses two.
    Twice(String),
    /// Set up well, and the backend also refuses to run what names another `Origin`.
    Checking {
        /// The one origin that it runs requests of.
        origin: String,
        /// Whether a request without `Origin` is refused as well.
        required: bool,
    },
}

impl CorsPolicy {
    /// Why the backend itself refuses this request because of its `Origin`, if it does.
    pub(super) fn refusal(&self, head: &Parts) -> Option<&'static str> {
        let Self::Checking { origin, required } = self else { return None };
        match head.headers.get(ORIGIN) {
            Some(sent) if sent == origin.as_str() => None,
            Some(_) => Some("its Origin is not the allowed one"),
            None if *required => Some("it names no Origin"),
            None => None,
        }
    }

    /// The headers of the answer to a request or a preflight with this head.
    pub(super) fn dress(&self, asked: &Parts, answer: &mut HeaderMap) {
        let preflight = is_preflight(asked);
        match self {
            Self::Off => {}
            Self::Wildcard => wildcard(answer, preflight, "GET, HEAD, POST"),
            Self::WildcardListed => {
                wildcard(answer, preflight, "GET, HEAD, POST, PUT, PATCH, DELETE");
                if preflight {
                    let listed = HeaderValue::from_static("Authorization, Content-Type");
                    answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, listed);
                }
            }
            Self::BlanketPreflight => {
                wildcard(answer, preflight, "*");
                if preflight {
                    answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
                }
            }
            Self::WildcardCredentials => {
                wildcard(answer, preflight, "*");
                answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
            Self::Mirror => {
                if let Some(origin) = asked.headers.get(ORIGIN) {
                    grant(answer, asked, origin, true);
                }
            }
            Self::Fixed(origin) => allow(answer, origin),
            Self::Twice(origin) => {
                allow(answer, origin);
                allow(answer, origin);
            }
            Self::Allow { origins, credentials } => {
                exact(answer, asked, origins, *credentials);
            }
            Self::NoVary { origins } => {
                exact(answer, asked, origins, true);
                answer.remove(VARY);
            }
            Self::Checking { origin, .. } => {
                exact(answer, asked, std::slice::from_ref(origin), false);
            }
        }
    }
}

/// Whether this is a preflight: an `OPTIONS` that says which method it asks for (Fetch 4.8).
pub(super) fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn exact(answer: &mut HeaderMap, asked: &Parts, origins: &[String], credentials: bool) {
    answer.append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = asked.headers.get(ORIGIN) else { return };
    if origins.iter().any(|allowed| origin == allowed.as_str()) {
        grant(answer, asked, origin, credentials);
    }
}

fn grant(answer: &mut HeaderMap, asked: &Parts, origin: &HeaderValue, credentials: bool) {
    answer.append(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    if credentials {
        answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    if !is_preflight(asked) {
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("x-total-count"));
        return;
    }
    mirror(answer, asked, &ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_ALLOW_METHODS);
    mirror(answer, asked, &ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_ALLOW_HEADERS);
}

fn mirror(answer: &mut HeaderMap, asked: &Parts, from: &HeaderName, to: HeaderName) {
    if let Some(value) = asked.headers.get(from) {
        answer.insert(to, value.clone());
    }
}

fn wildcard(answer: &mut HeaderMap, preflight: bool, methods: &'static str) {
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if preflight {
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    }
}

fn allow(answer: &mut HeaderMap, origin: &str) {
    // An origin that cannot stand in a header is left out: the browser then sees none, and refuses.
    if let Ok(value) = HeaderValue::from_str(origin) {
        answer.append(ACCESS_CONTROL_ALLOW_ORIGIN, value);
    }
}
