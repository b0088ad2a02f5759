//! Asking a running gate's admin listener.

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;

/// Bytes of an answer: ten thousand denials.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long it may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// Asks for a path, or sends JSON there; `token` is `env:NAME` or `file:PATH`.
pub(crate) fn ask(
    url: &str,
    token: &str,
    path: &str,
    wish: Option<String>,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let token = secret(token)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let asking = tokio::time::timeout(ANSWER_TIME_MAX, asking(url, &token, path, wish));
        asking.await.context("the admin listener does not answer")?
    })
}

async fn asking(
    url: &str,
    token: &str,
    path: &str,
    wish: Option<String>,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let url: http::Uri = url.parse().context("--admin is no address")?;
    ensure!(url.scheme_str() == Some("http"), "--admin begins with http://");
    let authority = url.authority().context("--admin names no host")?;
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let socket = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await;
    let socket = socket.with_context(|| format!("cannot reach {authority}"))?;
    let (mut sender, connection) = handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    let request = match &wish {
        None => Request::get(path),
        Some(_) => Request::post(path).header(header::CONTENT_TYPE, "application/json"),
    };
    let request = request
        .header(header::HOST, authority.as_str())
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Full::new(Bytes::from(wish.unwrap_or_default())))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    match status {
        StatusCode::UNAUTHORIZED => bail!("the token is not the admin listener's"),
        StatusCode::MISDIRECTED_REQUEST => {
            bail!("the admin listener does not answer to this name; see admin.hosts")
        }
        _ => {}
    }
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    let Ok(body) = body else { bail!("the answer broke off, or is too long") };
    Ok((status, body.to_bytes()))
}

/// A secret never stands on the command line, where every program of the machine reads it.
fn secret(place: &str) -> anyhow::Result<String> {
    let text = if let Some(name) = place.strip_prefix("env:") {
        std::env::var(name).with_context(|| format!("the token is missing in {name}"))?
    } else if let Some(file) = place.strip_prefix("file:") {
        std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?
    } else {
        bail!("--token is env:NAME or file:PATH");
    };
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::secret;

    #[test]
    fn a_secret_is_never_typed() {
        assert!(secret("hunter2").is_err());
        assert!(secret("env:DOORWARD_NO_SUCH_VARIABLE").is_err());
    }
}
