//! The guard before any parser: one pass over the bytes of a JSON text, in as many pieces as they
//! come, in fixed memory. What parsers read differently is refused, so that the backend reads what
//! was judged.
//!
//! It is RFC 8259, and I-JSON (RFC 7493) where that is stricter: no name twice, no lone surrogate,
//! no number that no double holds; and nothing that is JSON to some alone: a byte-order mark,
//! comments, `NaN`, a comma too many, something behind the end.

use super::fault::{Fault, Why};
use super::names::{self, Name, Names};
use super::number::{self, Digits};
use super::swar;
use super::text::{Step, Text};

/// Depth at the most that can be asked for.
pub const DEPTH_MAX: usize = 128;

/// How large each part of a text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects and arrays in each other; at most [`DEPTH_MAX`].
    pub depth: usize,
    /// Names of one object.
    pub names: usize,
    /// Names of all objects that are open at one place.
    pub names_open: usize,
    /// Bytes of a name or a text, as they are written.
    pub text_bytes: usize,
    /// Letters of a number; at most [`number::LETTERS_MAX`].
    pub number_letters: usize,
    /// Which whole numbers are taken.
    pub integers: Integers,
    /// The letter U+0000 may be written as an escape.
    pub nul: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            names: 1_000,
            names_open: 16_384,
            text_bytes: 1024 * 1024,
            number_letters: 64,
            integers: Integers::SixtyFourBits,
            nul: false,
        }
    }
}

/// Which whole numbers are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integers {
    /// Those that every double holds exactly (RFC 7493 2.2).
    Exact,
    /// Those that 64 bits hold, with or without a sign: JavaScript rounds some.
    SixtyFourBits,
    /// All that a double comes near to.
    Any,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A value.
    Value,
    /// A value, or the end of an array that has none.
    ValueOrEnd,
    /// A name.
    Name,
    /// A name, or the end of an object that has none.
    NameOrEnd,
    /// What stands between a name and its value.
    Colon,
    /// A comma, or the end of what is open.
    Next,
    /// Nothing more.
    Nothing,
}

