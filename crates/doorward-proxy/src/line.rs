//! What is known of one client connection, shared by its bytes, its requests and the sweep.
//!
//! One thread works on it; the atomics are plain loads and stores that let futures be `Send`.

use crate::deadline::{Deadline, Phase, Pulse};
use crate::scan::{Found, Scan, Standing};
use doorward_core::fault::Fault;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

/// One client connection; or one stream of an HTTP/2 connection, which carries one request.
#[derive(Debug)]
pub(crate) struct Line {
    /// A stream counts here, with its connection's others, the pieces that were read of bodies.
    stream: Option<Arc<AtomicU64>>,
    /// Whether the connection turned out to speak HTTP/2.
    is_second: AtomicBool,
    /// Whether the stream's answer was handed over to its end.
    is_whole: AtomicBool,
    pub(crate) deadline: Deadline,
    waker: Mutex<Option<Waker>>,
    found: Mutex<Option<Found>>,
    is_faulty: AtomicBool,
    /// Heads that the scan saw completely.
    heads: AtomicU64,
    /// Messages that the scan saw completely, bodies too.
    messages: AtomicU64,
    /// Whether a head has begun and is not complete.
    is_in_head: AtomicBool,
    /// Requests that hyper handed over, and answers that it took to their end.
    served: AtomicU64,
    answered: AtomicU64,
    is_write_blocked: AtomicBool,
    /// Whether the present answer's head was handed to hyper.
    is_answering: AtomicBool,
    /// Whether the present answer is the one that tells of the fault.
    is_told: AtomicBool,
    /// Bytes of the present request's body.
    body_bytes: AtomicU64,
}

impl Line {
    pub(crate) fn new(pulse: Arc<Pulse>) -> Self {
        Self {
            stream: None,
            is_second: AtomicBool::new(false),
            is_whole: AtomicBool::new(false),
            deadline: Deadline::new(pulse),
            waker: Mutex::new(None),
            found: Mutex::new(None),
            is_faulty: AtomicBool::new(false),
            heads: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            is_in_head: AtomicBool::new(false),
            served: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            is_write_blocked: AtomicBool::new(false),
            is_answering: AtomicBool::new(false),
            is_told: AtomicBool::new(false),
            body_bytes: AtomicU64::new(0),
        }
    }

    /// A stream's line. No scan sees its bytes: HTTP/2 says where its one message ends.
    pub(crate) fn stream(pulse: Arc<Pulse>, read: Arc<AtomicU64>) -> Self {
        Self { stream: Some(read), heads: AtomicU64::new(1), ..Self::new(pulse) }
    }

    /// Whether it is a stream's.
    pub(crate) const fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// The stream's request was seen to its last byte.
    pub(crate) fn ended(&self) {
        self.messages.store(1, Relaxed);
    }

    /// The stream's answer was handed over to its end.
    pub(crate) fn whole(&self) {
        self.is_whole.store(true, Relaxed);
    }

