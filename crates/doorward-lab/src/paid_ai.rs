//! A stand-in for a paid AI service: it demands a secret key, and streams its answer word by word.
//!
//! It lets any page read, as services that are called from pages do: that is how keys get there. It
//! says the second half only when its caller has heard of the first: who holds the answer back
//! until it is whole gets half of it.

use crate::backend::{Effect, Event, Kind, Witness};
use crate::net::{Body, empty, whole};
use crate::wire::{Mark, Wire};
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// What it answers, a word at a time.
const WORDS: [&str; 6] = ["A", "page", "can", "not", "keep", "secrets."];
/// Words that are left when it listens whether somebody hears it.
const SECOND_HALF: usize = 3;
/// How long it listens.
const PATIENCE: Duration = Duration::from_secs(2);

/// The service.
pub struct PaidAi {
    key: String,
    witness: Witness,
}

impl PaidAi {
    /// A service that demands this key.
    #[must_use]
    pub fn new(key: String) -> Arc<Self> {
        Arc::new(Self { key, witness: Witness::new(None) })
    }

    /// What it did.
    #[must_use]
    pub const fn witness(&self) -> &Witness {
        &self.witness
    }

    /// Answers one request.
    pub(crate) fn answer(&self, request: &Request<Incoming>, wire: &Arc<Wire>) -> Response<Body> {
        let (head, ()) = {
            let mut head = Request::new(());
            *head.method_mut() = request.method().clone();
            *head.uri_mut() = request.uri().clone();
            *head.headers_mut() = request.headers().clone();
            head.into_parts()
        };
        let arrived = Event::arrived(&head, Effect::Write);
        let mut response = self.respond(&head, &arrived, wire);
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn respond(
        &self,
        head: &http::request::Parts,
        arrived: &Event,
        wire: &Arc<Wire>,
    ) -> Response<Body> {
        if head.method == Method::OPTIONS {
            self.witness.note(arrived, Kind::Preflight, "asks whether it may be sent");
            let mut response = Response::new(empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            let headers = response.headers_mut();
            let listed = HeaderValue::from_static("authorization, content-type");
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, listed);
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
            return response;
        }
        if head.method != Method::POST || head.uri.path() != "/v1/chat" {
            self.witness.note(arrived, Kind::Missing, "no such route");
            return plain(StatusCode::NOT_FOUND, "Nothing here.\n");
        }
        let said = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        if said.and_then(|said| said.strip_prefix("Bearer ")) != Some(self.key.as_str()) {
            self.witness.note(arrived, Kind::Refused, "no key");
            return plain(StatusCode::UNAUTHORIZED, "A key is needed.\n");
        }
        self.witness.note(arrived, Kind::Executed, "answered: 2 cents");
        let mut response = Response::new(Words::new(arrived.mark, wire).boxed_unsync());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        response
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(whole(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// The words that are still to be said.
struct Words {
    left: VecDeque<&'static str>,
    /// Whether somebody hears them; none: that is known.
    heard: Option<Heard>,
}

/// Tells whether somebody hears.
type Heard = Pin<Box<dyn Future<Output = bool> + Send>>;

impl Words {
    fn new(mark: Option<Mark>, wire: &Arc<Wire>) -> Self {
        let heard = mark.map(|mark| {
            let wire = Arc::clone(wire);
            let heard =
                async move { tokio::time::timeout(PATIENCE, wire.heard(mark)).await.is_ok() };
            Box::pin(heard) as Heard
        });
        Self { left: WORDS.into(), heard }
    }
}

impl HttpBody for Words {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if self.left.len() == SECOND_HALF
            && let Some(heard) = &mut self.heard
        {
            let Poll::Ready(heard) = heard.as_mut().poll(context) else { return Poll::Pending };
            self.heard = None;
            if !heard {
                self.left.clear();
            }
        }
        let word = self.left.pop_front();
        Poll::Ready(word.map(|word| Ok(Frame::data(Bytes::from(format!("data: {word}\n\n"))))))
    }
}

#[cfg(test)]
mod tests {
    use super::{WORDS, Words};
    use http_body_util::BodyExt;

    async fn said(heard: bool) -> String {
        let heard = Some(Box::pin(std::future::ready(heard)) as super::Heard);
        let body = Words { left: WORDS.into(), heard }.collect().await.expect("a body");
        String::from_utf8(body.to_bytes().to_vec()).expect("words")
    }

    #[tokio::test]
    async fn whoever_holds_the_answer_back_gets_half_of_it() {
        let (whole, half) = (said(true).await, said(false).await);
        assert!(WORDS.iter().all(|word| whole.contains(word)), "{whole}");
        assert!(half.contains("can") && !half.contains("secrets."), "{half}");
    }
}
