//! The words and shapes of the table of callers: the same five in every form.

use crate::finding::{Engines, Rung, Severity};
use crate::grid::{Backend, Caller, Cell, Fate, Grid, Row};
use crate::run::Report;

/// What has a shape, a word and a colour of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The backend runs it.
    Executed,
    /// The backend refuses it.
    Refused,
    /// The browser hides the answer.
    Hidden,
    /// It is sent.
    Sent,
    /// It is never sent.
    NeverSent,
}

/// A part of what is said of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its shape; what is read has none.
    pub(super) shape: Option<Shape>,
    /// Its words.
    pub(super) words: String,
}

impl Shape {
    pub(super) const ALL: [Self; 5] =
        [Self::Executed, Self::Refused, Self::Hidden, Self::Sent, Self::NeverSent];

    pub(super) const fn mark(self, unicode: bool) -> &'static str {
        match (self, unicode) {
            (Self::Executed, true) => "■",
            (Self::Executed, false) => "#",
            (Self::Refused, true) => "□",
            (Self::Refused, false) => "o",
            (Self::Hidden, true) => "┄",
            (Self::Hidden, false) => "~",
            (Self::Sent, true) => "─",
            (Self::Sent, false) => "-",
            (Self::NeverSent, true) => "⊘",
            (Self::NeverSent, false) => "x",
        }
    }

    /// What it says, for the line below a table.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::Executed => "the backend runs it",
            Self::Refused => "refuses it",
            Self::Hidden => "hidden from the page",
            Self::Sent => "sent",
            Self::NeverSent => "never sent",
        }
    }

    /// Its class in pages.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Executed => "executed",
            Self::Refused => "refused",
            Self::Hidden => "hidden",
            Self::Sent => "sent",
            Self::NeverSent => "never",
        }
    }
}

/// What is said of a cell: of the backend first, then of the page.
pub(super) fn pieces(cell: &Cell) -> Vec<Piece> {
    let piece = |shape, words: &str| Piece { shape, words: words.to_owned() };
    let mut out = Vec::new();
    match cell.backend {
        Backend::Answers { status, rung } => out.push(answered(status, rung)),
        Backend::Kept { status } => {
            out.push(piece(Some(Shape::Refused), &format!("does not run it ({status})")));
        }
        Backend::Silent => out.push(piece(Some(Shape::Sent), "no answer")),
        Backend::NotTried | Backend::NeverSent => {}
    }
    for (engines, fate) in &cell.browsers {
        let (shape, word) = match fate {
            Fate::Reads => (None, "read"),
            Fate::Hidden => (Some(Shape::Hidden), "hidden"),
            Fate::Sent => (Some(Shape::Sent), "would be sent"),
            Fate::NeverSent => (Some(Shape::NeverSent), "never sent"),
            Fate::NotKnown => (None, "not known"),
        };
        let words = match cell.browsers.len() {
            1 => word.to_owned(),
            _ => format!("{word} in {engines}"),
        };
        out.push(Piece { shape, words });
    }
    if out.is_empty() {
        out.push(piece(Some(Shape::Sent), "not tried"));
    }
    out
}

fn answered(status: u16, rung: Rung) -> Piece {
    let (shape, words) = match (rung, status) {
        (Rung::Strong | Rung::Effect | Rung::InPath, _) => (Shape::Executed, "runs".to_owned()),
        (Rung::Weak, _) => (Shape::Sent, "may run".to_owned()),
        (Rung::Unknown, 400..=499) => (Shape::Refused, format!("refuses ({status})")),
        (Rung::Unknown, _) => (Shape::Sent, format!("answers {status}")),
    };
    Piece { shape: Some(shape), words }
}

/// A cell as text.
pub(super) fn said(cell: &Cell, unicode: bool) -> String {
    let said = pieces(cell).into_iter().map(|piece| match piece.shape {
        Some(shape) => format!("{} {}", shape.mark(unicode), piece.words),
        None => piece.words,
    });
    said.collect::<Vec<_>>().join(", ")
}

