//! # C-28: any page may open its WebSocket
//!
//! ## What it is
//!
//! A WebSocket knows no CORS: a page of anybody's may open one, its visitor's cookies go along, and
//! the page reads and writes. Only the server can look at `Origin`, and this one does not.
//!
//! ## How it is found
//!
//! A handshake is sent as pages of two origins drawn for this run open it, and both are answered
//! with 101. With a session, the handshake is sent with its cookie and without: where it needs the
//! cookie, the page acts as the person.
//!
//! ## What it does not say
//!
//! Nothing is sent over the connection; it is closed at once. Without a session it is not known
//! whether the connection is anybody's in particular: then it is tentative. A public feed may leave
//! it so.
//!
//! ## How to close it
//!
//! Refuse handshakes whose `Origin` is not on the list, with 403.
//!
//! ## References
//!
//! RFC 6455 10.2, CWE-1385.

use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::embedded::{travelling, with_cookie};
use crate::finding::{Confidence, Finding, Severity};
use crate::look::Look;
use std::sync::Arc;

/// The check.
pub const CHECK: Check = Check {
    id: "C-28",
    title: "any page may open its WebSocket",
    source: include_str!("c28.rs"),
    look,
};

/// Sixteen bytes in base64, as a handshake needs them (RFC 6455 4.1); they say who asks.
const KEY: &str = "ZG9vcndhcmQtcHJvYmUtMQ==";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

/// A handshake as a page of this origin sends it.
fn handshake(look: &Look<'_>, origin: &str) -> Call {
    Call::new("GET", &look.operation.url)
        .with("Connection", "Upgrade")
        .with("Upgrade", "websocket")
        .with("Sec-WebSocket-Version", "13")
        .with("Sec-WebSocket-Key", KEY)
        .with("Origin", origin)
        .with("Sec-Fetch-Site", "cross-site")
        .with("Sec-Fetch-Mode", "websocket")
        .with("Sec-Fetch-Dest", "empty")
}

fn is_open(answered: &Arc<Answered>) -> bool {
    let upgraded = answered.header("upgrade").unwrap_or_default();
    answered.status == 101 && upgraded.eq_ignore_ascii_case("websocket")
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    if look.operation.method != "GET" {
        return None;
    }
    let mut needs_cookie = false;
    for canary in look.canaries {
        let call = handshake(look, canary);
        if is_open(&look.ask(&call).await.ok()?) {
            continue;
        }
        needs_cookie = true;
        if !is_open(&look.ask(&with_cookie(look, &call)?).await.ok()?) {
            return None;
        }
    }
    let path = &look.operation.path;
    let mut finding =
        look.finding(CHECK.id, Severity::Medium, "It opens its WebSocket to every origin");
    if !needs_cookie {
        finding.confidence = Confidence::Tentative;
        finding.who = format!(
            "Any page can open the WebSocket at {path}; where it knows its callers by a cookie, \
             the page reads and writes as its visitor."
        );
    } else {
        let (engines, is_known) = travelling(look).await;
        let whose = if engines.is_empty() { "Pages of the same site" } else { "Any page" };
        finding.who = format!(
            "{whose} that a signed-in person visits can open the WebSocket at {path} as that \
             person, and read and write."
        );
        if !engines.is_empty() {
            (finding.severity, finding.engines) = (Severity::High, engines);
        }
        if !is_known {
            finding.confidence = Confidence::Tentative;
        }
    }
    finding.request = handshake(look, &look.canaries[0]).curl();
    finding.evidence = vec![format!("101 to {} and {}", look.canaries[0], look.canaries[1])];
    finding.fix = "Refuse handshakes whose `Origin` is not on the list, with 403.".to_owned();
    Some(finding)
}
