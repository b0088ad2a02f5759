//! Reads a HAR 1.2, as browsers' tools save what a page did: requests, their answers, and the
//! credentials that travelled. Those stay with the host that they were sent to.

use super::{Asked, Listed, Parted, Unreadable, note, parted, shown};
use crate::explain::Answers;
use crate::operation::{Operation, Source};
use crate::session::Session;
use doorward_browser::{Answer, Body, Credentials, Headers, Mode, Origin, Request};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;
use url::Url;

/// Bytes of a file, at most.
pub const HAR_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Entries of a file, at most.
const ENTRIES_MAX: usize = 100_000;
/// Bytes of a body that is taken over, at most.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What a browser saved.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The entries that could be read, with their numbers from 1 on.
    pub entries: Vec<Entry>,
    /// Numbers of entries that are none, the first of them.
    pub malformed: Vec<usize>,
    /// Entries that are none, all of them.
    pub malformed_count: usize,
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the file, from 1 on.
    pub number: usize,
    /// The request.
    pub asked: Asked,
    /// Its answer; none where the file does not have it.
    pub answer: Option<Answer>,
    /// It is a page's picture, script or the like.
    pub is_asset: bool,
}

#[derive(Deserialize)]
struct File<'f> {
    #[serde(borrow)]
    log: Log<'f>,
}

#[derive(Deserialize)]
struct Log<'f> {
    #[serde(borrow)]
    entries: Rows<'f>,
}

/// The texts of the first entries, and how many there are. What stands in an entry's place may be
/// anything: it is read on its own, and takes no room until then.
struct Rows<'f> {
    first: Vec<&'f RawValue>,
    count: usize,
}

impl<'de: 'f, 'f> Deserialize<'de> for Rows<'f> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(InRows)
    }
}

struct InRows;

impl<'de> Visitor<'de> for InRows {
    type Value = Rows<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Rows<'de>, A::Error> {
        let mut rows = Rows { first: Vec::new(), count: 0 };
        while rows.first.len() < ENTRIES_MAX {
            let Some(row) = access.next_element()? else { return Ok(rows) };
            rows.first.push(row);
            rows.count += 1;
        }
        while access.next_element::<IgnoredAny>()?.is_some() {
            rows.count += 1;
        }
        Ok(rows)
    }
}

#[derive(Deserialize)]
struct Saved {
    request: SavedRequest,
    #[serde(default)]
    response: Option<SavedResponse>,
    #[serde(default, rename = "_resourceType")]
    kind: String,
}

#[derive(Deserialize)]
struct SavedRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default, rename = "postData")]
    body: Option<SavedBody>,
}

