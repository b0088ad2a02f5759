//! What holds for any jar and for whatever a backend sets, in the core alone.

use doorward_core::settings::Settings;
use doorward_core::verdict::{Admitted, Verdict};
use doorward_test::sample::{Request, Rig, begin, settings};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 2_000,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn admitted(settings: &Settings, jar: &[u8]) -> Option<Admitted> {
    let mut request = Request::new(Method::GET, "/", &[("host", "shop.test")]);
    request.headers.insert(COOKIE, HeaderValue::from_bytes(jar).ok()?);
    let rig = Rig::new(settings);
    match rig.judge(request.view(), b"", rig.at(begin())) {
        Verdict::Admit(admitted) => Some(admitted),
        Verdict::Refuse(_) | Verdict::Reply(_) => None,
    }
}

/// What the backend gets of a jar.
fn handed_on(settings: &Settings, jar: &[u8]) -> Option<Vec<u8>> {
    let admitted = admitted(settings, jar)?;
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_bytes(jar).ok()?);
    let edits = admitted.upstream_edits(&Method::GET, "/").ok()?;
    edits.strip_cookies(&mut headers);
    Some(headers.remove(COOKIE).map(|value| value.as_bytes().to_vec()).unwrap_or_default())
}

/// What an attribute-by-attribute reading finds: Secure, HttpOnly, and the last `SameSite`.
fn promises(line: &str) -> (bool, bool, u8) {
    let mut found = (false, false, 0);
    for attribute in line.split(';').skip(1) {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        match (name.trim().to_ascii_lowercase().as_str(), value.trim()) {
            ("secure", _) => found.0 = true,
            ("httponly", _) => found.1 = true,
            ("samesite", value) if value.eq_ignore_ascii_case("strict") => found.2 = 2,
            ("samesite", value) if value.eq_ignore_ascii_case("lax") => found.2 = 1,
            ("samesite", _) => found.2 = 0,
            _ => {}
        }
    }
    found
}

fn gates() -> Vec<Settings> {
    let mut plain = settings();
    plain.external = vec!["https://shop.test".to_owned()];
    let mut renaming = plain.clone();
    renaming.cookie.protect = vec!["session".to_owned()];
    vec![plain, renaming]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_plain_jar_goes_on_byte_for_byte(
        pairs in prop::collection::vec(("[a-z]{1,3}[0-9]", "[!#-:<-\\[\\]-~]{0,8}"), 1..9),
        between in prop::sample::select(vec![";", "; ", " ;  ", ";;"]),
    ) {
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let jar = pairs.join(between);
        for settings in gates() {
            let on = handed_on(&settings, jar.as_bytes());
            prop_assert_eq!(on.as_deref(), Some(jar.as_bytes()));
        }
    }

    #[test]
    fn what_was_cleaned_once_is_clean(
        jar in "[aA=; $\"\\\\.%_5fFsS-]{0,12}(__[hH]ost-)?(session)?[=;\" a]{0,6}",
    ) {
        let settings = &gates()[0];
        if let Some(once) = handed_on(settings, jar.as_bytes())
            && !once.is_empty()
        {
            prop_assert_eq!(handed_on(settings, &once), Some(once));
        }
    }

    #[test]
    fn what_leaves_is_never_weaker(
        name in prop::sample::select(vec!["session", "theme", "XSRF-TOKEN", "__Host-sid", ""]),
        said in prop::collection::vec(prop::sample::select(vec![
            "Secure", " secure ", "HttpOnly", "SameSite=None", "SameSite = Lax", "samesite=STRICT",
            "SameSite", "Path=/a", "Domain=shop.test", "Max-Age=0", "Max-Age=60", "", "x=y",
        ]), 0..6),
    ) {
        let line = format!("{name}=1;{}", said.join(";"));
        let was = promises(&line);
        for settings in gates() {
            let admitted = admitted(&settings, b"a=1").expect("a plain request");
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, HeaderValue::from_str(&line).expect("a line"));
            admitted.dress(&mut headers);
            let lines: Vec<&str> =
                headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()).collect();
            prop_assert!(!lines.is_empty());
            for new in lines {
                let is = promises(new);
                let weaker = (was.0 && !is.0) || (was.1 && !is.1) || is.2 < was.2;
                prop_assert!(!weaker && is.0, "{} became {}", line, new);
            }
        }
    }
}
