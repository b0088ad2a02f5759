//! Rows for the jar and for what backends set.

use super::policy::{Around, Policy, SameSite, Settings};
use super::set_cookie::{Travels, promises, rewrite};
use super::{dress, jar, names};
use crate::layers::identity;
use crate::moment::Now;
use crate::names::{External, Names};
use crate::origin::Origins;
use crate::route::Routes;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

/// 2026-01-01T00:00:00Z.
const NOW: Now = Now { steady_ns: 0, unix_s: 1_767_225_600 };

fn policy(settings: &Settings, external: &str, origins: &[&str]) -> Policy {
    let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
    let origins = Origins::parse(&origins).expect("the rows' origins");
    let names = vec![External::parse(external).expect("the row's name")];
    let names = Names::new(names, Vec::new());
    let identity = identity::Policy::default();
    let around = Around { identity: &identity, names: &names, origins: &origins };
    let routes = Routes::new(Vec::new()).expect("no routes");
    Policy::new(settings, &around, &routes).expect("the row's settings")
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn renaming() -> Settings {
    Settings { protect: list(&["session"]), ..Settings::default() }
}

fn jar_of(lines: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(COOKIE, HeaderValue::from_bytes(line).expect("a row's line"));
    }
    headers
}

/// What is handed on of a jar; none where it goes on as it came.
fn handed_on(policy: &Policy, line: &[u8]) -> Option<String> {
    let headers = jar_of(&[line]);
    let cleaning = jar::cleaning(policy, policy.site(Some(0)), NOW);
    if !jar::changes(policy, cleaning, &headers) {
        return None;
    }
    let pairs = line.split(|byte| *byte == b';');
    let kept = pairs.filter_map(|pair| cleaning.read(policy, &headers, pair));
    let kept = kept.map(|pair| String::from_utf8_lossy(pair).into_owned());
    Some(kept.collect::<Vec<_>>().join("; "))
}

#[test]
fn what_is_unclear_is_not_handed_on() {
    let plain = policy(&Settings::default(), "https://shop.test", &[]);
    for (line, want) in [
        ("a=1; b=2", None),
        ("a=1; b=2;", None),
        (" a=1;b=2 ;;\tc=", None),
        ("a=1; a=2", None),
        ("prefs={\"a\":1,\"b\":\"x\"}; t=a=b==", None),
        ("q=\"quoted\"; r=\"a\\\"b\"", None),
        ("utf8=h\u{e9}; a=\u{2713}", None),
        ("__Host-a=1; __Secure-b=2; __Http-c=3", None),
        ("a.b=1; %2Fa=2; connect.sid=3; _shop.x=4", None),
        ("a=1; b", Some("a=1")),
        ("a=1; =__Host-session=x", Some("a=1")),
        ("=; a=1", Some("a=1")),
        ("$Version=1; a=1; $Path=/", Some("a=1")),
        ("a=1; __host-session=x", Some("a=1")),
        ("__HOST-a=1", Some("")),
        ("a=1; __SECURE-b=x; __http-c=x", Some("a=1")),
        ("a=1; \u{2000}__Host-session=x", Some("a=1")),
        ("a=1; \u{a0}session=x", Some("a=1")),
        ("a=1; %5F%5FHost-session=x", Some("a=1")),
        ("a=1; __%48ost-session=x", Some("a=1")),
        ("a=1; ..Host-session=x; .%5fhost-b=x", Some("a=1")),
        ("a=1; %73ession=x", Some("a=1")),
        ("a=1; laravel.session=x; .session.id=x", Some("a=1")),
        ("a=1; session =x", Some("a=1")),
        ("a=1; b c=x; b[0]=x; b,c=x", Some("a=1")),
        ("b=\"x; session=1; c=y\"", Some("session=1; c=y\"")),
        ("b=\"x\\\"; session=1; c=\"y\"", Some("session=1; c=\"y\"")),
        ("b=\"x\"y\"; a=1", Some("a=1")),
        ("b=\"; a=1", Some("a=1")),
    ] {
        assert_eq!(handed_on(&plain, line.as_bytes()).as_deref(), want, "{line}");
    }
}

