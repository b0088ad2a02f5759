//! A session stands in no report, whatever a server makes of it.

use super::answers::forms;
use super::{good, options, run, server};
use doorward_probe::{Options, Session};

/// A server that says back whatever it is told, in each header that reports quote.
#[tokio::test]
async fn what_a_server_says_back_of_a_session_is_left_out() {
    let (url, _) = server(|head| {
        let value = |name: &str| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name));
            line.and_then(|line| line.split_once(": ")).map_or("none", |(_, value)| value)
        };
        let (cookie, key) = (value("cookie"), value("x-key"));
        let cookie = cookie.rsplit('=').next().unwrap_or_default();
        good(&format!(
            "Access-Control-Allow-Origin: {cookie}\r\nAccess-Control-Allow-Credentials: {key}\r\n\
             Vary: {cookie}\r\nCache-Control: max-age=60, {key}\r\nSet-Cookie: {cookie}=1\r\n\
             Access-Control-Expose-Headers: {cookie}-{key}\r\n"
        ))
    })
    .await;
    let headers = [("Cookie", "a=b; session=hunter2"), ("X-Key", "hunter3")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let session = Some(Session::new(headers, std::slice::from_ref(&url)));
    let (report, _) = run(&[(&url, "/")], Options { session, ..options() }).await;
    assert!(!report.findings.is_empty());
    for (form, text) in forms(&report) {
        assert!(!text.contains("hunter"), "{form}: {text}");
    }
    let debug = format!("{report:?}");
    assert!(!debug.contains("hunter"), "{debug}");
}

/// A name and a password of an address are in no line that is shown.
#[test]
fn a_password_in_an_address_is_not_shown() {
    let url = url::Url::parse("http://ann:hunter2@localhost:1/a?jwt=hunter3").expect("an address");
    let line = doorward_probe::Call::new("GET", &url).curl();
    assert_eq!(line, "curl -i 'http://localhost:1/a?jwt=…'");
}