/// What a piece has ended within.
enum Within {
    /// Between two tokens.
    Nothing,
    Text(Text),
    Name(Text, Name),
    Number(Digits),
    /// `true`, `false` or `null`, and how much of it has come.
    Word(&'static [u8], usize),
}

/// Reads one text, piece by piece.
pub struct JsonGuard {
    limits: Limits,
    expect: Expect,
    within: Within,
    depth: usize,
    /// Of each depth, whether it is an object.
    objects: u128,
    names: Names,
    /// Bytes of all pieces before this one.
    before: u64,
}

impl JsonGuard {
    /// A guard that has read nothing yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let limits = Limits {
            depth: limits.depth.min(DEPTH_MAX),
            number_letters: limits.number_letters.min(number::LETTERS_MAX),
            ..limits
        };
        Self {
            limits,
            expect: Expect::Value,
            within: Within::Nothing,
            depth: 0,
            objects: 0,
            names: Names::default(),
            before: 0,
        }
    }

    /// Reads a whole text.
    ///
    /// # Errors
    /// The first thing that is not as it has to be, and where.
    pub fn read(limits: Limits, bytes: &[u8]) -> Result<(), Fault> {
        let mut guard = Self::new(limits);
        guard.feed(bytes)?;
        guard.finish()
    }

    /// Reads the next piece. After an error nothing more is to be asked.
    ///
    /// # Errors
    /// The first thing that is not as it has to be, and where.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let at = self.go_on(bytes).and_then(|at| self.tokens(bytes, at));
        let read = at.map_err(|(why, at)| Fault { why, at: self.before + at as u64 });
        self.before += bytes.len() as u64;
        read
    }

    /// The end of the text.
    ///
    /// # Errors
    /// It has not ended there.
    pub fn finish(mut self) -> Result<(), Fault> {
        let at = self.before;
        if let Within::Number(digits) = &self.within {
            digits.end(&self.limits).map_err(|why| Fault { why, at })?;
            self.within = Within::Nothing;
            self.valued();
        }
        match (&self.within, self.expect) {
            (Within::Nothing, Expect::Nothing) => Ok(()),
            (Within::Nothing, Expect::Value) if self.depth == 0 => {
                Err(Fault { why: Why::Empty, at })
            }
            _ => Err(Fault { why: Why::CutOff, at }),
        }
    }

    /// Goes on within the token in which the last piece has ended.
    fn go_on(&mut self, bytes: &[u8]) -> Result<usize, (Why, usize)> {
        match std::mem::replace(&mut self.within, Within::Nothing) {
            Within::Nothing => Ok(0),
            Within::Text(text) => self.text(text, bytes, 0),
            Within::Name(text, name) => self.name(text, name, bytes, 0),
            Within::Number(digits) => self.number(digits, bytes, 0),
            Within::Word(word, read) => self.word(word, read, bytes, 0),
        }
    }

    /// Reads token by token from `at`, to the end of the piece. What is expected is kept apart from
    /// `self` while it changes with each token.
    fn tokens(&mut self, bytes: &[u8], mut at: usize) -> Result<(), (Why, usize)> {
        let mut expect = self.expect;
        while let Some(&byte) = bytes.get(at) {
            if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                at = swar::spaces_end(bytes, at + 1);
                continue;
            }
            (at, expect) = match expect {
                Expect::Value | Expect::ValueOrEnd => {
                    if let Some(end) = self.whole_value(byte, bytes, at)? {
                        (end, self.after_value())
                    } else {
                        self.expect = expect;
                        at = self.begun_value(byte, bytes, at)?;
                        (at, self.expect)
                    }
                }
                Expect::Name | Expect::NameOrEnd if byte == b'"' => {
                    if let Some(end) = self.whole_name(bytes, at + 1)? {
                        match bytes.get(end) {
                            Some(b':') => (end + 1, Expect::Value),
                            _ => (end, Expect::Colon),
                        }
                    } else {
                        self.expect = expect;
                        at = self.name(Text::default(), Name::default(), bytes, at + 1)?;
                        (at, self.expect)
                    }
                }
                Expect::Colon if byte == b':' => (at + 1, Expect::Value),
                Expect::Next if byte == b',' && self.is_in_object() => (at + 1, Expect::Name),
                Expect::Next if byte == b',' => (at + 1, Expect::Value),
                Expect::Next | Expect::NameOrEnd if byte == b'}' && self.is_in_object() => {
                    self.names.close().map_err(|why| (why, at))?;
                    (at + 1, self.leave())
                }
                Expect::Next if byte == b']' && !self.is_in_object() => (at + 1, self.leave()),
                Expect::Name | Expect::NameOrEnd | Expect::Colon | Expect::Next => {
                    return Err((self.odd(byte), at));
                }
                Expect::Nothing => return Err((trailing(byte), at)),
            };
        }
        self.expect = expect;
        Ok(())
    }

    /// Reads a value without anything in it that needs a closer look, where all of it is here: most
    /// are such. Where it ends.
    #[inline]
    fn whole_value(
        &self,
        byte: u8,
        bytes: &[u8],
        at: usize,
    ) -> Result<Option<usize>, (Why, usize)> {
        match byte {
            b'"' => {
                let end = swar::plain_end(bytes, at + 1);
                if bytes.get(end) != Some(&b'"') {
                    return Ok(None);
                }
                if end - at - 1 > self.limits.text_bytes {
                    return Err((Why::TextTooLong, at));
                }
                Ok(Some(end + 1))
            }
            b'-' | b'0'..=b'9' => Ok(number::short(bytes, at, &self.limits)),
            b't' if bytes[at..].starts_with(b"true") => Ok(Some(at + 4)),
            b'f' if bytes[at..].starts_with(b"false") => Ok(Some(at + 5)),
            b'n' if bytes[at..].starts_with(b"null") => Ok(Some(at + 4)),
            _ => Ok(None),
        }
    }

    /// Reads any other value, or its beginning; where that ends.
    fn begun_value(&mut self, byte: u8, bytes: &[u8], at: usize) -> Result<usize, (Why, usize)> {
        match byte {
            b'{' | b'[' => self.enter(byte == b'{').map(|()| at + 1).map_err(|why| (why, at)),
            b']' if self.expect == Expect::ValueOrEnd => {
                self.expect = self.leave();
                Ok(at + 1)
            }
            b'"' => self.text(Text::default(), bytes, at + 1),
            b'-' | b'0'..=b'9' => self.number(Digits::default(), bytes, at),
            b't' => self.word(b"true", 0, bytes, at),
            b'f' => self.word(b"false", 0, bytes, at),
            b'n' => self.word(b"null", 0, bytes, at),
            _ => Err((self.odd(byte), at)),
        }
    }

    /// Reads a name whose quote stands before `at`, where it has no escape and all of it is here.
    #[inline]
    fn whole_name(&mut self, bytes: &[u8], at: usize) -> Result<Option<usize>, (Why, usize)> {
        let end = swar::plain_end(bytes, at);
        if bytes.get(end) != Some(&b'"') {
            return Ok(None);
        }
        if end - at > self.limits.text_bytes {
            return Err((Why::TextTooLong, at));
        }
        let hash = names::hash(bytes, at, end);
        self.names.add(hash).map_err(|why| (why, end))?;
        Ok(Some(end + 1))
    }

    fn name(
        &mut self,
        mut text: Text,
        mut name: Name,
        bytes: &[u8],
        at: usize,
    ) -> Result<usize, (Why, usize)> {
        match text.read(bytes, at, &self.limits, |part| name.push(part))? {
            Step::More => {
                self.within = Within::Name(text, name);
                Ok(bytes.len())
            }
            Step::End(end) => {
                self.named(name.hash(), end)?;
                Ok(end + 1)
            }
        }
    }

    fn text(&mut self, mut text: Text, bytes: &[u8], at: usize) -> Result<usize, (Why, usize)> {
        match text.read(bytes, at, &self.limits, |_| {})? {
            Step::More => {
                self.within = Within::Text(text);
                Ok(bytes.len())
            }
            Step::End(end) => {
                self.valued();
                Ok(end + 1)
            }
        }
    }

    fn number(
        &mut self,
        mut digits: Digits,
        bytes: &[u8],
        at: usize,
    ) -> Result<usize, (Why, usize)> {
        match digits.read(&bytes[at..], &self.limits).map_err(|why| (why, at))? {
            None => {
                self.within = Within::Number(digits);
                Ok(bytes.len())
            }
            Some(length) => {
                self.valued();
                Ok(at + length)
            }
        }
    }

    fn word(
        &mut self,
        word: &'static [u8],
        read: usize,
        bytes: &[u8],
        at: usize,
    ) -> Result<usize, (Why, usize)> {
        let left = &word[read..];
        let here = &bytes[at..bytes.len().min(at + left.len())];
        if !left.starts_with(here) {
            return Err((Why::Syntax, at));
        }
        if here.len() < left.len() {
            self.within = Within::Word(word, read + here.len());
        } else {
            self.valued();
        }
        Ok(at + here.len())
    }

    fn named(&mut self, hash: u64, at: usize) -> Result<(), (Why, usize)> {
        self.names.add(hash).map_err(|why| (why, at))?;
        self.expect = Expect::Colon;
        Ok(())
    }

    fn valued(&mut self) {
        self.expect = self.after_value();
    }

    #[inline]
    const fn after_value(&self) -> Expect {
        if self.depth == 0 { Expect::Nothing } else { Expect::Next }
    }

    #[inline]
    fn enter(&mut self, is_object: bool) -> Result<(), Why> {
        if self.depth >= self.limits.depth {
            return Err(Why::TooDeep);
        }
        self.depth += 1;
        self.objects = (self.objects << 1) | u128::from(is_object);
        self.expect = match is_object {
            true => {
                self.names.open(&self.limits);
                Expect::NameOrEnd
            }
            false => Expect::ValueOrEnd,
        };
        Ok(())
    }

    #[inline]
    fn leave(&mut self) -> Expect {
        self.depth -= 1;
        self.objects >>= 1;
        self.after_value()
    }

    #[inline]
    const fn is_in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    /// What a byte that must not stand here is.
    #[cold]
    fn odd(&self, byte: u8) -> Why {
        let is_first = self.depth == 0;
        match byte {
            0xef if is_first => Why::Mark,
            0 | 0xfe | 0xff => Why::Encoding,
            b'/' | b'#' => Why::Comment,
            b'N' | b'I' => Why::NotANumber,
            _ => Why::Syntax,
        }
    }
}

/// What stands behind the end of a text.
#[cold]
const fn trailing(byte: u8) -> Why {
    match byte {
        0 => Why::Encoding,
        b'/' | b'#' => Why::Comment,
        _ => Why::Trailing,
    }
}
