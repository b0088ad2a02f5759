//! What pages do without `fetch`, in real Chromium, without and with the gate: forms, links,
//! images, prefetches (A10, A11, A12), one's own form under `Referrer-Policy: no-referrer`, and DNS
//! rebinding.
//!
//! What was executed is read from the backend's witness, as in `browser_fetch.rs`.

use doorward_lab::backend::{Kind, SameSite};
use doorward_test::browser::{Fetched, Gate, Outcome, Rebinding, Setup, Site, Stage};
use serde_json::{Value, json};

const CROSS_SITE: &str = "site/cross-site";
const WRITE_BY_GET: &str = "method/safe-on-write";
const OTHER_HOST: &str = "message/unknown-host";
const AMOUNT: i64 = 100;

/// What moved, without and with the gate.
fn check_money(stage: &Stage, gate: Gate, transfers: i64) {
    let want = match gate {
        Gate::Off => transfers * AMOUNT,
        Gate::On => 0,
    };
    assert_eq!(stage.evils_money(), Some(want));
}

/// What the backend saw of a request that moves money without the gate.
fn check_seen(stage: &Stage, gate: Gate, name: &str) {
    let seen: Vec<_> = stage.seen(name).into_iter().map(|event| (event.kind, event.what)).collect();
    match gate {
        Gate::Off => {
            assert_eq!(seen, [(Kind::Executed, "ann -100, evil +100".to_owned())], "{name}");
        }
        Gate::On => assert_eq!(seen, [], "{name}"),
    }
}

/// A10: a hostile page submits a form in each of its three encodings, with the victim's cookie. The
/// cookie has no `SameSite`: Chromium sends it along for its first two minutes.
async fn forms(gate: Gate) -> Outcome<()> {
    let setup = Setup { same_site: SameSite::Unset, ..Setup::default() };
    let mut stage = Stage::open(gate, setup).await?;
    stage.sign_in_at_api().await?;
    let pairs = r#"<input name="to" value="evil"><input name="amount" value="100">"#;
    // One field, whose name and value make JSON round the equals sign between them.
    let json = r#"<input name='{"to":"evil","amount":100,"x":"' value='"}'>"#;
    let rows = [
        ("a10-urlencoded", "application/x-www-form-urlencoded", pairs),
        ("a10-multipart", "multipart/form-data", pairs),
        ("a10-text", "text/plain", pairs),
        ("a10-json", "text/plain", json),
    ];
    for (name, enctype, fields) in rows {
        let page = include_str!("../pages/form.html")
            .replace("{{url}}", &stage.api(&format!("/transfer?mark={name}")))
            .replace("{{enctype}}", enctype)
            .replace("{{fields}}", fields);
        stage.pages.put("/form", &page);
        stage.visit(Site::Evil, "/form").await?;
        stage.browser.wait_for_url(&stage.api("/transfer")).await?;
        stage.refused("POST", "/transfer", CROSS_SITE).await?;
    }
    stage.marker().await?;
    for (name, ..) in rows {
        check_seen(&stage, gate, name);
        for event in stage.seen(name) {
            assert_eq!(event.origin, Some(stage.pages.origin(Site::Evil)), "{name}");
            assert!(event.cookie, "{name}");
        }
    }
    check_money(&stage, gate, 4);
    stage.close().await
}

/// A11: a transfer as a simple request. The page sees an error; the money is what tells.
async fn transfer(gate: Gate) -> Outcome<()> {
    let setup = Setup { same_site: SameSite::None, ..Setup::default() };
    let mut stage = Stage::open(gate, setup).await?;
    stage.sign_in_at_api().await?;
    stage.visit(Site::Evil, "/").await?;
    let order = json!({
        "method": "POST", "credentials": "include", "body": r#"{"to":"evil","amount":100}"#,
    });
    let seen = stage.fetch("/transfer?mark=a11", order.clone()).await?;
    assert!(seen.is_hidden(), "{seen:?}");
    stage.refused("POST", "/transfer", CROSS_SITE).await?;
    stage.marker().await?;
    check_seen(&stage, gate, "a11");
    check_money(&stage, gate, 1);
    // The twin: the shop's own page orders the same, and it is done.
    let before = stage.evils_money().unwrap_or_default();
    stage.visit(Site::Shop, "/").await?;
    assert_eq!(stage.fetch("/transfer?mark=twin", order).await?.status(), Some(200));
    stage.allowed("POST", "/transfer").await?;
    assert_eq!(stage.evils_money(), Some(before + AMOUNT));
    stage.close().await
}

