//! The decision table: the first row that fits decides. Every combination of what a browser can say
//! fits some row, and every row has a case of its own in `cases/site/`.

use crate::visit::OriginIs;

/// `Sec-Fetch-Site`, as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// `same-origin`.
    SameOrigin,
    /// `same-site`.
    SameSite,
    /// `cross-site`.
    CrossSite,
    /// `none`: a person typed it, or opened a bookmark.
    Nobody,
    /// No such header.
    Absent,
    /// Repeated, unreadable, or a word that no browser sends.
    Unclear,
}

/// What the method comes to here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// GET or HEAD.
    Read,
    /// Any other method.
    Other,
    /// A WebSocket handshake.
    Upgrade,
}

/// `Sec-Fetch-Mode` and `Sec-Fetch-Dest`, together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// A navigation of a whole tab or window.
    NavigateTop,
    /// A navigation of a frame, object or embed, or one that does not say of what.
    NavigateNested,
    /// `no-cors`: images, scripts, styles, beacons, simple `fetch`.
    NoCors,
    /// `cors` or `same-origin`: `fetch`, XHR, EventSource, module scripts, fonts.
    Cors,
    /// `websocket`.
    WebSocket,
    /// No such header.
    Unsaid,
}

/// What a row decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// One's own page, an allowed one, or a person.
    Admit,
    /// Nothing says that a browser sent it: later layers ask who calls.
    Program,
    /// Only where the route may be embedded by pages of the same site.
    IfEmbedSameSite,
    /// Only where the route may be embedded by any page.
    IfEmbedAnyone,
    /// Only where people may be led to the route from other sites.
    IfLed,
    /// Only where people are sent back to the route by POST; otherwise another site's request.
    IfReturn,
    /// As `IfReturn`; otherwise a request of another origin of the same site.
    IfReturnSameSite,
    /// As `IfReturn`; otherwise a request with an opaque origin.
    IfReturnNull,
    /// By `Referer`, the only thing left on plain http.
    ByReferer,
    /// From another site.
    CrossSite,
    /// From the same site, but another origin.
    SameSite,
    /// From an opaque origin.
    NullOrigin,
    /// The headers contradict each other.
    Contradiction,
    /// The headers cannot be told.
    Unclear,
}

/// A row: what each part must be (none: anything), and what it decides.
pub struct Row {
    /// Its name: the case file in `cases/site/` is called the same.
    pub name: &'static str,
    /// `Sec-Fetch-Site`.
    pub from: Option<From>,
    /// Whose `Origin`.
    pub origin: Option<OriginIs>,
    /// Method.
    pub does: Option<Does>,
    /// Mode and destination.
    pub how: Option<How>,
    /// Whether browsers hold the gate's name for trustworthy.
    pub trustworthy: Option<bool>,
    /// What it decides.
    pub outcome: Outcome,
}

impl Row {
    const fn new(name: &'static str, outcome: Outcome) -> Self {
        Self { name, from: None, origin: None, does: None, how: None, trustworthy: None, outcome }
    }

    const fn from(mut self, from: From) -> Self {
        self.from = Some(from);
        self
    }

    const fn origin(mut self, origin: OriginIs) -> Self {
        self.origin = Some(origin);
        self
    }

    const fn does(mut self, does: Does) -> Self {
        self.does = Some(does);
        self
    }

    const fn how(mut self, how: How) -> Self {
        self.how = Some(how);
        self
    }

    const fn trustworthy(mut self, trustworthy: bool) -> Self {
        self.trustworthy = Some(trustworthy);
        self
    }

    fn fits(&self, said: Said) -> bool {
        self.from.is_none_or(|from| from == said.from)
            && self.origin.is_none_or(|origin| origin == said.origin)
            && self.does.is_none_or(|does| does == said.does)
            && self.how.is_none_or(|how| how == said.how)
            && self.trustworthy.is_none_or(|trustworthy| trustworthy == said.trustworthy)
    }
}

/// What a request says about where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// `Sec-Fetch-Site`.
    pub from: From,
    /// Whose `Origin`.
    pub origin: OriginIs,
    /// Method.
    pub does: Does,
    /// Mode and destination.
    pub how: How,
    /// Whether browsers hold the gate's name for trustworthy.
    pub trustworthy: bool,
}

