//! What is wrong or worth a word, all at once, each with its line, a caret and a hint.

use crate::source::{Place, Source};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level as Shown, Renderer, Snippet};
use std::fmt;

/// Problems in the order of their places, those without a place first.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub(crate) sources: Vec<Source>,
    pub(crate) problems: Vec<Problem>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The gate does not start.
    Error,
    /// It starts, and somebody should look.
    Warning,
    /// Good to know.
    Note,
}

/// One thing that is wrong or worth a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub level: Level,
    /// What it is, in one sentence without a full stop.
    pub what: String,
    /// How to mend it; may be empty.
    pub hint: String,
    /// Where: `doorward.toml:3`, or the flag with its value; empty where it is nowhere.
    pub line: String,
    pub(crate) place: Option<Place>,
}

/// Columns that a message is laid out for when nobody says otherwise.
const WIDTH_COLUMNS: usize = 140;

impl Report {
    /// Puts problems in order and says where they are.
    pub(crate) fn new(sources: Vec<Source>, mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|left, right| left.place.cmp(&right.place));
        for problem in &mut problems {
            let place = problem.place.as_ref();
            let source = place.and_then(|place| Some((place, sources.get(place.source)?)));
            problem.line = source.map(|(place, source)| source.line_of(place)).unwrap_or_default();
        }
        Self { sources, problems }
    }

    /// The problems.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// The whole report as text, a blank line between problems; with escape codes where `colour`.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        self.render_with(colour, "the gate does not start")
    }

    /// The report for a terminal, `consequence` being what its errors come to.
    #[must_use]
    pub fn render_with(&self, colour: bool, consequence: &str) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.term_width(WIDTH_COLUMNS).decor_style(DecorStyle::Ascii);
        let mut parts = Vec::new();
        for problem in &self.problems {
            let groups = [self.group(problem)];
            let text = renderer.render(&groups);
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            parts.push(lines.join("\n"));
        }
        let errors = self.problems.iter().filter(|problem| problem.level == Level::Error).count();
        match errors {
            0 => {}
            1 => parts.push(format!("1 error: {consequence}")),
            _ => parts.push(format!("{errors} errors: {consequence}")),
        }
        let mut out = parts.join("\n\n");
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let level = match problem.level {
            Level::Error => Shown::ERROR,
            Level::Warning => Shown::WARNING,
            Level::Note => Shown::NOTE,
        };
        let mut group = Group::with_title(level.primary_title(problem.what.as_str()));
        if let Some(place) = &problem.place
            && let Some(source) = self.sources.get(place.source)
        {
            let start = floor(&source.text, place.start);
            let end = floor(&source.text, place.end).max(start);
            let snippet = Snippet::source(source.text.as_str())
                .path(source.name.as_deref())
                .line_numbering(source.name.is_some())
                .annotation(
                    AnnotationKind::Primary.span(start..first_line(&source.text, start, end)),
                );
            group = group.element(snippet);
        }
        if !problem.hint.is_empty() {
            group = group.element(Shown::HELP.message(problem.hint.as_str()));
        }
        group
    }
}

/// The next character boundary at or below `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Where a span is cut so that it stays on its first line: a table's would fill the screen.
fn first_line(text: &str, start: usize, end: usize) -> usize {
    match text[start..end].find('\n') {
        Some(line_end) => start + text[start..start + line_end].trim_end_matches('\r').len(),
        None => end,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}
