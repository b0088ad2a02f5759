//! What the page gets of an answer (Fetch 2.2.6, 4.1, 4.10).

use super::{End, Walk};
use crate::cors;
use crate::fetched;
use crate::mime;
use crate::opaque;
use crate::origin::Origin;
use crate::request::Mode;
use crate::rule;
use crate::verdict::{Answer, Because, Reading, Tainting};
use crate::way::Way;

impl Walk<'_> {
    /// Why the page gets nothing of an answer, redirects included, if that is so (Fetch 4.4).
    pub(super) fn doubt(&self, answer: &Answer) -> Option<Because> {
        if answer.status == 0 {
            return Some(Because::of(rule::NO_ANSWER));
        }
        match self.tainting {
            Tainting::Basic => None,
            Tainting::Cors => {
                let (passes, rule) = cors::check(answer, &self.own_origin(), self.credentials);
                (!passes).then(|| Because::of(rule))
            }
            Tainting::Opaque => {
                let (from, url) = (self.from.as_ref(), self.chain.url());
                let rule = opaque::kept_from(from, url, answer, self.has_credentials())?;
                Some(Because::of(rule))
            }
        }
    }

    /// The page's origin, as servers on this way are told it.
    fn own_origin(&self) -> Origin {
        self.from.as_ref().map_or(Origin::Opaque, |from| self.chain.origin(from))
    }

    /// What the page gets of the last answer.
    pub(super) fn read(&self, answer: &Answer) -> End {
        let way = self.request.way;
        if self.mode == Mode::Navigate {
            let (reading, rule) = match is_shown(answer) {
                true => (Reading::Navigates, rule::NAVIGATION),
                false => (Reading::Silent, rule::STAYS),
            };
            return End { reading, because: Because::of(rule), event: None };
        }
        if let Some(no) = self.misfit(answer) {
            return self.fails(no);
        }
        if way.is_watched() {
            return self.shown(answer);
        }
        if !way.is_scripted() {
            let because = Because::of(rule::NOBODY_WAITS);
            return End { reading: Reading::Silent, because, event: None };
        }
        let (reading, rule) = match (self.mode, self.tainting) {
            (Mode::WebSocket, _) => (Reading::Reads(Vec::new()), rule::WEBSOCKET),
            (_, Tainting::Basic) => {
                (Reading::Reads(fetched::all(&answer.headers)), rule::OWN_ORIGIN)
            }
            (_, Tainting::Cors) => {
                let names = fetched::exposed(&answer.headers, self.credentials);
                let (_, rule) = cors::check(answer, &self.own_origin(), self.credentials);
                (Reading::Reads(names), rule)
            }
            (_, Tainting::Opaque) => (Reading::Opaque, rule::OPAQUE),
        };
        End { reading, because: Because::of(rule), event: None }
    }

    /// Why an answer is not what the call can use, if it is not.
    fn misfit(&self, answer: &Answer) -> Option<Because> {
        let is_stream = || {
            let kind = answer.headers.joined("content-type");
            kind.and_then(|text| mime::essence(&text)).as_deref() == Some("text/event-stream")
        };
        let way = self.request.way;
        if way == Way::WebSocket && answer.status != 101 {
            return Some(Because::on(rule::NOT_A_WEBSOCKET, answer.status.to_string()));
        }
        if way == Way::EventSource && (answer.status != 200 || !is_stream()) {
            return Some(Because::of(rule::NOT_A_STREAM));
        }
        let is_compared = matches!(way, Way::Fetch | Way::Script | Way::Stylesheet)
            && self.request.options.has_integrity;
        let is_opaque = self.tainting == Tainting::Opaque;
        (is_compared && is_opaque).then(|| Because::of(rule::INTEGRITY_OPAQUE))
    }

    /// What an element makes of it.
    fn shown(&self, answer: &Answer) -> End {
        let (event, failure) = opaque::shown(self.engine, self.request.way, self.tainting, answer);
        let rule = failure.unwrap_or_else(|| match self.tainting {
            Tainting::Basic => rule::OWN_ORIGIN,
            Tainting::Cors => cors::check(answer, &self.own_origin(), self.credentials).1,
            Tainting::Opaque => rule::EMBEDDED,
        });
        End { reading: Reading::Silent, because: Because::of(rule), event }
    }
}

/// Whether an answer replaces the page: 204 and 205 have nothing to show, and a file is saved
/// (HTML 7.4.5; RFC 6266 4.2).
fn is_shown(answer: &Answer) -> bool {
    let said = answer.headers.joined("content-disposition").unwrap_or_default();
    let kind = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_saved = !matches!(kind.as_str(), "" | "inline");
    !matches!(answer.status, 204 | 205) && !is_saved
}
