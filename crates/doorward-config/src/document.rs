//! Tables and values of a document with their places. Each reader says by itself what it found
//! instead of what was expected; nobody who asks has to.

use crate::keys;
use crate::measure::{self, Pace};
use crate::near::nearest;
use crate::reading::Reading;
use crate::shape::{Section, Shape};
use crate::source::Place;
use doorward_core::mode::Mode;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table, opened: unknown keys are already reported.
pub(crate) struct Table<'d> {
    section: &'static Section,
    entries: &'d DeTable<'d>,
    source: usize,
    path: String,
}

/// A value of a known key.
pub(crate) struct Value<'d> {
    raw: &'d DeValue<'d>,
    shape: &'static Shape,
    pub(crate) place: Place,
    pub(crate) path: String,
}

impl<'d> Table<'d> {
    /// Opens a table: reports what it does not know, and what is for later.
    pub(crate) fn open(
        section: &'static Section,
        entries: &'d DeTable<'d>,
        source: usize,
        path: &str,
        reading: &mut Reading<'_>,
    ) -> Self {
        let table = Self { section, entries, source, path: path.to_owned() };
        for (name, value) in entries.iter() {
            let place = Place::new(source, name.span());
            let name: &str = name.get_ref();
            match section.key(name) {
                Some(key) => match key.shape {
                    Shape::Later => {
                        let what = format!("`{name}` is not in this version");
                        reading.error(Some(&place), what, key.about);
                    }
                    Shape::Never(why) => reading.error(Some(&place), why, key.about),
                    _ => reading.point(table.at(name), &Place::new(source, value.span())),
                },
                None if section.rest_is_later => {
                    let what = format!("`{}` is not in this version", shorten(name));
                    let hint = format!("under [{path}] only mode = \"off\" can be said");
                    reading.error(Some(&place), what, hint);
                }
                None => table.unknown(name, &place, reading),
            }
        }
        table
    }

    /// The path of a key of this table.
    pub(crate) fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Whether nothing is written in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Reports an unknown key, with what somebody may have meant.
    fn unknown(&self, name: &str, place: &Place, reading: &mut Reading<'_>) {
        let open = self.section.keys.iter().filter(|key| key.is_open());
        let near = nearest(name, open.map(|key| key.name));
        let hint = match near {
            Some(near) => {
                // So that nobody is told in addition that the right one is missing.
                if !self.entries.contains_key(near) {
                    reading.point(self.at(near), place);
                }
                format!("did you mean `{near}`?")
            }
            None => self.elsewhere(name),
        };
        reading.error(Some(place), format!("unknown key `{}`", shorten(name)), hint);
    }

    /// Where an unknown key belongs, or what is known here.
    fn elsewhere(&self, name: &str) -> String {
        if let Some(home) = keys::home(name) {
            return home;
        }
        let open = self.section.keys.iter().filter(|key| key.is_open());
        let names: Vec<String> = open.map(|key| format!("`{}`", key.name)).collect();
        if names.is_empty() {
            return "nothing can be said here".to_owned();
        }
        format!("known here: {}", names.join(", "))
    }

