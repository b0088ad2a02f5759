use super::*;
use http::{HeaderName, HeaderValue};

fn order(names: &[&str]) -> HeadOrder {
    let mut order = HeadOrder::new(HeadVersion::One);
    names.iter().for_each(|name| order.meet(name.as_bytes()));
    order
}

fn text(names: &[&str]) -> String {
    order(names).text().to_string()
}

#[test]
fn the_table_says_each_name_once_and_finds_no_other() {
    for (place, (lower, titled, _)) in ROWS.iter().enumerate() {
        assert_eq!(titled.to_ascii_lowercase(), *lower);
        assert_ne!(titled, lower);
        assert_eq!(row(lower.as_bytes()), Some((place, Spelling::Lower)));
        assert_eq!(row(titled.as_bytes()), Some((place, Spelling::Titled)));
        assert!(lower.len() < 34 && ROWS.len() < 64);
        assert!(lower.parse::<HeaderName>().is_ok());
        // Any other byte at any place: another name, or the same in an odd case.
        for (at, byte) in (0..lower.len()).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte)))
        {
            let mut bent = lower.as_bytes().to_vec();
            bent[at] = byte;
            let want =
                ROWS.iter().position(|(lower, ..)| bent.eq_ignore_ascii_case(lower.as_bytes()));
            let found = row(&bent);
            assert_eq!(found.map(|(place, _)| place), want, "{}", bent.escape_ascii());
            if want.is_some() && bent != lower.as_bytes() && bent != titled.as_bytes() {
                assert_eq!(found.map(|(_, spelling)| spelling), Some(Spelling::Odd));
            }
        }
    }
}

#[test]
fn order_and_case_are_kept_and_foreign_names_only_counted() {
    for (names, want) in [
        (&[][..], "1:"),
        (
            &["Host", "Connection", "sec-ch-ua", "User-Agent"],
            "1:Host,Connection,sec-ch-ua,User-Agent",
        ),
        (&["host", "User-agent", "ACCEPT"], "1:host,~user-agent,~accept"),
        (&["Host", "X-Api-Key", "Accept", "Authorization"], "1:Host,Accept"),
        (&["Host", "Host"], "1:Host,Host"),
        (&["", "a", "content-typf", "upgrade-insecure-requestsx"], "1:"),
    ] {
        assert_eq!(text(names), want);
    }
    let seen = order(&["Host", "X-Api-Key", "Accept", "Authorization"]);
    assert_eq!((seen.others(), seen.place("accept"), seen.place("cookie")), (2, Some(1), None));
    assert!(!seen.is_odd() && order(&["HOST"]).is_odd());
}

#[test]
fn a_digest_stays_when_the_page_adds_and_what_is_asked_for_changes() {
    let plain = ["Host", "Connection", "User-Agent", "Accept", "Accept-Encoding"];
    let one = order(&plain).digest();
    assert_eq!(one.as_str().len(), DIGEST_DIGITS);
    let more = [
        "Host",
        "Connection",
        "Content-Length",
        "Cache-Control",
        "X-Own",
        "User-Agent",
        "Content-Type",
        "Accept",
        "Origin",
        "Referer",
        "Accept-Encoding",
        "Cookie",
        "If-None-Match",
    ];
    assert_eq!(order(&more).digest(), one);
    assert_ne!(order(&more).text().to_string(), text(&plain));
    let swapped = ["Host", "Connection", "Accept", "User-Agent", "Accept-Encoding"];
    let lower = ["host", "Connection", "User-Agent", "Accept", "Accept-Encoding"];
    let fewer = ["Host", "Connection", "User-Agent", "Accept"];
    for other in [&swapped[..], &lower, &fewer] {
        assert_ne!(order(other).digest(), one);
    }
}

#[test]
fn a_head_of_many_names_is_kept_in_part() {
    let many = order(&["Upgrade-Insecure-requests"; NAMES_MAX + 300]);
    assert_eq!((many.names().count(), many.others()), (NAMES_MAX, u8::MAX));
    assert!(many.text().to_string().len() <= TEXT_BYTES_MAX);
    assert_ne!(many.digest(), order(&["Accept-Charset"; NAMES_MAX + 1]).digest());
}

#[test]
fn heads_of_http2_are_another_kind() {
    let mut headers = HeaderMap::new();
    for name in ["user-agent", "accept", "cookie", "x-own"] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static("1"));
    }
    headers.append(http::header::COOKIE, HeaderValue::from_static("2"));
    let second = HeadOrder::of(&headers);
    assert_eq!(second.text().to_string(), "2:user-agent,accept,cookie");
    let first = order(&["user-agent", "accept"]);
    assert_ne!(first.digest(), second.digest());
}
