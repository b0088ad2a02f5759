//! Reads a line of curl: as a person types it, and as browsers write it by "Copy as cURL", for bash
//! and for Windows' `cmd`. Files that it names are not opened.

mod options;

use super::shell::{Word, words};
use super::{Asked, Parted, Unreadable, note, parted, shown, take_user, too_long};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward_browser::{Body, Credentials, Headers, Mode, Request, Target, Way};
use options::{Does, Flag, Value, letter, long};
use url::Url;
use url::form_urlencoded::byte_serialize;

/// Reads a line.
///
/// # Errors
/// Where it is wrong, what, and how to mend it.
pub fn read(line: &str) -> Result<Asked, Unreadable> {
    too_long(line)?;
    let mut words = words(line.trim_end())?.into_iter();
    let begin = "begin the line with curl";
    match words.next() {
        Some(word) if is_curl(&word.text()) => {}
        Some(word) => {
            let what = format!("`{}` is not curl", shown(&word.text()));
            return Err(Unreadable::at(line, word.at, what, begin));
        }
        None => return Err(Unreadable::at(line, 0, "the line is empty", begin)),
    }
    let mut typed = Typed { line, ..Typed::default() };
    let mut only_addresses = false;
    while let Some(word) = words.next() {
        let text = word.text();
        if only_addresses || text == "-" || !text.starts_with('-') {
            typed.address(word)?;
        } else if text == "--" {
            only_addresses = true;
        } else if text.starts_with("--") {
            typed.long(&word, &mut words)?;
        } else {
            typed.short(&word, &mut words)?;
        }
    }
    typed.asked()
}

fn is_curl(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
    matches!(name, "curl" | "curl.exe")
}

/// What was typed, so far.
#[derive(Default)]
struct Typed<'l> {
    line: &'l str,
    method: Option<String>,
    url: Option<Word>,
    headers: Headers,
    /// Names that are taken away again, in lower case.
    removed: Vec<String>,
    body: Option<Vec<u8>>,
    fields: Vec<(String, String)>,
    cookie: Vec<String>,
    user: Option<String>,
    as_query: bool,
    is_head: bool,
    is_json: bool,
    notes: Vec<String>,
}

