//! A program's step: requests as they are typed, once or many times, from one address or many, with
//! passes or without.

use super::plan::{Plan, Source, asker, signed};
use crate::acts::{Price, Report};
use crate::client::{Answered, Call, CallError, Connection};
use crate::gate::LabClock;
use crate::lab::{Lab, unix_s};
use crate::passes::{BITS, Pass, TRIES_MAX};
use crate::scenario::{Asks, Side, Step};
use crate::wire::{HEADER, Mark};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A program, and what it sends.
pub(super) struct Program<'a> {
    pub(super) lab: &'a Lab,
    pub(super) step: &'a Step,
    pub(super) side: Side,
    pub(super) mark: Mark,
    /// The clock of the gate, where there is one.
    pub(super) clock: Option<&'a LabClock>,
    pub(super) plan: &'a Plan,
    /// What it sends; none: what it copies was never sent.
    pub(super) call: Option<Call>,
}

/// One of those who call.
#[derive(Default)]
struct Visitor {
    way: Option<Connection>,
    pass: Option<Pass>,
    has_asked: bool,
    /// How far the gate's clock is ahead of its own.
    ahead_s: i64,
}

impl Visitor {
    fn now_unix_s(&self) -> u64 {
        unix_s().saturating_add_signed(self.ahead_s)
    }

    fn set_clock(&mut self, now_unix_s: u64) {
        self.ahead_s = now_unix_s.cast_signed() - unix_s().cast_signed();
    }
}

impl Program<'_> {
    /// The request of a plan; `travelled` is what the step that it copies sent.
    pub(super) fn call(plan: &Plan, travelled: Option<Call>) -> Option<Call> {
        match &plan.source {
            Source::Typed(call) => Some(call.clone()),
            Source::Copied(_, changes) => travelled.map(|call| changes.on(&call)),
        }
    }

    /// The request as somebody would type it.
    pub(super) fn shown(&self) -> String {
        let Some(call) = &self.call else {
            return "# what it copies was not sent".to_owned();
        };
        let line = crate::curl::written(&Call { url: Mark::off(&call.url), ..call.clone() });
        match self.plan.signed {
            true => format!("# with a pass, and signed anew each time\n{line}"),
            false => line,
        }
    }

    /// Sends it as often as the step says.
    pub(super) async fn run(&self) -> Option<Report> {
        let call = self.call.as_ref()?;
        let mut visitors: Vec<Visitor> = Vec::new();
        visitors.resize_with(usize::try_from(self.plan.callers()).unwrap_or(1), Visitor::default);
        let mut report = Report { outcome: "read".to_owned(), ..Report::default() };
        // Of many the last refusal is told: without one, the last answer.
        let mut last: Option<Answered> = None;
        for turn in 0..self.plan.times {
            if let Some(clock) = self.clock {
                clock.turn_on(self.plan.pause);
            }
            let at = turn % self.plan.callers();
            let visitor = visitors.get_mut(usize::try_from(at).unwrap_or_default())?;
            let own = self.prepared(call, visitor, at, &mut report.price).await;
            let Ok(own) = own else { break };
            // A connection that was closed is opened again with the next turn.
            if let Ok(answered) = self.send(visitor, &own, at).await {
                *report.statuses.entry(answered.status).or_default() += 1;
                if is_refused(&answered) || !last.as_ref().is_some_and(is_refused) {
                    last = Some(answered);
                }
            }
        }
        let answered = last?;
        report.body = String::from_utf8_lossy(&answered.body).chars().take(4096).collect();
        report.status = (self.plan.times == 1).then_some(answered.status);
        report.headers = answered.headers.into_iter().collect::<BTreeMap<_, _>>();
        Some(report)
    }

    /// The call of one turn: with a token, or a signature, where the step says so.
    async fn prepared(
        &self,
        call: &Call,
        visitor: &mut Visitor,
        at: u32,
        price: &mut Option<Price>,
    ) -> Result<Call, CallError> {
        if let Some(asks) = self.plan.asks {
            let bits = if asks == Asks::WithWork { BITS } else { 0 };
            let asking = asker(call).ask(&call.headers, unix_s(), bits);
            let asking = asking.ok_or_else(|| CallError::NotARequest("no key".to_owned()))?;
            return Ok(Call { url: call.url.clone(), ..asking.call });
        }
        if self.plan.signed {
            if !visitor.has_asked {
                self.ask(call, visitor, at, price).await?;
            }
            let now = visitor.now_unix_s();
            let signature = visitor.pass.as_ref().and_then(|pass| pass.sign(call, now));
            return Ok(signature.map_or_else(|| call.clone(), |own| signed(call, own)));
        }
        self.with_token(call).await
    }

    /// Asks for a pass as a page's script does: again where the gate wants more work.
    async fn ask(
        &self,
        call: &Call,
        visitor: &mut Visitor,
        at: u32,
        price: &mut Option<Price>,
    ) -> Result<(), CallError> {
        visitor.has_asked = true;
        let price = price.get_or_insert_default();
        let mut bits = BITS;
        for _ in 0..TRIES_MAX {
            let Some(asking) = asker(call).ask(&call.headers, visitor.now_unix_s(), bits) else {
                return Ok(());
            };
            price.work_ms += asking.work_ms;
            let answered = self.send(visitor, &asking.call, at).await?;
            match asking.pass(answered.status, &answered.body) {
                Ok(pass) => {
                    visitor.set_clock(pass.now_unix_s);
                    visitor.pass = Some(pass);
                    price.passes += 1;
                    price.bits = price.bits.max(bits);
                    return Ok(());
                }
                Err(no) => {
                    price.refused += 1;
                    bits = no.bits.unwrap_or(bits);
                    if let Some(now) = no.now_unix_s {
                        visitor.set_clock(now);
                    }
                }
            }
        }
        Ok(())
    }

    async fn send(
        &self,
        visitor: &mut Visitor,
        call: &Call,
        at: u32,
    ) -> Result<Answered, CallError> {
        let mut call = call.clone();
        if self.step.copy_of.is_some() {
            // Its address is another step's.
            call.headers.push((HEADER.to_owned(), self.mark.to_string()));
        }
        let mut way = match visitor.way.take() {
            Some(way) => way,
            None => {
                let pretend: Option<IpAddr> = Some(self.plan.address(at));
                self.lab.client.connect(&self.lab.sites(), &call.url, pretend).await?
            }
        };
        let answered = way.send(&call).await?;
        visitor.way = Some(way);
        Ok(answered)
    }

    /// The call, with a token that was asked for first, where the step says so.
    async fn with_token(&self, call: &Call) -> Result<Call, CallError> {
        let mut call = call.clone();
        if !self.plan.with_token {
            return Ok(call);
        }
        let url = self.lab.address(self.step.to, self.side, "/api/token");
        let asked = Call { method: "GET".to_owned(), url, ..Call::default() };
        let answered = self.lab.call(&asked).await?;
        let json: serde_json::Value = serde_json::from_slice(&answered.body).unwrap_or_default();
        let token = json["token"].as_str().unwrap_or_default().to_owned();
        call.headers.push(("X-Token".to_owned(), token));
        Ok(call)
    }
}

/// Whether the gate refused it.
fn is_refused(answered: &Answered) -> bool {
    answered.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("doorward-refusal"))
}
