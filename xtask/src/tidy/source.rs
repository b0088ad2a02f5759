//! A Rust file as tidy reads it: its code, its comments, and which of its lines are tests.

use super::lexer::{is_name, lex};

/// One line of code that is not a test.
pub(super) struct Line<'s> {
    /// From 1.
    pub(super) number: usize,
    pub(super) code: &'s str,
}

/// One function that is not a test.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// The line of `fn`, from 1.
    pub(super) line: usize,
    /// From `fn` to the closing brace.
    pub(super) lines: usize,
    /// With `self`.
    pub(super) parameters: usize,
}

/// A Rust file.
pub(super) struct Source {
    /// The file as it is.
    pub(super) lines: Vec<String>,
    code: Vec<String>,
    prose: Vec<String>,
    literals: Vec<(usize, String)>,
    /// For each line whether it belongs to a test.
    test: Vec<bool>,
}

impl Source {
    /// Reads a file. It is all test where its name ends with `tests.rs` or it is below `tests/`.
    pub(super) fn of(path: &str, text: &str) -> Source {
        let lexed = lex(text);
        let split = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
        let all_test = path.ends_with("tests.rs") || path.contains("/tests/");
        let test = if all_test {
            vec![true; lexed.code.split('\n').count()]
        } else {
            test_lines(&lexed.code)
        };
        Source {
            lines: text.lines().map(str::to_owned).collect(),
            code: split(&lexed.code),
            prose: split(&lexed.prose),
            literals: lexed.literals,
            test,
        }
    }

    /// The code outside of tests, without comments and with empty literals.
    pub(super) fn code(&self) -> impl Iterator<Item = Line<'_>> {
        let lines = self.code.iter().zip(&self.test).enumerate();
        lines.filter(|(_, (_, test))| !**test).map(|(at, (code, _))| Line { number: at + 1, code })
    }

    /// All code, tests as well.
    pub(super) fn all_code(&self) -> impl Iterator<Item = Line<'_>> {
        self.code.iter().enumerate().map(|(at, code)| Line { number: at + 1, code })
    }

    /// All comments.
    pub(super) fn comments(&self) -> impl Iterator<Item = Line<'_>> {
        self.prose.iter().enumerate().map(|(at, code)| Line { number: at + 1, code })
    }

    /// String literals outside of tests, with their lines from 1.
    pub(super) fn literals(&self) -> impl Iterator<Item = (usize, &str)> {
        let outside = |line: &usize| !self.test.get(*line).copied().unwrap_or(false);
        self.literals
            .iter()
            .filter(move |(line, _)| outside(line))
            .map(|(line, text)| (line + 1, text.as_str()))
    }

    /// How many lines are not tests.
    pub(super) fn length(&self) -> usize {
        self.lines.iter().zip(&self.test).filter(|(_, test)| !**test).count()
    }

    /// The functions with a body that are not tests.
    pub(super) fn functions(&self) -> Vec<Function> {
        let code: Vec<char> = self.code.join("\n").chars().collect();
        let mut functions = Vec::new();
        let mut line = 1;
        for at in 0..code.len() {
            if code[at] == '\n' {
                line += 1;
            }
            let test = self.test.get(line - 1).copied().unwrap_or(false);
            if !test && word_at(&code, at, "fn") {
                functions.extend(function_at(&code, at, line));
            }
        }
        functions
    }
}

/// Whether the whole word begins at a place.
fn word_at(code: &[char], at: usize, word: &str) -> bool {
    let length = word.chars().count();
    let before = at.checked_sub(1).and_then(|at| code.get(at));
    code[at..].iter().take(length).copied().eq(word.chars())
        && !before.is_some_and(is_name)
        && !code.get(at + length).is_some_and(is_name)
}

/// Reads the function whose `fn` stands at a place; `None` for a type `fn(…)` or a bodiless one.
fn function_at(code: &[char], at: usize, line: usize) -> Option<Function> {
    let rest = &code[at + 2..];
    let space = rest.iter().take_while(|c| c.is_whitespace()).count();
    let name: String = rest[space..].iter().take_while(|c| is_name(c)).collect();
    if name.is_empty() {
        return None;
    }
    let mut depth = Depth::default();
    let (mut parameters, mut pending, mut inside, mut past) = (0, false, false, false);
    for (offset, c) in rest.iter().enumerate().skip(space + name.chars().count()) {
        let arrow = *c == '>' && rest.get(offset.wrapping_sub(1)) == Some(&'-');
        if *c == '(' && depth.none() && !past {
            (inside, past) = (true, true);
        } else if inside && *c == ')' && depth.round == 1 && depth.angle == 0 {
            parameters += usize::from(pending);
            inside = false;
        } else if inside && *c == ',' && depth.only_round() {
            parameters += usize::from(pending);
            pending = false;
        } else if inside && !c.is_whitespace() {
            pending = true;
        }
        if *c == ';' && depth.none() {
            return None;
        }
        if *c == '{' && depth.none() {
            let lines = body_lines(&rest[offset..]) + newlines(&rest[..offset]);
            return Some(Function { name, line, lines: lines + 1, parameters });
        }
        depth.step(*c, arrow);
    }
    None
}