#[test]
fn of_a_renamed_cookie_only_the_prefixed_one_is_handed_on() {
    let https = policy(&renaming(), "https://shop.test", &[]);
    for (line, want) in [
        ("a=1", None),
        ("__Host-session=1", Some("session=1")),
        ("__Host-session=1; a=2", Some("session=1; a=2")),
        ("session=evil", Some("")),
        ("session=evil; __Host-session=1", Some("session=1")),
        ("Session=evil; s%65ssion=evil; a=1", Some("a=1")),
        ("__Secure-session=1", None),
        ("__Host-other=1; session2=1", None),
    ] {
        assert_eq!(handed_on(&https, line.as_bytes()).as_deref(), want, "{line}");
    }
    let migrate_until_unix_s = Some(NOW.unix_s + 1);
    let moving = policy(&Settings { migrate_until_unix_s, ..renaming() }, "https://shop.test", &[]);
    for (line, want) in [
        ("session=old", None),
        ("Session=evil", Some("")),
        ("session=evil; __Host-session=1", Some("session=1")),
    ] {
        assert_eq!(handed_on(&moving, line.as_bytes()).as_deref(), want, "{line}");
    }
    let over = Settings { migrate_until_unix_s: Some(NOW.unix_s), ..renaming() };
    let over = policy(&over, "https://shop.test", &[]);
    assert_eq!(handed_on(&over, b"session=old").as_deref(), Some(""));
    // Without https nothing is renamed, so nothing bare may be dropped.
    let http = policy(&renaming(), "http://shop.test", &[]);
    assert_eq!(handed_on(&http, b"session=1"), None);
}

#[test]
fn a_session_comes_once() {
    let settings = Settings {
        sessions: list(&["shop"]),
        insecure_duplicates: list(&["JSESSIONID"]),
        ..renaming()
    };
    let policy = policy(&settings, "https://shop.test", &[]);
    let cleaning = jar::cleaning(&policy, policy.site(Some(0)), NOW);
    for (lines, want) in [
        (&["shop=1; shop=2"][..], true),
        (&["shop=1; shop=1"], true),
        (&["shop=1; a=2; shop=3"], true),
        (&["shop=1", "shop=2"], true),
        (&["SHOP=1; shop=2"], true),
        (&["shop=1; Shop=2"], true),
        (&["__Host-session=1; __Host-session=2"], true),
        (&["PHPSESSID=1; PHPSESSID=2"], true),
        (&["_x_session=1; _x_session=2"], true),
        (&["shop=1"], false),
        (&["a=1; a=2"], false),
        (&["SESSION=1; sessionid=2; SESSION2=3"], false),
        (&["shop=1; shopping=2; shop"], false),
        (&["session=evil; session=evil; __Host-session=1"], false),
        (&["JSESSIONID=1; JSESSIONID=2"], false),
        (&["__Host-shop=1; shop=2"], false),
    ] {
        let bytes: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        let headers = jar_of(&bytes);
        assert_eq!(jar::has_duplicate(&policy, cleaning, &headers), want, "{lines:?}");
    }
}

#[test]
fn a_jar_has_its_bounds() {
    let settings = Settings { count_max: 3, bytes_max: 20, ..Settings::default() };
    let policy = policy(&settings, "https://shop.test", &[]);
    for (line, want) in [
        ("a=1; b=2; c=3", false),
        ("a=1;; ; b=2; c=3", false),
        ("a=1; b=2; c=3; d=4", true),
        ("a=23456789012345678", false),
        ("a=2345678901234567890", true),
    ] {
        assert_eq!(jar::is_over(&policy, &jar_of(&[line.as_bytes()])), want, "{line}");
    }
}

#[test]
fn sessions_are_known_by_their_names() {
    let policy = policy(&Settings::default(), "https://shop.test", &[]);
    let digest = "SESS0123456789abcdef0123456789abcdef";
    for (name, want) in [
        ("connect.sid", true),
        ("__Host-connect.sid", true),
        ("__Secure-next-auth.session-token", true),
        ("__Host-Http-session", true),
        ("_shop_session", true),
        ("wordpress_logged_in_0123", true),
        (digest, true),
        ("__session", false),
        ("SESSX", false),
        ("XSRF-TOKEN", false),
        ("csrftoken", false),
        ("theme", false),
        ("sidebar", false),
    ] {
        assert_eq!(names::is_session(&policy, name.as_bytes()), want, "{name}");
    }
}

