//! What the allowed requests may spend, for `doorward guard`.

use clap::Args;
use std::path::PathBuf;

/// A budget, and what tokens cost.
#[derive(Debug, Args)]
pub(crate) struct Spend {
    /// What the allowed requests may spend together: 2usd/day, which needs --prices, or
    /// '100000 tokens/day'
    #[arg(long, value_name = "AMOUNT/TIME", requires = "allow")]
    pub(crate) budget: Option<String>,
    /// What tokens cost: [prices."MODEL"] input = "0.15usd/1M", output = "0.60usd/1M"; other models
    /// are refused
    #[arg(long, value_name = "FILE", requires = "budget")]
    pub(crate) prices: Option<PathBuf>,
}
