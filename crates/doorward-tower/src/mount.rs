//! Where the core is put to work: a request comes to its verdict, and the admitted one to the
//! application.

use crate::body::{BoxError, Holding, RequestBody};
use crate::layer::Bounds;
use crate::observe::{Observe, Record};
use crate::peer::{PeerCertificate, PeerSource};
use crate::reply::AnswerBody;
use crate::{head, look, reply, view};
use doorward_core::certificate::Certificate;
use doorward_core::fault::Fault;
use doorward_core::gate::Gate;
use doorward_core::memory::Memory;
use doorward_core::moment::{Chance, Moment, Now};
use doorward_core::refused::Refused;
use doorward_core::verdict::{Admitted, Outcome, Verdict};
use doorward_core::view::BodyHint;
use doorward_porter::clock::Clock;
use doorward_porter::leave::{Leave, Shows, World};
use doorward_porter::spend::Spend;
use doorward_porter::{Outside, Reach, converse};
use doorward_store::Store;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll};
use std::time::Duration;
use tower::Service;

/// The refusal of a request whose server does not say where it comes from. The doubt is the
/// server's and not the client's: nobody is charged.
const NO_PEER: Fault = Fault::PeerUnknown;

/// How often the clock is asked while an answer waits.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// What all requests of a layer share.
pub(crate) struct Mount {
    pub(crate) gate: Arc<Gate>,
    pub(crate) store: Arc<Store>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) outside: Arc<Outside>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: Arc<dyn Chance>,
    pub(crate) peer: PeerSource,
    pub(crate) observe: Option<Observe>,
    pub(crate) bounds: Bounds,
    /// Bytes of bodies that are being held.
    pub(crate) held_bytes: AtomicUsize,
}

impl World for Mount {
    fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    fn outside(&self) -> &Outside {
        &self.outside
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn chance(&self) -> &dyn Chance {
        &*self.chance
    }

    fn memory(&self) -> &Memory {
        &self.memory
    }

    fn store(&self) -> &Store {
        &self.store
    }
}

/// An application behind the gate.
#[derive(Clone)]
pub struct Gated<S> {
    inner: S,
    mount: Arc<Mount>,
}

impl<S> Gated<S> {
    pub(crate) const fn new(inner: S, mount: Arc<Mount>) -> Self {
        Self { inner, mount }
    }
}

/// A request on its way through the gate and the application. Dropped behind the verdict, the
/// application may have run it, so nothing of its share comes back.
pub type Serving<R, E> =
    Pin<Box<dyn Future<Output = Result<Response<AnswerBody<R>>, E>> + Send + 'static>>;

impl<S, B, R> Service<Request<B>> for Gated<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
    R: Send + 'static,
{
    type Response = Response<AnswerBody<R>>;
    type Error = S::Error;
    type Future = Serving<R, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that said it is ready is the one that is called; its copy is asked next time.
        let next = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, next);
        Box::pin(serve(Arc::clone(&self.mount), ready, request))
    }
}

/// An admitted request until its answer has ended. Dropped, it is settled.
pub(crate) struct Passage {
    pub(crate) admitted: Admitted,
    mount: Arc<Mount>,
    outcome: Outcome,
    record: Option<Box<Record>>,
    /// How long its caller may stay; made when its answer goes out.
    leave: Option<Leave<Mount>>,
    /// The certificate that its connection has shown.
    certificate: Option<Arc<Certificate>>,
    /// What pays for its answer.
    pub(crate) spends: Option<Spend<Mount>>,
    /// Its answer has ended because nothing is left to spend.
    pub(crate) is_cut: bool,
}

impl Passage {
    fn new(admitted: Admitted, mount: &Arc<Mount>, mut record: Option<Box<Record>>) -> Box<Self> {
        if let Some(record) = &mut record {
            record.admitted(&admitted);
        }
        let mount = Arc::clone(mount);
        Box::new(Self {
            admitted,
            mount,
            outcome: Outcome::NeverSent,
            record,
            leave: None,
            certificate: None,
            spends: None,
            is_cut: false,
        })
    }

    /// Whether nothing of its answer waits to be paid for.
    pub(crate) const fn is_paid(&self) -> bool {
        self.spends.is_none()
    }

    /// It ends in a refusal after all.
    pub(crate) fn refuse<R>(mut self: Box<Self>, refused: &Refused) -> Response<AnswerBody<R>> {
        answer(refused, self.record.take())
    }

