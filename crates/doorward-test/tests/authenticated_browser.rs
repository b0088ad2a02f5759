//! A bank with accounts behind a gate of the profile `authenticated`, in each engine: no page of
//! somebody else's moves money, by whatever it has its visitor's browser send; and everything that
//! the person means works, from the first log-in on.
//!
//! What was done is read from the bank's own book, and why something was refused from the gate's
//! log. That each attack is one is shown beside it: without the gate it does what it is for.

use doorward_browser::EngineId;
use doorward_lab::browsers::BrowserOptions;
use doorward_test::browser::{Bank, Browser, Fetched, Outcome, Pages, Site, within};
use doorward_test::running_gate::{GateOptions, RunningGate};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CROSS_SITE: &str = "site/cross-site";
const NULL_ORIGIN: &str = "site/null-origin";
const SAME_SITE: &str = "site/same-site";

/// A bank, its gate, and the pages of others.
struct Scene {
    pages: Pages,
    bank: Bank,
    gate: RunningGate,
    /// The bank's address by its gate.
    api: String,
    /// And past it: cookies know no ports, so they go along there too.
    bare: String,
}

/// The file that an application with sessions needs, and a provider that sends people back.
const CONFIG: &str = "\
profile = \"authenticated\"
[layers.identity]
session = { cookie = \"session\", check = \"{{bank}}/whoami\", subject = \"$.id\" }
[layers.cors]
{{cors}}
[layers.site]
{{site}}
[[route]]
path = \"/\"
kind = \"page\"
[[route]]
path = \"/login\"
profile = \"public\"
csrf = \"required\"
[[route]]
path = \"/pay\"
csrf = \"body\"
[[route]]
path = \"/return\"
kind = \"return\"
[[route]]
path = \"/return-by-form\"
kind = \"return\"
post = true
";

/// The layers that are on beside `csrf`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    CorsAndSite,
    Site,
    Nothing,
}

async fn scene(beside: Beside) -> Outcome<Scene> {
    let (pages, bank) = (Pages::start().await?, Bank::start().await?);
    let upstream = format!("http://{}", bank.address());
    let mode = |is_on: bool| if is_on { "" } else { "mode = \"off\"" };
    let cors = match beside {
        Beside::CorsAndSite => "credentials = true",
        Beside::Site | Beside::Nothing => mode(false),
    };
    let config = CONFIG.replace("{{bank}}", &upstream).replace("{{cors}}", cors);
    let config = config.replace("{{site}}", mode(beside != Beside::Nothing));
    let own = pages.origin(Site::Shop);
    let origins = [own.as_str()];
    let options = GateOptions {
        upstream: &upstream,
        origins: if beside == Beside::CorsAndSite { &origins } else { &[] },
        config: &config,
        ..GateOptions::default()
    };
    let gate = RunningGate::start(options).await?;
    let at = |port: u16| format!("http://api.shop.localhost:{port}");
    let (api, bare) = (at(gate.address().port()), at(bank.address().port()));
    Ok(Scene { pages, bank, gate, api, bare })
}

impl Scene {
    /// The gate's next word about a request of this method and path: its code, or none.
    async fn judged(&mut self, method: &str, path: &str, code: Option<&str>) -> Outcome<()> {
        let line = self.gate.logged(method, path).await?;
        if line.code.as_deref() == code {
            return Ok(());
        }
        Err(format!("{method} {path}: wanted {code:?}, got {line:?}").into())
    }

    /// Asks for a token and signs ann in, as the bank's own page does. Returns the token that holds
    /// from then on.
    async fn sign_in(&mut self, browser: &Browser) -> Outcome<String> {
        let stranger = token(browser).await?;
        let order = json!({
            "method": "POST", "body": "ann", "headers": { "X-CSRF-Token": stranger },
        });
        let seen = browser.fetch("/login", order).await?;
        assert_eq!(seen.status(), Some(200), "{seen:?}");
        self.judged("POST", "/login", None).await?;
        let own = token(browser).await?;
        assert_ne!(own, stranger);
        Ok(own)
    }

    /// Sends a person's own order, and looks into the bank's book.
    async fn pays(&mut self, browser: &Browser, url: &str, token: &str) -> Outcome<()> {
        let seen = browser.fetch(url, by_json(Some(token))).await?;
        assert_eq!(seen.status(), Some(200), "{seen:?}");
        self.judged("POST", "/transfer", None).await?;
        assert_eq!(self.bank.done(), ["POST /transfer ann ben 1"]);
        Ok(())
    }

