//! What the backend is going to answer to a request, said without running it: for predictions.
//!
//! What it really did is told by its witness alone; nothing of this goes there.

use super::cors::{self, CorsPolicy};
use super::routes::{self, Found, Route};
use super::session::{SameSite, one_of_each, set_cookie};
use http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

/// The session that a log-in is expected to set; the true one is drawn.
pub(crate) const EXPECTED_SESSION: &str = "expected-session";

/// An answer that is expected.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Whether a route will run.
    pub is_executed: bool,
    /// The status, as far as the head tells it.
    pub status: StatusCode,
    /// The headers that browsers and caches decide by.
    pub headers: HeaderMap,
}

/// What a backend with this policy and session cookie answers to this head.
#[must_use]
pub fn expected(policy: &CorsPolicy, same_site: SameSite, head: &Parts) -> Expected {
    let mut headers = HeaderMap::new();
    if policy.refusal(head).is_some() {
        // A refusal is written before the policy's own headers are.
        return Expected { is_executed: false, status: StatusCode::FORBIDDEN, headers };
    }
    let found = routes::find(&head.method, head.uri.path());
    let (is_executed, status) = match &found {
        _ if cors::is_preflight(head) => (false, StatusCode::NO_CONTENT),
        Found::Route(route, _) => {
            set(*route, same_site, &mut headers);
            (true, StatusCode::OK)
        }
        Found::WrongMethod(_) => (false, StatusCode::METHOD_NOT_ALLOWED),
        Found::Nothing => (false, StatusCode::NOT_FOUND),
    };
    policy.dress(head, &mut headers);
    Expected { is_executed, status, headers }
}

fn set(route: Route, same_site: SameSite, headers: &mut HeaderMap) {
    let cookies = match route {
        Route::Login => vec![set_cookie(EXPECTED_SESSION, same_site)],
        Route::Cookies => one_of_each().to_vec(),
        Route::Catalog => {
            headers.insert(CACHE_CONTROL, routes::CACHEABLE);
            Vec::new()
        }
        _ => Vec::new(),
    };
    for value in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        headers.append(SET_COOKIE, value);
    }
}
