//! The browser's own cache of answers (RFC 9111), as far as CORS meets it: kept by address under
//! each top-level site, told apart by `Vary` and by nothing else.
//!
//! An answer that was kept for one origin, or for none, is looked at again for the next: without
//! `Vary: Origin` it names the wrong one.

use crate::headers::Headers;
use crate::request::CacheMode;
use crate::verdict::{Answer, Sent};
use http_cache_semantics::{AfterResponse, BeforeRequest, CacheOptions, CachePolicy};
use std::time::{Duration, UNIX_EPOCH};
use url::Url;

/// Headers by which a script asks on its own whether something changed (Fetch 4.6).
const CONDITIONS: [&str; 5] =
    ["if-modified-since", "if-none-match", "if-unmodified-since", "if-match", "if-range"];

/// The last second that is told apart, of the year 9999: what is later counts as that.
const LAST_S: u64 = 253_402_300_799;

/// A time as the rules of caching take it, after 1970.
fn since_1970(at_s: u64) -> Duration {
    Duration::from_secs(at_s.min(LAST_S))
}

/// The answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cached(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    partition: String,
    url: Url,
    /// The headers of the request that it answered.
    asked: Headers,
    answer: Answer,
    at_s: u64,
}

/// What is there for a request.
#[derive(Debug)]
pub(crate) enum Found {
    /// Nothing.
    None,
    /// An answer that is used as it is.
    Fresh(Answer),
    /// An answer that is used if the server says so; it is asked with these headers as well.
    Stale(Headers),
}

/// The mode, where a script that asks on its own leaves the cache out.
pub(crate) fn effective(mode: CacheMode, said: &Headers) -> CacheMode {
    let asks = CONDITIONS.iter().any(|name| said.has(name));
    if mode == CacheMode::Default && asks { CacheMode::NoStore } else { mode }
}

/// What the mode adds to a request (Fetch 4.6).
pub(crate) fn add(headers: &mut Headers, mode: CacheMode) {
    let (control, pragma) = match mode {
        CacheMode::NoCache => (Some("max-age=0"), None),
        CacheMode::NoStore | CacheMode::Reload => (Some("no-cache"), Some("no-cache")),
        CacheMode::Default | CacheMode::ForceCache | CacheMode::OnlyIfCached => (None, None),
    };
    for (name, value) in [("Pragma", pragma), ("Cache-Control", control)] {
        if let Some(value) = value.filter(|_| !headers.has(name)) {
            headers.append(name, value);
        }
    }
}

impl Cached {
    /// What is there for a request of this top-level site.
    pub(crate) fn look_up(
        &self,
        partition: &str,
        sent: &Sent,
        mode: CacheMode,
        now_s: u64,
    ) -> Found {
        if sent.method != "GET" || matches!(mode, CacheMode::NoStore | CacheMode::Reload) {
            return Found::None;
        }
        let Some(asked) = request(&sent.url, &sent.headers) else { return Found::None };
        let own = |entry: &&Entry| entry.is_at(partition, &sent.url) && entry.varies_not(sent);
        let Some(entry) = self.0.iter().rev().find(own) else { return Found::None };
        if matches!(mode, CacheMode::ForceCache | CacheMode::OnlyIfCached) {
            return Found::Fresh(entry.answer.clone());
        }
        let Some(policy) = entry.policy() else { return Found::None };
        match policy.before_request(&asked, UNIX_EPOCH + since_1970(now_s)) {
            BeforeRequest::Fresh(_) if mode != CacheMode::NoCache => {
                Found::Fresh(entry.answer.clone())
            }
            BeforeRequest::Fresh(_) | BeforeRequest::Stale { .. } => entry.conditions(),
        }
    }

    /// Keeps an answer, if it may be kept; what the server says is not changed takes the place of
    /// what was there, with the newer headers.
    pub(crate) fn keep(&mut self, partition: &str, sent: &Sent, answer: &Answer, now_s: u64) {
        let entry = Entry {
            partition: partition.to_owned(),
            url: without_fragment(&sent.url),
            asked: sent.headers.clone(),
            answer: Answer { is_executed: false, ..answer.clone() },
            at_s: now_s,
        };
        if sent.method != "GET" {
            // RFC 9111 4.4: what changes something makes what is kept of that address old.
            let is_unsafe = !matches!(sent.method.as_str(), "HEAD" | "OPTIONS" | "TRACE");
            self.0.retain(|own| !(is_unsafe && own.is_at(partition, &sent.url)));
            return;
        }
        if entry.policy().is_some_and(|policy| policy.is_storable()) {
            self.0.retain(|own| !(own.is_at(partition, &sent.url) && own.varies_not(sent)));
            self.0.push(entry);
        }
    }

    /// The answer that a 304 speaks of, with the newer headers (RFC 9111 4.3.4).
    pub(crate) fn freshened(
        &self,
        partition: &str,
        sent: &Sent,
        newer: &Answer,
        now_s: u64,
    ) -> Option<Answer> {
        let own = |entry: &&Entry| entry.is_at(partition, &sent.url) && entry.varies_not(sent);
        let entry = self.0.iter().rev().find(own)?;
        let asked = request(&sent.url, &sent.headers)?;
        let now = UNIX_EPOCH + since_1970(now_s);
        let said = response(newer)?;
        let parts = match entry.policy()?.after_response(&asked, &said, now) {
            AfterResponse::NotModified(_, parts) | AfterResponse::Modified(_, parts) => parts,
        };
        let pairs = parts.headers.iter();
        let headers = pairs
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?)))
            .collect();
        Some(Answer { status: entry.answer.status, headers, is_executed: newer.is_executed })
    }
}

impl Entry {
    fn is_at(&self, partition: &str, url: &Url) -> bool {
        self.partition == partition && self.url == without_fragment(url)
    }

    /// Whether the request is the same in all that `Vary` names; `*` names everything.
    fn varies_not(&self, sent: &Sent) -> bool {
        let vary = self.answer.headers.joined("vary").unwrap_or_default();
        let mut names = vary.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.all(|name| name != "*" && self.asked.joined(name) == sent.headers.joined(name))
    }

    fn policy(&self) -> Option<CachePolicy> {
        let (asked, answer) = (request(&self.url, &self.asked)?, response(&self.answer)?);
        let options = CacheOptions { shared: false, ..CacheOptions::default() };
        let at = UNIX_EPOCH + since_1970(self.at_s);
        Some(CachePolicy::new_options(&asked, &answer, at, options))
    }

    /// How the server is asked whether it has changed; nothing where it gave no mark of it.
    fn conditions(&self) -> Found {
        let marks = [("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")];
        let pairs = marks
            .into_iter()
            .filter_map(|(mark, name)| Some((name, self.answer.headers.joined(mark)?)));
        let headers: Headers = pairs.collect();
        if headers.is_empty() { Found::None } else { Found::Stale(headers) }
    }
}

fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}

fn request(url: &Url, headers: &Headers) -> Option<http::Request<()>> {
    let mut builder = http::Request::get(without_fragment(url).as_str());
    for (name, value) in headers.iter() {
        builder = builder.header(name, value);
    }
    builder.body(()).ok()
}

fn response(answer: &Answer) -> Option<http::Response<()>> {
    let mut builder = http::Response::builder().status(answer.status);
    for (name, value) in answer.headers.iter() {
        builder = builder.header(name, value);
    }
    builder.body(()).ok()
}