impl Typed<'_> {
    fn no(&self, at: usize, what: impl Into<String>, mend: &'static str) -> Unreadable {
        Unreadable::at(self.line, at, what, mend)
    }

    fn unknown(&self, at: usize, name: &str) -> Unreadable {
        let what = format!("the option `{}` is not known here", shown(name));
        self.no(at, what, "take it away: what is sent must be clear from the line")
    }

    fn long(
        &mut self,
        word: &Word,
        rest: &mut impl Iterator<Item = Word>,
    ) -> Result<(), Unreadable> {
        let text = word.text();
        let does = long(&text[2..]).ok_or_else(|| self.unknown(word.at, &text))?;
        self.apply(does, (&text, word.at), None, rest)
    }

    /// `-sSX POST`, `-XPOST`: letters in one word; the first with a value takes what is left of it.
    fn short(
        &mut self,
        word: &Word,
        rest: &mut impl Iterator<Item = Word>,
    ) -> Result<(), Unreadable> {
        let text = word.text();
        for (at, c) in text.char_indices().skip(1) {
            let name = format!("-{c}");
            let does = letter(c).and_then(long);
            let does = does.ok_or_else(|| self.unknown(word.at, &name))?;
            let takes = matches!(does, Does::Value(_) | Does::NothingWithValue);
            // Letters of options are ASCII, so the text's bytes are the word's up to here.
            let own = word.bytes.get(at + 1..).filter(|own| takes && !own.is_empty());
            let own = own.map(|own| Word { at: word.at + at + 1, bytes: own.to_vec() });
            self.apply(does, (&name, word.at), own, rest)?;
            if takes {
                return Ok(());
            }
        }
        Ok(())
    }

    fn apply(
        &mut self,
        does: Does,
        (name, at): (&str, usize),
        own: Option<Word>,
        rest: &mut impl Iterator<Item = Word>,
    ) -> Result<(), Unreadable> {
        let mut value = || {
            own.clone().or_else(|| rest.next()).ok_or_else(|| {
                let what = format!("`{}` has no value", shown(name));
                Unreadable::at(self.line, at, what, "write its value behind it")
            })
        };
        match does {
            Does::Nothing => Ok(()),
            Does::NothingWithValue => value().map(drop),
            Does::Flag(Flag::AsQuery) => {
                self.as_query = true;
                Ok(())
            }
            Does::Flag(Flag::Head) => {
                self.is_head = true;
                Ok(())
            }
            Does::Flag(Flag::OtherSignIn) => {
                note(&mut self.notes, format!("`{name}` is left out: it needs a conversation"));
                Ok(())
            }
            Does::Value(what) => {
                let value = value()?;
                self.value(what, value)
            }
        }
    }

    fn value(&mut self, what: Value, word: Word) -> Result<(), Unreadable> {
        let text = word.text();
        match what {
            Value::Method => self.method = Some(text),
            Value::Header => self.header(&word, &text)?,
            Value::Text => self.text(word, &text)?,
            Value::RawText => self.append(word.bytes),
            Value::Encoded => self.encoded(&word, &text)?,
            Value::Json => {
                self.is_json = true;
                self.text(word, &text)?;
            }
            Value::Field => self.field(&word, &text)?,
            Value::FieldText => {
                let (name, value) = text.split_once('=').unwrap_or((&text, ""));
                self.fields.push((name.to_owned(), value.to_owned()));
            }
            // Without an equals sign it is the name of a file, to curl.
            Value::Cookie if !text.contains('=') => {
                note(&mut self.notes, "a file of cookies is left out: no file is opened");
            }
            Value::Cookie => self.cookie.push(text),
            Value::User => self.user = Some(text),
            Value::Bearer => self.headers.append("Authorization", format!("Bearer {text}")),
            Value::Agent => self.headers.append("User-Agent", text),
            Value::Referer => self.headers.append("Referer", text),
            Value::Range => self.headers.append("Range", format!("bytes={text}")),
            Value::Address => self.address(word)?,
            Value::Query => {
                self.as_query = true;
                self.encoded(&word, &text)?;
            }
        }
        Ok(())
    }

    fn address(&mut self, word: Word) -> Result<(), Unreadable> {
        if self.url.is_some() {
            let mend = "one line is one request: put the address in quotes";
            return Err(self.no(word.at, "this is a second address", mend));
        }
        self.url = Some(word);
        Ok(())
    }

    fn header(&mut self, word: &Word, text: &str) -> Result<(), Unreadable> {
        if text.starts_with('@') {
            let mend = "write each header as -H 'Name: value'";
            return Err(self.no(word.at, "headers from a file are not read", mend));
        }
        match text.split_once(':') {
            // `Name:` takes a header of curl's own away.
            Some((name, value)) if value.trim().is_empty() => {
                self.removed.push(name.trim().to_ascii_lowercase());
            }
            Some((name, value)) => {
                self.headers.append(name.trim(), value.trim_matches([' ', '\t']));
            }
            // `Name;` is one without a value.
            None => match text.trim_end().strip_suffix(';') {
                Some(name) => self.headers.append(name.trim(), ""),
                None => {
                    let what = format!("`{}` is no header", shown(text));
                    return Err(self.no(word.at, what, "write it as -H 'Name: value'"));
                }
            },
        }
        Ok(())
    }

    fn text(&mut self, word: Word, text: &str) -> Result<(), Unreadable> {
        if text.starts_with('@') {
            let mend = "write the body itself into the line";
            return Err(self.no(word.at, "a body from a file is not read", mend));
        }
        self.append(word.bytes);
        Ok(())
    }

    /// Several bodies are one, with ampersands between; several of JSON follow each other.
    fn append(&mut self, bytes: Vec<u8>) {
        match &mut self.body {
            Some(body) => {
                if !self.is_json {
                    body.push(b'&');
                }
                body.extend(bytes);
            }
            None => self.body = Some(bytes),
        }
    }

    fn encoded(&mut self, word: &Word, text: &str) -> Result<(), Unreadable> {
        let encode = |value: &str| byte_serialize(value.as_bytes()).collect::<String>();
        let text = match text.split_once('=') {
            Some(("", value)) => encode(value),
            Some((name, value)) => format!("{name}={}", encode(value)),
            None if text.contains('@') => {
                let mend = "write the value itself into the line";
                return Err(self.no(word.at, "a value from a file is not read", mend));
            }
            None => encode(text),
        };
        self.append(text.into_bytes());
        Ok(())
    }

    fn field(&mut self, word: &Word, text: &str) -> Result<(), Unreadable> {
        let Some((name, value)) = text.split_once('=') else {
            let what = format!("`{}` is no field", shown(text));
            return Err(self.no(word.at, what, "write it as -F 'name=value'"));
        };
        let is_file = value.starts_with(['@', '<']);
        if is_file {
            let named = shown(name);
            note(&mut self.notes, format!("the field `{named}` is sent empty: no file is opened"));
        }
        // `;type=` and the like tell of the part, unless the value is in quotes.
        let plain = value.split(";type=").next().unwrap_or_default();
        let value = if is_file { "" } else { plain };
        self.fields.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    fn asked(mut self) -> Result<Asked, Unreadable> {
        let Some(word) = self.url.take() else {
            let mend = "write it behind, as in curl http://localhost:3000/";
            return Err(self.no(self.line.len(), "there is no address", mend));
        };
        let mut url = self.whole(&word)?;
        if let Some((name, password)) = take_user(&mut url)
            && self.user.is_none()
        {
            self.user = Some(format!("{name}:{password}"));
        }
        if let Some(user) = self.user.take()
            && !self.headers.has("authorization")
        {
            self.headers.append("Authorization", format!("Basic {}", STANDARD.encode(user)));
        }
        if self.as_query
            && let Some(body) = self.body.take()
        {
            let more = String::from_utf8_lossy(&body).into_owned();
            let query = url.query().map_or_else(|| more.clone(), |own| format!("{own}&{more}"));
            url.set_query(Some(&query));
        }
        let method = self.method();
        let body = self.body();
        let Parted { own, origin, cookie, mode } = parted(&self.headers);
        let mut cookies = std::mem::take(&mut self.cookie);
        cookies.extend((!cookie.is_empty()).then_some(cookie));
        let mut request = Request::fetch(url);
        (request.mode, request.way) = match mode.as_str() {
            "no-cors" => (Mode::NoCors, Way::Fetch),
            "same-origin" => (Mode::SameOrigin, Way::Fetch),
            "navigate" if method == "POST" => (Mode::Navigate, Way::Form(Target::Top)),
            "navigate" => (Mode::Navigate, Way::Link(Target::Top)),
            _ => (Mode::Cors, Way::Fetch),
        };
        if !cookies.is_empty() {
            request.credentials = Credentials::Include;
        }
        request.headers =
            own.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("user-agent")).collect();
        (request.method, request.body) = (method, body);
        Ok(Asked { request, origin, cookie: cookies.join("; "), notes: self.notes })
    }

    fn whole(&self, word: &Word) -> Result<Url, Unreadable> {
        let text = word.text();
        // curl guesses the scheme as well.
        let whole = if text.contains("://") { text.clone() } else { format!("http://{text}") };
        let no = |why: String| {
            let what = format!("`{}` is no address: {why}", shown(&text));
            self.no(word.at, what, "write it as in http://localhost:3000/")
        };
        let url = Url::parse(&whole).map_err(|error| no(error.to_string()))?;
        match url.scheme() {
            "http" | "https" => Ok(url),
            other => Err(no(format!("it is {other}, not http"))),
        }
    }

    fn method(&self) -> String {
        let has_body = self.body.is_some() || !self.fields.is_empty();
        let implied = match (self.is_head, has_body) {
            (true, _) => "HEAD",
            (false, true) => "POST",
            (false, false) => "GET",
        };
        self.method.clone().unwrap_or_else(|| implied.to_owned())
    }

    /// The body, and the headers that curl adds for it.
    fn body(&mut self) -> Body {
        if !self.fields.is_empty() {
            return Body::Multipart(std::mem::take(&mut self.fields));
        }
        let Some(body) = self.body.take() else { return Body::Empty };
        let form = "application/x-www-form-urlencoded";
        let kind = if self.is_json { "application/json" } else { form };
        let is_removed = |name: &str| self.removed.iter().any(|own| own == name);
        if !self.headers.has("content-type") && !is_removed("content-type") {
            self.headers.append("Content-Type", kind);
        }
        if self.is_json && !self.headers.has("accept") && !is_removed("accept") {
            self.headers.append("Accept", kind);
        }
        // curl adds no type that the line took away, and neither does a script that sends bytes.
        if is_removed("content-type") {
            return Body::Bytes(body);
        }
        match String::from_utf8(body) {
            Ok(text) => Body::Text(text),
            Err(error) => Body::Bytes(error.into_bytes()),
        }
    }
}

#[cfg(test)]
mod tests;
