//! Markup that every parser reads alike: whole tags, well nested.
//!
//! Two places of a page are read by other rules than the rest: what is drawn by `<svg>` and
//! `<math>`, and what `<noscript>` shows where no script runs. Whoever leads a parser out of them
//! by a stray tag has it read the rest of the page otherwise than a browser does. So what stands in
//! them must be plain, or the rest of the page gets no token.

/// Elements that are open at once.
const DEPTH_MAX: usize = 64;

/// Elements without an end tag (HTML 13.1.2).
const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];

/// What has a part in forms, or is read by rules of its own.
const APART: [&str; 20] = [
    "form",
    "base",
    "select",
    "template",
    "svg",
    "math",
    "textarea",
    "xmp",
    "noembed",
    "noframes",
    "noscript",
    "plaintext",
    "frameset",
    "input",
    "button",
    "html",
    "head",
    "body",
    "title",
    "table",
];

/// What leads out of a drawing (HTML 13.2.6.5), or to HTML within it.
const OUT_OF_DRAWINGS: [&str; 45] = [
    "b",
    "big",
    "blockquote",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "li",
    "listing",
    "menu",
    "meta",
    "nobr",
    "ol",
    "p",
    "pre",
    "ruby",
    "s",
    "small",
    "span",
    "strong",
    "strike",
    "sub",
    "sup",
    "tt",
    "u",
    "ul",
    "var",
    "font",
    "foreignobject",
    "annotation-xml",
    "iframe",
];

/// In these HTML begins again, or no tag is one: nothing but text stands in them.
const TEXT_ALONE: [&str; 10] =
    ["title", "desc", "style", "script", "iframe", "mi", "mo", "mn", "ms", "mtext"];

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// `<svg>` or `<math>`.
    Drawing,
    /// `<noscript>`.
    Noscript,
}

/// Whether everything between a start tag and its end tag is plain.
pub(super) fn is_plain(mut rest: &[u8], within: Within) -> bool {
    let mut open: Vec<String> = Vec::new();
    loop {
        let Some(at) = rest.iter().position(|byte| *byte == b'<') else {
            return open.is_empty();
        };
        if let Some(after) = comment(&rest[at..]) {
            rest = &rest[at + after..];
            continue;
        }
        let Some(tag) = Tag::read(&rest[at..]) else { return false };
        rest = &rest[at + tag.bytes..];
        if tag.is_end {
            if open.pop() != Some(tag.name) {
                return false;
            }
            continue;
        }
        let is_in_text = open.last().is_some_and(|name| TEXT_ALONE.contains(&&**name));
        if is_in_text || within.bars(&tag.name) || open.len() >= DEPTH_MAX {
            return false;
        }
        if !within.ends_at_once(&tag) {
            open.push(tag.name);
        }
    }
}

impl Within {
    fn bars(self, name: &str) -> bool {
        match self {
            // A title of a drawing is its own.
            Self::Drawing => {
                (APART.contains(&name) && name != "title") || OUT_OF_DRAWINGS.contains(&name)
            }
            Self::Noscript => APART.contains(&name) || name == "script",
        }
    }

    fn ends_at_once(self, tag: &Tag) -> bool {
        match self {
            Self::Drawing => tag.is_closed,
            Self::Noscript => VOID.contains(&&*tag.name),
        }
    }
}

/// A tag as everybody writes it.
struct Tag {
    /// In lower case.
    name: String,
    is_end: bool,
    is_closed: bool,
    bytes: usize,
}

impl Tag {
    fn read(text: &[u8]) -> Option<Self> {
        let mut at = 1;
        let is_end = text.get(at) == Some(&b'/');
        at += usize::from(is_end);
        let name = word(text.get(at..)?);
        if !name.first()?.is_ascii_alphabetic() {
            return None;
        }
        at += name.len();
        let name = String::from_utf8(name.to_ascii_lowercase()).ok()?;
        loop {
            let blank = text.get(at..)?.iter().take_while(|byte| byte.is_ascii_whitespace());
            let blank = blank.count();
            at += blank;
            match text.get(at)? {
                b'>' => return Some(Self { name, is_end, is_closed: false, bytes: at + 1 }),
                b'/' if text.get(at + 1) == Some(&b'>') && !is_end => {
                    return Some(Self { name, is_end, is_closed: true, bytes: at + 2 });
                }
                _ if blank == 0 || is_end => return None,
                _ => at += attribute(text.get(at..)?)?,
            }
        }
    }
}

