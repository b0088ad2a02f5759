//! The headers `Referer` and `Origin`, as a browser writes them.

use crate::document::Document;
use crate::engine::{Engine, SandboxReferer};
use crate::origin::{Origin, Relation, is_trustworthy, relation};
use crate::way::Way;
use url::Url;

/// What a page tells others of its address (Referrer Policy 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferrerPolicy {
    /// `no-referrer`.
    NoReferrer,
    /// `no-referrer-when-downgrade`.
    NoReferrerWhenDowngrade,
    /// `origin`.
    Origin,
    /// `origin-when-cross-origin`.
    OriginWhenCrossOrigin,
    /// `same-origin`.
    SameOrigin,
    /// `strict-origin`.
    StrictOrigin,
    /// `strict-origin-when-cross-origin`.
    #[default]
    StrictOriginWhenCrossOrigin,
    /// `unsafe-url`.
    UnsafeUrl,
}

impl ReferrerPolicy {
    /// The policy of that word, as headers and attributes write it.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "no-referrer" => Self::NoReferrer,
            "no-referrer-when-downgrade" => Self::NoReferrerWhenDowngrade,
            "origin" => Self::Origin,
            "origin-when-cross-origin" => Self::OriginWhenCrossOrigin,
            "same-origin" => Self::SameOrigin,
            "strict-origin" => Self::StrictOrigin,
            "strict-origin-when-cross-origin" => Self::StrictOriginWhenCrossOrigin,
            "unsafe-url" => Self::UnsafeUrl,
            _ => return None,
        })
    }
}

/// How much of a page's address may still be told: no address on the way learns more than the one
/// before it (Fetch 4.1, 9: what is left out stays out).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Telling {
    /// Nothing.
    Nothing,
    /// Its origin.
    Origin,
    /// All of it.
    #[default]
    Whole,
}

impl Telling {
    /// How much a page may tell before anything is sent.
    pub(crate) fn of(engine: &Engine, from: &Document, way: Way) -> Self {
        let is_framed = relation(&from.top_origin(), &Origin::of(&from.url)) == Relation::CrossSite;
        let is_called = matches!(way, Way::Fetch | Way::Xhr { .. });
        match from.origin() {
            Origin::Opaque => match engine.sandbox_referer {
                SandboxReferer::Nothing => Self::Nothing,
                SandboxReferer::OriginOfElements if is_called => Self::Nothing,
                SandboxReferer::OriginOfElements => Self::Origin,
                SandboxReferer::AsUsual => Self::Whole,
            },
            Origin::Tuple { .. } if is_framed && engine.trims_framed_referer => Self::Origin,
            Origin::Tuple { .. } => Self::Whole,
        }
    }

    /// What is left of it once this was told.
    pub(crate) fn after(self, from: &Document, told: Option<&str>) -> Self {
        match told {
            None => Self::Nothing,
            Some(told) if told == bare(from) => self.min(Self::Origin),
            Some(_) => self,
        }
    }
}

/// A page's origin as `Referer` says it.
fn bare(from: &Document) -> String {
    format!("{}/", Origin::of(&from.url))
}

/// The value of `Referer`; none where it is left out (Referrer Policy 8.3).
pub(crate) fn referer(from: &Document, to: &Url, telling: Telling) -> Option<String> {
    let told = by_policy(from, to)?;
    match telling {
        Telling::Nothing => None,
        Telling::Origin => Some(bare(from)),
        Telling::Whole => Some(told),
    }
}

fn by_policy(from: &Document, to: &Url) -> Option<String> {
    use ReferrerPolicy as Policy;
    if !matches!(from.url.scheme(), "http" | "https") {
        return None;
    }
    let whole = || {
        let mut url = from.url.clone();
        url.set_fragment(None);
        // An `http:` address takes an empty name and none.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.to_string()
    };
    let origin = || bare(from);
    let same = relation(&Origin::of(&from.url), &Origin::of(to)) == Relation::SameOrigin;
    let down = is_downgrade(&from.url, to);
    match from.referrer_policy {
        Policy::NoReferrer => None,
        Policy::NoReferrerWhenDowngrade => (!down).then(whole),
        Policy::Origin => Some(origin()),
        Policy::OriginWhenCrossOrigin => Some(if same { whole() } else { origin() }),
        Policy::SameOrigin => same.then(whole),
        Policy::StrictOrigin => (!down).then(origin),
        Policy::StrictOriginWhenCrossOrigin if same => Some(whole()),
        Policy::StrictOriginWhenCrossOrigin => (!down).then(origin),
        Policy::UnsafeUrl => Some(whole()),
    }
}

/// The value of `Origin` on a request that is neither GET nor HEAD and not in CORS mode: there the
/// referrer policy may hide it (Fetch 3.2).
pub(crate) fn origin_outside_cors(from: &Document, own: &Origin, to: &Url) -> String {
    use ReferrerPolicy as Policy;
    let hidden = match from.referrer_policy {
        Policy::NoReferrer => true,
        Policy::NoReferrerWhenDowngrade
        | Policy::StrictOrigin
        | Policy::StrictOriginWhenCrossOrigin => {
            own.scheme() == Some("https") && to.scheme() != "https"
        }
        Policy::SameOrigin => !own.is_same(&Origin::of(to)),
        Policy::Origin | Policy::OriginWhenCrossOrigin | Policy::UnsafeUrl => false,
    };
    if hidden { "null".to_owned() } else { own.to_string() }
}

fn is_downgrade(from: &Url, to: &Url) -> bool {
    from.scheme() == "https" && !is_trustworthy(to)
}

#[cfg(test)]
mod tests {
    use super::{ReferrerPolicy as Policy, Telling, origin_outside_cors, referer};
    use crate::document::Document;
    use url::Url;

    #[test]
    fn what_is_told_of_the_page() {
        let page = "http://shop.localhost:1/a?b#c";
        let own = "http://shop.localhost:1/x";
        let other = "http://api.shop.localhost:1/x";
        let whole = Some("http://shop.localhost:1/a?b");
        let origin = Some("http://shop.localhost:1/");
        let rows = [
            (Policy::StrictOriginWhenCrossOrigin, own, whole, "http://shop.localhost:1"),
            (Policy::StrictOriginWhenCrossOrigin, other, origin, "http://shop.localhost:1"),
            (Policy::NoReferrer, own, None, "null"),
            (Policy::NoReferrer, other, None, "null"),
            (Policy::SameOrigin, own, whole, "http://shop.localhost:1"),
            (Policy::SameOrigin, other, None, "null"),
            (Policy::Origin, own, origin, "http://shop.localhost:1"),
            (Policy::UnsafeUrl, other, whole, "http://shop.localhost:1"),
            (Policy::NoReferrerWhenDowngrade, other, whole, "http://shop.localhost:1"),
        ];
        for (policy, to, want, want_origin) in rows {
            let mut from = Document::top(Url::parse(page).expect("an address"));
            from.referrer_policy = policy;
            let to = Url::parse(to).expect("an address");
            assert_eq!(referer(&from, &to, Telling::Whole).as_deref(), want, "{policy:?} {to}");
            assert_eq!(
                origin_outside_cors(&from, &from.origin(), &to),
                want_origin,
                "{policy:?} {to}"
            );
        }
    }

    #[test]
    fn from_https_to_http_nothing_is_told() {
        let from = Document::top(Url::parse("https://a.test/b").expect("an address"));
        let to = Url::parse("http://b.test/").expect("an address");
        assert_eq!(referer(&from, &to, Telling::Whole), None);
        assert_eq!(origin_outside_cors(&from, &from.origin(), &to), "null");
    }
}
