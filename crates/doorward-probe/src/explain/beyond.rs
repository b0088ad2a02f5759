//! What stands before and behind the model's walk: mixed content, Local Network Access, and the
//! first step of a redirect.

use super::{Answers, Cause, Judged, decided, is_own};
use doorward_browser::{Document, EngineId, Origin, Reading, Request, is_trustworthy};
use std::net::IpAddr;
use url::{Host, Url};

/// A page of `https:` that asks `http:`.
const MIXED: Cause = Cause {
    id: "mixed-content",
    section: "Mixed Content 4.4",
    link: "https://www.w3.org/TR/mixed-content/#should-block-fetch",
    says: "The page came by https:, and the address is http:. The browser sends nothing; no header \
           of the server's changes that.",
    detail: String::new(),
};
/// A page without a secure context that asks a nearer network.
const LOCAL_NETWORK: Cause = Cause {
    id: "local-network-insecure",
    section: "Local Network Access 3",
    link: "https://wicg.github.io/local-network-access/",
    says: "A page of the public network that did not come by https: may not ask this machine or \
           its network. The browser sends nothing; no header of the server's changes that.",
    detail: String::new(),
};
/// A page that asks a nearer network, and may if a person says so.
const LOCAL_NETWORK_ASKS: Cause = Cause {
    id: "local-network-prompt",
    section: "Local Network Access 3",
    link: "https://wicg.github.io/local-network-access/",
    says: "A page of the public network asks this machine or its network: the browser asks the \
           person first, and sends nothing before a yes.",
    detail: String::new(),
};
/// A page that asks a nearer network, and may not.
const LOCAL_NETWORK_DENIED: Cause = Cause {
    id: "local-network-denied",
    section: "Local Network Access 3",
    link: "https://wicg.github.io/local-network-access/",
    says: "A page of the public network asks this machine or its network, and a person or a policy \
           said no. The browser sends nothing; no header of the server's changes that.",
    detail: String::new(),
};
/// A redirect that the page may follow.
const REDIRECT: Cause = Cause {
    id: "redirect",
    section: "Fetch 4.5",
    link: "https://fetch.spec.whatwg.org/#concept-http-redirect-fetch",
    says: "The answer is a redirect that the browser follows. What the next address answers \
           decides; it must allow the page as well.",
    detail: String::new(),
};

/// What ends a request before anything is sent.
pub(super) fn before(
    engine: EngineId,
    page: &Document,
    request: &Request,
    answers: &Answers,
) -> Option<(Reading, Cause)> {
    if is_own(page, request) || !request.way.is_scripted() {
        return None;
    }
    if page.url.scheme() == "https" && request.url.scheme() == "http" {
        // WebKit blocks what its own machine serves as well.
        let is_blocked = !is_trustworthy(&request.url) || engine == EngineId::WebKit;
        if is_blocked {
            return Some((Reading::Hidden, MIXED));
        }
    }
    if answers.is_denied && engine == EngineId::Chromium {
        return Some((Reading::Hidden, LOCAL_NETWORK_DENIED));
    }
    // Chromium alone asks, from version 142 on.
    let is_gated = engine == EngineId::Chromium && is_public(&page.url) && is_near(&request.url);
    match (is_gated, is_trustworthy(&page.url)) {
        (false, _) => None,
        (true, false) => Some((Reading::Hidden, LOCAL_NETWORK)),
        (true, true) => None,
    }
}

/// Whether the browser asks the person before it sends.
pub(super) fn prompts(engine: EngineId, page: &Document, request: &Request) -> Option<Cause> {
    let asks = engine == EngineId::Chromium
        && request.way.is_scripted()
        && is_public(&page.url)
        && is_trustworthy(&page.url)
        && is_near(&request.url);
    asks.then_some(LOCAL_NETWORK_ASKS)
}

/// Whether an address is this machine's or its network's, as far as it tells by itself.
fn is_near(url: &Url) -> bool {
    let is_near = |address: IpAddr| match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || (address.segments()[0] & 0xfe00) == 0xfc00
                || (address.segments()[0] & 0xffc0) == 0xfe80
        }
    };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => is_near(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_near(IpAddr::V6(address)),
        None => false,
    }
}

/// Whether a page is taken for one of the public network: its name tells, no resolver is asked.
fn is_public(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && !is_near(url)
}

/// A redirect: the answer itself must let the page, and then the next address decides.
pub(super) fn after(
    judged: Judged,
    page: &Document,
    request: &Request,
    answers: &Answers,
) -> Judged {
    if judged.reading != Reading::NotModelled {
        return judged;
    }
    let location = answers.answer.as_ref().and_then(|answer| answer.headers.joined("location"));
    let Some(next) = location.and_then(|text| request.url.join(&text).ok()) else {
        return judged;
    };
    // Fetch 4.4, 6: each answer on the way is checked as if it were the last.
    let mut plain = answers.clone();
    if let Some(answer) = &mut plain.answer {
        answer.status = 200;
    }
    let verdict = decided(judged.engine, page, request, &plain);
    let is_let = matches!(verdict.reading, Reading::Reads(_));
    let cause = match is_let {
        true => Cause { detail: to(&next, page, request), ..REDIRECT },
        false => Cause::of(&verdict.because),
    };
    let reading = if is_let { Reading::NotModelled } else { verdict.reading };
    Judged { reading, cause, ..judged }
}

/// Where a redirect leads, and who asks there.
fn to(next: &Url, page: &Document, request: &Request) -> String {
    let (here, there) = (Origin::of(&request.url), Origin::of(next));
    // Fetch 4.5, 12: a foreign address that redirects to another one taints the origin.
    let is_tainted = !here.is_same(&there) && !page.origin().is_same(&here);
    let origin = if is_tainted { "null".to_owned() } else { page.origin().to_string() };
    format!("{next}, as Origin: {origin}")
}

/// What a console prints of what is not sent.
pub(super) fn console(judged: &Judged, page: &Document, request: &Request) -> Option<String> {
    let (from, to) = (page.url.as_str(), request.url.as_str());
    match (judged.cause.id, judged.engine) {
        ("mixed-content", EngineId::Chromium) => Some(format!(
            "Mixed Content: The page at '{from}' was loaded over HTTPS, but requested an insecure \
             resource '{to}'. This request has been blocked; the content must be served over HTTPS."
        )),
        ("mixed-content", EngineId::Firefox) => {
            Some(format!("Blocked loading mixed active content “{to}”"))
        }
        ("mixed-content", EngineId::WebKit) => Some(format!(
            "[blocked] The page at {from} requested insecure content from {to}. This content was \
             blocked and must be served over HTTPS."
        )),
        _ => None,
    }
}
