//! Tokens written into the forms of a page while it streams.
//!
//! A page's bytes are never changed, only added to, behind the start tag of a form. What comes
//! before the form has left by then; the form itself is held until it ends, because a button in it
//! may send it elsewhere. In doubt a form gets no token, and the gate refuses what it sends.

mod plain;
mod tags;
mod target;
mod watch;

use bytes::Bytes;
use doorward_core::layers::csrf::{Injection, Left};
use std::collections::VecDeque;
use tags::Tags;
use watch::{Step, Watch};

/// Bytes of a form that are held until it ends; a longer one gets no token.
const FORM_BYTES_MAX: usize = 128 * 1024;

/// A page says in its first bytes that it is UTF-16, whatever its head says.
const UTF_16: [&[u8]; 2] = [b"\xfe\xff", b"\xff\xfe"];
/// With this byte ISO-2022-JP begins to mean other characters by the same bytes. A browser may take
/// a page for that by itself.
const ESCAPE: u8 = 0x1b;

/// Why forms of a page get no token, as the log has it.
pub(crate) const ENCODED: &str = Left::Encoded.code();
pub(crate) const CHARSET: &str = Left::Charset.code();
pub(crate) const LARGE: &str = "forms/large";
pub(crate) const UNCLEAR: &str = "forms/unclear";
pub(crate) const OWN_FIELD: &str = "forms/own-field";

/// A page on its way, whose forms get a token.
pub(crate) struct Forms {
    /// None: the rest goes on as it comes.
    reading: Option<Box<Reading>>,
    /// The element that is written in, under each name that it may have.
    fields: [Bytes; 2],
    out: VecDeque<Bytes>,
    said: Option<&'static str>,
}

/// What reads along.
struct Reading {
    tags: Tags,
    watch: Watch,
    /// Bytes of the page so far.
    read: usize,
    /// The first two bytes of it.
    begin: [u8; 2],
    /// An open form's content, where it may get a token.
    held: Option<Vec<Bytes>>,
    held_bytes: usize,
    said: Option<&'static str>,
}

impl Forms {
    /// None: the page's own address cannot be read.
    pub(crate) fn new(injection: &Injection) -> Option<Self> {
        let Injection { names, token, origin } = injection;
        let field = |name: &str| {
            Bytes::from(format!("<input type=\"hidden\" name=\"{name}\" value=\"{token}\">"))
        };
        let reading = Reading {
            tags: Tags::new(*names)?,
            watch: Watch::new(origin)?,
            read: 0,
            begin: [0; 2],
            held: None,
            held_bytes: 0,
            said: None,
        };
        Some(Self {
            reading: Some(Box::new(reading)),
            fields: names.map(field),
            out: VecDeque::new(),
            said: None,
        })
    }

    /// Takes in a piece of the page.
    pub(crate) fn write(&mut self, mut piece: Bytes) {
        let Some(reading) = &mut self.reading else {
            put(piece, &mut self.out);
            return;
        };
        let read = reading.read(&mut piece, &self.fields, &mut self.out);
        let kept = read.is_ok() && reading.keep(&piece);
        if !kept {
            reading.let_go(&mut self.out);
            put(piece, &mut self.out);
        }
        if let Some(code) = reading.said.take().or(read.err()) {
            self.said = Some(code);
        }
        if read.is_err() {
            // Whoever reads on behind what he could not read guesses.
            self.reading = None;
        }
    }

    /// The page has ended.
    pub(crate) fn end(&mut self) {
        let Some(mut reading) = self.reading.take() else { return };
        // A tag that has not ended by now is none.
        if let Some(field) = reading.watch.end().and_then(|name| self.fields.get(name)) {
            reading.write_in(field, &mut self.out);
        }
        reading.let_go(&mut self.out);
    }

    /// What goes on now.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        self.out.pop_front()
    }

    /// Whether all has gone on that was taken in.
    pub(crate) fn is_empty(&self) -> bool {
        let holds = self.reading.as_ref().is_some_and(|reading| reading.held.is_some());
        self.out.is_empty() && !holds
    }

    /// Why forms got no token, said once.
    pub(crate) fn said(&mut self) -> Option<&'static str> {
        self.said.take()
    }
}

impl Reading {
    /// Reads a piece, and hands on what of it comes before a form that is held. An error is the
    /// code of why the rest goes on unread.
    fn read(
        &mut self,
        piece: &mut Bytes,
        fields: &[Bytes; 2],
        out: &mut VecDeque<Bytes>,
    ) -> Result<(), &'static str> {
        for (to, from) in self.begin.iter_mut().skip(self.read).zip(piece.iter()) {
            *to = *from;
        }
        if UTF_16.contains(&&self.begin[..]) || piece.contains(&ESCAPE) {
            return Err(CHARSET);
        }
        let tags = self.tags.write(piece)?;
        let from = self.read;
        self.read += piece.len();
        self.watch.piece(piece, from);
        self.follow(tags, piece, fields, out)
    }

    fn follow(
        &mut self,
        tags: Vec<tags::Tag>,
        piece: &mut Bytes,
        fields: &[Bytes; 2],
        out: &mut VecDeque<Bytes>,
    ) -> Result<(), &'static str> {
        for tag in tags {
            match self.watch.see(tag)? {
                Step::Nothing => {}
                Step::Hold(at) => {
                    let rest = self.read - at;
                    // It ends in this piece: a tag is seen when its last byte comes.
                    let before = piece.len().checked_sub(rest).ok_or(UNCLEAR)?;
                    let before = piece.split_to(before);
                    self.let_go(out);
                    put(before, out);
                    self.held = Some(Vec::new());
                }
                Step::Write(name) => self.write_in(fields.get(name).ok_or(UNCLEAR)?, out),
                Step::Leave => self.let_go(out),
                Step::Taken => {
                    self.said = Some(OWN_FIELD);
                    self.let_go(out);
                }
                Step::Doubt => {
                    self.said = Some(UNCLEAR);
                    self.let_go(out);
                }
            }
        }
        self.watch.passed();
        Ok(())
    }

    /// Holds what is left of a piece, where it is a part of a form that may get a token. False: it
    /// goes on, and what was held before it.
    fn keep(&mut self, piece: &Bytes) -> bool {
        let Some(held) = &mut self.held else { return false };
        self.held_bytes += piece.len();
        if self.held_bytes > FORM_BYTES_MAX {
            self.watch.drop_form();
            self.said = Some(LARGE);
            return false;
        }
        held.push(piece.clone());
        true
    }

    fn write_in(&mut self, field: &Bytes, out: &mut VecDeque<Bytes>) {
        if self.held.is_some() {
            out.push_back(field.clone());
        }
        self.let_go(out);
    }

    fn let_go(&mut self, out: &mut VecDeque<Bytes>) {
        self.held_bytes = 0;
        out.extend(self.held.take().into_iter().flatten().filter(|piece| !piece.is_empty()));
    }
}

fn put(piece: Bytes, out: &mut VecDeque<Bytes>) {
    if !piece.is_empty() {
        out.push_back(piece);
    }
}

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod tests;