    /// A fetch of one's own that is refused, readable to its page, and not run.
    async fn refused(
        &mut self,
        browser: &Browser,
        path: &str,
        order: Value,
        code: &str,
    ) -> Outcome<()> {
        let seen = browser.fetch(path, order).await?;
        let Fetched::Read { status, refusal, .. } = &seen else { panic!("{path}: {seen:?}") };
        assert_eq!((*status, refusal.as_deref()), (403, Some(code)), "{path}");
        self.judged("POST", path, Some(code)).await?;
        assert_eq!(self.bank.done(), [""; 0]);
        Ok(())
    }
}

/// A token, as the guide says that a page asks for it.
async fn token(browser: &Browser) -> Outcome<String> {
    const ASK: &str = r#"
        const answer = await fetch("/.doorward/csrf", { credentials: "include" });
        return (await answer.json()).token;"#;
    let token = browser.run(ASK, &[]).await?;
    Ok(token.as_str().ok_or("no token")?.to_owned())
}

fn by_json(token: Option<&str>) -> Value {
    let mut headers = json!({ "Content-Type": "application/json" });
    if let Some(token) = token {
        headers["X-CSRF-Token"] = json!(token);
    }
    let body = r#"{"to":"ben","amount":1}"#;
    json!({ "method": "POST", "credentials": "include", "headers": headers, "body": body })
}

/// Sends a form, built in the page that is open.
const FORM: &str = r#"
    const [action, fields] = args;
    const form = document.createElement("form");
    form.method = "post";
    form.action = action;
    for (const [name, value] of Object.entries(fields)) {
        const input = document.createElement("input");
        input.name = name;
        input.value = value;
        form.append(input);
    }
    document.body.append(form);
    // The script is to have ended before its page does.
    setTimeout(() => form.submit(), 0);
"#;

/// What a hostile page sends.
fn loot() -> Value {
    json!({ "to": "evil", "amount": "100" })
}

/// A form of a hostile page's that opens what it is sent to; the page has this policy.
async fn form_of(browser: &Browser, page: &str, to: &str) -> Outcome<()> {
    browser.open_page(page).await?;
    browser.run(FORM, &[json!(to), loot()]).await?;
    browser.wait_for_url(to).await
}

const IMAGE: &str = "const image = new Image();
    await new Promise((done) => { image.onload = image.onerror = done; image.src = args[0]; });";
const PREFETCH: &str = r#"const link = document.createElement("link");
    if (!link.relList.supports("prefetch")) return false;
    link.rel = "prefetch";
    link.href = args[0];
    await new Promise((done) => {
        link.onload = link.onerror = done; document.head.append(link);
    });
    return true;"#;
const LINK: &str = r#"const link = document.createElement("a");
    link.href = args[0];
    document.body.append(link);
    setTimeout(() => link.click(), 0);"#;

