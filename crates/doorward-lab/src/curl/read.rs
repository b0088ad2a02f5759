//! Reading a curl line: the shell's quotes first, then curl's own options.

use crate::client::Call;
use std::fmt;
use thiserror::Error;
use url::Url;

/// Bytes of a line, at most.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// What is wrong with a line, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct CurlError {
    /// The byte at which it is wrong.
    pub at: usize,
    /// What.
    pub what: String,
    /// How to mend it.
    pub hint: &'static str,
}

impl fmt::Display for CurlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}; {}", self.at + 1, self.what, self.hint)
    }
}

/// A word of the line, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    at: usize,
    text: String,
}

fn wrong(at: usize, what: impl Into<String>, hint: &'static str) -> CurlError {
    CurlError { at, what: what.into(), hint }
}

/// Reads a line.
///
/// # Errors
/// Where it is wrong, what, and how to mend it.
pub fn read(line: &str) -> Result<Call, CurlError> {
    if line.len() > LINE_BYTES_MAX {
        return Err(wrong(LINE_BYTES_MAX, "the line is too long", "64 KiB are enough"));
    }
    let mut words = split(line)?.into_iter();
    match words.next() {
        Some(word) if word.text == "curl" => {}
        Some(word) => {
            let what = format!("`{}` is not curl", word.text);
            return Err(wrong(word.at, what, "begin the line with curl"));
        }
        None => return Err(wrong(0, "the line is empty", "try: curl http://…")),
    }
    let mut asked = Asked::default();
    while let Some(word) = words.next() {
        asked.word(&word, &mut words)?;
    }
    asked.call(line.len())
}

/// What was asked for, so far.
#[derive(Default)]
struct Asked {
    method: Option<String>,
    url: Option<Word>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    as_query: bool,
    head: bool,
    json: bool,
}

/// Options without a value that change nothing of what is sent.
const SILENT: &[&str] = &[
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-v",
    "--verbose",
    "-i",
    "--include",
    "-k",
    "--insecure",
    "--compressed",
    "-#",
    "--fail",
    "-f",
    "--http1.1",
    "-N",
    "--no-buffer",
];
/// Options with a value that change nothing of what is sent.
const SILENT_WITH_VALUE: &[&str] =
    &["-o", "--output", "-m", "--max-time", "--connect-timeout", "-w", "--write-out"];

impl Asked {
    fn word(
        &mut self,
        word: &Word,
        rest: &mut impl Iterator<Item = Word>,
    ) -> Result<(), CurlError> {
        let text = word.text.as_str();
        if !text.starts_with('-') || text == "-" {
            return self.address(word.clone());
        }
        // `--request=PUT` and `-XPUT` are spelled in one word too.
        let (name, value) = parted(word);
        let mut value = || match value.clone() {
            Some(value) => Ok(value),
            None => rest.next().ok_or_else(|| {
                wrong(word.at, format!("`{name}` needs a value"), "write it behind")
            }),
        };
        match name.as_str() {
            "-X" | "--request" => self.method = Some(value()?.text),
            "-H" | "--header" => self.header(&value()?)?,
            "-d" | "--data" | "--data-ascii" | "--data-raw" | "--data-binary" => {
                self.data(value()?, &name)?;
            }
            "--data-urlencode" => self.encoded(&value()?),
            "--json" => {
                self.json = true;
                self.data(value()?, "--data-binary")?;
            }
            "-b" | "--cookie" => self.headers.push(("Cookie".to_owned(), value()?.text)),
            "-A" | "--user-agent" => self.headers.push(("User-Agent".to_owned(), value()?.text)),
            "-e" | "--referer" => self.headers.push(("Referer".to_owned(), value()?.text)),
            "--url" => self.address(value()?)?,
            "-G" | "--get" => self.as_query = true,
            "-I" | "--head" => self.head = true,
            "-L" | "--location" => {
                let hint = "take it away: the lab follows no redirect";
                return Err(wrong(word.at, "redirects are not followed here", hint));
            }
            name if SILENT.contains(&name) => {}
            name if SILENT_WITH_VALUE.contains(&name) => drop(value()?),
            name => {
                let hint = "the desk knows -X, -H, -d, --data-raw, --json, -b, -A, -e, -G and -I";
                return Err(wrong(word.at, format!("`{name}` is not known here"), hint));
            }
        }
        Ok(())
    }

