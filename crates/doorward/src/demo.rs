//! `doorward guard --demo`: a small shop, a hostile page, and the gate between.

use crate::args::Guard;
use crate::{EXIT_UNREACHED, EXIT_USAGE, guard, machine, serve};
use anyhow::Context;
use doorward_config::{Given, Outside};
use doorward_lab::backend::{Backend, BackendOptions, CorsPolicy, SameSite};
use doorward_lab::demo::{Places, Sites, bind_near};
use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The demo's configuration: what a shop with logins would say of itself.
const FILE: &str = "\
[layers.cors]
credentials = true

[[route]]
path = \"/transfer\"
effect = \"write\"
";

/// The configuration is our own text; variables and other files are the machine's.
struct Own;

impl Outside for Own {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, _: &Path) -> io::Result<Vec<u8>> {
        Ok(FILE.as_bytes().to_vec())
    }
}

/// Runs the demo until it is told to stop.
pub(crate) fn run(typed: &Guard) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let played = runtime.context("cannot start the demo").and_then(|runtime| {
        // The signals that end the demo are waited for off this thread: the pages are served on it.
        runtime.block_on(play(typed))
    });
    played.unwrap_or_else(|error| {
        machine::talk(&format!("error: {error:#}\n"));
        ExitCode::from(EXIT_UNREACHED)
    })
}

async fn play(typed: &Guard) -> anyhow::Result<ExitCode> {
    let sites = Sites::bind().await.context("cannot listen for the demo's pages")?;
    let backend = start_backend(&sites).await.context("cannot start the shop")?;
    let given = Given {
        file: Some(PathBuf::from("demo.toml")),
        upstream: Some(format!("http://{}", backend.address())),
        origins: vec![sites.shop_origin().context("cannot listen for the demo's pages")?],
        listen: Some(listen(typed).await?),
        ..guard::given(typed)
    };
    let config = match doorward_config::load(&given, &Own, guard::random_secret()) {
        Ok(config) => config,
        Err(report) => {
            machine::talk(&report.render(machine::talk_has_colour()));
            return Ok(ExitCode::from(EXIT_USAGE));
        }
    };
    let proxy = match guard::start(&config, Box::new(io::stdout())) {
        Ok(started) => started.proxy,
        Err(error) => return Ok(guard::not_started(&error)),
    };
    let cookie = sign_in(backend.address()).await.context("cannot sign in at the shop")?;
    let places = sites.places(&backend, proxy.address().port()).context("cannot tell where")?;
    let tries = what_to_try(&places, backend.address(), proxy.address(), &cookie);
    sites.serve(&places);
    machine::talk(&tries);
    Ok(tokio::task::spawn_blocking(|| serve::until_stopped(proxy, None)).await?)
}

/// Where the demo's gate listens: as typed, else 8080, else a free port.
async fn listen(typed: &Guard) -> anyhow::Result<String> {
    if let Some(listen) = &typed.listen {
        return Ok(listen.clone());
    }
    let free = bind_near(8080).await.context("cannot find a port for the gate")?;
    Ok(free.local_addr().context("cannot find a port for the gate")?.to_string())
}

async fn start_backend(sites: &Sites) -> io::Result<Backend> {
    let port = bind_near(3000).await?.local_addr()?;
    Backend::start(BackendOptions {
        listen: port,
        cors: CorsPolicy::Allow { origins: vec![sites.shop_origin()?], credentials: true },
        // The cookie that attacks need; many shops set it, for embedded check-outs.
        same_site: SameSite::None,
        listener: Some(Box::new(|event| machine::output(&format!("backend  {}\n", event.line())))),
        ..BackendOptions::default()
    })
    .await
}

/// Signs Ann in at the backend, so that the lines to try have her cookie.
async fn sign_in(backend: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(backend).await?;
    let body = "user=ann";
    let request = format!(
        "POST /login HTTP/1.1\r\nHost: {backend}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let cookie = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_cookie = name.eq_ignore_ascii_case("set-cookie");
        is_cookie.then(|| value.split(';').next().unwrap_or_default().to_owned())
    });
    cookie.context("the shop set no cookie")
}

/// The lines to try, each with what comes of it.
fn what_to_try(places: &Places, backend: SocketAddr, gate: SocketAddr, cookie: &str) -> String {
    let Places { shop, evil, .. } = places;
    let hostile = format!("-H 'Origin: {evil}' -H 'Sec-Fetch-Site: cross-site' -b '{cookie}'");
    let form = "-d 'to=evil&amount=100'";
    let mut out = String::new();
    let mut say = |line: &str| {
        let _ = writeln!(out, "{line}");
    };
    say("A small shop, a hostile page, and the gate between. Nothing here leaves this machine.");
    say("");
    say(&format!("  your page     {shop}   sign in as Ann, read the ledger"));
    say(&format!("  hostile page  {evil}   the same transfer, to the backend and to the gate"));
    say(&format!("  the backend   {}, its CORS set up correctly", places.backend));
    say(&format!("  the gate      {}, listening on http://{gate}", places.gate));
    say("");
    say("Open the two pages in a browser, or send here what the hostile page would send:");
    let mut attempt = |what: &str, wants: &str, curl: String| {
        let _ = writeln!(out, "\n  {what}\n    {curl}\n    -> {wants}");
    };
    attempt(
        "CORS alone: the browser would hide the answer, and the money has moved",
        "200, and the backend says: executed, ann -100, evil +100",
        format!("curl -i {hostile} {form} http://{backend}/transfer"),
    );
    attempt(
        "the same request, to the gate",
        "403 site/cross-site; the backend says nothing, for it was never asked",
        format!("curl -i {hostile} {form} http://{gate}/transfer"),
    );
    attempt(
        "the same as an image would, a GET that moves money",
        "403 site/cross-site",
        format!(
            "curl -i -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: no-cors' -b '{cookie}' \
             'http://{gate}/transfer?to=evil&amount=100'"
        ),
    );
    attempt(
        "that GET from your own page: it is declared to write, so no GET may reach it",
        "405 method/safe-on-write",
        format!(
            "curl -i -H 'Origin: {shop}' -b '{cookie}' \
             'http://{gate}/transfer?to=evil&amount=100'"
        ),
    );
    attempt(
        "your own page asks whether it may send JSON: the preflight that browsers send first",
        "204, with Access-Control-Allow-Origin for your page",
        format!(
            "curl -i -X OPTIONS -H 'Origin: {shop}' -H 'Access-Control-Request-Method: PUT' \
             http://{gate}/api/ledger"
        ),
    );
    attempt(
        "a name that is not the gate's, as DNS rebinding brings it",
        "421 message/unknown-host",
        format!("curl -i -H 'Host: rebind.example' http://{gate}/api/ledger"),
    );
    attempt(
        "a program that writes your page's origin by hand: a header proves nothing",
        "403 pass/missing; your page loads the gate's script, which signs each request",
        format!("curl -i -H 'Origin: {shop}' -b '{cookie}' {form} http://{gate}/transfer"),
    );
    out.push_str(
        "\nBelow, a line for each request at the gate, and for each that the backend ran.\n\n",
    );
    out
}
