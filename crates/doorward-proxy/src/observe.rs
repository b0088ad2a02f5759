//! What is noted of a request for the log. One record, one line: it is written when it is dropped,
//! however the request ended.

use crate::client::Client;
use crate::log::{Entry, Kind};
use doorward_core::moment::{Moment, Now, RequestId};
use doorward_core::reason::Reason;
use doorward_core::refused::Refused;
use doorward_core::verdict::Admitted;
use doorward_core::visit::WouldRefuse;
use http::{HeaderValue, Method, StatusCode, Uri, header, request};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    kind: Kind,
    reason: Option<Reason>,
    would_refuse: WouldRefuse,
    status: Option<StatusCode>,
    sent_bytes: u64,
    left: Option<Instant>,
    upstream: Option<Duration>,
    is_broken: bool,
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
            kind: Kind::Reply,
            reason: None,
            would_refuse: WouldRefuse::new(),
            status: None,
            sent_bytes: 0,
            left: None,
            upstream: None,
            is_broken: false,
            frames: (0, 0),
            framed_bytes: 0,
        }
    }

    /// The core admitted it.
    pub(crate) fn admitted(&mut self, admitted: &Admitted) {
        self.kind = Kind::Admit;
        self.address = admitted.client();
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

    /// Its answer broke off.
    pub(crate) const fn broke_off(&mut self) {
        self.is_broken = true;
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let asked = self.asked.as_ref();
        let entry = Entry {
            now: self.now,
            id: self.id,
            address: self.address,
            method: asked.map(|(method, _)| method.as_str()),
            path: asked.map(|(_, uri)| uri.path()),
            origin: self.origin.as_ref().map(HeaderValue::as_bytes),
            route: self.route.as_deref(),
            kind: self.kind,
            reason: self.reason,
            would_refuse: &self.would_refuse,
            status: self.status.map(|status| status.as_u16()),
            is_broken: self.is_broken,
            bytes_in: self.client.line.body_bytes() + self.framed_bytes,
            bytes_out: self.sent_bytes,
            took: self.begin.elapsed(),
            upstream: self.upstream,
        };
        self.client.worker.log.write(&entry);
    }
}
