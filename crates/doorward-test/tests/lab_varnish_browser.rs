//! The story of the forgotten `Vary` (A15), through a real Varnish in place of the lab's own cache.

use doorward_browser::EngineId;
use doorward_lab::browsers::BrowserOptions;
use doorward_lab::scenario::Side;
use doorward_lab::wire::What;
use doorward_test::browser::{Browser, Outcome, RunningLab};
use doorward_test::varnish::Varnish;

#[tokio::test]
async fn a_forgotten_vary_breaks_an_honest_page_and_the_gate_mends_it() -> Outcome<()> {
    let lab = RunningLab::start().await?;
    let browser = Browser::open_engine(EngineId::Chromium, BrowserOptions::default()).await?;
    browser.open_page(&lab.control.address()).await?;
    browser.wait_for(".answer").await?;
    browser.click(".all button").await?;
    let (behind, _open) = lab.control.lab().open_to_cache().await?;
    for side in [Side::Off, Side::On] {
        let (word, own) = if side == Side::Off { ("off", 1) } else { ("on", 2) };
        let varnish = Varnish::start(&format!("varnish-{word}"), behind).await?;
        lab.control.lab().put_cache(varnish.address());
        browser.run(&format!("location.hash = '#/s/missing-vary?gate={word}'"), &[]).await?;
        let chosen = format!("document.querySelectorAll('.gate input')[{own} - 1].checked");
        browser.until(&chosen).await?;
        browser.click("button.run").await?;
        browser.wait_for(".outcome").await?;
        assert_eq!(lab.stories_run(), own);
        let ran = {
            let results = lab.control.results();
            let found = results.stories().find(|ran| ran.gate == side).cloned();
            found.ok_or("the story was not run")?
        };
        let faults: Vec<_> = ran.steps.iter().flat_map(|step| &step.faults).collect();
        assert!(ran.ok, "{faults:?}");
        // The answers are Varnish's.
        for step in &ran.steps {
            let via = step.wire.iter().any(|message| match &message.what {
                What::Answer { headers, .. } => {
                    headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("x-varnish"))
                }
                What::Request { .. } | What::Broken => false,
            });
            assert!(via, "{side:?} {}", step.says);
        }
        let cached: Vec<bool> = ran.steps.iter().map(|step| step.seen.from_cache).collect();
        match side {
            Side::Off => assert_eq!(cached, [false, true, true, false, true]),
            Side::On => assert_eq!(cached, [false, false, true, false, false]),
        }
        varnish.stop().await?;
    }
    browser.close().await
}
