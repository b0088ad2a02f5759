//! The layer before small applications: whom it refuses, what it holds, what it hands on.

use bytes::Bytes;
use doorward_core::gate::Gate;
use doorward_core::layers::identity::{self, ApiKey, KeySettings, Place};
use doorward_core::layers::quota::{By, Limit, Measure};
use doorward_core::memory::Memory;
use doorward_core::mode::Mode;
use doorward_core::moment::Now;
use doorward_core::question::Rate;
use doorward_core::route;
use doorward_core::settings::Settings;
use doorward_porter::chance::SeededChance;
use doorward_porter::clock::FixedClock;
use doorward_store::{MemoryStore, Sizes, Store};
use doorward_tower::{AnswerBody, Builder, Came, GateLayer, Peer, RequestBody};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, Full};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, poll_fn, ready};
use std::net::{IpAddr, Ipv4Addr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tower::{Layer, Service, ServiceExt, service_fn};

const PEER: Peer = Peer(IpAddr::V4(Ipv4Addr::LOCALHOST));

/// The second at which the clock stands.
const NOW_UNIX_S: u64 = 1_767_225_600;

/// Each address may ask three times; `/held` binds its body, `/short` streams it, each with room
/// for four bytes.
fn settings() -> Settings {
    let route = |path: &str, bind_body| route::Settings {
        path: path.to_owned(),
        body_bytes_max: Some(4),
        bind_body,
        ..route::Settings::default()
    };
    let mut settings = Settings::public();
    settings.external = vec!["https://shop.test".to_owned()];
    settings.origins = vec!["https://app.test".to_owned()];
    settings.routes = vec![route("/held", true), route("/short", false)];
    let three = Measure::Rate(Rate::per_minute(1, 3));
    settings.quota.limits = vec![Limit::new("three", &[By::Address], three)];
    settings
}

fn builder_of(settings: &Settings, clock: &Arc<FixedClock>) -> Builder {
    let gate = Gate::new(settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    let sizes = Sizes { strangers_max: 100, known_max: 10, claims_max: 10 };
    let store = Store::Memory(MemoryStore::new(sizes, [1; 16]));
    GateLayer::builder(gate, Arc::new(store), Arc::new(Memory::new(100, [2; 16])))
        .insecure_partial(["message"])
        .clock(Arc::clone(clock) as _)
}

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new(Now { steady_ns: 1, unix_s: NOW_UNIX_S }))
}

fn builder() -> Builder {
    builder_of(&settings(), &clock())
}

fn layer(builder: Builder) -> GateLayer {
    builder.build().unwrap_or_else(|error| panic!("{error}"))
}

fn request<B>(path: &str, body: B) -> Request<B> {
    let request = Request::post(path).header("host", "shop.test").extension(PEER);
    request.body(body).expect("a request")
}

fn from<B>(origin: &'static str, mut request: Request<B>) -> Request<B> {
    request.headers_mut().insert("origin", HeaderValue::from_static(origin));
    request
}

/// Pieces of a body whose length is not known, and how it ends.
fn pieces(pieces: &[&'static str], last: Option<Result<Frame<Bytes>, &'static str>>) -> Pieces {
    let frames = pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes()))));
    Pieces(frames.chain(last).collect(), true)
}

/// Frames that are there, and whether an end is.
struct Pieces(VecDeque<Result<Frame<Bytes>, &'static str>>, bool);

impl Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match self.0.pop_front() {
            None if !self.1 => Poll::Pending,
            frame => Poll::Ready(frame),
        }
    }
}

/// What an application that reads its body has read: each call's, or its error.
type Read = Arc<Mutex<Vec<Result<String, String>>>>;

type Answered<R, E> = Result<Response<AnswerBody<R>>, E>;

/// Sends a request through a layer to an application that notes what it reads.
async fn ask<B>(layer: &GateLayer, request: Request<B>) -> (Response<AnswerBody<Full<Bytes>>>, Read)
where
    B: Body<Error = &'static str> + Send + 'static,
{
    let read = Read::default();
    let noted = Arc::clone(&read);
    let application = service_fn(move |request: Request<RequestBody<B>>| {
        let noted = Arc::clone(&noted);
        async move {
            let body = request.into_body().collect().await;
            let body = body.map(|body| {
                let trailers = body.trailers().map_or(0, HeaderMap::len);
                format!("{} {trailers}", String::from_utf8_lossy(&body.to_bytes()))
            });
            noted.lock().expect("a lock").push(body.map_err(|error| error.to_string()));
            Ok::<_, Infallible>(Response::new(Full::from("ran")))
        }
    });
    let answered = layer.layer(application).oneshot(request).await;
    (answered.unwrap_or_else(|never| match never {}), read)
}