#[derive(Deserialize)]
struct SavedResponse {
    #[serde(default)]
    status: i64,
    #[serde(default)]
    headers: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct SavedBody {
    #[serde(default, rename = "mimeType")]
    kind: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    params: Vec<Pair>,
}

/// Reads a file. Entries that are none are counted.
///
/// # Errors
/// Where it is no HAR.
pub fn read(text: &str) -> Result<Recorded, Unreadable> {
    let no = |line, column, what: String, mend| Unreadable { line, column, what, mend };
    if text.len() > HAR_BYTES_MAX {
        let what = format!("the file has {} bytes", text.len());
        return Err(no(1, 1, what, "256 MiB are read at most: save it without contents"));
    }
    let text = text.trim_start_matches('\u{feff}');
    let file: File = serde_json::from_str(text).map_err(|error| {
        let what = format!("it is no HAR: {error}");
        let mend = "save it as HAR by the browser's tools, tab Network";
        no(error.line(), error.column(), shown(&what), mend)
    })?;
    let mut recorded = Recorded::default();
    let Rows { first, count } = file.log.entries;
    for at in 0..count {
        let saved = first.get(at).and_then(|row| serde_json::from_str::<Saved>(row.get()).ok());
        match saved.and_then(|saved| entry(at + 1, saved)) {
            Some(entry) => recorded.entries.push(entry),
            None => {
                recorded.malformed_count += 1;
                if recorded.malformed.len() < 10 {
                    recorded.malformed.push(at + 1);
                }
            }
        }
    }
    Ok(recorded)
}

/// An entry; none where its address is none of http.
fn entry(number: usize, saved: Saved) -> Option<Entry> {
    let mut url = Url::parse(&saved.request.url).ok()?;
    if !matches!(url.scheme(), "http" | "https") || !is_method(&saved.request.method) {
        return None;
    }
    url.set_fragment(None);
    let mut notes = Vec::new();
    if super::take_user(&mut url).is_some() {
        note(&mut notes, "the name and the password in its address are left out");
    }
    let sent = headers(&saved.request.headers);
    let destination = sent.joined("sec-fetch-dest").unwrap_or_default();
    let Parted { own, origin, cookie, mode } = parted(&sent);
    let mut request = Request::fetch(url);
    request.method = saved.request.method;
    request.headers = own;
    request.mode = if mode == "no-cors" { Mode::NoCors } else { Mode::Cors };
    if let Some(body) = saved.request.body {
        request.body = self::body(&mut request.headers, body, &mut notes);
    }
    if !cookie.is_empty() {
        request.credentials = Credentials::Include;
    }
    // A browser saves status 0 where it kept the answer from the page.
    let answer = saved.response.and_then(|response| {
        let status = u16::try_from(response.status).ok().filter(|status| *status >= 100)?;
        Some(Answer { status, headers: headers(&response.headers), is_executed: false })
    });
    let is_asset = ASSETS.contains(&saved.kind.as_str()) || ASSETS.contains(&destination.as_str());
    Some(Entry { number, asked: Asked { request, origin, cookie, notes }, answer, is_asset })
}

/// What pages load beside what they ask.
const ASSETS: &[&str] = &[
    "audio",
    "font",
    "image",
    "manifest",
    "media",
    "script",
    "style",
    "stylesheet",
    "track",
    "video",
    "worker",
];

fn is_method(text: &str) -> bool {
    !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The headers; those that no message can carry are left out.
fn headers(pairs: &[Pair]) -> Headers {
    let is_one = |pair: &&Pair| {
        !pair.name.is_empty()
            && !pair.name.starts_with(':')
            && pair.name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
            && !pair.value.contains(['\r', '\0'])
    };
    let mut out = Headers::new();
    for pair in pairs.iter().filter(is_one) {
        // Browsers save a repeated header as one, with line ends between.
        for value in pair.value.split('\n') {
            out.append(pair.name.as_str(), value);
        }
    }
    out
}

fn body(headers: &mut Headers, saved: SavedBody, notes: &mut Vec<String>) -> Body {
    let text = saved.text.unwrap_or_default();
    if text.len() > BODY_BYTES_MAX {
        note(notes, "its body is left out: it is longer than 1 MiB");
        return Body::Empty;
    }
    let pairs = || saved.params.iter().map(|pair| (pair.name.clone(), pair.value.clone()));
    let is_multipart = saved.kind.to_ascii_lowercase().starts_with("multipart/form-data");
    if is_multipart && !saved.params.is_empty() {
        return Body::Multipart(pairs().collect());
    }
    if text.is_empty() && saved.params.is_empty() {
        return Body::Empty;
    }
    if !headers.has("content-type") && !saved.kind.is_empty() {
        headers.append("Content-Type", saved.kind.as_str());
    }
    match text.is_empty() {
        true => {
            let mut out = url::form_urlencoded::Serializer::new(String::new());
            Body::UrlEncoded(out.extend_pairs(pairs()).finish())
        }
        false => Body::Text(text),
    }
}

impl Recorded {
    /// The operations of these hosts: one for each method and form of path. What belongs to other
    /// hosts is left out, and so are pictures, scripts and preflights.
    #[must_use]
    pub fn operations(&self, hosts: &[Url]) -> Listed {
        let mut listed = Listed::default();
        let mut seen = HashSet::new();
        let hosts: Vec<Origin> = hosts.iter().map(Origin::of).collect();
        for entry in &self.entries {
            let url = &entry.asked.request.url;
            let own = Origin::of(url);
            let name = format!("{} {}", entry.asked.request.method, shown(url.path()));
            if !hosts.contains(&own) {
                let why = "its host is not among the addresses of the command line";
                listed.leave_out(shown(&own.to_string()), why);
            } else if entry.is_asset {
                listed.leave_out(name, "pages load it as a picture, a script or the like");
            } else if entry.asked.request.method != "OPTIONS" {
                let path = template(url.path());
                if seen.insert((own, entry.asked.request.method.clone(), path.clone())) {
                    let operation = entry.asked.operation(Source::Har);
                    listed.take(Operation { path, ..operation });
                }
            }
        }
        if self.malformed_count > 0 {
            let (count, first) = (self.malformed_count, self.malformed.first().unwrap_or(&0));
            let what = format!("{count} entries of the HAR, the first of them number {first}");
            listed.leave_out(what, "they are no requests of http, or lack a method or an address");
        }
        listed
    }

    /// The credentials that were sent to the host of an address, for that host alone; none where
    /// there were none. Of a header that changed the last value counts.
    #[must_use]
    pub fn session(&self, host: &Url) -> Option<Session> {
        let own = Origin::of(host);
        let mut headers: Vec<(String, String)> = Vec::new();
        for entry in &self.entries {
            if Origin::of(&entry.asked.request.url) != own {
                continue;
            }
            for (name, value) in entry.asked.credentials() {
                headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
                headers.push((name, value));
            }
        }
        (!headers.is_empty()).then(|| Session::new(headers, std::slice::from_ref(host)))
    }

    /// An entry with what the server answered, its preflight's answer included.
    ///
    /// # Errors
    /// When there is no such entry.
    pub fn trouble(&self, number: usize) -> Result<(Asked, Answers), String> {
        let at = self.entries.iter().position(|entry| entry.number == number);
        let at = at.ok_or_else(|| {
            let last = self.entries.last().map_or(0, |entry| entry.number);
            format!("there is no entry {number} that can be read; the last one is {last}")
        })?;
        let entry = &self.entries[at];
        let url = &entry.asked.request.url;
        let is_preflight = |other: &&Entry| {
            other.asked.request.method == "OPTIONS" && other.asked.request.url == *url
        };
        // Browsers save it before the request or behind it, and near it.
        let near = &self.entries[at.saturating_sub(20)..(at + 20).min(self.entries.len())];
        let preflight = near.iter().filter(is_preflight).find_map(|other| other.answer.clone());
        let mut asked = entry.asked.clone();
        if entry.answer.is_none() {
            let text = "the HAR does not have the answer: it is explained for a server that says \
                        nothing of CORS; with --live it is known";
            note(&mut asked.notes, text);
        }
        Ok((asked, Answers { preflight, answer: entry.answer.clone(), is_denied: false }))
    }
}

/// A path with what looks like an id as `{id}`.
pub(crate) fn template(path: &str) -> String {
    let is_id = |segment: &str| {
        let digits = segment.bytes().filter(u8::is_ascii_digit).count();
        let is_hex = segment.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let is_word = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (digits > 0 && digits == segment.len())
            || (is_hex && digits > 0 && segment.len() >= 8)
            || (is_word && digits >= 2 && segment.len() >= 16)
    };
    let segments = path.split('/').map(|one| if is_id(one) { "{id}" } else { one });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
