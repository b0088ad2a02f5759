//! What is said of a request, in sentences. Text of a server's or a file's is cut, and steers no
//! terminal.

use super::{Change, Judged, On, What, beyond, is_own};
use crate::read::{plain, shown};
use doorward_browser::{
    Answer, Credentials, Document, EngineId, Origin, Preflight, Reading, Relation, Request,
    relation,
};
use std::net::{Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// What the browser does, one sentence a step.
pub(super) fn steps(judged: &Judged, request: &Request) -> Vec<String> {
    let mut out = Vec::new();
    let verdict = &judged.verdict;
    if !verdict.dropped.is_empty() {
        let names = verdict.dropped.join(", ");
        out.push(format!("It drops what no script may set: {}.", shown(&names)));
    }
    if let Some(preflight) = &verdict.preflight {
        out.extend(asked(preflight));
    } else if let Some(rule) = &verdict.asking {
        out.push(format!("It does not ask first. {}", rule.says));
    }
    if let Some(sent) = &verdict.sent {
        let (method, url) = (shown(&sent.method), plain(sent.url.as_str()));
        let with = match request.credentials {
            Credentials::Include => "with the cookies that may travel",
            Credentials::SameOrigin | Credentials::Omit => "without cookies",
        };
        let with = if sent.headers.has("origin") { with } else { "as it is" };
        let is_answered = verdict.answer.as_ref().is_some_and(|answer| answer.status > 0);
        let came = if is_answered { "the server gets it" } else { "nobody answers" };
        out.push(format!("It sends {method} {url}, {with}: {came}."));
    }
    if !judged.is_sent() {
        out.push("The request is not sent.".to_owned());
    }
    out.push(end(judged));
    out
}

/// The question and its answer.
fn asked(preflight: &Preflight) -> Vec<String> {
    let (Some(sent), Some(answer)) = (&preflight.sent, &preflight.answer) else {
        return vec!["It remembers that it asked first before.".to_owned()];
    };
    let value = |name: &str| sent.headers.joined(name).unwrap_or_default();
    let method = shown(&value("access-control-request-method"));
    let names = value("access-control-request-headers");
    let names = match names.is_empty() {
        true => String::new(),
        false => format!(" with {}", plain(&names.replace(',', ", "))),
    };
    let why = preflight.causes.first().map_or("", |cause| cause.rule().says);
    let answered = match answer.status {
        0 => "There is no answer to that.".to_owned(),
        status => format!("The answer to that is {status}."),
    };
    vec![
        format!("It asks first, by OPTIONS, whether {method}{names} is allowed. {why}"),
        match preflight.doubt {
            None => format!("{answered} It is a yes."),
            Some(_) => format!("{answered} It is no yes."),
        },
    ]
}

/// How it ends.
pub(super) fn end(judged: &Judged) -> String {
    let status = judged.answer().map_or(0, |answer| answer.status);
    match &judged.reading {
        Reading::Reads(names) if names.is_empty() => {
            format!("The script reads the answer ({status}), and none of its headers.")
        }
        Reading::Reads(names) => {
            let names = plain(&names.join(", "));
            format!("The script reads the answer ({status}), and of its headers {names}.")
        }
        Reading::Opaque => {
            "The script gets an opaque answer: status 0, no headers, no body.".to_owned()
        }
        Reading::Hidden => {
            format!("The script gets `{}`, and no word of why.", thrown(judged.engine))
        }
        Reading::Throws => "The call throws before anything is sent.".to_owned(),
        Reading::Navigates => {
            "The person sees the answer; the page that asked cannot read it.".to_owned()
        }
        Reading::Silent => "No script waits for the answer.".to_owned(),
        Reading::NotModelled => "It goes on elsewhere.".to_owned(),
        Reading::OpaqueRedirect => {
            "The script is told that there was a redirect, and nothing of it.".to_owned()
        }
        Reading::Prompts => {
            "The browser asks the person, and sends nothing before a yes.".to_owned()
        }
    }
}

/// What a script catches.
const fn thrown(engine: EngineId) -> &'static str {
    match engine {
        EngineId::Chromium => "TypeError: Failed to fetch",
        EngineId::Firefox => "TypeError: NetworkError when attempting to fetch resource.",
        EngineId::WebKit => "TypeError: Load failed",
    }
}