/// What stands in place of one line, joined by `|`; the line itself where nothing changes.
fn rewritten(policy: &Policy, line: &str) -> String {
    let out = rewrite(policy, policy.site(Some(0)), NOW, line.as_bytes());
    if out.lines.is_empty() {
        return line.to_owned();
    }
    let lines = out.lines.iter().map(|line| String::from_utf8_lossy(line).into_owned());
    lines.collect::<Vec<_>>().join(" | ")
}

#[test]
fn what_a_backend_sets_leaves_hardened() {
    let alone = policy(&Settings::default(), "https://shop.test", &["https://app.shop.test"]);
    for (line, want) in [
        ("theme=dark", "theme=dark; Secure"),
        ("theme=dark; secure", "theme=dark; secure"),
        ("theme=dark;", "theme=dark; Secure"),
        ("session=1", "session=1; Secure; HttpOnly; SameSite=Lax"),
        ("session=1; Path=/; HTTPONLY", "session=1; Path=/; HTTPONLY; Secure; SameSite=Lax"),
        ("session=1; SameSite=None; Path=/a", "session=1; Path=/a; Secure; HttpOnly; SameSite=Lax"),
        ("session=1; SameSite=wrong", "session=1; Secure; HttpOnly; SameSite=Lax"),
        ("session=1; SameSite=Strict", "session=1; SameSite=Strict; Secure; HttpOnly"),
        (
            "session=1; samesite=STRICT; SameSite=None",
            "session=1; samesite=STRICT; SameSite=None; Secure; HttpOnly",
        ),
        ("session=1; Secure; HttpOnly; SameSite=Lax", "session=1; Secure; HttpOnly; SameSite=Lax"),
        ("XSRF-TOKEN=1; Path=/", "XSRF-TOKEN=1; Path=/; Secure"),
        ("x=1; SameSite=None", "x=1; SameSite=None; Secure"),
        ("session; Path=/", "session; Path=/; Secure"),
        ("session=; Max-Age=0", "session=; Max-Age=0; Secure; HttpOnly; SameSite=Lax"),
    ] {
        assert_eq!(rewritten(&alone, line), want, "{line}");
    }
    let apart = policy(&Settings::default(), "https://shop.test", &["https://app.other.test"]);
    for (line, want) in [
        ("session=1", "session=1; Secure; HttpOnly"),
        ("session=1; SameSite=None", "session=1; SameSite=None; Secure; HttpOnly"),
    ] {
        assert_eq!(rewritten(&apart, line), want, "{line}");
    }
    let http = policy(&renaming(), "http://localhost:8080", &[]);
    assert_eq!(rewritten(&http, "session=1"), "session=1; HttpOnly; SameSite=Lax");
    assert_eq!(rewritten(&http, "theme=1"), "theme=1");
    let kept =
        Settings { same_site: SameSite::Keep, readable: list(&["session"]), ..Settings::default() };
    let kept = policy(&kept, "https://shop.test", &[]);
    assert_eq!(rewritten(&kept, "session=1"), "session=1; Secure");
}

#[test]
fn renamed_cookies_leave_under_their_prefix() {
    let policy = policy(&renaming(), "https://shop.test", &[]);
    let rest = "Path=/; Secure; HttpOnly; SameSite=Lax";
    for (line, want) in [
        ("session=1", format!("__Host-session=1; {rest}")),
        (" session = 1 ; Path=/app ;Domain=.shop.test", format!("__Host-session = 1; {rest}")),
        (
            "session=1; path=/a; Max-Age=60; Secure; domain=x",
            "__Host-session=1; Max-Age=60; Secure; Path=/; HttpOnly; SameSite=Lax".to_owned(),
        ),
        (
            "__Host-session=1; Path=/",
            "__Host-session=1; Path=/; Secure; HttpOnly; SameSite=Lax".to_owned(),
        ),
        ("other=1; Domain=shop.test", "other=1; Domain=shop.test; Secure".to_owned()),
        (
            "session=; Max-Age=0; Path=/app; Domain=shop.test",
            format!(
                "__Host-session=; Max-Age=0; {rest} | \
                 session=; Max-Age=0; Path=/app; Domain=shop.test; Secure; HttpOnly; SameSite=Lax"
            ),
        ),
        (
            "session=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            format!(
                "__Host-session=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; {rest} | \
                 session=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax"
            ),
        ),
        (
            "session=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60",
            format!("__Host-session=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60; {rest}"),
        ),
    ] {
        assert_eq!(rewritten(&policy, line), want, "{line}");
    }
}

