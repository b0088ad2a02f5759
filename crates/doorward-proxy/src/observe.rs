//! What is noted of a request for the log. One record, one line: it is written when it is dropped,
//! however the request ended.

use crate::client::Client;
use crate::log::{Entry, Kind};
use crate::mount::Passage;
use crate::shown::Noted;
use bytes::Bytes;
use doorward_core::fingerprint::shown::OfClient;
use doorward_core::gate::Gate;
use doorward_core::moment::{Moment, Now, RequestId};
use doorward_core::pass::{PassId, id_text};
use doorward_core::reason::Reason;
use doorward_core::refused::Refused;
use doorward_core::verdict::{Admitted, Reply, Verdict};
use doorward_core::view::BodyHint;
use doorward_core::visit::{Caller, WouldRefuse};
use doorward_store::ValkeyStore;
use doorward_store::valkey::Standing;
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header, request};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

static FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What is noted of one request.
pub(crate) struct Record {
    client: Arc<Client>,
    begin: Instant,
    now: Now,
    id: RequestId,
    address: IpAddr,
    /// None for what was not a request.
    asked: Option<(Method, Uri)>,
    origin: Option<HeaderValue>,
    route: Option<Box<str>>,
    /// Whether it has what only browsers send to other origins, or everywhere.
    is_browsers: bool,
    caller: Option<&'static str>,
    pass: Option<PassId>,
    kind: Kind,
    reason: Option<Reason>,
    would_refuse: WouldRefuse,
    status: Option<StatusCode>,
    sent_bytes: u64,
    left: Option<Instant>,
    upstream: Option<Duration>,
    is_broken: bool,
    /// Why the gate ended its answer.
    cut: Option<Reason>,
    /// What its client shows, where the gate looks.
    shown: Option<Box<Noted>>,
    /// Frames of a WebSocket, from the client and to it.
    frames: (u64, u64),
    /// Bytes that the client sent in frames.
    framed_bytes: u64,
}

impl Record {
    /// Begins a request's record; nothing where there is no log.
    pub(crate) fn begin(
        client: &Arc<Client>,
        parts: &request::Parts,
        at: Moment<'_>,
    ) -> Option<Box<Self>> {
        if !client.worker.log.is_on() {
            return None;
        }
        let mut record = Self::new(client, at.id, at.now);
        record.asked = Some((parts.method.clone(), parts.uri.clone()));
        record.is_browsers =
            parts.headers.contains_key(&FETCH_SITE) || parts.headers.contains_key(header::ORIGIN);
        record.origin = parts.headers.get(header::ORIGIN).cloned();
        Some(Box::new(record))
    }

    /// The whole record of what was not a request.
    pub(crate) fn fault(
        client: &Arc<Client>,
        refused: &Refused,
        status: StatusCode,
        at: Moment<'_>,
    ) {
        if client.worker.log.is_on() {
            Self::new(client, refused.id(), at.now).ended(Some(refused), status);
        }
    }

    fn new(client: &Arc<Client>, id: RequestId, now: Now) -> Self {
        Self {
            client: Arc::clone(client),
            begin: Instant::now(),
            now,
            id,
            address: doorward_core::address::unwrap(client.peer.ip()),
            asked: None,
            origin: None,
            route: None,
            is_browsers: false,
            caller: None,
            pass: None,
            kind: Kind::Reply,
            reason: None,
            would_refuse: WouldRefuse::new(),
            status: None,
            sent_bytes: 0,
            left: None,
            upstream: None,
            is_broken: false,
            cut: None,
            shown: None,
            frames: (0, 0),
            framed_bytes: 0,
        }
    }

    /// Its client shows this.
    pub(crate) fn shows(&mut self, client: &OfClient<'_>) {
        self.shown = Some(Box::new(Noted::from(client)));
    }

    /// The core admitted it.
    pub(crate) fn admitted(&mut self, admitted: &Admitted) {
        self.kind = Kind::Admit;
        self.address = admitted.client();
        self.pass = admitted.pass();
        self.caller = Some(self.word(admitted.caller(), !admitted.would_refuse().is_empty()));
        self.route = Some(admitted.route().path.as_str().into());
        self.would_refuse.clone_from(admitted.would_refuse());
    }

    /// It is answered, with a refusal or without.
    pub(crate) fn ended(&mut self, refused: Option<&Refused>, status: StatusCode) {
        self.status = Some(status);
        let Some(refused) = refused else { return };
        self.kind = Kind::Refuse;
        self.id = refused.id();
        self.reason = Some(refused.reason());
        self.address = refused.client();
        self.route = Some(refused.route().path.as_str().into());
        if self.asked.is_some() {
            self.caller = Some(self.word(refused.caller(), true));
        }
    }