/// Every way of a hostile page, less than two minutes after ann's log-in: Chromium sends a cookie
/// without `SameSite` along with a form of another site for so long.
async fn attacks(scene: &mut Scene, browser: &Browser, engine: EngineId) -> Outcome<()> {
    let evil = scene.pages.origin(Site::Evil);
    let promo = scene.pages.origin(Site::Promo);
    let (transfer, past) = (format!("{}/transfer", scene.api), format!("{}/transfer", scene.bare));
    let rows = [
        (format!("{evil}/"), CROSS_SITE),
        (format!("{evil}/no-referrer"), NULL_ORIGIN),
        (format!("{promo}/"), SAME_SITE),
    ];
    for (page, code) in rows {
        form_of(browser, &page, &transfer).await?;
        scene.judged("POST", "/transfer", Some(code)).await?;
        assert_eq!(scene.bank.done(), [""; 0], "{engine}: {page}");
        form_of(browser, &page, &past).await?;
        assert_eq!(scene.bank.done(), ["POST /transfer ann evil 100"], "{engine}: {page}");
    }
    let read = format!("{transfer}?to=evil&amount=100");
    browser.open_page(&format!("{evil}/")).await?;
    browser.run(IMAGE, &[json!(read)]).await?;
    scene.judged("GET", "/transfer", Some(CROSS_SITE)).await?;
    if browser.run(PREFETCH, &[json!(read)]).await? == true {
        scene.judged("GET", "/transfer", Some(CROSS_SITE)).await?;
    }
    let order = json!({
        "method": "POST", "mode": "no-cors", "credentials": "include",
        "body": r#"{"to":"evil","amount":100}"#,
    });
    let seen = browser.fetch(&transfer, order).await?;
    assert_eq!(seen, Fetched::Opaque, "{engine}");
    scene.judged("POST", "/transfer", Some(CROSS_SITE)).await?;
    browser.run(LINK, &[json!(read)]).await?;
    browser.wait_for_url(&transfer).await?;
    scene.judged("GET", "/transfer", Some(CROSS_SITE)).await?;
    // A form that signs ann's browser in as somebody else, and one that takes her for returned.
    for path in ["/login", "/return"] {
        form_of(browser, &format!("{evil}/"), &format!("{}{path}", scene.api)).await?;
        scene.judged("POST", path, Some(CROSS_SITE)).await?;
    }
    assert_eq!(scene.bank.done(), [""; 0], "{engine}");
    browser.open_page(&format!("{evil}/")).await?;
    browser.run(LINK, &[json!(format!("{}/transfer?to=evil&amount=100", scene.bare))]).await?;
    browser.wait_for_url(&past).await?;
    assert_eq!(scene.bank.done(), ["GET /transfer ann evil 100"], "{engine}: it is an attack");
    Ok(())
}

/// What ann does herself, signed in and on the bank's own page.
async fn own_actions(scene: &mut Scene, browser: &Browser, first: &str) -> Outcome<()> {
    let home = format!("{}/", scene.api);
    scene.refused(browser, "/transfer", by_json(None), "csrf/missing").await?;
    scene.pays(browser, "/transfer", first).await?;
    own_form(scene, browser, first).await?;

    // Her own page under a policy that many frameworks set: its form says `Origin: null`.
    browser.open_page(&format!("{home}?policy=no-referrer")).await?;
    let token = token(browser).await?;
    scene.pays(browser, "/transfer", &token).await?;
    own_form(scene, browser, &token).await?;

    // A page of the other origin that is allowed.
    browser.open_page(&format!("{}/", scene.pages.origin(Site::Shop))).await?;
    let csrf = format!("{}/.doorward/csrf", scene.api);
    let seen = browser.fetch(&csrf, json!({ "credentials": "include" })).await?;
    let Fetched::Read { body, .. } = &seen else { panic!("an allowed page reads it: {seen:?}") };
    let answer: Value = serde_json::from_str(body)?;
    let token = answer["token"].as_str().ok_or("no token")?;
    let transfer = format!("{}/transfer", scene.api);
    scene.pays(browser, &transfer, token).await
}

/// Fills in and sends the form of the bank's page that is open.
async fn own_form(scene: &mut Scene, browser: &Browser, token: &str) -> Outcome<()> {
    browser.click("#pay").await?;
    browser.wait_for_url(&format!("{}/pay", scene.api)).await?;
    scene.judged("POST", "/pay", Some("csrf/missing")).await?;
    assert_eq!(scene.bank.done(), [""; 0]);
    browser.client().back().await?;
    browser.wait_for("#pay").await?;
    let fill = "document.querySelector('#csrf').value = args[0];";
    browser.run(fill, &[json!(token)]).await?;
    browser.click("#pay").await?;
    within("the form's answer", async {
        while browser.client().title().await? != "Moved" {
            tokio::task::yield_now().await;
        }
        Ok(())
    })
    .await?;
    scene.judged("POST", "/pay", None).await?;
    assert_eq!(scene.bank.done(), ["POST /pay ann ben 1"]);
    Ok(())
}

