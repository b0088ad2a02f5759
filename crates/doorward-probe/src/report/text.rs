//! What a server or a file said, made harmless for each form of a report.

use std::fmt::Write;

/// Text in which nothing steers whoever shows it: controls, what turns the direction of writing,
/// and letters without a width are written as their numbers.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_seen(c) {
            true => out.push(c),
            false => {
                let _ = match u32::from(c) {
                    number @ 0..=0xffff => write!(out, "\\u{number:04x}"),
                    number => write!(out, "\\U{number:08x}"),
                };
            }
        }
    }
    out
}

/// Whether a letter is seen as what it is (Unicode's categories Cc, Cf, Zl, Zp, and private ones).
pub(crate) const fn is_seen(c: char) -> bool {
    !matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{fffe}'..='\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{10ffff}'
    )
}

/// Text between tags, or in an attribute's quotes, of HTML or XML.
pub(super) fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Text in a line of Markdown. Nothing in it is a mark, a link, a mention of somebody or of an
/// issue: a comment between the letters keeps a forge from seeing one.
pub(super) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = visible(text);
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' | '#' => {
                out.push('\\');
                out.push(c);
                out.push_str("<!-- -->");
            }
            ':' => out.push_str(":<!-- -->"),
            '.' if before.eq_ignore_ascii_case(&'w') => out.push_str(".<!-- -->"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// Text as code in a line of Markdown, or in a cell of a table: the fence is longer than any in
/// it, and a pipe is escaped, as tables want it even in code.
pub(super) fn markdown_code(text: &str, is_in_table: bool) -> String {
    let mut text = visible(text);
    if is_in_table {
        // A table's row takes one backslash before a pipe away. Another one before it would free
        // the pipe again, so that text is no code.
        if text.contains("\\|") {
            return markdown(&text);
        }
        text = text.replace('|', "\\|");
    }
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    // Code that begins or ends with a backtick is kept apart by a space, which is not shown.
    let room = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{room}{text}{room}{fence}")
}

/// Text whose backticks stand in pairs, as our own do, with what is between them made code; where
/// they do not, none of it is.
pub(super) fn between_ticks(
    text: &str,
    plain: &dyn Fn(&str) -> String,
    code: &dyn Fn(&str) -> String,
) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let is_paired = !parts.len().is_multiple_of(2);
    // Two backticks without a word between them are no pair.
    if !is_paired || parts.iter().skip(1).step_by(2).any(|part| part.trim().is_empty()) {
        return plain(text);
    }
    let made = parts.iter().enumerate().map(|(at, part)| match at % 2 {
        0 => plain(part),
        _ => code(part),
    });
    made.collect()
}

/// A path of an address as a relative reference, whatever is in it (RFC 3986 2.1).
pub(super) fn path(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// At most so many columns; what is more is cut, and the cut is seen.
pub(super) fn cut(text: &str, columns: usize, unicode: bool) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let end = if unicode { "…" } else { "..." };
    let kept = columns.saturating_sub(end.chars().count());
    let mut out: String = text.chars().take(kept).collect();
    out.push_str(end);
    out
}

/// Text in lines of at most so many columns; a word that is longer has a line of its own.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if last.chars().count() + 1 + length <= columns => {
                last.push(' ');
                last.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{between_ticks, cut, markdown, markdown_code, markup, path, visible, wrapped};

    #[test]
    fn each_form_has_its_own_escapes() {
        assert_eq!(visible("a\u{1b}[2J\u{202e}b\r\n\0"), r"a\u001b[2J\u202eb\u000d\u000a\u0000");
        assert_eq!(visible("\u{e0041}"), r"\U000e0041");
        assert_eq!(visible("käse, 茶 and 🦀"), "käse, 茶 and 🦀");
        assert_eq!(markup("</script>\"'&"), "&lt;/script&gt;&quot;&#39;&amp;");
        assert_eq!(markdown("a|b `c` <d>"), r"a\|b \`c\` &lt;d&gt;");
        assert_eq!(markdown("@ann #1"), r"\@<!-- -->ann \#<!-- -->1");
        assert_eq!(markdown("http://a www.b"), "http:<!-- -->//a www.<!-- -->b");
        assert_eq!(markdown_code("a``b", false), "```a``b```");
        assert_eq!(markdown_code("`", false), "`` ` ``");
        assert_eq!(markdown_code("a|b", true), r"`a\|b`");
        assert_eq!(markdown_code(r"a\|b", true), r"a\\\|b");
        let mixed = |text| between_ticks(text, &markup, &|code| format!("({})", markup(code)));
        assert_eq!(mixed("a `b<` c"), "a (b&lt;) c");
        assert_eq!(mixed("a `b"), "a `b");
        assert_eq!(mixed("a ``b` ` c"), "a ``b` ` c");
        assert_eq!(path("/a b/{id}/ü"), "/a%20b/%7Bid%7D/%C3%BC");
    }

    #[test]
    fn lines_have_an_end() {
        assert_eq!(cut("abcdef", 6, true), "abcdef");
        assert_eq!(cut("abcdefg", 6, true), "abcde…");
        assert_eq!(cut("abcdefg", 6, false), "abc...");
        assert_eq!(wrapped("a bb ccc dddddd", 4), ["a bb", "ccc", "dddddd"]);
    }
}
