//! `doorward init`: what it writes is well, and people sign in, sign up and ask for a new password
//! through the gate that it makes, by plain forms. What is not well is not written.

use doorward_test::browser::Outcome;
use doorward_test::exchange::{Answer, send};
use doorward_test::running_gate::{GateOptions, RunningGate, program};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;

/// How long the gate may take to say what is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
const FORM: &str = "application/x-www-form-urlencoded";
/// Addresses that a proxy says of visitors.
const HERE: &str = "203.0.113.1";
const THERE: &str = "203.0.113.2";
const PAGE: &str = "<!doctype html><title>Shop</title><form method=post><input name=email></form>";

/// A folder of a test's own.
struct Folder(PathBuf);

/// What a program has said.
struct Said {
    code: Option<i32>,
    talk: String,
}

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("doorward-init-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a folder");
        Self(path)
    }

    fn run(&self, words: &[&str], secret: Option<&str>) -> Said {
        let mut command = Command::new(program().expect("the program"));
        command.args(words).current_dir(&self.0).env_remove("DOORWARD_SECRET");
        command.envs(secret.map(|secret| ("DOORWARD_SECRET", secret)));
        let output = command.output().expect("it runs");
        let talk = String::from_utf8(output.stderr).expect("UTF-8");
        Said { code: output.status.code(), talk }
    }

    fn init(&self, words: &[&str]) -> Said {
        self.run(&[&["init", "--yes"], words].concat(), None)
    }

    fn check(&self) -> Said {
        let secret = "a-secret-of-the-tests-0123456789-0123456789";
        self.run(&["check", "doorward.toml"], Some(secret))
    }

    /// Writes a file that must be well.
    fn written(&self, words: &[&str]) -> String {
        let said = self.init(words);
        assert_eq!(said.code, Some(0), "{words:?}: {}", said.talk);
        assert!(said.talk.contains("\nnext\n"), "{words:?}: {}", said.talk);
        let said = self.check();
        assert_eq!(said.code, Some(0), "{words:?}: {}", said.talk);
        self.text()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.0.join("doorward.toml")).expect("the file")
    }

    fn files(&self) -> usize {
        fs::read_dir(&self.0).expect("the folder").count()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It lies in the system's folder for such files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A shop of pages with forms and no script. Sessions are names, which no real one would do.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let line = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let cookies = line("cookie").unwrap_or_default();
    let session = cookies.split("; ").find_map(|pair| pair.strip_prefix("session="));
    let (status, kind, said) = match (parts.uri.path(), &parts.method) {
        ("/whoami", _) => match session {
            Some(name) => (StatusCode::OK, "application/json", format!("{{\"id\":\"{name}\"}}")),
            None => (StatusCode::UNAUTHORIZED, "application/json", "{}".to_owned()),
        },
        ("/login", &Method::POST) if body.contains("word=right") => {
            (StatusCode::SEE_OTHER, "text/html", String::new())
        }
        ("/login", &Method::POST) => (StatusCode::UNAUTHORIZED, "text/html", PAGE.to_owned()),
        ("/login" | "/signup" | "/reset" | "/cart", &Method::GET) => {
            (StatusCode::OK, "text/html", PAGE.to_owned())
        }
        _ => {
            let name = line("doorward-identity").unwrap_or("nobody").to_owned();
            (StatusCode::OK, "text/plain", name)
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(said)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if status == StatusCode::SEE_OTHER {
        let set = HeaderValue::from_static("session=ann-of-the-shop; HttpOnly; Path=/");
        response.headers_mut().insert(header::SET_COOKIE, set);
        response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/cart"));
    }
    Ok(response)
}

async fn backend() -> Outcome<String> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let serve =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(serve);
        }
    });
    Ok(url)
}

/// A browser without script: its cookies, and the token of the page that is open.
struct Visitor {
    gate: SocketAddr,
    /// The address that a proxy says of it.
    from: &'static str,
    cookies: Vec<String>,
    token: String,
}

impl Visitor {
    fn new(gate: SocketAddr, from: &'static str) -> Self {
        Self { gate, from, cookies: Vec::new(), token: String::new() }
    }

