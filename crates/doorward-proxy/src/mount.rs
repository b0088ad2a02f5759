//! Where the core is put to work: a request comes to its verdict, and faults to their refusals.

use crate::body::{AnswerBody, RequestBody, Upload};
use crate::client::Client;
use crate::observe::{self, Record};
use crate::settings::Forwarding;
use crate::setup::{Backend, Setup};
use crate::{reply, view};
use doorward_core::fault::Fault;
use doorward_core::fingerprint::shown::Shown;
use doorward_core::gate::Gate;
use doorward_core::moment::Moment;
use doorward_core::reason::Reason;
use doorward_core::refused::Refused;
use doorward_core::verdict::{Admitted, Outcome, Reply, Verdict};
use doorward_core::view::BodyHint;
use doorward_porter::leave::World as _;
use doorward_porter::{Reach, converse, settle};
use http::header;
use http::{Response, request};
use hyper::body::Incoming;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A refused body of a known length up to this is read to its end, so that its connection stays of
/// use; a longer one ends its connection.
const READ_OUT_BYTES_MAX: u64 = 64 * 1024;

/// What came of a request.
#[expect(clippy::large_enum_variant, reason = "matched where it is made, never kept")]
pub(crate) enum Judged {
    /// The gate answers.
    Answer(Response<AnswerBody>),
    /// It goes upstream.
    Pass(Passage, RequestBody),
}

/// A request that was admitted, and what is noted of it.
pub(crate) struct Passage {
    pub(crate) admitted: Admitted,
    /// When it was admitted, steady.
    pub(crate) judged_ns: u64,
    pub(crate) record: Option<Box<Record>>,
    setup: Arc<Setup>,
}

impl Passage {
    /// Where it goes: an upstream of the setup whose gate admitted it.
    pub(crate) fn backend(&self) -> Option<&Backend> {
        self.setup.backends.get(self.admitted.upstream()).map(|backend| &**backend)
    }

    /// Which forwarding headers are written.
    pub(crate) fn forwarding(&self) -> Forwarding {
        self.setup.forwarding
    }

    /// It goes upstream.
    pub(crate) fn leaves(&mut self) {
        if let Some(record) = &mut self.record {
            record.leaves();
        }
    }

    /// Its upstream answered, or will not.
    pub(crate) fn answered(&mut self) {
        if let Some(record) = &mut self.record {
            record.answered();
        }
    }
}

/// Judges a request.
pub(crate) async fn judge(
    client: &Arc<Client>,
    parts: &request::Parts,
    incoming: Incoming,
    number: u64,
) -> Judged {
    let shared = &client.worker.shared;
    let at = moment(client);
    let hint = view::hint(&incoming);
    let mut record = Record::begin(client, parts, at);
    let mut body = match hint {
        BodyHint::Empty => RequestBody::Empty,
        BodyHint::Length(_) | BodyHint::Stream => {
            RequestBody::Stream(Upload::new(incoming, Arc::clone(client), number))
        }
    };
    let certificate = client.certificate();
    let order = client.shown.as_ref().and_then(|_| client.order(number));
    let shown = client.shown.as_ref().map_or(Shown::NOTHING, |connection| {
        connection.lend(order.as_ref(), client.line.is_stream())
    });
    let lent = view::lend(parts, client.peer.ip(), (certificate.as_deref(), shown), hint);
    let setup = shared.setup.load_full();
    let gate = &setup.gate;
    if gate.is_fingerprint_claimed(&lent) {
        shared.counts.claims.fetch_add(1, Relaxed);
    }
    if let (true, Some(record)) = (gate.looks(), &mut record) {
        record.shows(&gate.of_client(&lent));
    }
    let reach = Reach { store: &shared.store, outside: &shared.outside, clock: &*shared.clock };
    let verdict = converse(gate, lent, at, reach, &mut body).await;
    let judged_ns = observe::judged(client, gate, &verdict, &parts.method, hint, at);
    let (reply, refused) = match verdict {
        Verdict::Admit(admitted) => {
            if let Some(record) = &mut record {
                record.admitted(&admitted);
            }
            body.meter(admitted.meter());
            return Judged::Pass(Passage { admitted, judged_ns, record, setup }, body);
        }
        Verdict::Reply(reply) => (observe::replied(client, gate, parts, reply), None),
        Verdict::Refuse(refused) => (refused.reply(), Some(refused)),
    };
    if let Some(record) = &mut record {
        record.ended(refused.as_ref(), reply.status);
    }
    if let Some(refused) = &refused {
        tell(client, refused);
        observe::refused(client, gate, parts, refused);
    }
    let awaits_leave = parts.headers.contains_key(header::EXPECT);
    if client.line.is_complete(number) || (is_short(hint) && !awaits_leave) {
        Box::pin(body.read_out()).await;
    }
    Judged::Answer(reply::response(reply, client, record, number))
}