    /// The caller's kind. Whoever is refused, or would be, was not looked at to the end: then what
    /// only browsers send tells.
    const fn word(&self, caller: Caller, is_refused: bool) -> &'static str {
        match caller {
            Caller::Program if is_refused && self.is_browsers => Caller::Page.word(),
            Caller::Program | Caller::Page | Caller::Known => caller.word(),
        }
    }

    /// It goes upstream.
    pub(crate) fn leaves(&mut self) {
        self.left = Some(Instant::now());
    }

    /// Its upstream answered, or will not.
    pub(crate) fn answered(&mut self) {
        self.upstream = self.left.map(|left| left.elapsed());
    }

    /// A piece of its answer went out.
    pub(crate) const fn sent(&mut self, bytes: usize) {
        self.sent_bytes += bytes as u64;
    }

    /// Frames, and bytes of payload, that came through a tunnel from the client.
    pub(crate) const fn frames_in(&mut self, frames: u64, bytes: u64) {
        self.frames.0 += frames;
        self.framed_bytes += bytes;
    }

    /// Frames, and bytes of payload, that went through a tunnel to the client.
    pub(crate) const fn frames_out(&mut self, frames: u64, bytes: u64) {
        self.frames.1 += frames;
        self.sent_bytes += bytes;
    }

    /// The gate ended its answer.
    pub(crate) const fn cut(&mut self, reason: Reason) {
        self.cut = Some(reason);
    }

    /// Its answer broke off.
    pub(crate) const fn broke_off(&mut self) {
        self.is_broken = true;
    }
}

/// The core came to its verdict: when, steady.
pub(crate) fn judged(
    client: &Client,
    gate: &Arc<Gate>,
    verdict: &Verdict,
    method: &Method,
    body: BodyHint,
    at: Moment<'_>,
) -> u64 {
    let worker = &client.worker;
    // Most visits wait for nothing, and end microseconds after they began: that is below what a
    // histogram tells apart, and reading the clock would cost more than all counting.
    let is_at_once = matches!((verdict, body), (Verdict::Admit(_), BodyHint::Empty));
    let now_ns = if is_at_once { at.now.steady_ns } else { worker.shared.clock.now().steady_ns };
    let took_ns = now_ns.saturating_sub(at.now.steady_ns);
    worker.cells.judged(gate, verdict, method, took_ns);
    now_ns
}

/// A request was refused by the core: what is said of it beside the log.
pub(crate) fn refused(client: &Client, gate: &Gate, parts: &request::Parts, refused: &Refused) {
    let worker = &client.worker;
    worker.shared.hints.refused(gate, client.peer.ip(), &parts.headers, refused);
    if let Some(recent) = &worker.cells.recent {
        recent.keep(parts, refused, worker.shared.clock.now());
    }
}

/// The gate answers by itself; while it drains, or its store is away, it is not ready.
pub(crate) fn replied(
    client: &Client,
    gate: &Gate,
    parts: &request::Parts,
    mut reply: Reply,
) -> Reply {
    if gate.is_readiness(parts.uri.path()) {
        let shared = &client.worker.shared;
        // Whoever must ask a store that is away would be refused here, and may not be elsewhere.
        let standing = shared.store.server().map(ValkeyStore::standing);
        if client.worker.is_draining() || standing == Some(Standing::Away) {
            reply.status = StatusCode::SERVICE_UNAVAILABLE;
            reply.body = Bytes::from_static(b"{\"ready\":false}\n");
        }
    }
    reply
}

/// The head of an admitted request's answer is there.
pub(crate) fn answered(client: &Client, passage: &Passage) {
    let worker = &client.worker;
    let now_ns = worker.shared.clock.now().steady_ns;
    worker.cells.answered(&passage.admitted, passage.judged_ns, now_ns);
}

impl Drop for Record {
    fn drop(&mut self) {
        let asked = self.asked.as_ref();
        let pass = self.pass.map(|id| id_text(&id));
        let entry = Entry {
            now: self.now,
            id: self.id,
            address: self.address,
            method: asked.map(|(method, _)| method.as_str()),
            path: asked.map(|(_, uri)| uri.path()),
            origin: self.origin.as_ref().map(HeaderValue::as_bytes),
            route: self.route.as_deref(),
            caller: self.caller,
            pass: pass.as_deref(),
            kind: self.kind,
            reason: self.reason,
            would_refuse: &self.would_refuse,
            status: self.status.map(|status| status.as_u16()),
            is_broken: self.is_broken,
            cut: self.cut,
            shown: self.shown.as_deref(),
            bytes_in: self.client.line.body_bytes() + self.framed_bytes,
            bytes_out: self.sent_bytes,
            frames: self.frames,
            took: self.begin.elapsed(),
            upstream: self.upstream,
        };
        self.client.worker.log.write(&entry);
    }
}