/// A12: a GET that moves money, by everything that sends a GET.
async fn gets(gate: Gate, same_site: SameSite) -> Outcome<()> {
    let mut stage = Stage::open(gate, Setup { same_site, ..Setup::default() }).await?;
    stage.sign_in_at_api().await?;
    let url = stage.api("/transfer?to=evil&amount=100");
    let page =
        |html: &str| html.replace("{{url}}", &url).replace("{{action}}", &stage.api("/transfer"));
    stage.pages.put("/get", &page(include_str!("../pages/get.html")));
    stage.pages.put_without_scripts("/no-script", &page(include_str!("../pages/no-script.html")));
    let mut names = vec!["mark=link", "mark=form-get", "mark=refresh"];
    for selector in ["#link", "#submit"] {
        stage.visit(Site::Evil, "/get").await?;
        stage.browser.click(selector).await?;
        stage.browser.wait_for_url(&stage.api("/transfer")).await?;
        stage.refused("GET", "/transfer", CROSS_SITE).await?;
    }
    stage.visit(Site::Evil, "/no-script").await?;
    stage.browser.wait_for_url(&stage.api("/transfer")).await?;
    // The page's image and its refresh, in whichever order they came.
    stage.refused("GET", "/transfer", CROSS_SITE).await?;
    stage.refused("GET", "/transfer", CROSS_SITE).await?;
    if same_site == SameSite::None {
        names.extend(["mark=plain-image", "mark=image", "mark=again", "mark=prefetch"]);
        subresources(&mut stage, &url).await?;
    }
    stage.marker().await?;
    for name in &names {
        check_seen(&stage, gate, name);
    }
    check_money(&stage, gate, names.len() as i64);
    typed(&mut stage, gate, &url).await?;
    stage.close().await
}

/// Images and prefetches: what a page loads while it stays where it is.
async fn subresources(stage: &mut Stage, url: &str) -> Outcome<()> {
    const IMAGE: &str = "const image = new Image();
        await new Promise((done) => {
            image.onload = image.onerror = done; image.src = args[0];
        });";
    const PREFETCH: &str = r#"const link = document.createElement("link");
        link.rel = "prefetch"; link.href = args[0];
        await new Promise((done) => {
            link.onload = link.onerror = done; document.head.append(link);
        });"#;
    stage.visit(Site::Evil, "/").await?;
    for (name, script) in [("image", IMAGE), ("again", IMAGE), ("prefetch", PREFETCH)] {
        stage.browser.run(script, &[Value::from(format!("{url}&mark={name}"))]).await?;
        stage.refused("GET", "/transfer", CROSS_SITE).await?;
    }
    Ok(())
}

/// The visitor types the address: nobody's cross-site request, but still a GET on a write.
async fn typed(stage: &mut Stage, gate: Gate, url: &str) -> Outcome<()> {
    stage.browser.open_page(&format!("{url}&mark=typed")).await?;
    stage.refused("GET", "/transfer", WRITE_BY_GET).await?;
    stage.marker().await?;
    check_seen(stage, gate, "mark=typed");
    Ok(())
}

