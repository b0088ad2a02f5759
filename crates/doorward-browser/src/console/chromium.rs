//! The words of Chromium.

use super::Line;
use crate::headers::is_token;
use crate::way::Way;
use url::Url;

pub(super) fn said(line: &Line<'_>) -> Option<String> {
    let Line { url, page, .. } = line;
    if let Some(why) = cors(line) {
        let what = name(line.way);
        let via = match &line.first {
            Some(first) => format!(" (redirected from '{first}')"),
            None => String::new(),
        };
        return Some(format!(
            "Access to {what} at '{url}'{via} from origin '{page}' has been blocked by CORS \
             policy: {why}"
        ));
    }
    if let Some(error) = network_error(line) {
        return Some(format!("Failed to load resource: net::{error}"));
    }
    thrown(line).or_else(|| element(line)).or_else(|| other(line))
}

/// What Chromium calls the kind of request.
const fn name(way: Way) -> &'static str {
    match way {
        Way::Fetch => "fetch",
        Way::Xhr { .. } => "XMLHttpRequest",
        Way::Image => "image",
        Way::Script => "script",
        Way::Stylesheet => "CSS stylesheet",
        Way::Font => "font",
        Way::Audio => "audio",
        Way::Video => "video",
        Way::Beacon
        | Way::EventSource
        | Way::WebSocket
        | Way::Form(_)
        | Way::Link(_)
        | Way::Ping
        | Way::Worker
        | Way::SharedWorker
        | Way::Prefetch
        | Way::CspReport
        | Way::Report
        | Way::Typed => "resource",
    }
}

/// Why CORS says no.
fn cors(line: &Line<'_>) -> Option<String> {
    let detail = line.detail;
    let found = line.allowed_origin();
    let check = match line.rule {
        "origin-missing" => {
            "No 'Access-Control-Allow-Origin' header is present on the requested resource."
                .to_owned()
        }
        "origin-repeated" => format!(
            "The 'Access-Control-Allow-Origin' header contains multiple values '{found}', but \
             only one is allowed."
        ),
        "origin-other" if found.contains(',') => format!(
            "The 'Access-Control-Allow-Origin' header contains multiple values '{found}', but \
             only one is allowed."
        ),
        "origin-other" if found != "null" && Url::parse(&found).is_err() => format!(
            "The 'Access-Control-Allow-Origin' header contains the invalid value '{found}'."
        ),
        "origin-other" => format!(
            "The 'Access-Control-Allow-Origin' header has a value '{found}' that is not equal \
             to the supplied origin."
        ),
        "star-with-credentials" => {
            let mut why = "The value of the 'Access-Control-Allow-Origin' header in the response \
                           must not be the wildcard '*' when the request's credentials mode is \
                           'include'."
                .to_owned();
            why.push_str(hint(line));
            why
        }
        "credentials-missing" => format!(
            "The value of the 'Access-Control-Allow-Credentials' header in the response is '{}' \
             which must be 'true' when the request's credentials mode is 'include'.{}",
            line.header("access-control-allow-credentials"),
            hint(line)
        ),
        "preflight-status"
            if (300..400).contains(&line.status()) && !line.header("location").is_empty() =>
        {
            return Some("Redirect is not allowed for a preflight request.".to_owned());
        }
        "preflight-status" => "It does not have HTTP ok status.".to_owned(),
        _ => return listed(line.rule, detail, line),
    };
    let mut check = check;
    if matches!(line.rule, "origin-repeated" | "origin-other") && line.way == Way::Fetch {
        check.push_str(" Have the server send the header with a valid value.");
    }
    if !line.in_preflight {
        return Some(check);
    }
    Some(format!("Response to preflight request doesn't pass access control check: {check}"))
}

