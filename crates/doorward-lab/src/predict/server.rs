//! What is going to answer, message by message.

use super::gate::{FutureGate, Said};
use crate::backend::{CorsPolicy, SameSite, expected};
use crate::scenario::Backend;
use doorward_browser::{Answer, Body, Headers, Sent};
use doorward_core::verdict::Admitted;
use http::header::{HOST, HeaderName, HeaderValue};
use http::request::Parts;
use http::response::Parts as Head;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use std::net::IpAddr;
use url::Position;

/// What stands at the other end.
pub(super) struct Behind<'a> {
    pub(super) policy: &'a CorsPolicy,
    pub(super) same_site: SameSite,
    /// The gate in between, where there is one.
    pub(super) gate: Option<&'a FutureGate>,
    pub(super) demands_proof: bool,
    pub(super) is_paid_ai: bool,
}

/// An answer, and who had a part in it.
pub(super) struct Answered {
    pub(super) head: Head,
    pub(super) backend: Option<Backend>,
    pub(super) gate: Option<String>,
}

impl Behind<'_> {
    pub(super) fn answer(&self, head: &Parts, body: &[u8], address: IpAddr) -> Answered {
        if self.is_paid_ai {
            return paid_ai(head);
        }
        let Some(gate) = self.gate else {
            if self.demands_proof {
                let refused = parts(StatusCode::FORBIDDEN, HeaderMap::new());
                return Answered { head: refused, backend: Some(Backend::Refused), gate: None };
            }
            return self.backend(head);
        };
        match gate.judge(head, body, address) {
            Said::Admitted(admitted) => self.behind(&admitted, head),
            Said::Replied(status, headers, _) => {
                Answered { head: parts(status, headers), backend: None, gate: None }
            }
            Said::Refused { code, status, headers, .. } => {
                let gate = Some(code.to_owned());
                Answered { head: parts(status, headers), backend: None, gate }
            }
        }
    }

    /// What answers behind the gate, as the gate hands it on.
    pub(super) fn behind(&self, admitted: &Admitted, head: &Parts) -> Answered {
        let mut answered = match admitted.upstream() {
            0 => self.backend(head),
            // The one other upstream that routes of the lab name.
            _ => with_key(admitted, head),
        };
        if let Some(gate) = self.gate {
            gate.answered(admitted, answered.head.status, &answered.head.headers);
        }
        admitted.dress(&mut answered.head.headers);
        answered
    }

    fn backend(&self, head: &Parts) -> Answered {
        let said = expected(self.policy, self.same_site, head);
        let backend = if said.is_executed {
            Backend::Executed
        } else if head.method == Method::OPTIONS && said.status == StatusCode::NO_CONTENT {
            Backend::Asked
        } else if said.status == StatusCode::FORBIDDEN {
            Backend::Refused
        } else {
            Backend::Missing
        };
        // A question that needs a token is refused without one.
        let needs_token = head.uri.path() == "/api/ask" && !head.headers.contains_key("x-token");
        let backend = if needs_token { Backend::Refused } else { backend };
        Answered { head: parts(said.status, said.headers), backend: Some(backend), gate: None }
    }
}

/// The paid service behind the gate: it hears what the gate lets by and what it adds.
fn with_key(admitted: &Admitted, head: &Parts) -> Answered {
    let mut head = head.clone();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    if let Ok(edits) = admitted.upstream_edits(&head.method, &target) {
        let own = std::mem::take(&mut head.headers);
        head.headers = own
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)))
            .filter(|(name, _)| edits.keeps(name))
            .collect();
        head.headers.extend(edits.into_adds());
    }
    paid_ai(&head)
}

/// The paid service lets any page read, and serves whoever has a key.
fn paid_ai(head: &Parts) -> Answered {
    let mut headers = HeaderMap::new();
    headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
    let (status, backend) = if head.method == Method::OPTIONS {
        let listed = HeaderValue::from_static("authorization, content-type");
        headers.insert("access-control-allow-headers", listed);
        (StatusCode::NO_CONTENT, Backend::Asked)
    } else if head.headers.contains_key("authorization") {
        (StatusCode::OK, Backend::Executed)
    } else {
        (StatusCode::UNAUTHORIZED, Backend::Refused)
    };
    Answered { head: parts(status, headers), backend: Some(backend), gate: None }
}

fn parts(status: StatusCode, headers: HeaderMap) -> Head {
    let (mut head, ()) = Response::new(()).into_parts();
    (head.status, head.headers) = (status, headers);
    head
}

/// A request of the model's, as it stands in the servers' types.
pub(super) fn head(sent: &Sent) -> Option<Parts> {
    let target = &sent.url[Position::BeforePath..Position::AfterQuery];
    let mut request = Request::builder().method(sent.method.as_str()).uri(target);
    let headers = request.headers_mut()?;
    for (name, value) in sent.headers.iter() {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    let host = &sent.url[Position::BeforeHost..Position::AfterPort];
    headers.insert(HOST, HeaderValue::from_str(host).ok()?);
    let length = body(sent).len();
    if length > 0 {
        headers.insert("content-length", HeaderValue::from(length));
    }
    request.body(()).ok().map(|request| request.into_parts().0)
}

/// The bytes of a request of the model's; of what is put together on the way, as good as some.
pub(super) fn body(sent: &Sent) -> Vec<u8> {
    match &sent.body {
        Body::Empty => Vec::new(),
        Body::Text(text) | Body::UrlEncoded(text) | Body::Plain(text) => text.clone().into_bytes(),
        Body::Bytes(bytes) | Body::Blob(_, bytes) => bytes.clone(),
        Body::Multipart(fields) => multipart(fields),
        Body::Stream => b"-".to_vec(),
    }
}

/// Fields as a browser writes them (RFC 7578), by the boundary that the model says.
fn multipart(fields: &[(String, String)]) -> Vec<u8> {
    let delimiter = "------";
    let part = |(name, value): &(String, String)| {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        format!("{delimiter}\r\n{head}\r\n\r\n{value}\r\n")
    };
    let parts: String = fields.iter().map(part).collect();
    format!("{parts}{delimiter}--\r\n").into_bytes()
}

/// An answer in the model's types.
pub(super) fn answer(status: u16, headers: &HeaderMap, is_executed: bool) -> Answer {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Headers = headers.iter().map(|(n, v)| (n.as_str(), text(v))).collect();
    Answer { status, headers, is_executed }
}
