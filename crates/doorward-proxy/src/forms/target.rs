//! Where a form is sent, as a browser resolves it (WHATWG URL).

use url::Url;

/// Resolves addresses of one page.
pub(super) struct Target {
    /// The page's own origin, as an address.
    own: Url,
    /// What relative addresses are relative to.
    base: Url,
    /// Whether the page has said so itself: only its first word counts.
    is_said: bool,
}

impl Target {
    pub(super) fn new(origin: &str) -> Option<Self> {
        // The path of the page has no part in where a relative address leads to.
        let own = Url::parse(origin).ok().filter(|own| own.origin().is_tuple())?;
        Some(Self { base: own.clone(), own, is_said: false })
    }

    /// Whether an `action` or `formaction` stays with the page's own origin. In doubt not.
    pub(super) fn is_own(&self, action: Option<&str>) -> bool {
        match action {
            // The page's own address, whatever its base (HTML 4.10.21.3).
            None | Some("") => true,
            Some(text) => self.resolve(text).is_some_and(|url| self.is_of_own(&url)),
        }
    }

    /// Takes in a `<base href>`. False: it cannot be told where it leads.
    pub(super) fn rebase(&mut self, href: Option<&str>) -> bool {
        let Some(href) = href else { return true };
        let Some(text) = certain(href) else { return false };
        let Ok(url) = self.own.join(text) else { return false };
        let is_own = self.is_of_own(&url);
        if !self.is_said {
            self.is_said = true;
            self.base = url;
            return true;
        }
        // Browsers take the first; but which that is, only the finished page tells.
        is_own
    }

    fn resolve(&self, text: &str) -> Option<Url> {
        self.base.join(certain(text)?).ok()
    }

    fn is_of_own(&self, url: &Url) -> bool {
        url.scheme() == self.own.scheme() && url.origin() == self.own.origin()
    }
}

/// As much of an attribute's value as is read alike by everybody. Character references are not
/// resolved here: behind a `?` or `#` they cannot lead anywhere else, and before it they could.
fn certain(value: &str) -> Option<&str> {
    let text = value.split('&').next().unwrap_or_default();
    let is_whole = text.len() == value.len();
    let is_settled = text.contains(['?', '#']);
    (text.is_ascii() && (is_whole || is_settled)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_stays_with_its_page_or_leads_elsewhere() {
        let target = Target::new("https://shop.test").expect("an origin");
        for (action, want) in [
            (None, true),
            (Some(""), true),
            (Some(" "), true),
            (Some("pay"), true),
            (Some("/pay?a=1&b=2"), true),
            (Some("?a&colon;b"), true),
            (Some("#&sol;"), true),
            (Some("https://shop.test/pay"), true),
            (Some("HTTPS://SHOP.test:443/pay"), true),
            (Some("//shop.test/pay"), true),
            (Some("  https://shop.test/\n"), true),
            (Some("https://shop.test@evil.test/"), false),
            (Some("https://evil.test/?https://shop.test/"), false),
            (Some("https://shop.test.evil.test/"), false),
            (Some("https://shop.test:444/"), false),
            (Some("http://shop.test/"), false),
            (Some("//evil.test"), false),
            (Some("\\\\evil.test"), false),
            (Some("/\t/evil.test"), false),
            (Some("/\\evil.test"), false),
            (Some("ht\ntps://evil.test"), false),
            (Some("\u{1}//evil.test"), false),
            (Some("https&colon;//evil.test"), false),
            (Some("&#47;/evil.test"), false),
            (Some("/&#47;evil.test"), false),
            (Some("/&sol;evil.test?a"), false),
            (Some("/a&amp;b"), false),
            (Some("https://shop.test&#64;evil.test/?"), false),
            (Some("blob:https://shop.test/a"), false),
            (Some("javascript:alert(1)"), false),
            (Some("mailto:a@shop.test"), false),
            (Some("data:,"), false),
            (Some("https://sh\u{f6}p.test/"), false),
            (Some("/\u{ff0f}/evil.test"), false),
            (Some("https://"), false),
        ] {
            assert_eq!(target.is_own(action), want, "{action:?}");
        }
    }

    #[test]
    fn what_is_relative_follows_the_first_base() {
        for (bases, action, want) in [
            (&["https://cdn.test/"][..], "pay", false),
            (&["https://cdn.test/"], "/pay", false),
            (&["https://cdn.test/"], "https:shop.test/pay", false),
            (&["https://cdn.test/"], "", true),
            (&["https://cdn.test/"], "https://shop.test/pay", true),
            (&["/shop/"], "pay", true),
            (&["/shop/", "https://shop.test/"], "pay", true),
            (&["//cdn.test/"], "pay", false),
        ] {
            let mut target = Target::new("https://shop.test").expect("an origin");
            let all = bases.iter().all(|base| target.rebase(Some(base)));
            assert!(all, "{bases:?}");
            assert_eq!(target.is_own(Some(action)), want, "{bases:?} {action}");
        }
        let mut target = Target::new("https://shop.test").expect("an origin");
        assert!(target.rebase(None), "one without an address says nothing");
        assert!(target.rebase(Some("/a/")));
        assert!(!target.rebase(Some("https://evil.test/")), "a second one that leads elsewhere");
        assert!(!target.rebase(Some("https&colon;//evil.test/")));
    }

    #[test]
    fn a_page_has_an_origin() {
        for origin in ["", "null", "shop.test", "data:,a"] {
            assert!(Target::new(origin).is_none(), "{origin}");
        }
        assert!(Target::new("http://[::1]:8080").is_some());
    }
}
