//! The jar: which cookies a browser keeps (RFC 6265bis 5.7), and which go along (5.8.3).

use crate::cookie::{self, Cookie, Said, SameSite};
use crate::document::Document;
use crate::engine::{Engine, ThirdParty};
use crate::origin::{Origin, Relation, is_local, relation, site};
use crate::rule::{self, Rule};
use crate::way::{Target, Way};
use url::{Host, Url};

/// Seconds that a cookie lives, at most: 400 days (RFC 6265bis 5.5).
const LIFE_S_MAX: i64 = 400 * 24 * 3600;

/// All cookies of a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar(Vec<Cookie>);

/// By what a cookie comes (RFC 6265bis 5.7: a "non-HTTP" API is a script).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Answer,
    Script,
}

/// What became of one cookie, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Travel {
    /// Its name.
    pub name: String,
    /// Whether it went along, or was kept.
    pub is_taken: bool,
    /// Why, or why not.
    pub rule: Rule,
}

/// Where a request stands between its page and its server, as far as cookies care.
#[derive(Clone, Debug)]
pub(crate) struct Standing<'a> {
    /// The engine.
    pub(crate) engine: &'a Engine,
    /// Where to.
    pub(crate) url: &'a Url,
    /// It is a request of the server's own site.
    same_site: bool,
    /// It replaces the whole tab.
    top: bool,
    /// The method changes nothing (RFC 9110 9.2.1).
    safe: bool,
    /// It is a request of a page of another site that does not fill the tab with it.
    is_third_party: bool,
    /// The top-level site; a tab's own, where that is replaced.
    top_site: Option<String>,
    /// The top-level host; a tab's own, where that is replaced.
    top_host: Option<String>,
    /// When it is, in seconds.
    now_s: u64,
}

impl<'a> Standing<'a> {
    /// How a request of `from` to an address stands.
    pub(crate) fn new(
        engine: &'a Engine,
        from: Option<&Document>,
        way: Way,
        to: (&'a Url, &str),
        now_s: u64,
    ) -> Self {
        let (url, method) = to;
        let target = Origin::of(url);
        let top = way.navigates() == Some(Target::Top);
        let same_site = from.is_none_or(|from| {
            let is_no_site = from.is_sandboxed && engine.sandbox_is_no_site;
            let own = from.site_for_cookies().filter(|_| !is_no_site);
            own.is_some_and(|own| is_same_site(engine, &own, &target))
        });
        // A page that fills the tab is nobody's third party.
        let top_origin = from.filter(|_| !top).map(Document::top_origin);
        let top_site = site(top_origin.as_ref().unwrap_or(&target)).map(str::to_owned);
        let top_host = top_origin.as_ref().unwrap_or(&target).host().map(str::to_owned);
        let is_third_party = from.is_some() && !top && !same_site;
        let safe = matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE");
        Self { engine, url, same_site, top, safe, is_third_party, top_site, top_host, now_s }
    }

    /// The same, behind redirects from these addresses: for some engines another site among them
    /// makes it another site's request (RFC 6265bis 5.2).
    pub(crate) fn behind<'u>(
        mut self,
        from: Option<&Document>,
        mut before: impl Iterator<Item = &'u Url>,
    ) -> Self {
        let own = from.and_then(Document::site_for_cookies);
        if let Some(own) = own.filter(|_| self.engine.chain_counts_for_cookies) {
            let engine = self.engine;
            self.same_site &= before.all(|url| is_same_site(engine, &own, &Origin::of(url)));
        }
        self
    }

    fn is_secure(&self) -> bool {
        let local = match self.url.host() {
            Some(Host::Domain(name)) => is_local(name),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        matches!(self.url.scheme(), "https" | "wss") || (local && self.engine.secure_on_localhost)
    }

    /// The jar that is used: none is the server's own.
    fn partition(&self) -> Option<&str> {
        match self.engine.third_party {
            ThirdParty::Partitioned if self.is_third_party => self.top_site.as_deref(),
            ThirdParty::Partitioned | ThirdParty::Allowed | ThirdParty::Blocked => None,
        }
    }

    /// Whether a cookie's domain takes in the tab's host.
    fn takes_in_top(&self, domain: &str) -> bool {
        self.top_host.as_deref().is_some_and(|host| domain_matches(host, domain))
    }

    fn is_blocked(&self) -> bool {
        self.engine.third_party == ThirdParty::Blocked && self.is_third_party
    }
}

impl Jar {
    /// All cookies.
    #[must_use]
    pub fn cookies(&self) -> &[Cookie] {
        &self.0
    }

