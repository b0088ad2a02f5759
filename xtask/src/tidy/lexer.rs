//! Tells a Rust file's code, comments and string literals apart, line by line.

/// Three readings of one text. Each has the text's lines; what is not of its kind is blank.
#[derive(Debug, Default)]
pub(super) struct Lexed {
    /// Without comments; string and character literals are emptied but for their quotes.
    pub(super) code: String,
    /// Comments only.
    pub(super) prose: String,
    /// String literals as they are spelled, with the line (from 0) on which they begin.
    pub(super) literals: Vec<(usize, String)>,
}

/// Reads a text. Malformed Rust gives some reading, never a panic: rustc complains better.
pub(super) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer { text: text.chars().collect(), at: 0, line: 0, lexed: Lexed::default() };
    while lexer.at < lexer.text.len() {
        lexer.step();
    }
    lexer.lexed
}

struct Lexer {
    text: Vec<char>,
    at: usize,
    line: usize,
    lexed: Lexed,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.text.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('r', '"' | '#') if !self.inside_name() && self.raw_hashes().is_some() => {
                self.raw_string();
            }
            ('\'', _) => self.character_or_lifetime(),
            _ => self.code(),
        }
    }

    /// Whether what stands before belongs to a name (`for"` does not begin a raw string).
    fn inside_name(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.text.get(at));
        let Some(before) = before else { return false };
        // `br"…"` and `cr"…"` are raw strings with a prefix of one letter.
        let prefix = matches!(before, 'b' | 'c')
            && !self.at.checked_sub(2).and_then(|at| self.text.get(at)).is_some_and(is_name);
        is_name(before) && !prefix
    }

    fn raw_hashes(&self) -> Option<usize> {
        let hashes = (1..).take_while(|ahead| self.peek(*ahead) == '#').count();
        (self.peek(1 + hashes) == '"').then_some(hashes)
    }

    fn put(&mut self, code: bool, prose: bool) {
        let c = self.peek(0);
        self.at += 1;
        if c == '\n' {
            self.line += 1;
            self.lexed.code.push('\n');
            self.lexed.prose.push('\n');
            return;
        }
        self.lexed.code.push(if code { c } else { ' ' });
        self.lexed.prose.push(if prose { c } else { ' ' });
    }

    fn code(&mut self) {
        self.put(true, false);
    }

    fn blank(&mut self) {
        self.put(false, false);
    }

    fn line_comment(&mut self) {
        while self.at < self.text.len() && self.peek(0) != '\n' {
            self.put(false, true);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.text.len() {
            let step = match (self.peek(0), self.peek(1)) {
                ('/', '*') => 1,
                ('*', '/') => -1,
                _ => 0,
            };
            depth += step;
            self.put(false, true);
            if step != 0 {
                self.put(false, true);
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let line = self.line;
        self.code();
        let start = self.at;
        while self.at < self.text.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                self.blank();
            }
            self.blank();
        }
        self.literal(line, start);
        if self.at < self.text.len() {
            self.code();
        }
    }

    fn raw_string(&mut self) {
        let line = self.line;
        let hashes = self.raw_hashes().unwrap_or_default();
        for _ in 0..hashes + 2 {
            self.code();
        }
        let start = self.at;
        while self.at < self.text.len() && !self.raw_ends(hashes) {
            self.blank();
        }
        self.literal(line, start);
        for _ in 0..hashes + 1 {
            if self.at < self.text.len() {
                self.code();
            }
        }
    }

    fn raw_ends(&self, hashes: usize) -> bool {
        self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#')
    }

    fn literal(&mut self, line: usize, start: usize) {
        let end = self.at.min(self.text.len());
        let text = self.text.get(start..end).unwrap_or_default().iter().collect();
        self.lexed.literals.push((line, text));
    }

    fn character_or_lifetime(&mut self) {
        let escaped = self.peek(1) == '\\';
        let plain = self.peek(2) == '\'' && self.peek(1) != '\'';
        self.code();
        if !escaped && !plain {
            return;
        }
        if escaped {
            self.blank();
        }
        self.blank();
        while self.at < self.text.len() && self.peek(0) != '\'' {
            self.blank();
        }
        if self.at < self.text.len() {
            self.code();
        }
    }
}

/// Whether a character can stand in a name.
pub(super) fn is_name(c: &char) -> bool {
    c.is_alphanumeric() || *c == '_'
}

#[cfg(test)]
mod tests {
    use super::lex;

    #[test]
    fn code_without_comments_and_strings() {
        let rows = [
            ("let a = 1; // one", "let a = 1;       "),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"say("a \" b", c)"#, r#"say("      ", c)"#),
            (r##"say(r#"a " b"#, c)"##, r##"say(r#"     "#, c)"##),
            (r#"say(br"\", c)"#, r#"say(br" ", c)"#),
            ("matches!(c, '\"' | '\\'' | '\\u{1}')", "matches!(c, ' ' | '  ' | '     ')"),
            ("fn a<'v>(v: &'v str)", "fn a<'v>(v: &'v str)"),
            ("b'\"' for\"x\"", "b' ' for\" \""),
        ];
        for (text, want) in rows {
            assert_eq!(lex(text).code, want, "{text}");
        }
    }

    #[test]
    fn comments_and_literals() {
        let lexed = lex("let a = \"x/y\"; // \"not\"\nlet b = \"z\";");
        assert_eq!(lexed.prose.lines().next(), Some("               // \"not\""));
        assert_eq!(lexed.literals, [(0, "x/y".to_owned()), (1, "z".to_owned())]);
    }

    #[test]
    fn broken_text_ends() {
        for text in ["\"", "r#\"", "/*", "'\\", "'", "r#", "b'"] {
            assert!(lex(text).code.chars().count() >= text.chars().count(), "{text}");
        }
    }
}
