//! The addresses on the way of one request, and what they make of it (Fetch 4.5, 2.2.5).

use crate::body::Body;
use crate::document::Document;
use crate::engine::{Engine, GoneWithBody, PlainTaint, SiteBehindRedirects};
use crate::headers::Headers;
use crate::origin::{Origin, Relation, relation};
use crate::referrer::ReferrerPolicy;
use crate::request::{Credentials, Mode};
use crate::rule;
use crate::verdict::{Answer, Because, Tainting};
use url::Url;

/// Redirects that are followed, at most (Fetch 4.5).
const REDIRECTS_MAX: usize = 20;

/// Headers that tell of a body, and go with it.
const BODY_HEADERS: [&str; 4] =
    ["content-encoding", "content-language", "content-location", "content-type"];

/// The addresses, the present one last; there is always one.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    first: Url,
    more: Vec<Url>,
}

impl Chain {
    pub(crate) const fn new(first: Url) -> Self {
        Self { first, more: Vec::new() }
    }

    /// The present address.
    pub(crate) fn url(&self) -> &Url {
        self.more.last().unwrap_or(&self.first)
    }

    pub(crate) fn push(&mut self, url: Url) {
        self.more.push(url);
    }

    /// Puts another address in the present one's place.
    pub(crate) fn replace(&mut self, url: Url) {
        match self.more.last_mut() {
            Some(last) => *last = url,
            None => self.first = url,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Url> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// The origin that the page is told apart by. Once a server of another origin has redirected
    /// to a third, nobody vouches for it any more: it is `null` (Fetch 2.2.5, redirect-taint).
    pub(crate) fn origin(&self, from: &Document) -> Origin {
        let own = from.origin();
        if self.is_tainted(&own) { Origin::Opaque } else { own }
    }

    /// The same outside of CORS, where engines differ.
    pub(crate) fn plain_origin(&self, engine: &Engine, from: &Document, mode: Mode) -> Origin {
        let own = from.origin();
        let is_tainted = match engine.plain_taint {
            PlainTaint::OfNavigations if mode == Mode::Navigate => self.leaves_an_origin(),
            PlainTaint::AsForPages | PlainTaint::OfNavigations => self.is_tainted(&own),
            PlainTaint::Always => self.leaves_an_origin(),
        };
        if is_tainted { Origin::Opaque } else { own }
    }

    /// Whether a redirect led from one origin to another.
    pub(crate) fn leaves_an_origin(&self) -> bool {
        let mut pairs = self.all().zip(&self.more);
        pairs.any(|(last, next)| !Origin::of(last).is_same(&Origin::of(next)))
    }

    pub(crate) fn is_tainted(&self, own: &Origin) -> bool {
        let is_other = |a: &Origin, b: &Origin| relation(a, b) != Relation::SameOrigin;
        let mut pairs = self.all().zip(&self.more);
        pairs.any(|(last, next)| {
            let last = Origin::of(last);
            is_other(&Origin::of(next), &last) && is_other(own, &last)
        })
    }

    /// The value of `Sec-Fetch-Site`: the worst over all addresses (Fetch Metadata 2.3), but for
    /// some engines; none where it is left out. What a person typed comes from nowhere.
    pub(crate) fn site(
        &self,
        engine: &Engine,
        from: Option<&Document>,
        (mode, asks): (Mode, bool),
    ) -> Option<&'static str> {
        let Some(from) = from else { return Some("none") };
        let own = from.origin();
        let worst = self.all().map(|url| relation(&own, &Origin::of(url).over_http())).max();
        let worst = worst.unwrap_or(Relation::CrossSite);
        let is_redirected = !self.more.is_empty();
        let said = match engine.site_behind_redirects {
            SiteBehindRedirects::CrossSite if asks => {
                relation(&own, &Origin::of(self.url()).over_http())
            }
            SiteBehindRedirects::CrossSite if is_redirected && worst != Relation::SameOrigin => {
                Relation::CrossSite
            }
            SiteBehindRedirects::NothingInCors if asks && self.is_tainted(&own) => {
                Relation::CrossSite
            }
            SiteBehindRedirects::NothingInCors
                if mode == Mode::Cors && !asks && self.leaves_an_origin() =>
            {
                return None;
            }
            SiteBehindRedirects::Worst
            | SiteBehindRedirects::CrossSite
            | SiteBehindRedirects::NothingInCors => worst,
        };
        Some(match said {
            Relation::SameOrigin => "same-origin",
            Relation::SameSite => "same-site",
            Relation::CrossSite => "cross-site",
        })
    }

    /// The addresses before the present one.
    pub(crate) fn before(&self) -> impl Iterator<Item = &Url> {
        self.all().take(self.more.len())
    }
}

/// Where an answer redirects to; none where it is no redirect, or names no address.
pub(crate) fn next(
    chain: &Chain,
    answer: &Answer,
    from: Option<&Document>,
    (mode, tainting): (Mode, Tainting),
    body: &Body,
) -> Result<Option<Url>, Because> {
    if !is_redirect(answer) {
        return Ok(None);
    }
    let locations: Vec<&str> = answer.headers.all("location").collect();
    let [location] = locations.as_slice() else {
        return if locations.is_empty() {
            Ok(None)
        } else {
            Err(Because::of(rule::REDIRECT_MALFORMED))
        };
    };
    let here = chain.url();
    let Ok(mut url) = here.join(location) else {
        return Err(Because::on(rule::REDIRECT_MALFORMED, *location));
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Because::on(rule::REDIRECT_SCHEME, url.scheme()));
    }
    if chain.more.len() >= REDIRECTS_MAX {
        return Err(Because::of(rule::REDIRECT_TOO_MANY));
    }
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    let is_own = from.is_some_and(|from| from.origin().is_same(&Origin::of(&url)));
    if has_credentials && ((mode == Mode::Cors && !is_own) || tainting == Tainting::Cors) {
        return Err(Because::of(rule::REDIRECT_CREDENTIALS));
    }
    if answer.status != 303 && *body == Body::Stream {
        return Err(Because::of(rule::REDIRECT_STREAM));
    }
    if url.fragment().is_none() {
        url.set_fragment(here.fragment());
    }
    Ok(Some(url))
}