    /// The value of `Cookie`, and what became of every cookie that this server could have been
    /// sent.
    pub(crate) fn take_along(&self, at: &Standing<'_>) -> (Option<String>, Vec<Travel>) {
        let mut sent: Vec<&Cookie> = Vec::new();
        let mut travels = Vec::new();
        for cookie in self.0.iter().filter(|cookie| cookie.is_for(at.url, at.now_s)) {
            let (is_taken, rule) = travel(cookie, at);
            if is_taken {
                sent.push(cookie);
            }
            travels.push(Travel { name: cookie.name.clone(), is_taken, rule });
        }
        sent.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.created_s));
        let pairs: Vec<String> = sent.iter().map(|cookie| cookie.pair()).collect();
        ((!pairs.is_empty()).then(|| pairs.join("; ")), travels)
    }

    /// Keeps, replaces or forgets what one line of `Set-Cookie` says.
    pub(crate) fn take_in(&mut self, line: &str, at: &Standing<'_>) -> Travel {
        self.take(line, at, By::Answer)
    }

    /// Keeps, replaces or forgets what a page's script writes into `document.cookie`. `now_s` is
    /// in seconds.
    pub fn set_by_script(
        &mut self,
        line: &str,
        page: &Document,
        engine: &Engine,
        now_s: u64,
    ) -> Travel {
        if page.is_sandboxed {
            return Travel { name: String::new(), is_taken: false, rule: rule::KEPT_OPAQUE };
        }
        // A script stands where a request of its page to its own address would.
        let to = (&page.url, "GET");
        let at = Standing::new(engine, Some(page), Way::Fetch, to, now_s);
        self.take(line, &at, By::Script)
    }

    fn take(&mut self, line: &str, at: &Standing<'_>, by: By) -> Travel {
        let Some(said) = cookie::read(line) else {
            return Travel { name: String::new(), is_taken: false, rule: rule::NOT_A_COOKIE };
        };
        let name = said.name.clone();
        let no = |rule| Travel { name: name.clone(), is_taken: false, rule };
        if let Some(rule) = self.doubt(&said, at) {
            return no(rule);
        }
        if by == By::Script && said.http_only {
            return no(rule::KEPT_HTTP_ONLY);
        }
        let host = at.url.host_str().unwrap_or_default().to_owned();
        let now = i64::try_from(at.now_s).unwrap_or(i64::MAX);
        let is_partitioned = said.partitioned && at.engine.keeps_partitioned;
        let partition = match is_partitioned {
            true => at.top_site.clone(),
            false => at.partition().map(str::to_owned),
        };
        // RFC 6265bis 5.7: a public suffix that names itself means this host alone.
        let domain = said.domain.filter(|domain| !is_suffix(domain));
        let host_only = domain.is_none();
        let ends_s = match (said.max_age_s, said.expires_s) {
            (Some(age), _) => Some(now.saturating_add(age)),
            (None, ends) => ends,
        };
        let is_over = ends_s.is_some_and(|ends| ends <= now);
        let expires_s = ends_s.map(|ends| ends.clamp(now, now.saturating_add(LIFE_S_MAX)));
        let expires_s = expires_s.and_then(|ends| u64::try_from(ends).ok());
        let cookie = Cookie {
            name: said.name,
            value: said.value,
            domain: domain.unwrap_or(host),
            host_only,
            path: said.path.unwrap_or_else(|| default_path(at.url.path())),
            secure: said.secure,
            http_only: said.http_only,
            same_site: said.same_site,
            created_s: at.now_s,
            expires_s,
            is_partitioned,
            partition,
        };
        let is_kept_from = |own: &Cookie| own.http_only && own.is_same(&cookie);
        if by == By::Script && self.0.iter().any(is_kept_from) {
            return no(rule::KEPT_HTTP_ONLY);
        }
        self.0.retain(|own| !own.is_same(&cookie));
        if is_over {
            return no(rule::DELETED);
        }
        self.0.push(cookie);
        Travel { name, is_taken: true, rule: rule::KEPT }
    }

    /// Why a browser does not keep a cookie, if it does not.
    fn doubt(&self, said: &Said, at: &Standing<'_>) -> Option<Rule> {
        let is_partitioned = said.partitioned && at.engine.keeps_partitioned;
        if at.is_blocked() && !is_partitioned {
            return Some(rule::COOKIE_BLOCKED);
        }
        if is_partitioned && !said.secure {
            return Some(rule::KEPT_PARTITIONED);
        }
        let host = at.url.host_str().unwrap_or_default();
        if let Some(domain) = &said.domain
            && (!domain_matches(host, domain) || (is_suffix(domain) && domain != host))
        {
            return Some(rule::KEPT_DOMAIN);
        }
        if said.secure && !at.is_secure() {
            return Some(rule::KEPT_INSECURE);
        }
        if said.same_site == SameSite::None && !said.secure {
            return Some(rule::KEPT_NONE_INSECURE);
        }
        let is_strict = match said.same_site {
            SameSite::Strict | SameSite::Lax => true,
            SameSite::Default => at.engine.lax_by_default,
            SameSite::None => false,
        };
        if is_strict && !at.same_site && !at.top {
            return Some(rule::KEPT_CROSS_SITE);
        }
        if at.engine.knows_prefixes && !prefix_holds(said) {
            return Some(rule::KEPT_PREFIX);
        }
        let path = said.path.clone().unwrap_or_else(|| default_path(at.url.path()));
        let domain = said.domain.as_deref().unwrap_or(host);
        let is_shadowed = |own: &Cookie| {
            let is_near =
                domain_matches(domain, &own.domain) || domain_matches(&own.domain, domain);
            own.secure && own.name == said.name && is_near && path_matches(&path, &own.path)
        };
        if !said.secure && !at.is_secure() && self.0.iter().any(is_shadowed) {
            return Some(rule::KEPT_SHADOWED);
        }
        if at.engine.keeps_for_top_host_only && !at.takes_in_top(domain) {
            return Some(rule::COOKIE_BLOCKED);
        }
        None
    }
}

