//! A request on its way: judged, sent upstream, and its answer handed back.

use crate::body::{AnswerBody, RequestBody, Upload, read_out};
use crate::client::Client;
use crate::head;
use crate::mount::{self, Judged, Passage};
use crate::observe::Record;
use crate::pool::{self, Link, Promise};
use crate::settings::UpstreamHost;
use crate::view;
use doorward_core::fault::Fault;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Response, Uri, Version, request};
use http_body::Body;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::sync::Arc;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Serves one request. Never fails: what goes wrong is an answer too.
pub(crate) async fn serve(
    client: Arc<Client>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let number = client.line.serve();
    let record = Record::begin(&client, &request);
    let (parts, incoming) = request.into_parts();
    let body = if incoming.is_end_stream() {
        RequestBody::Empty
    } else {
        RequestBody::Stream(Upload::new(incoming, Arc::clone(&client), number, u64::MAX))
    };
    let response = match mount::judge(&client, &parts, body, record).await {
        Judged::Answer(response) => response,
        Judged::Pass(passage, body) => pass(&client, parts, body, passage, number).await,
    };
    client.line.answer();
    Ok(response)
}

/// Sends an admitted request upstream.
async fn pass(
    client: &Arc<Client>,
    mut parts: request::Parts,
    body: RequestBody,
    mut passage: Passage,
    number: u64,
) -> Response<AnswerBody> {
    rebuild(client, &mut parts, &body, &passage);
    let method = parts.method.clone();
    let mut request = Request::from_parts(parts, body);
    // A request is sent twice only where that cannot do a thing twice.
    let again = passage.may_retry(&method) && matches!(request.body(), RequestBody::Empty);
    let mut spare = again.then(|| copy(&request));
    let fault = loop {
        match exchange(client, request, &passage).await {
            Ok((answer, _)) if answer.status().is_informational() => break Fault::UpstreamBroken,
            Ok((answer, link)) => {
                passage.answered();
                return hand_back(client, answer, link, passage, number);
            }
            Err(Failed { is_unread: true, .. }) if spare.is_some() => {
                let Some(copy) = spare.take() else { break Fault::UpstreamBroken };
                request = copy;
            }
            Err(failed) => break failed.fault,
        }
    };
    client.line.tell();
    passage.answered();
    mount::fault_answer(client, fault, &method, passage).await
}

/// Why an exchange came to nothing.
struct Failed {
    fault: Fault,
    /// The connection was one used before, and died without a byte of an answer: most likely it was
    /// closed while idle.
    is_unread: bool,
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self { fault, is_unread: false }
    }
}

/// An exchange that must not be broken off when the client leaves: then it goes on without it.
struct InFlight<'c> {
    client: &'c Arc<Client>,
    exchange: Option<(Box<Link>, Promise)>,
    finishes: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.finishes {
            return;
        }
        if let Some((mut link, mut promise)) = self.exchange.take() {
            self.client.worker.in_background(async move {
                if let Ok(answer) = pool::answer(&mut link, &mut promise, || None).await {
                    read_out(answer.into_body(), link).await;
                }
            });
        }
    }
}

async fn exchange(
    client: &Arc<Client>,
    request: Request<RequestBody>,
    passage: &Passage,
) -> Result<(Response<Incoming>, Box<Link>), Failed> {
    let worker = &client.worker;
    let index = passage.upstream();
    let mut link = match worker.pool.take(index) {
        Some(link) => link,
        None => {
            let connect = worker.pool.connect(index);
            match tokio::time::timeout(worker.shared.bounds.upstream_connect, connect).await {
                Ok(link) => link?,
                Err(_) => return Err(Fault::UpstreamTimeout.into()),
            }
        }
    };
    let promise = link.send(request);
    let mut in_flight = InFlight {
        client,
        exchange: Some((link, promise)),
        finishes: passage.finishes(),
    };
    let answered = match &mut in_flight.exchange {
        Some((link, promise)) => pool::answer(link, promise, || client.line.trouble()).await,
        None => Err(Fault::UpstreamBroken),
    };
    let Some((link, promise)) = in_flight.exchange.take() else {
        return Err(Fault::UpstreamBroken.into());
    };
    drop(promise);
    match answered {
        Ok(answer) => Ok((answer, link)),
        Err(fault) => {
            let is_broken = fault == Fault::UpstreamBroken;
            let is_unread = is_broken && link.is_reused() && link.died_silent();
            Err(Failed { fault, is_unread })
        }
    }
}

