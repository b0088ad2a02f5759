//! Who is denied while the gate runs: over the admin listener, from the next request on.

mod kit;

use doorward_core::moment::Now;
use doorward_core::secret::Secret;
use doorward_porter::clock::FixedClock;
use doorward_proxy::settings::{AdminSettings, ProxySettings};
use doorward_store::file::{FileSettings, WhenAway};
use doorward_store::{FileStore, Sizes, Store};
use kit::{Answer, Client, Log, Scripted, Under, bounds, gate, settings, try_start, with_store};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

const TOKEN: &str = "an-admin-token-of-the-test";
const BEGIN: Now = Now { steady_ns: 1_000, unix_s: 1_790_000_000 };

/// A proxy with an admin listener and a clock of the test's.
struct Scene {
    under: Under,
    admin: SocketAddr,
    clock: Arc<FixedClock>,
}

impl Scene {
    fn start(upstream: &str, store: Option<Store>) -> Self {
        let (log, clock) = (Log::default(), Arc::new(FixedClock::new(BEGIN)));
        let admin = Some(AdminSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            hosts: Vec::new(),
            token: Secret::new(TOKEN),
        });
        let clock_of_gate = Arc::clone(&clock) as _;
        let settings =
            ProxySettings { admin, clock: clock_of_gate, ..settings(upstream, bounds(), &log) };
        let gate = gate(|_| {});
        let proxy = match store {
            None => try_start(settings, gate),
            Some(store) => with_store(settings, gate, store),
        };
        let proxy = proxy.expect("the proxy starts");
        let admin = proxy.admin_address().expect("there is an admin listener");
        Self { under: Under { proxy, log }, admin, clock }
    }

    fn admin(&self, head: &str, body: &str) -> Answer {
        let mut client = Client::to(self.admin);
        let length = body.len();
        client.send(&format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}"));
        client.answer()
    }

    fn put(&self, body: &str) -> Answer {
        self.admin(
            &format!(
                "POST /denials HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Authorization: Bearer {TOKEN}"
            ),
            body,
        )
    }

    fn list(&self) -> String {
        let head =
            format!("GET /denials HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}");
        let answer = self.admin(&head, "");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text().to_owned()
    }

    /// What a request comes to: its code, or nothing.
    fn code(&self) -> Option<String> {
        let answer = self.under.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        answer.code().map(str::to_owned)
    }
}

const DENY: &str = r#"{"who":"127.0.0.1","for_s":60,"why":"a test"}"#;
const LIFT: &str = r#"{"who":"127.0.0.1","lift":true}"#;

#[test]
fn who_is_denied_is_refused_from_the_next_request_on() {
    let upstream = Scripted::echo();
    let scene = Scene::start(&upstream.url, None);
    assert_eq!(scene.code(), None);
    for _ in 0..2 {
        let answer = scene.put(DENY);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("\"until\":\"2026-09-21T"), "{}", answer.text());
        assert_eq!(scene.code().as_deref(), Some("quota/denied"));
    }
    assert_eq!(scene.list().matches("\"who\":\"127.0.0.1\"").count(), 1);
    // Who is lifted is served, and may be lifted twice.
    for _ in 0..2 {
        assert_eq!(scene.put(LIFT).text(), "{\"lifted\":\"127.0.0.1\"}\n");
        assert_eq!(scene.code(), None);
        assert_eq!(scene.list(), "{\"denials\":[]}\n");
    }
    // A network, and its twin; then its last second, and the one after.
    assert_eq!(scene.put(&DENY.replace("127.0.0.1", "126.0.0.0/8")).status, 200);
    assert_eq!(scene.code(), None);
    assert_eq!(scene.put(&DENY.replace("127.0.0.1", "127.0.0.0/8")).status, 200);
    scene.clock.set(BEGIN.later_s(60));
    assert_eq!(scene.code().as_deref(), Some("quota/denied"));
    scene.clock.set(BEGIN.later_s(61));
    assert_eq!(scene.code(), None);
    assert_eq!(scene.list(), "{\"denials\":[]}\n");
    let Scene { under: Under { proxy, log }, .. } = scene;
    proxy.stop();
    let lines = log.lines();
    let audited = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert_eq!((audited("denied"), audited("denial_lifted")), (4, 2));
    let first = lines.iter().find(|line| line["event"] == "denied").expect("a line");
    assert_eq!((&first["who"], &first["why"]), (&"127.0.0.1".into(), &"a test".into()));
}

