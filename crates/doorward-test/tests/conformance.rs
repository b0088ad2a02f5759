//! The model of a browser and three real ones agree.

use doorward_browser::EngineId;
use doorward_test::browser::Outcome;
use doorward_test::conformance::{Tally, markdown, run};
use std::env;

/// Trials for each engine; `cargo xtask conformance` asks for more.
const TRIALS: usize = 400;
/// Of a hundred trials, in so many nothing differs.
const AGREE_PERCENT: f64 = 99.0;
const SEED: u64 = 31_337;

#[tokio::test]
async fn the_model_and_three_engines_agree() -> Outcome<()> {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let count = number("DOORWARD_CAMPAIGN").map_or(TRIALS, |count| count as usize);
    let seed = number("DOORWARD_SEED").unwrap_or(SEED);
    let mut tallies: Vec<Tally> = Vec::new();
    for engine in EngineId::ALL {
        let is_wanted = env::var("DOORWARD_ENGINE").map_or(true, |word| word == engine.word());
        if is_wanted {
            tallies.push(run(engine, seed, count).await?);
        }
    }
    let said = markdown(&tallies, seed);
    println!("{said}");
    if let Ok(file) = env::var("DOORWARD_WRITE") {
        std::fs::write(file, &said)?;
    }
    for tally in &tallies {
        assert!(tally.percent() >= AGREE_PERCENT, "{}: {:.2} %", tally.engine, tally.percent());
    }
    Ok(())
}
