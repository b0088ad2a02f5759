//! Tokens written into the forms of pages, over real sockets: what a browser without script does.
//!
//! `DOORWARD_CAMPAIGN` is the length of the large page, in pieces of 64 KiB.

mod kit;

use doorward_core::gate::Gate;
use doorward_core::layers::csrf::Forms;
use doorward_core::mode::Mode;
use doorward_core::route::{self, Csrf};
use doorward_core::secret::Secret;
use kit::{Answer, PATIENCE, Scripted, Under, gate, route as a_route};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

const PAGE: &str = "<!doctype html><title>Shop</title><form method=post action=/pay>\
                    <input name=to></form><form action=https://evil.test method=post></form>";

/// A gate that asks strangers too, and writes tokens.
fn writing(secrets: &[u8]) -> Arc<Gate> {
    gate(|settings| {
        settings.layer_modes.push(("csrf", Mode::Enforce));
        settings.csrf.secrets = secrets.iter().map(|byte| Secret::new([*byte; 32])).collect();
        settings.csrf.fields = true;
        settings.csrf.forms = Forms::Inject;
        settings.routes.push(route::Settings { csrf: Csrf::Required, ..a_route("/pay") });
        settings.routes.push(route::Settings { forms: Some(Forms::Leave), ..a_route("/plain") });
    })
}

/// An upstream that answers every request with this head and page.
fn serving(head: &'static str, page: &'static str) -> Scripted {
    Scripted::start(move |mut scene| {
        while let Some(request) = scene.next_request() {
            if let Some(length) = request.header("content-length") {
                scene.client.bytes(length.parse().expect("a length"));
            }
            let body = if request.head.starts_with("HEAD") { "" } else { page };
            let length = page.len();
            scene.send(&format!("HTTP/1.1 200 OK\r\n{head}content-length: {length}\r\n\r\n{body}"));
        }
    })
}

const HTML: &str = "content-type: text/html; charset=utf-8\r\netag: \"a\"\r\n";

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n{more}\r\n")
}

