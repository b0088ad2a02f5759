//! A request on its way: judged, sent upstream, and its answer handed back.

use crate::body::{AnswerBody, RequestBody, read_out};
use crate::client::Client;
use crate::exchange::{Failed, exchange};
use crate::head;
use crate::mount::{self, Judged, Passage};
use crate::pool::Link;
use crate::settings::UpstreamHost;
use doorward_core::fault::Fault;
use doorward_core::layers::credential::Edits;
use doorward_core::verdict::{Admitted, Outcome};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Response, Uri, Version, request};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::net::IpAddr;
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
    let (parts, incoming) = request.into_parts();
    let response = match mount::judge(&client, &parts, incoming, number).await {
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
    if let Some(form) = origin_form(&parts.uri) {
        parts.uri = form;
    }
    let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    match passage.admitted.upstream_edits(&parts.method, target) {
        Ok(edits) => rebuild(client, &mut parts, &body, &passage.admitted, &edits),
        Err(refused) => return mount::answer(client, &refused, passage.record, number),
    }
    // A request is sent twice only where that cannot do a thing twice.
    let may_repeat = matches!(body, RequestBody::Empty)
        && passage.admitted.may_be_resent(&parts.method);
    let mut request = Request::from_parts(parts, body);
    let mut spare = may_repeat.then(|| copy(&request));
    passage.leaves();
    let failed = loop {
        match exchange(client, request, &passage.admitted).await {
            Ok((answer, link)) => {
                passage.answered();
                return hand_back(client, answer, link, passage, number);
            }
            Err(failed) => match spare.take() {
                Some(copy) if failed.is_unread => request = copy,
                Some(_) | None => break failed,
            },
        }
    };
    passage.answered();
    let Failed { fault, was_sent, .. } = failed;
    let outcome = if was_sent { Outcome::Sent } else { Outcome::NeverSent };
    mount::fault(client, fault, passage, outcome, number).await
}

/// What goes upstream of a target that is not a path: behind the absolute form's authority
/// (RFC 9112 3.2.2). None where it is one.
fn origin_form(uri: &Uri) -> Option<Uri> {
    uri.authority()?;
    let path = match uri.path_and_query() {
        Some(path) if path.as_str().starts_with('/') => path.clone(),
        // `http://host?query`: the empty path is `/` (RFC 9110 4.2.3).
        Some(path) => PathAndQuery::try_from(format!("/{}", path.as_str())).ok()?,
        None => PathAndQuery::from_static("/"),
    };
    Some(Uri::from(path))
}

/// Makes the request's head what the upstream is to see.
fn rebuild(
    client: &Client,
    parts: &mut request::Parts,
    body: &RequestBody,
    admitted: &Admitted,
    edits: &Edits<'_>,
) {
    let named = head::named_by_connection(&parts.headers);
    head::keep(&mut parts.headers, |name| {
        !head::ends_here(name, named.as_ref()) && *name != header::EXPECT && edits.keeps(name)
    });
    forwarding(client, &mut parts.headers, admitted);
    for (name, value) in edits.adds() {
        parts.headers.insert(name, value.clone());
    }
    if let Some(upstream) = client.worker.pool.upstream(admitted.upstream())
        && let UpstreamHost::Name(name) = &upstream.host
    {
        parts.headers.insert(header::HOST, name.clone());
    }
    match body {
        // hyper would leave out the body of a GET otherwise.
        RequestBody::Stream(_) if !parts.headers.contains_key(header::CONTENT_LENGTH) => {
            let chunked = HeaderValue::from_static("chunked");
            parts.headers.insert(header::TRANSFER_ENCODING, chunked);
        }
        RequestBody::Stream(_) | RequestBody::Held(_) | RequestBody::Empty => {}
    }
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
}

