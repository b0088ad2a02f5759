//! Reads a `fetch` call: as browsers write it by "Copy as fetch", and as people write it. It is
//! never evaluated; what is no literal is noted with its place, and stood in for where that does
//! not change what a browser would do.

use super::literal::{Member, Reader, STAND_IN, UNKNOWN, Value};
use super::{Asked, Unreadable, note, note_at, parted, shown, take_user, too_long};
use doorward_browser::{Body, Credentials, Headers, Mode, Origin, Redirect, Request, Target, Way};
use url::Url;
use url::form_urlencoded::Serializer;

/// Reads the first call of a text. `page` is where it is made: an address may be relative to it.
///
/// # Errors
/// Where it cannot be read, why, and how to mend it.
pub fn read(text: &str, page: Option<&Url>) -> Result<Asked, Unreadable> {
    too_long(text)?;
    let mut reader = Reader::new(text);
    find(&mut reader)?;
    let values = reader.list(')')?;
    let mut call = Call { text, page, asked: None, notes: std::mem::take(&mut reader.notes) };
    let more = text.get(reader.at..).unwrap_or_default();
    if more.contains("fetch(") {
        note(&mut call.notes, "only the first call is read");
    }
    let mut values = values.into_iter();
    let first = values.next().unwrap_or(Value::Undefined);
    let options = values.next();
    call.first(first)?;
    match options {
        None | Some(Value::Undefined | Value::Null) => {}
        Some(Value::Object(members)) => call.options(members)?,
        Some(_) => note(&mut call.notes, "the options are no literal: they are left out"),
    }
    call.done()
}

/// Steps to the bracket behind the first `fetch`.
fn find(reader: &mut Reader<'_>) -> Result<(), Unreadable> {
    loop {
        reader.skip_space();
        let name = reader.name();
        if name.is_empty() {
            if reader.peek().is_none() {
                let mend = "paste the call itself, as in fetch(\"https://…\", { … })";
                return Err(reader.no(0, "there is no call of `fetch` in it", mend));
            }
            reader.step();
            continue;
        }
        if name.rsplit('.').next() == Some("fetch") {
            reader.skip_space();
            if reader.peek() == Some('(') {
                return Ok(());
            }
        }
    }
}

struct Call<'t> {
    text: &'t str,
    page: Option<&'t Url>,
    asked: Option<Asked>,
    notes: Vec<String>,
}