/// The length of a comment that ends where everybody sees it end.
fn comment(text: &[u8]) -> Option<usize> {
    let inner = text.strip_prefix(b"<!--")?;
    let length = inner.windows(2).position(|pair| pair == b"--")?;
    let is_sure = inner.get(length + 2) == Some(&b'>') && !b">-".contains(inner.first()?);
    is_sure.then_some(length + "<!---->".len())
}

/// The length of an attribute.
fn attribute(text: &[u8]) -> Option<usize> {
    let name = word(text).len();
    if name == 0 {
        return None;
    }
    if text.get(name) != Some(&b'=') {
        return Some(name);
    }
    let value = text.get(name + 1..)?;
    let length = match value.first()? {
        quote @ (b'"' | b'\'') => value[1..].iter().position(|byte| byte == quote)? + 2,
        _ => {
            let is_part = |byte: &&u8| !byte.is_ascii_whitespace() && !b"\"'<>=`".contains(byte);
            let bare = value.iter().take_while(is_part).count();
            // In `a=b/>` the slash is the value's.
            if value[..bare].last() == Some(&b'/') { 0 } else { bare }
        }
    };
    (length > 0).then_some(name + 1 + length)
}

fn word(text: &[u8]) -> &[u8] {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_:.@".contains(byte);
    let length = text.iter().take_while(|byte| is_part(byte)).count();
    &text[..length]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(within: Within, text: &str, want: bool) {
        assert_eq!(is_plain(text.as_bytes(), within), want, "{within:?}: {text}");
    }

    #[test]
    fn a_drawing_is_plain_where_nothing_leads_out_of_it() {
        for (text, want) in [
            ("", true),
            ("text", true),
            ("<path d=\"M0 0L10 10\"/>", true),
            ("<title>Cart</title><g fill='red'><path d=\"a>b\" /></g>", true),
            ("<use xlink:href=\"#a\"></use>", true),
            ("<linearGradient id=a></LinearGradient>", true),
            ("<path>", false),
            ("</g>", false),
            ("<g></svg></g>", false),
            ("<g></p></g>", false),
            ("<g><path></g></path>", false),
            ("<p>", false),
            ("<div></div>", false),
            ("<svg></svg>", false),
            ("<form></form>", false),
            ("<style>.a>b{}</style>", true),
            ("<style><!--</style><g></g>", false),
            ("<script>a()</script>", true),
            ("<script><g></g></script>", false),
            ("<foreignObject></foreignObject>", false),
            ("<title><g></g></title>", false),
            ("<desc><b></b></desc>", false),
            ("<!-- a --><g></g><!-- -->", true),
            ("<!--><g></g>-->", false),
            ("<!-- a --!><g></g>-->", false),
            ("<!-- a", false),
            ("<![CDATA[><form>]]>", false),
            ("<?a?>", false),
            ("<g a=\"></g>", false),
            ("<g a='b'c></g>", false),
            ("<g a=b/>", false),
            ("<g a=/b />", true),
            ("<g / a></g>", false),
            ("</g a>", false),
            ("<", false),
            ("a < b", false),
        ] {
            check(Within::Drawing, text, want);
        }
        check(Within::Drawing, &"<g>".repeat(200), false);
        let deep = "<g>".repeat(100) + &"</g>".repeat(100);
        check(Within::Drawing, &deep, false);
    }

    #[test]
    fn what_noscript_shows_has_no_part_in_forms_and_ends_in_it() {
        for (text, want) in [
            ("Please switch scripts on.", true),
            ("<img height=\"1\" src=\"https://t.test/?a&b\" />", true),
            ("<iframe src=\"https://t.test/\"></iframe>", true),
            ("<style>.a{display:none}</style>", true),
            ("<p>This needs <a href=/js>scripts</a>.<br>Sorry.</p>", true),
            ("<link rel=stylesheet href=\"/a.css\">", true),
            ("<iframe>", false),
            ("<style>", false),
            ("<p>open", false),
            ("<form action=/x></form>", false),
            ("<base href=/>", false),
            ("<input>", false),
            ("<textarea></textarea>", false),
            ("<script></script>", false),
            ("<style><b></b></style>", false),
            ("<img alt=\"", false),
            ("<img src=a\"b>", false),
            ("<!--", false),
            ("</form>", false),
        ] {
            check(Within::Noscript, text, want);
        }
    }
}