/// Tells the upstream who asked, where and how. The client's own words about it are gone by then.
fn forwarding(client: &Client, headers: &mut HeaderMap, admitted: &Admitted) {
    let shared = &client.worker.shared;
    let address = admitted.client();
    let proto = if admitted.is_secure() { "https" } else { "http" };
    let host = headers.get(header::HOST).cloned();
    if shared.forwarding.x_forwarded {
        headers.insert(&X_FORWARDED_FOR, client.address_text(address));
        headers.insert(&X_FORWARDED_PROTO, HeaderValue::from_static(proto));
        if let Some(host) = &host {
            headers.insert(&X_FORWARDED_HOST, host.clone());
        }
    }
    if shared.forwarding.forwarded {
        let host = host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or_default();
        if let Ok(value) = HeaderValue::try_from(forwarded(address, host, proto)) {
            headers.insert(header::FORWARDED, value);
        }
    }
}

/// The value of `Forwarded` (RFC 7239 4).
fn forwarded(address: IpAddr, host: &str, proto: &str) -> String {
    let host = host.replace(['"', '\\'], "");
    match address {
        IpAddr::V4(address) => format!("for={address};host=\"{host}\";proto={proto}"),
        IpAddr::V6(address) => format!("for=\"[{address}]\";host=\"{host}\";proto={proto}"),
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
    passage: Passage,
    number: u64,
) -> Response<AnswerBody> {
    let Passage { admitted, mut record } = passage;
    let (mut parts, incoming) = answer.into_parts();
    let has_two_framings = parts.headers.contains_key(header::TRANSFER_ENCODING)
        && parts.headers.contains_key(header::CONTENT_LENGTH);
    if has_two_framings {
        // It may be an attempt to smuggle a second message: its connection ends.
        link.spoil();
    }
    let named = head::named_by_connection(&parts.headers);
    head::keep(&mut parts.headers, |name| {
        !head::ends_here(name, named.as_ref())
            && !(has_two_framings && *name == header::CONTENT_LENGTH)
    });
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    admitted.dress(&mut parts.headers);
    if !client.line.is_complete(number) {
        // The rest of the client's body is not waited for.
        parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(record) = &mut record {
        record.ended(None, parts.status);
    }
    let body = AnswerBody::upstream(incoming, link, Arc::clone(client), record)
        .finishing(admitted.writes());
    Response::from_parts(parts, body)
}

/// Runs an exchange to its end that nobody waits for any more.
pub(crate) async fn finish(answer: Response<Incoming>, link: Box<Link>) {
    read_out(answer.into_body(), link).await;
}

/// Whether an upstream's answer is one that can be handed back.
///
/// # Errors
/// [`Fault::UpstreamBroken`] for a 101 that nobody asked for, and for lengths that contradict.
pub(crate) fn check(answer: &Response<Incoming>) -> Result<(), Fault> {
    let lengths = answer.headers().get_all(header::CONTENT_LENGTH).iter().count();
    if answer.status().is_informational() || lengths > 1 {
        return Err(Fault::UpstreamBroken);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_absolute_form_goes_on_as_its_path() {
        for (target, want) in [
            ("http://shop.test/a?b", Some("/a?b")),
            ("http://shop.test", Some("/")),
            ("http://shop.test?b", Some("/?b")),
            ("http://shop.test//a", Some("//a")),
            ("/a?b", None),
            ("*", None),
        ] {
            let uri: Uri = target.parse().expect("a row's target");
            assert_eq!(origin_form(&uri).map(|uri| uri.to_string()).as_deref(), want, "{target}");
        }
    }

    #[test]
    fn forwarded_is_written_as_rfc_7239_has_it() {
        for (address, want) in [
            ("203.0.113.7", "for=203.0.113.7;host=\"shop.test:1\";proto=https"),
            ("2001:db8::1", "for=\"[2001:db8::1]\";host=\"shop.test:1\";proto=https"),
        ] {
            let address = address.parse().expect("a row's address");
            assert_eq!(forwarded(address, "shop.test:1", "https"), want);
        }
    }
}
