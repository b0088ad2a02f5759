//! The handshake of a WebSocket (RFC 6455 4): what asks for one, and the one answer that opens it.

use crate::body::AnswerBody;
use crate::client::Client;
use crate::exchange::Exchanged;
use crate::head::{self, Look};
use crate::leave;
use crate::mount::Passage;
use crate::observe;
use crate::tunnel::Tunnel;
use crate::web_socket::{Frames, Side};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use doorward_core::fault::Fault;
use doorward_core::header::{One, single};
use doorward_core::layers::site::is_web_socket;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Response, StatusCode, Version, request};
use std::sync::Arc;

/// What a WebSocket's accept is the digest of, behind the key (RFC 6455 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes of a handshake's key, decoded (RFC 6455 4.1).
const KEY_BYTES: usize = 16;

/// What a request asks for beside an answer.
pub(crate) enum Asks {
    /// Nothing; or what is left out on the way, as `h2c` is (RFC 9110 7.8: nobody need agree).
    Nothing,
    /// A WebSocket.
    WebSocket(Handshake),
    /// A WebSocket, but not as RFC 6455 4.1 has it: who stands behind may read it in another way.
    Unfit,
}

/// A handshake that goes upstream.
pub(crate) struct Handshake {
    /// What the answer must say to it.
    accept: String,
    offers_extensions: bool,
    offers_protocols: bool,
}

/// What a request asks for. `has_body` says whether one follows.
pub(crate) fn asks(parts: &request::Parts, look: &Look, has_body: bool) -> Asks {
    if !look.has_upgrade {
        return Asks::Nothing;
    }
    let headers = &parts.headers;
    let upgrade = single(headers, &header::UPGRADE);
    if !is_web_socket(upgrade) {
        return Asks::Nothing;
    }
    let is_alone = upgrade.value().is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    let is_named = headers
        .get_all(header::CONNECTION)
        .iter()
        .any(|connection| head::names(connection, &header::UPGRADE));
    let is_get = parts.method == Method::GET && parts.version == Version::HTTP_11 && !has_body;
    let key = single(headers, &header::SEC_WEBSOCKET_KEY).value();
    match key.filter(|key| is_key(key)) {
        Some(key) if is_alone && is_named && is_get => Asks::WebSocket(Handshake {
            accept: accept(key),
            offers_extensions: headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS),
            offers_protocols: headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL),
        }),
        Some(_) | None => Asks::Unfit,
    }
}

fn is_key(key: &str) -> bool {
    STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == KEY_BYTES)
}

/// RFC 6455 4.2.2, 5.4.
fn accept(key: &str) -> String {
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key.as_bytes(), GUID].concat()))
}

/// Writes the handshake's own headers.
pub(crate) fn write(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

impl Handshake {
    /// Whether an answer says yes to it, and to nothing that was not asked.
    fn is_met(&self, headers: &HeaderMap) -> bool {
        let upgrade = single(headers, &header::UPGRADE).value();
        let accept = single(headers, &header::SEC_WEBSOCKET_ACCEPT).value();
        let adds_extensions = headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS);
        let protocol = single(headers, &header::SEC_WEBSOCKET_PROTOCOL);
        upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
            && accept == Some(self.accept.as_str())
            && (self.offers_extensions || !adds_extensions)
            && match protocol {
                One::Absent => true,
                One::Value(_) => self.offers_protocols,
                One::Repeated | One::Unreadable => false,
            }
    }
}