    fn address(&mut self, word: Word) -> Result<(), CurlError> {
        if self.url.is_some() {
            return Err(wrong(word.at, "a second address", "one line sends one request"));
        }
        self.url = Some(word);
        Ok(())
    }

    fn header(&mut self, word: &Word) -> Result<(), CurlError> {
        // A name with a semicolon is a header without a value, to curl.
        let (name, value) = match word.text.split_once(':') {
            Some((name, value)) => (name, value.trim()),
            None => match word.text.strip_suffix(';') {
                Some(name) => (name, ""),
                None => {
                    let what = format!("`{}` is no header", word.text);
                    return Err(wrong(word.at, what, "write -H 'Name: value'"));
                }
            },
        };
        self.headers.push((name.trim().to_owned(), value.to_owned()));
        Ok(())
    }

    fn data(&mut self, word: Word, name: &str) -> Result<(), CurlError> {
        if word.text.starts_with('@') && name != "--data-raw" {
            let hint = "write the body itself; the desk reads no files";
            return Err(wrong(word.at, "a body from a file", hint));
        }
        match &mut self.body {
            // curl joins several with an ampersand.
            Some(body) => {
                body.push(b'&');
                body.extend(word.text.into_bytes());
            }
            None => self.body = Some(word.text.into_bytes()),
        }
        Ok(())
    }

    fn encoded(&mut self, word: &Word) {
        let encode =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let text = match word.text.split_once('=') {
            Some(("", value)) => encode(value),
            Some((name, value)) => format!("{name}={}", encode(value)),
            None => encode(&word.text),
        };
        match &mut self.body {
            Some(body) => {
                body.push(b'&');
                body.extend(text.into_bytes());
            }
            None => self.body = Some(text.into_bytes()),
        }
    }

