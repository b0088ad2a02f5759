//! The words of Firefox.

use super::Line;
use crate::way::Way;

pub(super) fn said(line: &Line<'_>) -> Option<String> {
    let url = &line.url;
    if let Some(why) = cors(line) {
        let status = match line.status() {
            0 => "(null)".to_owned(),
            status => status.to_string(),
        };
        return Some(format!(
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote \
             resource at {url}. (Reason: {why}). Status code: {status}."
        ));
    }
    if let Some(why) = thrown(line) {
        return Some(format!("TypeError: Window.fetch: {why}"));
    }
    element(line).or_else(|| other(line))
}

/// Why CORS says no.
fn cors(line: &Line<'_>) -> Option<String> {
    let (detail, found) = (line.detail, line.allowed_origin());
    Some(match line.rule {
        "origin-missing" => "CORS header ‘Access-Control-Allow-Origin’ missing".to_owned(),
        "origin-repeated" => {
            "Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed".to_owned()
        }
        "origin-other" => {
            format!("CORS header ‘Access-Control-Allow-Origin’ does not match ‘{found}’")
        }
        "star-with-credentials" => {
            "Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’"
                .to_owned()
        }
        "credentials-missing" => {
            "expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’".to_owned()
        }
        "preflight-status" => "CORS preflight response did not succeed".to_owned(),
        "preflight-malformed" => {
            let allowed = line.header("access-control-allow-headers");
            format!("invalid token ‘{allowed}’ in CORS header ‘Access-Control-Allow-Headers’")
        }
        "method-not-allowed" => {
            "Did not find method in CORS header ‘Access-Control-Allow-Methods’".to_owned()
        }
        "header-not-allowed" | "authorization-not-allowed" => format!(
            "header ‘{detail}’ is not allowed according to header ‘Access-Control-Allow-Headers’ \
             from CORS preflight response"
        ),
        "redirect-credentials" => "CORS request external redirect not allowed".to_owned(),
        "scheme" | "redirect-scheme" => "CORS request not http".to_owned(),
        "no-answer" | "redirect-too-many" | "redirect-malformed" | "redirect-stream"
        | "redirect-error"
            if !line.is_watched && line.way != Way::WebSocket =>
        {
            "CORS request did not succeed".to_owned()
        }
        _ => return None,
    })
}

/// What a call throws.
fn thrown(line: &Line<'_>) -> Option<String> {
    let (url, detail) = (&line.url, line.detail);
    Some(match line.rule {
        "method-forbidden" | "no-cors-method" => format!("Invalid request method {detail}."),
        "body-not-allowed" => "HEAD or GET Request cannot have a body.".to_owned(),
        "header-malformed" => format!("{detail} is an invalid header name."),
        "address-credentials" => format!("{url} is an url with embedded credentials."),
        "mode-forbidden" => "Invalid request mode navigate.".to_owned(),
        "only-if-cached-mode" => {
            "Request mode 'cors' was used, but request cache mode 'only-if-cached' can only be \
             used with request mode 'same-origin'."
                .to_owned()
        }
        _ => return None,
    })
}

/// What an element's failure is called.
fn element(line: &Line<'_>) -> Option<String> {
    let (url, kind) = (&line.url, line.kind());
    Some(match (line.rule, line.way) {
        ("resource-policy" | "embedder-policy", _) => format!(
            "The resource at “{url}” was blocked due to its Cross-Origin-Resource-Policy header \
             (or lack thereof)."
        ),
        ("nosniff", _) => format!(
            "The resource from “{url}” was blocked due to MIME type (“{kind}”) mismatch \
             (X-Content-Type-Options: nosniff)."
        ),
        ("script-type", _) => format!(
            "Loading script from “{url}” was blocked because of a disallowed MIME type (“{kind}”)."
        ),
        ("other-type", Way::Worker | Way::SharedWorker) => format!(
            "Loading Worker from “{url}” was blocked because of a disallowed MIME type (“{kind}”)."
        ),
        ("other-type", Way::Stylesheet) => format!(
            "The stylesheet {url} was not loaded because its MIME type, “{kind}”, is not \
             “text/css”."
        ),
        ("opaque-blocked", _) => {
            format!("The resource at “{url}” was blocked by OpaqueResponseBlocking.")
        }
        ("integrity-opaque", _) => format!(
            "“{url}” is not eligible for integrity checks since it’s neither CORS-enabled nor \
             same-origin."
        ),
        _ => return None,
    })
}

/// What is left: plain `http:`, sockets and streams of events, ports.
fn other(line: &Line<'_>) -> Option<String> {
    let url = &line.url;
    Some(match line.rule {
        "mixed-content" => format!("Blocked loading mixed active content “{url}”"),
        "not-a-websocket" | "not-a-stream" => {
            format!("Firefox can’t establish a connection to the server at {url}.")
        }
        "bad-port" => "This address is restricted".to_owned(),
        "same-origin-only" if matches!(line.way, Way::Worker | Way::SharedWorker) => {
            format!("Security Error: Content at {}/ may not load data from {url}.", line.page)
        }
        _ => return None,
    })
}
