//! The family of browser and the platform that a client says it is. It is kept in a pass, so that
//! one that is copied into another browser is noticed; anybody can say the same words.

use memchr::memmem::Finder;
use std::sync::LazyLock;

/// Words of families, the first that stands in `User-Agent` wins: Chromium's browsers say
/// `Safari` too, and Firefox on iOS is WebKit.
const FAMILIES: [&str; 5] = ["FxiOS", "Firefox/", "Chrome/", "CriOS", "Safari/"];
/// Words of platforms, the first that stands there wins: Android says `Linux` too.
const PLATFORMS: [&str; 6] = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"];

/// One byte for family and platform; 0 where neither is told.
pub(crate) fn client_class(user_agent: Option<&str>) -> u8 {
    static FINDERS: LazyLock<[Finders; 2]> = LazyLock::new(|| {
        [&FAMILIES[..], &PLATFORMS[..]].map(|words| words.iter().map(finder).collect())
    });
    let Some(text) = user_agent else { return 0 };
    let stands = |finder: &Finder<'_>| finder.find(text.as_bytes()).is_some();
    let place = |finders: &Finders| finders.iter().position(stands).map_or(0, next);
    place(&FINDERS[0]) << 4 | place(&FINDERS[1])
}

type Finders = Vec<Finder<'static>>;

fn finder(word: &&'static str) -> Finder<'static> {
    Finder::new(*word)
}

fn next(place: usize) -> u8 {
    // There are fewer words than bits for them.
    u8::try_from(place + 1).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::client_class;

    #[test]
    fn a_new_version_is_the_same_client_and_another_family_is_not() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/156.0.0.0 Safari/537.36";
        let class = client_class(Some(chrome));
        assert_eq!(class, client_class(Some(&chrome.replace("156", "157"))));
        assert_ne!(class, client_class(Some(&chrome.replace("X11; Linux", "Windows NT 10.0;"))));
        assert_ne!(class, client_class(Some(&chrome.replace("Chrome/156.0.0.0 ", ""))));
        assert_ne!(class, client_class(Some("curl/8.14.1")));
        assert_eq!(client_class(None), client_class(Some("curl/8.14.1")));
    }
}
