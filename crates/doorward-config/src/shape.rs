//! The words in which the table of keys is written: the reader, the schema and the documentation of
//! a key come from one line.

/// A table of the file.
#[derive(Debug)]
pub(crate) struct Section {
    /// What it is for, in one sentence.
    pub(crate) about: &'static str,
    /// Its keys, in the order in which they are explained.
    pub(crate) keys: &'static [Key],
    /// Keys that are not listed are for later versions.
    pub(crate) rest_is_later: bool,
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// As TOML; empty where there is none.
    pub(crate) default: &'static str,
    /// What it says, in one sentence or two.
    pub(crate) about: &'static str,
}

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Any text; the about says what it means.
    Text,
    /// `env:NAME`, `file:PATH`, or text around one.
    Secret,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Whole { least: u64, most: u64 },
    /// One of some words; some are for later versions.
    Words { now: &'static [&'static str], later: &'static [&'static str] },
    /// One of some words, or a text that begins like one: `claim:tenant`.
    Begun { words: &'static [&'static str], begun: &'static [&'static str] },
    /// How seriously a judgement is taken.
    Mode { may_be_off: bool },
    /// `600/min`.
    Rate,
    /// `10s`.
    Duration { least_s: u64, most_s: u64 },
    /// `16KiB`.
    Size { least: u64, most: u64 },
    /// `2026-12-31T00:00:00Z`, as text or as TOML writes it.
    Moment,
    /// `2026-12-31`, as text or as TOML writes it.
    Day,
    /// A list of values of one shape.
    List(&'static Shape),
    /// One value, or a list of such.
    OneOrMore(&'static Shape),
    /// A table.
    Table(&'static Section),
    /// A text, a whole number, true or false.
    Plain,
    /// A table whose keys are names of the writer's own.
    Members(&'static Shape),
    /// A text, or a table that says more.
    TextOr(&'static Section),
    /// A whole number, or a table that says more.
    WholeOr { least: u64, most: u64, section: &'static Section },
    /// Known to the design, not to this version; the about says what to do instead.
    Later,
    /// Never right, and why; the about says what to do instead.
    Never(&'static str),
}

impl Section {
    pub(crate) const fn new(about: &'static str, keys: &'static [Key]) -> Self {
        Self { about, keys, rest_is_later: false }
    }

    /// A table of which this version knows little.
    pub(crate) const fn later(about: &'static str, keys: &'static [Key]) -> Self {
        Self { about, keys, rest_is_later: true }
    }

    /// The key of a name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    /// Whether it can be written at all.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.shape, Shape::Later | Shape::Never(_))
    }
}

impl Shape {
    /// What is expected, to stand behind "here stands".
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Text => "a text in quotes".to_owned(),
            Self::Secret => "a text such as \"env:NAME\" or \"file:PATH\"".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Whole { least, most } => format!("a whole number from {least} to {most}"),
            Self::Words { now, .. } => {
                let quoted: Vec<String> = now.iter().map(|word| format!("\"{word}\"")).collect();
                quoted.join(" or ")
            }
            Self::Begun { words, begun } => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                let more: Vec<String> = begun.iter().map(|word| format!("\"{word}…\"")).collect();
                format!("{} or {}", quoted.join(", "), more.join(", "))
            }
            Self::Mode { may_be_off: false } => {
                "\"enforce\", \"monitor\" or { enforce = \"10%\" }".to_owned()
            }
            Self::Mode { may_be_off: true } => {
                "\"enforce\", \"monitor\", \"off\" or { enforce = \"10%\" }".to_owned()
            }
            Self::Rate => "a rate such as \"600/min\" (sec, min, hour, day)".to_owned(),
            Self::Duration { .. } => "a duration such as \"10s\" (ms, s, m, h, d)".to_owned(),
            Self::Size { .. } => "a size such as \"16KiB\" (B, KiB, MiB, GiB)".to_owned(),
            Self::Day => "a day such as \"2026-12-31\"".to_owned(),
            Self::Moment => "a moment such as \"2026-12-31T00:00:00Z\"".to_owned(),
            Self::List(element) => {
                format!("a list in brackets, of which each is {}", element.expected())
            }
            Self::OneOrMore(element) => format!("{0}, or a list of such", element.expected()),
            Self::Table(_) => "a table".to_owned(),
            Self::Plain => "a text in quotes, a whole number, true or false".to_owned(),
            Self::Members(_) => "a table such as { tenant = \"acme\" }".to_owned(),
            Self::TextOr(_) => "a text in quotes, or a table".to_owned(),
            Self::WholeOr { least, most, .. } => {
                format!("a whole number from {least} to {most}, or a table")
            }
            Self::Later | Self::Never(_) => "nothing".to_owned(),
        }
    }
}
