//! `--tap`: stands before the backend while the probe asks.

use super::{origin_alone, urls};
use crate::args::Probe as Typed;
use crate::machine;
use doorward_probe::{Scope, Tap, TapServer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use url::Url;

/// How long something may take until it listens before the tap.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often that is looked for.
const PAUSE: Duration = Duration::from_millis(100);

/// Why there is no tap.
pub(super) enum NoTap {
    /// What was typed is wrong.
    Wrong(String),
    /// Nothing listens before it.
    Unreached(String),
}

/// Starts the tap that was asked for, and waits until something listens before it.
pub(super) async fn standing(
    typed: &Typed,
    scope: &mut Scope,
    asked: &[Url],
) -> Result<Option<Arc<dyn Tap>>, NoTap> {
    let Some(text) = &typed.behind.tap else { return Ok(None) };
    let upstream = upstream(text).map_err(NoTap::Wrong)?;
    let refused = |refused: doorward_probe::Refused| NoTap::Wrong(refused.to_string());
    scope.add(&upstream).await.map_err(refused)?;
    let backend = scope.socket(&upstream).map_err(refused)?;
    let listen = typed.behind.tap_listen;
    if !scope.may_listen(listen.ip()) {
        let ip = listen.ip();
        return Err(NoTap::Wrong(format!(
            "--tap-listen {listen} is not this machine's alone: whoever reaches it reaches the \
             backend. If that is meant, say `--i-am-authorised {ip}`"
        )));
    }
    let tap = TapServer::start(listen, backend).await;
    let tap = tap.map_err(|error| NoTap::Wrong(error.to_string()))?;
    scope.tap(backend, tap.address());
    let place = tap.address();
    machine::talk(&format!("tap: listening on http://{place}, before {}\n", short(&upstream)));
    for url in asked {
        let way = scope.way(url).map_err(refused)?;
        if way != place {
            machine::talk(&format!(
                "tap: what stands at {} must call http://{place} instead of {}\n",
                short(url),
                short(&upstream)
            ));
            wait_for(way, url).await?;
        }
    }
    Ok(Some(Arc::new(tap)))
}

/// The backend's address: by http, with nothing behind it.
fn upstream(text: &str) -> Result<Url, String> {
    let url = urls(&[text.to_owned()])?.pop();
    let url = url.filter(origin_alone).filter(|url| url.scheme() == "http");
    url.ok_or_else(|| {
        format!("--tap {text}: write http, host and port alone, as in http://127.0.0.1:3000")
    })
}

fn short(url: &Url) -> String {
    url.origin().ascii_serialization()
}

async fn wait_for(way: SocketAddr, url: &Url) -> Result<(), NoTap> {
    let end = Instant::now() + PATIENCE;
    let mut is_told = false;
    while TcpStream::connect(way).await.is_err() {
        if Instant::now() >= end {
            let (place, wait) = (short(url), PATIENCE.as_secs());
            return Err(NoTap::Unreached(format!("nothing listens at {place} after {wait} s")));
        }
        if !is_told {
            machine::talk(&format!("tap: waiting until something listens at {}\n", short(url)));
            is_told = true;
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::upstream;

    #[test]
    fn a_backend_is_a_host_and_a_port() {
        for (text, want) in [
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000/")),
            ("localhost:3000", Some("http://localhost:3000/")),
            ("http://localhost/", Some("http://localhost/")),
            ("https://localhost:3000", None),
            ("http://localhost:3000/api", None),
            ("http://localhost:3000/?a", None),
            ("http://ann@localhost:3000", None),
            ("unix:/run/app.sock", None),
            ("", None),
        ] {
            let seen = upstream(text).ok();
            assert_eq!(seen.as_ref().map(url::Url::as_str), want, "{text}");
        }
    }
}
