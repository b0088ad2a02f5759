//! What must be seen of a step.

use doorward_browser::EngineId;
use serde::{Deserialize, Serialize};

/// Without the gate, or with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The backend with CORS alone.
    Off,
    /// The same behind the gate.
    On,
}

/// What the caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gets {
    /// It reads the answer.
    Read,
    /// The script gets an error; it cannot tell why.
    Hidden,
    /// The script gets an answer without content.
    Opaque,
    /// The call throws before anything is sent.
    Throws,
    /// The answer replaces the page; the one that asked cannot read it.
    Navigated,
    /// No script waits for it.
    Silent,
    /// Nothing came back.
    Nothing,
}

/// What the backend's own log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// A preflight arrived.
    Asked,
    /// A route ran.
    Executed,
    /// It refused by itself, before a route ran.
    Refused,
    /// There is no such route.
    Missing,
}

/// What must be seen.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Expected {
    /// What the caller gets.
    pub gets: Option<Gets>,
    /// The status that it reads.
    pub status: Option<u16>,
    /// What the backend's log says, each once: one word or a list, `[]` for nothing at all.
    pub backend: Option<Words>,
    /// The gate's code for what it refuses; none: it admits.
    pub gate: Option<String>,
    /// The names of the cookies that arrived, in alphabetical order.
    pub cookies: Option<Vec<String>>,
    /// The `Origin` that arrived; `{evil}` and the like stand for the sites' origins.
    pub origin: Option<String>,
    /// Euros that moved to the attacker.
    pub moved: Option<i64>,
    /// How many of many requests the backend ran: a number, or the least and the most.
    pub executed: Option<Counted>,
    /// It came from the shared cache: nothing reached the API.
    pub from_cache: bool,
    /// Words that stand in what the caller reads.
    pub reads: Option<String>,
    /// Whether the paid service's key is in anything that the caller sends or is sent.
    pub shows_key: Option<bool>,
    /// What is different in Chromium.
    pub chromium: Option<Box<Expected>>,
    /// What is different in Firefox.
    pub firefox: Option<Box<Expected>>,
    /// What is different in WebKit.
    pub webkit: Option<Box<Expected>>,
}

/// One word or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Words {
    /// One.
    One(Backend),
    /// Several, or none.
    Some(Vec<Backend>),
}

impl Words {
    /// As a list.
    #[must_use]
    pub fn list(&self) -> Vec<Backend> {
        match self {
            Self::One(word) => vec![*word],
            Self::Some(words) => words.clone(),
        }
    }
}

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Counted {
    /// Exactly so many.
    Exactly(u64),
    /// From the first to the second.
    Between(u64, u64),
}

impl Counted {
    /// Whether this many are right.
    #[must_use]
    pub const fn fits(self, count: u64) -> bool {
        match self {
            Self::Exactly(want) => count == want,
            Self::Between(least, most) => least <= count && count <= most,
        }
    }
}

impl Expected {
    /// What must be seen in this engine.
    #[must_use]
    pub fn in_engine(&self, engine: EngineId) -> Self {
        let own = match engine {
            EngineId::Chromium => &self.chromium,
            EngineId::Firefox => &self.firefox,
            EngineId::WebKit => &self.webkit,
        };
        let mut all = self.clone();
        (all.chromium, all.firefox, all.webkit) = (None, None, None);
        if let Some(own) = own {
            all.gets = own.gets.or(all.gets);
            all.status = own.status.or(all.status);
            all.backend = own.backend.clone().or(all.backend);
            all.gate = own.gate.clone().or(all.gate);
            all.cookies = own.cookies.clone().or(all.cookies);
            all.origin = own.origin.clone().or(all.origin);
            all.moved = own.moved.or(all.moved);
            all.executed = own.executed.or(all.executed);
            all.from_cache = own.from_cache || all.from_cache;
            all.reads = own.reads.clone().or(all.reads);
            all.shows_key = own.shows_key.or(all.shows_key);
        }
        all
    }

    /// Whether it says anything of engines, or of anything.
    #[must_use]
    pub const fn says_something(&self) -> bool {
        self.gets.is_some() || self.backend.is_some() || self.executed.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{Backend, Counted, Expected, Gets, Words};
    use doorward_browser::EngineId;

    #[test]
    fn an_engine_may_differ() {
        let text = "gets = \"hidden\"\nbackend = [\"asked\"]\n[webkit]\nbackend = \"executed\"";
        let expected: Expected = toml::from_str(text).expect("TOML");
        let of = |engine| {
            let own = expected.in_engine(engine);
            (own.gets, own.backend.map(|words: Words| words.list()))
        };
        assert_eq!(of(EngineId::Chromium), (Some(Gets::Hidden), Some(vec![Backend::Asked])));
        assert_eq!(of(EngineId::WebKit), (Some(Gets::Hidden), Some(vec![Backend::Executed])));
    }

    #[test]
    fn counts() {
        assert!(Counted::Exactly(3).fits(3) && !Counted::Exactly(3).fits(4));
        let between: Expected = toml::from_str("executed = [2, 4]").expect("TOML");
        let between = between.executed.expect("a count");
        let fits: Vec<u64> = (0..6).filter(|count| between.fits(*count)).collect();
        assert_eq!(fits, [2, 3, 4]);
    }
}
