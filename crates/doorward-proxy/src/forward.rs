//! A request on its way: judged, sent upstream, and its answer handed back.

use crate::body::{AnswerBody, RequestBody, Spends, read_out};
use crate::client::Client;
use crate::exchange::{self, Exchanged, Failed};
use crate::forms::Forms;
use crate::leave;
use crate::link::Link;
use crate::mount::{self, Judged, Passage};
use crate::observe;
use crate::settings::{UpstreamHost, UpstreamHttp};
use crate::upgrade::{self, Asks, Handshake};
use crate::{head, scan, trailers, wire};
use doorward_core::fault::Fault;
use doorward_core::refused::Refused;
use doorward_core::verdict::{Admitted, Outcome};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri, Version, request, response};
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
    let (mut passage, mut body) = match mount::judge(&client, &parts, incoming, number).await {
        Judged::Answer(response) => return Ok(answering(&client, response)),
        Judged::Pass(passage, body) => (passage, body),
    };
    let plan = match rebuild(&client, &mut parts, &mut body, &passage) {
        Ok(plan) => plan,
        Err(unsent) => {
            let response = Box::pin(refuse(&client, *unsent, passage, number)).await;
            return Ok(answering(&client, response));
        }
    };
    let mut was_repeated = false;
    passage.leaves();
    let mut link = exchange::link(&client, &passage).await;
    // Nothing waits between here and the exchange, so that the request is not kept, only sent.
    let mut request = Request::from_parts(parts, body);
    let failed = loop {
        let exchanged = match link {
            Ok(link) => {
                let upgrades = plan.handshake.is_some();
                exchange::exchange(&client, link, request, &passage.admitted, upgrades).await
            }
            // Whoever died before may have run it all the same.
            Err(failed) => break Failed { was_sent: was_repeated, ..failed },
        };
        let failed = match exchanged {
            Ok(exchanged) => {
                passage.answered();
                mount::answered(&client, &passage, &exchanged.answer);
                let response = match hand_on(&client, exchanged, passage, plan, number) {
                    Ok(response) => response,
                    Err(failed) => Box::pin(stay_closed(&client, *failed, number)).await,
                };
                return Ok(answering(&client, response));
            }
            Err(failed) => failed,
        };
        match failed.again {
            Some(again) if !was_repeated => request = *again,
            Some(_) | None => break Failed { again: None, ..failed },
        }
        was_repeated = true;
        link = exchange::link(&client, &passage).await;
    };
    passage.answered();
    let outcome = if failed.was_sent { Outcome::Sent } else { Outcome::NeverSent };
    let fault = mount::fault(&client, failed.fault, passage, outcome, number);
    let response = Box::pin(fault).await;
    Ok(answering(&client, response))
}

/// Answers a request that cannot be sent.
async fn refuse(
    client: &Arc<Client>,
    unsent: Unsent,
    passage: Passage,
    number: u64,
) -> Response<AnswerBody> {
    match unsent {
        Unsent::Refused(refused) => mount::answer(client, &refused, passage.record, number),
        Unsent::Fault(fault) => {
            mount::fault(client, fault, passage, Outcome::NeverSent, number).await
        }
    }
}

