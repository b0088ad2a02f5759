//! What an operator is told once: how to mend what honest callers are most often refused for.

use crate::forms;
use doorward_core::address;
use doorward_core::gate::Gate;
use doorward_core::layers::{identity, pass, quota};
use doorward_core::reason::Reason;
use doorward_core::refused::Refused;
use http::header::{self, HeaderMap, HeaderName};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Says a line to the operator, beside the log. Called seldom, from any worker.
pub type Talk = Box<dyn Fn(&str) + Send + Sync>;

/// Hints of one kind that are given at the most: their number must not grow with what clients send.
const HINTS_MAX: usize = 8;

/// What proxies write of their visitors.
static FORWARDING: [HeaderName; 3] = [
    HeaderName::from_static("x-forwarded-for"),
    header::FORWARDED,
    HeaderName::from_static("x-real-ip"),
];
static FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// What was said already.
pub(crate) struct Hints {
    talk: Talk,
    origins: Mutex<Vec<String>>,
    images: Mutex<Vec<String>>,
    proxy: AtomicBool,
    script: AtomicBool,
    backend_cors: AtomicBool,
    large_cookie: AtomicBool,
    forms: Mutex<Vec<String>>,
}

impl Hints {
    pub(crate) fn new(talk: Talk) -> Self {
        Self {
            talk,
            origins: Mutex::default(),
            images: Mutex::default(),
            proxy: AtomicBool::new(false),
            script: AtomicBool::new(false),
            backend_cors: AtomicBool::new(false),
            large_cookie: AtomicBool::new(false),
            forms: Mutex::default(),
        }
    }

    /// Looks at a refusal, for whether it could be one of one's own.
    pub(crate) fn refused(
        &self,
        gate: &Gate,
        peer: IpAddr,
        headers: &HeaderMap,
        refused: &Refused,
    ) {
        match refused.reason() {
            Reason::Site(_) | Reason::Cors(_) => {
                self.near_origin(gate, headers);
                self.image(headers, refused);
            }
            Reason::Quota(
                quota::Reason::Share
                | quota::Reason::Penalty
                | quota::Reason::SignIn
                | quota::Reason::Strikes,
            )
            | Reason::Identity(identity::Reason::TooManyUnknown)
                // Otherwise a proxy is named, and was believed.
                if refused.client() == address::unwrap(peer) =>
            {
                self.unnamed_proxy(headers);
            }
            Reason::Pass(pass::Reason::Missing) if refused.tells_all() => {
                if !self.script.swap(true, Ordering::Relaxed) {
                    (self.talk)(
                        "hint: your page sent this without Doorward's script. Load \
                         /.doorward/auto.js first in the page",
                    );
                }
            }
            Reason::Message(_)
            | Reason::Permission(_)
            | Reason::Pass(_)
            | Reason::Method(_)
            | Reason::Quota(_)
            | Reason::Identity(_)
            | Reason::Signature(_)
            | Reason::Csrf(_)
            | Reason::Body(_)
            | Reason::Credential(_)
            | Reason::Cookie(_)
            | Reason::Fault(_) => {}
        }
    }

    /// The backend writes CORS headers, which the gate replaces.
    pub(crate) fn backend_has_cors(&self) {
        if !self.backend_cors.swap(true, Ordering::Relaxed) {
            (self.talk)(
                "hint: the backend sends Access-Control-* headers of its own; the gate replaces \
                 them, so that the backend's may be switched off",
            );
        }
    }

    /// The backend sets a cookie that browsers would drop if all was added to it.
    pub(crate) fn cookie_is_large(&self) {
        if !self.large_cookie.swap(true, Ordering::Relaxed) {
            (self.talk)(
                "hint: the backend sets a cookie of nearly 4096 bytes, which browsers would drop \
                 with all that `cookie` adds; it left with what fitted, under its own name",
            );
        }
    }

    /// Forms of a page got no token, for this reason.
    pub(crate) fn forms_are_left(&self, code: &'static str) {
        if is_new(&self.forms, code) {
            let why = match code {
                forms::ENCODED => "a page came compressed, although that was not asked for",
                forms::CHARSET => "a page is in a charset in which its forms cannot be told",
                forms::LARGE => "a form, or what stands unclosed around it, is too large",
                forms::OWN_FIELD => {
                    "a form has fields `_csrf` and `csrf_token` of its own, or an empty `_csrf` \
                     for a script to fill in; where its tokens are the application's, say \
                     csrf = \"app\" on the routes that it is sent to"
                }
                _ => "a page's markup can be read in two ways",
            };
            (self.talk)(&format!(
                "hint: {code}: {why}; a form there has no token, and what it sends is refused: \
                 docs/layers/csrf.md"
            ));
        }
    }

    /// Whoever is counted by his address may be many, behind a proxy that nobody has named.
    fn unnamed_proxy(&self, headers: &HeaderMap) {
        let mut names = FORWARDING.iter();
        let Some(name) = names.find(|name| headers.contains_key(*name)) else { return };
        if !self.proxy.swap(true, Ordering::Relaxed) {
            (self.talk)(&format!(
                "hint: a refused caller came with {name}. If that is your own proxy, all its \
                 visitors share one address here: name it in client_ip.trusted_proxies"
            ));
        }
    }

    fn near_origin(&self, gate: &Gate, headers: &HeaderMap) {
        let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok())
        else {
            return;
        };
        if let Some(allowed) = gate.near_origin(origin)
            && is_new(&self.origins, origin)
        {
            (self.talk)(&format!(
                "hint: {origin} is one edit away from the allowed {allowed}; if it is your page, \
                 add it: --origin {origin}"
            ));
        }
    }

    fn image(&self, headers: &HeaderMap, refused: &Refused) {
        let is_image = headers.get(&FETCH_DEST).is_some_and(|dest| dest == "image");
        let route = match refused.route().path.as_str() {
            "" => "(no route)",
            path => path,
        };
        if is_image && is_new(&self.images, route) {
            (self.talk)(&format!(
                "hint: an image of another origin was refused on {route}; if it is your page's, \
                 say embed = \"same-site\" or \"anyone\" on its route, or load it with the \
                 crossorigin attribute from an allowed origin"
            ));
        }
    }
}

fn is_new(said: &Mutex<Vec<String>>, text: &str) -> bool {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    if said.len() >= HINTS_MAX || said.iter().any(|one| one == text) {
        return false;
    }
    said.push(text.to_owned());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hint_is_given_once_and_only_so_many() {
        let said = Mutex::default();
        assert!(is_new(&said, "a"));
        assert!(!is_new(&said, "a"));
        let given = (0..100).filter(|number| is_new(&said, &number.to_string())).count();
        assert_eq!(given, HINTS_MAX - 1);
    }
}