fn refusal<R>(response: &Response<AnswerBody<R>>) -> &str {
    let code = response.headers().get("doorward-refusal");
    code.map_or("", |code| code.to_str().expect("a code"))
}

fn nothing() -> Empty<Bytes> {
    Empty::new()
}

#[tokio::test]
async fn who_comes_from_nowhere_is_refused() {
    #[derive(Clone)]
    struct Info(IpAddr);
    let own = |builder: Builder| builder.peer_from(|has| has.get::<Info>().map(|info| info.0));
    let with = |info: Option<Info>, peer: Option<Peer>| {
        let mut request = request("/", pieces(&["hi"], None));
        request.extensions_mut().clear();
        info.map(|info| request.extensions_mut().insert(info));
        peer.map(|peer| request.extensions_mut().insert(peer));
        request
    };
    let (plain, own) = (layer(builder()), layer(own(builder())));
    for (layer, request, want) in [
        (&plain, with(None, None), "gate/peer-unknown"),
        (&plain, with(None, Some(PEER)), ""),
        (&own, with(None, Some(PEER)), "gate/peer-unknown"),
        (&own, with(Some(Info(PEER.0)), None), ""),
    ] {
        let (response, read) = ask(layer, request).await;
        assert_eq!(refusal(&response), want);
        assert_eq!(read.lock().expect("a lock").is_empty(), !want.is_empty());
    }
}

#[test]
fn what_cannot_be_carried_is_said() {
    let bare = |names: &[&str]| {
        let settings =
            Settings { external: vec!["https://shop.test".into()], ..Settings::public() };
        let gate = Gate::new(&settings).unwrap_or_else(|errors| panic!("{errors:?}"));
        let sizes = Sizes { strangers_max: 1, known_max: 1, claims_max: 1 };
        let store = Store::Memory(MemoryStore::new(sizes, [1; 16]));
        let memory = Memory::new(1, [2; 16]);
        let builder = GateLayer::builder(gate, Arc::new(store), Arc::new(memory));
        builder.insecure_partial(names.iter().copied()).build()
    };
    for names in [&[][..], &["cors"], &["Message"]] {
        let error = bare(names).expect_err("a misfit").to_string();
        assert!(error.contains("`message` (it needs the head's own bytes)"), "{error}");
        assert!(error.contains("insecure_partial"), "{error}");
    }
    assert!(bare(&["message"]).is_ok());
}