/// What else helps to see it.
pub(super) fn hints(judged: &Judged, page: &Document, request: &Request) -> Vec<String> {
    let mut out = Vec::new();
    if judged.is_sent() && beyond::prompts(judged.engine, page, request) {
        out.push(
            "A page of the public network asks this machine or its network: the browser asks the \
             person first, and sends nothing before a yes."
                .to_owned(),
        );
    }
    let Some(answer) = judged.answer() else {
        if judged.cause.id == "mixed-content" {
            let mut url = request.url.clone();
            // It is http: now, and https: is as special a scheme.
            let _ = url.set_scheme("https");
            out.push(format!("Ask {url}, and let the server speak TLS."));
        }
        return out;
    };
    let origin = page.origin().to_string();
    match judged.cause.id {
        "origin-other" => out.extend(about_origin(answer, &origin)),
        "origin-missing" => out.extend(about_failure(answer.status, judged.in_preflight)),
        "preflight-status" => out.extend(about_status(answer, request)),
        "credentials-missing" => out.extend(about_credentials(answer)),
        "origin-repeated" => out.push(
            "Two of your program, its framework, a proxy and a CDN each set it: let one do it."
                .to_owned(),
        ),
        "redirect" => out.push(
            "Ask that address directly: then nothing is redirected, and the origin stays."
                .to_owned(),
        ),
        "authorization-not-allowed" => {
            out.push("Name it: `*` is everything but Authorization.".to_owned());
        }
        _ => {}
    }
    let names = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    if names.filter(|name| name.starts_with("access-control-allow-")).count() > 0 {
        out.push(
            "Access-Control-Allow-* are headers of answers: in a request they only make it ask \
             first."
                .to_owned(),
        );
    }
    out
}

/// What tells an allowed origin from the page's.
fn about_origin(answer: &Answer, origin: &str) -> Option<String> {
    let found = answer.headers.joined("access-control-allow-origin")?;
    let seen = shown(&found);
    let said = if found.trim_end_matches('/') == origin {
        format!("`{seen}` ends with a slash: an origin has none.")
    } else if found.contains(',') || found.contains(' ') {
        format!("`{seen}` is a list: the header takes one origin, the page's own.")
    } else if found.contains('*') {
        format!("`{seen}` is no pattern to a browser: `*` counts only where it stands alone.")
    } else if found.is_empty() {
        "It is there and empty: no page has an empty origin.".to_owned()
    } else if found.eq_ignore_ascii_case(origin) {
        format!("`{seen}` is written otherwise: origins are compared byte by byte.")
    } else {
        match (Url::parse(&found), Url::parse(origin)) {
            (Ok(found), Ok(own)) => differs(&found, &own, &seen, origin)?,
            _ => format!("`{seen}` is no origin: write `{origin}`."),
        }
    };
    Some(said)
}

fn differs(found: &Url, own: &Url, seen: &str, origin: &str) -> Option<String> {
    let loopback = ["localhost", "127.0.0.1", "[::1]"];
    let is_loopback = |url: &Url| url.host_str().is_some_and(|host| loopback.contains(&host));
    let ports = (found.port_or_known_default(), own.port_or_known_default());
    let said = if found.path() != "/" {
        format!("`{seen}` is an address: an origin ends behind host and port.")
    } else if found.host() != own.host() {
        match is_loopback(found) && is_loopback(own) {
            true => format!("`{seen}` and `{origin}` are one machine, and two origins."),
            false => return None,
        }
    } else if found.scheme() != own.scheme() {
        format!("The page came by {}:, and `{seen}` is {}:.", own.scheme(), found.scheme())
    } else if ports.0 != ports.1 {
        format!("The port is another one: the page is `{origin}`.")
    } else {
        format!("`{seen}` is written otherwise than browsers write it: `{origin}`.")
    };
    Some(said)
}