/// One's own form under `Referrer-Policy: no-referrer` says `Origin: null`, and is one's own.
async fn own_form(gate: Gate) -> Outcome<()> {
    let mut stage = Stage::open(gate, Setup::default()).await?;
    stage.sign_in_at_api().await?;
    let page = stage.api("/?referrer-policy=no-referrer");
    stage.browser.open_page(&page).await?;
    stage.browser.click("#transfer").await?;
    stage.browser.wait_for_url(&stage.api("/transfer")).await?;
    stage.allowed("POST", "/transfer").await?;
    let events = stage.backend.executed("/transfer");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].origin.as_deref(), Some("null"));
    assert_eq!(events[0].fetch_site.as_deref(), Some("same-origin"));
    assert_eq!(events[0].what, "ann -10, ben +10");
    stage.close().await
}

/// A page whose own name is turned to the gate's address is of one origin with what it calls.
async fn rebinding(gate: Gate) -> Outcome<()> {
    let host_resolver_rules = Some("MAP rebind.test 127.0.0.1");
    let setup = Setup { host_resolver_rules, ..Setup::default() };
    let mut stage = Stage::open(gate, setup).await?;
    let name = Rebinding::start(stage.pages.address(Site::Rebind)).await?;
    let own = format!("http://{}:{}", Site::Rebind.host(), name.address().port());
    stage.browser.open_page(&format!("{own}/")).await?;
    name.rebind(stage.address());
    let seen = stage.browser.fetch("/api/data?mark=rebound", json!({})).await?;
    let Fetched::Read { status, body, .. } = &seen else { panic!("not of one origin: {seen:?}") };
    let order = json!({ "method": "POST", "body": "x" });
    let posted = stage.browser.fetch("/api/data?mark=rebound-post", order).await?.status();
    match gate {
        Gate::Off => {
            assert_eq!((*status, posted), (200, Some(200)));
            assert!(body.contains("lamp"), "the attacker's page reads it: {body}");
        }
        Gate::On => assert_eq!((*status, posted), (421, Some(421))),
    }
    stage.refused("GET", "/api/data", OTHER_HOST).await?;
    stage.refused("POST", "/api/data", OTHER_HOST).await?;
    stage.marker().await?;
    let seen: Vec<_> = stage.seen("mark=rebound").iter().map(|event| event.kind).collect();
    match gate {
        Gate::Off => assert_eq!(seen, [Kind::Executed, Kind::Executed]),
        Gate::On => assert_eq!(seen, []),
    }
    stage.close().await
}

mod gate_off {
    use super::{Gate, Outcome, SameSite};

    #[tokio::test]
    async fn forms() -> Outcome<()> {
        super::forms(Gate::Off).await
    }

    #[tokio::test]
    async fn transfer() -> Outcome<()> {
        super::transfer(Gate::Off).await
    }

    #[tokio::test]
    async fn gets() -> Outcome<()> {
        super::gets(Gate::Off, SameSite::None).await
    }

    #[tokio::test]
    async fn gets_with_a_lax_cookie() -> Outcome<()> {
        super::gets(Gate::Off, SameSite::Lax).await
    }

    #[tokio::test]
    async fn own_form() -> Outcome<()> {
        super::own_form(Gate::Off).await
    }

    #[tokio::test]
    async fn rebinding() -> Outcome<()> {
        super::rebinding(Gate::Off).await
    }
}

mod gate_on {
    use super::{Gate, Outcome, SameSite};

    #[tokio::test]
    async fn forms() -> Outcome<()> {
        super::forms(Gate::On).await
    }

    #[tokio::test]
    async fn transfer() -> Outcome<()> {
        super::transfer(Gate::On).await
    }

    #[tokio::test]
    async fn gets() -> Outcome<()> {
        super::gets(Gate::On, SameSite::None).await
    }

    #[tokio::test]
    async fn gets_with_a_lax_cookie() -> Outcome<()> {
        super::gets(Gate::On, SameSite::Lax).await
    }

    #[tokio::test]
    async fn own_form() -> Outcome<()> {
        super::own_form(Gate::On).await
    }

    #[tokio::test]
    async fn rebinding() -> Outcome<()> {
        super::rebinding(Gate::On).await
    }
}
