//! Runs a case through the core alone: no sockets, a store in memory, a time that is handed in.

use super::compare::{Contact, Saw, Seen, differences};
use super::gate::Made;
use super::request::{self, Request};
use super::{Case, MEMORY_SEED, Need, Step, Verdict, gate};
use doorward_core::fault::Fault;
use doorward_core::fingerprint::shown::Shown;
use doorward_core::layers::identity::{LookedUp, Told};
use doorward_core::memory::Memory;
use doorward_core::moment::{Moment, Now, RequestId};
use doorward_core::question::{Answer, Answers, Questions};
use doorward_core::reason::Reason;
use doorward_core::refused::Refused;
use doorward_core::turn::Turn;
use doorward_core::verdict::{self, Admitted, MeterStep, Outcome};
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use doorward_porter::chance::SeededChance;
use doorward_store::{MemoryStore, Sizes};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::cell::Cell;

/// What one case is judged with.
struct Bench {
    made: Made,
    memory: Memory,
    store: MemoryStore,
    chance: SeededChance,
    /// The steady clock never goes back, though the wall clock may be set back.
    steady_ns: Cell<u64>,
}

/// Runs a case: every difference from what it wants, each a line. None: it is as it should be.
#[must_use]
pub fn run_in_core(case: &Case) -> Vec<String> {
    let made = match gate::make(&case.config) {
        Ok(made) => made,
        Err(error) => return vec![format!("the configuration: {error}")],
    };
    let sizes = Sizes { strangers_max: 1_000, known_max: 10, claims_max: 1_000 };
    let bench = Bench {
        made,
        memory: Memory::new(1_000, MEMORY_SEED),
        store: MemoryStore::new(sizes, [2; 16]),
        chance: SeededChance::insecure(3),
        steady_ns: Cell::new(0),
    };
    let mut out = Vec::new();
    for step in &case.steps {
        for number in 1..=step.given.times {
            let found = match bench.see(step) {
                Ok(seen) => differences(step, &seen, &bench.made.proof),
                Err(error) => vec![error],
            };
            if !found.is_empty() {
                let place = format!("line {}, time {number}", step.line);
                out.extend(found.into_iter().map(|what| format!("{place}: {what}")));
                break;
            }
        }
    }
    out
}

