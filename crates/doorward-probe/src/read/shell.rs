//! The words of a command line, as a POSIX shell and as Windows' `cmd` part them.

use super::Unreadable;
use std::iter::Peekable;
use std::str::CharIndices;

/// A word, and the byte at which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) at: usize,
    pub(super) bytes: Vec<u8>,
}

impl Word {
    /// Its text; what is no UTF-8 is replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The words of a line, by the rules of the shell that it was written for.
pub(super) fn words(line: &str) -> Result<Vec<Word>, Unreadable> {
    if is_cmd(line) { cmd(line) } else { posix(line) }
}

/// Whether it was written for `cmd`: carets before quotes, or at the ends of lines.
fn is_cmd(line: &str) -> bool {
    line.contains("^\"") || line.lines().any(|one| one.trim_end_matches('\r').ends_with(" ^"))
}

type Rest<'l> = Peekable<CharIndices<'l>>;

/// Parts a line as bash does, `$'…'` included. Variables are not known, and commands are not run.
fn posix(line: &str) -> Result<Vec<Word>, Unreadable> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut rest: Rest<'_> = line.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if c.is_whitespace() {
            words.extend(word.take());
            continue;
        }
        if c == '\\' && skips_line_end(&mut rest) {
            continue;
        }
        if matches!(c, ';' | '|' | '&' | '<' | '>' | '`' | '(' | ')') {
            return Err(not_alone(line, at, c));
        }
        // A comment begins where a word could.
        if c == '#' && word.is_none() {
            while rest.next_if(|(_, c)| *c != '\n').is_some() {}
            continue;
        }
        let own = word.get_or_insert_with(|| Word { at, bytes: Vec::new() });
        let closed = match c {
            '\'' => single(&mut rest, &mut own.bytes),
            '"' => double(&mut rest, &mut own.bytes),
            '$' if rest.next_if(|(_, c)| *c == '\'').is_some() => ansi(&mut rest, &mut own.bytes),
            '\\' => {
                if let Some((_, c)) = rest.next() {
                    push(&mut own.bytes, c);
                }
                true
            }
            c => {
                push(&mut own.bytes, c);
                true
            }
        };
        if !closed {
            let mend = "close it, or copy the whole line";
            return Err(Unreadable::at(line, at, "a quote is not closed", mend));
        }
    }
    words.extend(word);
    Ok(words)
}

fn not_alone(line: &str, at: usize, c: char) -> Unreadable {
    let mend = "give one curl line alone, with its addresses in quotes";
    Unreadable::at(line, at, format!("`{c}` is the shell's"), mend)
}

/// A backslash joins a line with the next.
fn skips_line_end(rest: &mut Rest<'_>) -> bool {
    let mut ahead = rest.clone();
    ahead.next_if(|(_, c)| *c == '\r');
    if ahead.next_if(|(_, c)| *c == '\n').is_some() {
        *rest = ahead;
        return true;
    }
    false
}

fn single(rest: &mut Rest<'_>, out: &mut Vec<u8>) -> bool {
    for (_, c) in rest.by_ref() {
        if c == '\'' {
            return true;
        }
        push(out, c);
    }
    false
}

fn double(rest: &mut Rest<'_>, out: &mut Vec<u8>) -> bool {
    while let Some((_, c)) = rest.next() {
        match c {
            '"' => return true,
            '\\' if skips_line_end(rest) => {}
            '\\' => match rest.next_if(|(_, c)| matches!(c, '"' | '\\' | '$' | '`')) {
                Some((_, c)) => push(out, c),
                None => out.push(b'\\'),
            },
            c => push(out, c),
        }
    }
    false
}

