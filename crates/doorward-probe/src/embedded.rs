//! What an element of a page loads without CORS, as `<img>` and `<script>` do, and which cookies go
//! along.

use crate::call::Call;
use crate::finding::Engines;
use crate::look::{call_of, page_of};
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