impl Bench {
    fn at(&self, step: &Step) -> Moment<'_> {
        let unix_ns = step.given.unix_ns;
        Moment {
            // Both clocks go forward together, so one stamp is enough for both.
            now: Now { steady_ns: self.steady(unix_ns), unix_s: unix_ns / 1_000_000_000 },
            id: RequestId::draw(&self.chance),
            chance: &self.chance,
            memory: &self.memory,
        }
    }

    fn steady(&self, unix_ns: u64) -> u64 {
        self.steady_ns.set(self.steady_ns.get().max(unix_ns));
        self.steady_ns.get()
    }

    fn see(&self, step: &Step) -> Result<Seen, String> {
        let at = self.at(step);
        if step.given.needs == Some(Need::RawHead) {
            return self.see_fault(step, at);
        }
        let request = request::read(&step.request)?;
        match self.judge(step, &request, at) {
            verdict::Verdict::Admit(mut admitted) => {
                Ok(self.forward(step, &request, &mut admitted, at))
            }
            verdict::Verdict::Refuse(refused) => Ok(refusal(&refused)),
            verdict::Verdict::Reply(reply) => Ok(Seen {
                verdict: Verdict::Reply(reply.status.as_u16()),
                ..seen(reply.status.as_u16(), &reply.headers, reply.body.to_vec())
            }),
        }
    }

    /// The mounting's scan has seen the fault that the verdict names.
    fn see_fault(&self, step: &Step, at: Moment<'_>) -> Result<Seen, String> {
        let Verdict::Refuse(code) = &step.want.verdict else {
            return Err("what needs the raw head is refused".to_owned());
        };
        match Reason::find(code) {
            Some(Reason::Fault(fault)) => {
                Ok(refusal(&self.made.gate.fault(fault, step.given.from, at)))
            }
            _ => Err(format!("{code} is no fault of a mounting's")),
        }
    }

    fn judge(&self, step: &Step, request: &Request, at: Moment<'_>) -> verdict::Verdict {
        let body = match request.body.len() {
            0 => BodyHint::Empty,
            length if request.headers.contains_key(header::CONTENT_LENGTH) => {
                BodyHint::Length(length as u64)
            }
            _ => BodyHint::Stream,
        };
        let view = View {
            method: &request.method,
            target: Target {
                authority: request.uri.authority().map(http::uri::Authority::as_str),
                path: request.uri.path(),
                query: request.uri.query(),
            },
            headers: &request.headers,
            peer: step.given.from,
            certificate: step.given.certificate.as_ref(),
            shown: Shown::NOTHING,
            body,
            fidelity: Fidelity::PROXY,
        };
        let mut turn = self.made.gate.open(view, at);
        loop {
            turn = match turn {
                Turn::Done(verdict) => return verdict,
                Turn::Body(awaiting) => awaiting.with(&request.body, at),
                Turn::Keys(awaiting) => {
                    awaiting.with(step.given.keys.unwrap_or(LookedUp::Away), at)
                }
                // Where nothing is told, an unwanted question shows as an unexpected verdict.
                Turn::Caller(awaiting) => {
                    let told = step.given.told.as_ref().unwrap_or(&Told::Away);
                    awaiting.with(told, at.now.steady_ns, at)
                }
                Turn::Ask(pending) => {
                    let answers = self.answer(step, &pending.questions(), at.now);
                    pending.answer(&answers, at)
                }
            };
        }
    }

    fn answer(&self, step: &Step, questions: &Questions, now: Now) -> Answers {
        if step.given.store_is_away {
            return questions.iter().map(|_| Answer::Unavailable).collect();
        }
        self.store.answer(questions, now)
    }

    /// What a mounting does with an admitted request, as far as the core decides it.
    fn forward(
        &self,
        step: &Step,
        request: &Request,
        admitted: &mut Admitted,
        at: Moment<'_>,
    ) -> Seen {
        if let Some(mut meter) = admitted.meter()
            && meter.request_chunk(request.body.len() as u64) == MeterStep::End(Fault::BodyTooLarge)
        {
            return refusal(&admitted.fault(Fault::BodyTooLarge));
        }
        let target = request.uri.path_and_query().map_or("/", |target| target.as_str());
        let cut = admitted.upstream_target(target);
        let target = cut.as_deref().unwrap_or(target);
        let edits = match admitted.upstream_edits(&request.method, target) {
            Ok(edits) => edits,
            Err(refused) => return refusal(&refused),
        };
        let mut client = request.headers.clone();
        edits.strip_cookies(&mut client);
        edits.strip_own(&mut client);
        let kept: Vec<_> = client.iter().filter(|(name, _)| edits.keeps(name)).collect();
        let added = edits.into_adds();
        let contact = Contact {
            method: request.method.to_string(),
            target: target.to_owned(),
            headers: pairs(kept.into_iter().chain(added.iter().map(|(name, value)| (name, value)))),
            body: request.body.clone(),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &step.given.backend.headers {
            let name: Option<HeaderName> = name.parse().ok();
            let value = HeaderValue::from_bytes(value.as_bytes());
            if let (Some(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
        let status = StatusCode::from_u16(step.given.backend.status).unwrap_or(StatusCode::OK);
        admitted.notice(status, &headers, at.memory, at.now);
        let settled = admitted.settle(Outcome::Answered(status));
        self.answer(step, &settled, at.now);
        if let Some(signed_in) = admitted.signed_in() {
            let told = step.given.told_of_new.as_ref().unwrap_or(&Told::Away);
            let settled = signed_in.told(told, Some(0), at.memory, at.now);
            let answers = self.answer(step, &settled, at.now);
            signed_in.answered(&answers, at.memory);
        }
        self.spend(step, (admitted, status), &headers, at);
        if let Err(fault) = admitted.scrub(status, &mut headers) {
            return refusal(&admitted.fault(fault));
        }
        admitted.dress(&mut headers);
        let _ = admitted.write_forms(status, &mut headers, false, (at.now, at.chance));
        let noted = admitted.would_refuse().iter().map(|reason| reason.code().to_owned());
        Seen {
            verdict: Verdict::Admit,
            contacts: vec![contact],
            would_refuse: Some(noted.collect()),
            ..seen(step.given.backend.status, &headers, Vec::new())
        }
    }
}

impl Bench {
    /// An answer without a body is paid for.
    fn spend(
        &self,
        step: &Step,
        (admitted, status): (&mut Admitted, StatusCode),
        headers: &HeaderMap,
        at: Moment<'_>,
    ) {
        let Some(mut spending) = admitted.take_spending() else { return };
        // What cannot be read shows in the proxy alone.
        let _ = spending.begin(status, headers);
        spending.finish(true);
        self.answer(step, &spending.settle(at.now, &at.memory.spent), at.now);
    }
}

fn refusal(refused: &Refused) -> Seen {
    let reply = refused.reply();
    Seen {
        verdict: Verdict::Refuse(refused.reason().code().to_owned()),
        ..seen(reply.status.as_u16(), &reply.headers, reply.body.to_vec())
    }
}

fn seen(status: u16, headers: &HeaderMap, body: Vec<u8>) -> Seen {
    Seen {
        saw: Saw::Core,
        verdict: Verdict::Reply(status),
        status,
        headers: pairs(headers.iter()),
        body,
        contacts: Vec::new(),
        would_refuse: None,
    }
}

fn pairs<'h>(
    lines: impl Iterator<Item = (&'h HeaderName, &'h HeaderValue)>,
) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    lines.map(|(name, value)| (name.to_string(), text(value))).collect()
}
