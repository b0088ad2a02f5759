//! Budgets before an application: its events are paid for while they go by, and it is asked for no
//! more of them when nothing is left.

use bytes::Bytes;
use doorward_core::gate::Gate;
use doorward_core::layers::body::AiSettings;
use doorward_core::layers::quota::budget::{Budget, By, Unit};
use doorward_core::memory::Memory;
use doorward_core::route;
use doorward_core::settings::Settings;
use doorward_store::{MemoryStore, Sizes, Store};
use doorward_tower::{GateLayer, Peer};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use tower::{Layer, Service, ServiceExt, service_fn};

/// Events of ten tokens each: so many, and how many were asked for.
struct Events(usize, Arc<AtomicUsize>);

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0 == 0 {
            return Poll::Ready(None);
        }
        self.0 -= 1;
        self.1.fetch_add(1, Relaxed);
        let text = match self.0 {
            0 => "data: {\"choices\":[],\"usage\":{\"total_tokens\":50}}\n\n",
            _ => "data: {\"choices\":[{\"delta\":{\"content\":\"0123456789\"}}]}\n\n",
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(text.as_bytes())))))
    }
}

fn layer(limit: u32) -> GateLayer {
    let mut settings = Settings::public();
    settings.external = vec!["https://shop.test".to_owned()];
    settings.budget.budgets = vec![Budget {
        name: "ai".to_owned(),
        by: By::Everybody,
        window_s: 86_400,
        unit: Unit::Tokens,
        limit,
    }];
    settings.routes = vec![route::Settings {
        path: "/chat".to_owned(),
        methods: vec!["POST".to_owned()],
        ai: Some(AiSettings::default()),
        budgets: vec!["ai".to_owned()],
        ..route::Settings::default()
    }];
    let gate = Gate::new(&settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    let sizes = Sizes { strangers_max: 100, known_max: 10, claims_max: 10 };
    let store = Store::Memory(MemoryStore::new(sizes, [1; 16]));
    GateLayer::builder(gate, Arc::new(store), Arc::new(Memory::new(100, [2; 16])))
        .insecure_partial(["message"])
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Asks the application behind the layer: the status, and all that came.
async fn ask(layer: &GateLayer, count: usize, asked: &Arc<AtomicUsize>) -> (u16, String) {
    let asked = Arc::clone(asked);
    let application = service_fn(move |request: Request<_>| {
        let coding = request.headers().get_all("accept-encoding").iter().cloned();
        assert_eq!(coding.collect::<Vec<_>>(), ["identity"], "it is asked for plainly");
        let mut response = Response::new(Events(count, Arc::clone(&asked)));
        let kind = http::HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert("content-type", kind);
        async move { Ok::<_, Infallible>(response) }
    });
    let request = Request::post("/chat")
        .header("host", "shop.test")
        .header("content-type", "application/json")
        .header("accept-encoding", "gzip")
        .extension(Peer(IpAddr::V4(Ipv4Addr::LOCALHOST)))
        .body(Full::new(Bytes::from_static(br#"{"model":"small","stream":true}"#)))
        .expect("a request");
    let mut service = layer.layer(application);
    let response = service.ready().await.expect("ready").call(request).await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("it ends cleanly").to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn an_application_is_asked_for_no_more_than_is_paid_for() {
    let (layer, asked) = (layer(1_000), Arc::default());
    let (status, body) = ask(&layer, usize::MAX, &asked).await;
    assert_eq!(status, 200);
    let (events, last) = body.split_once("event: error\n").expect("it says why it ends");
    assert!(last.contains("\"code\":\"quota/budget\""), "{last}");
    let count = events.matches("data: ").count();
    assert!((50..=97).contains(&count), "{count}");
    assert_eq!(asked.load(Relaxed), count + 1, "one more, which was not paid for");
    let (status, body) = ask(&layer, 1, &asked).await;
    assert_eq!(status, 429, "{body}");
    assert!(body.contains("\"code\":\"quota/budget\""), "{body}");
}

#[tokio::test]
async fn what_the_last_event_says_is_what_it_costs() {
    let (layer, asked) = (layer(1_000), Arc::default());
    // Ten events of ten tokens, which were fifty in all, with the prompt.
    for time in 0..9 {
        let (status, body) = ask(&layer, 11, &asked).await;
        assert_eq!((status, body.matches("data: ").count()), (200, 11), "{time}: {body}");
    }
    assert_eq!(asked.load(Relaxed), 99);
}
