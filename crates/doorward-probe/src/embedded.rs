//! What an element of a page loads without CORS, as `<img>` and `<script>` do, and which cookies go
//! along.

use crate::call::Call;
use crate::finding::Engines;
use crate::look::{Look, call_of, page_of};
use doorward_browser::{
    Answer, Document, Engine, EngineId, Headers, Mode, Request, Sent, State, Verdict, Way, decide,
};
use url::Url;

/// The request of an element on a page of this origin; none where no page can have it.
#[must_use]
pub fn embedded(origin: &str, url: &Url) -> Option<Call> {
    let page = page_of(origin)?;
    let verdict = loaded(EngineId::Chromium, &page, url, &State::default());
    verdict.sent.map(|sent| call_of(&sent))
}

/// The engines in which one of these cookies goes along with it; each is a line of `Set-Cookie`, as
/// the server itself said it.
#[must_use]
pub fn travels(origin: &str, url: &Url, set: &[String]) -> Engines {
    let Some(page) = page_of(origin) else { return Engines::default() };
    Engines::which(|id| {
        let headers: Headers = set.iter().map(|line| ("Set-Cookie", line.as_str())).collect();
        let mut server =
            |_: &Sent| Answer { status: 200, headers: headers.clone(), is_executed: false };
        // A person who comes by himself is given them.
        let request = Request::by(Way::Typed, url.clone());
        let engine = Engine::of(id);
        let visit = decide(&engine, None, &request, &mut server, &State::default(), 0);
        loaded(id, &page, url, &visit.after).cookies.iter().any(|cookie| cookie.is_taken)
    })
}

/// The call with the session's cookie alone: an element sends no other header of a script's. None
/// where the session has no cookie, or is for another host.
#[must_use]
pub fn with_cookie(look: &Look<'_>, call: &Call) -> Option<Call> {
    let cookie = look.signed_in(call)?.headers.joined("cookie")?;
    Some(call.clone().with("Cookie", &cookie))
}

/// In which engines the session's cookie goes along from another site, and whether the API was
/// seen to set it; else it counts as one without attributes.
pub async fn travelling(look: &Look<'_>) -> (Engines, bool) {
    let names = look.session.map(|session| session.cookie_names()).unwrap_or_default();
    let mut set = Vec::new();
    let own = look.operation.call();
    for call in [Some(own.clone()), with_cookie(look, &own)].into_iter().flatten() {
        let Ok(answer) = look.ask(&call).await else { continue };
        let lines = answer.headers.all("set-cookie").filter(|line| {
            let name = line.split('=').next().unwrap_or_default().trim();
            names.contains(&name)
        });
        set.extend(lines.map(str::to_owned));
    }
    let is_known = !set.is_empty();
    if !is_known {
        set = names.iter().map(|name| format!("{name}=1; Path=/")).collect();
    }
    (travels(&look.canaries[0], &look.operation.url, &set), is_known)
}

fn loaded(id: EngineId, page: &Document, url: &Url, state: &State) -> Verdict {
    let request = Request { mode: Mode::NoCors, ..Request::by(Way::Image, url.clone()) };
    decide(&Engine::of(id), Some(page), &request, &mut |_| Answer::default(), state, 0)
}

#[cfg(test)]
mod tests {
    use super::{embedded, travels};
    use url::Url;

    #[test]
    fn which_cookies_go_along() {
        let url = Url::parse("https://api.shop.example/me").expect("an address");
        for (line, want) in [
            ("s=1; SameSite=None; Secure", "Chromium and WebKit"),
            ("s=1; SameSite=Lax", ""),
            ("s=1", "WebKit"),
        ] {
            let engines = travels("https://evil.example", &url, &[line.to_owned()]);
            assert_eq!(engines.to_string(), want, "{line}");
        }
        let engines = travels("https://shop.example", &url, &["s=1; SameSite=Strict".to_owned()]);
        assert_eq!(engines.to_string(), "every browser");
    }

    #[test]
    fn an_image_says_no_origin() {
        let url = Url::parse("https://api.shop.example/me").expect("an address");
        let call = embedded("https://evil.example", &url).expect("a page");
        assert!(!call.headers.has("origin"));
        assert_eq!(call.headers.joined("sec-fetch-site").as_deref(), Some("cross-site"));
    }
}
