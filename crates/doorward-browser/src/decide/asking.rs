//! The question that comes first: whether it is needed, and what comes of it (Fetch 4.4, 4.8).

use super::Walk;
use crate::preflight::{self, Asked, Asker, Cause};
use crate::rule;
use crate::verdict::{Answer, Because, Preflight, Sent};
use crate::way::Way;

impl Walk<'_> {
    /// Whether this way ever asks first, and if so whether this request does.
    pub(super) fn asks(&mut self) -> bool {
        let asks_ever = match self.request.way {
            Way::Fetch | Way::Xhr { .. } | Way::Beacon | Way::Report => true,
            // Only what a script may shape has the unsafe-request flag (Fetch 2.2.5).
            Way::EventSource
            | Way::WebSocket
            | Way::Form(_)
            | Way::Link(_)
            | Way::Ping
            | Way::Image
            | Way::Script
            | Way::Stylesheet
            | Way::Font
            | Way::Audio
            | Way::Video
            | Way::Worker
            | Way::SharedWorker
            | Way::Prefetch
            | Way::CspReport
            | Way::Typed => false,
        };
        if !asks_ever {
            return false;
        }
        let asked = self.asked();
        self.asking = Some(asked.causes.first().map_or(rule::SIMPLE, Cause::rule));
        self.has_asked |= asked.asks();
        asked.asks() || (self.has_asked && self.engine.asks_on)
    }

    fn asked(&self) -> Asked {
        Asked::of(self.engine, self.request, &self.method, &self.said)
    }

    fn asker(&self) -> Option<Asker> {
        let from = self.from.as_ref()?;
        Some(Asker::new(from, &self.chain, self.credentials))
    }

    /// Asks, unless it is remembered; the reason why the request is not sent, if it is not.
    pub(super) fn ask(&mut self, server: &mut dyn FnMut(&Sent) -> Answer) -> Option<Because> {
        let (mut asked, asker) = (self.asked(), self.asker()?);
        // What asks only because it asked before is covered by nothing that is remembered.
        asked.always |= !asked.asks();
        let from = self.from.as_ref()?;
        let mut preflight =
            Preflight { causes: asked.causes.clone(), sent: None, answer: None, doubt: None };
        // An engine that asks on has nothing to ask about that it could remember.
        let is_covered = asked.asks()
            && self.after.remembered.cover(self.engine, &asker, (&asked, &self.method), self.now_s);
        if is_covered {
            self.asking = Some(rule::REMEMBERED);
        } else {
            let own = (self.request, &self.chain);
            let origin = match self.engine.preflight_sees_through_taint {
                true => from.origin(),
                false => self.chain.origin(from),
            };
            let page = (from, &origin, self.telling);
            let sent = preflight::question(self.engine, page, own, &self.method, &asked.names);
            let answer = server(&sent);
            let question = (self.method.as_str(), &asked);
            preflight.doubt = if answer.status == 0 {
                Some(Because::of(rule::NO_ANSWER))
            } else {
                preflight::doubt(self.engine, &answer, &origin, question, self.credentials)
            };
            if preflight.doubt.is_none() {
                self.after.remembered.keep(self.engine, &asker, question, &answer, self.now_s);
            }
            (preflight.sent, preflight.answer) = (Some(sent), Some(answer));
        }
        let doubt = preflight.doubt.clone();
        if let Some(hop) = self.hops.last_mut() {
            hop.preflight = Some(preflight);
        }
        doubt
    }

    /// Forgets what was approved here: something went wrong (Fetch 4.1, 12).
    pub(super) fn forget(&mut self) {
        if let Some(asker) = self.asker() {
            self.after.remembered.forget(&asker);
        }
    }
}
