//! Whoever is not the lab's own page cannot drive the lab: hostile pages, frames, rebinding names.

use doorward_browser::EngineId;
use doorward_lab::browsers::BrowserOptions;
use doorward_test::browser::{Browser, Outcome, Pages, Rebinding, RunningLab, Site};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};

/// What a hostile page tries against the lab, and what it got of each try.
const TRIES: &str = r#"
    const [lab, token] = args;
    const found = [];
    const attempt = async (path, init) => {
        try {
            const answer = await fetch(lab + path, init);
            found.push([path, answer.type, answer.status, (await answer.text()).length]);
        } catch (error) { found.push([path, "threw", 0, 0]); }
    };
    for (const path of ["/api/lab", "/api/results", "/", "/assets/main.js", "/api/table"]) {
        for (const mode of ["cors", "no-cors"]) {
            for (const headers of [{}, { "Lab-Token": token }]) {
                await attempt(path, { mode, headers, credentials: "include" });
            }
        }
    }
    const transfer = "curl -d 'to=evil&amount=100' http://api.shop.localhost/transfer";
    const line = JSON.stringify({ line: transfer });
    const naming = JSON.stringify({ naming: "plain" });
    const json = { "Content-Type": "application/json" };
    const kinds = [{ "Content-Type": "text/plain" }, json, { ...json, "Lab-Token": token }];
    const posts = [["/api/reset", "{}"], ["/api/desk", line], ["/api/naming", naming]];
    for (const [path, body] of posts) {
        for (const headers of kinds) {
            for (const mode of ["cors", "no-cors"]) {
                await attempt(path, { method: "POST", body, mode, headers });
            }
        }
    }
    return found;
"#;

/// No try may have read anything, and none may have done anything.
fn nothing_came(lab: &RunningLab, found: &Value) {
    let found = found.as_array().cloned().unwrap_or_default();
    assert_eq!(found.len(), 38, "{found:?}");
    for one in &found {
        let (kind, status, bytes) = (&one[1], &one[2], &one[3]);
        let hidden = kind == "threw" || (kind == "opaque" && *bytes == 0);
        // A rebinding name is its own origin: it reads that it is not wanted, and no more.
        let refused = *status == 421;
        assert!(hidden || refused, "{one}");
    }
    assert_eq!(lab.stories_run(), 0);
    assert_eq!(lab.balance("ann"), 1_000 - 7, "nobody reset the bank");
    assert_eq!(lab.balance("evil"), 7, "nobody moved money");
    let naming = lab.control.lab().sites().naming;
    assert_eq!(naming, doorward_lab::sites::Naming::Names, "nobody renamed the sites");
}

/// Money that a reset would take back.
async fn mark(lab: &RunningLab) -> Outcome<()> {
    let sites = lab.control.lab().sites();
    let api = sites.fill("{api}", doorward_lab::scenario::Side::Off);
    lab.desk(&format!("curl -d 'to=evil&amount=7' {api}/transfer")).await?;
    assert_eq!(lab.balance("evil"), 7);
    Ok(())
}

#[tokio::test]
async fn a_hostile_page_neither_reads_nor_drives_nor_frames_it() -> Outcome<()> {
    let (lab, pages) = (RunningLab::start().await?, Pages::start().await?);
    mark(&lab).await?;
    let address = lab.control.address();
    let (home, token) = address.split_once("/#token=").ok_or("a token")?;
    let frame = format!("<iframe id=f src='{home}/'></iframe><iframe src='{home}/stage'></iframe>");
    pages.put("/frames", &frame);
    for engine in EngineId::ALL {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        // The person has the lab open: whatever its page keeps is there to be abused.
        browser.open_page(&address).await?;
        browser.wait_for(".answer").await?;
        for site in [Site::Evil, Site::Promo] {
            browser.open_page(&pages.origin(site)).await?;
            let found = browser.run(TRIES, &[json!(home), json!(token)]).await?;
            nothing_came(&lab, &found);
        }
        browser.open_page(&format!("{}/frames", pages.origin(Site::Evil))).await?;
        // A page that may not be framed has no text in a frame, whatever the engine shows there.
        let client = browser.client();
        client.enter_frame(0).await?;
        let text = client.execute("return document.body?.innerText ?? ''", vec![]).await?;
        assert!(!text.to_string().contains("Will the money move"), "{engine}: {text}");
        client.enter_parent_frame().await?;
        browser.close().await?;
        nothing_came(&lab, &json!(vec![json!(["-", "threw", 0, 0]); 38]));
    }
    Ok(())
}

#[tokio::test]
async fn a_name_that_is_rebound_to_the_lab_gets_nothing() -> Outcome<()> {
    let (lab, pages) = (RunningLab::start().await?, Pages::start().await?);
    mark(&lab).await?;
    let address = lab.control.address();
    let (_, token) = address.split_once("/#token=").ok_or("a token")?;
    let rebinding = Rebinding::start(pages.address(Site::Rebind)).await?;
    let browser = Browser::open(Some("MAP rebind.test 127.0.0.1")).await?;
    let own = format!("http://rebind.test:{}", rebinding.address().port());
    browser.open_page(&own).await?;
    rebinding.rebind(SocketAddr::from((Ipv4Addr::LOCALHOST, lab.port)));
    // Even with the token, which it could only have from the person's own terminal.
    let found = browser.run(TRIES, &[json!(own), json!(token)]).await?;
    let read = found.as_array().into_iter().flatten().filter(|one| one[2] == 421).count();
    assert!(read > 10, "it reached the lab: {found}");
    nothing_came(&lab, &found);
    browser.close().await
}
