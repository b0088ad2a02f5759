//! Who can make the backend run it, and who may read the answer: operations by callers.
//!
//! What a browser does comes from the model with the live API as its server, engine by engine.
//! Whether the backend runs it is said by a [`Rung`] alone: the answer that a caller gets is
//! compared with the allowed page's, and with the answer of an address that nobody has. A tap
//! before the backend sees it, and sees what never comes there too.

mod ask;

pub(crate) use ask::{closing, row};

use crate::finding::{Engines, Rung};

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A page of the first origin that should be allowed.
    AllowedPage,
    /// A page of an origin of nobody's.
    AnyPage,
    /// A page of another origin of the API's own site.
    SiblingPage,
    /// A form that is submitted, or a link that is followed, in anybody's page.
    Form,
    /// An image in anybody's page.
    Image,
    /// A program without a browser.
    Script,
}

/// What is asked of an address, in the table that a run of one address begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A `fetch` of a page, with nothing else said.
    SimpleGet,
    /// The same with a token that nobody gave.
    AuthorisedGet,
    /// A `fetch` that posts JSON.
    JsonPost,
    /// A form that is submitted.
    FormPost,
    /// A program that asks with GET.
    Script,
}

/// What becomes of a request in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// The page reads the answer.
    Reads,
    /// It is sent, and the answer is hidden from the page.
    Hidden,
    /// A browser would send it; it was not tried.
    Sent,
    /// No such request leaves a browser.
    NeverSent,
    /// The model does not know, or there was no answer.
    NotKnown,
}

/// What the backend does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// It answers.
    Answers {
        /// The status.
        status: u16,
        /// How it is known that it runs it.
        rung: Rung,
    },
    /// A tap saw that it never came there: something in front answered.
    Kept {
        /// The status of the answer.
        status: u16,
    },
    /// It could change something, and nobody allowed that.
    NotTried,
    /// It never gets there.
    NeverSent,
    /// It gave no answer.
    Silent,
}

/// What becomes of one caller's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// By engines that agree; empty for a program, which has no browser.
    pub browsers: Vec<(Engines, Fate)>,
    /// And at the backend.
    pub backend: Backend,
}

/// An operation, by its callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The operation's name.
    pub operation: String,
    /// What becomes of each caller's request, in their order.
    pub cells: Vec<(Caller, Cell)>,
}

/// The table of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The address, as it was looked at.
    pub url: String,
    /// The origin of the allowed page.
    pub allowed: String,
    /// For each kind what becomes of it from anybody's page, and from the allowed one. A program
    /// has no page: it stands in the first place.
    pub rows: Vec<(Kind, Cell, Option<Cell>)>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// Each operation.
    pub rows: Vec<Row>,
    /// The one address of the run, where there is but one.
    pub closing: Option<Closing>,
    /// Pages' requests carried a session's cookie, as if it travelled to any site.
    pub with_cookie: bool,
}

impl Caller {
    /// In the order of the columns.
    pub const ALL: [Self; 6] = [
        Self::AllowedPage,
        Self::AnyPage,
        Self::SiblingPage,
        Self::Form,
        Self::Image,
        Self::Script,
    ];

    /// Its id in JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::AllowedPage => "allowed-page",
            Self::AnyPage => "any-page",
            Self::SiblingPage => "sibling-page",
            Self::Form => "form",
            Self::Image => "image",
            Self::Script => "script",
        }
    }

    /// The head of its column.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::AllowedPage => "an allowed page",
            Self::AnyPage => "any page",
            Self::SiblingPage => "a sibling page",
            Self::Form => "a form or link",
            Self::Image => "an image",
            Self::Script => "any script",
        }
    }
}

impl Backend {
    /// What is said of a request that a tap saw to be kept from it.
    pub(crate) const KEPT: &str = "the backend does not run it (seen: it never came there)";
}

impl Kind {
    /// In the order of the table.
    pub const ALL: [Self; 5] =
        [Self::SimpleGet, Self::AuthorisedGet, Self::JsonPost, Self::FormPost, Self::Script];

    /// Its words, which are its id in JSON too.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::SimpleGet => "simple GET",
            Self::AuthorisedGet => "GET with Authorization",
            Self::JsonPost => "JSON POST",
            Self::FormPost => "form POST",
            Self::Script => "any script",
        }
    }
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Reads, Self::Hidden, Self::Sent, Self::NeverSent, Self::NotKnown];

    /// Its word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reads => "read",
            Self::Hidden => "hidden",
            Self::Sent => "would be sent",
            Self::NeverSent => "never sent",
            Self::NotKnown => "not known",
        }
    }
}

impl Cell {
    /// The fate in which all engines agree; none where they differ, or there is no browser.
    #[must_use]
    pub fn agreed(&self) -> Option<Fate> {
        match self.browsers.as_slice() {
            [(_, fate)] => Some(*fate),
            [] | [_, _, ..] => None,
        }
    }

    /// Whether the answer is read in an engine at least.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.browsers.iter().any(|(_, fate)| *fate == Fate::Reads)
    }

    /// Whether it may be said that the backend runs it.
    #[must_use]
    pub const fn is_run(&self) -> bool {
        match self.backend {
            Backend::Answers { rung, .. } => rung.is_run(),
            Backend::Kept { .. } | Backend::NotTried | Backend::NeverSent | Backend::Silent => {
                false
            }
        }
    }
}

impl Row {
    /// What becomes of a caller's request.
    #[must_use]
    pub fn cell(&self, caller: Caller) -> Option<&Cell> {
        self.cells.iter().find(|(own, _)| *own == caller).map(|(_, cell)| cell)
    }
}
