//! Names and texts with escapes or letters beyond ASCII, and those that a piece ends within.

use super::fault::Why;
use super::guard::Limits;
use super::swar;
use arrayvec::ArrayVec;

/// A text that is being read.
#[derive(Default)]
pub(super) struct Text {
    place: Place,
    /// Bytes so far.
    length: usize,
    /// The first half of a letter that is written as two escapes.
    high: Option<u16>,
    /// Bytes of a letter whose end has not come.
    letter: ArrayVec<u8, 4>,
}

/// What comes next within a text.
#[derive(Clone, Copy, Default)]
enum Place {
    #[default]
    Run,
    /// Behind a backslash.
    Escape,
    /// Within an escape of four digits: the digits that have come, and their number.
    Hex(u8, u16),
}

/// What came of a piece.
pub(super) enum Step {
    /// The text goes on in the next piece.
    More,
    /// Its quote stands here.
    End(usize),
}

impl Text {
    /// Reads on from `at`. Every part of what the text says is handed to `part`.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        mut at: usize,
        limits: &Limits,
        mut part: impl FnMut(&[u8]),
    ) -> Result<Step, (Why, usize)> {
        while at < bytes.len() {
            let begin = at;
            at = match self.place {
                Place::Run => {
                    let mut end = swar::plain_end(bytes, at);
                    if bytes.get(end).is_some_and(|byte| *byte >= 0x80) || !self.letter.is_empty() {
                        end = swar::run_end(bytes, at);
                        self.run(&bytes[at..end], end == bytes.len(), &mut part)
                            .map_err(|why| (why, at))?;
                    } else if end > at {
                        self.whole(&bytes[at..end], &mut part).map_err(|why| (why, at))?;
                    }
                    match bytes.get(end) {
                        None => end,
                        Some(b'"') => {
                            self.count(end - begin, limits).map_err(|why| (why, at))?;
                            return match self.high {
                                Some(_) => Err((Why::LoneSurrogate, end)),
                                None => Ok(Step::End(end)),
                            };
                        }
                        Some(b'\\') => {
                            self.place = Place::Escape;
                            end + 1
                        }
                        Some(_) => return Err((Why::Control, end)),
                    }
                }
                Place::Escape => {
                    self.escape(bytes[at], &mut part).map_err(|why| (why, at))?;
                    at + 1
                }
                Place::Hex(count, value) => {
                    let digit = char::from(bytes[at]).to_digit(16).ok_or((Why::Escape, at))?;
                    // Four digits fit.
                    let value = value << 4 | u16::try_from(digit).unwrap_or(0);
                    self.place = Place::Hex(count + 1, value);
                    if count == 3 {
                        self.place = Place::Run;
                        self.unit(value, limits, &mut part).map_err(|why| (why, at))?;
                    }
                    at + 1
                }
            };
            self.count(at - begin, limits).map_err(|why| (why, begin))?;
        }
        Ok(Step::More)
    }

    fn count(&mut self, more: usize, limits: &Limits) -> Result<(), Why> {
        self.length = self.length.saturating_add(more);
        if self.length > limits.text_bytes { Err(Why::TextTooLong) } else { Ok(()) }
    }

    /// A run of letters of ASCII.
    #[inline]
    fn whole(&self, run: &[u8], part: &mut impl FnMut(&[u8])) -> Result<(), Why> {
        if self.high.is_some() {
            return Err(Why::LoneSurrogate);
        }
        part(run);
        Ok(())
    }

    /// A run of letters without escapes; `is_open`: the rest of its last letter may still come.
    fn run(
        &mut self,
        mut run: &[u8],
        is_open: bool,
        part: &mut impl FnMut(&[u8]),
    ) -> Result<(), Why> {
        if !run.is_empty() && self.high.is_some() {
            return Err(Why::LoneSurrogate);
        }
        while !self.letter.is_empty() {
            let Some((first, rest)) = run.split_first() else {
                return if is_open { Ok(()) } else { Err(Why::Encoding) };
            };
            self.letter.push(*first);
            run = rest;
            match std::str::from_utf8(&self.letter) {
                Ok(letter) => {
                    part(letter.as_bytes());
                    self.letter.clear();
                }
                Err(error) if error.error_len().is_some() => return Err(Why::Encoding),
                Err(_) => {}
            }
        }
        match std::str::from_utf8(run) {
            Ok(_) => part(run),
            Err(error) if error.error_len().is_none() && is_open => {
                let (whole, begun) = run.split_at(error.valid_up_to());
                part(whole);
                // A letter has four bytes at the most, and is not whole.
                self.letter.extend(begun.iter().copied());
            }
            Err(_) => return Err(Why::Encoding),
        }
        Ok(())
    }

    fn escape(&mut self, byte: u8, part: &mut impl FnMut(&[u8])) -> Result<(), Why> {
        if byte == b'u' {
            self.place = Place::Hex(0, 0);
            return Ok(());
        }
        if self.high.is_some() {
            return Err(Why::LoneSurrogate);
        }
        let letter = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            _ => return Err(Why::Escape),
        };
        self.place = Place::Run;
        part(&[letter]);
        Ok(())
    }

    /// One an escape of four digits.
    fn unit(
        &mut self,
        unit: u16,
        limits: &Limits,
        part: &mut impl FnMut(&[u8]),
    ) -> Result<(), Why> {
        if unit == 0 && !limits.nul {
            return Err(Why::Nul);
        }
        if self.high.is_none() && (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
            return Ok(());
        }
        let pair = self.high.take().into_iter().chain([unit]);
        for letter in char::decode_utf16(pair) {
            let letter = letter.map_err(|_| Why::LoneSurrogate)?;
            part(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }
}