    /// The value of a key; none where it is absent.
    pub(crate) fn value(&self, name: &str) -> Option<Value<'d>> {
        let key = self.section.key(name);
        debug_assert!(key.is_some(), "`{name}` is in the table of keys");
        let (raw, key) = (self.entries.get(name)?, key?);
        Some(Value {
            raw: raw.get_ref(),
            shape: &key.shape,
            place: Place::new(self.source, raw.span()),
            path: self.at(name),
        })
    }

    /// The table of a key; none where it is absent or none.
    pub(crate) fn table(&self, name: &str, reading: &mut Reading<'_>) -> Option<Self> {
        self.value(name)?.table(reading)
    }

    /// A text.
    pub(crate) fn text(&self, name: &str, reading: &mut Reading<'_>) -> Option<&'d str> {
        self.value(name)?.text(reading)
    }

    /// A choice; see [`Value::choose`].
    pub(crate) fn choose<T: Copy>(
        &self,
        name: &str,
        words: &[(&'static str, T)],
        reading: &mut Reading<'_>,
    ) -> Option<T> {
        self.value(name)?.choose(words, reading)
    }

    /// `true` or `false`; false where it is absent.
    pub(crate) fn is_set(&self, name: &str, reading: &mut Reading<'_>) -> bool {
        self.value(name).and_then(|value| value.boolean(reading)).unwrap_or(false)
    }

    /// A list; empty where it is absent.
    pub(crate) fn list(&self, name: &str, reading: &mut Reading<'_>) -> Vec<Value<'d>> {
        self.value(name).map(|value| value.list(reading)).unwrap_or_default()
    }

    /// Texts that are no secret references and stand under keys not named: hidden from renderings.
    pub(crate) fn mask_literals(&self, public: &[&str], reading: &mut Reading<'_>) {
        for (name, value) in self.entries.iter() {
            if !public.contains(&&**name.get_ref()) {
                mask(value, self.source, reading);
            }
        }
    }
}

/// Hides every text in a value that is not a mere reference.
fn mask(value: &Spanned<DeValue<'_>>, source: usize, reading: &mut Reading<'_>) {
    match value.get_ref() {
        DeValue::String(text) => {
            let refers = crate::section::secrets::refers(text);
            if !refers {
                reading.mask(&Place::new(source, value.span()));
            }
        }
        DeValue::Array(list) => list.iter().for_each(|element| mask(element, source, reading)),
        DeValue::Table(table) => {
            table.iter().for_each(|(_, element)| mask(element, source, reading));
        }
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

impl<'d> Value<'d> {
    fn is_secret(&self) -> bool {
        matches!(self.shape, Shape::Secret | Shape::List(Shape::Secret))
    }

    /// Reports that something else was expected.
    fn wrong<T>(&self, reading: &mut Reading<'_>) -> Option<T> {
        let found = match self.raw {
            // Perhaps a secret that was meant: its text stays out of messages.
            DeValue::String(_) if self.is_secret() => "a text".to_owned(),
            DeValue::String(text) => format!("{:?}", shorten(text)),
            DeValue::Integer(number) => shorten(number.as_str()).into_owned(),
            DeValue::Float(_) => "a number with a fraction".to_owned(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        let what = format!("`{}` cannot be {found}", self.path);
        let hint = match (self.shape, self.raw) {
            (Shape::List(Shape::Text), DeValue::String(text)) => {
                format!("write it in brackets: [{:?}]", shorten(text))
            }
            (Shape::List(Shape::Table(_)), DeValue::Table(_)) => {
                "put it in a list: [{ … }], or write its header with two brackets: [[…]]".to_owned()
            }
            _ => format!("expected: {}", self.shape.expected()),
        };
        reading.error(Some(&self.place), what, hint);
        None
    }

    /// Reports something wrong with this value.
    pub(crate) fn error<T>(
        &self,
        what: impl Into<String>,
        hint: impl Into<String>,
        reading: &mut Reading<'_>,
    ) -> Option<T> {
        reading.error(Some(&self.place), what, hint);
        None
    }

    pub(crate) fn text(&self, reading: &mut Reading<'_>) -> Option<&'d str> {
        match self.raw {
            DeValue::String(text) => Some(text),
            _ => self.wrong(reading),
        }
    }

    /// The text, without a word where it is none.
    pub(crate) fn as_text(&self) -> Option<&'d str> {
        match self.raw {
            DeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The meaning of a word; the words are those of the key's shape.
    pub(crate) fn choose<T: Copy>(
        &self,
        words: &[(&'static str, T)],
        reading: &mut Reading<'_>,
    ) -> Option<T> {
        let Shape::Words { now, later } = self.shape else { return self.wrong(reading) };
        debug_assert!(words.iter().map(|(word, _)| word).eq(now.iter()), "{}", self.path);
        let text = self.text(reading)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        if later.contains(&text) {
            let what = format!("\"{text}\" is not in this version");
            return self.error(what, format!("expected: {}", self.shape.expected()), reading);
        }
        match nearest(text, now.iter().copied()) {
            Some(near) => {
                let what = format!("`{}` cannot be {:?}", self.path, shorten(text));
                self.error(what, format!("did you mean \"{near}\"?"), reading)
            }
            None => self.wrong(reading),
        }
    }

    pub(crate) fn boolean(&self, reading: &mut Reading<'_>) -> Option<bool> {
        match self.raw {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong(reading),
        }
    }

    /// A whole number within the shape's bounds.
    pub(crate) fn whole(&self, reading: &mut Reading<'_>) -> Option<u64> {
        let (least, most) = match self.shape {
            Shape::Whole { least, most } | Shape::WholeOr { least, most, .. } => (least, most),
            _ => return self.wrong(reading),
        };
        let DeValue::Integer(number) = self.raw else { return self.wrong(reading) };
        match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if (*least..=*most).contains(&number) => Some(number),
            _ => self.wrong(reading),
        }
    }

    /// A duration within the shape's bounds.
    pub(crate) fn duration(&self, reading: &mut Reading<'_>) -> Option<Duration> {
        let Shape::Duration { least_s, most_s } = self.shape else { return self.wrong(reading) };
        let Some(duration) = measure::duration(self.text(reading)?) else {
            return self.wrong(reading);
        };
        let (least, most) = (Duration::from_secs(*least_s), Duration::from_secs(*most_s));
        if (least..=most).contains(&duration) {
            return Some(duration);
        }
        let [least, most] = [least, most].map(measure::write_duration);
        let what = format!("`{}` is from {least} to {most}", self.path);
        self.error(what, "choose a length in between", reading)
    }

    /// A size within the shape's bounds: bytes.
    pub(crate) fn size(&self, reading: &mut Reading<'_>) -> Option<u64> {
        let Shape::Size { least, most } = self.shape else { return self.wrong(reading) };
        let Some(size) = measure::size(self.text(reading)?) else { return self.wrong(reading) };
        if (*least..=*most).contains(&size) {
            return Some(size);
        }
        let [least, most] = [*least, *most].map(measure::write_size);
        let what = format!("`{}` is from {least} to {most}", self.path);
        self.error(what, "choose a size in between", reading)
    }

    pub(crate) fn pace(&self, reading: &mut Reading<'_>) -> Option<Pace> {
        measure::pace(self.text(reading)?).or_else(|| self.wrong(reading))
    }

    /// Seconds since 1970.
    pub(crate) fn moment(&self, reading: &mut Reading<'_>) -> Option<u64> {
        let text = match self.raw {
            DeValue::Datetime(date) => date.to_string(),
            _ => self.text(reading)?.to_owned(),
        };
        measure::moment_unix_s(&text).or_else(|| self.wrong(reading))
    }

    /// A day's beginning, in UTC: seconds since 1970.
    pub(crate) fn day(&self, reading: &mut Reading<'_>) -> Option<u64> {
        let text = match self.raw {
            DeValue::Datetime(date) => date.to_string(),
            _ => self.text(reading)?.to_owned(),
        };
        measure::moment_unix_s(&(text + "T00:00:00Z")).or_else(|| self.wrong(reading))
    }

    /// `"enforce"`, `"monitor"`, perhaps `"off"`, or `{ enforce = "10%" }`.
    pub(crate) fn mode(&self, reading: &mut Reading<'_>) -> Option<Mode> {
        let Shape::Mode { may_be_off } = self.shape else { return self.wrong(reading) };
        if let DeValue::Table(entries) = self.raw {
            let share = &keys::MODE_SHARE;
            let table = Table::open(share, entries, self.place.source, &self.path, reading);
            let Some(value) = table.value("enforce") else {
                return self.error(
                    "a share of callers is missing",
                    "write { enforce = \"10%\" }",
                    reading,
                );
            };
            let text = value.text(reading)?;
            let Some(percent) = measure::percent(text) else {
                let what = format!("{:?} is no share", shorten(text));
                return value.error(what, "write it like \"10%\": 0% to 100%", reading);
            };
            return Some(Mode::Share(percent));
        }
        match self.text(reading)? {
            "enforce" => Some(Mode::Enforce),
            "monitor" => Some(Mode::Monitor),
            "off" if *may_be_off => Some(Mode::Off),
            "off" => {
                let hint =
                    "switch single layers off: [layers.site] mode = \"off\"; or use \"monitor\"";
                self.error("the whole gate cannot be off here", hint, reading)
            }
            _ => self.wrong(reading),
        }
    }

    /// The elements; empty where it is no list.
    pub(crate) fn list(&self, reading: &mut Reading<'_>) -> Vec<Self> {
        let (list, shape) = match (self.raw, self.shape) {
            (DeValue::Array(list), Shape::List(shape) | Shape::OneOrMore(shape)) => (list, *shape),
            (raw, Shape::OneOrMore(shape)) => {
                let (place, path) = (self.place.clone(), self.path.clone());
                return vec![Self { raw, shape, place, path }];
            }
            _ => {
                let _: Option<()> = self.wrong(reading);
                return Vec::new();
            }
        };
        let elements = list.iter().enumerate().map(|(index, element)| Self {
            raw: element.get_ref(),
            shape,
            place: Place::new(self.place.source, element.span()),
            path: format!("{}[{index}]", self.path),
        });
        elements.collect()
    }

    /// The members of a table with names of the writer's own; empty where it is none.
    pub(crate) fn members(&self, reading: &mut Reading<'_>) -> Vec<(String, Self)> {
        let (DeValue::Table(entries), Shape::Members(shape)) = (self.raw, self.shape) else {
            let _: Option<()> = self.wrong(reading);
            return Vec::new();
        };
        let member = |(name, value): (&Spanned<_>, &'d Spanned<DeValue<'d>>)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            let place = Place::new(self.place.source, value.span());
            let path = format!("{}.{name}", self.path);
            (name.to_string(), Self { raw: value.get_ref(), shape, place, path })
        };
        entries.iter().map(member).collect()
    }

    /// A text, a whole number, true or false, as JSON has them.
    pub(crate) fn plain(&self, reading: &mut Reading<'_>) -> Option<serde_json::Value> {
        match self.raw {
            DeValue::String(text) => Some(text.to_string().into()),
            DeValue::Boolean(truth) => Some((*truth).into()),
            DeValue::Integer(number) => {
                let whole = i64::from_str_radix(number.as_str(), number.radix()).ok();
                whole.map(Into::into).or_else(|| self.wrong(reading))
            }
            _ => self.wrong(reading),
        }
    }

    /// What can be written here.
    pub(crate) fn expected(&self) -> String {
        self.shape.expected()
    }

    /// Whether a table is written here.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.raw, DeValue::Table(_))
    }

    /// The table, opened.
    pub(crate) fn table(&self, reading: &mut Reading<'_>) -> Option<Table<'d>> {
        let section = match self.shape {
            Shape::Table(section) | Shape::TextOr(section) => section,
            Shape::WholeOr { section, .. } => section,
            _ => return self.wrong(reading),
        };
        let DeValue::Table(entries) = self.raw else { return self.wrong(reading) };
        Some(Table::open(section, entries, self.place.source, &self.path, reading))
    }
}

/// Letters of a client's own text that are repeated in a message at the most.
const REPEATED_LETTERS_MAX: usize = 60;

/// A text cut to what fits a message.
pub(crate) fn shorten(text: &str) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(REPEATED_LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}
