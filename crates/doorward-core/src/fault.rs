//! What only a mounting can see. It reports; the core says what it means (`Gate::fault`).

use crate::reason::Words;
use http::StatusCode;

/// Something went wrong outside of the core's sight.
///
/// The variants up to `Trailer` come from the strict scan of an HTTP/1 head (RFC 9112): what could
/// be read in two ways is refused, never repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A line that does not end in CR LF, a bare CR, or bytes before the request line.
    LineEnding,
    /// The request line is not `method SP target SP version`.
    RequestLine,
    /// A method that is not a token, or longer than 32 bytes.
    MethodBytes,
    /// A target with bytes that no browser sends: controls, spaces, non-ASCII, `"`, `<`, `>`
    /// anywhere; backslash, backquote, `{`, `}` in the path. (WHATWG URL leaves the latter bare in
    /// a query, and `[`, `]`, `^`, `|` bare in both, so that honest pages send them.)
    TargetBytes,
    /// A target with a `#fragment`, which is never sent (RFC 9110 4.1).
    Fragment,
    /// A target longer than the limit.
    TargetTooLong,
    /// An HTTP version that is neither 1.0 nor 1.1.
    Version,
    /// A header name that is not a token: a space before the colon, an empty name, other bytes.
    HeaderName,
    /// A header value with a control byte (NUL, bare CR, DEL, …).
    HeaderValue,
    /// A folded header line (RFC 9112 5.2: obs-fold).
    FoldedLine,
    /// More bytes in the head than the limit.
    HeadTooLarge,
    /// More header lines than the limit.
    TooManyHeaders,
    /// A Content-Length that is repeated (even if equal), a list, signed, empty or too large.
    ContentLength,
    /// A Transfer-Encoding that is anything but one `chunked` on HTTP/1.1.
    TransferEncoding,
    /// Content-Length and Transfer-Encoding together (RFC 9112 6.1).
    LengthConflict,
    /// More than one `Host` line.
    HostRepeated,
    /// More than one `Connection` line.
    ConnectionRepeated,
    /// `Host` and `:authority` that differ (RFC 9113 8.3.1).
    AuthorityConflict,
    /// A PROXY line that is malformed, missing from a listed peer, or sent by one who is not.
    ProxyLine,
    /// Frames without a purpose: resets, empty or continued frames, beyond what a client needs.
    Flood,
    /// A chunk whose size or ending is not plain RFC 9112 7.1.
    Chunk,
    /// A trailer section that is malformed, too long, or names a header of framing, routing or
    /// authentication.
    Trailer,
    /// The head did not arrive in time.
    HeadTooSlow,
    /// The body did not arrive fast enough.
    BodyTooSlow,
    /// The body is longer than the route allows.
    BodyTooLarge,
    /// The client ended its body early.
    BodyCutOff,
    /// The upstream could not be reached.
    UpstreamUnreachable,
    /// The upstream's certificate is not trusted, or its TLS fails.
    UpstreamCertificate,
    /// The upstream was too slow.
    UpstreamTimeout,
    /// The upstream answered something that is not HTTP, or broke off before its head was complete.
    UpstreamBroken,
    /// The upstream's answer cannot be looked through for the credential that it was given.
    UpstreamOpaque,
    /// Too many requests wait for this upstream.
    UpstreamBusy,
    /// The gate is at its limit of connections or held bytes.
    GateBusy,
    /// Nobody says where a request comes from.
    PeerUnknown,
    /// An upgrade (WebSocket) that this mounting does not carry.
    UpgradeNotCarried,
}

impl Fault {
    /// All of them.
    pub const ALL: &[Self] = &[
        Fault::LineEnding,
        Fault::RequestLine,
        Fault::MethodBytes,
        Fault::TargetBytes,
        Fault::Fragment,
        Fault::TargetTooLong,
        Fault::Version,
        Fault::HeaderName,
        Fault::HeaderValue,
        Fault::FoldedLine,
        Fault::HeadTooLarge,
        Fault::TooManyHeaders,
        Fault::ContentLength,
        Fault::TransferEncoding,
        Fault::LengthConflict,
        Fault::HostRepeated,
        Fault::ConnectionRepeated,
        Fault::AuthorityConflict,
        Fault::ProxyLine,
        Fault::Flood,
        Fault::Chunk,
        Fault::Trailer,
        Fault::HeadTooSlow,
        Fault::BodyTooSlow,
        Fault::BodyTooLarge,
        Fault::BodyCutOff,
        Fault::UpstreamUnreachable,
        Fault::UpstreamCertificate,
        Fault::UpstreamTimeout,
        Fault::UpstreamBroken,
        Fault::UpstreamOpaque,
        Fault::UpstreamBusy,
        Fault::GateBusy,
        Fault::PeerUnknown,
        Fault::UpgradeNotCarried,
    ];

