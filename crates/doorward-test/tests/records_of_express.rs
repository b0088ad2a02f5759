//! A real Express application whose sessions are in Redis (express-session with connect-redis), and
//! a gate before it that looks there by itself.

use doorward_test::browser::Outcome;
use doorward_test::express_app::ExpressApp;
use doorward_test::remote_server::{Make, RemoteServer};
use doorward_test::running_gate::{GateOptions, RunningGate};
use doorward_test::sessions::{Answer, Client, HOME};
use std::net::SocketAddr;

/// What the application signs with.
const SECRET: &str = "secret-of-the-tests-and-of-nobody-else";
const ORDERS: (&str, &str) = ("GET", "/api/orders");

struct Shop {
    server: RemoteServer,
    app: ExpressApp,
    gate: RunningGate,
}

async fn shop(secrets: &str) -> Outcome<Shop> {
    let server = RemoteServer::start(Make::Redis, &[]).await?;
    let socket = server.socket();
    let app = ExpressApp::start_with(&["cookie"], None, Some(&socket)).await?;
    let upstream = format!("http://{}", app.address());
    let config = format!(
        "profile = \"authenticated\"\n[secrets]\ninsecure_literal_secret = true\n\
         [layers.identity]\nsession = {{ cookie = \"connect.sid\", record = \"unix:{}\", \
         key = \"sess:{{id}}\", signed = \"express-session\", secret = {secrets}, \
         subject = \"$.user\" }}\n[layers.csrf]\nmode = \"off\"\n\
         [[route]]\npath = \"/login\"\nprofile = \"public\"\n",
        socket.display(),
    );
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    Ok(Shop { server, app, gate: RunningGate::start(options).await? })
}

/// Signs in by the form, and gives back the cookie as the browser keeps it.
async fn sign_in(gate: SocketAddr, server: &RemoteServer) -> Outcome<String> {
    let form = "name=ann&password=correct+horse";
    let post = move || Client::open(HOME, gate)?.post_for_cookie("/login", form);
    let ((status, refusal, body), cookie) = tokio::task::spawn_blocking(post).await??;
    assert_eq!((status, refusal.as_str()), (303, ""), "{body}");
    assert_eq!(server.tell(&[b"DBSIZE"]).await?, "1", "the session is in Redis");
    Ok(cookie.ok_or("it sets no cookie")?)
}

async fn ask(
    gate: SocketAddr,
    (method, path): (&'static str, &'static str),
    cookie: &str,
) -> Outcome<Answer> {
    let line = format!("Cookie: {cookie}");
    let asked = move || Client::open(HOME, gate)?.ask(method, path, &line);
    Ok(tokio::task::spawn_blocking(asked).await??)
}

#[tokio::test]
async fn the_gate_knows_who_has_signed_in_until_he_signs_out() -> Outcome<()> {
    let Shop { server, mut app, gate } = shop(&format!("{SECRET:?}")).await?;
    let address = gate.address();
    let cookie = sign_in(address, &server).await?;
    assert!(cookie.starts_with("connect.sid=s%3A"), "{cookie}");
    assert_eq!(ask(address, ORDERS, &cookie).await?, (200, String::new(), "[]".to_owned()));
    let reached = app.reached().await?.requests.len();

    // Another's id under the same signature, the bare id, and one that nobody has.
    let (id, signature) = cookie.rsplit_once('.').ok_or("no signature")?;
    let last = if id.ends_with('A') { 'B' } else { 'A' };
    let other = format!("{}{last}.{signature}", &id[..id.len() - 1]);
    let bare = id.replace("s%3A", "");
    for (cookie, want) in [(other, "identity/session-forged"), (bare, "identity/session-malformed")]
    {
        let (status, refusal, _) = ask(address, ORDERS, &cookie).await?;
        assert_eq!((status, refusal.as_str()), (401, want), "{cookie}");
    }
    assert_eq!(app.reached().await?.requests.len(), reached, "none of them reached it");

    // The answer deletes the cookie: what is remembered ends at once.
    assert_eq!(ask(address, ("POST", "/logout"), &cookie).await?.0, 303);
    let (status, refusal, _) = ask(address, ORDERS, &cookie).await?;
    assert_eq!((status, refusal.as_str()), (401, "identity/session-unknown"));
    assert_eq!(server.tell(&[b"DBSIZE"]).await?, "0");
    gate.stop().await
}

#[tokio::test]
async fn a_secret_of_before_counts_beside_the_new_one() -> Outcome<()> {
    let secrets = format!("[\"the next secret of this application\", {SECRET:?}]");
    let Shop { server, app: _app, gate } = shop(&secrets).await?;
    let cookie = sign_in(gate.address(), &server).await?;
    assert_eq!(ask(gate.address(), ORDERS, &cookie).await?.0, 200);
    gate.stop().await
}