impl Cookie {
    /// Whether the server at `url` is the one that it is for, at this time.
    fn is_for(&self, url: &Url, now_s: u64) -> bool {
        let host = url.host_str().unwrap_or_default();
        let is_host =
            if self.host_only { host == self.domain } else { domain_matches(host, &self.domain) };
        is_host
            && path_matches(url.path(), &self.path)
            && self.expires_s.is_none_or(|expires| expires > now_s)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.domain == other.domain
            && self.host_only == other.host_only
            && self.path == other.path
            && self.partition == other.partition
    }

    fn pair(&self) -> String {
        if self.name.is_empty() {
            return self.value.clone();
        }
        format!("{}={}", self.name, self.value)
    }
}

/// Whether a cookie goes along, and the rule that decides.
fn travel(cookie: &Cookie, at: &Standing<'_>) -> (bool, Rule) {
    let partition = match cookie.is_partitioned {
        true => at.top_site.as_deref(),
        false if at.is_blocked() => return (false, rule::COOKIE_BLOCKED),
        false => at.partition(),
    };
    if cookie.partition.as_deref() != partition {
        return (false, rule::COOKIE_PARTITIONED);
    }
    if cookie.secure && !at.is_secure() {
        return (false, rule::COOKIE_INSECURE);
    }
    let trusts_top = at.engine.trusts_top_for_cookies && !at.top;
    let is_tabs = trusts_top && at.takes_in_top(&cookie.domain);
    if at.same_site || is_tabs {
        return (true, rule::COOKIE_SAME_SITE);
    }
    let is_link = at.top && at.safe;
    match cookie.same_site {
        SameSite::None => (true, rule::COOKIE_NONE),
        SameSite::Strict => (false, rule::COOKIE_STRICT_WITHHELD),
        SameSite::Lax if is_link => (true, rule::COOKIE_LAX_LINK),
        SameSite::Lax => (false, rule::COOKIE_LAX_WITHHELD),
        SameSite::Default if !at.engine.lax_by_default => (true, rule::COOKIE_UNSET),
        SameSite::Default if is_link => (true, rule::COOKIE_LAX_LINK),
        SameSite::Default => {
            let age_s = at.now_s.saturating_sub(cookie.created_s);
            let is_young = age_s <= at.engine.lax_post_grace_s;
            if at.top && is_young {
                (true, rule::COOKIE_LAX_GRACE)
            } else {
                (false, rule::COOKIE_DEFAULT_WITHHELD)
            }
        }
    }
}

/// Whether two origins are one site for cookies; some engines leave the scheme out.
fn is_same_site(engine: &Engine, own: &Origin, target: &Origin) -> bool {
    let is_one = site(own).is_some() && site(own) == site(target);
    relation(own, target) != Relation::CrossSite || (!engine.schemeful_cookies && is_one)
}

/// RFC 6265bis 5.1.3.
fn domain_matches(host: &str, domain: &str) -> bool {
    if host == domain {
        return true;
    }
    let is_name = matches!(Host::parse(host), Ok(Host::Domain(_)));
    is_name && host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn is_suffix(domain: &str) -> bool {
    psl::suffix_str(domain) == Some(domain)
}

/// RFC 6265bis 5.1.4.
fn path_matches(path: &str, own: &str) -> bool {
    path == own
        || path.strip_prefix(own).is_some_and(|rest| own.ends_with('/') || rest.starts_with('/'))
}

/// RFC 6265bis 5.1.4: up to the last slash, without it.
fn default_path(path: &str) -> String {
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(at) => path[..at].to_owned(),
    }
}

/// `__Secure-` and `__Host-` keep their promise (RFC 6265bis 4.1.3).
fn prefix_holds(said: &Said) -> bool {
    // A nameless cookie is sent as its value alone, and must not look like a prefixed one.
    let name = if said.name.is_empty() { &said.value } else { &said.name };
    let name = name.to_ascii_lowercase();
    if name.starts_with("__host-") {
        let is_host = said.domain.is_none() && said.path.as_deref() == Some("/");
        return said.secure && is_host && !said.name.is_empty();
    }
    !name.starts_with("__secure-") || (said.secure && !said.name.is_empty())
}

#[cfg(test)]
mod tests;
