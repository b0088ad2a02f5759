//! Keys of budgets, prices, and of what an AI may be asked.

use super::key;
use crate::shape::{Section, Shape};

/// One budget.
pub(super) static BUDGET: Section = Section::new(
    "Tokens or money that routes may spend in a window: taken before a request runs, settled by \
     what the backend's answer says.",
    &[
        key(
            "name",
            Shape::Text,
            "",
            "Its name: routes name it, what was spent survives a reload by it.",
        ),
        key(
            "by",
            Shape::List(&Shape::Words {
                now: &["everybody", "address", "network", "user", "pass"],
                later: &["key", "session", "subject", "tenant"],
            }),
            "",
            "Whose it is: each `address`'s, `network`'s, known `user`'s or `pass`'s; `everybody` \
             for what you may be billed in all, which one caller can use up.",
        ),
        key(
            "per",
            Shape::Text,
            "\"day\"",
            "The window, by UTC: `day`, `hour`, `minute` or a duration.",
        ),
        key(
            "limit",
            Shape::Text,
            "",
            "How much: \"2usd\", \"100000 tokens\"; with `usage`, \"500 units\".",
        ),
        key(
            "usage",
            Shape::Text,
            "",
            "Where a JSON answer says in whole units what it cost: \"$.meta.cost\"; without it, \
             `usage` as OpenAI and Anthropic write it.",
        ),
        key(
            "reserve",
            Shape::Whole { least: 1, most: 4_294_967_295 },
            "",
            "With `usage`: what is taken before, as much as one request may cost.",
        ),
    ],
);

/// What one model's tokens cost.
pub(super) static PRICE: Section = Section::new(
    "What one model's tokens cost, as your provider bills them.",
    &[
        key("input", Shape::Text, "", "The prompt's: \"0.15usd/1M\"."),
        key("output", Shape::Text, "", "The answer's: \"0.60usd/1M\"."),
        key(
            "cached",
            Shape::Text,
            "",
            "The prompt's that the provider had kept; without it, as `input`.",
        ),
    ],
);

/// A file of prices alone, for the command line.
pub(crate) static PRICES_FILE: Section = Section::new(
    "What tokens cost.",
    &[key(
        "prices",
        Shape::Members(&Shape::Table(&PRICE)),
        "",
        "What tokens cost, by model: [prices.\"gpt-4o-mini\"].",
    )],
);

/// What an AI may be asked on a route.
pub(super) static AI: Section = Section::new(
    "What an AI may be asked here. The body must be one JSON object, read strictly.",
    &[
        key(
            "models",
            Shape::List(&Shape::Text),
            "[]",
            "Models that may be asked, byte for byte; without any, those that have a price where \
             money is counted, and all others elsewhere.",
        ),
        key(
            "parameters",
            Shape::List(&Shape::Text),
            "[]",
            "Members that a request may have; without any, the usual ones that cost tokens alone \
             and keep nothing at the provider (docs/budgets.md).",
        ),
        key(
            "prompt_max",
            Shape::Size { least: 2, most: 1 << 20 },
            "\"32KiB\"",
            "The largest body.",
        ),
        key(
            "tokens_max",
            Shape::Whole { least: 1, most: 1_000_000_000 },
            "4096",
            "Tokens of an answer that may be asked for, times `n`; what counts where none are \
             asked for.",
        ),
        key("tools", Shape::Boolean, "false", "Functions of the client's may be offered."),
        key(
            "urls",
            Shape::Boolean,
            "false",
            "Addresses, files and tools that run at the provider may stand in a request.",
        ),
    ],
);