    /// Whether its caller's leave has ended, and the answer must end with it.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>, waits: bool) -> bool {
        let (admitted, mount) = (&self.admitted, &self.mount);
        let certificate = &self.certificate;
        let leave = self.leave.get_or_insert_with(|| {
            let standing = Some(admitted.standing());
            Leave::new(Arc::clone(mount), standing, admitted.ends_unix_s(), ASK_EVERY)
                .showing(certificate.clone().map(shows))
        });
        leave.poll_over(cx, waits).is_some()
    }
}

/// What tells of a certificate that stays what it is: whoever ends TLS judges it.
fn shows(certificate: Arc<Certificate>) -> Shows {
    Box::new(move || Some(Arc::clone(&certificate)))
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.mount.store.tell(&self.admitted.settle(self.outcome), self.mount.clock.now());
    }
}

/// Serves one request.
async fn serve<S, B, R>(
    mount: Arc<Mount>,
    mut application: S,
    request: Request<B>,
) -> Result<Response<AnswerBody<R>>, S::Error>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    B: Body + Send,
    B::Error: Into<BoxError>,
{
    let (mut parts, incoming) = request.into_parts();
    view::join_crumbs(parts.version, &mut parts.headers);
    let hint = view::hint(&incoming);
    let mut body = RequestBody::new(incoming, hint);
    let at = mount.moment();
    let record = Record::begin(&mount, &parts, at);
    let admitted = match judge(&mount, &parts, &mut body, hint, at).await {
        Verdict::Admit(admitted) => admitted,
        Verdict::Refuse(refused) => return Ok(answer(&refused, record)),
        Verdict::Reply(reply) => {
            if let Some(mut record) = record {
                record.replied();
                record.answered(reply.status);
            }
            return Ok(reply::own(reply));
        }
    };
    let ended = body.watch(admitted.meter());
    let mut passage = Passage::new(admitted, &mount, record);
    let shown = parts.extensions.get::<PeerCertificate>();
    passage.certificate = shown.map(|shown| Arc::clone(&shown.0));
    if let Err(refused) = head::rebuild(&mut parts, &passage.admitted) {
        return Ok(passage.refuse(&refused));
    }
    passage.outcome = Outcome::Sent;
    let answered = application.call(Request::from_parts(parts, body)).await;
    if let Some(fault) = ended.as_ref().and_then(|ended| ended.get()) {
        // Whatever the application made of half a body, the client hears why it was half.
        let refused = passage.admitted.fault(*fault);
        return Ok(passage.refuse(&refused));
    }
    let response = answered?;
    passage.outcome = Outcome::Answered(response.status());
    if let Some(record) = &mut passage.record {
        record.answered(response.status());
    }
    let (status, now) = (response.status(), mount.clock.now());
    passage.admitted.notice(status, response.headers(), &mount.memory, now);
    if let Some(signed_in) = passage.admitted.signed_in() {
        mount.outside.follow(signed_in, &mount.store, &mount.memory, &mount.clock);
    }
    if let Some(mut spending) = passage.admitted.take_spending() {
        let begun = spending.begin(response.status(), response.headers());
        passage.spends = Some(Spend::new(spending, Arc::clone(&mount)));
        if begun.is_err() {
            // It streams in a coding, so that nobody can count it.
            let refused = passage.admitted.fault(Fault::UpstreamBroken);
            return Ok(passage.refuse(&refused));
        }
    }
    Ok(reply::dressed(response, passage))
}

/// Comes to the verdict.
async fn judge<B>(
    mount: &Mount,
    parts: &Parts,
    body: &mut RequestBody<B>,
    hint: BodyHint,
    at: Moment<'_>,
) -> Verdict
where
    B: Body + Send,
    B::Error: Into<BoxError>,
{
    let Some(peer) = (mount.peer)(&parts.extensions) else {
        let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        return Verdict::Refuse(mount.gate.fault(NO_PEER, nobody, at));
    };
    if let Some(fault) = look::fault(parts, mount.bounds.head_bytes_max) {
        return Verdict::Refuse(mount.gate.fault(fault, peer, at));
    }
    let lent = view::lend(parts, peer, hint);
    let mut body = Holding { body, mount };
    let reach = Reach { store: &mount.store, outside: &mount.outside, clock: &*mount.clock };
    converse(&mount.gate, lent, at, reach, &mut body).await
}

/// The answer of a refusal.
fn answer<R>(refused: &Refused, record: Option<Box<Record>>) -> Response<AnswerBody<R>> {
    let reply = refused.reply();
    if let Some(mut record) = record {
        record.refused(refused);
        record.answered(reply.status);
    }
    reply::own(reply)
}
