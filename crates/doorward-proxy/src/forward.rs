//! A request on its way: judged, sent upstream, and its answer handed back.

use crate::body::{AnswerBody, RequestBody};
use crate::client::Client;
use crate::exchange::{self, Exchanged, Failed};
use crate::head;
use crate::mount::{self, Judged, Passage};
use crate::observe;
use crate::settings::UpstreamHost;
use doorward_core::refused::Refused;
use doorward_core::verdict::{Admitted, Outcome};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri, Version, request};
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
    let (mut parts, incoming) = request.into_parts();
    let (mut passage, body) = match mount::judge(&client, &parts, incoming, number).await {
        Judged::Answer(response) => return Ok(answering(&client, response)),
        Judged::Pass(passage, body) => (passage, body),
    };
    if let Err(refused) = rebuild(&client, &mut parts, &body, &passage.admitted) {
        let response = mount::answer(&client, &refused, passage.record, number);
        return Ok(answering(&client, response));
    }
    let mut was_repeated = false;
    passage.leaves();
    let mut link = exchange::link(&client, passage.admitted.upstream()).await;
    // Nothing waits between here and the exchange, so that the request is not kept, only sent.
    let mut request = Request::from_parts(parts, body);
    let failed = loop {
        let exchanged = match link {
            Ok(link) => exchange::exchange(&client, link, request, &passage.admitted).await,
            Err(failed) => break failed,
        };
        let failed = match exchanged {
            Ok(exchanged) => {
                passage.answered();
                let response = hand_back(&client, exchanged, passage, number);
                return Ok(answering(&client, response));
            }
            Err(failed) => failed,
        };
        match failed.again {
            Some(again) if !was_repeated => request = *again,
            Some(_) | None => break Failed { again: None, ..failed },
        }
        was_repeated = true;
        link = exchange::link(&client, passage.admitted.upstream()).await;
    };
    passage.answered();
    let outcome = if failed.was_sent { Outcome::Sent } else { Outcome::NeverSent };
    let fault = mount::fault(&client, failed.fault, passage, outcome, number);
    let response = Box::pin(fault).await;
    Ok(answering(&client, response))
}

/// The answer's head goes to hyper now.
fn answering(client: &Client, response: Response<AnswerBody>) -> Response<AnswerBody> {
    client.line.answer();
    response
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
///
/// # Errors
/// A refusal, when the proof of admission cannot be written.
fn rebuild(
    client: &Client,
    parts: &mut request::Parts,
    body: &RequestBody,
    admitted: &Admitted,
) -> Result<(), Box<Refused>> {
    if let Some(form) = origin_form(&parts.uri) {
        parts.uri = form;
    }
    let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let edits = admitted.upstream_edits(&parts.method, target)?;
    let headers = &mut parts.headers;
    let look = head::look(headers);
    head::keep(headers, |name| {
        !look.ends_here(name) && *name != header::EXPECT && edits.keeps(name)
    });
    edits.strip_cookies(headers);
    // The name that was judged, which a trusted proxy may have told in place of its own.
    let judged = admitted.external().map(|external| external.authority().clone());
    let is_told = judged.is_none() || judged == look.host;
    let host = judged.or(look.host);
    if let (false, Some(host)) = (is_told, &host) {
        // No other name than the one that was judged reaches the backend.
        headers.insert(header::HOST, host.clone());
    }
    forwarding(client, headers, host, admitted);
    for (name, value) in edits.into_adds() {
        headers.insert(name, value);
    }
    if let Some(upstream) = client.worker.pool.upstream(admitted.upstream())
        && let UpstreamHost::Name(name) = &upstream.host
    {
        headers.insert(header::HOST, name.clone());
    }
    match body {
        // hyper would leave out the body of a GET otherwise.
        RequestBody::Stream(_) if look.lengths == 0 => {
            headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        RequestBody::Stream(_) | RequestBody::Held(_) | RequestBody::Empty => {}
    }
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    Ok(())
}

/// Tells the upstream who asked, where and how. The client's own words about it are gone by then.
fn forwarding(
    client: &Client,
    headers: &mut HeaderMap,
    host: Option<HeaderValue>,
    admitted: &Admitted,
) {
    let rule = client.worker.shared.forwarding;
    let address = admitted.client();
    let proto = if admitted.is_secure() || client.is_tls() { "https" } else { "http" };
    if rule.forwarded {
        let host = host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or_default();
        if let Ok(value) = HeaderValue::try_from(forwarded(address, host, proto)) {
            headers.insert(header::FORWARDED, value);
        }
    }
    if rule.x_forwarded {
        headers.insert(&X_FORWARDED_FOR, client.address_text(address));
        headers.insert(&X_FORWARDED_PROTO, HeaderValue::from_static(proto));
        if let Some(host) = host {
            headers.insert(&X_FORWARDED_HOST, host);
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

/// Hands an upstream's answer back to the client.
fn hand_back(
    client: &Arc<Client>,
    exchanged: Exchanged,
    passage: Passage,
    number: u64,
) -> Response<AnswerBody> {
    observe::answered(client, &passage);
    let Passage { admitted, mut record, .. } = passage;
    let Exchanged { answer, look, mut link } = exchanged;
    let (mut parts, incoming) = answer.into_parts();
    let has_two_framings = look.has_coding && look.lengths > 0;
    let has_no_body = matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let announces_one = look.has_coding || look.lengths > 0;
    if has_two_framings || (has_no_body && announces_one) {
        // It may be an attempt to smuggle a second message, or a body may follow after all and be
        // taken for the next answer: its connection ends.
        link.spoil();
    }
    head::keep(&mut parts.headers, |name| {
        let is_second_length = has_two_framings && *name == header::CONTENT_LENGTH;
        !is_second_length && !look.ends_here(name)
    });
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    if parts.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        client.worker.shared.hints.backend_has_cors();
    }
    admitted.dress(&mut parts.headers);
    admitted.tell_would_refuse(&mut parts.headers);
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
