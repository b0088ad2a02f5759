//! Events and frames go on as they come: the client has each before the next is sent.
//!
//! `cargo xtask prove sse` tells how much later it has them than without a gate.

mod kit;

use doorward_core::layers::credential::{Credential, Put};
use doorward_core::route;
use doorward_core::secret::Secret;
use kit::{Client, PATIENCE, Scripted, Under, bounds, gate, route as a_route};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Events of a run in the suite.
const EVENTS: usize = 100;
/// What the gate may add to all but one in a hundred, where it is measured.
const ADDED_MAX: Duration = Duration::from_millis(1);
const KEY: &str = "sk-of-the-events-0123456789";
/// As long as what is sent in its place.
const COVERED: &str = "***************************";

/// Bytes of a frame's text.
const FRAME_BYTES: u8 = 15;

/// A way in which an upstream sends piece after piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Events of a stream (WHATWG HTML 9.2), each a chunk.
    Events,
    /// The same on a route whose answers are looked through for a key, which each event has.
    Credited,
    /// Text frames of a WebSocket.
    Frames,
}

impl Way {
    const ALL: [Self; 3] = [Self::Events, Self::Credited, Self::Frames];

    fn path(self) -> &'static str {
        match self {
            Way::Events => "/events",
            Way::Credited => "/v1/credited",
            Way::Frames => "/socket",
        }
    }

    fn request(self) -> String {
        let head = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n", self.path());
        match self {
            Way::Events | Way::Credited => format!("{head}\r\n"),
            Way::Frames => format!(
                "{head}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            ),
        }
    }

    /// The bytes of piece `number` as they are sent.
    fn piece(self, number: usize) -> Vec<u8> {
        let text = match self {
            Way::Events => format!("data: {number:06} an event\n\n"),
            Way::Credited => format!("data: {number:06} {KEY}\n\n"),
            Way::Frames => format!("{number:06} a frame."),
        };
        match self {
            Way::Events | Way::Credited => format!("{:x}\r\n{text}\r\n", text.len()).into_bytes(),
            // FIN and text; unmasked, as a server's are (RFC 6455 5.1, 5.2).
            Way::Frames => [&[0x81, FRAME_BYTES][..], text.as_bytes()].concat(),
        }
    }
}

/// The upstream of a run: it sends one piece more each time that it is told to, and says when.
struct Sending {
    upstream: Scripted,
    go_on: Sender<()>,
    sent: Receiver<Instant>,
}

impl Sending {
    fn start() -> Self {
        let (go_on, hear) = channel::<()>();
        let (tell, sent) = channel();
        let ends = Mutex::new((hear, tell));
        let upstream = Scripted::start(move |mut scene| {
            let head = scene.request().head;
            let way = Way::ALL.into_iter().find(|way| head.contains(way.path()));
            let way = way.expect("a path of these");
            scene.send(match way {
                Way::Events | Way::Credited => {
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                     transfer-encoding: chunked\r\n\r\n"
                }
                Way::Frames => {
                    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\
                     connection: Upgrade\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\
                     \r\n\r\n"
                }
            });
            let ends = ends.lock().expect("no panic under this lock");
            for number in 0..events() {
                ends.0.recv_timeout(PATIENCE).expect("the client has the one before");
                let piece = way.piece(number);
                ends.1.send(Instant::now()).expect("the test listens");
                scene.client.socket.write_all(&piece).expect("it leaves");
            }
            drop(ends);
            // Who leaves first could take the last piece with him.
            scene.client.rest();
        });
        Self { upstream, go_on, sent }
    }

    /// How long each piece was on its way, the shortest first. None is sent before the client has
    /// the one before it.
    fn measure(&self, to: SocketAddr, way: Way, is_gated: bool) -> Vec<Duration> {
        let mut client = Client::to(to);
        client.send(&way.request());
        let status = client.head().status;
        assert!(matches!(status, 200 | 101), "{status}");
        let mut times: Vec<Duration> = (0..events())
            .map(|number| {
                self.go_on.send(()).expect("the upstream waits for it");
                let came = match way {
                    Way::Events | Way::Credited => client.chunk(),
                    Way::Frames => client.bytes(2 + usize::from(FRAME_BYTES)),
                };
                let now = Instant::now();
                let sent = self.sent.recv_timeout(PATIENCE).expect("it was sent");
                check(way, number, &came, is_gated);
                now.saturating_duration_since(sent)
            })
            .collect();
        times.sort_unstable();
        times
    }
}

/// Whether what came is what was sent, with the key covered where there is a gate.
fn check(way: Way, number: usize, came: &[u8], is_gated: bool) {
    let came = String::from_utf8_lossy(came);
    assert!(came.contains(&format!("{number:06}")), "{way:?} {number}: {came:?}");
    if way == Way::Credited {
        let want = if is_gated { COVERED } else { KEY };
        assert!(came.contains(want), "{number}: {came:?}");
    }
}

fn events() -> usize {
    let told = std::env::var("DOORWARD_CAMPAIGN").ok();
    told.map_or(EVENTS, |number| number.parse().expect("DOORWARD_CAMPAIGN is a number"))
}

/// A gate before the upstream, with a key on one of its paths.
fn under(upstream: &Scripted) -> Under {
    let gate = gate(|settings| {
        settings.credential.credentials.push(Credential {
            name: "model".to_owned(),
            put: Put::Header(http::header::AUTHORIZATION),
            before: "Bearer ".to_owned(),
            secret: Secret::new(KEY),
        });
        settings.routes.push(route::Settings {
            credentials: vec!["model".to_owned()],
            insecure_open_credential: true,
            methods: vec!["GET".into()],
            ..a_route(Way::Credited.path())
        });
    });
    Under::start(&upstream.url, gate, bounds())
}

/// The time within which so many of a hundred were there.
fn percentile(times: &[Duration], percent: usize) -> Duration {
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

#[test]
fn each_piece_is_with_the_client_before_the_next_is_sent() {
    let sending = Sending::start();
    let under = under(&sending.upstream);
    let direct = sending.upstream.url.strip_prefix("http://").expect("a scheme");
    let direct: SocketAddr = direct.parse().expect("an address");
    let is_measured = std::env::var_os("DOORWARD_CAMPAIGN").is_some();
    for way in Way::ALL {
        let bare = sending.measure(direct, way, false);
        let gated = sending.measure(under.proxy.address(), way, true);
        let of = |percent| (percentile(&bare, percent), percentile(&gated, percent));
        let ((bare_50, gated_50), (bare_99, gated_99)) = (of(50), of(99));
        let added = gated_99.saturating_sub(bare_99);
        println!(
            "{way:?}: {} pieces, p50 {bare_50:?} without and {gated_50:?} with the gate, \
             p99 {bare_99:?} and {gated_99:?}: {added:?} added",
            bare.len()
        );
        // How fast this machine is, is no matter of the suite.
        assert!(!is_measured || added < ADDED_MAX, "{way:?}: {added:?} added");
    }
}