/// Two tabs of the bank's page, and a log-out and log-in in one of them.
async fn tabs(scene: &mut Scene, browser: &Browser) -> Outcome<()> {
    let home = format!("{}/", scene.api);
    browser.open_page(&home).await?;
    let first = token(browser).await?;
    let (left, client) = (browser.client().window().await?, browser.client());
    let right = client.new_window(true).await?.handle;
    client.switch_to_window(right.clone()).await?;
    browser.open_page(&home).await?;
    let second = token(browser).await?;
    scene.pays(browser, "/transfer", &second).await?;
    client.switch_to_window(left.clone()).await?;
    scene.pays(browser, "/transfer", &first).await?;

    let out = json!({ "method": "POST", "headers": { "X-CSRF-Token": first } });
    assert_eq!(browser.fetch("/logout", out).await?.status(), Some(200));
    let seen = browser.fetch("/transfer", by_json(Some(&first))).await?;
    assert_eq!(seen.status(), Some(401), "who is signed out stays out: {seen:?}");
    scene.judged("POST", "/transfer", Some("identity/missing")).await?;
    let third = scene.sign_in(browser).await?;
    scene.refused(browser, "/transfer", by_json(Some(&first)), "csrf/other-session").await?;
    scene.pays(browser, "/transfer", &third).await?;
    client.switch_to_window(right).await?;
    scene.refused(browser, "/transfer", by_json(Some(&second)), "csrf/other-session").await?;
    let fourth = token(browser).await?;
    scene.pays(browser, "/transfer", &fourth).await?;
    client.close_window().await?;
    client.switch_to_window(left).await?;
    scene.pays(browser, "/transfer", &third).await
}

/// A sibling sets cookies for the common domain, under the names of ann's session and of the gate's
/// anchor: no one tells whose is whose, so neither counts. It keeps ann out until they are gone.
async fn tossing(scene: &mut Scene, browser: &Browser) -> Outcome<()> {
    let (home, promo) = (format!("{}/", scene.api), scene.pages.origin(Site::Promo));
    let rows = [
        ("session=session-number-00000001", "/", 400, "cookie/duplicate"),
        ("session=session-number-00000001", "/transfer", 400, "cookie/duplicate"),
        ("doorward-anchor=made-up", "/", 403, "csrf/unclear"),
    ];
    // Her page stays open while the sibling's stands in another tab.
    browser.open_page(&home).await?;
    let token = token(browser).await?;
    let (own, client) = (browser.client().window().await?, browser.client());
    let others = client.new_window(true).await?.handle;
    for (pair, path, status, code) in rows {
        let line = format!("{pair}; Domain=shop.localhost; Path={path}");
        client.switch_to_window(others.clone()).await?;
        browser.open_page(&format!("{promo}/")).await?;
        browser.run("document.cookie = args[0];", &[json!(line)]).await?;
        client.switch_to_window(own.clone()).await?;
        let seen = browser.fetch("/transfer", by_json(Some(&token))).await?;
        let Fetched::Read { status: got, refusal, .. } = &seen else { panic!("{seen:?}") };
        assert_eq!((*got, refusal.as_deref()), (status, Some(code)), "{line}");
        scene.judged("POST", "/transfer", Some(code)).await?;
        assert_eq!(scene.bank.done(), [""; 0], "{line}");
        client.switch_to_window(others.clone()).await?;
        browser.run("document.cookie = args[0];", &[json!(format!("{line}; Max-Age=0"))]).await?;
        client.switch_to_window(own.clone()).await?;
        // Tabs are processes of their own, and hear of each other's cookies a little later.
        let begun = Instant::now();
        let seen = loop {
            let seen = browser.fetch("/transfer", by_json(Some(&token))).await?;
            let Fetched::Read { refusal: Some(refusal), .. } = &seen else { break seen };
            assert_eq!(refusal, code, "{line}");
            scene.judged("POST", "/transfer", Some(code)).await?;
            assert!(begun.elapsed() < Duration::from_secs(20), "{line} does not go");
        };
        assert_eq!(seen.status(), Some(200), "{line}: {seen:?}");
        scene.judged("POST", "/transfer", None).await?;
        assert_eq!(scene.bank.done(), ["POST /transfer ann ben 1"], "{line}");
    }
    client.switch_to_window(others).await?;
    client.close_window().await?;
    client.switch_to_window(own).await?;
    Ok(())
}