/// Answers a handshake that opens no tunnel, behind which nothing more is read; or a request whose
/// answer cannot be handed back.
async fn stay_closed(
    client: &Arc<Client>,
    failed: (Fault, Passage),
    number: u64,
) -> Response<AnswerBody> {
    let (fault, passage) = failed;
    let is_handshake = fault != Fault::UpstreamOpaque;
    let mut response = mount::fault(client, fault, passage, Outcome::Sent, number).await;
    if is_handshake {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// An answer's way back; or, behind a handshake's 101, a tunnel.
fn hand_on(
    client: &Arc<Client>,
    exchanged: Exchanged,
    passage: Passage,
    plan: Plan,
    number: u64,
) -> Result<Response<AnswerBody>, Box<(Fault, Passage)>> {
    match &plan.handshake {
        Some(handshake) if exchanged.answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
            upgrade::open(client, exchanged, passage, handshake)
        }
        Some(_) | None => {
            let mut passage = passage;
            let spends = match pays(client, &mut passage, &exchanged.answer) {
                Ok(spends) => spends,
                Err(fault) => return Err(Box::new((fault, passage))),
            };
            let back = Back { takes_trailers: plan.takes_trailers, spends };
            hand_back(client, exchanged, passage, back, number)
        }
    }
}

/// What pays for an answer, where it is paid for.
///
/// # Errors
/// It streams in a coding, so that nobody can count it.
fn pays(
    client: &Client,
    passage: &mut Passage,
    answer: &Response<Incoming>,
) -> Result<Option<Spends>, Fault> {
    let Some(mut spending) = passage.admitted.take_spending() else { return Ok(None) };
    let begun = spending.begin(answer.status(), answer.headers());
    // Dropped where it cannot be read, it is settled.
    let spends = Spends::new(spending, Arc::clone(&client.worker.shared));
    begun.map(|()| Some(spends)).map_err(|_| Fault::UpstreamBroken)
}

/// How an answer goes back.
struct Back {
    /// Whether its client takes trailers.
    takes_trailers: bool,
    spends: Option<Spends>,
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

/// What is done with a request that may go on.
struct Plan {
    handshake: Option<Box<Handshake>>,
    /// Whether its client takes trailers.
    takes_trailers: bool,
}

/// Why an admitted request is not sent.
enum Unsent {
    Refused(Box<Refused>),
    Fault(Fault),
}

impl From<Fault> for Box<Unsent> {
    fn from(fault: Fault) -> Self {
        Box::new(Unsent::Fault(fault))
    }
}

/// Makes the target what the upstream is to see: a path, without a ticket.
fn retarget(uri: &mut Uri, admitted: &Admitted) -> Result<(), Fault> {
    if let Some(form) = origin_form(uri) {
        *uri = form;
    }
    let target = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    if let Some(cut) = admitted.upstream_target(target) {
        // What is left of a target that was judged is one.
        *uri = PathAndQuery::try_from(cut).map_err(|_| Fault::GateBusy)?.into();
    }
    Ok(())
}

/// Makes the request's head what the upstream is to see.
///
/// # Errors
/// A refusal, when the proof of admission cannot be written; a fault, when the upgrade that it asks
/// for is not carried.
fn rebuild(
    client: &Client,
    parts: &mut request::Parts,
    body: &mut RequestBody,
    passage: &Passage,
) -> Result<Plan, Box<Unsent>> {
    let admitted = &passage.admitted;
    let backend = passage.backend().ok_or(Fault::UpstreamUnreachable)?;
    retarget(&mut parts.uri, admitted)?;
    let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let edits = admitted
        .upstream_edits(&parts.method, target)
        .map_err(|refused| Box::new(Unsent::Refused(refused)))?;
    let look = head::look(&parts.headers);
    let handshake = match upgrade::asks(parts, &look, !matches!(body, RequestBody::Empty)) {
        Asks::Nothing => None,
        Asks::WebSocket(handshake) if backend.upstream.http == UpstreamHttp::One => {
            Some(Box::new(handshake))
        }
        Asks::WebSocket(_) | Asks::Unfit => return Err(Fault::UpgradeNotCarried.into()),
    };
    let takes_trailers = look.takes_trailers() || parts.version == Version::HTTP_2;
    let headers = &mut parts.headers;
    let trails = look.has_trailer && look.lengths == 0 && matches!(body, RequestBody::Stream(_));
    let trailing = match trails {
        true => trailers::announced(headers, |name| {
            // By HTTP/2 they come past the scan.
            let is_refused = scan::is_refused_in_trailers(name.as_str().as_bytes());
            !is_refused && !look.ends_here(name) && edits.keeps_trailer(name)
        }),
        false => Vec::new(),
    };
    head::keep(headers, |name| {
        !look.ends_here(name) && *name != header::EXPECT && edits.keeps(name)
    });
    edits.strip_cookies(headers);
    edits.strip_own(headers);
    // The name that was judged, which a trusted proxy may have told in place of its own.
    let judged = admitted.external().map(|external| external.authority().clone());
    let is_told = judged.is_none() || judged == look.host;
    let takes_te = look.takes_trailers();
    let has_length = look.lengths > 0;
    let host = judged.or(look.host);
    if let (false, Some(host)) = (is_told, &host) {
        // No other name than the one that was judged reaches the backend.
        headers.insert(header::HOST, host.clone());
    }
    forwarding(client, headers, host, passage);
    for (name, value) in edits.into_adds() {
        headers.insert(name, value);
    }
    ask_plainly(headers, admitted);
    if let UpstreamHost::Name(name) = &backend.upstream.host {
        headers.insert(header::HOST, name.clone());
    }
    parts.extensions.clear();
    parts.version = Version::HTTP_11;
    if let Some(announcement) = trailers::announcement(&trailing) {
        parts.headers.insert(header::TRAILER, announcement);
        body.announce(trailing);
    }
    match backend.upstream.http {
        UpstreamHttp::One if handshake.is_some() => upgrade::write(&mut parts.headers),
        UpstreamHttp::One => wire::one(parts, body, has_length, takes_te),
        UpstreamHttp::Two => wire::two(parts, &backend.upstream, takes_te)?,
    }
    Ok(Plan { handshake, takes_trailers })
}

/// What is paid for is counted as it goes by, so it is asked for without a coding.
fn ask_plainly(headers: &mut HeaderMap, admitted: &Admitted) {
    if admitted.spends() {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
}

/// Tells the upstream who asked, where and how. The client's own words about it are gone by then.
fn forwarding(
    client: &Client,
    headers: &mut HeaderMap,
    host: Option<HeaderValue>,
    passage: &Passage,
) {
    let (rule, admitted) = (passage.forwarding(), &passage.admitted);
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
///
/// # Errors
/// When the answer cannot be looked through for a credential.
fn hand_back(
    client: &Arc<Client>,
    exchanged: Exchanged,
    passage: Passage,
    back: Back,
    number: u64,
) -> Result<Response<AnswerBody>, Box<(Fault, Passage)>> {
    let Exchanged { mut answer, look, mut link } = exchanged;
    let status = answer.status();
    let scrub = match passage.admitted.scrub(status, answer.headers_mut()) {
        Ok(scrub) => scrub,
        Err(fault) => return Err(drop_answer(client, answer, link, (fault, passage))),
    };
    let (mut parts, incoming) = answer.into_parts();
    observe::answered(client, &passage);
    let Passage { admitted, mut record, .. } = passage;
    let Back { takes_trailers, spends } = back;
    let takes_trailers = takes_trailers && spends.is_none();
    let has_two_framings = look.has_coding && look.lengths > 0;
    let has_no_body = matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let announces_one = look.has_coding || look.lengths > 0;
    if has_two_framings || (has_no_body && announces_one) {
        // It may be an attempt to smuggle a second message, or a body may follow after all and be
        // taken for the next answer: its connection ends.
        link.spoil();
    }
    let trailing = match takes_trailers && look.has_trailer {
        true => trailers::announced(&parts.headers, |name| !admitted.is_cost(name)),
        false => Vec::new(),
    };
    head::keep(&mut parts.headers, |name| {
        let is_second_length = has_two_framings && *name == header::CONTENT_LENGTH;
        !is_second_length && !look.ends_here(name)
    });
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    parts.version = Version::HTTP_11;
    if let Some(announcement) = trailers::announcement(&trailing) {
        parts.headers.insert(header::TRAILER, announcement);
    }
    if parts.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        client.worker.shared.hints.backend_has_cors();
    }
    if admitted.dress(&mut parts.headers).has_large_cookie {
        client.worker.shared.hints.cookie_is_large();
    }
    let forms = write_forms(client, &admitted, &mut parts);
    if forms.is_some() {
        parts.headers.remove(header::TRAILER);
    }
    admitted.tell_would_refuse(&mut parts.headers);
    if !client.line.is_complete(number) {
        // The rest of the client's body is not waited for.
        parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(record) = &mut record {
        record.ended(None, parts.status);
    }
    let mut body = AnswerBody::upstream(incoming, link, Arc::clone(client), record)
        .finishing(admitted.writes() && spends.is_none())
        .with_trailers(takes_trailers)
        .scrubbing(scrub)
        .writing(forms)
        .spending(spends);
    let has_events = is_event_stream(&parts.headers);
    if has_events || admitted.identity().is_some() {
        body = body.ending(|| leave::of(client, &admitted), has_events);
    }
    Ok(Response::from_parts(parts, body))
}

/// Lets go of an answer that is not handed back. One to what may change something is read to its
/// end: breaking it off could break that off too.
fn drop_answer(
    client: &Client,
    answer: Response<Incoming>,
    link: Link,
    failed: (Fault, Passage),
) -> Box<(Fault, Passage)> {
    if failed.1.admitted.writes() {
        client.worker.in_background(read_out(answer.into_body(), link));
    }
    Box::new(failed)
}

/// What writes tokens into the forms of an answer's page; its head is written anew then.
fn write_forms(client: &Client, admitted: &Admitted, parts: &mut response::Parts) -> Option<Forms> {
    if !admitted.writes_forms() {
        return None;
    }
    let shared = &client.worker.shared;
    let by = (shared.clock.now(), &*shared.chance);
    let is_tls = admitted.is_secure() || client.is_tls();
    match admitted.write_forms(parts.status, &mut parts.headers, is_tls, by) {
        Ok(injection) => Forms::new(&injection?),
        Err(left) => {
            shared.hints.forms_are_left(left.code());
            None
        }
    }
}

/// Whether an answer is an event stream of which one more event can be a part.
fn is_event_stream(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    types.any(|value| value.as_bytes().starts_with(b"text/event-stream"))
        && !headers.contains_key(header::CONTENT_LENGTH)
        && !headers.contains_key(header::CONTENT_ENCODING)
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
