//! Reads an error of a browser's console: who says it, which page asked which address, and what was
//! missing. From that a request and answers are made that meet the same rule in the model, so that
//! whatever explains a request explains the error too.

use super::{Unreadable, note, shown, too_long};
use crate::explain::Answers;
use crate::read::Asked;
use doorward_browser::{Answer, Body, Credentials, EngineId, Headers, Request};
use url::Url;

/// Who asked, where an error does not say.
const SOME_PAGE: &str = "https://page.example";
/// What was asked, where an error does not say.
const SOME_URL: &str = "https://api.example/";

/// What an error says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whose words these are.
    pub engine: EngineId,
    /// A request that ends in the same error; its origin is the page's.
    pub asked: Asked,
    /// Answers with which it does.
    pub answers: Answers,
    /// What was missing.
    pub fault: Fault,
}

/// What an error complains about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No `Access-Control-Allow-Origin`.
    OriginMissing,
    /// Several of them; as they were joined.
    OriginRepeated(String),
    /// Another origin, or none at all.
    OriginOther(String),
    /// `*` with credentials.
    StarWithCredentials,
    /// No `Access-Control-Allow-Credentials: true`; what was there instead.
    CredentialsMissing(String),
    /// A preflight's status; none where it is not said.
    PreflightStatus(Option<u16>),
    /// A method that no list has.
    Method(String),
    /// A header that no list has.
    Header(String),
    /// A preflight that was redirected.
    PreflightRedirect,
    /// A page of `https:` that asks `http:`.
    MixedContent,
    /// A page of everybody's network that asks a nearer one.
    LocalNetwork,
    /// There was no answer.
    NoAnswer,
    /// CORS, and nothing more is said.
    Unspecified,
}

/// Reads a line of a console.
///
/// # Errors
/// When no engine words an error so.
pub fn read(text: &str) -> Result<Said, Unreadable> {
    too_long(text)?;
    // Consoles wrap lines, and Firefox writes quotes that keyboards do not have.
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = text.join(" ").replace(['‘', '’', '“', '”'], "'");
    let found = firefox(&text).or_else(|| chromium(&text)).or_else(|| webkit(&text));
    found.and_then(Line::said).ok_or_else(|| Unreadable {
        line: 1,
        column: 1,
        what: format!("`{}` is no error of CORS as browsers word it", shown(&text)),
        mend: "paste the whole line of the console, from `Access to …`, `Cross-Origin Request …` \
               or `Origin …` on",
    })
}

/// What was read of a line.
struct Line {
    engine: EngineId,
    origin: Option<String>,
    url: Option<String>,
    fault: Fault,
    in_preflight: bool,
    status: Option<u16>,
}

/// The text between two others; none where one of them is missing.
fn between<'t>(text: &'t str, before: &str, behind: &str) -> Option<&'t str> {
    let rest = &text[text.find(before)? + before.len()..];
    rest.find(behind).map(|end| &rest[..end])
}

