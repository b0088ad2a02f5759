//! One request and its answer: headers, cookies, the browser's own cache (Fetch 4.6).

use super::Walk;
use crate::cached::{self, Found};
use crate::chain;
use crate::document::{Document, EmbedderPolicy};
use crate::headers::Headers;
use crate::jar::{Standing, Travel};
use crate::metadata;
use crate::origin::{Origin, Relation, relation, site};
use crate::referrer::{origin_outside_cors, referer};
use crate::request::{CacheMode, Mode};
use crate::rule;
use crate::verdict::{Answer, Because, Sent, Tainting};
use crate::way::{Target, Way};
use url::Url;

/// Bytes that may outlive their page (Fetch 4.6).
const KEEPALIVE_BYTES_MAX: usize = 64 * 1024;

impl Walk<'_> {
    /// Sends the request, or finds its answer in the cache, and takes in what the answer sets.
    pub(super) fn exchange(
        &mut self,
        server: &mut dyn FnMut(&Sent) -> Answer,
    ) -> Result<Answer, Because> {
        if self.is_kept_alive()
            && self.body.length_bytes().is_some_and(|bytes| bytes > KEEPALIVE_BYTES_MAX)
        {
            return Err(Because::of(rule::KEEPALIVE_SIZE));
        }
        let url = self.chain.url().clone();
        let mode = self.cache_mode();
        let mut headers = self.headers();
        cached::add(&mut headers, mode);
        let (line, mut cookies) = self.after.jar.take_along(&self.standing(&url));
        let with_credentials = self.has_credentials();
        match line.filter(|_| with_credentials) {
            Some(line) => headers.append("Cookie", line),
            None if with_credentials => {}
            None => {
                for travel in &mut cookies {
                    (travel.is_taken, travel.rule) = (false, rule::COOKIE_NO_CREDENTIALS);
                }
            }
        }
        let mut sent = Sent { method: self.method.clone(), url, headers, body: self.body.clone() };
        let partition = self.partition();
        let mut is_asked_again = false;
        match self.after.cached.look_up(&partition, &sent, mode, self.now_s) {
            Found::Fresh(answer) => {
                if let Some(hop) = self.hops.last_mut() {
                    (hop.answer, hop.is_from_cache) = (Some(answer.clone()), true);
                }
                return Ok(answer);
            }
            Found::None if mode == CacheMode::OnlyIfCached => {
                return Err(Because::of(rule::NOT_CACHED));
            }
            Found::None => {}
            Found::Stale(conditions) => {
                is_asked_again = true;
                for (name, value) in conditions.iter() {
                    sent.headers.append(name, value);
                }
            }
        }
        let answer = server(&sent);
        let kept = if with_credentials { self.take_in(&answer) } else { Vec::new() };
        let answer = self.shelve(&partition, &sent, answer, (mode, is_asked_again));
        if let Some(hop) = self.hops.last_mut() {
            (hop.sent, hop.answer) = (Some(sent), Some(answer.clone()));
            (hop.cookies, hop.kept) = (cookies, kept);
        }
        Ok(answer)
    }

    /// The answer as the page may get it: a 304 to the browser's own question speaks of what is
    /// there.
    fn shelve(
        &mut self,
        partition: &str,
        sent: &Sent,
        answer: Answer,
        (mode, is_asked_again): (CacheMode, bool),
    ) -> Answer {
        let cached = &mut self.after.cached;
        let whole = match answer.status {
            304 if is_asked_again => cached.freshened(partition, sent, &answer, self.now_s),
            _ => None,
        };
        let answer = whole.unwrap_or(answer);
        if mode != CacheMode::NoStore && answer.status != 0 {
            cached.keep(partition, sent, &answer, self.now_s);
        }
        answer
    }

    fn take_in(&mut self, answer: &Answer) -> Vec<Travel> {
        let url = self.chain.url().clone();
        let lines: Vec<&str> = answer.headers.all("set-cookie").collect();
        let mut jar = std::mem::take(&mut self.after.jar);
        let standing = self.standing(&url);
        let kept = lines.into_iter().map(|line| jar.take_in(line, &standing)).collect();
        self.after.jar = jar;
        kept
    }

    /// Where the request stands, as far as cookies care.
    fn standing<'u>(&'u self, url: &'u Url) -> Standing<'u> {
        let from = self.from.as_ref();
        let to = (url, self.method.as_str());
        let standing = Standing::new(self.engine, from, self.request.way, to, self.now_s);
        standing.behind(from, self.chain.before())
    }

    fn is_kept_alive(&self) -> bool {
        matches!(self.request.way, Way::Beacon | Way::Ping) || self.request.options.keepalive
    }

    fn cache_mode(&self) -> CacheMode {
        if matches!(self.request.way, Way::EventSource | Way::WebSocket) {
            return CacheMode::NoStore;
        }
        let is_said = self.request.way == Way::Fetch;
        let said = if is_said { self.request.options.cache } else { CacheMode::Default };
        cached::effective(said, &self.said)
    }

    /// The top-level site whose part of the cache is used: a tab's own, where it is replaced.
    fn partition(&self) -> String {
        let is_tab = self.request.way.navigates() == Some(Target::Top);
        let top = match self.from.as_ref().filter(|_| !is_tab) {
            Some(from) => from.top_origin(),
            None => Origin::of(self.chain.url()),
        };
        let scheme = top.scheme().unwrap_or_default();
        format!("{scheme}://{}", site(&top).unwrap_or_default())
    }

    /// Whether cookies go along, and are kept (Fetch 4.6, includeCredentials).
    pub(super) fn has_credentials(&self) -> bool {
        let policy = self.from.as_ref().map(|from| from.embedder_policy);
        let is_credentialless = policy == Some(EmbedderPolicy::Credentialless);
        chain::has_credentials(self.credentials, self.tainting, is_credentialless)
    }

    /// What is sent beside cookies: the script's own headers, and what the browser says itself.
    fn headers(&mut self) -> Headers {
        let mut headers = self.said.clone();
        if headers.all("content-type").count() > 1 {
            let last = headers.all("content-type").last().unwrap_or_default().to_owned();
            headers.retain(|name, _| !name.eq_ignore_ascii_case("content-type"));
            headers.append("Content-Type", last);
        }
        let (way, url) = (self.request.way, self.chain.url());
        if let Some(from) = &self.from {
            if let Some(origin) = self.origin(from) {
                headers.append("Origin", origin);
            }
            let is_told = !matches!(way, Way::Ping | Way::WebSocket);
            let told = referer(from, url, self.telling);
            self.telling = self.telling.after(from, told.as_deref());
            if let Some(told) = told.filter(|_| is_told) {
                headers.append("Referer", told);
            }
        }
        if way == Way::Ping {
            self.add_ping(&mut headers);
        } else if way == Way::Prefetch {
            headers.append("Sec-Purpose", "prefetch");
        } else if way == Way::WebSocket {
            headers.append("Upgrade", "websocket");
        }
        let request = (self.request, self.mode);
        metadata::add(&mut headers, self.engine, self.from.as_ref(), request, &self.chain);
        headers
    }

    /// The value of `Origin` (Fetch 3.2); none where it is left out.
    fn origin(&self, from: &Document) -> Option<String> {
        let own = match self.mode {
            Mode::Navigate | Mode::NoCors => self.chain.plain_origin(self.engine, from, self.mode),
            Mode::Cors | Mode::SameOrigin | Mode::WebSocket => self.chain.origin(from),
        };
        let is_seen_through = self.request.way == Way::Beacon
            && from.is_sandboxed
            && self.engine.beacon_sees_through_sandbox;
        let own = if is_seen_through { Origin::of(&from.url) } else { own };
        if self.tainting == Tainting::Cors || self.mode == Mode::WebSocket {
            return Some(own.to_string());
        }
        if matches!(self.method.as_str(), "GET" | "HEAD") {
            let is_element = self.request.way.is_watched() && self.mode == Mode::Cors;
            let was_said = self
                .hops
                .iter()
                .any(|hop| hop.sent.as_ref().is_some_and(|sent| sent.headers.has("origin")));
            let keeps = self.engine.keeps_origin_behind_redirects;
            let is_page = self.mode == Mode::Navigate;
            let is_kept = was_said && keeps && !is_page && !self.chain.leaves_an_origin();
            if is_kept {
                return Some(own.to_string());
            }
            let is_named = (is_element && self.engine.names_origin_to_own)
                || (self.engine.tells_storage_access && self.is_back_at_the_tab(from));
            let is_tainted = self.chain.is_tainted(&from.origin());
            return (is_named && !is_tainted).then(|| own.to_string());
        }
        // In CORS mode the referrer policy has no say.
        match self.mode {
            Mode::Cors => Some(own.to_string()),
            Mode::NoCors if !self.engine.policy_hides_origin_in_no_cors => Some(own.to_string()),
            Mode::NoCors | Mode::SameOrigin | Mode::Navigate | Mode::WebSocket => {
                Some(origin_outside_cors(from, &own, self.chain.url()))
            }
        }
    }

    /// Whether a frame of another site asks a server of its tab's site, with cookies.
    fn is_back_at_the_tab(&self, from: &Document) -> bool {
        let top = from.top_origin();
        let is_no_site = from.is_sandboxed && self.engine.sandbox_is_no_site;
        let is_stranger = from.site_for_cookies().is_none() || is_no_site;
        let is_tabs = relation(&top, &Origin::of(self.chain.url())) != Relation::CrossSite;
        is_stranger && is_tabs && self.has_credentials()
    }

    /// HTML 4.6.4: only a page's own server is told which page it was, or one by plain `http:`.
    /// Where the link leads is not known here, and left out.
    fn add_ping(&self, headers: &mut Headers) {
        if let Some(from) = &self.from
            && (self.is_own() || from.url.scheme() != "https")
        {
            headers.append("Ping-From", from.url.to_string());
        }
    }
}
