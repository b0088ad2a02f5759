//! What pages do by `fetch`, in real Chromium, without and with the gate: A1, A2, A6-A9, A24-A26.
//!
//! What was executed is read from the backend's witness. Where nothing may have been executed, a
//! request that goes through is sent afterwards and awaited, so that the absence is observed.

use doorward_lab::backend::{CorsPolicy, Event, Kind};
use doorward_test::browser::{Fetched, Gate, Outcome, Setup, Site, Stage};
use serde_json::{Value, json};

/// What CORS alone does with a hostile page's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    /// The backend runs it; the page may not read the answer.
    Executed,
    /// A preflight asks, is not approved, and the request is never sent.
    NeverSent,
}

struct Row {
    name: &'static str,
    site: Site,
    method: &'static str,
    path: &'static str,
    init: Value,
    alone: Alone,
    /// The gate's code for what it sees: the request, or its preflight.
    code: &'static str,
}

fn rows() -> Vec<Row> {
    use Alone::{Executed, NeverSent};
    let row = |name, site, method, path, init: Value, alone| {
        let code = match alone {
            Executed if site == Site::Evil => CROSS_SITE,
            Executed => SAME_SITE,
            NeverSent => PREFLIGHT,
        };
        Row { name, site, method, path, init, alone, code }
    };
    let (evil, promo) = (Site::Evil, Site::Promo);
    let json_type = json!({ "Content-Type": "application/json" });
    let with = |name: &str| json!({ "headers": { name: "Bearer made-up" } });
    let (items, body) = ("/api/items/1", json!({ "body": "x" }));
    vec![
        row("a1-hidden-read", evil, "GET", "/api/data", json!({}), Executed),
        row("a1-sibling", promo, "GET", "/api/data", json!({}), Executed),
        row("a6-no-cors", evil, "GET", "/api/data", json!({ "mode": "no-cors" }), Executed),
        row("a6-head", evil, "HEAD", "/api/data", json!({}), Executed),
        row("a6-text", evil, "POST", "/api/data", body.clone(), Executed),
        row("a6-typed", evil, "POST", "/api/data", json!({ "bytes": [1, 2, 3] }), Executed),
        row("a6-sibling", promo, "POST", "/api/data", body, Executed),
        row(
            "a7-json",
            evil,
            "POST",
            "/api/data",
            json!({ "headers": json_type, "body": "{}" }),
            NeverSent,
        ),
        row("a7-put", evil, "PUT", items, json!({}), NeverSent),
        row("a7-patch", evil, "PATCH", items, json!({}), NeverSent),
        row("a7-delete", evil, "DELETE", items, json!({}), NeverSent),
        row("a7-sibling", promo, "DELETE", items, json!({}), NeverSent),
        row("a8-authorization", evil, "GET", "/api/data", with("Authorization"), NeverSent),
        row("a8-api-key", evil, "GET", "/api/data", with("X-API-Key"), NeverSent),
    ]
}

const CROSS_SITE: &str = "site/cross-site";
const SAME_SITE: &str = "site/same-site";
const PREFLIGHT: &str = "cors/origin";

/// A1, A6, A7, A8: a hostile page never reads; whether the backend runs it is another question.
async fn hostile_pages(gate: Gate) -> Outcome<()> {
    let mut stage = Stage::open(gate, Setup::default()).await?;
    let mut at = None;
    for row in rows() {
        if at != Some(row.site) {
            stage.visit(row.site, "/").await?;
            at = Some(row.site);
        }
        let mut init = row.init.clone();
        init["method"] = json!(row.method);
        let seen = stage.fetch(&format!("{}?mark={}", row.path, row.name), init).await?;
        let opaque = row.init["mode"] == "no-cors";
        assert_eq!(seen == Fetched::Opaque, opaque, "{}: {seen:?}", row.name);
        assert_eq!(seen.is_hidden(), !opaque, "{}: {seen:?}", row.name);
        let arrives = match row.alone {
            Alone::Executed => row.method,
            Alone::NeverSent => "OPTIONS",
        };
        stage.refused(arrives, row.path, row.code).await?;
    }
    stage.marker().await?;
    for row in rows() {
        let want = match (gate, row.alone) {
            (Gate::On, _) => vec![],
            (Gate::Off, Alone::Executed) => vec![(Kind::Executed, row.method)],
            (Gate::Off, Alone::NeverSent) => vec![(Kind::Preflight, "OPTIONS")],
        };
        let seen = stage.seen(row.name);
        let seen: Vec<_> = seen.iter().map(|e| (e.kind, e.method.as_str())).collect();
        assert_eq!(seen, want, "{}", row.name);
    }
    stage.close().await
}

