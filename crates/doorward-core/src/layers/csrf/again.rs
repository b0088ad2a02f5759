//! What a person is offered whose form was refused: to load it again.

use super::Reason;
use crate::header;
use crate::layers::method;
use crate::page::Offer;
use crate::visit::Visit;
use http::header::REFERER;

/// What the page of a refusal offers. Only a form of one's own page is worth loading again: a
/// browser that does not say so, or says something else, gets nothing.
pub(crate) fn offer(visit: &Visit<'_>, reason: Reason) -> Offer {
    let is_own = visit.seen.fetch_site.value() == Some("same-origin");
    match reason {
        Reason::OtherSession | Reason::Expired if is_own => {
            Offer::LoadAgain { is_here: is_here(visit) }
        }
        // A form that had no token, or a made-up one, has none when it is loaded again either.
        Reason::OtherSession
        | Reason::Expired
        | Reason::Missing
        | Reason::Forged
        | Reason::Unclear => Offer::Nothing,
    }
}

/// Whether the form's page stands at the address that it was sent to: the link then says nothing
/// that the request said. The page is of this origin, so its path is all that may differ.
fn is_here(visit: &Visit<'_>) -> bool {
    let page = header::single(visit.view.headers, &REFERER).value();
    method::may_get(visit.route()) && page.and_then(path) == Some(visit.view.target.path)
}

/// The path of a page's address, as browsers write it (RFC 9110 10.1.3).
fn path(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("://")?;
    let path = &rest[rest.find('/')?..];
    path.split(['?', '#']).next()
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn a_path_is_what_stands_behind_the_host() {
        let rows = [
            ("https://shop.test/login?a=1", Some("/login")),
            ("https://shop.test/login#a", Some("/login")),
            ("https://shop.test/", Some("/")),
            ("https://shop.test//login", Some("//login")),
            ("https://shop.test", None),
            ("/login", None),
            ("about:blank", None),
            ("", None),
        ];
        for (page, want) in rows {
            assert_eq!(path(page), want, "{page}");
        }
    }
}
