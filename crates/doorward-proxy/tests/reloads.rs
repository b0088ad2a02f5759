//! Exchanging gate and upstreams while requests are served, and stopping under load.

mod kit;

use doorward_core::gate::Gate;
use doorward_core::layers::credential::{Credential, Put};
use doorward_core::route;
use doorward_core::secret::Secret;
use doorward_proxy::StartError;
use doorward_proxy::settings::{Forwarding, Upstream};
use http::HeaderName;
use kit::{Client, GET, Scripted, Under, bounds, gate, route as a_route, upstream_at};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;

/// Reloads of the campaign.
const RELOADS: usize = 100;

/// A gate whose requests carry its name.
fn named(name: &str) -> Arc<Gate> {
    gate(|settings| {
        settings.credential.credentials.push(Credential {
            name: name.to_owned(),
            put: Put::Header(HeaderName::from_static("x-gate")),
            before: format!("{name} "),
            secret: Secret::new(*b"secret-of-the-gates"),
        });
        settings.routes.push(route::Settings {
            credentials: vec![name.to_owned()],
            insecure_open_credential: true,
            methods: vec!["GET".into(), "POST".into()],
            ..a_route("/a")
        });
    })
}

/// An upstream that answers with its own name and that of the gate, and its connection's number.
fn naming(name: &'static str) -> Scripted {
    Scripted::start(move |mut scene| {
        while let Some(request) = scene.next_request() {
            if let Some(length) = request.header("content-length") {
                scene.client.bytes(length.parse().expect("a length"));
            }
            let gate = request.header("x-gate").and_then(|value| value.split(' ').next());
            let gate = gate.unwrap_or("nobody").to_owned();
            let text = format!("{name} {gate} {}", scene.number);
            let length = text.len();
            scene.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{text}"));
        }
        scene.tell("closed");
    })
}

fn exchange(under: &Under, name: &str, upstreams: &[&Scripted]) {
    let upstreams: Vec<Upstream> = upstreams.iter().map(|one| upstream_at(&one.url)).collect();
    under.proxy.swap(named(name), upstreams, Forwarding::default()).expect("it fits");
}

fn ask(client: &mut Client, request: &str) -> String {
    client.send(request);
    let answer = client.answer();
    assert_eq!(answer.status, 200, "{}", answer.head);
    answer.text().to_owned()
}

#[test]
fn reloads_under_load_lose_no_request_and_each_is_one_setups_alone() {
    let (one, two) = (naming("one"), naming("two"));
    let under = Under::start(&one.url, named("one"), bounds());
    let address = under.proxy.address();
    let is_over = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..4)
        .map(|number| {
            let (is_over, asked) = (Arc::clone(&is_over), Arc::clone(&asked));
            thread::spawn(move || {
                let post = "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
                let request = if number % 2 == 0 { GET } else { post };
                let mut client = Client::to(address);
                let mut seen = (0_usize, 0_usize);
                while !is_over.load(Relaxed) {
                    let text = ask(&mut client, request);
                    let pair = text.rsplit_once(' ').expect("three words").0;
                    match pair {
                        "one one" => seen.0 += 1,
                        "two two" => seen.1 += 1,
                        mixed => panic!("a request of two setups: {mixed}"),
                    }
                    asked.fetch_add(1, Relaxed);
                }
                seen
            })
        })
        .collect();
    for number in 0..RELOADS {
        let before = asked.load(Relaxed);
        match number % 2 {
            0 => exchange(&under, "two", &[&two]),
            _ => exchange(&under, "one", &[&one]),
        }
        while asked.load(Relaxed) < before + 8
            && !callers.iter().any(thread::JoinHandle::is_finished)
        {
            thread::yield_now();
        }
    }
    is_over.store(true, Relaxed);
    for caller in callers {
        let (by_one, by_two) = caller.join().expect("no request is lost");
        assert!(by_one > 0 && by_two > 0, "{by_one} {by_two}");
    }
}

#[test]
fn connections_of_an_upstream_that_stays_survive_and_those_of_one_that_goes_are_closed() {
    let (stays, goes) = (naming("stays"), naming("goes"));
    let under = Under::start(&stays.url, named("first"), bounds());
    let mut client = under.connect();
    assert_eq!(ask(&mut client, GET), "stays first 1");
    // It stays, in another place of the list.
    exchange(&under, "second", &[&goes, &stays]);
    assert_eq!(ask(&mut client, GET), "goes second 1");
    exchange(&under, "third", &[&stays]);
    assert_eq!(ask(&mut client, GET), "stays third 1");
    assert!(goes.told().starts_with("GET /a"));
    assert_eq!(goes.told(), "closed");
    // The same place with another host is another upstream.
    let other = Upstream {
        host: doorward_proxy::settings::UpstreamHost::Name("other.test".parse().expect("a name")),
        ..upstream_at(&stays.url)
    };
    under.proxy.swap(named("fourth"), vec![other], Forwarding::default()).expect("it fits");
    assert_eq!(ask(&mut client, GET), "stays fourth 2");
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let stays = naming("stays");
    let under = Under::start(&stays.url, named("first"), bounds());
    let mut client = under.connect();
    assert_eq!(ask(&mut client, GET), "stays first 1");
    let none = under.proxy.swap(named("second"), Vec::new(), Forwarding::default());
    assert!(matches!(none, Err(StartError::NoUpstream)));
    let lost = gate(|settings| {
        settings.routes.push(route::Settings { upstream: 1, ..a_route("/x") });
    });
    let here = vec![upstream_at(&stays.url)];
    let lost = under.proxy.swap(lost, here, Forwarding::default());
    assert!(matches!(lost, Err(StartError::UpstreamIndex { index: 1, count: 1, .. })));
    assert_eq!(ask(&mut client, GET), "stays first 1");
}

#[test]
fn a_request_in_flight_keeps_the_upstream_that_it_was_sent_to() {
    let slow = Scripted::start(|mut scene| {
        scene.request();
        scene.client.until("go");
        scene.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nslow");
        let more = scene.client.bytes_or_end(1);
        scene.tell(if more.is_none() { "closed" } else { "used" });
    });
    let other = naming("other");
    let under = Under::start(&slow.url, named("first"), bounds());
    let mut client = under.connect();
    client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n");
    slow.told();
    exchange(&under, "second", &[&other]);
    assert_eq!(ask(&mut under.connect(), GET), "other second 1");
    client.send("go");
    assert_eq!(client.answer().text(), "slow");
    assert_eq!(slow.told(), "closed");
}

#[test]
fn stopping_under_load_loses_nobody_who_was_let_in() {
    let upstream = naming("only");
    let under = Under::start(&upstream.url, named("only"), bounds());
    let address: SocketAddr = under.proxy.address();
    let is_over = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (is_over, asked) = (Arc::clone(&is_over), Arc::clone(&asked));
            thread::spawn(move || {
                while !is_over.load(Relaxed) {
                    let socket = TcpStream::connect(address).expect("the queue is still open");
                    ask(&mut Client::of(socket), GET);
                    asked.fetch_add(1, Relaxed);
                }
            })
        })
        .collect();
    while asked.load(Relaxed) < 100 {
        thread::yield_now();
    }
    let stopping = thread::spawn(move || under.finish());
    let before = asked.load(Relaxed);
    while asked.load(Relaxed) < before + 20 && !callers.iter().any(thread::JoinHandle::is_finished)
    {
        thread::yield_now();
    }
    is_over.store(true, Relaxed);
    callers.into_iter().for_each(|caller| caller.join().expect("nobody is lost"));
    assert_eq!(stopping.join().expect("it stops").len(), asked.load(Relaxed));
}
