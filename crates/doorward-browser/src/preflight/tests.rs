use super::{Asked, Asker, Remembered, doubt};
use crate::body::Body;
use crate::chain::Chain;
use crate::document::Document;
use crate::engine::Engine;
use crate::headers::Headers;
use crate::origin::Origin;
use crate::request::Credentials::{self, Include, SameOrigin};
use crate::request::Request;
use crate::verdict::Answer;
use crate::way::Way;
use url::Url;

const ORIGIN: &str = "http://shop.localhost:5173";

fn url(text: &str) -> Url {
    Url::parse(text).expect("an address")
}

fn answer(status: u16, pairs: &[(&str, &str)]) -> Answer {
    Answer { status, headers: pairs.iter().copied().collect(), ..Answer::default() }
}

/// A question about these headers.
fn about(names: &[&str]) -> Asked {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Asked { causes: Vec::new(), names, always: false }
}

#[test]
fn what_makes_a_browser_ask() {
    let base = Request::fetch(url("http://api.shop.localhost/"));
    let json: Headers = [("Content-Type", "application/json")].into_iter().collect();
    let rows = [
        (base.clone(), "GET", Headers::new(), ""),
        (base.clone(), "POST", Headers::new(), ""),
        (base.clone(), "PUT", Headers::new(), "asks-method"),
        (base.clone(), "patch", Headers::new(), "asks-method"),
        (base.clone(), "POST", json.clone(), "asks-type"),
        (base.clone(), "PUT", json, "asks-method asks-type"),
        (Request { body: Body::Stream, ..base.clone() }, "POST", Headers::new(), "asks-stream"),
        (
            Request {
                way: Way::Xhr { listens_to_upload: true },
                body: Body::Bytes(vec![1]),
                ..base.clone()
            },
            "POST",
            Headers::new(),
            "asks-upload",
        ),
        // Chromium: there is no progress of nothing.
        (Request { way: Way::Xhr { listens_to_upload: true }, ..base }, "POST", Headers::new(), ""),
    ];
    for (request, method, headers, want) in rows {
        let asked = Asked::of(&Engine::chromium(), &request, method, &headers);
        let got: Vec<&str> = asked.causes.iter().map(|cause| cause.rule().id).collect();
        assert_eq!(got.join(" "), want, "{method}");
    }
}

type Row<'a> = (u16, &'a [(&'a str, &'a str)], &'a str, &'a [&'a str], Credentials, &'a str);

#[test]
fn what_counts_as_a_yes() {
    const OWN: (&str, &str) = ("Access-Control-Allow-Origin", ORIGIN);
    const STAR: (&str, &str) = ("Access-Control-Allow-Origin", "*");
    const METHODS: &str = "Access-Control-Allow-Methods";
    const HEADERS: &str = "Access-Control-Allow-Headers";
    const CREDENTIALS: (&str, &str) = ("Access-Control-Allow-Credentials", "true");
    let json = &["content-type"][..];
    let rows: &[Row<'_>] = &[
        (204, &[OWN, (HEADERS, "content-type")], "POST", json, SameOrigin, ""),
        (204, &[OWN, (HEADERS, "Content-Type, X")], "POST", json, SameOrigin, ""),
        (200, &[OWN, (METHODS, "PUT")], "PUT", &[], SameOrigin, ""),
        (200, &[OWN, (METHODS, "GET,,PUT")], "PUT", &[], SameOrigin, ""),
        (200, &[STAR, (METHODS, "*"), (HEADERS, "*")], "DELETE", json, SameOrigin, ""),
        (200, &[], "PUT", &[], SameOrigin, "origin-missing"),
        (404, &[OWN, (METHODS, "PUT")], "PUT", &[], SameOrigin, "preflight-status"),
        (301, &[OWN, (METHODS, "PUT")], "PUT", &[], SameOrigin, "preflight-status"),
        (200, &[OWN], "PUT", &[], SameOrigin, "method-not-allowed"),
        (200, &[OWN, (METHODS, "put")], "PUT", &[], SameOrigin, "method-not-allowed"),
        (200, &[OWN, (METHODS, "PATCH")], "patch", &[], SameOrigin, "method-not-allowed"),
        (200, &[OWN], "POST", json, SameOrigin, "header-not-allowed"),
        (200, &[OWN, (HEADERS, "a b")], "POST", json, SameOrigin, "preflight-malformed"),
        (200, &[STAR, CREDENTIALS, (METHODS, "*")], "PUT", &[], Include, "star-with-credentials"),
        (200, &[OWN, (METHODS, "PUT")], "PUT", &[], Include, "credentials-missing"),
        (200, &[OWN, CREDENTIALS, (METHODS, "*")], "PUT", &[], Include, "method-not-allowed"),
        (200, &[OWN, CREDENTIALS, (HEADERS, "*")], "POST", json, Include, "header-not-allowed"),
        (200, &[OWN, CREDENTIALS, (METHODS, "PUT")], "PUT", &[], Include, ""),
        (200, &[STAR, (HEADERS, "authorization")], "GET", &["authorization"], SameOrigin, ""),
    ];
    let origin = Origin::parse(ORIGIN).expect("an origin");
    for (status, pairs, method, names, credentials, want) in rows {
        let asked = about(names);
        let answer = answer(*status, pairs);
        let engine = Engine::chromium();
        let got = doubt(&engine, &answer, &origin, (method, &asked), *credentials);
        assert_eq!(got.map_or("", |because| because.rule.id), *want, "{method} {pairs:?}");
    }
}