fn status(text: &str) -> Option<u16> {
    let rest = &text[text.find("tatus code: ")? + "tatus code: ".len()..];
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn chromium(text: &str) -> Option<Line> {
    let line = |fault: Fault, origin: Option<&str>, url: Option<&str>| Line {
        engine: EngineId::Chromium,
        origin: origin.map(str::to_owned),
        url: url.map(str::to_owned),
        fault,
        in_preflight: text.contains("reflight"),
        status: None,
    };
    if text.contains("Mixed Content: The page at") {
        let page = between(text, "The page at '", "'");
        let url = between(text, "insecure resource '", "'")
            .or_else(|| between(text, "insecure XMLHttpRequest endpoint '", "'"));
        return Some(line(Fault::MixedContent, page, url));
    }
    if !text.contains("has been blocked by CORS policy") {
        return None;
    }
    let url = between(text, " at '", "'");
    let origin = between(text, " from origin '", "'");
    let why = &text[text.find("CORS policy: ")? + "CORS policy: ".len()..];
    let value = || between(why, "value '", "'").unwrap_or_default().to_owned();
    let fault = if why.contains("No 'Access-Control-Allow-Origin' header") {
        Fault::OriginMissing
    } else if why.contains("contains multiple values") {
        Fault::OriginRepeated(between(why, "multiple values '", "'").unwrap_or_default().into())
    } else if why.contains("not equal to the supplied origin") || why.contains("invalid value") {
        Fault::OriginOther(value())
    } else if why.contains("must not be the wildcard") {
        Fault::StarWithCredentials
    } else if why.contains("'Access-Control-Allow-Credentials' header") {
        let found = between(why, "response is '", "'").unwrap_or_default();
        Fault::CredentialsMissing(found.to_owned())
    } else if why.contains("Redirect is not allowed for a preflight") {
        Fault::PreflightRedirect
    } else if why.contains("HTTP ok status") {
        Fault::PreflightStatus(None)
    } else if let Some(method) = between(why, "Method ", " is not allowed by") {
        Fault::Method(method.to_owned())
    } else if let Some(name) = between(why, "Request header field ", " is not allowed by") {
        Fault::Header(name.to_owned())
    } else if why.contains("address space") || why.contains("local network") {
        Fault::LocalNetwork
    } else {
        Fault::Unspecified
    };
    Some(line(fault, origin, url))
}

fn firefox(text: &str) -> Option<Line> {
    let line = |fault: Fault, url: Option<&str>| Line {
        engine: EngineId::Firefox,
        origin: None,
        url: url.map(str::to_owned),
        fault,
        in_preflight: text.contains("preflight"),
        status: status(text),
    };
    if text.contains("Blocked loading mixed active content") {
        return Some(line(Fault::MixedContent, between(text, "content '", "'")));
    }
    if !text.contains("Cross-Origin Request Blocked") {
        return None;
    }
    let url = between(text, "remote resource at ", " ").map(|url| url.trim_end_matches('.'));
    let why = between(text, "(Reason: ", ")")?;
    let quoted = |before: &str| between(why, before, "'").unwrap_or_default().to_owned();
    let fault = if why.contains("'Access-Control-Allow-Origin' missing") {
        Fault::OriginMissing
    } else if why.contains("Multiple CORS header") {
        Fault::OriginRepeated("*, *".to_owned())
    } else if why.contains("does not match '") {
        Fault::OriginOther(quoted("does not match '"))
    } else if why.contains("Credential is not supported") {
        Fault::StarWithCredentials
    } else if why.contains("expected 'true' in CORS header") {
        Fault::CredentialsMissing(String::new())
    } else if why.contains("preflight response did not succeed") {
        Fault::PreflightStatus(status(text))
    } else if why.contains("Did not find method") {
        Fault::Method("PUT".to_owned())
    } else if why.contains("is not allowed according to header") {
        Fault::Header(quoted("header '"))
    } else if why.contains("CORS request did not succeed") {
        Fault::NoAnswer
    } else {
        Fault::Unspecified
    };
    Some(line(fault, url))
}

fn webkit(text: &str) -> Option<Line> {
    let line = |fault: Fault| Line {
        engine: EngineId::WebKit,
        origin: between(text, "Origin ", " is not allowed").map(str::to_owned),
        url: between(text, "cannot load ", " due to").map(str::to_owned),
        fault,
        in_preflight: text.contains("reflight"),
        status: status(text),
    };
    if text.contains("requested insecure content from") {
        let mut line = line(Fault::MixedContent);
        line.origin = between(text, "The page at ", " requested").map(str::to_owned);
        let url = between(text, "insecure content from ", " ");
        line.url = url.map(|url| url.trim_end_matches('.').to_owned());
        return Some(line);
    }
    let fault = if text.contains("is not allowed by Access-Control-Allow-Origin") {
        // WebKit says the same of a missing header and of another origin's.
        Fault::OriginMissing
    } else if text.contains("cannot contain more than one origin") {
        Fault::OriginRepeated("*, *".to_owned())
    } else if text.contains("Cannot use wildcard in Access-Control-Allow-Origin") {
        Fault::StarWithCredentials
    } else if text.contains("Access-Control-Allow-Credentials is not") {
        Fault::CredentialsMissing(String::new())
    } else if text.contains("Preflight response is not successful") {
        Fault::PreflightStatus(status(text))
    } else if let Some(method) = between(text, "Method ", " is not allowed by") {
        Fault::Method(method.to_owned())
    } else if let Some(name) = between(text, "Request header field ", " is not allowed by") {
        Fault::Header(name.to_owned())
    } else if text.contains("due to access control checks") {
        Fault::Unspecified
    } else {
        return None;
    };
    Some(line(fault))
}

impl Line {
    /// A request and answers that meet the same rule.
    fn said(self) -> Option<Said> {
        let mut notes = Vec::new();
        let url = self.url.as_deref().and_then(|url| Url::parse(url).ok());
        if url.is_none() {
            note(&mut notes, format!("the line names no address: {SOME_URL} stands for it"));
        }
        let url = url.or_else(|| Url::parse(SOME_URL).ok())?;
        let page = self.origin.clone().unwrap_or_else(|| SOME_PAGE.to_owned());
        // A page of mixed content is named by its whole address.
        let page = match Url::parse(&page) {
            Ok(url) => doorward_browser::Origin::of(&url).to_string(),
            Err(_) => page,
        };
        if self.origin.is_none() {
            note(&mut notes, format!("the line names no page: {SOME_PAGE} stands for it"));
        }
        let mut asked = Asked {
            request: Request::fetch(url),
            origin: Some(page.clone()),
            cookie: String::new(),
            notes,
        };
        self.dress(&mut asked);
        let answers = self.answers(&page);
        Some(Said { engine: self.engine, asked, answers, fault: self.fault })
    }

    /// Gives the request what the fault is about.
    fn dress(&self, asked: &mut Asked) {
        let request = &mut asked.request;
        match &self.fault {
            Fault::StarWithCredentials | Fault::CredentialsMissing(_) => {
                request.credentials = Credentials::Include;
            }
            Fault::Method(method) => request.method.clone_from(method),
            Fault::Header(name) if name.eq_ignore_ascii_case("content-type") => json(request),
            Fault::Header(name) => request.headers.append(name.as_str(), "x"),
            Fault::OriginMissing
            | Fault::OriginRepeated(_)
            | Fault::OriginOther(_)
            | Fault::PreflightStatus(_)
            | Fault::PreflightRedirect
            | Fault::MixedContent
            | Fault::LocalNetwork
            | Fault::NoAnswer
            | Fault::Unspecified => {}
        }
        let is_named = matches!(self.fault, Fault::Method(_) | Fault::Header(_));
        if self.in_preflight && !is_named {
            json(request);
            let text = "the line does not say what is asked first about: a POST of JSON stands \
                        for it";
            note(&mut asked.notes, text);
        }
        if matches!(&self.fault, Fault::Method(_)) && self.engine == EngineId::Firefox {
            note(&mut asked.notes, "the line does not name the method: PUT stands for it");
        }
        if self.fault == Fault::Unspecified {
            let text = "the line does not say what is missing: it is explained for a server that \
                        says nothing of CORS; with --answer or --live it is known";
            note(&mut asked.notes, text);
        }
    }

    /// Answers that lack what the line says, and nothing else.
    fn answers(&self, page: &str) -> Answers {
        let good = |status: u16| {
            let mut headers = Headers::new();
            headers.append("Access-Control-Allow-Origin", page);
            if matches!(self.fault, Fault::StarWithCredentials | Fault::CredentialsMissing(_)) {
                headers.append("Access-Control-Allow-Credentials", "true");
            }
            Answer { status, headers, is_executed: false }
        };
        let said = |status: u16, lines: &[(&str, &str)]| Answer {
            status,
            headers: lines.iter().copied().collect(),
            is_executed: false,
        };
        let allow = "Access-Control-Allow-Origin";
        let status = self.status.unwrap_or(200);
        let bad = match &self.fault {
            Fault::OriginMissing | Fault::Unspecified | Fault::MixedContent => said(status, &[]),
            Fault::LocalNetwork => good(status),
            Fault::OriginRepeated(values) => {
                let lines: Vec<(&str, &str)> =
                    values.split(',').map(|value| (allow, value.trim())).collect();
                said(status, &lines)
            }
            Fault::OriginOther(value) => said(status, &[(allow, value)]),
            Fault::StarWithCredentials => {
                said(status, &[(allow, "*"), ("Access-Control-Allow-Credentials", "true")])
            }
            Fault::CredentialsMissing(value) => {
                let lines = [(allow, page), ("Access-Control-Allow-Credentials", value)];
                said(status, if value.is_empty() { &lines[..1] } else { &lines })
            }
            Fault::PreflightStatus(status) => good(status.unwrap_or(404)),
            Fault::PreflightRedirect => {
                let mut answer = good(301);
                answer.headers.append("Location", SOME_URL);
                answer
            }
            Fault::Method(_) | Fault::Header(_) => good(204),
            Fault::NoAnswer => Answer::default(),
        };
        match self.in_preflight || matches!(self.fault, Fault::Method(_) | Fault::Header(_)) {
            true => Answers { preflight: Some(bad), answer: Some(good(200)), is_denied: false },
            false => {
                let is_denied = self.fault == Fault::LocalNetwork;
                Answers { preflight: None, answer: Some(bad), is_denied }
            }
        }
    }
}

/// Makes it a POST of JSON, which is asked first about.
fn json(request: &mut Request) {
    request.method = "POST".to_owned();
    request.headers.append("Content-Type", "application/json");
    request.body = Body::Text("{}".to_owned());
}

#[cfg(test)]
mod tests;
