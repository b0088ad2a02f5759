//! An application that is given a credential, and repeats it.

use bytes::Bytes;
use doorward_core::gate::Gate;
use doorward_core::layers::credential::{Credential, Put};
use doorward_core::memory::Memory;
use doorward_core::route;
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_store::{MemoryStore, Sizes, Store};
use doorward_tower::{GateLayer, Peer, RequestBody};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{Layer, ServiceExt, service_fn};

const KEY: &str = "sk-of-an-application-0123456789";

fn layer() -> GateLayer {
    let mut settings = Settings::public();
    settings.external = vec!["https://shop.test".to_owned()];
    settings.credential.credentials = vec![Credential {
        name: "model".to_owned(),
        put: Put::Query("key".to_owned()),
        before: String::new(),
        secret: Secret::new(KEY),
    }];
    settings.routes = vec![route::Settings {
        path: "/v1/chat".to_owned(),
        methods: vec!["GET".to_owned()],
        credentials: vec!["model".to_owned()],
        insecure_open_credential: true,
        ..route::Settings::default()
    }];
    let gate = Gate::new(&settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    let sizes = Sizes { strangers_max: 100, known_max: 10, claims_max: 10 };
    let store = Store::Memory(MemoryStore::new(sizes, [1; 16]));
    let made = GateLayer::builder(gate, Arc::new(store), Arc::new(Memory::new(100, [2; 16])))
        .insecure_partial(["message"])
        .build();
    made.unwrap_or_else(|error| panic!("{error}"))
}

/// Frames, one after the other.
struct Frames(VecDeque<Frame<Bytes>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

/// Asks an application that answers with its own query, piece by piece and in a trailer.
async fn ask(path: &str, coding: &'static str) -> (StatusCode, String, Option<HeaderMap>) {
    let application = service_fn(move |request: Request<RequestBody<Empty<Bytes>>>| async move {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let letters = query.chars().map(|letter| Frame::data(Bytes::from(letter.to_string())));
        let mut frames: VecDeque<Frame<Bytes>> = letters.collect();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-echo", HeaderValue::try_from(query).expect("a query in a header"));
        frames.push_back(Frame::trailers(trailers));
        let answer = Response::builder().header("content-encoding", coding);
        Ok::<_, Infallible>(answer.body(Frames(frames)).expect("an answer"))
    });
    let request = Request::get(path).header("host", "shop.test");
    let request = request.extension(Peer(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let request = request.body(Empty::new()).expect("a request");
    let answer = layer().layer(application).oneshot(request).await;
    let answer = answer.unwrap_or_else(|never| match never {});
    let status = answer.status();
    let body = answer.into_body().collect().await.expect("it ends well");
    let trailers = body.trailers().cloned();
    (status, String::from_utf8_lossy(&body.to_bytes()).into_owned(), trailers)
}

#[tokio::test]
async fn what_is_repeated_of_it_is_covered() {
    let covered = format!("a=1&key={}", "*".repeat(KEY.len()));
    let (status, body, trailers) = ask("/v1/chat?a=1", "identity").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, covered.as_str()));
    assert_eq!(trailers.expect("trailers")["x-echo"], covered.as_str());
    let elsewhere = format!("a=1&other={KEY}");
    let (status, body, _) = ask(&format!("/v1/other?{elsewhere}"), "identity").await;
    assert_eq!((status, body), (StatusCode::OK, elsewhere));
}

#[tokio::test]
async fn what_cannot_be_looked_through_is_not_handed_on() {
    let (status, body, _) = ask("/v1/chat?a=1", "gzip").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(body.contains("upstream/opaque") && !body.contains("a=1"), "{body}");
    assert_eq!(ask("/v1/other?a=1", "gzip").await.0, StatusCode::OK);
}
