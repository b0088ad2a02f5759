//! Strings and templates.

use super::{Reader, UNKNOWN};
use crate::read::Unreadable;

impl Reader<'_> {
    pub(super) fn string(&mut self, quote: char) -> Result<String, Unreadable> {
        let begin = self.at;
        let mut out = Units::default();
        self.next();
        loop {
            match self.next() {
                Some(c) if c == quote => return Ok(out.text()),
                Some('\\') => self.escape(&mut out),
                None | Some('\n') => {
                    return Err(self.no(begin, "a string is not closed", "close it"));
                }
                Some(c) => out.push(c),
            }
        }
    }

    /// A template; its expressions become stand-ins.
    pub(super) fn template(&mut self) -> Result<String, Unreadable> {
        let begin = self.at;
        let mut out = Units::default();
        self.next();
        loop {
            match self.next() {
                Some('`') => return Ok(out.text()),
                Some('\\') => self.escape(&mut out),
                Some('$') if self.peek() == Some('{') => {
                    let at = self.at - 1;
                    self.step_over_brackets();
                    let what = self.text.get(at..self.at).unwrap_or_default();
                    self.unknown(at, what);
                    out.push(UNKNOWN);
                }
                None => return Err(self.no(begin, "a template is not closed", "close it")),
                Some(c) => out.push(c),
            }
        }
    }

    fn escape(&mut self, out: &mut Units) {
        let Some(c) = self.next() else { return };
        match c {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'v' => out.push('\u{b}'),
            '0' => out.push('\0'),
            'x' => out.unit(self.hex(2)),
            'u' if self.takes('{') => {
                let code = self.hex(6);
                self.takes('}');
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            'u' => out.unit(self.hex(4)),
            // A line end behind a backslash is none.
            '\r' => drop(self.takes('\n')),
            '\n' | '\u{2028}' | '\u{2029}' => {}
            c => out.push(c),
        }
    }

    fn hex(&mut self, digits: usize) -> u32 {
        let mut value = 0;
        for _ in 0..digits {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else { break };
            value = value * 16 + digit;
            self.at += 1;
        }
        value
    }
}

/// A text as JavaScript has it: in units of 16 bits, pairs of which are one letter.
#[derive(Default)]
struct Units(Vec<u16>);

impl Units {
    fn push(&mut self, c: char) {
        self.0.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }

    fn unit(&mut self, code: u32) {
        self.0.push(u16::try_from(code).unwrap_or(0xfffd));
    }

    fn text(self) -> String {
        String::from_utf16_lossy(&self.0)
    }
}
