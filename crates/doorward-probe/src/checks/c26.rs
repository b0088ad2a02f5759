//! # C-26: it relies on a header that no browser reads any more
//!
//! ## What it is
//!
//! `Access-Control-Allow-Private-Network` was to let public pages into private networks. It never
//! became a rule: today browsers ask the person instead, and some ask nobody. An API on one's own
//! machine or network that answers it lets pages in by the rest of its CORS alone.
//!
//! ## How it is found
//!
//! The preflight of a page of an origin drawn for this run, and of an allowed one, asks for it as
//! browsers did, and is answered with `true`.
//!
//! ## What it does not say
//!
//! The header does nothing, so by itself it is worth a note. Where the API is on this machine or in
//! a private network and the same answer approves a page of anybody's, it is more: then every page
//! that somebody opens here may reach it.
//!
//! ## How to close it
//!
//! Take the header out, and allow whole origins by a list.
//!
//! ## References
//!
//! Local Network Access (WICG), the former Private Network Access.

use crate::approval::{Wish, foreign, stays};
use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::excerpt::header_line;
use crate::finding::{Finding, Severity};
use crate::look::Look;
use std::net::IpAddr;
use std::sync::Arc;
use url::{Host, Url};

/// The check.
pub const CHECK: Check = Check {
    id: "C-26",
    title: "it relies on a header that no browser reads any more",
    source: include_str!("c26.rs"),
    look,
};

const ALLOW: &str = "Access-Control-Allow-Private-Network";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

fn question(look: &Look<'_>, origin: &str) -> Call {
    let call = look.preflight(origin, "PUT", &["content-type"]);
    call.with("Access-Control-Request-Private-Network", "true")
}

fn says_it(answered: &Arc<Answered>) -> bool {
    answered.is_success() && answered.header(ALLOW).as_deref() == Some("true")
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let canary = look.canaries[0].as_str();
    let trusted = foreign(look).unwrap_or(canary);
    let to_trusted = look.ask(&question(look, trusted)).await.ok()?;
    if !says_it(&to_trusted) {
        return None;
    }
    let to_canary = look.ask(&question(look, canary)).await.ok()?;
    let (origin, asked) = match says_it(&to_canary) {
        true => (canary, to_canary),
        false => (trusted, to_trusted),
    };
    let call = question(look, origin);
    if !stays(look, &call, says_it).await {
        return None;
    }
    let wish = Wish { origin, method: "PUT", headers: &["content-type"], credentials: false };
    let lets_in = origin == canary && wish.is_granted(&look.operation.url, &asked);
    let (severity, who) = match lets_in && is_private(&look.operation.url) {
        true => (
            Severity::Medium,
            "Any page on the internet can send requests to this machine or network through the \
             browser of somebody who is on it, where that browser does not ask first."
                .to_owned(),
        ),
        false => (
            Severity::Info,
            format!("Nobody is let in or kept out of {} by this header.", look.operation.name()),
        ),
    };
    let title = "It answers Access-Control-Allow-Private-Network, which no browser reads";
    let mut finding = look.finding(CHECK.id, severity, title);
    finding.who = who;
    finding.request = call.curl();
    finding.evidence =
        vec![header_line(&asked, ALLOW), header_line(&asked, "Access-Control-Allow-Origin")];
    finding.fix = "Take the header out, and allow whole origins by a list.".to_owned();
    Some(finding)
}

/// Whether an address is this machine's or a private network's, as far as it shows.
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => is_private_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_private_address(IpAddr::V6(address)),
        None => false,
    }
}

fn is_private_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}
