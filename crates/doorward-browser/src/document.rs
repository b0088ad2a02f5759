//! The document that a request comes from, and where it stands.

use crate::origin::{Origin, Relation, relation};
use crate::referrer::ReferrerPolicy;
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
        }
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