    /// Whether no honest client causes it: it counts as a strike against the sender's address.
    #[must_use]
    pub const fn is_strike(self) -> bool {
        match self {
            Fault::LineEnding
            | Fault::RequestLine
            | Fault::MethodBytes
            | Fault::Fragment
            | Fault::Version
            | Fault::HeaderName
            | Fault::HeaderValue
            | Fault::FoldedLine
            | Fault::ContentLength
            | Fault::TransferEncoding
            | Fault::LengthConflict
            | Fault::HostRepeated
            | Fault::ConnectionRepeated
            | Fault::AuthorityConflict
            | Fault::ProxyLine
            | Fault::Flood
            | Fault::Chunk
            | Fault::Trailer => true,
            Fault::TargetBytes
            | Fault::TargetTooLong
            | Fault::HeadTooLarge
            | Fault::TooManyHeaders
            | Fault::HeadTooSlow
            | Fault::BodyTooSlow
            | Fault::BodyTooLarge
            | Fault::BodyCutOff
            | Fault::UpstreamUnreachable
            | Fault::UpstreamCertificate
            | Fault::UpstreamTimeout
            | Fault::UpstreamBroken
            | Fault::UpstreamOpaque
            | Fault::UpstreamBusy
            | Fault::GateBusy
            | Fault::PeerUnknown
            | Fault::UpgradeNotCarried => false,
        }
    }

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        WORDS[self as usize]
    }
}

const AGAIN: &str = "Send the request again in a moment. If it stays so, look at the gate's log.";

