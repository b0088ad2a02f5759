//! One request and its answer's head, on one upstream connection.

use crate::body::{RequestBody, read_out};
use crate::client::Client;
use crate::head::{self, Look};
use crate::link::{self, Link, Promise};
use crate::mount::Passage;
use doorward_core::fault::Fault;
use doorward_core::verdict::Admitted;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use std::future::Future;
use std::sync::Arc;

/// Why an exchange came to nothing.
pub(crate) struct Failed {
    pub(crate) fault: Fault,
    /// The request once more, where it may be sent again.
    pub(crate) again: Option<Box<Request<RequestBody>>>,
    /// Whether a byte of the request may have left.
    pub(crate) was_sent: bool,
}

/// An exchange. Dropped, it is broken off, unless it may write: then it goes on without its client,
/// because a write that is broken off half way is what nobody can repeat safely.
struct InFlight<'c> {
    client: &'c Arc<Client>,
    link_and_promise: Option<(Link, Promise)>,
    finishes: bool,
    /// Whether a 101 was asked for.
    upgrades: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some((mut link, mut promise)) = self.link_and_promise.take()
            && self.finishes
        {
            self.client.worker.in_background(async move {
                if let Ok(answer) = link::answer(&mut link, &mut promise, || None).await {
                    read_out(answer.into_body(), link).await;
                }
            });
        }
    }
}

/// What an exchange brought.
pub(crate) struct Exchanged {
    pub(crate) answer: Response<Incoming>,
    /// What its head says.
    pub(crate) look: Look,
    /// Where the rest of it comes from.
    pub(crate) link: Link,
}

/// Sends a request and waits for its answer's head; with `upgrades`, a 101 is one.
pub(crate) fn exchange<'c>(
    client: &'c Arc<Client>,
    mut link: Link,
    request: Request<RequestBody>,
    admitted: &Admitted,
    upgrades: bool,
) -> impl Future<Output = Result<Exchanged, Failed>> + use<'c> {
    // A request is sent twice only where that cannot do a thing twice.
    let may_repeat =
        matches!(request.body(), RequestBody::Empty) && admitted.may_be_resent(request.method());
    // What may become a tunnel serves nobody else, even if it does not.
    if upgrades || is_unsure_of_its_end(&request) {
        link.spoil();
    }
    let promise = link.send(request, may_repeat);
    let finishes = admitted.finishes();
    wait(InFlight { client, link_and_promise: Some((link, promise)), finishes, upgrades })
}

/// Whether an upstream could find the end of this request, or of its answer, where this gate does
/// not: some ignore a body on these methods and read it as the next request, and the body that an
/// answer to HEAD announces may follow after all. Such a connection serves nobody else.
fn is_unsure_of_its_end(request: &Request<RequestBody>) -> bool {
    let has_body = !matches!(request.body(), RequestBody::Empty);
    match *request.method() {
        Method::HEAD => true,
        Method::GET | Method::OPTIONS | Method::DELETE => has_body,
        _ => false,
    }
}

async fn wait(mut in_flight: InFlight<'_>) -> Result<Exchanged, Failed> {
    let broken = Failed { fault: Fault::UpstreamBroken, again: None, was_sent: true };
    let line = &in_flight.client.line;
    let upgrades = in_flight.upgrades;
    let answered = match &mut in_flight.link_and_promise {
        Some((link, promise)) => link::answer(link, promise, || line.trouble()).await,
        None => return Err(broken),
    };
    let Some((mut link, _)) = in_flight.link_and_promise.take() else { return Err(broken) };
    match answered {
        Ok(answer) => {
            let look = head::look(answer.headers());
            // A 101 that nobody asked for, and lengths that could contradict, are not handed back.
            let is_upgrade = upgrades && answer.status() == StatusCode::SWITCHING_PROTOCOLS;
            let is_final = !answer.status().is_informational();
            if !(is_final || is_upgrade) || look.lengths > 1 {
                return Err(broken);
            }
            Ok(Exchanged { answer, look, link })
        }
        Err(fault @ Fault::UpstreamBroken) => {
            Err(Failed { fault, again: link.again().map(Box::new), was_sent: true })
        }
        Err(fault) => Err(Failed { fault, again: None, was_sent: true }),
    }
}

/// A connection to the upstream: an idle one, or a new one.
pub(crate) async fn link(client: &Client, passage: &Passage) -> Result<Link, Failed> {
    let never = |fault| Failed { fault, again: None, was_sent: false };
    let backend = passage.backend().ok_or_else(|| never(Fault::UpstreamUnreachable))?;
    let worker = &client.worker;
    if let Some(link) = worker.pool.take(backend) {
        return Ok(link);
    }
    // Few requests wait for a new connection; the others' future need not have room for it.
    let open = Box::pin(worker.pool.open(backend, worker.pulse.now_ms()));
    let opened = tokio::time::timeout(worker.shared.bounds.upstream_connect, open);
    match Box::pin(opened).await {
        Ok(link) => {
            if link.is_ok() {
                worker.cells.connected(&backend.upstream);
            }
            link.map_err(never)
        }
        Err(_) => Err(never(Fault::UpstreamTimeout)),
    }
}
