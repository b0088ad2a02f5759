//! `examples/ai-page` in a browser, before a stand-in for the provider: a visitor asks, the bill
//! ends, and neither the key nor an answer is anybody's who has no pass.

use doorward_test::ai_upstream::{AiUpstream, Event};
use doorward_test::browser::{Browser, Outcome, Pages, Site};
use doorward_test::exchange::send;
use doorward_test::running_gate::{GateOptions, RunningGate};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// What the examples call the gate; it is put in the place of this where it really listens.
const WRITTEN: &str = "http://localhost:8080";

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/ai-page").join(name)
}

#[tokio::test]
async fn a_visitor_asks_until_his_budget_is_spent() -> Outcome<()> {
    let mut upstream = AiUpstream::start().await?;
    let pages = Pages::start().await?;
    let own = pages.origin(Site::Shop);
    // One answer of 300 tokens, and not two. The real key is the process's own, and none here.
    let key = "insecure_literal_secret = true";
    let config = fs::read_to_string(example("doorward.toml"))?
        .replace("0.05usd", "0.0003usd")
        .replace("env:OPENAI_API_KEY", "sk-of-this-test-alone")
        .replace("[layers.credential]", &format!("[secrets]\n{key}\n[layers.credential]"));
    let config = format!("{config}\n[layers.pass]\nmode = \"enforce\"\n");
    let url = upstream.url();
    let options =
        GateOptions { upstream: &url, origins: &[&own], config: &config, ..GateOptions::default() };
    let gate = RunningGate::start(options).await?;
    let address = format!("http://api.shop.localhost:{}", gate.address().port());
    pages.put("/", &fs::read_to_string(example("index.html"))?.replace(WRITTEN, &address));
    let browser = Browser::open(None).await?;
    for want in ["done: ", "failed: quota/budget"] {
        browser.open_page(&format!("{own}/")).await?;
        browser.click("button").await?;
        browser.wait_for("#state.over").await?;
        let state = browser.text("#state").await?;
        assert!(state.starts_with(want), "{state}");
    }
    assert_eq!(browser.text("#answer").await?, "", "what is refused says nothing");
    let Some(Event::Asked(asked)) = upstream.events.recv().await else { panic!("it came") };
    let line = "authorization: Bearer sk-of-this-test-alone".to_owned();
    assert!(asked.headers.contains(&line), "{asked:?}");
    assert_eq!(asked.body["messages"], json!([{ "role": "user", "content": "What is a door?" }]));
    assert_eq!(upstream.asked(), 0, "the second was not asked");
    // A program that says all that the page says, and has no pass.
    let headers = [
        ("Host", gate.address().to_string()),
        ("Origin", own.clone()),
        ("Content-Type", "application/json".to_owned()),
    ];
    let body = json!({ "model": "gpt-4o-mini", "messages": [] }).to_string();
    let answer = send(gate.address(), "POST /v1/chat/completions", &headers, &body).await?;
    assert_eq!(answer.said(), (403, "pass/missing"), "{answer:?}");
    assert_eq!(upstream.asked(), 0);
    browser.close().await
}
