//! `Sec-Fetch-*`: what a browser says of a request, beyond a script's reach (Fetch Metadata).

use crate::document::Document;
use crate::headers::Headers;
use crate::origin::{Origin, Relation, is_trustworthy, relation};
use crate::request::Mode;
use crate::way::Way;
use url::Url;

/// Adds the headers; only servers that browsers trust are told.
pub(crate) fn add(headers: &mut Headers, from: Option<&Document>, way: Way, mode: Mode, to: &Url) {
    if !is_trustworthy(to) {
        return;
    }
    headers.append("Sec-Fetch-Site", site(from, to));
    headers.append("Sec-Fetch-Mode", word(mode));
    headers.append("Sec-Fetch-Dest", way.destination());
}

/// Where it comes from. What a person typed comes from nowhere.
fn site(from: Option<&Document>, to: &Url) -> &'static str {
    let Some(from) = from else { return "none" };
    match relation(&from.origin(), &Origin::of(to)) {
        Relation::SameOrigin => "same-origin",
        Relation::SameSite => "same-site",
        Relation::CrossSite => "cross-site",
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
    use crate::document::Document;
    use crate::headers::Headers;
    use crate::request::Mode;
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
            add(&mut headers, Some(&page), way, mode, &url(to));
            let said: Vec<&str> = headers.iter().map(|(_, value)| value).collect();
            assert_eq!(said.join(" "), want, "{way:?} {to}");
        }
        let mut headers = Headers::new();
        add(&mut headers, None, Way::Typed, Mode::Navigate, &url("http://a.localhost/"));
        assert_eq!(headers.joined("sec-fetch-site").as_deref(), Some("none"));
    }
}