const fn is_short(hint: BodyHint) -> bool {
    match hint {
        BodyHint::Empty => true,
        BodyHint::Length(bytes) => bytes <= READ_OUT_BYTES_MAX,
        BodyHint::Stream => false,
    }
}

/// Notices what the backend has answered, and tells the store, where somebody could ask for it
/// again or has signed in.
pub(crate) fn answered(client: &Client, passage: &Passage, answer: &Response<Incoming>) {
    let shared = &client.worker.shared;
    let (status, now) = (answer.status(), shared.clock.now());
    passage.admitted.notice(status, answer.headers(), &shared.memory, now);
    if passage.admitted.is_claimed() {
        shared.store.tell(&passage.admitted.settle(Outcome::Answered(status)), now);
    }
    if let Some(signed_in) = passage.admitted.signed_in() {
        shared.outside.follow(signed_in, &shared.store, &shared.memory, &shared.clock);
    }
}

/// The answer to what went wrong with an admitted request.
pub(crate) async fn fault(
    client: &Arc<Client>,
    fault: Fault,
    passage: Passage,
    outcome: Outcome,
    number: u64,
) -> Response<AnswerBody> {
    let Passage { admitted, record, .. } = passage;
    let at = moment(client);
    client.worker.cells.failed(&admitted, fault, at.now.steady_ns);
    settle(&admitted.settle(outcome), at, &client.worker.shared.store).await;
    if fault.is_strike() {
        // The visit's own refusal follows; this one is made for the strike alone.
        drop(admitted.gate().fault(fault, admitted.client(), at));
    }
    let refused = admitted.fault(fault);
    answer(client, &refused, record, number)
}

/// The answer of a refusal.
pub(crate) fn answer(
    client: &Arc<Client>,
    refused: &Refused,
    mut record: Option<Box<Record>>,
    number: u64,
) -> Response<AnswerBody> {
    let reply = refused.reply();
    if let Some(record) = &mut record {
        record.ended(Some(refused), reply.status);
    }
    client.worker.cells.refused(refused.reason());
    tell(client, refused);
    reply::response(reply, client, record, number)
}

/// A fault of the body's bytes is told by this answer: the connection's owner lets it leave.
fn tell(client: &Client, refused: &Refused) {
    if matches!(refused.reason(), Reason::Fault(_)) {
        client.line.tell();
    }
}

/// The whole response to what was not a request.
pub(crate) fn fault_response(client: &Arc<Client>, fault: Fault) -> Vec<u8> {
    reply::raw(&faulted(client, fault))
}

/// The answer to what was not a request, noted.
pub(crate) fn faulted(client: &Arc<Client>, fault: Fault) -> Reply {
    let gate: Arc<Gate> = Arc::clone(&client.worker.shared.setup.load().gate);
    let at = moment(client);
    let refused = gate.fault(fault, client.peer.ip(), at);
    let reply = refused.reply();
    client.worker.cells.refused(refused.reason());
    Record::fault(client, &refused, reply.status, at);
    reply
}

fn moment(client: &Client) -> Moment<'_> {
    client.worker.shared.moment()
}