#[derive(Default)]
struct Depth {
    round: i32,
    angle: i32,
    other: i32,
}

impl Depth {
    fn none(&self) -> bool {
        self.round == 0 && self.angle == 0 && self.other == 0
    }

    fn only_round(&self) -> bool {
        self.round == 1 && self.angle == 0 && self.other == 0
    }

    fn step(&mut self, c: char, arrow: bool) {
        match c {
            '(' => self.round += 1,
            ')' => self.round -= 1,
            '<' => self.angle += 1,
            '>' if !arrow => self.angle -= 1,
            '[' | '{' => self.other += 1,
            ']' | '}' => self.other -= 1,
            _ => {}
        }
    }
}

fn newlines(code: &[char]) -> usize {
    code.iter().filter(|c| **c == '\n').count()
}

/// The line ends from an opening brace to the one that closes it.
fn body_lines(code: &[char]) -> usize {
    newlines(&code[..closing_brace(code).unwrap_or(code.len())])
}

/// Where the brace that opens the text is closed.
fn closing_brace(code: &[char]) -> Option<usize> {
    let mut depth = 0_i32;
    code.iter().position(|c| {
        depth += i32::from(*c == '{') - i32::from(*c == '}');
        depth == 0
    })
}

/// The lines of every item under `#[cfg(test)]`, and of every function under `#[test]`.
fn test_lines(code: &str) -> Vec<bool> {
    let mut test = vec![false; code.split('\n').count()];
    for attribute in ["#[cfg(test)]", "#[test]", "#[tokio::test"] {
        for (start, _) in code.match_indices(attribute) {
            let first = code[..start].matches('\n').count();
            let item: Vec<char> = code[start..].chars().collect();
            let last = first + newlines(&item[..item_end(&item)]);
            for line in test.iter_mut().take(last + 1).skip(first) {
                *line = true;
            }
        }
    }
    test
}

/// Where the item that begins with an attribute ends: its `;`, or its closing brace.
fn item_end(code: &[char]) -> usize {
    let mut depth = 0_i32;
    for (at, c) in code.iter().enumerate() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ';' if depth == 0 => return at,
            '{' if depth == 0 => return at + closing_brace(&code[at..]).unwrap_or_default(),
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::Source;

    /// Name, line, lines, parameters.
    type Row<N> = (N, usize, usize, usize);

    fn functions(text: &str) -> Vec<Row<String>> {
        let source = Source::of("crates/a/src/lib.rs", text);
        let functions = source.functions().into_iter();
        functions.map(|f| (f.name, f.line, f.lines, f.parameters)).collect()
    }

    #[test]
    fn functions_and_their_parameters() {
        let rows: &[(&str, &[Row<&str>])] = &[
            ("fn a() {}", &[("a", 1, 1, 0)]),
            ("\npub fn a(b: u8, c: &[u8; 3],) -> u8 {\n    1\n}", &[("a", 2, 3, 2)]),
            ("fn a<F: Fn(u8, u8) -> u8>(&self, f: F) {}", &[("a", 1, 1, 2)]),
            ("fn a(m: Map<u8, u8>, (x, y): (u8, u8), f: fn(u8, u8)) {}", &[("a", 1, 1, 3)]),
            ("trait T { fn a(&self); fn b(&self) {} }", &[("b", 1, 1, 1)]),
            (
                "fn a(x: u8)\nwhere\n    u8: Sized,\n{\n    fn b() {}\n}",
                &[("a", 1, 6, 1), ("b", 5, 1, 0)],
            ),
            ("#[cfg(test)]\nmod tests {\n    fn a() {}\n}\nfn b() {}", &[("b", 5, 1, 0)]),
        ];
        for (text, want) in rows {
            let want: Vec<_> =
                want.iter().map(|(n, a, b, c)| ((*n).to_owned(), *a, *b, *c)).collect();
            assert_eq!(functions(text), want, "{text}");
        }
    }

    #[test]
    fn lines_without_tests() {
        let rows = [
            ("src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n", 1),
            ("src/a.rs", "#[cfg(test)]\nmod tests;\nfn a() {}\n", 1),
            ("src/a.rs", "#[cfg(test)]\n#[path = \"x\"]\nmod tests;\nfn a() {}\n", 1),
            ("src/a/tests.rs", "fn a() {}\n", 0),
            ("crates/a/tests/b.rs", "fn a() {}\n", 0),
            ("src/a.rs", "// #[cfg(test)]\nfn a() {}\n", 2),
        ];
        for (path, text, want) in rows {
            assert_eq!(Source::of(path, text).length(), want, "{path} {text}");
        }
    }
}
