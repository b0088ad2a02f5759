//! Which form of a page gets a token, by the tags that come.
//!
//! A browser puts a field into the form that is open in its own eyes, and a form that begins within
//! another is none to it (HTML 13.2.6.4.7, the form element pointer). So an attacker's form that
//! never ends would take in the field of the next. Here a form is open as long as it could be.

use super::UNCLEAR;
use super::plain::{Within, is_plain};
use super::tags::{Around, Control, Ended, Holds, Tag};
use super::target::Target;

/// Bytes of a drawing, or of what `<noscript>` shows, that are looked at.
const APART_BYTES_MAX: usize = 64 * 1024;

/// What is done at a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    /// The field may stand here: what follows is held.
    Hold(usize),
    /// It does stand there, under the name at this place.
    Write(usize),
    /// It does not.
    Leave,
    /// It does not: the form has fields of its own under each name.
    Taken,
    /// It does not: a form begins where another has not ended.
    Doubt,
}

/// Watches the tags of one page.
pub(super) struct Watch {
    target: Target,
    form: Form,
    /// Templates that are open.
    templates: usize,
    /// A `<select>` is open: in it browsers read no form's tags.
    in_select: bool,
    /// The same, where the outermost template began.
    in_select_before: bool,
    apart: Option<Apart>,
    /// The present piece, for what is read once more, and where it begins.
    piece: bytes::Bytes,
    from: usize,
}

/// The form that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    None,
    /// One that gets a token, so far; which names are taken by fields of its own.
    Held([bool; 2]),
    /// One that gets none.
    Left,
}

impl Form {
    /// The first name that is not taken, where it gets a token.
    fn name(self) -> Option<usize> {
        match self {
            Self::Held(taken) => taken.iter().position(|is_taken| !is_taken),
            Self::None | Self::Left => None,
        }
    }
}

/// A place that is read by other rules.
struct Apart {
    around: Around,
    from: usize,
    bytes: Vec<u8>,
}

impl Watch {
    pub(super) fn new(origin: &str) -> Option<Self> {
        Some(Self {
            target: Target::new(origin)?,
            form: Form::None,
            templates: 0,
            in_select: false,
            in_select_before: false,
            apart: None,
            piece: bytes::Bytes::new(),
            from: 0,
        })
    }

    /// A piece comes, which begins at byte `from` of the page. Its tags follow.
    pub(super) fn piece(&mut self, piece: &bytes::Bytes, from: usize) {
        self.piece = piece.clone();
        self.from = from;
    }

    /// The tags of the piece were all seen. What stands apart is kept until its end is known; too
    /// much of it is not plain.
    pub(super) fn passed(&mut self) {
        let piece = std::mem::take(&mut self.piece);
        if let Some(apart) = &mut self.apart
            && apart.bytes.len() <= APART_BYTES_MAX
        {
            let at = apart.from.saturating_sub(self.from).min(piece.len());
            apart.bytes.extend_from_slice(&piece[at..]);
        }
    }

    /// Whether the form that is open at the page's end gets its token, and under which name.
    pub(super) fn end(&self) -> Option<usize> {
        let is_sure = self.apart.is_none() && self.templates == 0 && !self.in_select;
        self.form.name().filter(|_| is_sure)
    }