    fn call(mut self, end: usize) -> Result<Call, CurlError> {
        let Some(word) = self.url else {
            return Err(wrong(end, "there is no address", "write it at the end"));
        };
        let text = if word.text.contains("://") {
            word.text.clone()
        } else {
            format!("http://{}", word.text)
        };
        let mut url = Url::parse(&text).map_err(|error| {
            wrong(word.at, format!("`{}` is no address: {error}", word.text), "as in http://…")
        })?;
        if self.as_query
            && let Some(body) = self.body.take()
        {
            let query = String::from_utf8_lossy(&body).into_owned();
            let query = match url.query() {
                Some(own) => format!("{own}&{query}"),
                None => query,
            };
            url.set_query(Some(&query));
        }
        let implied = match (self.head, &self.body) {
            (true, _) => "HEAD",
            (false, Some(_)) => "POST",
            (false, None) => "GET",
        };
        let has = |headers: &[(String, String)], name: &str| {
            headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
        };
        let mut headers = Vec::new();
        let defaults = [
            ("User-Agent", "curl/8.14.1"),
            ("Accept", if self.json { "application/json" } else { "*/*" }),
        ];
        for (name, value) in defaults {
            if !has(&self.headers, name) {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        headers.append(&mut self.headers);
        if self.body.is_some() && !has(&headers, "content-type") {
            let kind =
                if self.json { "application/json" } else { "application/x-www-form-urlencoded" };
            headers.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        // An empty value takes a header away, as curl does it.
        headers.retain(|(_, value)| !value.is_empty());
        Ok(Call {
            method: self.method.unwrap_or_else(|| implied.to_owned()),
            url: url.to_string(),
            headers,
            body: self.body.unwrap_or_default(),
        })
    }
}

/// An option's name, and the value that is spelled in the same word.
fn parted(word: &Word) -> (String, Option<Word>) {
    let text = &word.text;
    if text.starts_with("--") {
        return match text.split_once('=') {
            Some((name, value)) => {
                let at = word.at + name.len() + 1;
                (name.to_owned(), Some(Word { at, text: value.to_owned() }))
            }
            None => (text.clone(), None),
        };
    }
    let takes = ["-X", "-H", "-d", "-b", "-A", "-e", "-o", "-m", "-w"];
    match text.get(..2).filter(|name| takes.contains(name) && text.len() > 2) {
        Some(name) => {
            let value = Word { at: word.at + 2, text: text[2..].to_owned() };
            (name.to_owned(), Some(value))
        }
        None => (text.clone(), None),
    }
}

/// Splits a line as a POSIX shell does, `$'…'` included.
fn split(line: &str) -> Result<Vec<Word>, CurlError> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut rest = line.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let own = |word: &mut Option<Word>| {
            word.get_or_insert_with(|| Word { at, text: String::new() });
        };
        match c {
            '\'' => {
                own(&mut word);
                quoted(&mut rest, at, '\'', &mut word)?;
            }
            '"' => {
                own(&mut word);
                quoted(&mut rest, at, '"', &mut word)?;
            }
            '$' if rest.peek().is_some_and(|(_, next)| *next == '\'') => {
                own(&mut word);
                rest.next();
                quoted(&mut rest, at, '$', &mut word)?;
            }
            '\\' => match rest.next() {
                // A backslash at a line's end joins it with the next one.
                Some((_, '\n')) | None => {}
                Some((_, '\r')) if rest.peek().is_some_and(|(_, next)| *next == '\n') => {
                    rest.next();
                }
                Some((_, c)) => {
                    own(&mut word);
                    push(&mut word, c);
                }
            },
            c if c.is_whitespace() => words.extend(word.take()),
            ';' | '|' | '&' | '<' | '>' | '`' => {
                let hint = "one curl line, and nothing else of a shell's";
                return Err(wrong(at, format!("`{c}` is the shell's"), hint));
            }
            c => {
                own(&mut word);
                push(&mut word, c);
            }
        }
    }
    words.extend(word);
    Ok(words)
}

fn push(word: &mut Option<Word>, c: char) {
    if let Some(word) = word {
        word.text.push(c);
    }
}

/// Reads up to the closing quote.
fn quoted(
    rest: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    at: usize,
    kind: char,
    word: &mut Option<Word>,
) -> Result<(), CurlError> {
    let end = if kind == '"' { '"' } else { '\'' };
    while let Some((_, c)) = rest.next() {
        match c {
            c if c == end => return Ok(()),
            '\\' if kind == '"' => match rest.next() {
                Some((_, c @ ('"' | '\\' | '$' | '`'))) => push(word, c),
                Some((_, '\n')) => {}
                Some((_, c)) => {
                    push(word, '\\');
                    push(word, c);
                }
                None => break,
            },
            '\\' if kind == '$' => match rest.next() {
                Some((_, 'n')) => push(word, '\n'),
                Some((_, 'r')) => push(word, '\r'),
                Some((_, 't')) => push(word, '\t'),
                Some((_, 'u')) => {
                    let digits: String =
                        (0..4).filter_map(|_| rest.next().map(|(_, c)| c)).collect();
                    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    push(word, code.unwrap_or('\u{fffd}'));
                }
                Some((_, c)) => push(word, c),
                None => break,
            },
            c => push(word, c),
        }
    }
    Err(wrong(at, "a quote is not closed", "close it, or write it as \\' outside of quotes"))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::client::Call;
    use crate::curl::{Form, copied, written};

    fn own(call: &Call) -> String {
        let is_own = |name: &str, value: &str| {
            (name == "User-Agent" && value.starts_with("curl/"))
                || (name == "Accept" && value == "*/*")
        };
        let headers = call.headers.iter().filter(|(name, value)| !is_own(name, value));
        let headers: Vec<String> =
            headers.map(|(name, value)| format!("{name}: {value}")).collect();
        let body = String::from_utf8_lossy(&call.body);
        format!("{} {} [{}] {body}", call.method, call.url, headers.join("; "))
    }

    #[test]
    fn lines() {
        const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
        const JSON: &str = "application/json";
        let rows = [
            ("curl http://a.localhost:1/b", "GET http://a.localhost:1/b [] ".to_owned()),
            ("curl a.localhost:1", "GET http://a.localhost:1/ [] ".to_owned()),
            ("curl -X DELETE 'http://a.localhost/'", "DELETE http://a.localhost/ [] ".to_owned()),
            ("curl -XPUT http://a.localhost/", "PUT http://a.localhost/ [] ".to_owned()),
            ("curl --request=PUT http://a.localhost/", "PUT http://a.localhost/ [] ".to_owned()),
            (
                "curl -H 'Origin: http://b' -H \"X: \\\"1\\\"\" http://a.localhost/",
                "GET http://a.localhost/ [Origin: http://b; X: \"1\"] ".to_owned(),
            ),
            (
                "curl -d a=1 -d 'b=2 3' http://a.localhost/",
                format!("POST http://a.localhost/ [{FORM}] a=1&b=2 3"),
            ),
            (
                "curl --data-urlencode 'a=1 2' http://a.localhost/",
                format!("POST http://a.localhost/ [{FORM}] a=1+2"),
            ),
            (
                "curl -G -d a=1 'http://a.localhost/?b'",
                "GET http://a.localhost/?b&a=1 [] ".to_owned(),
            ),
            (
                "curl --json '{}' http://a.localhost/",
                format!("POST http://a.localhost/ [Accept: {JSON}; Content-Type: {JSON}] {{}}"),
            ),
            ("curl -I http://a.localhost/", "HEAD http://a.localhost/ [] ".to_owned()),
            (
                "curl \\\n  --data-raw $'it\\'s\\n' \\\n  http://a.localhost/ --compressed -s",
                format!("POST http://a.localhost/ [{FORM}] it's\n"),
            ),
            (
                "curl -b 'session=1' -A me -e http://x/ http://a.localhost/",
                "GET http://a.localhost/ [Cookie: session=1; User-Agent: me; Referer: http://x/] "
                    .to_owned(),
            ),
        ];
        for (line, want) in rows {
            assert_eq!(read(line).map(|call| own(&call)), Ok(want), "{line}");
        }
    }

    #[test]
    fn bad_lines_say_where_and_how_to_mend_them() {
        let rows = [
            ("", 0, "empty"),
            ("wget http://a.localhost", 0, "not curl"),
            ("curl", 4, "no address"),
            ("curl 'http://a.localhost", 5, "not closed"),
            ("curl -L http://a.localhost", 5, "redirects"),
            ("curl --proxy x http://a.localhost", 5, "not known"),
            ("curl http://a.localhost -H", 24, "needs a value"),
            ("curl http://a.localhost -H nothing", 27, "no header"),
            ("curl http://a.localhost http://b.localhost", 24, "second address"),
            ("curl http://a.localhost; rm -rf /", 23, "the shell's"),
            ("curl http://a.localhost | sh", 24, "the shell's"),
            ("curl -d @/etc/passwd http://a.localhost", 8, "from a file"),
            ("curl http://", 5, "no address"),
        ];
        for (line, at, what) in rows {
            let error = read(line).expect_err(line);
            assert_eq!(error.at, at, "{line}: {error}");
            assert!(error.what.contains(what), "{line}: {error}");
            assert!(!error.hint.is_empty());
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let call = Call {
            method: "PUT".to_owned(),
            url: "http://a.localhost:1/x?y=1".to_owned(),
            headers: vec![("Origin".to_owned(), "http://it's".to_owned())],
            body: b"{\"a\": 'b'}".to_vec(),
        };
        let again = read(&written(&call)).expect("a line");
        assert_eq!((again.method, again.url), (call.method.clone(), call.url.clone()));
        assert_eq!(again.body, call.body);
        assert!(again.headers.contains(&call.headers[0]));
        for form in [Form::Python, Form::Node, Form::Httpie] {
            let text = copied(&call, form);
            assert!(text.contains("http://a.localhost:1/x?y=1"), "{text}");
        }
    }
}