#[tokio::test]
async fn bodies_are_held_or_streamed_within_their_limits() {
    let late = |bytes: &[&'static str]| Pieces(pieces(bytes, None).0, false);
    let broken = |bytes: &[&'static str]| pieces(bytes, Some(Err("broken")));
    let bounds: [fn(Builder) -> Builder; 3] = [
        |builder| builder,
        |builder| builder.body_wait(Duration::ZERO),
        |builder| builder.held_bytes_max(3),
    ];
    let [plain, hasty, small] = bounds.map(|bound| layer(bound(builder())));
    for (layer, path, body, want, read) in [
        (&plain, "/held", pieces(&["ab", "cd"], None), "", Some("abcd 0")),
        (&plain, "/held", pieces(&["ab", "cde"], None), "body/too-large", None),
        (&plain, "/held", broken(&["ab"]), "body/cut-off", None),
        (&hasty, "/held", late(&["ab"]), "body/too-slow", None),
        (&hasty, "/held", pieces(&["ab"], None), "", Some("ab 0")),
        (&small, "/held", pieces(&["ab", "cd"], None), "gate/busy", None),
        (&small, "/held", pieces(&["ab", "c"], None), "", Some("abc 0")),
    ] {
        let (response, noted) = ask(layer, request(path, body)).await;
        assert_eq!(refusal(&response), want, "{path} {read:?}");
        let noted = noted.lock().expect("a lock");
        assert_eq!(noted.first(), read.map(|text| Ok(text.to_owned())).as_ref(), "{path} {want}");
    }
    let plain = layer(builder());
    let cut = "the gate ended the request's body: body/too-large";
    for (body, want, read) in [
        (pieces(&["ab", "cd"], None), "", Ok("abcd 0")),
        // The application has begun to run it; the client hears why it was not whole.
        (pieces(&["ab", "cd", "e"], None), "body/too-large", Err(cut)),
        (broken(&["ab"]), "", Err("broken")),
    ] {
        let (response, noted) = ask(&plain, request("/short", body)).await;
        assert_eq!(refusal(&response), want, "{read:?}");
        let noted = noted.lock().expect("a lock");
        assert_eq!(noted.as_slice(), [read.map(str::to_owned).map_err(str::to_owned)], "{want}");
    }
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_refused_at_the_head() {
    let full = |text: &'static str| {
        let body: Full<Bytes> = Full::from(text);
        body.map_err(|never| -> &'static str { match never {} })
    };
    let plain = layer(builder());
    for (path, text, want) in
        [("/short", "abcde", "body/too-large"), ("/short", "abcd", ""), ("/other", "abcde", "")]
    {
        let (response, noted) = ask(&plain, request(path, full(text))).await;
        assert_eq!(refusal(&response), want, "{path} {text}");
        assert_eq!(noted.lock().expect("a lock").is_empty(), !want.is_empty(), "{path} {text}");
    }
}

#[tokio::test]
async fn trailers_of_requests_end_here_and_those_of_answers_go_on() {
    let trailers = || {
        let mut trailers = HeaderMap::new();
        trailers.insert("authorization", HeaderValue::from_static("Bearer a"));
        Frame::<Bytes>::trailers(trailers)
    };
    let plain = layer(builder());
    for path in ["/", "/held"] {
        let body = pieces(&["ab"], Some(Ok(trailers())));
        let (_, noted) = ask(&plain, request(path, body)).await;
        assert_eq!(noted.lock().expect("a lock").as_slice(), [Ok("ab 0".to_owned())], "{path}");
    }
    let application = service_fn(move |_| {
        let body = pieces(&["ran"], Some(Ok(trailers())));
        ready(Ok::<_, Infallible>(Response::new(body)))
    });
    let answered = plain.layer(application).oneshot(request("/", nothing())).await;
    let body = answered.unwrap_or_else(|never| match never {}).into_body().collect().await;
    let body = body.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(body.trailers().map(HeaderMap::len), Some(1));
    assert_eq!(body.to_bytes(), "ran");
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let small = layer(builder().head_bytes_max(100));
    for (bytes, want) in [(60, ""), (100, "message/head-too-large")] {
        let mut request = request("/", pieces(&[], None));
        let value = HeaderValue::try_from("a".repeat(bytes)).expect("a value");
        request.headers_mut().insert("x-long", value);
        let (response, _) = ask(&small, request).await;
        assert_eq!(refusal(&response), want, "{bytes}");
    }
}

/// An application that fails costs its caller a share; a request that never came so far does not.
#[tokio::test]
async fn a_failure_passes_and_costs_its_share() {
    let plain = layer(builder());
    let application = service_fn(|request: Request<RequestBody<Empty<Bytes>>>| {
        let answer = if request.uri().path() == "/fails" { Err("it failed") } else { Ok(()) };
        ready(answer.map(|()| Response::new(nothing())))
    });
    let gated = plain.layer(application);
    let evil = from("https://evil.test", request("/fails", nothing()));
    for (request, want) in [
        (evil, Ok("site/cross-site")),
        (request("/fails", nothing()), Err("it failed")),
        (request("/fails", nothing()), Err("it failed")),
        (request("/", nothing()), Ok("")),
        (request("/", nothing()), Ok("quota/share")),
    ] {
        let answered: Answered<Empty<Bytes>, &str> = gated.clone().oneshot(request).await;
        let told = answered.as_ref().map(refusal).map_err(|error| *error);
        assert_eq!(told, want);
    }
}

#[tokio::test]
async fn a_client_that_leaves_has_spent_its_share_and_is_observed() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let observed = builder().observe(move |seen| {
        let noted = (seen.path.to_owned(), seen.came, seen.status.map(|status| status.as_u16()));
        notes.lock().expect("a lock").push(noted);
    });
    let layer = layer(observed);
    let slow = service_fn(|_: Request<RequestBody<Empty<Bytes>>>| {
        std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>()
    });
    for _ in 0..3 {
        let mut left = pin!(layer.layer(slow).oneshot(request("/slow?secret", nothing())));
        let polled = left.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    let (response, _) = ask(&layer, request("/again", pieces(&[], None))).await;
    assert_eq!(refusal(&response), "quota/share");
    let quota = doorward_core::reason::Reason::find("quota/share").expect("a reason");
    let mut want = vec![("/slow".to_owned(), Came::Admitted, None); 3];
    want.push(("/again".to_owned(), Came::Refused(quota), Some(429)));
    assert_eq!(*seen.lock().expect("a lock"), want);
}

/// An application with room for one request, which it gives to whom it says that it is ready.
struct Narrow {
    room: Arc<Mutex<u32>>,
    is_ready: bool,
}

impl Clone for Narrow {
    fn clone(&self) -> Self {
        Self { room: Arc::clone(&self.room), is_ready: false }
    }
}

impl Drop for Narrow {
    fn drop(&mut self) {
        if self.is_ready {
            *self.room.lock().expect("a lock") += 1;
        }
    }
}

impl Service<Request<RequestBody<Empty<Bytes>>>> for Narrow {
    type Response = Response<Empty<Bytes>>;
    type Error = &'static str;
    type Future = std::future::Ready<Result<Self::Response, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        let mut room = self.room.lock().expect("a lock");
        if !self.is_ready && *room == 0 {
            return Poll::Pending;
        }
        if !self.is_ready {
            *room -= 1;
            self.is_ready = true;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody<Empty<Bytes>>>) -> Self::Future {
        ready(if self.is_ready { Ok(Response::new(nothing())) } else { Err("not ready") })
    }
}

#[tokio::test]
async fn readiness_is_the_applications_own() {
    let room = Arc::new(Mutex::new(1));
    let mut gated = layer(builder()).layer(Narrow { room: Arc::clone(&room), is_ready: false });
    let evil = || from("https://evil.test", request("/", nothing()));
    for (request, want) in [(request("/", nothing()), ""), (evil(), "site/cross-site")] {
        poll_fn(|cx| gated.poll_ready(cx)).await.expect("it is ready");
        let waiting = gated.call(request);
        // Its room is taken: whoever is next waits.
        let next = gated.poll_ready(&mut Context::from_waker(Waker::noop()));
        assert!(next.is_pending(), "{want}");
        let response = waiting.await.expect("the one that was ready is the one that is called");
        assert_eq!(refusal(&response), want);
        assert_eq!(*room.lock().expect("a lock"), 1, "{want}");
    }
}

#[tokio::test]
async fn the_gates_own_answers_have_their_length() {
    let (response, _) =
        ask(&layer(builder()), from("https://evil.test", request("/", pieces(&[], None)))).await;
    let length: SizeHint = response.body().size_hint();
    let body = response.into_body().collect().await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(length.exact(), Some(body.to_bytes().len() as u64));
}

#[tokio::test]
async fn an_answer_ends_when_its_callers_leave_does() {
    let text = identity::draw(&SeededChance::insecure(1));
    let key = ApiKey {
        id: "of-a-minute".to_owned(),
        sha256: identity::hash(&text),
        scopes: Vec::new(),
        ends_unix_s: Some(NOW_UNIX_S + 60),
        is_revoked: false,
        acts_for_visitors: false,
        as_page: false,
    };
    let place = Place::Header(HeaderName::from_static("x-api-key"));
    let mut settings = settings();
    settings.identity.keys = Some(KeySettings { place, keys: vec![key] });
    for (with_key, late_s, want) in [(true, 60, false), (true, 59, true), (false, 60, true)] {
        let clock = clock();
        let layer = layer(builder_of(&settings, &clock));
        let application =
            service_fn(|_| ready(Ok::<_, Infallible>(Response::new(pieces(&["a", "b"], None)))));
        let mut request = request("/", nothing());
        if with_key {
            let value = HeaderValue::try_from(text.as_str()).expect("a value");
            request.headers_mut().insert("x-api-key", value);
        }
        let answered = layer.layer(application).oneshot(request).await;
        let mut body = answered.unwrap_or_else(|never| match never {}).into_body();
        assert!(body.frame().await.is_some_and(|frame| frame.is_ok()));
        clock.set(Now { steady_ns: 1 + late_s * 1_000_000_000, unix_s: NOW_UNIX_S + late_s });
        let went_on = body.frame().await.is_some_and(|frame| frame.is_ok());
        assert_eq!(went_on, want, "{with_key} {late_s}");
    }
}

#[tokio::test]
async fn what_a_monitored_gate_would_refuse_is_told() {
    for (mode, origin, want) in [
        (Mode::Monitor, "https://evil.test", Some("site/cross-site")),
        (Mode::Monitor, "https://app.test", None),
        (Mode::Off, "https://evil.test", None),
    ] {
        let settings = Settings { layer_modes: vec![("site", mode)], ..settings() };
        let layer = layer(builder_of(&settings, &clock()));
        let (response, _) = ask(&layer, from(origin, request("/", pieces(&[], None)))).await;
        let told = response.headers().get("doorward-would-refuse");
        assert_eq!(told.and_then(|told| told.to_str().ok()), want, "{mode:?} {origin}");
        assert_eq!(refusal(&response), "");
    }
}
