//! What a monitored gate tells on its answers, and in its log.

mod kit;

use doorward_core::mode::Mode;
use kit::{Scripted, Under, bounds, gate};
use std::sync::Arc;

const HEADER: &str = "doorward-would-refuse";

fn monitored() -> Arc<doorward_core::gate::Gate> {
    gate(|settings| {
        settings.origins = vec!["https://page.test".to_owned()];
        settings.layer_modes = vec![("site", Mode::Monitor), ("method", Mode::Monitor)];
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        let mut route = kit::route("/write");
        route.effect = doorward_core::route::Effect::Write;
        settings.routes = vec![route];
    })
}

#[test]
fn what_would_be_refused_is_told_to_those_who_may_hear_it() {
    // The backend's own word about it is not the gate's.
    let upstream = Scripted::start(|mut scene| {
        while scene.next_request().is_some() {
            scene.send(
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nDoorward-Would-Refuse: forged/one\r\n\
                 Access-Control-Expose-Headers: X-Own\r\n\r\n",
            );
        }
    });
    let under = Under::start(&upstream.url, monitored(), bounds());
    let stranger = "X-Forwarded-For: 203.0.113.7\r\n";
    let evil = "Origin: https://evil.test\r\n";
    let page = "Origin: https://page.test\r\n";
    for (why, path, more, want) in [
        ("this machine", "/", evil.to_owned(), Some("site/cross-site")),
        ("both layers", "/write", evil.to_owned(), Some("site/cross-site, method/safe-on-write")),
        ("a stranger", "/", format!("{evil}{stranger}"), None),
        ("an allowed page", "/write", format!("{page}{stranger}"), Some("method/safe-on-write")),
        ("the twin", "/", page.to_owned(), None),
        ("a program", "/", stranger.to_owned(), None),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
        let answer = under.ask(&request);
        assert_eq!(answer.status, 200, "{why}: {}", answer.head);
        assert_eq!(answer.header(HEADER), want, "{why}: {}", answer.head);
        assert_eq!(answer.head.to_lowercase().matches(HEADER).count(), {
            // Where a page may read answers, it may read this too.
            usize::from(want.is_some()) + usize::from(want.is_some() && more.contains(page))
        });
        assert_eq!(answer.header("doorward-refusal"), None, "{why}");
    }
    let lines = under.finish();
    let would: Vec<_> = lines.iter().map(|line| line["would_refuse"].to_string()).collect();
    assert_eq!(
        would,
        [
            "[\"site/cross-site\"]",
            "[\"site/cross-site\",\"method/safe-on-write\"]",
            "[\"site/cross-site\"]",
            "[\"method/safe-on-write\"]",
            "null",
            "null",
        ]
    );
    let callers: Vec<_> = lines.iter().map(|line| line["caller"].as_str().unwrap_or("")).collect();
    assert_eq!(callers, ["page", "page", "page", "page", "page", "program"]);
}