/// A cell by its shapes alone; what is read is said by `=`.
pub(super) fn marks(cell: &Cell, unicode: bool) -> String {
    let marks = pieces(cell).into_iter().map(|piece| match piece.shape {
        Some(shape) => shape.mark(unicode),
        None if piece.words.starts_with("read") => "=",
        None => "?",
    });
    marks.collect()
}

/// Whose request a cell is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// A page's that should be allowed.
    Allowed,
    /// Somebody else's, where anybody's page may read the answer: it is public.
    Public,
    /// Somebody else's.
    Foreign,
}

impl Whose {
    /// A caller's, in its row.
    pub(super) fn of(row: &Row, caller: Caller) -> Self {
        let is_public = row.cell(Caller::AnyPage).is_some_and(Cell::is_read);
        match caller {
            Caller::AllowedPage => Self::Allowed,
            Caller::AnyPage
            | Caller::SiblingPage
            | Caller::Form
            | Caller::Image
            | Caller::Script => Self::foreign(is_public),
        }
    }

    /// Somebody else's.
    pub(super) const fn foreign(is_public: bool) -> Self {
        if is_public { Self::Public } else { Self::Foreign }
    }
}

/// The colour of a cell: `good`, `ill`, or `plain` where nobody knows how it should be.
pub(super) fn tone(cell: &Cell, whose: Whose) -> &'static str {
    let is_hidden = cell.browsers.iter().any(|(_, fate)| *fate == Fate::Hidden);
    match (whose, cell.is_run()) {
        (Whose::Allowed, true) => "good",
        // The answer is kept from the page, and the request has run: what CORS does not do.
        (Whose::Foreign, true) if is_hidden => "ill",
        (Whose::Foreign, false) => match cell.backend {
            Backend::Answers { status: 400..=499, .. }
            | Backend::Kept { .. }
            | Backend::NeverSent => "good",
            Backend::Answers { .. } | Backend::NotTried | Backend::Silent => "plain",
        },
        (Whose::Allowed, false) | (Whose::Foreign, true) | (Whose::Public, _) => "plain",
    }
}

/// What all engines have in a finding, in words.
pub(super) fn engines(engines: &Engines) -> String {
    match engines.is_empty() {
        true => "in no browser".to_owned(),
        false => format!("in {engines}"),
    }
}

/// What is to be known of a table to read it: what was not tried, and whose requests they were.
pub(super) fn notes(grid: &Grid) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if has_untried(grid) {
        notes.push(UNTRIED);
    }
    if grid.with_cookie {
        notes.push(WITH_COOKIE);
    }
    notes
}

/// Whether something was not tried, since it could change something.
fn has_untried(grid: &Grid) -> bool {
    // What the model does not know is not sent either, and no word of the command line sends it.
    let is_known = |cell: &Cell| cell.agreed() != Some(Fate::NotKnown);
    let is_untried = |cell: &Cell| cell.backend == Backend::NotTried && is_known(cell);
    let rows = grid.rows.iter().flat_map(|row| row.cells.iter().map(|(_, cell)| cell));
    let closing = grid.closing.iter().flat_map(|closing| &closing.rows);
    let mut closing = closing.flat_map(|(_, any, allowed)| [Some(any), allowed.as_ref()]);
    rows.into_iter().any(is_untried) || closing.any(|cell| cell.is_some_and(is_untried))
}

/// Why something was not tried, and what tries it.
const UNTRIED: &str =
    "would be sent: not sent here, since it could change something; --allow-writes sends it";

/// What a session in the table means.
const WITH_COOKIE: &str = "pages send the session's cookie along, as if it travelled from any \
                           site: its SameSite and the browser say whether it does";

/// How many findings there are of each severity, the worst first: `2 high, 1 low`.
pub(super) fn count(report: &Report) -> String {
    let mut parts = Vec::new();
    for severity in Severity::ALL.iter().rev() {
        let own = report.findings.iter().filter(|finding| finding.severity == *severity);
        let number = own.count();
        if number > 0 {
            parts.push(format!("{number} {}", severity.word()));
        }
    }
    if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") }
}