#[test]
fn a_large_cookie_gains_what_fits() {
    let policy = policy(&renaming(), "https://shop.test", &[]);
    let of = |name: &str, bytes: usize| format!("{name}={}", "v".repeat(bytes - name.len() - 1));
    for (name, bytes, gains) in [
        ("connect.sid", 4096, ""),
        ("connect.sid", 4089, ""),
        ("connect.sid", 4088, "; Secure"),
        ("connect.sid", 4078, "; Secure; HttpOnly"),
        ("connect.sid", 4064, "; Secure; HttpOnly; SameSite=Lax"),
        // Browsers that count attributes too refuse it already.
        ("connect.sid", 4097, "; Secure; HttpOnly; SameSite=Lax"),
        ("session", 4087, "; Secure"),
    ] {
        let line = of(name, bytes);
        let out = rewrite(&policy, policy.site(Some(0)), NOW, line.as_bytes());
        let is_whole = gains.ends_with("Lax");
        assert_eq!(out.is_too_large, !is_whole, "{name} {bytes}");
        assert_eq!(rewritten(&policy, &line), format!("{line}{gains}"), "{name} {bytes}");
    }
    let line = of("session", 4048);
    assert!(rewritten(&policy, &line).starts_with("__Host-session="));
}

#[test]
fn every_line_is_rewritten_by_itself_and_stays_in_its_place() {
    let policy = policy(&Settings::default(), "https://shop.test", &[]);
    let mut headers = HeaderMap::new();
    for line in ["a=1; Secure", "sid=2", "b=3; Secure"] {
        headers.append(SET_COOKIE, HeaderValue::from_static(line));
    }
    assert!(!dress(&policy, Some(0), NOW, &mut headers));
    let lines: Vec<&HeaderValue> = headers.get_all(SET_COOKIE).iter().collect();
    assert_eq!(lines, ["a=1; Secure", "sid=2; Secure; HttpOnly; SameSite=Lax", "b=3; Secure"]);
}

#[test]
fn nothing_that_is_said_is_taken_back() {
    let names = ["session", "theme", "__Host-sid", ""];
    let said = [
        "Secure",
        "HttpOnly",
        "SameSite=None",
        "SameSite=Lax",
        "samesite = strict",
        "SameSite",
        "Path=/a",
        "Domain=shop.test",
        "Max-Age=0",
    ];
    let pairs = said.iter().flat_map(|one| said.iter().map(move |other| [*one, *other]));
    let pairs: Vec<[&str; 2]> = pairs.collect();
    for settings in [Settings::default(), renaming()] {
        for external in ["https://shop.test", "http://shop.test"] {
            let policy = policy(&settings, external, &[]);
            for name in names {
                for [one, other] in &pairs {
                    let line = format!("{name}=1; {one};{other}");
                    let was = promises(line.as_bytes());
                    let out = rewrite(&policy, policy.site(Some(0)), NOW, line.as_bytes());
                    for new in &out.lines {
                        let is = promises(new);
                        let weaker = (was.0 && !is.0) || (was.1 && !is.1) || is.2 < was.2;
                        assert!(!weaker, "{line} became {}", String::from_utf8_lossy(new));
                        let value = new.split(|byte| *byte == b';').next();
                        assert!(value.is_some_and(|pair| pair.ends_with(b"=1")), "{line}");
                    }
                }
            }
        }
    }
    assert_eq!(promises(b"a=1; samesite=lax; SameSite=None").2, Travels::Lax);
}