#[test]
fn the_star_and_authorization() {
    let origin = Origin::parse(ORIGIN).expect("an origin");
    let pairs = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*")];
    let asked = about(&["authorization"]);
    let by_the_book = Engine { star_covers_authorization: false, ..Engine::chromium() };
    for (engine, want) in [(Engine::chromium(), ""), (by_the_book, "authorization-not-allowed")] {
        let got = doubt(&engine, &answer(200, &pairs), &origin, ("GET", &asked), SameOrigin);
        assert_eq!(got.map_or("", |because| because.rule.id), want);
    }
}

#[test]
fn what_was_approved_is_not_asked_again() {
    let page = Document::top(url("http://shop.localhost:5173/"));
    let to = url("http://api.shop.localhost:3000/a#b");
    let asker = |credentials| Asker::new(&page, &Chain::new(to.clone()), credentials);
    let approval = answer(
        204,
        &[
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Allow-Headers", "Content-Type, *"),
            ("Access-Control-Max-Age", "99999"),
        ],
    );
    let mut kept = Remembered::default();
    kept.keep(&Engine::webkit(), &asker(SameOrigin), ("PUT", &about(&[])), &approval, 1000);
    let rows = [
        (SameOrigin, "PUT", &["content-type"][..], 1001, true),
        (SameOrigin, "PUT", &["x-any"], 1001, true),
        (SameOrigin, "PUT", &["authorization"], 1001, false),
        (SameOrigin, "DELETE", &[], 1001, false),
        (SameOrigin, "POST", &["content-type"], 1001, true),
        (Include, "PUT", &[], 1001, false),
        (SameOrigin, "PUT", &[], 1600, false),
    ];
    for (credentials, method, names, now_s, want) in rows {
        let got =
            kept.cover(&Engine::firefox(), &asker(credentials), (&about(names), method), now_s);
        assert_eq!(got, want, "{credentials:?} {method} {names:?} {now_s}");
    }
    let elsewhere =
        Asker::new(&page, &Chain::new(url("http://api.shop.localhost:3000/b").clone()), SameOrigin);
    assert!(!kept.cover(&Engine::firefox(), &elsewhere, (&about(&[]), "PUT"), 1001));
    for said in ["0", "-1"] {
        let mut kept = Remembered::default();
        let answer = answer(
            204,
            &[("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Max-Age", said)],
        );
        kept.keep(&Engine::chromium(), &asker(SameOrigin), ("PUT", &about(&[])), &answer, 1000);
        assert!(
            !kept.cover(&Engine::firefox(), &asker(SameOrigin), (&about(&[]), "PUT"), 1000),
            "{said}"
        );
    }
}