/// Makes the request's head what the upstream is to see.
fn rebuild(client: &Client, parts: &mut request::Parts, body: &RequestBody, passage: &Passage) {
    let named = head::named_by_connection(&parts.headers);
    head::keep(&mut parts.headers, |name| {
        !head::is_hop_by_hop(name)
            && *name != header::EXPECT
            && !head::is_forwarding(name)
            && passage.keeps(name)
            && named.as_ref().is_none_or(|named| {
                head::is_needed(name) || !head::names(named, name)
            })
    });
    forwarding(client, &mut parts.headers);
    passage.add(&mut parts.headers);
    if let Some(upstream) = client.worker.pool.upstream(passage.upstream())
        && let UpstreamHost::Name(name) = &upstream.host
    {
        parts.headers.insert(header::HOST, name.clone());
    }
    if let RequestBody::Stream(_) = body
        && !parts.headers.contains_key(header::CONTENT_LENGTH)
    {
        // hyper would leave out the body of a GET otherwise.
        let chunked = HeaderValue::from_static("chunked");
        parts.headers.insert(header::TRANSFER_ENCODING, chunked);
    }
    parts.version = Version::HTTP_11;
    if parts.uri.authority().is_some() {
        parts.uri = origin_form(&parts.uri);
    }
    parts.extensions.clear();
}

/// What the absolute form names behind its authority (RFC 9112 3.2.2).
fn origin_form(uri: &Uri) -> Uri {
    let path = uri.path_and_query().cloned();
    Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
}

fn forwarding(client: &Client, headers: &mut HeaderMap) {
    let shared = &client.worker.shared;
    if shared.forwarding.x_forwarded {
        if let Some(host) = headers.get(header::HOST).cloned() {
            headers.insert(&X_FORWARDED_HOST, host);
        }
        headers.insert(&X_FORWARDED_FOR, client.peer_text.clone());
        headers.insert(&X_FORWARDED_PROTO, HeaderValue::from_static("http"));
    }
    if shared.forwarding.forwarded {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if let Ok(value) = HeaderValue::try_from(view::forwarded(client.peer.ip(), host)) {
            headers.insert(header::FORWARDED, value);
        }
    }
}

/// A second copy of a request without a body.
fn copy(request: &Request<RequestBody>) -> Request<RequestBody> {
    let mut copy = Request::new(RequestBody::Empty);
    request.method().clone_into(copy.method_mut());
    request.uri().clone_into(copy.uri_mut());
    request.headers().clone_into(copy.headers_mut());
    copy
}

/// Hands an upstream's answer back to the client.
fn hand_back(
    client: &Arc<Client>,
    answer: Response<Incoming>,
    mut link: Box<Link>,
    mut passage: Passage,
    number: u64,
) -> Response<AnswerBody> {
    let (mut parts, incoming) = answer.into_parts();
    let has_two_framings = parts.headers.contains_key(header::TRANSFER_ENCODING)
        && parts.headers.contains_key(header::CONTENT_LENGTH);
    let named = head::named_by_connection(&parts.headers);
    head::keep(&mut parts.headers, |name| {
        !head::is_hop_by_hop(name)
            && !(has_two_framings && *name == header::CONTENT_LENGTH)
            && !head::begins(name.as_str().as_bytes(), b"doorward-")
            && named.as_ref().is_none_or(|named| {
                head::is_needed(name) || !head::names(named, name)
            })
    });
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    passage.dress(&mut parts);
    if !client.line.is_complete(number) {
        // The rest of the client's body is not waited for.
        parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if has_two_framings {
        // It may be an attempt to smuggle a second message: its connection ends.
        link.spoil();
    }
    let (record, finishes) = passage.end(parts.status);
    let body = AnswerBody::upstream(incoming, Some(link), Arc::clone(client), record, finishes);
    Response::from_parts(parts, body)
}
