//! Nobody is called who is not named, and nothing is sent that was not allowed.

use super::{Says, good, options, run, server};
use crate::corpus::{BROKEN, SAFE, start};
use doorward_probe::{Operation, Options, Probe, Scope, Session};
use url::Url;

/// Redirects lead to nobody else, and to nothing that sounds like a write.
#[tokio::test]
async fn a_redirect_leads_to_no_other_host_and_to_no_write() {
    let (other, called) = server(|_| good("")).await;
    let away = other.to_string();
    for status in [301, 302, 303, 307, 308] {
        for place in [away.clone(), "/account/delete".to_owned(), "/b?action=logout".to_owned()] {
            let lines = format!(
                "Location: {place}\r\nAccess-Control-Allow-Origin: *\r\n\
                 Access-Control-Allow-Headers: *\r\n"
            );
            let (url, heads) = server(move |head| match head.contains(" /a") {
                true => Says::Bytes(
                    format!("HTTP/1.1 {status} Moved\r\n{lines}Content-Length: 0\r\n\r\n").into(),
                ),
                false => good("Access-Control-Allow-Origin: *\r\n"),
            })
            .await;
            let cookie = ("Cookie".to_owned(), "session=hunter2".to_owned());
            let session = Some(Session::new(vec![cookie], std::slice::from_ref(&url)));
            run(&[(&url, "/a")], Options { session, ..options() }).await;
            let heads = heads.lock().expect("nobody panics with it").clone();
            assert!(heads.len() > 5, "it was looked at");
            for word in ["GET /account/delete ", "GET /b?action=logout "] {
                assert!(!heads.iter().any(|head| head.starts_with(word)), "{status}: {word}");
            }
        }
    }
    assert_eq!(called.lock().expect("nobody panics with it").len(), 0);
}

/// The twin: a redirect within the API, to something that only reads, is followed.
#[tokio::test]
async fn a_redirect_at_home_is_followed() {
    let (url, heads) = server(|head| match head.contains(" /a ") {
        true => Says::Bytes(
            b"HTTP/1.1 302 Found\r\nLocation: /b\r\nAccess-Control-Allow-Origin: *\r\n\
              Content-Length: 0\r\n\r\n"
                .to_vec(),
        ),
        false => good("Access-Control-Allow-Origin: *\r\n"),
    })
    .await;
    run(&[(&url, "/a")], options()).await;
    let heads = heads.lock().expect("nobody panics with it").clone();
    assert!(heads.iter().any(|head| head.starts_with("GET /b ")), "{heads:#?}");
}

/// What is named like a write is not sent, in no spelling of it and by no check.
#[tokio::test]
async fn no_check_sends_what_is_named_like_a_write() {
    let paths = ["/account/delete", "/%64elete", "/logou%74/", "/a?b=c%26d&action=p%75rge"];
    for (server, path) in BROKEN.iter().chain(SAFE).copied().flatten().zip(paths.iter().cycle()) {
        let url = Url::parse(&start(server).await).expect("an address");
        let mut scope = Scope::new(&[]);
        scope.add(&url).await.expect("this machine");
        let probe = Probe::new(scope, options()).expect("authorities");
        let operation = Operation::get(url.join(path).expect("an address"));
        probe.run(&[operation], &|_| {}).await;
        assert!(!probe.log().is_empty(), "{}", server.name);
        for call in probe.log() {
            let is_question = matches!(call.method.as_str(), "OPTIONS" | "TRACE");
            let own = Operation::get(call.url.clone());
            assert!(is_question || own.is_sendable(), "{}: {}", server.name, call.curl());
        }
    }
}

/// A session that is one host's is sent to it, and to nobody else of the same run.
#[tokio::test]
async fn a_session_stays_with_its_host() {
    let (own, sent) = server(|_| good("")).await;
    let (other, others) = server(|_| good("")).await;
    for (name, value) in [("Cookie", "session=hunter2"), ("Authorization", "Bearer hunter2")] {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let session = Some(Session::new(headers, std::slice::from_ref(&own)));
        run(&[(&own, "/a"), (&other, "/b")], Options { session, ..options() }).await;
    }
    run(&[(&own, "/c"), (&other, "/d")], options()).await;
    let sent = sent.lock().expect("nobody panics with it").clone();
    assert!(sent.iter().any(|head| head.contains("hunter2")));
    let without = sent.iter().filter(|head| head.contains(" /c")).collect::<Vec<_>>();
    assert!(without.len() > 5 && !without.iter().any(|head| head.contains("hunter2")));
    let others = others.lock().expect("nobody panics with it").clone();
    assert!(others.len() > 10 && !others.iter().any(|head| head.contains("hunter2")));
}
