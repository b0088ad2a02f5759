//! What a program is going to be told: each of its requests is judged as it will be.

use super::passes::sent;
use super::{Predicted, Predictor, Told, Via};
use crate::client::Call;
use crate::passes::{BITS, Pass};
use crate::run::{Plan, Source, asker, cookie_names, signed};
use crate::scenario::{Asks, Gets};

/// One of those who call.
#[derive(Clone, Default)]
struct Visitor {
    pass: Option<Pass>,
    has_asked: bool,
}

impl Predictor {
    pub(super) fn program(&mut self, step: u32, plan: &Plan, via: Via) -> Predicted {
        let typed = match &plan.source {
            Source::Typed(call) => Some(call.clone()),
            Source::Copied(of, changes) => {
                let of = u32::try_from(*of).unwrap_or(u32::MAX);
                self.sent.get(&of).map(|call| changes.on(call))
            }
        };
        let Some(call) = typed else {
            return Predicted { gets: Some(Gets::Nothing), ..Predicted::default() };
        };
        let callers = plan.callers();
        let mut visitors = vec![Visitor::default(); usize::try_from(callers).unwrap_or(1)];
        for turn in 0..plan.times {
            self.wait(plan.pause);
            let at = turn % callers;
            let Some(visitor) = visitors.get_mut(usize::try_from(at).unwrap_or_default()) else {
                break;
            };
            let own = self.prepared(&call, plan, visitor, at);
            if let Some(sent) = sent(&own) {
                self.world.answer(&sent, via, plan.address(at), self.now_s);
            }
            self.sent.entry(step).or_insert(own);
        }
        let told = self.world.told();
        let said = |wanted: &str| {
            let own = call.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            own.map(|(_, value)| value.clone())
        };
        let (origin, cookies) = (said("origin"), cookie_names(&said("cookie").unwrap_or_default()));
        let mut rules = vec![Told::no_browser()];
        if plan.signed {
            rules.push(Told::signs());
        }
        Predicted { gets: Some(Gets::Read), rules, origin, cookies, ..told }.with_gate_rule()
    }

    /// The call of one turn.
    fn prepared(&mut self, call: &Call, plan: &Plan, visitor: &mut Visitor, at: u32) -> Call {
        if let Some(asks) = plan.asks {
            let bits = if asks == Asks::WithWork { BITS } else { 0 };
            let asking = asker(call).ask(&call.headers, self.world.now_unix_s(), bits);
            return asking.map_or_else(|| call.clone(), |asking| asking.call);
        }
        if !plan.signed {
            let mut call = call.clone();
            if plan.with_token {
                call.headers.push(("X-Token".to_owned(), "expected".to_owned()));
            }
            return call;
        }
        if !visitor.has_asked {
            visitor.has_asked = true;
            visitor.pass = self.asked_by_program(call, plan.address(at));
        }
        let now = self.world.now_unix_s();
        let signature = visitor.pass.as_ref().and_then(|pass| pass.sign(call, now));
        signature.map_or_else(|| call.clone(), |own| signed(call, own))
    }
}

impl Told {
    fn no_browser() -> Self {
        Self {
            id: "no-browser".to_owned(),
            section: "Fetch 3.3".to_owned(),
            link: "https://fetch.spec.whatwg.org/#http-cors-protocol".to_owned(),
            says: "A program asks nobody first and hides nothing: it sends what was typed, and \
                   reads what comes."
                .to_owned(),
            detail: String::new(),
            header: None,
        }
    }
}
