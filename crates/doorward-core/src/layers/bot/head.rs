//! What a head shows, beside what its `User-Agent` says. The rows are what engines were seen to
//! send; each asks only where the engine always sends it.

use super::contradiction::{Contradiction, Contradictions};
use super::says::{Family, Platform, Says};
use crate::header::{One, single};
use http::{HeaderMap, HeaderName, header};

static FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
static FETCH_USER: HeaderName = HeaderName::from_static("sec-fetch-user");
static HINT_BRANDS: HeaderName = HeaderName::from_static("sec-ch-ua");
static HINT_PLATFORM: HeaderName = HeaderName::from_static("sec-ch-ua-platform");
static HINT_MOBILE: HeaderName = HeaderName::from_static("sec-ch-ua-mobile");
/// From these versions on, Fetch Metadata comes with every request (WebKit: with 16.4, and no
/// number behind the first one is looked at).
const FETCH_SINCE: [(Family, u32); 3] =
    [(Family::Chromium, 80), (Family::Firefox, 90), (Family::WebKit, 17)];
/// From this version on, a Chromium sends client hints with every request.
const HINTS_SINCE: u32 = 90;
/// Destinations of elements that play media: they ask for parts of files, and for no encoding.
const MEDIA: [&str; 3] = ["audio", "video", "track"];
/// Destinations that only a navigation has (Fetch 2.2.5).
const NAVIGATED: [&str; 6] = ["document", "iframe", "frame", "embed", "object", "fencedframe"];

/// A head, and what has to be known to read it.
#[derive(Clone, Copy)]
pub struct Head<'h> {
    /// Its headers.
    pub headers: &'h HeaderMap,
    /// Browsers take the gate's address for trustworthy: https, or this machine.
    pub is_trustworthy: bool,
    /// It came by https.
    pub is_secure: bool,
    /// It opens a WebSocket: browsers send less with it.
    pub is_upgrade: bool,
}

/// Compares what a client says with what its head shows. Who does not say to be a browser
/// contradicts nothing.
#[must_use]
pub fn compare(says: Says, head: Head<'_>) -> Contradictions {
    let mut found = Contradictions::default();
    if !says.family.is_browser() {
        return found;
    }
    fetch_metadata(says, head, &mut found);
    client_hints(says, head, &mut found);
    if head.is_upgrade {
        return found;
    }
    let is_absent = |name| single(head.headers, name).is_absent();
    found.add_if(is_absent(&header::ACCEPT_LANGUAGE), Contradiction::LanguageMissing);
    found.add_if(is_absent(&header::ACCEPT), Contradiction::AcceptMissing);
    found.add_if(has_odd_encodings(head), Contradiction::EncodingOdd);
    found
}

fn fetch_metadata(says: Says, head: Head<'_>, found: &mut Contradictions) {
    let of = |name: &'static HeaderName| single(head.headers, name);
    let all = [of(&FETCH_SITE), of(&FETCH_MODE), of(&FETCH_DEST)];
    if all.iter().all(|one| one.is_absent()) {
        let since =
            |(family, since): &(Family, u32)| *family == says.family && says.version >= *since;
        let sends = FETCH_SINCE.iter().any(since) && !says.is_view && !head.is_upgrade;
        found.add_if(head.is_trustworthy && sends, Contradiction::FetchMissing);
        return;
    }
    let [Some(_), Some(mode), Some(dest)] = all.map(One::value) else {
        found.add(Contradiction::FetchOdd);
        return;
    };
    let is_navigated = NAVIGATED.contains(&dest);
    let is_odd = (mode == "navigate") != is_navigated && !is_plugin(mode, dest)
        || (mode == "websocket") && !head.is_upgrade
        || match of(&FETCH_USER) {
            One::Absent => false,
            One::Value(user) => user != "?1" || mode != "navigate",
            One::Repeated | One::Unreadable => true,
        };
    found.add_if(is_odd, Contradiction::FetchOdd);
}

/// A plugin's own requests are no navigations.
fn is_plugin(mode: &str, dest: &str) -> bool {
    mode == "no-cors" && matches!(dest, "embed" | "object")
}

fn client_hints(says: Says, head: Head<'_>, found: &mut Contradictions) {
    let of = |name: &'static HeaderName| single(head.headers, name);
    let brands = of(&HINT_BRANDS);
    if says.family != Family::Chromium {
        found.add_if(!brands.is_absent(), Contradiction::HintsForeign);
        return;
    }
    if brands.is_absent() {
        let sends = says.version >= HINTS_SINCE && !says.is_view && !head.is_upgrade;
        found.add_if(head.is_trustworthy && sends, Contradiction::HintsMissing);
        return;
    }
    let version = brands.value().and_then(engine_version);
    let differs = brands.is_unclear()
        || version.is_some_and(|version| says.version != 0 && version != says.version)
        || of(&HINT_PLATFORM).value().is_some_and(|hint| is_elsewhere(says.platform, hint))
        || of(&HINT_MOBILE).value().is_some_and(|hint| hint != "?0" && hint != "?1");
    found.add_if(differs, Contradiction::HintsDiffer);
}

/// The version behind the brand `"Chromium"`; the order of brands, and one that is made up, change
/// with every version.
fn engine_version(brands: &str) -> Option<u32> {
    let (_, rest) = brands.split_once("\"Chromium\";v=\"")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.get(..digits)?.parse().ok()
}

/// Whether a hint names another platform than the `User-Agent`. One that is not known says nothing.
fn is_elsewhere(platform: Platform, hint: &str) -> bool {
    let hinted = match hint.trim_matches('"') {
        "Android" => Platform::Android,
        "iOS" => Platform::Ios,
        "Windows" => Platform::Windows,
        "macOS" => Platform::Mac,
        "Chrome OS" | "Chromium OS" => Platform::ChromeOs,
        "Linux" => Platform::Linux,
        _ => return false,
    };
    platform != Platform::Unsaid && hinted != platform
}