fn post(cookie: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /pay HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// The tokens in a page.
fn tokens(page: &Answer) -> Vec<String> {
    let begin = "<input type=\"hidden\" name=\"_csrf\" value=\"";
    let parts = page.text().split(begin).skip(1);
    parts.map(|part| part.split('"').next().expect("a value").to_owned()).collect()
}

/// A visit of a page: its token, and the visitor's cookie.
fn visit(under: &Under, cookie: &str) -> (String, Option<String>) {
    let line = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
    let page = under.ask(&get("/", &line));
    let mut all = tokens(&page);
    assert_eq!(all.len(), 1, "{}", page.text());
    let set = page.header("set-cookie").map(|line| {
        assert!(line.contains("HttpOnly; SameSite=Lax"), "{line}");
        line.split(';').next().expect("a pair").to_owned()
    });
    (all.remove(0), set)
}

#[test]
fn a_form_without_script_is_served_with_its_token_alone() {
    let upstream = serving(HTML, PAGE);
    let under = Under::start(&upstream.url, writing(&[1]), kit::bounds());
    let (token, cookie) = visit(&under, "");
    let cookie = cookie.expect("whoever has no anchor gets one");
    let (other, others) = visit(&under, "");
    let others = others.expect("an anchor");
    // A second tab of the same visitor.
    let (second, set) = visit(&under, &cookie);
    assert_eq!(set, None, "its anchor stays");
    assert_ne!(token, second, "each page has a mask of its own");
    for (cookie, body, code) in [
        (&cookie, format!("to=ann&_csrf={token}"), None),
        (&cookie, format!("to=ann&_csrf={second}"), None),
        (&cookie, format!("to=ann&_csrf={token}"), None),
        (&cookie, "to=ann".to_owned(), Some("csrf/missing")),
        (&cookie, format!("_csrf={other}"), Some("csrf/other-session")),
        (&others, format!("_csrf={token}"), Some("csrf/other-session")),
        (&String::from("a=b"), format!("_csrf={token}"), Some("csrf/other-session")),
    ] {
        let answer = under.ask(&post(cookie, &body));
        assert_eq!(answer.code(), code, "{body}");
    }
    // While secrets are exchanged, an old page's form goes on.
    under.proxy.swap_gate(writing(&[2, 1])).expect("a gate");
    assert_eq!(under.ask(&post(&cookie, &format!("_csrf={token}"))).code(), None);
    let (new, set) = visit(&under, &cookie);
    assert_eq!(set, None);
    assert_eq!(under.ask(&post(&cookie, &format!("_csrf={new}"))).code(), None);
    under.proxy.swap_gate(writing(&[2])).expect("a gate");
    let gone = under.ask(&post(&cookie, &format!("_csrf={token}")));
    assert_eq!(gone.code(), Some("csrf/forged"));
    // The page that is loaded again brings a new anchor, and works.
    let (fresh, set) = visit(&under, &cookie);
    let cookie = set.expect("the old one was sealed by a secret that is gone");
    assert_eq!(under.ask(&post(&cookie, &format!("_csrf={fresh}"))).code(), None);
}

#[test]
fn a_form_with_a_token_of_the_applications_own_has_both() {
    let page = "<form method=post action=/pay><input type=hidden name=_csrf value=4bfd></form>";
    let upstream = serving(HTML, page);
    let under = Under::start(&upstream.url, writing(&[1]), kit::bounds());
    let answer = under.ask(&get("/", ""));
    let cookie = answer.header("set-cookie").and_then(|line| line.split(';').next());
    let cookie = cookie.expect("an anchor").to_owned();
    let (_, rest) = answer.text().split_once("name=\"csrf_token\" value=\"").expect("its token");
    let token = rest.split('"').next().expect("a value");
    for (body, code) in [
        (format!("csrf_token={token}&_csrf=4bfd&to=ann"), None),
        ("_csrf=4bfd&to=ann".to_owned(), Some("csrf/missing")),
    ] {
        assert_eq!(under.ask(&post(&cookie, &body)).code(), code, "{body}");
    }
}

#[test]
fn a_multipart_form_has_its_token_before_its_files() {
    let upstream = serving(HTML, PAGE);
    let under = Under::start(&upstream.url, writing(&[1]), kit::bounds());
    let (token, cookie) = visit(&under, "");
    let cookie = cookie.expect("an anchor");
    let part = |name: &str, body: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name={name}\r\n\r\n{body}\r\n")
    };
    let body = part("\"_csrf\"", &token) + &part("\"f\"; filename=\"a\"", "bytes") + "--XX--\r\n";
    let form = post(&cookie, &body);
    let form =
        form.replace("application/x-www-form-urlencoded", "multipart/form-data; boundary=XX");
    assert_eq!(under.ask(&form).code(), None);
}

#[test]
fn a_page_leaves_with_a_head_of_its_own() {
    let upstream = serving(HTML, PAGE);
    let under = Under::start(&upstream.url, writing(&[1]), kit::bounds());
    let page = under.ask(&get("/", "Accept-Encoding: gzip\r\nRange: bytes=0-1\r\n"));
    let sent = upstream.told().to_ascii_lowercase();
    assert!(sent.contains("accept-encoding: identity\r\n") && !sent.contains("range:"), "{sent}");
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    for name in ["etag", "content-length"] {
        assert_eq!(page.header(name), None, "{name}");
    }
    let mut client = under.connect();
    client.send(&get("/", "").replace("GET", "HEAD"));
    let head = client.head();
    assert_eq!(head.header("cache-control"), Some("private, no-store"));
    assert_eq!((head.header("set-cookie"), head.header("etag")), (None, None));
    // On the route that says so, and for whoever asks for no page, not a byte is changed.
    for request in [get("/plain", ""), get("/", "").replace("text/html", "*/*")] {
        let plain = under.ask(&request);
        assert_eq!((plain.text(), plain.header("etag")), (PAGE, Some("\"a\"")));
    }
}

#[test]
fn what_cannot_be_written_into_goes_on_as_it_came_and_the_operator_hears_why() {
    let ways: [(&str, &str, &str); 4] = [
        ("content-type: text/html\r\ncontent-encoding: gzip\r\n", PAGE, "forms/encoded"),
        ("content-type: text/html; charset=utf-16\r\n", PAGE, "forms/charset"),
        (HTML, "<form><form method=post></form>", "forms/unclear"),
        (HTML, "<form method=post><input name=_csrf><p></form>", "forms/own-field"),
    ];
    for (head, page, code) in ways {
        let (say, said) = channel();
        let say = Mutex::new(say);
        let upstream = serving(head, page);
        let under = Under::with(&upstream.url, writing(&[1]), |settings| {
            settings.talk = Box::new(move |line| {
                let _ = say.lock().expect("no panic under this lock").send(line.to_owned());
            });
        });
        for _ in 0..3 {
            assert_eq!(under.ask(&get("/", "")).text(), page);
        }
        under.finish();
        let said: Vec<String> = said.iter().collect();
        let hints: Vec<&String> = said.iter().filter(|line| line.contains(code)).collect();
        assert_eq!(hints.len(), 1, "{code}: {said:?}");
    }
}