fn about_credentials(answer: &Answer) -> Option<String> {
    let found = answer.headers.joined("access-control-allow-credentials")?;
    (found != "true").then(|| {
        format!("It says `{}`: only `true` counts, in lower case and alone.", shown(&found))
    })
}

/// Answers that say nothing of CORS are often not the program's own.
fn about_failure(status: u16, in_preflight: bool) -> Option<String> {
    match (status, in_preflight) {
        (0, _) => None,
        (401 | 403, true) => Some(format!(
            "The preflight was answered with {status}: it never carries credentials. Answer \
             OPTIONS before anybody is asked who he is."
        )),
        (status, true) if !(200..300).contains(&status) => Some(format!(
            "The preflight was answered with {status}: nothing there answers OPTIONS yet."
        )),
        (status, false) if status >= 400 => Some(format!(
            "The answer is {status}: what failed is not CORS. Set the headers on errors too, and \
             the script sees the status."
        )),
        _ => None,
    }
}

fn about_status(answer: &Answer, request: &Request) -> Option<String> {
    let said = match answer.status {
        300..=399 => {
            let to = answer.headers.joined("location");
            let to = to.and_then(|to| request.url.join(&to).ok());
            let to =
                to.map_or(String::new(), |to| format!(" Ask {} directly.", plain(to.as_str())));
            format!("A preflight must not be redirected.{to}")
        }
        401 | 403 => "A preflight never carries credentials: answer OPTIONS before anybody is \
                      asked who he is."
            .to_owned(),
        404 | 405 | 501 => "Nothing answers OPTIONS there: let your CORS layer answer before the \
                            routes do."
            .to_owned(),
        500..=599 => "The server fails at OPTIONS: look into its log.".to_owned(),
        _ => return None,
    };
    Some(said)
}

/// Why it should perhaps not be made to work.
pub(super) fn warnings(changes: &[Change], page: &Document, request: &Request) -> Vec<String> {
    let allows = changes.iter().any(|change| match &change.what {
        What::Set(name, _) => {
            matches!(*name, "Access-Control-Allow-Origin" | "Access-Control-Allow-Credentials")
        }
        What::Status(_) | What::Remove(_) | What::Add(..) => false,
    });
    if !allows || is_own(page, request) {
        return Vec::new();
    }
    let (from, to) = (page.origin(), Origin::of(&request.url));
    if from == Origin::Opaque {
        return vec![
            "Do not allow `null`: every sandboxed frame and every file has that origin, also \
             anybody's. Serve the page from http://localhost."
                .to_owned(),
        ];
    }
    let mut out = Vec::new();
    let is_foreign = relation(&from, &to) == Relation::CrossSite;
    let with_credentials = request.credentials == Credentials::Include;
    if is_foreign && with_credentials {
        out.push(format!(
            "{from} is another site than {to}. Allow it only if it is yours: its pages could then \
             act as everybody who is signed in."
        ));
    }
    if is_plain(&page.url) && !is_loopback(&page.url) && with_credentials {
        out.push(format!(
            "{from} came without TLS: whoever is between could put a script into it."
        ));
    }
    out
}

fn is_plain(url: &Url) -> bool {
    url.scheme() == "http"
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address == Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == Ipv6Addr::LOCALHOST,
        None => false,
    }
}

/// A change in words.
impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let on = match self.on {
            On::Preflight => "to OPTIONS, answer",
            On::Answer => "to the request, answer",
        };
        match &self.what {
            What::Status(status) => write!(f, "{on} with status {status}"),
            What::Set(name, value) => write!(f, "{on} {name}: {}", plain(value)),
            What::Remove(name) => write!(f, "{on} without {name}: it is no list of names"),
            What::Add(name, value) => write!(f, "{on} {name}: {value}, beside what is there"),
        }
    }
}