/// A sign-in provider, another site's, sends ann back: by a link and by a form.
async fn returns(scene: &mut Scene, browser: &Browser) -> Outcome<()> {
    let provider = format!("{}/", scene.pages.origin(Site::Evil));
    let home = format!("{}/", scene.api);
    for path in ["/return", "/return-by-form"] {
        browser.client().delete_all_cookies().await?;
        browser.open_page(&home).await?;
        assert_eq!(browser.text("#who").await?, "nobody", "{path}");
        browser.open_page(&provider).await?;
        let to = format!("{}{path}", scene.api);
        let method = if path == "/return" {
            browser.run(LINK, &[json!(format!("{to}?code=ann"))]).await?;
            "GET"
        } else {
            browser.run(FORM, &[json!(to), json!({ "code": "ann" })]).await?;
            "POST"
        };
        browser.wait_for_url(&home).await?;
        scene.judged(method, path, None).await?;
        assert_eq!(scene.bank.done(), [format!("{method} {path}")]);
        // Strict cookies would not be there yet; hers is.
        assert_eq!(browser.text("#who").await?, "ann", "{path}");
        let token = token(browser).await?;
        scene.pays(browser, "/transfer", &token).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_ann_means_is_done_and_nothing_else() -> Outcome<()> {
    let mut scene = scene(Beside::CorsAndSite).await?;
    scene.pages.put("/no-referrer", "<meta name=referrer content=no-referrer><title>No</title>");
    for engine in EngineId::ALL {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        browser.open_page(&format!("{}/", scene.api)).await?;
        let bare = json!({ "method": "POST", "body": "mallory" });
        scene.refused(&browser, "/login", bare, "csrf/missing").await?;
        let token = scene.sign_in(&browser).await?;
        let cookies = browser.value("document.cookie").await?;
        assert_eq!(cookies, "", "{engine}: a session that scripts read");
        own_actions(&mut scene, &browser, &token).await?;
        attacks(&mut scene, &browser, engine).await?;
        tabs(&mut scene, &browser).await?;
        tossing(&mut scene, &browser).await?;
        returns(&mut scene, &browser).await?;
        browser.close().await?;
    }
    scene.gate.stop().await
}

/// A17: a hostile page tries to read a token first, and sends its form without one. With `cors` off
/// in the gate, `site` refuses it all; with `site` off too, the token alone does.
async fn forgery(beside: Beside, read: Option<&str>, form: &str) -> Outcome<()> {
    let mut scene = scene(beside).await?;
    let evil = format!("{}/", scene.pages.origin(Site::Evil));
    let (csrf, transfer) =
        (format!("{}/.doorward/csrf", scene.api), format!("{}/transfer", scene.api));
    for engine in EngineId::ALL {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        browser.open_page(&format!("{}/", scene.api)).await?;
        let token = scene.sign_in(&browser).await?;
        scene.pays(&browser, "/transfer", &token).await?;

        browser.open_page(&evil).await?;
        let with_cookies = json!({ "credentials": "include" });
        let seen = browser.fetch(&csrf, with_cookies.clone()).await?;
        assert!(seen.is_hidden(), "{engine}: {seen:?}");
        let whoami = format!("{}/whoami", scene.api);
        let seen = browser.fetch(&whoami, with_cookies).await?;
        assert!(seen.is_hidden(), "{engine}: {seen:?}");
        if read.is_some() {
            scene.judged("GET", "/whoami", read).await?;
        }
        form_of(&browser, &evil, &transfer).await?;
        scene.judged("POST", "/transfer", Some(form)).await?;
        assert_eq!(scene.bank.done(), [""; 0], "{engine}");
        // Ann's browser is not signed in as somebody else either.
        form_of(&browser, &evil, &format!("{}/login", scene.api)).await?;
        scene.judged("POST", "/login", Some(form)).await?;
        // One of the attacker's own tokens, in the field where the gate would look for it.
        browser.open_page(&evil).await?;
        let mut fields = loot();
        fields["_csrf"] = json!(format!("{token}A"));
        let pay = format!("{}/pay", scene.api);
        browser.run(FORM, &[json!(pay), fields]).await?;
        browser.wait_for_url(&pay).await?;
        let forged = if read.is_some() { form } else { "csrf/forged" };
        scene.judged("POST", "/pay", Some(forged)).await?;
        assert_eq!(scene.bank.done(), [""; 0], "{engine}");

        browser.open_page(&format!("{}/", scene.api)).await?;
        scene.pays(&browser, "/transfer", &token).await?;
        browser.close().await?;
    }
    // Somebody else's token, asked for by himself, is tried in `cases/csrf`.
    scene.gate.stop().await
}

#[tokio::test]
async fn with_cors_off_no_forgery_gets_through() -> Outcome<()> {
    forgery(Beside::Site, Some(CROSS_SITE), CROSS_SITE).await
}

#[tokio::test]
async fn with_cors_and_site_off_the_token_alone_stops_it() -> Outcome<()> {
    forgery(Beside::Nothing, None, "csrf/missing").await
}