/// The words of each fault, in the order of the enum.
const WORDS: [Words; Fault::ALL.len()] = [
    Words::row(
        "message/line-ending",
        StatusCode::BAD_REQUEST,
        "Refused: a line of the request's head does not end in CR LF",
        "End every line in CR LF, and send nothing before the request line (RFC 9112 2.2).",
    ),
    Words::row(
        "message/request-line",
        StatusCode::BAD_REQUEST,
        "Refused: the request line is not method, target and version",
        "Separate its three parts by single spaces (RFC 9112 3).",
    ),
    Words::row(
        "message/method",
        StatusCode::BAD_REQUEST,
        "Refused: the method is not a token",
        "Use a registered method (RFC 9110 9.1).",
    ),
    Words::row(
        "message/target",
        StatusCode::BAD_REQUEST,
        "Refused: the request's target has bytes that no browser sends",
        "Percent-encode spaces, controls, quotes, angle brackets and all beyond ASCII.",
    ),
    Words::row(
        "message/fragment",
        StatusCode::BAD_REQUEST,
        "Refused: the request's target has a fragment",
        "Leave out the # and all behind it (RFC 9110 4.1).",
    ),
    Words::row(
        "message/target-too-long",
        StatusCode::URI_TOO_LONG,
        "Refused: the request's target is too long",
        "Send long values in a body.",
    ),
    Words::row(
        "message/version",
        StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        "Refused: the request is neither HTTP/1.1 nor HTTP/1.0",
        "Speak HTTP/1.1.",
    ),
    Words::row(
        "message/header-name",
        StatusCode::BAD_REQUEST,
        "Refused: a header's name is not a token",
        "Write the colon right behind the name (RFC 9112 5.1).",
    ),
    Words::row(
        "message/header-value",
        StatusCode::BAD_REQUEST,
        "Refused: a header's value has a control byte",
        "Leave out control bytes (RFC 9110 5.5).",
    ),
    Words::row(
        "message/folded-line",
        StatusCode::BAD_REQUEST,
        "Refused: a header goes on over a second line",
        "Write each header on one line (RFC 9112 5.2).",
    ),
    Words::row(
        "message/head-too-large",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "Refused: the request's head is too large",
        "Send fewer or smaller headers; mostly it is cookies that have piled up.",
    ),
    Words::row(
        "message/too-many-headers",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "Refused: the request has too many headers",
        "Send fewer headers.",
    ),
    Words::row(
        "message/content-length",
        StatusCode::BAD_REQUEST,
        "Refused: Content-Length is not one plain number",
        "Send it once, in decimal digits (RFC 9110 8.6).",
    ),
    Words::row(
        "message/transfer-encoding",
        StatusCode::BAD_REQUEST,
        "Refused: Transfer-Encoding is not one plain `chunked`",
        "Send `chunked` alone, on HTTP/1.1 only (RFC 9112 6.1).",
    ),
    Words::row(
        "message/length-conflict",
        StatusCode::BAD_REQUEST,
        "Refused: Content-Length and Transfer-Encoding stand together",
        "Send one of them (RFC 9112 6.1).",
    ),
    Words::row(
        "message/host-repeated",
        StatusCode::BAD_REQUEST,
        "Refused: the request has more than one Host",
        "Send Host once (RFC 9112 3.2).",
    ),
    Words::row(
        "message/connection-repeated",
        StatusCode::BAD_REQUEST,
        "Refused: the request has more than one Connection line",
        "Put all its options on one line.",
    ),
    Words::row(
        "message/authority",
        StatusCode::BAD_REQUEST,
        "Refused: Host and :authority name different hosts",
        "Send :authority alone, or the same name in both (RFC 9113 8.3.1).",
    ),
    Words::row(
        "message/proxy-line",
        StatusCode::BAD_REQUEST,
        "Refused: the connection's PROXY line is missing, malformed or not this peer's to send",
        "List the load balancer in `proxy_protocol`, and only that.",
    ),
    Words::row(
        "message/flood",
        StatusCode::BAD_REQUEST,
        "Refused: the connection sends frames without a purpose",
        "Open fewer streams, and let them end.",
    ),
    Words::row(
        "message/chunk",
        StatusCode::BAD_REQUEST,
        "Refused: a chunk of the body is malformed",
        "Send each chunk's size in plain hexadecimal, without extensions (RFC 9112 7.1).",
    ),
    Words::row(
        "message/trailer",
        StatusCode::BAD_REQUEST,
        "Refused: the request's trailer section is malformed or names a forbidden header",
        "Send such headers in the head (RFC 9110 6.5.1).",
    ),
    Words::row(
        "message/too-slow",
        StatusCode::REQUEST_TIMEOUT,
        "Refused: the request's head arrived too slowly",
        "Send the head without pauses.",
    ),
    Words::row(
        "body/too-slow",
        StatusCode::REQUEST_TIMEOUT,
        "Refused: the request's body arrived too slowly",
        "Send the body without pauses.",
    ),
    Words::row(
        "body/too-large",
        StatusCode::PAYLOAD_TOO_LARGE,
        "Refused: the request's body is larger than this address takes",
        "Send a smaller body, or raise the route's body.max.",
    ),
    Words::row(
        "body/cut-off",
        StatusCode::BAD_REQUEST,
        "Refused: the request's body ended before its announced end",
        "Send the whole body.",
    ),
    Words::row(
        "upstream/unreachable",
        StatusCode::BAD_GATEWAY,
        "The backend behind the gate cannot be reached",
        "Start the backend, or correct `upstream`.",
    ),
    Words::row(
        "upstream/certificate",
        StatusCode::BAD_GATEWAY,
        "The backend behind the gate does not prove who it is",
        "Renew its certificate, or name the authority that signed it: `ca` of the upstream.",
    ),
    Words::row(
        "upstream/timeout",
        StatusCode::GATEWAY_TIMEOUT,
        "The backend behind the gate did not answer in time",
        AGAIN,
    ),
    Words::row(
        "upstream/broken",
        StatusCode::BAD_GATEWAY,
        "The backend behind the gate broke off, or its answer is no HTTP",
        AGAIN,
    ),
    Words::row(
        "upstream/opaque",
        StatusCode::BAD_GATEWAY,
        "The backend's answer cannot be looked through for the gate's credential",
        "Have the backend answer whole and without Content-Encoding, as it is asked to here.",
    ),
    Words::row(
        "upstream/busy",
        StatusCode::SERVICE_UNAVAILABLE,
        "Too many requests wait for the backend behind the gate",
        AGAIN,
    ),
    Words::row(
        "gate/busy",
        StatusCode::SERVICE_UNAVAILABLE,
        "The gate holds as many requests as it may",
        AGAIN,
    ),
    Words::row(
        "gate/peer-unknown",
        StatusCode::INTERNAL_SERVER_ERROR,
        "Refused: the server does not say where requests come from",
        "Hand each request its peer's address: see the mounting's documentation.",
    ),
    Words::row(
        "gate/upgrade",
        StatusCode::NOT_IMPLEMENTED,
        "Refused: this gate does not carry this upgrade",
        "WebSocket is carried over HTTP/1.1; nothing else is.",
    ),
];

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn the_table_of_words_is_in_the_order_of_the_enum() {
        for (place, fault) in Fault::ALL.iter().enumerate() {
            assert_eq!(*fault as usize, place, "{fault:?}");
        }
        assert_eq!(Fault::Chunk.words().code, "message/chunk");
        assert_eq!(Fault::GateBusy.words().code, "gate/busy");
    }
}
