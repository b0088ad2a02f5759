//! `Sec-Fetch-*`: what a browser says of a request, beyond a script's reach (Fetch Metadata).

use crate::chain::Chain;
use crate::document::Document;
use crate::engine::Engine;
use crate::headers::Headers;
use crate::origin::is_trustworthy;
use crate::request::{Mode, Request};
use crate::way::Way;

/// Adds the headers; only servers that browsers trust are told.
pub(crate) fn add(
    headers: &mut Headers,
    engine: &Engine,
    from: Option<&Document>,
    (request, mode): (&Request, Mode),
    chain: &Chain,
) {
    let way = request.way;
    let is_told = way != Way::WebSocket || engine.tells_websockets;
    if !is_told || !is_trustworthy(chain.url()) {
        return;
    }
    let asks = headers.has("access-control-request-method");
    let Some(site) = chain.site(engine, from, (mode, asks)) else { return };
    headers.append("Sec-Fetch-Site", site);
    headers.append("Sec-Fetch-Mode", word(mode));
    headers.append("Sec-Fetch-Dest", way.destination());
    let is_clicked = request.options.is_clicked || way == Way::Typed;
    if way.navigates().is_some() && is_clicked && engine.says_user {
        headers.append("Sec-Fetch-User", "?1");
    }
}

const fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Cors => "cors",
        Mode::NoCors => "no-cors",
        Mode::SameOrigin => "same-origin",
        Mode::Navigate => "navigate",
        Mode::WebSocket => "websocket",
    }
}

#[cfg(test)]
mod tests {
    use super::add;
    use crate::chain::Chain;
    use crate::document::Document;
    use crate::engine::Engine;
    use crate::headers::Headers;
    use crate::request::{Mode, Request};
    use crate::way::{Target, Way};
    use url::Url;

    #[test]
    fn what_is_said() {
        let url = |text: &str| Url::parse(text).expect("an address");
        let page = Document::top(url("http://evil.localhost:5174/"));
        let rows = [
            (Way::Fetch, Mode::Cors, "http://api.shop.localhost:1/", "cross-site cors empty"),
            (Way::Fetch, Mode::NoCors, "http://promo.evil.localhost:1/", "same-site no-cors empty"),
            (Way::Image, Mode::NoCors, "http://evil.localhost:5174/", "same-origin no-cors image"),
            (
                Way::Form(Target::Top),
                Mode::Navigate,
                "http://a.localhost/",
                "cross-site navigate document",
            ),
            (
                Way::Link(Target::Frame),
                Mode::Navigate,
                "http://a.localhost/",
                "cross-site navigate iframe",
            ),
            (Way::Fetch, Mode::Cors, "http://a.test/", ""),
        ];
        for (way, mode, to, want) in rows {
            let mut headers = Headers::new();
            let request = Request::by(way, url(to));
            let chain = Chain::new(url(to));
            add(&mut headers, &Engine::chromium(), Some(&page), (&request, mode), &chain);
            let said: Vec<&str> = headers.iter().map(|(_, value)| value).collect();
            assert_eq!(said.join(" "), want, "{way:?} {to}");
        }
        let mut headers = Headers::new();
        let to = url("http://a.localhost/");
        let request = Request::by(Way::Typed, to.clone());
        let chain = Chain::new(to);
        add(&mut headers, &Engine::chromium(), None, (&request, Mode::Navigate), &chain);
        assert_eq!(headers.joined("sec-fetch-site").as_deref(), Some("none"));
        assert_eq!(headers.joined("sec-fetch-user").as_deref(), Some("?1"));
    }
}