    /// A tag comes. An error: from here on nobody can tell.
    pub(super) fn see(&mut self, tag: Tag) -> Result<Step, &'static str> {
        if self.apart.is_some() {
            let Tag::End(Ended::Around(around), at) = tag else { return Err(UNCLEAR) };
            return self.leave(around, at);
        }
        match tag {
            Tag::Frameset => Err(UNCLEAR),
            Tag::Around(Around::Template, ..) => {
                if self.templates == 0 {
                    self.in_select_before = self.in_select;
                    self.in_select = false;
                }
                self.templates += 1;
                Ok(Step::Nothing)
            }
            Tag::Around(around @ (Around::Drawing | Around::Noscript), end, is_closed) => {
                // A drawing that is closed at once is read in two ways; in a selection it is none.
                if self.in_select || (is_closed && around == Around::Drawing) {
                    return Err(UNCLEAR);
                }
                self.apart = Some(Apart { around, from: end, bytes: Vec::new() });
                Ok(Step::Nothing)
            }
            Tag::End(Ended::Around(Around::Template), _) => {
                if self.templates == 1 {
                    self.in_select = self.in_select_before;
                }
                self.templates = self.templates.saturating_sub(1);
                Ok(Step::Nothing)
            }
            Tag::End(Ended::Around(Around::Drawing | Around::Noscript), _) => Err(UNCLEAR),
            Tag::End(Ended::Select, _) => {
                self.in_select = false;
                Ok(Step::Nothing)
            }
            Tag::Control(control) => self.control(&control),
            // What stands in a template is no part of the page.
            Tag::Form { .. } | Tag::Base { .. } | Tag::End(Ended::Form, _)
                if self.templates > 0 =>
            {
                Ok(Step::Nothing)
            }
            Tag::Form { .. } | Tag::Base { .. } | Tag::End(Ended::Form, _) if self.in_select => {
                Err(UNCLEAR)
            }
            Tag::Base { href } => match self.target.rebase(href.as_deref()) {
                true => Ok(Step::Nothing),
                false => Err(UNCLEAR),
            },
            Tag::Form { end, is_post, action } => Ok(self.begin(end, is_post, action.as_deref())),
            Tag::End(Ended::Form, _) => {
                let form = std::mem::replace(&mut self.form, Form::None);
                Ok(form.name().map_or(Step::Nothing, Step::Write))
            }
        }
    }

    fn begin(&mut self, end: usize, is_post: bool, action: Option<&str>) -> Step {
        match self.form {
            Form::None if is_post && self.target.is_own(action) => {
                self.form = Form::Held([false; 2]);
                Step::Hold(end)
            }
            Form::None => {
                self.form = Form::Left;
                Step::Nothing
            }
            // Browsers pass over a form within a form. Which of the two was meant is in doubt.
            Form::Held(_) | Form::Left => {
                self.form = Form::Left;
                Step::Doubt
            }
        }
    }

    fn control(&mut self, control: &Control) -> Result<Step, &'static str> {
        if self.templates == 0 {
            self.in_select |= control.is_select;
        } else {
            self.in_select = control.is_select || self.in_select;
            return Ok(Step::Nothing);
        }
        let sends_away = (control.action.is_some()
            && !self.target.is_own(control.action.as_deref()))
            || control.is_other_method;
        if sends_away && (control.is_of_another || self.form == Form::None) {
            // It may belong to any form of the page.
            return Err(UNCLEAR);
        }
        if sends_away {
            return Ok(self.drop_form());
        }
        match control.named.filter(|_| !control.is_of_another) {
            Some((place, holds)) => Ok(self.take_name(place, holds)),
            None => Ok(Step::Nothing),
        }
    }

    /// The open form has a field of its own under one of the names.
    fn take_name(&mut self, place: usize, holds: Holds) -> Step {
        let Form::Held(taken) = &mut self.form else { return Step::Nothing };
        match holds {
            Holds::Token => return self.drop_form(),
            // A script puts a token in, as the layer's page says: a second would be unclear.
            Holds::Nothing if place == 0 => *taken = [true; 2],
            Holds::Nothing | Holds::Other => taken[place] = true,
        }
        if self.form.name().is_some() {
            return Step::Nothing;
        }
        self.form = Form::Left;
        Step::Taken
    }

    /// The form that is open gets no token.
    pub(super) fn drop_form(&mut self) -> Step {
        match self.form {
            Form::Held(_) => {
                self.form = Form::Left;
                Step::Leave
            }
            Form::None | Form::Left => Step::Nothing,
        }
    }

    /// What stands apart ends at byte `end`: if it is plain, all goes on as before it.
    fn leave(&mut self, around: Around, end: usize) -> Result<Step, &'static str> {
        let Some(mut apart) = self.apart.take() else { return Err(UNCLEAR) };
        let within = match apart.around {
            Around::Drawing => Within::Drawing,
            Around::Noscript => Within::Noscript,
            Around::Template => return Err(UNCLEAR),
        };
        // Its last bytes may be in this piece, and those of its end tag in the one before.
        let (from, to) = (apart.from.saturating_sub(self.from), end.saturating_sub(self.from));
        apart.bytes.extend_from_slice(self.piece.get(from..to).unwrap_or_default());
        let length = end.checked_sub(apart.from).ok_or(UNCLEAR)?;
        let all = apart.bytes.get(..length).filter(|all| all.len() <= APART_BYTES_MAX);
        let is_whole = around == apart.around && all.is_some_and(|all| is_plain(all, within));
        if is_whole { Ok(Step::Nothing) } else { Err(UNCLEAR) }
    }
}
