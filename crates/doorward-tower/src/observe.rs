//! What is told of a request to whoever observes: for a log, for counters. One request, one call,
//! when its answer has ended, however it ended.

use crate::mount::Mount;
use doorward_core::moment::{Moment, Now, RequestId};
use doorward_core::reason::Reason;
use doorward_core::refused::Refused;
use doorward_core::verdict::Admitted;
use doorward_core::visit::WouldRefuse;
use http::request::Parts;
use http::{Method, StatusCode, Uri};
use std::net::IpAddr;
use std::sync::Arc;

/// Is told of each request. Called on the request's own task: it must not wait.
pub(crate) type Observe = Arc<dyn Fn(&Observed<'_>) + Send + Sync>;

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// Its client left before the verdict.
    Unjudged,
    /// The application was asked to run it.
    Admitted,
    /// The gate answered by itself: a preflight, an address of its own.
    Replied,
    /// It was refused.
    Refused(Reason),
}

/// A request and what came of it. Neither query nor headers nor bodies are in it: they hold what no
/// log should.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Observed<'o> {
    /// Its id, which its refusal and its proof of admission name too.
    pub id: RequestId,
    /// When it was opened.
    pub now: Now,
    /// The other end of the connection; none where the server does not say, which is refused.
    pub peer: Option<IpAddr>,
    /// The client's address as it was judged; none where it was not.
    pub client: Option<IpAddr>,
    /// Its method.
    pub method: &'o Method,
    /// Its path, without the query.
    pub path: &'o str,
    /// The path of the route that it met, as configured; empty for the default one.
    pub route: Option<&'o str>,
    /// What came of it.
    pub came: Came,
    /// What monitored layers would have refused it for.
    pub would_refuse: &'o [Reason],
    /// The status that was answered; none where the application failed, or the client left first.
    pub status: Option<StatusCode>,
}

/// What is noted of one request.
pub(crate) struct Record {
    observe: Observe,
    id: RequestId,
    now: Now,
    peer: Option<IpAddr>,
    client: Option<IpAddr>,
    method: Method,
    uri: Uri,
    route: Option<Box<str>>,
    came: Came,
    would_refuse: WouldRefuse,
    status: Option<StatusCode>,
}

impl Record {
    /// Begins a request's record; none where nobody observes.
    pub(crate) fn begin(mount: &Mount, parts: &Parts, at: Moment<'_>) -> Option<Box<Self>> {
        let observe = Arc::clone(mount.observe.as_ref()?);
        Some(Box::new(Self {
            observe,
            id: at.id,
            now: at.now,
            peer: (mount.peer)(&parts.extensions),
            client: None,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            route: None,
            came: Came::Unjudged,
            would_refuse: WouldRefuse::new(),
            status: None,
        }))
    }

    /// The core admitted it.
    pub(crate) fn admitted(&mut self, admitted: &Admitted) {
        self.came = Came::Admitted;
        self.client = Some(admitted.client());
        self.route = Some(admitted.route().path.as_str().into());
        self.would_refuse.clone_from(admitted.would_refuse());
    }

    /// The core refused it.
    pub(crate) fn refused(&mut self, refused: &Refused) {
        self.came = Came::Refused(refused.reason());
        self.client = self.peer.map(|_| refused.client());
        self.route = Some(refused.route().path.as_str().into());
    }

    /// The gate answers by itself.
    pub(crate) const fn replied(&mut self) {
        self.came = Came::Replied;
    }

    /// It is answered.
    pub(crate) const fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        (self.observe)(&Observed {
            id: self.id,
            now: self.now,
            peer: self.peer,
            client: self.client,
            method: &self.method,
            path: self.uri.path(),
            route: self.route.as_deref(),
            came: self.came,
            would_refuse: &self.would_refuse,
            status: self.status,
        });
    }
}
