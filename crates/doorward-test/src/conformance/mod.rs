//! The model of a browser against the browsers: requests and answers are made up, the same ones are
//! put to the model and to a real engine, and every difference is told.
//!
//! All of it is drawn from one number, so a difference can be seen again. The engine's page acts,
//! and one server on this machine stands for every site; what arrives there, and what the page
//! says, is what is compared. No side sees the other's words.

mod compare;
mod generate;
mod model;
mod server;
mod told;
mod trial;

pub use told::{Difference, Tally, markdown};
pub use trial::Trial;

use crate::browser::{Browser, Outcome};
use doorward_browser::{EngineId, Way};
use doorward_lab::browsers::BrowserOptions;
use generate::Draw;
use model::Model;
use serde_json::{Value, json};
use server::Server;
use std::time::{Duration, Instant};
use trial::{From, Site};

/// Trials in one browser: its cookies pile up, and a fresh one is cheap.
const BATCH: usize = 150;
/// How long a beacon may be on its way.
const PATIENCE: Duration = Duration::from_secs(1);

/// Puts `count` trials, drawn from `seed`, to an engine and to the model.
///
/// # Errors
///
/// When the browser does not come up, or a page goes away.
pub async fn run(engine: EngineId, seed: u64, count: usize) -> Outcome<Tally> {
    let mut tally = Tally::new(engine);
    let mut done = 0;
    while done < count {
        let size = BATCH.min(count - done);
        batch(&mut tally, seed.wrapping_add(done as u64), done, size).await?;
        done += size;
    }
    Ok(tally)
}

/// One browser, and as many trials as it is used for.
async fn batch(tally: &mut Tally, seed: u64, first: usize, size: usize) -> Outcome<()> {
    let server = Server::start().await?;
    let mut draw = Draw::new(seed);
    let trials: Vec<Trial> = (first..first + size).map(|id| draw.trial(id)).collect();
    server.put(&trials);
    let keeps_console = tally.engine == EngineId::Chromium;
    let options = BrowserOptions { keeps_console, ..BrowserOptions::default() };
    let browser = Browser::open_engine(tally.engine, options).await?;
    if tally.version.is_empty() {
        tally.version = browser.version().to_owned();
    }
    let mut model = Model::new(tally.engine, &server);
    for site in Site::ALL {
        browser.open_page(&server.url(site, "/seed")).await?;
        model.seed(site);
    }
    // A page for each who acts, and all of his trials there: loading one takes longer than acting.
    for from in From::ALL {
        let own: Vec<&Trial> = trials.iter().filter(|trial| trial.from == from).collect();
        if own.is_empty() {
            continue;
        }
        browser.open_page(&server.url(from.top(), from.page())).await?;
        for trial in own {
            let seen = act(&browser, tally.engine, &server, trial).await?;
            let predicted = model.predict(trial);
            tally.add(trial, compare::differences(trial, &predicted, &seen));
        }
    }
    let mut kept = Vec::new();
    for site in Site::ALL {
        server.forget();
        browser.open_page(&server.url(site, "/t/jar")).await?;
        kept.push((site, server.cookies(), model.jar(site)));
    }
    tally.kept(&trials, &kept);
    browser.close().await
}

/// What became of a trial in the engine.
async fn act(
    browser: &Browser,
    engine: EngineId,
    server: &Server,
    trial: &Trial,
) -> Outcome<compare::Seen> {
    server.forget();
    // The driver keeps what pages say, and nothing of frames that have a process of their own.
    let has_console = engine == EngineId::Chromium && trial.from.is_top();
    if has_console {
        browser.console().await?;
    }
    let mut page = Vec::new();
    for _ in 0..trial.times() {
        let order = trial.order(server);
        let said = browser.run("return await act(args[0]);", &[order]).await?;
        page.push(said);
    }
    if trial.way == Way::Beacon {
        // Nobody tells the page that it has arrived. What never comes is waited for a while.
        let begun = Instant::now();
        while server.arrived(trial.id).len() < trial.replies.len() && begun.elapsed() < PATIENCE {
            browser.run("await fetch('/page');", &[]).await?;
        }
    }
    let console = if has_console { Some(browser.console().await?) } else { None };
    Ok(compare::Seen { arrived: server.arrived(trial.id), page, console })
}

/// A list of names and values as a page's script takes it.
fn pairs(pairs: &[(String, String)]) -> Value {
    json!(pairs.iter().map(|(name, value)| [name, value]).collect::<Vec<_>>())
}