#[test]
fn each_piece_leaves_before_the_next_comes() {
    let (seen, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let pieces = ["<p>one", "<form method=post>a</form>", "<p>two<form met", "hod=post></form>"];
    let upstream = Scripted::start(move |mut scene| {
        scene.request();
        scene.send(&format!("HTTP/1.1 200 OK\r\n{HTML}transfer-encoding: chunked\r\n\r\n"));
        for piece in pieces {
            scene.send(&format!("{:x}\r\n{piece}\r\n", piece.len()));
            let _ = wait.lock().expect("one connection").recv_timeout(PATIENCE);
        }
        scene.send("0\r\n\r\n");
        scene.client.rest();
    });
    let under = Under::start(&upstream.url, writing(&[1]), kit::bounds());
    let mut client = under.connect();
    client.send(&get("/", ""));
    assert_eq!(client.head().status, 200);
    let mut page = String::new();
    for end in ["one", "a</form>", "<form met", "></form>"] {
        loop {
            page += std::str::from_utf8(&client.chunk()).expect("text");
            if page.ends_with(end) {
                break;
            }
        }
        seen.send(()).expect("the script waits");
    }
    assert!(client.chunk().is_empty());
    assert_eq!(page.matches("name=\"_csrf\"").count(), 2, "{page}");
}

#[test]
fn a_page_that_breaks_off_never_looks_complete() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        let head = format!("HTTP/1.1 200 OK\r\n{HTML}transfer-encoding: chunked\r\n\r\n");
        scene.send(&format!("{head}13\r\n<form method=post>a\r\n"));
    });
    let under = Under::start(&upstream.url, writing(&[1]), kit::bounds());
    let mut client = under.connect();
    client.send(&get("/", ""));
    let text = String::from_utf8(client.rest()).expect("text");
    assert!(!text.contains("\r\n0\r\n\r\n"), "{text}");
    let lines = under.finish();
    assert_eq!(lines[0]["broken_off"], true);
}

#[test]
fn a_large_page_streams() {
    const FORM: &str = "<form method=post>x</form>";
    let campaign = std::env::var("DOORWARD_CAMPAIGN").ok();
    let blocks: usize = campaign.map_or(160, |text| text.parse().expect("a number"));
    let line = "<tr><td class=\"a\">text</td><td><a href=\"/b?c=1&amp;d=2\">more</a></td></tr>\n";
    let mut block = line.repeat((64 * 1024 - FORM.len()) / line.len());
    block += FORM;
    let bytes = block.len() * blocks;
    let sent = block.clone();
    let upstream = Scripted::start(move |mut scene| {
        scene.request();
        scene.send(&format!("HTTP/1.1 200 OK\r\n{HTML}content-length: {bytes}\r\n\r\n"));
        for _ in 0..blocks {
            scene.send(&sent);
        }
        scene.client.rest();
    });
    let under = Under::start(&upstream.url, writing(&[1]), kit::bounds());
    let before = resident_kib();
    let mut client = under.connect();
    client.send(&get("/", ""));
    assert_eq!(client.head().status, 200);
    let (mut all, mut count, mut most) = (0, 0, 0);
    loop {
        let chunk = client.chunk();
        if chunk.is_empty() {
            break;
        }
        all += chunk.len();
        // What is written in leaves as a piece of its own.
        if chunk.starts_with(b"<input type=\"hidden\"") {
            count += 1;
            most = most.max(resident_kib());
        }
    }
    assert_eq!(count, blocks);
    let field = (all - bytes) / blocks;
    assert!(field > 150 && (all - bytes).is_multiple_of(blocks), "{field} bytes a form");
    println!("{bytes} bytes: {before} KiB before, {most} KiB at most");
    assert!(most < before + 16 * 1024, "{before} KiB before, {most} KiB at most");
}

/// What this process has in memory.
fn resident_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.split_whitespace().next().expect("a figure").parse().expect("a figure")
}