/// A25: what a script sets is dropped, and the true values arrive.
async fn overrides(gate: Gate) -> Outcome<()> {
    let mut stage = Stage::open(gate, Setup::default()).await?;
    let shop = stage.pages.origin(Site::Shop);
    let forged = json!({ "headers": {
        "Origin": shop, "Referer": format!("{shop}/"), "Cookie": "session=made-up",
        "Sec-Fetch-Site": "same-origin", "Host": "shop.localhost",
    } });
    stage.visit(Site::Evil, "/").await?;
    let seen = stage.fetch("/api/data?mark=a25", forged.clone()).await?;
    assert!(seen.is_hidden(), "{seen:?}");
    stage.refused("GET", "/api/data", CROSS_SITE).await?;
    stage.marker().await?;
    let events = stage.seen("a25");
    match gate {
        Gate::On => assert_eq!(events, []),
        Gate::Off => {
            let evil = stage.pages.origin(Site::Evil);
            let Event { kind, origin, referer, fetch_site, cookie, .. } = &events[0];
            assert_eq!((*kind, *cookie), (Kind::Executed, false));
            assert_eq!(origin.as_deref(), Some(evil.as_str()));
            assert_eq!(referer.as_deref(), Some(format!("{evil}/").as_str()));
            assert_eq!(fetch_site.as_deref(), Some("cross-site"));
            assert_eq!(events.len(), 1);
        }
    }
    // The same words from the allowed page are dropped as well, and do it no harm.
    stage.visit(Site::Shop, "/").await?;
    assert_eq!(stage.fetch("/api/data?mark=twin", forged).await?.status(), Some(200));
    stage.allowed("GET", "/api/data").await?;
    assert_eq!(stage.executed("twin").await?.origin, Some(shop));
    stage.close().await
}

/// A2, A9: the allowed page reads, with cookies too, and its preflights end at the gate.
async fn allowed_pages(gate: Gate) -> Outcome<()> {
    let mut stage = Stage::open(gate, Setup::default()).await?;
    stage.sign_in_at_api().await?;
    stage.visit(Site::Shop, "/").await?;
    let headers = json!({ "Content-Type": "application/json", "Authorization": "Bearer made-up" });
    let rows = [
        ("a2-read", "GET", "/api/data", json!({}), "lamp", false),
        ("a2-cookie", "GET", "/whoami", json!({ "credentials": "include" }), "ann", false),
        ("a2-text", "POST", "/api/data", json!({ "body": "x" }), "lamp", false),
        ("a9-json", "POST", "/api/data", json!({ "headers": headers, "body": "{}" }), "lamp", true),
        ("a9-delete", "DELETE", "/api/items/1", json!({}), "changes", true),
    ];
    for (name, method, path, mut init, want, preflighted) in rows {
        init["method"] = json!(method);
        let seen = stage.fetch(&format!("{path}?mark={name}"), init).await?;
        let Fetched::Read { status: 200, body, .. } = &seen else { panic!("{name}: {seen:?}") };
        assert!(body.contains(want), "{name}: {body}");
        if preflighted {
            stage.allowed("OPTIONS", path).await?;
        }
        stage.allowed(method, path).await?;
        let kinds: Vec<_> = stage.seen(name).iter().map(|event| event.kind).collect();
        match (gate, preflighted) {
            (Gate::Off, true) => assert_eq!(kinds, [Kind::Preflight, Kind::Executed], "{name}"),
            _ => assert_eq!(kinds, [Kind::Executed], "{name}"),
        }
    }
    if gate == Gate::On {
        // What the gate refuses of an allowed page, that page can read.
        let seen = stage.fetch("/transfer?to=evil&amount=1", json!({})).await?;
        let Fetched::Read { status: 405, refusal, .. } = &seen else { panic!("{seen:?}") };
        assert_eq!(refusal.as_deref(), Some("method/safe-on-write"));
    }
    stage.close().await
}

/// A2: behind the gate the allowed page reads whatever the backend says of CORS.
async fn backends_with_wrong_cors(gate: Gate) -> Outcome<()> {
    let mut stage = Stage::open(gate, Setup::default()).await?;
    stage.visit(Site::Shop, "/").await?;
    let own = stage.pages.origin(Site::Shop);
    let evil = stage.pages.origin(Site::Evil);
    let rows = [
        ("none", CorsPolicy::Off, false),
        ("right", CorsPolicy::Allow { origins: vec![own.clone()], credentials: true }, true),
        ("mirrored", CorsPolicy::Mirror, true),
        ("wildcard", CorsPolicy::WildcardCredentials, false),
        ("another", CorsPolicy::Fixed(evil), false),
        ("twice", CorsPolicy::Twice(own), false),
    ];
    for (name, cors, reads_alone) in rows {
        stage.replace_backend(cors).await?;
        let init = json!({ "credentials": "include" });
        let seen = stage.fetch(&format!("/api/data?mark={name}"), init).await?;
        let reads = gate == Gate::On || reads_alone;
        assert_eq!(seen.status(), reads.then_some(200), "{name}: {seen:?}");
        stage.executed(name).await?;
        stage.allowed("GET", "/api/data").await?;
    }
    stage.close().await
}