impl Call<'_> {
    fn no(&self, at: usize, what: impl Into<String>, mend: &'static str) -> Unreadable {
        Unreadable::at(self.text, at, what, mend)
    }

    fn note_at(&mut self, at: usize, what: &str) {
        note_at(&mut self.notes, self.text, at, what);
    }

    /// The address, or a `Request` that has it.
    fn first(&mut self, value: Value) -> Result<(), Unreadable> {
        if let Value::Made(name, values) = &value
            && name == "Request"
        {
            let mut values = values.iter().cloned();
            self.first(values.next().unwrap_or(Value::Undefined))?;
            if let Some(Value::Object(members)) = values.next() {
                self.options(members)?;
            }
            return Ok(());
        }
        let mut url = self.address(&value)?;
        // Fetch 5.4, 4: an address with a name and a password in it is a TypeError.
        let had_user = take_user(&mut url).is_some();
        if had_user {
            note(&mut self.notes, "fetch throws where the address has a name and a password in it");
        }
        let request = Request::fetch(url);
        let (origin, cookie, notes) = (None, String::new(), Vec::new());
        self.asked = Some(Asked { request, origin, cookie, notes });
        Ok(())
    }

    fn address(&self, value: &Value) -> Result<Url, Unreadable> {
        let at = self.text.find("fetch").unwrap_or(0);
        let (text, base) = match value {
            Value::Made(name, values) if name == "URL" => {
                (values.first().and_then(raw), values.get(1).and_then(Value::as_text))
            }
            value => (raw(value), None),
        };
        let mend = "write the address itself into the call, as in fetch(\"https://…\")";
        let text = text.ok_or_else(|| self.no(at, "the address is no literal", mend))?;
        // Which host it is must be clear; a part of the path may be anything.
        let host = text.find("//").map_or(0, |at| at + 2);
        let end = text[host..].find(['/', '?', '#']).map_or(text.len(), |end| host + end);
        let is_path = text.starts_with('/') && !text.starts_with("//");
        if !is_path && text[..end].contains(UNKNOWN) {
            return Err(self.no(at, "the address's host is no literal", mend));
        }
        let text = text.replace(UNKNOWN, STAND_IN);
        let base = base.and_then(|base| Url::parse(&base).ok());
        let base = base.as_ref().or(self.page);
        let no = |why: &dyn std::fmt::Display| {
            self.no(at, format!("`{}` is no address: {why}", shown(&text)), mend)
        };
        match Url::options().base_url(base).parse(&text) {
            Ok(url) => Ok(url),
            Err(error @ url::ParseError::RelativeUrlWithoutBase) => {
                let what = format!("`{}` is no address: {error}", shown(&text));
                Err(self.no(at, what, "say where the page is with --from, or write it whole"))
            }
            Err(error) => Err(no(&error)),
        }
    }

    fn options(&mut self, members: Vec<Member>) -> Result<(), Unreadable> {
        for Member { name, at, value } in members {
            match (name.as_str(), value.as_text()) {
                ("method", Some(text)) => self.set(|request| request.method = text),
                ("method", None) => {
                    let mend = "write the method itself into the call";
                    return Err(self.no(at, "the method is no literal", mend));
                }
                ("headers", _) => self.headers(at, value),
                ("body", _) => self.body(at, &value),
                ("mode", Some(text)) => self.mode(at, &text)?,
                ("credentials", Some(text)) => self.credentials(at, &text)?,
                ("referrer", Some(text)) => self.referrer(&text),
                ("mode" | "credentials" | "referrer", None) => {
                    self.note_at(at, &format!("`{name}` is left out: it is no literal"));
                }
                ("redirect", Some(text)) => self.redirect(at, &text)?,
                ("keepalive", _) => {
                    self.set(|request| request.options.keepalive = value == Value::True);
                }
                (known, _) if KNOWN.contains(&known) => {}
                (other, _) => {
                    let (other, near) = (shown(other), near(other));
                    let near = near.map_or(String::new(), |near| format!("; it has `{near}`"));
                    self.note_at(at, &format!("fetch has no option `{other}`{near}"));
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, change: impl FnOnce(&mut Request)) {
        if let Some(asked) = &mut self.asked {
            change(&mut asked.request);
        }
    }

    fn mode(&mut self, at: usize, text: &str) -> Result<(), Unreadable> {
        let (mode, way) = match text {
            "cors" => (Mode::Cors, Way::Fetch),
            "no-cors" => (Mode::NoCors, Way::Fetch),
            "same-origin" => (Mode::SameOrigin, Way::Fetch),
            "navigate" => {
                self.note_at(at, "no script can ask for a navigation: it is read as a link");
                (Mode::Navigate, Way::Link(Target::Top))
            }
            other => {
                let what = format!("`{}` is no mode: fetch throws", shown(other));
                return Err(self.no(at, what, "use cors, no-cors or same-origin"));
            }
        };
        self.set(|request| (request.mode, request.way) = (mode, way));
        Ok(())
    }

    fn credentials(&mut self, at: usize, text: &str) -> Result<(), Unreadable> {
        let credentials = match text {
            "omit" => Credentials::Omit,
            "same-origin" => Credentials::SameOrigin,
            "include" => Credentials::Include,
            other => {
                let what = format!("`{}` says nothing of credentials: fetch throws", shown(other));
                return Err(self.no(at, what, "use omit, same-origin or include"));
            }
        };
        self.set(|request| request.credentials = credentials);
        Ok(())
    }

    fn redirect(&mut self, at: usize, text: &str) -> Result<(), Unreadable> {
        let redirect = match text {
            "follow" => Redirect::Follow,
            "error" => Redirect::Error,
            "manual" => Redirect::Manual,
            other => {
                let what = format!("`{}` says nothing of redirects: fetch throws", shown(other));
                return Err(self.no(at, what, "use follow, error or manual"));
            }
        };
        self.set(|request| request.options.redirect = redirect);
        Ok(())
    }

    /// Copied calls name the page here.
    fn referrer(&mut self, text: &str) {
        let origin = Url::parse(text).map(|url| Origin::of(&url).to_string());
        if let (Some(asked), Ok(origin)) = (&mut self.asked, origin) {
            asked.origin = Some(origin);
        }
    }

    fn headers(&mut self, at: usize, value: Value) {
        let pairs: Option<Vec<(Option<String>, Value)>> = match value {
            Value::Made(name, values) if name == "Headers" => {
                let inner = values.into_iter().next().unwrap_or(Value::Undefined);
                return self.headers(at, inner);
            }
            Value::Object(members) => {
                Some(members.into_iter().map(|one| (Some(one.name), one.value)).collect())
            }
            Value::Array(rows) => rows
                .into_iter()
                .map(|row| match row {
                    Value::Array(mut pair) if pair.len() == 2 => {
                        let value = pair.pop()?;
                        Some((pair.pop()?.as_text(), value))
                    }
                    _ => None,
                })
                .collect(),
            Value::Undefined | Value::Null => Some(Vec::new()),
            _ => None,
        };
        let Some(pairs) = pairs else {
            return self.note_at(at, "the headers are left out: they are no literal");
        };
        let mut said = Headers::new();
        for (name, value) in pairs {
            let Some(name) = name else {
                self.note_at(at, "a header is left out: its name is no literal");
                continue;
            };
            let value = value.as_text().unwrap_or_else(|| STAND_IN.to_owned());
            // Fetch 2.2.2, normalise: white space at the ends is not part of a value.
            said.append(name, value.trim_matches([' ', '\t', '\r', '\n']));
        }
        let Some(asked) = &mut self.asked else { return };
        let parted = parted(&said);
        // What a person wrote stands: browsers drop it without a word, and that is told.
        let is_copied = said.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("sec-"));
        asked.request.headers = if is_copied { parted.own } else { said };
        if is_copied {
            asked.cookie = parted.cookie;
            asked.origin = parted.origin.or(asked.origin.take());
        }
    }

    fn body(&mut self, at: usize, value: &Value) {
        let body = match value {
            Value::Null | Value::Undefined => Body::Empty,
            Value::Made(name, values) => self.made_body(at, name, values),
            Value::Object(_) => {
                self.note_at(at, "an object is sent as `[object Object]`: use JSON.stringify");
                Body::Text("[object Object]".to_owned())
            }
            Value::Array(_) | Value::Unknown => {
                self.note_at(at, "the body is no literal: a short text stands for it");
                Body::Text(STAND_IN.to_owned())
            }
            Value::Text(_) | Value::Number(_) | Value::True | Value::False => {
                Body::Text(value.as_text().unwrap_or_default())
            }
        };
        self.set(|request| request.body = body);
    }

    fn made_body(&mut self, at: usize, name: &str, values: &[Value]) -> Body {
        let first = values.first();
        match name {
            "URLSearchParams" => Body::UrlEncoded(pairs(first)),
            "FormData" => {
                self.note_at(at, "the fields of a FormData are not in the text");
                Body::Multipart(Vec::new())
            }
            "Blob" => {
                let parts = match first {
                    Some(Value::Array(parts)) => parts.iter().filter_map(Value::as_text).collect(),
                    _ => String::new(),
                };
                let kind = match values.get(1) {
                    Some(Value::Object(members)) => {
                        let kind = members.iter().find(|member| member.name == "type");
                        kind.and_then(|member| member.value.as_text()).unwrap_or_default()
                    }
                    _ => String::new(),
                };
                Body::Blob(kind.to_ascii_lowercase(), parts.into_bytes())
            }
            "Uint8Array" | "Array.of" => {
                let list = match first {
                    Some(Value::Array(list)) => list.as_slice(),
                    _ => &[],
                };
                let bytes = list.iter().filter_map(Value::as_text);
                Body::Bytes(bytes.filter_map(|text| text.parse().ok()).collect())
            }
            _ => Body::Text(
                Value::Made(name.to_owned(), values.to_vec()).as_text().unwrap_or_default(),
            ),
        }
    }

    fn done(self) -> Result<Asked, Unreadable> {
        let mend = "write the address itself into the call";
        let missing = self.no(0, "there is no address", mend);
        let mut asked = self.asked.ok_or(missing)?;
        asked.notes = self.notes;
        if asked.request.credentials != Credentials::Include && !asked.cookie.is_empty() {
            asked.request.credentials = Credentials::Include;
        }
        Ok(asked)
    }
}

/// Options of `fetch` that do not change whether an answer may be read.
const KNOWN: &[&str] = &[
    "attributionReporting",
    "cache",
    "dispatcher",
    "duplex",
    "integrity",
    "next",
    "priority",
    "redirect",
    "referrerPolicy",
    "signal",
    "targetAddressSpace",
    "window",
];

/// The option that somebody meant.
fn near(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "header" => Some("headers"),
        "data" | "payload" | "json" => Some("body"),
        "withcredentials" | "credential" => Some("credentials"),
        "type" | "verb" => Some("method"),
        "method" | "headers" | "body" | "mode" | "credentials" => Some("the same in lower case"),
        _ => None,
    }
}

/// A value as an address: what is not known of it shows.
fn raw(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Made(..) => value.as_text(),
        Value::Number(_)
        | Value::True
        | Value::False
        | Value::Null
        | Value::Undefined
        | Value::Object(_)
        | Value::Array(_)
        | Value::Unknown => None,
    }
}

/// Pairs as a `URLSearchParams` writes them.
fn pairs(value: Option<&Value>) -> String {
    let text = |value: &Value| value.as_text().unwrap_or_else(|| STAND_IN.to_owned());
    let mut out = Serializer::new(String::new());
    match value {
        Some(Value::Text(text)) => {
            let text = text.strip_prefix('?').unwrap_or(text);
            out.extend_pairs(url::form_urlencoded::parse(text.as_bytes()));
        }
        Some(Value::Object(members)) => {
            for member in members {
                out.append_pair(&member.name, &text(&member.value));
            }
        }
        Some(Value::Array(rows)) => {
            for row in rows {
                if let Value::Array(pair) = row
                    && let [name, value] = pair.as_slice()
                {
                    out.append_pair(&text(name), &text(value));
                }
            }
        }
        _ => {}
    }
    out.finish()
}

#[cfg(test)]
mod tests;