fn has_odd_encodings(head: Head<'_>) -> bool {
    let is_media = single(head.headers, &FETCH_DEST).value().is_some_and(|of| MEDIA.contains(&of));
    if is_media || head.headers.contains_key(header::RANGE) {
        return false;
    }
    let taken = single(head.headers, &header::ACCEPT_ENCODING);
    let Some(taken) = taken.value() else { return true };
    let takes = |coding: &str| {
        taken.split(',').any(|one| one.split(';').next().unwrap_or("").trim() == coding)
    };
    !takes("gzip") || head.is_secure && !takes("br")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const CHROME: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, \
                          like Gecko) Chrome/156.0.0.0 Safari/537.36";
    const FIREFOX: &str =
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
    const SAFARI: &str = "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) \
                          AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15";
    const FETCHED: [&str; 3] =
        ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty"];
    const HINTS: [&str; 3] = [
        "sec-ch-ua: \"Chromium\";v=\"156\", \"Not?A_Brand\";v=\"24\"",
        "sec-ch-ua-mobile: ?0",
        "sec-ch-ua-platform: \"Linux\"",
    ];
    const COMMON: [&str; 3] =
        ["Accept: */*", "Accept-Language: en", "Accept-Encoding: gzip, deflate, br, zstd"];

    fn found(lines: &[&[&str]], is_upgrade: bool) -> Vec<&'static str> {
        let mut headers = HeaderMap::new();
        for line in lines.iter().copied().flatten() {
            let (name, value) = line.split_once(": ").expect("a header");
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        let says = Says::of(single(&headers, &header::USER_AGENT).value());
        let head = Head { headers: &headers, is_trustworthy: true, is_secure: true, is_upgrade };
        compare(says, head).iter().map(|one| one.about().name).collect()
    }

    #[test]
    fn browsers_contradict_themselves_in_nothing() {
        let top = [
            "Sec-Fetch-Site: none",
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-User: ?1",
            "Sec-Fetch-Dest: document",
        ];
        let film = [
            "Sec-Fetch-Site: same-origin",
            "Sec-Fetch-Mode: no-cors",
            "Sec-Fetch-Dest: video",
            "Range: bytes=0-",
            "Accept: */*",
            "Accept-Language: en",
            "Accept-Encoding: identity;q=1, *;q=0",
        ];
        let socket =
            ["Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: websocket", "Sec-Fetch-Dest: websocket"];
        for (lines, is_upgrade) in [
            (&[&[CHROME][..], &FETCHED, &HINTS, &COMMON][..], false),
            (&[&[CHROME], &top, &HINTS, &COMMON], false),
            (&[&[FIREFOX], &FETCHED, &COMMON], false),
            (&[&[SAFARI], &top, &COMMON], false),
            (&[&[FIREFOX], &film], false),
            (&[&[CHROME], &socket], true),
            (&[&[SAFARI]], true),
            // Whoever says to be no browser contradicts nothing.
            (&[&["User-Agent: curl/8.14.1"]], false),
            (&[&[]], false),
        ] {
            assert_eq!(found(lines, is_upgrade), Vec::<&str>::new(), "{lines:?}");
        }
    }

    #[test]
    fn a_view_and_an_old_browser_are_not_asked_for_what_they_do_not_send() {
        let view = "User-Agent: Mozilla/5.0 (Linux; Android 15; Pixel 8; wv) \
                    AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/156.0.0.0 Mobile \
                    Safari/537.36";
        let old = "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) \
                   AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.0 Safari/604.1";
        assert_eq!(found(&[&[view], &COMMON], false), Vec::<&str>::new());
        assert_eq!(found(&[&[old], &COMMON], false), Vec::<&str>::new());
    }

    #[test]
    fn a_script_with_a_browsers_name_contradicts_itself() {
        let rows: &[(&[&[&str]], &[&str])] = &[
            (
                &[&[CHROME, "Accept: */*", "Accept-Encoding: gzip, deflate"]],
                &["fetch-missing", "hints-missing", "language-missing", "encoding-odd"],
            ),
            (
                &[&[CHROME]],
                &[
                    "fetch-missing",
                    "hints-missing",
                    "language-missing",
                    "accept-missing",
                    "encoding-odd",
                ],
            ),
            (&[&[FIREFOX], &COMMON], &["fetch-missing"]),
            (&[&[FIREFOX], &FETCHED, &HINTS, &COMMON], &["hints-foreign"]),
            (
                &[&[CHROME], &FETCHED, &["sec-ch-ua: \"Chromium\";v=\"140\""], &COMMON],
                &["hints-differ"],
            ),
            (
                &[&[CHROME], &FETCHED, &[HINTS[0], "sec-ch-ua-platform: \"Windows\""], &COMMON],
                &["hints-differ"],
            ),
            (&[&[CHROME, FETCHED[0], FETCHED[1]], &HINTS, &COMMON], &["fetch-odd"]),
            (&[&[CHROME], &FETCHED, &FETCHED, &HINTS, &COMMON], &["fetch-odd"]),
            (
                &[&[CHROME, FETCHED[0], "Sec-Fetch-Mode: navigate", FETCHED[2]], &HINTS, &COMMON],
                &["fetch-odd"],
            ),
            (&[&[CHROME], &FETCHED, &["Sec-Fetch-User: ?1"], &HINTS, &COMMON], &["fetch-odd"]),
        ];
        for (lines, want) in rows {
            assert_eq!(found(lines, false), *want, "{lines:?}");
        }
    }
}