/// A24: the same host on another port is the same site, and the visitor's cookies go along.
async fn other_port(gate: Gate) -> Outcome<()> {
    let mut stage = Stage::open(gate, Setup::default()).await?;
    let host = Site::OtherPort.host();
    stage.sign_in(host).await?;
    stage.visit(Site::OtherPort, "/").await?;
    let order = json!({
        "method": "POST", "credentials": "include", "body": r#"{"to":"evil","amount":100}"#,
    });
    let url = stage.at(host, "/transfer?mark=a24");
    let seen = stage.browser.fetch(&url, order.clone()).await?;
    assert!(seen.is_hidden(), "{seen:?}");
    stage.refused("POST", "/transfer", SAME_SITE).await?;
    stage.marker().await?;
    let events = stage.seen("a24");
    match gate {
        Gate::Off => {
            assert_eq!((events[0].kind, events[0].cookie), (Kind::Executed, true));
            assert_eq!(events[0].fetch_site.as_deref(), Some("same-site"));
            assert_eq!(stage.evils_money(), Some(100));
        }
        Gate::On => {
            assert_eq!(events, []);
            assert_eq!(stage.evils_money(), Some(0));
        }
    }
    // The twin: the allowed page on the same host orders the same.
    let before = stage.evils_money().unwrap_or_default();
    stage.visit(Site::Shop, "/").await?;
    let url = stage.at(host, "/transfer?mark=twin");
    assert_eq!(stage.browser.fetch(&url, order).await?.status(), Some(200));
    stage.allowed("POST", "/transfer").await?;
    assert_eq!(stage.evils_money(), Some(before + 100));
    stage.close().await
}

/// A26: on one origin there is no CORS. From another, no CORS headers means unread, not unrun.
async fn same_origin(gate: Gate) -> Outcome<()> {
    let mut stage =
        Stage::open(gate, Setup { cors: Some(CorsPolicy::Off), ..Setup::default() }).await?;
    stage.browser.open_page(&stage.api("/")).await?;
    stage.allowed("GET", "/").await?;
    let json_type = json!({ "Content-Type": "application/json" });
    let rows = [
        ("a26-get", "GET", json!({})),
        ("a26-post", "POST", json!({ "method": "POST", "headers": json_type, "body": "{}" })),
    ];
    for (name, method, init) in rows {
        let seen = stage.fetch(&format!("/api/data?mark={name}"), init).await?;
        assert_eq!(seen.status(), Some(200), "{name}: {seen:?}");
        stage.allowed(method, "/api/data").await?;
        let event = stage.executed(name).await?;
        assert_eq!(event.fetch_site.as_deref(), Some("same-origin"));
    }
    stage.visit(Site::Evil, "/").await?;
    let seen = stage.fetch("/api/data?mark=a26-evil", json!({})).await?;
    assert!(seen.is_hidden(), "{seen:?}");
    stage.refused("GET", "/api/data", CROSS_SITE).await?;
    // The marker is the own page's again: here no other origin may read.
    stage.browser.open_page(&stage.api("/?mark=last")).await?;
    stage.executed("last").await?;
    let kinds: Vec<_> = stage.seen("a26-evil").iter().map(|event| event.kind).collect();
    match gate {
        Gate::Off => assert_eq!(kinds, [Kind::Executed]),
        Gate::On => assert_eq!(kinds, []),
    }
    stage.close().await
}

mod gate_off {
    use super::{Gate, Outcome};

    #[tokio::test]
    async fn hostile_pages() -> Outcome<()> {
        super::hostile_pages(Gate::Off).await
    }

    #[tokio::test]
    async fn overrides() -> Outcome<()> {
        super::overrides(Gate::Off).await
    }

    #[tokio::test]
    async fn allowed_pages() -> Outcome<()> {
        super::allowed_pages(Gate::Off).await
    }

    #[tokio::test]
    async fn backends_with_wrong_cors() -> Outcome<()> {
        super::backends_with_wrong_cors(Gate::Off).await
    }

    #[tokio::test]
    async fn other_port() -> Outcome<()> {
        super::other_port(Gate::Off).await
    }

    #[tokio::test]
    async fn same_origin() -> Outcome<()> {
        super::same_origin(Gate::Off).await
    }
}

mod gate_on {
    use super::{Gate, Outcome};

    #[tokio::test]
    async fn hostile_pages() -> Outcome<()> {
        super::hostile_pages(Gate::On).await
    }

    #[tokio::test]
    async fn overrides() -> Outcome<()> {
        super::overrides(Gate::On).await
    }

    #[tokio::test]
    async fn allowed_pages() -> Outcome<()> {
        super::allowed_pages(Gate::On).await
    }

    #[tokio::test]
    async fn backends_with_wrong_cors() -> Outcome<()> {
        super::backends_with_wrong_cors(Gate::On).await
    }

    #[tokio::test]
    async fn other_port() -> Outcome<()> {
        super::other_port(Gate::On).await
    }

    #[tokio::test]
    async fn same_origin() -> Outcome<()> {
        super::same_origin(Gate::On).await
    }
}