/// `$'…'`, with the escapes of ANSI C.
fn ansi(rest: &mut Rest<'_>, out: &mut Vec<u8>) -> bool {
    while let Some((_, c)) = rest.next() {
        match c {
            '\'' => return true,
            '\\' => {
                let Some((_, c)) = rest.next() else { return false };
                match c {
                    'a' => out.push(7),
                    'b' => out.push(8),
                    'e' | 'E' => out.push(27),
                    'f' => out.push(12),
                    'n' => out.push(b'\n'),
                    'r' => out.push(b'\r'),
                    't' => out.push(b'\t'),
                    'v' => out.push(11),
                    'x' => out.push(u8::try_from(number(rest, 16, 2)).unwrap_or(b'?')),
                    'u' => push(out, letter(number(rest, 16, 4))),
                    'U' => push(out, letter(number(rest, 16, 8))),
                    '0'..='7' => {
                        let first = c.to_digit(8).unwrap_or(0);
                        let two = rest.clone().take(2);
                        let more = two.take_while(|(_, c)| c.is_digit(8)).count();
                        let low = number(rest, 8, more);
                        let code = first * 8u32.pow(u32::try_from(more).unwrap_or(0)) + low;
                        // bash keeps the low byte.
                        out.push((code & 0xff) as u8);
                    }
                    c => push(out, c),
                }
            }
            c => push(out, c),
        }
    }
    false
}

/// A number of at most so many digits; 0 where there is none.
fn number(rest: &mut Rest<'_>, radix: u32, digits: usize) -> u32 {
    let mut value: u32 = 0;
    for _ in 0..digits {
        let Some((_, c)) = rest.next_if(|(_, c)| c.is_digit(radix)) else { break };
        value = value.wrapping_mul(radix).wrapping_add(c.to_digit(radix).unwrap_or(0));
    }
    value
}

fn letter(code: u32) -> char {
    char::from_u32(code).unwrap_or('\u{fffd}')
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Parts a line as `cmd` and a program's own start-up do: carets first, then quotes.
fn cmd(line: &str) -> Result<Vec<Word>, Unreadable> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut in_quotes = false;
    let mut opened_at = 0;
    let mut slashes = 0;
    let letters = without_carets(line);
    let mut rest = letters.into_iter().peekable();
    while let Some((at, c)) = rest.next() {
        if c.is_whitespace() && !in_quotes {
            flush(&mut word, &mut slashes);
            words.extend(word.take());
            continue;
        }
        if matches!(c, '&' | '|' | '<' | '>') && !in_quotes {
            return Err(not_alone(line, at, c));
        }
        let own = word.get_or_insert_with(|| Word { at, bytes: Vec::new() });
        match c {
            '\\' => slashes += 1,
            '"' => {
                // Before a quote two backslashes are one, and an odd one makes it a letter.
                let is_letter = slashes % 2 == 1;
                own.bytes.extend(std::iter::repeat_n(b'\\', slashes / 2));
                slashes = 0;
                let is_doubled = in_quotes && rest.peek().is_some_and(|(_, next)| *next == '"');
                if is_letter {
                    own.bytes.push(b'"');
                } else if is_doubled {
                    own.bytes.push(b'"');
                    rest.next();
                } else {
                    in_quotes = !in_quotes;
                    opened_at = at;
                }
            }
            c => {
                own.bytes.extend(std::iter::repeat_n(b'\\', slashes));
                slashes = 0;
                push(&mut own.bytes, c);
            }
        }
    }
    flush(&mut word, &mut slashes);
    words.extend(word);
    if in_quotes {
        let mend = "close it, or copy the whole line";
        return Err(Unreadable::at(line, opened_at, "a quote is not closed", mend));
    }
    Ok(words)
}

fn flush(word: &mut Option<Word>, slashes: &mut usize) {
    if let Some(word) = word {
        word.bytes.extend(std::iter::repeat_n(b'\\', *slashes));
    }
    *slashes = 0;
}

/// What `cmd` hands on. Outside of its quotes a caret makes the next letter a plain one; before a
/// line's end it joins the lines, and a second line end behind it is one.
fn without_carets(line: &str) -> Vec<(usize, char)> {
    let mut out = Vec::new();
    let mut in_quotes = false;
    let mut rest = line.char_indices().filter(|(_, c)| *c != '\r').peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            '^' if !in_quotes => match rest.next() {
                Some((at, '\n')) => {
                    out.extend(rest.next_if(|(_, c)| *c == '\n').map(|_| (at, '\n')));
                }
                Some(next) => out.push(next),
                None => {}
            },
            '"' => {
                in_quotes = !in_quotes;
                out.push((at, c));
            }
            c => out.push((at, c)),
        }
    }
    out
}
