//! A WebSocket that says each message again (RFC 6455), for pages that talk to one.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// RFC 6455 1.3: what the key is hashed with.
const WEB_SOCKET_GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes of a frame's mask.
const MASK_BYTES: usize = 4;
/// From here on a frame's length stands in further bytes, which nobody here needs.
const LONG: usize = 126;
/// The opcode of a frame that closes.
const CLOSE: u8 = 8;

/// Opens a WebSocket that chooses none of the application's subprotocols. It says again what is
/// shorter than 126 bytes, and ends when the page closes it.
///
/// The connection must be served `with_upgrades`.
#[must_use]
pub fn echo(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok());
    let text = format!("{}{WEB_SOCKET_GUID}", key.unwrap_or_default());
    let accept = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
    tokio::spawn(async move {
        if let Ok(stream) = hyper::upgrade::on(request).await {
            // A page that is gone hears nothing more.
            let _ = talk(TokioIo::new(stream)).await;
        }
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(value) = HeaderValue::from_str(&accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, value);
    }
    response
}

/// RFC 6455 5.2: a client's frame has a mask, a server's has none.
async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    loop {
        let [first, second] = [stream.read_u8().await?, stream.read_u8().await?];
        let length = usize::from(second & 0x7f);
        if length >= LONG {
            return Ok(());
        }
        let mut mask = [0; MASK_BYTES];
        stream.read_exact(&mut mask).await?;
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        let mut answer = vec![first, second & 0x7f];
        answer.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        stream.write_all(&answer).await?;
        stream.flush().await?;
        if first & 0x0f == CLOSE {
            return Ok(());
        }
    }
}