    /// Whether the stream's answer was handed over to its end.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole.load(Relaxed)
    }

    /// The connection's bytes are HTTP/2's.
    pub(crate) fn turn_second(&self) {
        self.is_second.store(true, Relaxed);
    }

    /// Whether the connection's bytes are HTTP/2's.
    pub(crate) fn is_second(&self) -> bool {
        self.is_second.load(Relaxed)
    }

    /// Remembers the connection's task; a task's waker stays the same for its life.
    pub(crate) fn remember(&self, waker: &Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
    }

    /// Wakes the connection's task.
    pub(crate) fn wake(&self) {
        if let Some(waker) = &*self.waker.lock().unwrap_or_else(PoisonError::into_inner) {
            waker.wake_by_ref();
        }
    }

    /// Takes in what the scan saw in the bytes just read.
    pub(crate) fn saw(&self, scan: &Scan, found: Option<Found>) {
        let standing = scan.standing();
        let heads = scan.heads();
        let is_in_body = standing == Standing::Body;
        self.heads.store(heads, Relaxed);
        self.messages.store(heads - u64::from(is_in_body && heads > 0), Relaxed);
        let is_in_head = standing == Standing::Head;
        if is_in_head && !self.is_in_head.load(Relaxed) && self.is_at_rest() {
            self.deadline.head();
        }
        self.is_in_head.store(is_in_head, Relaxed);
        if let Some(found) = found {
            *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
            self.is_faulty.store(true, Relaxed);
        }
    }

    /// The fault of the scan, if there was one.
    pub(crate) fn found(&self) -> Option<Found> {
        if !self.is_faulty.load(Relaxed) {
            return None;
        }
        *self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A body that a request may not have: nothing behind it is read.
    pub(crate) fn cut(&self, fault: Fault) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.get_or_insert(Found { fault, standing: Standing::Body });
        self.is_faulty.store(true, Relaxed);
    }

    /// What keeps the present request from going on, while its upstream has not answered.
    pub(crate) fn trouble(&self) -> Option<Fault> {
        if let Some(found) = self.found()
            && found.standing == Standing::Body
        {
            return Some(found.fault);
        }
        if !self.deadline.is_expired() {
            return None;
        }
        match self.deadline.phase() {
            Phase::Body => Some(Fault::BodyTooSlow),
            Phase::Upstream => Some(Fault::UpstreamTimeout),
            Phase::Idle | Phase::Head | Phase::Stream | Phase::Write | Phase::Tail => None,
        }
    }

    /// Whether the scan found a fault.
    pub(crate) fn is_faulty(&self) -> bool {
        self.is_faulty.load(Relaxed)
    }

    /// A request was handed over. Returns its number on this connection, from 1.
    pub(crate) fn serve(&self) -> u64 {
        let number = self.served.load(Relaxed) + 1;
        self.served.store(number, Relaxed);
        self.is_answering.store(false, Relaxed);
        self.is_told.store(false, Relaxed);
        self.body_bytes.store(0, Relaxed);
        self.deadline.request();
        number
    }

    /// The head of an answer is handed to hyper.
    pub(crate) fn answer(&self) {
        self.is_answering.store(true, Relaxed);
        self.deadline.forgive();
    }

    /// An answer was taken to its end, or dropped.
    pub(crate) fn finish(&self) {
        self.answered.store(self.answered.load(Relaxed) + 1, Relaxed);
        if self.is_in_head.load(Relaxed) { self.deadline.head() } else { self.deadline.idle() }
    }

    /// Whether the head of the present answer was handed to hyper.
    pub(crate) fn is_answering(&self) -> bool {
        self.is_answering.load(Relaxed)
    }

    /// The present answer tells of what was wrong with its request.
    pub(crate) fn tell(&self) {
        self.is_told.store(true, Relaxed);
    }

    /// Whether the present answer tells of what was wrong with its request.
    pub(crate) fn is_told(&self) -> bool {
        self.is_told.load(Relaxed)
    }

    /// Whether no request is being served.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.served.load(Relaxed) == self.answered.load(Relaxed)
    }

    /// Whether every complete request was answered, and every answer has left.
    pub(crate) fn is_quiet(&self) -> bool {
        self.is_at_rest()
            && self.served.load(Relaxed) == self.heads.load(Relaxed)
            && !self.is_write_blocked.load(Relaxed)
    }

    /// Whether the client's request `number` was seen to its last byte.
    pub(crate) fn is_complete(&self, number: u64) -> bool {
        self.messages.load(Relaxed) >= number
    }

    /// Whether bytes of the client's may still be on their way: a body that was not read to its
    /// end, or requests that were never served.
    pub(crate) fn has_unread(&self) -> bool {
        let served = self.served.load(Relaxed);
        self.is_faulty()
            || self.is_in_head.load(Relaxed)
            || self.messages.load(Relaxed) < served
            || self.heads.load(Relaxed) > served
    }

    pub(crate) fn set_write_blocked(&self, is_blocked: bool) {
        self.is_write_blocked.store(is_blocked, Relaxed);
    }

    /// A piece of the present request's body went on.
    pub(crate) fn body_came(&self, bytes: usize) {
        self.body_bytes.store(self.body_bytes.load(Relaxed) + bytes as u64, Relaxed);
        if let Some(read) = &self.stream {
            read.store(read.load(Relaxed) + 1, Relaxed);
        }
        self.deadline.body_came(bytes);
    }

    /// Bytes of the present request's body so far.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes.load(Relaxed)
    }
}
