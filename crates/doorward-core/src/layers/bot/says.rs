//! What a client says that it is, in its `User-Agent`.

use memchr::memmem;

/// What a `User-Agent` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Says {
    /// Whose engine it is.
    pub family: Family,
    /// The engine's first number; 0: it is not said.
    pub version: u32,
    /// Where it runs.
    pub platform: Platform,
    /// It is a view inside of another application: its headers are that application's too.
    pub is_view: bool,
}

/// Whose engine a client says to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// It says nothing of itself.
    #[default]
    Unsaid,
    /// Chromium, and what is built on it.
    Chromium,
    /// Firefox.
    Firefox,
    /// WebKit: Safari, and every browser of iOS.
    WebKit,
    /// A browser that is run by a program, and says so.
    Headless,
    /// Anything else: a program, a crawler, a device.
    Other,
}

/// Where a client says to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// It is not said.
    #[default]
    Unsaid,
    /// Android.
    Android,
    /// iPhone, iPad.
    Ios,
    /// Windows.
    Windows,
    /// A Mac; an iPad that asks for desktop pages says so too.
    Mac,
    /// Chrome OS.
    ChromeOs,
    /// Another Linux.
    Linux,
}

impl Family {
    /// Whether it says to be a browser that a person uses.
    #[must_use]
    pub const fn is_browser(self) -> bool {
        matches!(self, Self::Chromium | Self::Firefox | Self::WebKit)
    }
}

/// Words of families, with the word behind which the version stands; the first that stands there
/// wins: Chromium's browsers say `Safari` too, and every browser of iOS is WebKit.
const FAMILIES: [(&str, &str, Family); 10] = [
    ("HeadlessChrome/", "HeadlessChrome/", Family::Headless),
    ("PhantomJS/", "PhantomJS/", Family::Headless),
    ("compatible;", "", Family::Other),
    ("CriOS/", "Version/", Family::WebKit),
    ("FxiOS/", "Version/", Family::WebKit),
    ("EdgiOS/", "Version/", Family::WebKit),
    ("Firefox/", "Firefox/", Family::Firefox),
    ("Chrome/", "Chrome/", Family::Chromium),
    ("Version/", "Version/", Family::WebKit),
    ("iPhone", "Version/", Family::WebKit),
];
/// Words of platforms; the first that stands there wins: Android says `Linux` too.
const PLATFORMS: [(&str, Platform); 8] = [
    ("Android", Platform::Android),
    ("iPhone", Platform::Ios),
    ("iPad", Platform::Ios),
    ("Windows", Platform::Windows),
    ("CrOS", Platform::ChromeOs),
    ("Macintosh", Platform::Mac),
    ("Mac OS X", Platform::Mac),
    ("Linux", Platform::Linux),
];
/// Words that views inside of other applications say.
const VIEWS: [&str; 6] = ["; wv)", "FBAN/", "FBAV/", "Instagram", "Line/", "MicroMessenger"];

impl Says {
    /// Reads a `User-Agent`.
    #[must_use]
    pub fn of(agent: Option<&str>) -> Self {
        let Some(agent) = agent.filter(|agent| !agent.is_empty()) else { return Self::default() };
        let bytes = agent.as_bytes();
        let is_there = |word: &str| memmem::find(bytes, word.as_bytes()).is_some();
        let place = PLATFORMS.iter().find(|(word, _)| is_there(word));
        let platform = place.map_or(Platform::Unsaid, |(_, platform)| *platform);
        // Only what begins like a browser says to be one.
        if !agent.starts_with("Mozilla/5.0 (") {
            return Self { family: Family::Other, platform, ..Self::default() };
        }
        let found = FAMILIES.iter().find(|(word, ..)| is_there(word));
        let Some((_, before, family)) = found else {
            return Self { family: Family::Other, platform, ..Self::default() };
        };
        let is_view = VIEWS.iter().any(|word| is_there(word));
        Self { family: *family, version: version(agent, before), platform, is_view }
    }
}

/// The first number behind a word; 0: none that is one.
fn version(agent: &str, before: &str) -> u32 {
    let Some((_, rest)) = agent.split_once(before).filter(|_| !before.is_empty()) else {
        return 0;
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.get(..digits).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_programs_and_those_who_say_nothing() {
        let said = |agent| Says::of(Some(agent));
        let is = |family, version, platform| Says { family, version, platform, is_view: false };
        let rows = [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/156.0.0.0 Safari/537.36",
                is(Family::Chromium, 156, Platform::Linux),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                 Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
                is(Family::Chromium, 156, Platform::Windows),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
                is(Family::Firefox, 153, Platform::Linux),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, \
                 like Gecko) Version/26.0 Safari/605.1.15",
                is(Family::WebKit, 26, Platform::Mac),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) CriOS/156.0.0.0 Mobile/15E148 Safari/604.1",
                is(Family::WebKit, 0, Platform::Ios),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 HeadlessChrome/156.0.0.0 Safari/537.36",
                is(Family::Headless, 156, Platform::Linux),
            ),
            (
                "Mozilla/5.0 (compatible; SomeBot/2.1; +http://bot.example)",
                is(Family::Other, 0, Platform::Unsaid),
            ),
            ("curl/8.14.1", is(Family::Other, 0, Platform::Unsaid)),
            ("python-requests/2.32 Chrome/156", is(Family::Other, 0, Platform::Unsaid)),
            ("Mozilla/5.0 (x) Chrome/99999999999", is(Family::Chromium, 0, Platform::Unsaid)),
        ];
        for (agent, want) in rows {
            assert_eq!(said(agent), want, "{agent}");
        }
        let view = "Mozilla/5.0 (Linux; Android 15; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like \
                    Gecko) Version/4.0 Chrome/156.0.0.0 Mobile Safari/537.36";
        assert!(said(view).is_view && said(view).family == Family::Chromium);
        assert_eq!((Says::of(None), said("")), (Says::default(), Says::default()));
    }
}
