//! What an engine's console says where a page is not let: its own words, as far as they are known.
//!
//! Scripts see none of this: to them every such failure is the same error. Each line holds the
//! engine's fixed phrase as it stands in its source, so that what somebody pastes can be found.

mod chromium;
mod firefox;
mod webkit;

use crate::engine::EngineId;
use crate::headers::Headers;
use crate::request::Request;
use crate::verdict::{Answer, Because, Reading, Verdict};
use crate::way::Way;

/// The line that this engine's console shows for a verdict on a request of a page of this origin;
/// none where it shows none, or where the words are not known.
#[must_use]
pub fn said(engine: EngineId, page: &str, request: &Request, verdict: &Verdict) -> Option<String> {
    let line = Line::of(page, request, verdict)?;
    match engine {
        EngineId::Chromium => chromium::said(&line),
        EngineId::Firefox => firefox::said(&line),
        EngineId::WebKit => webkit::said(&line),
    }
}

/// What a line is made of.
struct Line<'a> {
    way: Way,
    /// The page's origin.
    page: &'a str,
    /// The address that was asked last, or was to be asked.
    url: String,
    /// The first address, where there was a redirect.
    first: Option<String>,
    /// The rule's id.
    rule: &'static str,
    /// What the rule found.
    detail: &'a str,
    /// It was the answer to a preflight.
    in_preflight: bool,
    /// The answer that was looked at.
    answer: Option<&'a Answer>,
    /// An element waited for it.
    is_watched: bool,
}

impl<'a> Line<'a> {
    /// None where the page got what it wanted.
    fn of(page: &'a str, request: &'a Request, verdict: &'a Verdict) -> Option<Self> {
        let preflight = verdict.preflight.as_ref().filter(|preflight| preflight.doubt.is_some());
        let because: &Because = match preflight {
            Some(preflight) => preflight.doubt.as_ref()?,
            None => &verdict.because,
        };
        let is_well = match verdict.reading {
            Reading::Reads(_) | Reading::Opaque | Reading::OpaqueRedirect => true,
            Reading::Navigates | Reading::NotModelled => true,
            Reading::Hidden | Reading::Throws | Reading::Silent | Reading::Prompts => false,
        };
        if is_well {
            return None;
        }
        let last = verdict.hops.last();
        let answer = match preflight {
            Some(preflight) => preflight.answer.as_ref(),
            None => last.and_then(|hop| hop.answer.as_ref()),
        };
        let url = last.map_or_else(|| request.url.to_string(), |hop| hop.url.to_string());
        let first = (verdict.hops.len() > 1).then(|| request.url.to_string());
        Some(Self {
            way: request.way,
            page,
            url,
            first,
            rule: because.rule.id,
            detail: &because.detail,
            in_preflight: preflight.is_some(),
            answer,
            is_watched: request.way.is_watched(),
        })
    }

    /// A header of the answer; empty where it is not there.
    fn header(&self, name: &str) -> String {
        let headers: Option<&Headers> = self.answer.map(|answer| &answer.headers);
        headers.and_then(|headers| headers.joined(name)).unwrap_or_default()
    }

    fn allowed_origin(&self) -> String {
        self.header("access-control-allow-origin")
    }

    /// The answer's type without its parameters.
    fn kind(&self) -> String {
        let kind = self.header("content-type");
        kind.split(';').next().unwrap_or_default().trim().to_owned()
    }

    /// Where the answer leads, if it is a redirect.
    fn next(&self) -> Option<String> {
        let answer = self.answer.filter(|answer| crate::chain::is_redirect(answer))?;
        let location = answer.headers.joined("location")?;
        let url = url::Url::parse(&self.url).ok()?.join(&location).ok()?;
        Some(url.to_string())
    }

    fn status(&self) -> u16 {
        self.answer.map_or(0, |answer| answer.status)
    }

    /// The scheme of the address that was to be asked.
    fn scheme(&self) -> &str {
        self.url.split_once(':').map_or("", |(scheme, _)| scheme)
    }
}
