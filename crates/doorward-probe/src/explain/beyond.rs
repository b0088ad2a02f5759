//! What nobody says: which network a page came from, and what the next address of a redirect
//! answers.

use super::{Answers, Cause, Judged};
use doorward_browser::{AddressSpace, Document, Engine, EngineId, Permission, Reading, Request};

/// A redirect that the page may follow.
const REDIRECT: Cause = Cause {
    id: "redirect",
    section: "Fetch 4.5",
    link: "https://fetch.spec.whatwg.org/#concept-http-redirect-fetch",
    says: "The answer is a redirect that the browser follows. What the next address answers \
           decides; it must allow the page as well.",
    detail: String::new(),
};

/// The page with the network that its address tells. Where no person was asked it counts as let,
/// and that is told apart from this.
pub(super) fn standing(page: &Document, answers: &Answers) -> Document {
    let mut page = page.clone();
    let is_web = matches!(page.url.scheme(), "http" | "https");
    let own = AddressSpace::of(&page.url).unwrap_or(AddressSpace::Public);
    page.space = is_web.then_some(own);
    page.local_network = match answers.is_denied {
        true => Permission::Denied,
        false => Permission::Granted,
    };
    page
}

/// The request with the network that it leads to, where a no tells it: the name may not.
pub(super) fn led(request: &Request, answers: &Answers) -> Request {
    let mut request = request.clone();
    if answers.is_denied && AddressSpace::of(&request.url).is_none() {
        request.options.server_space = Some(AddressSpace::Loopback);
    }
    request
}

/// Whether the browser asks the person before it sends.
pub(super) fn prompts(engine: EngineId, page: &Document, request: &Request) -> bool {
    let own = standing(page, &Answers::default()).space;
    let is_nearer = AddressSpace::of(&request.url).zip(own).is_some_and(|(to, own)| to < own);
    Engine::of(engine).gates_local_network && request.way.is_scripted() && is_nearer
}

/// A redirect whose next address is not known.
pub(super) fn after(judged: Judged) -> Judged {
    let Some(next) = judged.verdict.hops.last().filter(|_| judged.verdict.hops.len() > 1) else {
        return judged;
    };
    let asked = next.preflight.as_ref().and_then(|preflight| preflight.sent.as_ref());
    let Some(sent) = asked.or(next.sent.as_ref()) else { return judged };
    let origin = sent.headers.joined("origin").unwrap_or_default();
    let detail = format!("{}, as Origin: {origin}", next.url);
    Judged {
        reading: Reading::NotModelled,
        cause: Cause { detail, ..REDIRECT },
        in_preflight: false,
        ..judged
    }
}
