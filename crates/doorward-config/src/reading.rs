//! One reading of a configuration: what was found wrong so far, and where each value stands.

use crate::outside::Outside;
use crate::report::{Level, Problem, Report};
use crate::source::{Place, Source};
use doorward_core::settings::SettingsError;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// The state of one reading.
pub(crate) struct Reading<'o> {
    /// Variables and files.
    pub(crate) outside: &'o dyn Outside,
    /// What relative paths in the file start from.
    pub(crate) folder: PathBuf,
    /// Secrets may stand in the file itself.
    pub(crate) literal_secrets: bool,
    pub(crate) sources: Vec<Source>,
    pub(crate) problems: Vec<Problem>,
    /// How many problems the reading itself found, before the whole was looked at.
    read_problems: usize,
    places: HashMap<String, Place>,
    masks: Vec<Place>,
}

impl<'o> Reading<'o> {
    pub(crate) fn new(outside: &'o dyn Outside) -> Self {
        Self {
            outside,
            folder: PathBuf::new(),
            literal_secrets: false,
            sources: Vec::new(),
            problems: Vec::new(),
            read_problems: 0,
            places: HashMap::new(),
            masks: Vec::new(),
        }
    }

    /// Adds a text that values are read from.
    pub(crate) fn add_source(&mut self, name: Option<String>, text: String) -> usize {
        self.sources.push(Source { name, text });
        self.sources.len() - 1
    }

    /// Adds a flag of the command line as a text of its own; the place of its value.
    pub(crate) fn add_flag(&mut self, flag: &str, value: &str) -> Place {
        let text = if value.is_empty() { flag.to_owned() } else { format!("{flag} {value}") };
        let (start, end) =
            if value.is_empty() { (0, text.len()) } else { (flag.len() + 1, text.len()) };
        let source = self.add_source(None, text);
        Place::new(source, start..end)
    }

    /// Says where the value of a path of keys stands; the last word counts.
    pub(crate) fn point(&mut self, path: impl Into<String>, place: &Place) {
        self.places.insert(path.into(), place.clone());
    }

    /// Where the value of exactly this path of keys stands.
    pub(crate) fn exact_place(&self, path: &str) -> Option<&Place> {
        self.places.get(path)
    }

    /// Where a path of keys stands, or the nearest table or list around it.
    pub(crate) fn place(&self, path: &str) -> Option<Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return Some(place.clone());
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    pub(crate) fn error(
        &mut self,
        place: Option<&Place>,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.say(Level::Error, place, what.into(), hint.into());
    }

    pub(crate) fn warn(&mut self, place: Option<Place>, what: String, hint: &str) {
        self.say(Level::Warning, place.as_ref(), what, hint.to_owned());
    }

    pub(crate) fn note(&mut self, place: Option<Place>, what: String, hint: &str) {
        self.say(Level::Note, place.as_ref(), what, hint.to_owned());
    }

    fn say(&mut self, level: Level, place: Option<&Place>, what: String, hint: String) {
        let place = place.cloned();
        self.problems.push(Problem { level, what, hint, line: String::new(), place });
    }

    /// Takes over what was said of another file, which was read by itself.
    pub(crate) fn take_report(&mut self, report: Report) {
        let first = self.sources.len();
        self.sources.extend(report.sources);
        self.problems.extend(report.problems.into_iter().map(|mut problem| {
            if let Some(place) = &mut problem.place {
                place.source += first;
            }
            problem
        }));
    }

    /// How many errors there are so far.
    pub(crate) fn error_count(&self) -> usize {
        self.problems.iter().filter(|problem| problem.level == Level::Error).count()
    }

    /// Everything is read; what comes now is about the whole.
    pub(crate) fn finish_values(&mut self) {
        self.read_problems = self.problems.len();
    }

    /// Takes over what the core says of the settings, but not of values that could not even be
    /// read.
    pub(crate) fn core_error(&mut self, error: SettingsError) {
        // A missing name is felt because of where the gate listens.
        let missing = error.place == "external" && self.place("external").is_none();
        let place = self.place(if missing { "listen" } else { &error.place });
        let unreadable = |problem: &Problem| {
            place
                .as_ref()
                .zip(problem.place.as_ref())
                .is_some_and(|(place, other)| place.meets(other))
        };
        if self.problems.iter().take(self.read_problems).any(unreadable) {
            return;
        }
        self.error(place.as_ref(), error.what, error.hint);
    }

    /// Whether something is wrong at, in or around a place.
    pub(crate) fn is_faulty(&self, place: &Place) -> bool {
        self.problems
            .iter()
            .filter(|problem| problem.level == Level::Error)
            .any(|problem| problem.place.as_ref().is_some_and(|other| other.meets(place)))
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.level == Level::Error)
    }

    /// A path as the file means it: relative ones start where the file is.
    pub(crate) fn resolve(&self, path: &str) -> PathBuf {
        self.folder.join(Path::new(path))
    }

    /// The lines of a list's file: (line's text, its place), without comments and empty ones. A
    /// file that cannot be read is an error at `place`.
    pub(crate) fn list_file(&mut self, path: &str, place: &Place) -> Vec<(String, Place)> {
        let file = self.resolve(path);
        let text = match self.outside.file(&file) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let text = match text {
            Ok(text) => text,
            Err(why) => {
                let what = format!("the list {path:?} cannot be read: {why}");
                self.error(Some(place), what, "one entry a line, `#` begins a comment");
                return Vec::new();
            }
        };
        let source = self.add_source(Some(path.to_owned()), text.clone());
        let mut out = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let entry = line.split('#').next().unwrap_or_default();
            let trimmed = entry.trim();
            if !trimmed.is_empty() {
                let at = start + entry.len() - entry.trim_start().len();
                out.push((trimmed.to_owned(), Place::new(source, at..at + trimmed.len())));
            }
            start += line.len();
        }
        out
    }

    /// Hides a literal secret from every rendering.
    pub(crate) fn mask(&mut self, place: &Place) {
        self.masks.push(place.clone());
    }

    /// Hides what another reading of the same sources would hide.
    pub(crate) fn take_masks(&mut self, other: Self) {
        self.masks.extend(other.masks);
    }

    /// Every path of keys that was said, with its source and line or its flag.
    pub(crate) fn said(&self) -> BTreeMap<String, String> {
        let places = self.places.iter();
        let said = places.filter_map(|(path, place)| {
            let source = self.sources.get(place.source)?;
            let at = match &source.name {
                Some(_) => source.line_of(place),
                None => source.text.split(' ').next()?.to_owned(),
            };
            Some((path.clone(), at))
        });
        said.collect()
    }

    /// The report of everything that was said.
    pub(crate) fn report(mut self) -> Report {
        for (index, source) in self.sources.iter_mut().enumerate() {
            source.mask(self.masks.iter().filter(|place| place.source == index));
        }
        Report::new(self.sources, self.problems)
    }
}
