//! The words of WebKit.

use super::Line;
use crate::way::Way;

pub(super) fn said(line: &Line<'_>) -> Option<String> {
    let is_check = matches!(
        line.rule,
        "origin-missing"
            | "origin-other"
            | "origin-repeated"
            | "star-with-credentials"
            | "credentials-missing"
    );
    if is_check
        && !line.in_preflight
        && let (Some(next), Some(why)) = (line.next(), cors(line))
    {
        return Some(format!(
            "Cross-origin redirection to {next} denied by Cross-Origin Resource Sharing policy: \
             {why}"
        ));
    }
    cors(line).or_else(|| thrown(line)).or_else(|| element(line)).or_else(|| other(line))
}

/// Why CORS says no.
fn cors(line: &Line<'_>) -> Option<String> {
    let Line { page, detail, .. } = line;
    let status = line.status();
    Some(match line.rule {
        "origin-missing" | "origin-other" => format!(
            "Origin {page} is not allowed by Access-Control-Allow-Origin. Status code: {status}"
        ),
        "origin-repeated" => {
            "Access-Control-Allow-Origin cannot contain more than one origin.".to_owned()
        }
        "star-with-credentials" => {
            "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true."
                .to_owned()
        }
        "credentials-missing" => {
            "Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\"."
                .to_owned()
        }
        "preflight-status" => {
            format!("Preflight response is not successful. Status code: {status}")
        }
        "method-not-allowed" => {
            format!("Method {detail} is not allowed by Access-Control-Allow-Methods.")
        }
        "header-not-allowed" | "authorization-not-allowed" => {
            format!("Request header field {detail} is not allowed by Access-Control-Allow-Headers.")
        }
        "preflight-malformed" => {
            "Request header field is not allowed by Access-Control-Allow-Headers.".to_owned()
        }
        "redirect-error" => {
            format!("Not allowed to follow a redirection while loading {}", line.url)
        }
        "redirect-credentials"
        | "redirect-scheme"
        | "redirect-malformed"
        | "redirect-stream"
        | "redirect-too-many"
        | "no-answer"
        | "same-origin-only"
        | "scheme" => denied(line)?,
        _ => return None,
    })
}

/// The line that names what could not be loaded, and not why.
fn denied(line: &Line<'_>) -> Option<String> {
    let what = match line.way {
        Way::Fetch => "Fetch API",
        Way::Xhr { .. } => "XMLHttpRequest",
        Way::EventSource => "EventSource",
        Way::Beacon => "Beacon API",
        Way::Image => "image",
        Way::Script => "script",
        Way::Stylesheet => "stylesheet",
        Way::Font => "font",
        Way::Worker | Way::SharedWorker => "worker",
        Way::WebSocket
        | Way::Form(_)
        | Way::Link(_)
        | Way::Ping
        | Way::Audio
        | Way::Video
        | Way::Prefetch
        | Way::CspReport
        | Way::Report
        | Way::Typed => return None,
    };
    Some(format!("{what} cannot load {} due to access control checks.", line.url))
}

/// What a call throws.
fn thrown(line: &Line<'_>) -> Option<String> {
    let why = match line.rule {
        "stream-unknown" => {
            return Some("NotSupportedError: ReadableStream uploading is not supported".to_owned());
        }
        "method-forbidden" => "Method is forbidden.",
        "no-cors-method" => "Method must be GET, POST or HEAD in no-cors mode.",
        "body-not-allowed" => "Request has method 'GET' and cannot have a body",
        "header-malformed" => "Invalid header name or value",
        "address-credentials" => "URL is not valid or contains user credentials.",
        "mode-forbidden" => "Request constructor does not accept navigate fetch mode.",
        "only-if-cached-mode" => {
            "only-if-cached cache option requires fetch mode to be same-origin."
        }
        _ => return None,
    };
    Some(format!("TypeError: {why}"))
}

/// What an element's failure is called.
fn element(line: &Line<'_>) -> Option<String> {
    let url = &line.url;
    Some(match (line.rule, line.way) {
        ("resource-policy" | "embedder-policy", _) => format!(
            "Cancelled load to {url} because it violates the resource's \
             Cross-Origin-Resource-Policy response header."
        ),
        ("nosniff" | "other-type", Way::Stylesheet) => format!(
            "Did not parse stylesheet at '{url}' because non CSS MIME types are not allowed in \
             strict mode."
        ),
        ("nosniff", _) => format!(
            "Refused to execute {url} as script because \"X-Content-Type-Options: nosniff\" was \
             given and its Content-Type is not a script MIME type."
        ),
        ("script-type", _) | ("other-type", Way::Worker | Way::SharedWorker) => {
            format!("Refused to execute {url} as script because {} is not a script MIME type.", {
                line.kind()
            })
        }
        ("integrity-opaque", _) => {
            format!("Cannot load {url}. Failed integrity metadata check.")
        }
        _ => return None,
    })
}

/// What is left: plain `http:`, sockets and streams of events, ports.
fn other(line: &Line<'_>) -> Option<String> {
    let Line { url, page, .. } = line;
    Some(match line.rule {
        "mixed-content" => format!(
            "[blocked] The page at {page}/ requested insecure content from {url}. This content \
             was blocked and must be served over HTTPS."
        ),
        "keepalive-size" => {
            "Reached maximum amount of queued data of 64Kb for keepalive requests".to_owned()
        }
        "scheme-forbidden" if line.way == Way::WebSocket => {
            format!("Wrong url scheme for WebSocket {url}")
        }
        "bad-port" => format!("Not allowed to use restricted network port: {url}"),
        "not-a-websocket" => {
            let status = line.status();
            format!("WebSocket connection to '{url}' failed: Unexpected response code: {status}")
        }
        "not-a-stream" => format!(
            "EventSource's response has a MIME type (\"{}\") that is not \"text/event-stream\". \
             Aborting the connection.",
            line.kind()
        ),
        _ => return None,
    })
}