/// The table.
pub const TABLE: &[Row] = &[
    // What cannot be read, or stands twice, says nothing.
    Row::new("unclear-site", Outcome::Unclear).from(From::Unclear),
    Row::new("unclear-origin", Outcome::Unclear).origin(OriginIs::Unclear),
    // No page can forge an `Origin`: an allowed one passes, wherever its site is.
    Row::new("own-origin", Outcome::Admit).origin(OriginIs::Own),
    Row::new("allowed-origin", Outcome::Admit).origin(OriginIs::Allowed),
    // `same-origin` outranks `null`: one's own page under `Referrer-Policy: no-referrer` sends
    // both. It never outranks another origin.
    Row::new("same-origin-other", Outcome::Contradiction)
        .from(From::SameOrigin)
        .origin(OriginIs::Other),
    Row::new("same-origin", Outcome::Admit).from(From::SameOrigin),
    // Return routes: a provider's page posts the person back (SAML, form_post, 3-D Secure).
    Row::new("cross-site-return", Outcome::IfReturn)
        .from(From::CrossSite)
        .origin(OriginIs::Other)
        .does(Does::Other)
        .how(How::NavigateTop),
    Row::new("cross-site-return-null", Outcome::IfReturnNull)
        .from(From::CrossSite)
        .origin(OriginIs::Null)
        .does(Does::Other)
        .how(How::NavigateTop),
    Row::new("same-site-return", Outcome::IfReturnSameSite)
        .from(From::SameSite)
        .origin(OriginIs::Other)
        .does(Does::Other)
        .how(How::NavigateTop),
    Row::new("same-site-return-null", Outcome::IfReturnNull)
        .from(From::SameSite)
        .origin(OriginIs::Null)
        .does(Does::Other)
        .how(How::NavigateTop),
    // Somebody else's origin, or an opaque one.
    Row::new("same-site-other", Outcome::SameSite).from(From::SameSite).origin(OriginIs::Other),
    Row::new("other-origin", Outcome::CrossSite).origin(OriginIs::Other),
    Row::new("null-origin", Outcome::NullOrigin).origin(OriginIs::Null),
    // From here on there is no `Origin`. `none` counts only for a person who opens an address.
    Row::new("typed", Outcome::Admit).from(From::Nobody).does(Does::Read).how(How::NavigateTop),
    Row::new("nobody", Outcome::Program).from(From::Nobody),
    // Another site leads a person here, or embeds an answer.
    Row::new("cross-site-led", Outcome::IfLed)
        .from(From::CrossSite)
        .does(Does::Read)
        .how(How::NavigateTop),
    Row::new("same-site-led", Outcome::IfLed)
        .from(From::SameSite)
        .does(Does::Read)
        .how(How::NavigateTop),
    // Browsers put an `Origin` on every request in these modes.
    Row::new("cross-site-cors-bare", Outcome::Contradiction).from(From::CrossSite).how(How::Cors),
    Row::new("same-site-cors-bare", Outcome::Contradiction).from(From::SameSite).how(How::Cors),
    Row::new("cross-site-socket-bare", Outcome::Contradiction)
        .from(From::CrossSite)
        .how(How::WebSocket),
    Row::new("same-site-socket-bare", Outcome::Contradiction)
        .from(From::SameSite)
        .how(How::WebSocket),
    Row::new("cross-site-embed", Outcome::IfEmbedAnyone).from(From::CrossSite).does(Does::Read),
    Row::new("same-site-embed", Outcome::IfEmbedSameSite).from(From::SameSite).does(Does::Read),
    Row::new("cross-site-bare", Outcome::CrossSite).from(From::CrossSite),
    Row::new("same-site-bare", Outcome::SameSite).from(From::SameSite),
    // Neither header: on a trustworthy name a browser of the last years would have sent one.
    Row::new("program", Outcome::Program).from(From::Absent).trustworthy(true),
    Row::new("plain-http", Outcome::ByReferer).from(From::Absent).trustworthy(false),
];

/// What the table decides.
#[must_use]
pub fn decide(said: Said) -> Outcome {
    // A gap would be a request that nobody thought of.
    TABLE.iter().find(|row| row.fits(said)).map_or(Outcome::Unclear, |row| row.outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_combination() -> Vec<Said> {
        let mut out = Vec::new();
        for from in [
            From::SameOrigin,
            From::SameSite,
            From::CrossSite,
            From::Nobody,
            From::Absent,
            From::Unclear,
        ] {
            for origin in [
                OriginIs::Own,
                OriginIs::Allowed,
                OriginIs::Other,
                OriginIs::Null,
                OriginIs::Absent,
                OriginIs::Unclear,
            ] {
                for does in [Does::Read, Does::Other, Does::Upgrade] {
                    for how in [
                        How::NavigateTop,
                        How::NavigateNested,
                        How::NoCors,
                        How::Cors,
                        How::WebSocket,
                        How::Unsaid,
                    ] {
                        for trustworthy in [true, false] {
                            out.push(Said { from, origin, does, how, trustworthy });
                        }
                    }
                }
            }
        }
        out
    }

    #[test]
    fn every_combination_meets_a_row_and_every_row_is_met() {
        let mut met = vec![0; TABLE.len()];
        for said in every_combination() {
            let row = TABLE.iter().position(|row| row.fits(said));
            met[row.unwrap_or_else(|| panic!("no row for {said:?}"))] += 1;
        }
        for (row, count) in TABLE.iter().zip(met) {
            assert!(count > 0, "nothing meets the row {}", row.name);
        }
    }

    /// The principles of the table, each over all combinations, written apart from its rows.
    #[test]
    fn the_principles_hold_over_all_combinations() {
        for said in every_combination() {
            let outcome = decide(said);
            let clear = said.from != From::Unclear && said.origin != OriginIs::Unclear;
            let trusted = matches!(said.origin, OriginIs::Own | OriginIs::Allowed);
            assert_eq!(outcome == Outcome::Unclear, !clear, "{said:?}");
            if !clear {
                continue;
            }
            if trusted {
                assert_eq!(outcome, Outcome::Admit, "{said:?}");
                continue;
            }
            if said.origin == OriginIs::Other {
                let refused = matches!(
                    outcome,
                    Outcome::CrossSite
                        | Outcome::SameSite
                        | Outcome::Contradiction
                        | Outcome::IfReturn
                        | Outcome::IfReturnSameSite
                );
                assert!(refused, "a stranger's origin never passes by itself: {said:?}");
            }
            if outcome == Outcome::Admit {
                let typed = said.from == From::Nobody
                    && said.does == Does::Read
                    && said.how == How::NavigateTop;
                assert!(said.from == From::SameOrigin || typed, "{said:?}");
            }
            if outcome == Outcome::Program {
                let silent = matches!(said.from, From::Nobody | From::Absent);
                assert!(silent && said.origin == OriginIs::Absent, "{said:?}");
            }
            if matches!(said.from, From::CrossSite | From::SameSite) && said.does == Does::Upgrade {
                assert!(
                    !matches!(outcome, Outcome::Admit | Outcome::IfEmbedAnyone | Outcome::IfLed),
                    "{said:?}"
                );
            }
        }
    }
}
