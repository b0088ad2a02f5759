//! What is found: who can do what, from where, how sure that is, and what closes it.

use doorward_browser::EngineId;
use std::fmt;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check's id, as in `C-17`.
    pub check: &'static str,
    /// What is wrong, in one line.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Who can do what, from where: one sentence.
    pub who: String,
    /// In which engines.
    pub engines: Engines,
    /// The operation's name.
    pub operation: String,
    /// A line that shows it.
    pub request: String,
    /// The lines of the answer that show it.
    pub evidence: Vec<String>,
    /// How the backend's running is known; none where nothing is said of it.
    pub rung: Option<Rung>,
    /// The smallest change that closes it.
    pub fix: String,
    /// What tells it from other findings of the same check on the same operation, as in `P-03`;
    /// may be empty. With check and operation it is the same in every run.
    pub variant: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// It breaks something, or helps an attacker a little.
    Low,
    /// It helps an attacker who has one thing more.
    Medium,
    /// Any page can do it to a person who visits it.
    High,
    /// Anybody can do it.
    Critical,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// It may have another reason.
    Tentative,
    /// It was seen in answers, and seen again.
    Firm,
    /// It was seen to happen.
    Certain,
}

/// How it is known that the backend ran a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// It is not known.
    Unknown,
    /// It answered well, with something else than an allowed caller gets.
    Weak,
    /// It answered as it answers an allowed caller.
    Strong,
    /// Something outside changed.
    Effect,
    /// It was seen on its way into the backend.
    InPath,
}

/// In which engines a finding works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engines(Vec<EngineId>);

impl Severity {
    /// From the least to the worst.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Its word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Confidence {
    /// Its word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tentative => "tentative",
            Self::Firm => "firm",
            Self::Certain => "certain",
        }
    }
}

impl Rung {
    /// Its id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Unknown => "E0",
            Self::Weak => "E1",
            Self::Strong => "E2",
            Self::Effect => "E3",
            Self::InPath => "E4",
        }
    }

    /// What may be said of the backend. Only what is at least inferred strongly is called run.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "not known whether the backend runs it",
            Self::Weak => "the backend may run it",
            Self::Strong => "the backend runs it (inferred: it answers as to an allowed caller)",
            Self::Effect => "the backend runs it (seen by its effect)",
            Self::InPath => "the backend runs it (seen on its way in)",
        }
    }

    /// Whether the word "runs" may be used.
    #[must_use]
    pub const fn is_run(self) -> bool {
        matches!(self, Self::Strong | Self::Effect | Self::InPath)
    }
}

impl Engines {
    /// All three.
    #[must_use]
    pub fn all() -> Self {
        Self(EngineId::ALL.to_vec())
    }

    /// Those for which `works` says yes.
    #[must_use]
    pub fn which(works: impl Fn(EngineId) -> bool) -> Self {
        Self(EngineId::ALL.into_iter().filter(|engine| works(*engine)).collect())
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each.
    pub fn iter(&self) -> impl Iterator<Item = EngineId> {
        self.0.iter().copied()
    }
}

impl fmt::Display for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() == EngineId::ALL.len() {
            return f.write_str("every browser");
        }
        for (at, engine) in self.0.iter().enumerate() {
            let before = match at {
                0 => "",
                at if at + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{before}{engine}")?;
        }
        Ok(())
    }
}

impl Finding {
    /// What is the same in every run, for baselines.
    #[must_use]
    pub fn key(&self) -> String {
        match self.variant.as_str() {
            "" => format!("{} {}", self.check, self.operation),
            variant => format!("{} {} {variant}", self.check, self.operation),
        }
    }
}