#[test]
fn who_may_deny() {
    let upstream = Scripted::echo();
    let scene = Scene::start(&upstream.url, None);
    let good = format!("Authorization: Bearer {TOKEN}\r\n");
    let json = "Content-Type: application/json";
    let local = "Host: localhost\r\n";
    let evil = "Host: evil.test\r\n";
    let post = |lines: &str| format!("POST /denials HTTP/1.1\r\n{lines}");
    let rows: &[(&str, String, &str, u16)] = &[
        ("the twin", post(&format!("{local}{good}{json}")), DENY, 200),
        ("no token", post(&format!("{local}{json}")), DENY, 401),
        ("a rebound name", post(&format!("{evil}{good}{json}")), DENY, 421),
        ("a page", post(&format!("{local}{good}Origin: https://page.test\r\n{json}")), DENY, 403),
        ("no page's", post(&format!("{local}{good}Origin: null\r\n{json}")), DENY, 403),
        (
            "another site",
            post(&format!("{local}{good}Sec-Fetch-Site: cross-site\r\n{json}")),
            DENY,
            403,
        ),
        ("a form", post(&format!("{local}{good}Content-Type: text/plain")), DENY, 415),
        ("no type", post(&format!("{local}{good}X: y")), DENY, 415),
        ("two types", post(&format!("{local}{good}{json}\r\n{json}")), DENY, 415),
        ("nothing", post(&format!("{local}{good}{json}")), "", 400),
        ("half", post(&format!("{local}{good}{json}")), &DENY[..20], 400),
        (
            "no reason",
            post(&format!("{local}{good}{json}")),
            r#"{"who":"10.0.0.1","for_s":9}"#,
            400,
        ),
        (
            "nobody's name",
            post(&format!("{local}{good}{json}")),
            &DENY.replace("127.0.0.1", "user:ann"),
            400,
        ),
        ("too long", post(&format!("{local}{good}{json}")), &" ".repeat(9_000), 413),
        ("another method", format!("PUT /denials HTTP/1.1\r\n{local}{good}{json}"), DENY, 405),
    ];
    for (why, head, body, want) in rows {
        let answer = scene.admin(head, body);
        assert_eq!(answer.status, *want, "{why}: {}", answer.text());
        let _: serde_json::Value = serde_json::from_str(answer.text()).expect(why);
        let is_denied = scene.code().is_some();
        assert_eq!(is_denied, *want == 200, "{why}");
        assert_eq!(scene.put(LIFT).status, 200);
    }
}

fn file_store(path: &Path) -> Store {
    let settings = FileSettings {
        path: path.to_owned(),
        sizes: Sizes { strangers_max: 1_000, known_max: 100, claims_max: 100 },
        seed: [1; 16],
        when_away: WhenAway::Refuse,
        talk: Box::new(|_| {}),
    };
    Store::File(FileStore::open(settings, BEGIN).expect("a store"))
}

#[test]
fn a_denial_in_a_file_outlives_the_gate() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("store.redb");
    let upstream = Scripted::echo();
    let scene = Scene::start(&upstream.url, Some(file_store(&path)));
    assert_eq!(scene.put(DENY).status, 200);
    scene.under.proxy.stop();
    let scene = Scene::start(&upstream.url, Some(file_store(&path)));
    assert_eq!(scene.code().as_deref(), Some("quota/denied"));
    assert_eq!(scene.put(LIFT).status, 200);
    // What is counted of the file stands among the metrics.
    let head = format!("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}");
    let metrics = scene.admin(&head, "").text().to_owned();
    for line in ["doorward_store_commits_total 1\n", "doorward_store_away 0\n"] {
        assert!(metrics.contains(line), "{metrics}");
    }
    scene.under.proxy.stop();
    let scene = Scene::start(&upstream.url, Some(file_store(&path)));
    assert_eq!(scene.code(), None);
}