/// What is said of credentials besides.
const fn hint(line: &Line<'_>) -> &'static str {
    match line.way {
        Way::Xhr { .. } => {
            " The credentials mode of requests initiated by the XMLHttpRequest is controlled by \
             the withCredentials attribute."
        }
        _ => "",
    }
}

/// What a list in the answer to a preflight lacks.
fn listed(rule: &str, detail: &str, line: &Line<'_>) -> Option<String> {
    Some(match rule {
        "method-not-allowed" => format!(
            "Method {detail} is not allowed by Access-Control-Allow-Methods in preflight response."
        ),
        "header-not-allowed" | "authorization-not-allowed" => format!(
            "Request header field {detail} is not allowed by Access-Control-Allow-Headers in \
             preflight response."
        ),
        "preflight-malformed" => {
            let methods = line.header("access-control-allow-methods");
            let is_list =
                methods.split(',').map(str::trim).all(|one| one.is_empty() || is_token(one));
            let name = if is_list { "Headers" } else { "Methods" };
            format!(
                "Cannot parse Access-Control-Allow-{name} response header field in preflight \
                 response."
            )
        }
        "redirect-credentials" => format!(
            "Redirect location '{}' contains a username and password, which is disallowed for \
             cross-origin requests.",
            line.header("location")
        ),
        "local-network-denied" => format!(
            "Permission was denied for this request to access the `{detail}` address space."
        ),
        "local-network-insecure" => format!(
            "The request client is not a secure context and the resource is in more-private \
             address space `{detail}`."
        ),
        "local-network-other" => {
            format!("Request had a target IP address space that is not the resource's: `{detail}`.")
        }
        _ => return None,
    })
}

/// The name that the network stack gives to an error.
fn network_error(line: &Line<'_>) -> Option<&'static str> {
    Some(match line.rule {
        "no-answer" | "redirect-error" | "redirect-stream" | "no-cors-redirect" => "ERR_FAILED",
        "bad-port" => "ERR_UNSAFE_PORT",
        "redirect-scheme" => "ERR_UNSAFE_REDIRECT",
        "redirect-malformed" => "ERR_INVALID_REDIRECT",
        "redirect-too-many" => "ERR_TOO_MANY_REDIRECTS",
        "not-cached" => "ERR_CACHE_MISS",
        "keepalive-size" => "ERR_INSUFFICIENT_RESOURCES",
        "opaque-blocked" => "ERR_BLOCKED_BY_ORB",
        "embedder-policy" => {
            "ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep"
        }
        "resource-policy" => match line.header("cross-origin-resource-policy").as_str() {
            "same-site" => "ERR_BLOCKED_BY_RESPONSE.NotSameSite",
            _ => "ERR_BLOCKED_BY_RESPONSE.NotSameOrigin",
        },
        _ => return None,
    })
}

/// What a call throws.
fn thrown(line: &Line<'_>) -> Option<String> {
    let (url, detail) = (&line.url, line.detail);
    let why = match line.rule {
        "method-forbidden" => format!("'{detail}' HTTP method is unsupported."),
        "no-cors-method" => format!("'{detail}' is unsupported in no-cors mode."),
        "body-not-allowed" => "Request with GET/HEAD method cannot have body.".to_owned(),
        "header-malformed" => "Invalid name".to_owned(),
        "address-credentials" => {
            format!("Request cannot be constructed from a URL that includes credentials: {url}")
        }
        "mode-forbidden" => {
            "Cannot construct a Request with a RequestInit whose mode member is set as 'navigate'."
                .to_owned()
        }
        "only-if-cached-mode" => {
            "'only-if-cached' can be set only with 'same-origin' mode".to_owned()
        }
        "stream-duplex" => {
            "The `duplex` member must be specified for a request with a streaming body".to_owned()
        }
        "stream-mode" => {
            "If request is made from ReadableStream, mode should be \"same-origin\" or \"cors\""
                .to_owned()
        }
        _ => return None,
    };
    Some(format!("TypeError: Failed to execute 'fetch' on 'Window': {why}"))
}

/// What an element's failure is called.
fn element(line: &Line<'_>) -> Option<String> {
    let (url, kind) = (&line.url, line.kind());
    Some(match (line.rule, line.way) {
        ("nosniff", Way::Stylesheet) | ("other-type", Way::Stylesheet) => format!(
            "Refused to apply style from '{url}' because its MIME type ('{kind}') is not a \
             supported stylesheet MIME type, and strict MIME checking is enabled."
        ),
        ("nosniff", _) | ("other-type", Way::Worker | Way::SharedWorker) => format!(
            "Refused to execute script from '{url}' because its MIME type ('{kind}') is not \
             executable, and strict MIME type checking is enabled."
        ),
        ("script-type", _) => format!(
            "Refused to execute script from '{url}' because its MIME type ('{kind}') is not \
             executable."
        ),
        ("element-status", _) => format!(
            "Failed to load resource: the server responded with a status of {} ()",
            line.status()
        ),
        ("integrity-opaque", _) => format!(
            "Subresource Integrity: The resource '{url}' has an integrity attribute, but the \
             resource requires the request to be CORS enabled to check the integrity, and it is \
             not. The resource has been blocked because the integrity cannot be enforced."
        ),
        _ => return None,
    })
}

/// What is left: modes, schemes, plain `http:`, sockets and streams of events.
fn other(line: &Line<'_>) -> Option<String> {
    let Line { url, page, .. } = line;
    Some(match (line.rule, line.way) {
        ("same-origin-only", Way::Worker | Way::SharedWorker) => format!(
            "SecurityError: Failed to construct 'Worker': Script at '{url}' cannot be accessed \
             from origin '{page}'."
        ),
        ("same-origin-only", _) => format!(
            "Fetch API cannot load {url}. Request mode is \"same-origin\" but the URL's origin is \
             not same as the request origin {page}."
        ),
        ("scheme", _) if !line.is_watched => {
            let scheme = line.scheme();
            format!("Fetch API cannot load {url}. URL scheme \"{scheme}\" is not supported.")
        }
        ("scheme-forbidden", Way::WebSocket) => format!(
            "SyntaxError: Failed to construct 'WebSocket': The URL's scheme must be either \
             'http', 'https', 'ws', or 'wss'. '{}' is not allowed.",
            line.scheme()
        ),
        ("scheme-forbidden", _) => {
            "TypeError: Failed to execute 'sendBeacon' on 'Navigator': Beacons are only supported \
             over HTTP(S)."
                .to_owned()
        }
        ("mixed-content", _) => format!(
            "Mixed Content: The page at '{page}/' was loaded over HTTPS, but requested an insecure \
             resource '{url}'. This request has been blocked; the content must be served over \
             HTTPS."
        ),
        ("not-a-websocket", _) => format!(
            "WebSocket connection to '{url}' failed: Error during WebSocket handshake: Unexpected \
             response code: {}",
            line.status()
        ),
        ("not-a-stream", _) => format!(
            "EventSource's response has a MIME type (\"{}\") that is not \"text/event-stream\". \
             Aborting the connection.",
            line.kind()
        ),
        _ => return None,
    })
}