    async fn send(
        &mut self,
        request: &str,
        site: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Outcome<Answer> {
        let mut headers = vec![
            ("Host", self.gate.to_string()),
            ("Accept", "text/html".to_owned()),
            ("Sec-Fetch-Site", site.to_owned()),
            ("Sec-Fetch-Mode", "navigate".to_owned()),
            ("Sec-Fetch-Dest", "document".to_owned()),
            ("Cookie", self.cookies.join("; ")),
            ("X-Forwarded-For", self.from.to_owned()),
        ];
        headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let answer = send(self.gate, request, &headers, body).await?;
        for line in answer.head.lines().filter_map(|line| line.split_once(": ")) {
            if line.0.eq_ignore_ascii_case("set-cookie") {
                let pair = line.1.split(';').next().unwrap_or_default().to_owned();
                let name = pair.split('=').next().unwrap_or_default();
                self.cookies.retain(|known| known.split('=').next() != Some(name));
                self.cookies.push(pair);
            }
        }
        Ok(answer)
    }

    /// Opens a page with a form.
    async fn open(&mut self, path: &str) -> Outcome<()> {
        let answer = self.send(&format!("GET {path}"), "none", &[], "").await?;
        assert_eq!(answer.said(), (200, ""), "{path}");
        let field = answer.body.split_once("name=\"_csrf\" value=\"").map(|(_, rest)| rest);
        let token = field.and_then(|rest| rest.split('"').next());
        self.token = token.ok_or_else(|| format!("no token in {answer:?}"))?.to_owned();
        Ok(())
    }

    /// Sends the form of the page that is open.
    async fn post(&mut self, path: &str, form: &str) -> Outcome<Answer> {
        let form = format!("{form}&_csrf={}", self.token);
        self.post_bare(path, "same-origin", &form).await
    }

    async fn post_bare(&mut self, path: &str, site: &str, form: &str) -> Outcome<Answer> {
        let origin = match site {
            "same-origin" => format!("http://{}", self.gate),
            _ => "https://evil.test".to_owned(),
        };
        let more = [("Origin", origin.as_str()), ("Content-Type", FORM)];
        self.send(&format!("POST {path}"), site, &more, form).await
    }
}

#[tokio::test]
async fn forms_without_script_sign_in_sign_up_and_ask_for_a_new_password() -> Outcome<()> {
    let (folder, upstream) = (Folder::new(), backend().await?);
    let words = ["--profile", "authenticated", "--by", "session", "--upstream", &upstream];
    let config = folder.written(&words);
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    let mut gate = RunningGate::start(options).await?;
    let mut ann = Visitor::new(gate.address(), HERE);
    ann.open("/login").await?;
    let right = "email=ann%40shop.test&word=right";
    let bare = ann.post_bare("/login", "same-origin", right).await?;
    assert_eq!(bare.said(), (403, "csrf/missing"));
    let evil = ann.post_bare("/login", "cross-site", right).await?;
    assert_eq!(evil.said(), (403, "site/cross-site"));
    assert_eq!(ann.post("/login", "email=ann%40shop.test&word=wrong").await?.said(), (401, ""));
    assert_eq!(ann.post("/login", right).await?.said(), (303, ""));
    // What she does then: reading, and a form of another page.
    let items = ann.send("GET /v1/items", "same-origin", &[], "").await?;
    assert_eq!((items.status, items.body.as_str()), (200, "ann-of-the-shop"));
    let bare = ann.post_bare("/cart", "same-origin", "item=7").await?;
    assert_eq!(bare.said(), (403, "csrf/missing"));
    ann.open("/cart").await?;
    assert_eq!(ann.post("/cart", "item=7").await?.said(), (200, ""));
    // Who guesses is stopped, and nobody else.
    let mut bob = Visitor::new(gate.address(), HERE);
    bob.open("/login").await?;
    for guess in 0..10 {
        let form = format!("email=bob%40shop.test&word={guess}");
        assert_eq!(bob.post("/login", &form).await?.said(), (401, ""), "{guess}");
    }
    let last = bob.post("/login", "email=bob%40shop.test&word=right").await?;
    assert_eq!(last.said(), (429, "quota/sign-in"));
    hinted(&mut gate).await?;
    let mut carl = Visitor::new(gate.address(), HERE);
    carl.open("/signup").await?;
    assert_eq!(carl.post("/signup", "email=carl%40shop.test").await?.said(), (200, ""));
    carl.open("/reset").await?;
    for mail in 0..10 {
        let answer = carl.post("/reset", "email=carl%40shop.test").await?;
        assert_eq!(answer.said(), (200, ""), "{mail}");
    }
    assert_eq!(carl.post("/reset", "email=carl%40shop.test").await?.said(), (429, "quota/share"));
    assert_eq!(carl.post("/reset", "email=dora%40shop.test").await?.said(), (200, ""));
    carl.open("/login").await?;
    assert_eq!(carl.post("/login", "email=carl%40shop.test&word=right").await?.said(), (303, ""));
    gate.stop().await
}

#[tokio::test]
async fn behind_a_named_proxy_one_visitor_locks_out_no_other() -> Outcome<()> {
    let (folder, upstream) = (Folder::new(), backend().await?);
    let words = ["--profile", "authenticated", "--by", "session", "--proxy", "loopback"];
    let config = folder.written(&[&words[..], &["--upstream", &upstream]].concat());
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    let mut gate = RunningGate::start(options).await?;
    let mut evil = Visitor::new(gate.address(), HERE);
    evil.open("/login").await?;
    for account in 0..60 {
        let form = format!("email=a{account}%40shop.test&word=wrong");
        assert_eq!(evil.post("/login", &form).await?.said(), (401, ""), "{account}");
    }
    let last = evil.post("/login", "email=ann%40shop.test&word=wrong").await?;
    assert_eq!(last.said(), (429, "quota/sign-in"));
    let mut ann = Visitor::new(gate.address(), THERE);
    ann.open("/login").await?;
    let right = "email=ann%40shop.test&word=right";
    assert_eq!(ann.post("/login", right).await?.said(), (303, ""));
    // The proxy is named, so nobody needs to be told of it.
    while let Ok(line) = gate.talk.try_recv() {
        assert!(!line.contains("trusted_proxies"), "{line}");
    }
    gate.stop().await
}

/// The gate says that its callers seem to come through a proxy.
async fn hinted(gate: &mut RunningGate) -> Outcome<()> {
    let search = async {
        while let Some(line) = gate.talk.recv().await {
            if line.contains("name it in client_ip.trusted_proxies") {
                return Ok(());
            }
        }
        Err("the gate ended before it said anything of proxies")
    };
    Ok(tokio::time::timeout(PATIENCE, search).await??)
}

#[test]
fn every_answer_makes_a_file_that_is_well() {
    for words in [
        &["--profile", "public"][..],
        &["--profile", "authenticated", "--by", "keys"],
        &["--profile", "authenticated", "--by", "token"],
        &["--profile", "authenticated", "--by", "token", "--audience", "e\u{301}pi \"\\ \u{7f}"],
        &["--profile", "authenticated", "--by", "session", "--login", "none"],
        &["--profile", "authenticated", "--by", "session", "--login", "/shop/sign-in/"],
        &["--profile", "authenticated", "--by", "session", "--proxy", "loopback"],
        &["--external", "https://shop.example", "--origin", "https://shop.example"],
    ] {
        let folder = Folder::new();
        folder.written(words);
        assert_eq!(folder.files(), 1, "{words:?}");
    }
}

#[test]
fn what_ends_tls_is_named_or_the_file_says_how() {
    const UNNAMED: &str = "what ends TLS before this gate is not named";
    let external = ["--external", "https://shop.example", "--origin", "https://shop.example"];
    for (words, lines, is_unnamed) in [
        (&[][..], &["# [client_ip]", "listen   = \"0.0.0.0:8080\""][..], true),
        (&["--proxy", "10.0.0.5", "--proxy", "fd00::/8"], &["[client_ip]"], false),
        (&["--proxy", "loopback"], &["trusted_proxies = [\"loopback\"]", "127.0.0.1:8080"], false),
    ] {
        let folder = Folder::new();
        let text = folder.written(&[&external[..], words].concat());
        for line in lines {
            assert!(text.contains(line), "{words:?}: {text}");
        }
        let said = folder.check();
        assert_eq!(said.talk.contains(UNNAMED), is_unnamed, "{words:?}: {}", said.talk);
    }
}

#[test]
fn what_is_there_is_kept() {
    let folder = Folder::new();
    let (file, elsewhere) = (folder.0.join("doorward.toml"), folder.0.join("elsewhere.toml"));
    fs::write(&file, "# mine\n").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
    let said = folder.init(&[]);
    assert_eq!(said.code, Some(2), "{}", said.talk);
    assert!(said.talk.contains("doorward.toml is there already"), "{}", said.talk);
    assert_eq!(folder.text(), "# mine\n");
    // Nor is it lost by answers that make no file.
    let said = folder.init(&["--force", "--upstream", "http://u:p@localhost:3000"]);
    assert_eq!((said.code, folder.text().as_str()), (Some(2), "# mine\n"), "{}", said.talk);
    assert_eq!(folder.init(&["--force"]).code, Some(0));
    let mode = fs::metadata(&file).expect("the file").permissions().mode() & 0o777;
    assert_eq!((mode, folder.files()), (0o600, 1));
    assert!(folder.text().contains("upstream = "));
    // A link that leads nowhere is there as well, and nothing is made where it leads.
    fs::remove_file(&file).expect("the file");
    symlink("elsewhere.toml", &file).expect("a link");
    let said = folder.init(&[]);
    assert_eq!((said.code, elsewhere.exists()), (Some(2), false), "{}", said.talk);
    let said = folder.init(&["--force"]);
    assert_eq!((said.code, elsewhere.exists()), (Some(0), false), "{}", said.talk);
    assert!(file.symlink_metadata().expect("the file").is_file());
}

#[test]
fn answers_that_make_no_gate_make_no_file() {
    for words in [
        &["--upstream", "http://u:p@localhost:3000"][..],
        &["--upstream", "localhost"],
        &["--origin", "https://shop.example/path"],
        &["--external", "shop.example"],
        &["--external", "https://e\u{301}.example"],
        &["--proxy", "10.0.0.300"],
        &["--proxy", "0.0.0.0/0"],
        &["--certificate", "none.pem", "--key", "none.pem", "--external", "https://shop.example"],
        &["--certificate", "none.pem"],
        &["--profile", "authenticated", "--by", "session", "--whoami", "ftp://x"],
        &["--profile", "authenticated", "--by", "session", "--login", "login"],
        &["--profile", "authenticated", "--by", "session", "--account", "e mail"],
        &["--profile", "authenticated", "--by", "token", "--jwks", "\n"],
    ] {
        let folder = Folder::new();
        let said = folder.init(words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.talk);
        assert!(said.talk.contains("error: "), "{words:?}: {}", said.talk);
        assert!(!said.talk.contains("next\n"), "{words:?}: {}", said.talk);
        assert_eq!(folder.files(), 0, "{words:?}");
    }
}