/// Opens a tunnel on a 101.
///
/// # Errors
/// Why it stays closed: the answer is not the handshake's, or the client did not wait for it.
pub(crate) fn open(
    client: &Arc<Client>,
    exchanged: Exchanged,
    mut passage: Passage,
    handshake: &Handshake,
) -> Result<Response<AnswerBody>, Box<(Fault, Passage)>> {
    let Exchanged { answer, look, link } = exchanged;
    if client.line.has_unread() {
        // RFC 6455 4.1: a client sends nothing before the answer. What it sent was read as HTTP.
        return Err(Box::new((Fault::LineEnding, passage)));
    }
    let (mut parts, _) = answer.into_parts();
    let tunnel = handshake.is_met(&parts.headers).then(|| link.into_tunnel()).flatten();
    let Some((upstream, first)) = tunnel else {
        return Err(Box::new((Fault::UpstreamBroken, passage)));
    };
    let headers = &mut parts.headers;
    let has_extensions = headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS);
    head::keep(headers, |name| *name != header::CONTENT_LENGTH && !look.ends_here(name));
    write(headers);
    if let Some(spellings) = passage.admitted.spellings() {
        // Of the handshake itself; what goes through the tunnel is not looked into.
        spellings.cover_values(headers);
    }
    passage.admitted.dress(headers);
    passage.admitted.tell_would_refuse(headers);
    observe::answered(client, &passage);
    if let Some(record) = &mut passage.record {
        record.ended(None, StatusCode::SWITCHING_PROTOCOLS);
    }
    client.open_tunnel(Box::new(Tunnel {
        upstream,
        first,
        from_client: Frames::new(Side::Client, has_extensions),
        from_upstream: Frames::new(Side::Server, has_extensions),
        leave: leave::of(client, &passage.admitted),
        record: passage.record,
    }));
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    let body = AnswerBody::own(Bytes::new(), Arc::clone(client), None);
    Ok(Response::from_parts(parts, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    /// What came of a head's lines, as a word.
    fn word(method: &str, lines: &[(&str, &str)], has_body: bool) -> &'static str {
        let mut request = Request::builder().method(method);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a row's request").into_parts();
        match asks(&parts, &head::look(&parts.headers), has_body) {
            Asks::Nothing => "nothing",
            Asks::WebSocket(_) => "socket",
            Asks::Unfit => "unfit",
        }
    }

    #[test]
    fn only_a_whole_handshake_asks_for_a_tunnel() {
        let connection = ("connection", "keep-alive, Upgrade");
        let key = ("sec-websocket-key", KEY);
        let upgrade = ("upgrade", "WebSocket");
        for (lines, want) in [
            (&[connection, upgrade, key][..], "socket"),
            (&[connection, ("upgrade", "websocket"), key], "socket"),
            (&[connection, key], "nothing"),
            (&[connection, ("upgrade", "h2c"), key], "nothing"),
            (&[upgrade, key], "unfit"),
            (&[("connection", "keep-alive"), upgrade, key], "unfit"),
            (&[connection, upgrade], "unfit"),
            (&[connection, upgrade, key, key], "unfit"),
            (&[connection, upgrade, ("sec-websocket-key", "c2hvcnQ=")], "unfit"),
            (&[connection, upgrade, ("sec-websocket-key", "not base64!!!!!!!!!!!!==")], "unfit"),
            (&[connection, ("upgrade", "websocket, h2c"), key], "unfit"),
            (&[connection, upgrade, ("upgrade", "h2c"), key], "unfit"),
        ] {
            assert_eq!(word("GET", lines, false), want, "{lines:?}");
        }
        let whole = [connection, upgrade, key];
        assert_eq!(word("POST", &whole, false), "unfit");
        assert_eq!(word("GET", &whole, true), "unfit");
    }

    #[test]
    fn only_the_handshakes_own_answer_meets_it() {
        assert_eq!(accept(KEY), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "RFC 6455 1.3");
        let offering = |offers| Handshake {
            accept: accept(KEY),
            offers_extensions: offers,
            offers_protocols: offers,
        };
        let good = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let upgrade = ("upgrade", "WebSocket");
        let extensions = ("sec-websocket-extensions", "permessage-deflate");
        let protocol = ("sec-websocket-protocol", "chat");
        for (lines, bare, offered) in [
            (&[upgrade, good][..], true, true),
            (&[good], false, false),
            (&[upgrade], false, false),
            (&[upgrade, good, good], false, false),
            (&[("upgrade", "h2c"), good], false, false),
            (&[upgrade, ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=")], false, false),
            (&[upgrade, good, extensions], false, true),
            (&[upgrade, good, protocol], false, true),
            (&[upgrade, good, protocol, protocol], false, false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, HeaderValue::from_static(value));
            }
            assert_eq!(offering(false).is_met(&headers), bare, "{lines:?}");
            assert_eq!(offering(true).is_met(&headers), offered, "{lines:?}");
        }
    }
}