/// Whether an answer leads elsewhere (Fetch 2.2.3, redirect status).
pub(crate) fn is_redirect(answer: &Answer) -> bool {
    matches!(answer.status, 301 | 302 | 303 | 307 | 308)
}

/// What of a request goes on to the next address: the method may become GET, and the body goes;
/// another origin is not told `Authorization`, and nothing else is kept from it.
pub(crate) fn carry(
    engine: &Engine,
    status: u16,
    (here, next): (&Url, &Url),
    (method, body, headers): (&mut String, &mut Body, &mut Headers),
) {
    let leaves = !Origin::of(here).is_same(&Origin::of(next));
    let becomes_get = (matches!(status, 301 | 302) && method == "POST")
        || (status == 303 && !matches!(method.as_str(), "GET" | "HEAD"));
    if engine.turns_delete_into_get && method == "DELETE" && leaves {
        "GET".clone_into(method);
        *body = Body::Empty;
    }
    if becomes_get {
        "GET".clone_into(method);
        *body = Body::Empty;
        headers.retain(|name, _| {
            let is_of_body = BODY_HEADERS.iter().any(|gone| gone.eq_ignore_ascii_case(name));
            !is_of_body
                || match engine.gone_with_body {
                    GoneWithBody::All => false,
                    GoneWithBody::AllButLanguage => name.eq_ignore_ascii_case("content-language"),
                }
        });
    }
    if leaves {
        headers.retain(|name, _| !name.eq_ignore_ascii_case("authorization"));
    }
}

/// The policy that a redirect sets for what follows (Referrer Policy 8.2): the last word that is
/// one.
pub(crate) fn policy(answer: &Answer) -> Option<ReferrerPolicy> {
    let said = answer.headers.joined("referrer-policy")?;
    said.split(',').filter_map(|word| ReferrerPolicy::of_word(word.trim())).next_back()
}

/// Whether the request has credentials with it (Fetch 4.6, includeCredentials).
pub(crate) fn has_credentials(
    credentials: Credentials,
    tainting: Tainting,
    is_credentialless: bool,
) -> bool {
    match credentials {
        Credentials::Omit => false,
        Credentials::SameOrigin => tainting == Tainting::Basic,
        Credentials::Include => !(is_credentialless && tainting == Tainting::Opaque),
    }
}
