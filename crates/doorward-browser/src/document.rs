//! The document that a request comes from, and where it stands.

use crate::origin::{Origin, Relation, is_trustworthy, relation};
use crate::referrer::ReferrerPolicy;
use crate::space::AddressSpace;
use url::Url;

/// A page that makes requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its address.
    pub url: Url,
    /// It is sandboxed without `allow-same-origin`: its origin is opaque.
    pub is_sandboxed: bool,
    /// The addresses of the pages that it is framed in, the top-level one last; empty when it is
    /// the top-level page itself.
    pub ancestors: Vec<Url>,
    /// Its referrer policy.
    pub referrer_policy: ReferrerPolicy,
    /// Its `Cross-Origin-Embedder-Policy`.
    pub embedder_policy: EmbedderPolicy,
    /// The address space that it came from; none: not known, and nothing is gated by it.
    pub space: Option<AddressSpace>,
    /// Whether a person lets it ask servers of the local network and of this machine.
    pub local_network: Permission,
}

/// What a page lets be embedded (HTML 7.1.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmbedderPolicy {
    /// `unsafe-none`: what it likes.
    #[default]
    UnsafeNone,
    /// `credentialless`: of other origins without credentials.
    Credentialless,
    /// `require-corp`: of other origins only what says so.
    RequireCorp,
}

/// What a person said to a question of the browser's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Permission {
    /// Nothing yet: the browser asks.
    #[default]
    Prompt,
    /// Yes.
    Granted,
    /// No.
    Denied,
}

impl Document {
    /// A top-level page at this address.
    #[must_use]
    pub const fn top(url: Url) -> Self {
        Self {
            url,
            is_sandboxed: false,
            ancestors: Vec::new(),
            referrer_policy: ReferrerPolicy::StrictOriginWhenCrossOrigin,
            embedder_policy: EmbedderPolicy::UnsafeNone,
            space: None,
            local_network: Permission::Prompt,
        }
    }

    /// A page in a frame of this one's. An address of `data:` gives it an opaque origin.
    #[must_use]
    pub fn framed(&self, url: Url) -> Self {
        let mut ancestors = vec![self.url.clone()];
        ancestors.extend(self.ancestors.iter().cloned());
        Self { ancestors, ..Self::top(url) }
    }

    /// A frame whose content this page wrote (`srcdoc`): it has this page's origin, and tells this
    /// page's address (HTML 7.3.1.1, Referrer Policy 8.3).
    #[must_use]
    pub fn srcdoc(&self) -> Self {
        let framed = self.framed(self.url.clone());
        Self { is_sandboxed: self.is_sandboxed, ancestors: framed.ancestors, ..self.clone() }
    }

    /// A dedicated worker of this page's: it asks from its script's address, and counts as this
    /// page's site (RFC 6265bis 5.2.2.1). Its referrer policy is its script's own (HTML 10.2.4).
    #[must_use]
    pub fn worker(&self, script: Url) -> Self {
        let referrer_policy = ReferrerPolicy::default();
        Self { url: script, referrer_policy, ..self.clone() }
    }

    /// Whether it, and every page that it is framed in, came from where browsers trust what is
    /// between (Secure Contexts 3).
    #[must_use]
    pub fn is_secure(&self) -> bool {
        std::iter::once(&self.url).chain(&self.ancestors).all(is_trustworthy)
    }

    /// Its origin.
    #[must_use]
    pub fn origin(&self) -> Origin {
        if self.is_sandboxed { Origin::Opaque } else { Origin::of(&self.url) }
    }

    /// The origin of the top-level page.
    #[must_use]
    pub fn top_origin(&self) -> Origin {
        Origin::of(self.ancestors.last().unwrap_or(&self.url))
    }

    /// The origin that cookies count as this page's site (RFC 6265bis 5.2.1): the top-level one,
    /// unless a page between is of another site. A sandboxed page counts as where it came from.
    #[must_use]
    pub fn site_for_cookies(&self) -> Option<Origin> {
        let top = self.top_origin();
        let mut pages = std::iter::once(&self.url).chain(&self.ancestors);
        pages.all(|url| relation(&top, &Origin::of(url)) != Relation::CrossSite).then_some(top)
    }
}

#[cfg(test)]
mod tests {
    use super::Document;
    use url::Url;

    #[test]
    fn one_stranger_between_makes_it_another_site() {
        let url = |text: &str| Url::parse(text).expect("an address");
        let mut page = Document::top(url("http://api.shop.localhost:1/"));
        assert!(page.site_for_cookies().is_some());
        page.ancestors = vec![url("http://shop.localhost:2/")];
        assert_eq!(
            page.site_for_cookies().map(|o| o.to_string()).as_deref(),
            Some("http://shop.localhost:2")
        );
        page.ancestors = vec![url("http://evil.localhost:3/"), url("http://shop.localhost:2/")];
        assert_eq!(page.site_for_cookies(), None);
        page.ancestors = vec![url("http://localhost:4000/")];
        assert_eq!(page.site_for_cookies(), None);
    }
}
