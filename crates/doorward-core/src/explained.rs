//! How a request is judged, layer by layer and to the end: for `doorward explain --request`.
//!
//! A gate stops at the first no; this walk goes on, so that all that speaks against a request is
//! seen at once. Nothing is charged, no store is asked, and no secret is repeated.

mod answer;
mod behind;

pub use answer::{Answer, Left};

use crate::gate::{Gate, LayerModes};
use crate::header::One;
use crate::layers::identity::{self, Waited, Who};
use crate::layers::{
    self, Step, cookie, cors, credential, csrf, message, method, permission, site,
};
use crate::mode::{Force, Mode};
use crate::moment::Moment;
use crate::reason::Reason;
use crate::route::Kind;
use crate::verdict::Admitted;
use crate::view::View;
use crate::visit::{Caller, OriginIs, Visit};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::net::IpAddr;
use std::sync::Arc;

/// A request, walked through all layers.
#[derive(Clone, Debug)]
pub struct Walk {
    /// What each layer said, in the order in which they look.
    pub looks: Vec<Look>,
    /// The path of the route that it meets, as written; empty for the default one.
    pub route: String,
    /// The client's address, as it is judged.
    pub client: IpAddr,
    /// Who seems to be calling, after all layers.
    pub caller: Caller,
    /// What the store would be asked for: all of it must be left.
    pub shares: Vec<Share>,
    /// What the gate itself comes to.
    pub end: End,
}

/// What one layer said.
#[derive(Clone, Debug)]
pub struct Look {
    /// The layer's id.
    pub layer: &'static str,
    /// How seriously it is taken for this caller and route.
    pub force: Force,
    /// What it looked at: names and values, secrets left out.
    pub saw: Vec<(String, String)>,
    /// What it decided.
    pub said: Said,
}

/// What a layer decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing against it.
    Next,
    /// No, for this reason.
    Refuse(Reason),
    /// The gate answers by itself.
    Reply(StatusCode),
    /// It was not asked, because of this.
    Skipped(&'static str),
}

/// A share that the store would be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The limit's name.
    pub limit: String,
    /// How many requests it holds.
    pub count: u32,
    /// In how many seconds.
    pub window_s: u64,
}

/// What the gate comes to for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is admitted; at once, or when the store's shares are not used up.
    Admit,
    /// It waits for an issuer's keys, which are not known here.
    Keys,
    /// It waits for what somebody else says of its caller.
    Caller,
    /// It waits for its body, which is not known here.
    Body,
    /// The gate answers by itself.
    Reply(StatusCode),
    /// It is refused.
    Refuse(Reason),
}

impl Gate {
    /// Walks a request through all layers; without its body, as far as its head tells. Costs
    /// allocations; not for the path of a request.
    #[must_use]
    pub fn walk(self: &Arc<Self>, view: View<'_>, body: Option<&[u8]>, at: Moment<'_>) -> Walk {
        let mut visit = Visit::new(self, view);
        let mut looks = Vec::new();
        for layer in order() {
            // Message comes first: what it finds out is what the others' force depends on.
            let said = match layer {
                "quota" => behind::quota(self, &visit, body, at),
                "body" => behind::body(self, &visit, body),
                layer => look(self, &mut visit, layer, at),
            };
            let force = force(self, &visit, layer);
            looks.push(Look { layer, force, saw: saw(&visit, layer), said });
        }
        Walk {
            looks,
            route: visit.route().path.clone(),
            client: visit.client,
            caller: visit.caller,
            shares: behind::shares(self, &visit),
            end: behind::end(self, view, body, at),
        }
    }

    /// The mode of a layer for the whole file: the milder of the file's and its own.
    #[must_use]
    pub fn mode_of(&self, layer: &str) -> Mode {
        match self.modes.of(layer) {
            Some(own) => self.mode.milder(own),
            None => Mode::Enforce,
        }
    }
}

/// The layers in the order in which they look: `cookie` cleans before anybody reads, though what it
/// does to answers comes last.
fn order() -> impl Iterator<Item = &'static str> {
    let ids = || layers::LAYERS.iter().map(|meta| meta.id);
    let cookie = cookie::META.id;
    ids().take(1).chain([cookie]).chain(ids().skip(1).filter(move |id| *id != cookie))
}

impl LayerModes {
    /// A layer's own mode; none for those that cannot be monitored.
    pub(crate) fn of(&self, layer: &str) -> Option<Mode> {
        Some(match layer {
            "cors" => self.cors,
            "site" => self.site,
            "method" => self.method,
            "quota" => self.quota,
            "identity" => self.identity,
            // It is never stricter than `identity`: see the gate.
            "permission" => self.permission.milder(self.identity),
            "csrf" => self.csrf,
            "pass" => self.pass,
            "body" => self.body,
            "cookie" => self.cookie,
            _ => return None,
        })
    }
}

fn force(gate: &Gate, visit: &Visit<'_>, layer: &str) -> Force {
    let can_be_off = layers::LAYERS.iter().any(|meta| meta.id == layer && meta.can_be_off);
    if !can_be_off {
        return Force::Enforce;
    }
    gate.mode_of(layer).milder(visit.route().mode).force(visit.prefix)
}

/// One layer's own judgement, whatever its neighbours said.
fn look(gate: &Arc<Gate>, visit: &mut Visit<'_>, layer: &str, at: Moment<'_>) -> Said {
    let step = match layer {
        "message" => {
            let step = message::inspect(&gate.message, visit);
            visit.origin = match visit.seen.origin {
                One::Absent => OriginIs::Absent,
                One::Value(text) => visit.whose(text),
                One::Repeated | One::Unreadable => OriginIs::Unclear,
            };
            step
        }
        "cors" if force(gate, visit, layer) != Force::Enforce => {
            return Said::Skipped("monitored or off: preflights are left to the backend");
        }
        "cors" => cors::inspect(&gate.cors, visit),
        "site" if cors::is_preflight(visit) => {
            return Said::Skipped("a preflight ends at `cors`");
        }
        "site" => site::inspect(&gate.site, visit),
        "method" => method::inspect(&gate.method, visit),
        "identity" => return who(gate, visit, at),
        "permission" => return may(gate, visit),
        "csrf" if visit.route().own.is_none() => return token(gate, visit, at),
        "credential" => credential::inspect(&gate.credential, visit),
        "cookie" => {
            let force = force(gate, visit, layer);
            cookie::inspect(&gate.cookie, visit, at.now, force)
        }
        _ => return Said::Skipped("not walked here: only the running gate judges it"),
    };
    match step {
        Step::Next => Said::Next,
        Step::Refuse(reason) => Said::Refuse(reason),
        Step::Reply(reply) => Said::Reply(reply.status),
    }
}

/// Who is calling, as far as it can be told without asking anybody.
fn who(gate: &Arc<Gate>, visit: &mut Visit<'_>, at: Moment<'_>) -> Said {
    if let Some(read) = identity::read_delivery(visit, at) {
        return match read {
            Ok(_) => Said::Skipped("whether the delivery's signature fits is told by its body"),
            Err(reason) => Said::Refuse(Reason::Signature(reason)),
        };
    }
    if !matches!(visit.route().kind, Kind::Api) {
        return Said::Skipped("this kind of route asks nobody who they are");
    }
    if gate.identity.is_empty() && !visit.route().requires_identity {
        return Said::Skipped("no identity is configured");
    }
    match identity::inspect(&gate.identity, visit, at, Waited::Nothing) {
        Who::Nobody | Who::Disbelieved | Who::Unjudged(_) => Said::Next,
        Who::Wait(_) => Said::Skipped(
            "the token's issuer must be asked for its keys, which only the running gate does",
        ),
        Who::Ask(_) => Said::Skipped(
            "somebody else must be asked who this is, which only the running gate does",
        ),
        Who::Refuse(reason) => Said::Refuse(Reason::Identity(reason)),
        Who::Unsigned(reason) => Said::Refuse(Reason::Signature(reason)),
        Who::Known(known) | Who::Signed(known, _) => {
            visit.caller = Caller::Known;
            visit.known = Some(known);
            Said::Next
        }
    }
}

/// Whether it carries a CSRF token where it needs one.
fn token(gate: &Arc<Gate>, visit: &mut Visit<'_>, at: Moment<'_>) -> Said {
    visit.csrf = csrf::find(visit.view.headers);
    match csrf::inspect(&gate.csrf, visit, at) {
        Step::Refuse(reason) => Said::Refuse(reason),
        _ if visit.csrf.waits => Said::Skipped("the token is looked for in the body"),
        Step::Next | Step::Reply(_) => Said::Next,
    }
}

/// Whether whoever is calling has what the route asks for.
fn may(gate: &Gate, visit: &Visit<'_>) -> Said {
    let judged = permission::inspect_parameters(visit);
    if let Err(no) = judged {
        return Said::Refuse(Reason::Permission(no.reason));
    }
    if visit.route().permission.is_none() {
        return Said::Skipped("the route asks for nothing beyond who is calling");
    }
    if visit.known.is_none() {
        return Said::Skipped("nobody is known here, which `identity` judges");
    }
    match permission::inspect(&gate.permission, visit) {
        Ok(()) => Said::Next,
        Err(no) => Said::Refuse(Reason::Permission(no.reason)),
    }
}

/// The headers that a layer looks at, as far as they are always the same.
#[must_use]
pub fn headers_of(layer: &str) -> &'static [&'static str] {
    match layer {
        "message" => &["host", "x-forwarded-host", "connection"],
        "cors" => &["origin", "access-control-request-method", "access-control-request-headers"],
        "site" => &[
            "sec-fetch-site",
            "sec-fetch-mode",
            "sec-fetch-dest",
            "origin",
            "referer",
            "upgrade",
            "cookie",
        ],
        "method" => &["x-http-method-override", "x-http-method", "x-method-override"],
        "identity" => &["authorization", "x-api-key", "cookie"],
        "csrf" => &["x-csrf-token", "x-xsrf-token", "content-type", "cookie"],
        "cookie" => &["cookie"],
        _ => &[],
    }
}

fn saw(visit: &Visit<'_>, layer: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut add = |name: &str, value: String| out.push((name.to_owned(), value));
    match layer {
        "message" => add("path", escaped(visit.view.target.path.as_bytes())),
        "method" => {
            add("method", escaped(visit.view.method.as_str().as_bytes()));
            if let Some(query) = visit.view.target.query {
                add("query", query_names(query));
            }
        }
        "quota" => {
            add("address", visit.client.to_string());
            add("caller", visit.caller.word().to_owned());
        }
        _ => {}
    }
    for (name, value) in visit.view.headers {
        if headers_of(layer).contains(&name.as_str()) {
            add(name.as_str(), shown(name, value));
        }
    }
    out
}

/// The header that tells what a monitored gate would have refused a request for.
pub static WOULD_REFUSE: HeaderName = HeaderName::from_static("doorward-would-refuse");
/// The same, for `Access-Control-Expose-Headers`.
static EXPOSED: HeaderValue = HeaderValue::from_static("Doorward-Would-Refuse");

impl Admitted {
    /// Tells on the answer what it would have been refused for, where the client may hear it.
    /// Costs a comparison where there is nothing to tell.
    pub fn tell_would_refuse(&self, headers: &mut HeaderMap) {
        if self.would_refuse().is_empty() || !self.tells_all() {
            return;
        }
        let codes: Vec<&str> = self.would_refuse().iter().map(|reason| reason.code()).collect();
        let Ok(value) = HeaderValue::try_from(codes.join(", ")) else { return };
        headers.insert(WOULD_REFUSE.clone(), value);
        // Lists may stand on several lines (RFC 9110 5.3); what `cors` let be read stays.
        if self.cors_acts() && headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED.clone());
        }
    }
}

impl Caller {
    /// The caller's kind in one word, for logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Caller::Page => "page",
            Caller::Program => "program",
            Caller::Known => "known",
        }
    }
}

/// Bytes of one value that are shown at the most.
pub const SHOWN_BYTES_MAX: usize = 256;

/// Headers whose values hold no secret. Any other is only measured: what a header means is not
/// known, so it may be somebody's key.
const HARMLESS: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "origin",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// A header's value for a person's eyes: harmless ones as they are, of `Referer` the part before
/// its query, of `Cookie` the names, of `Authorization` the scheme, of all others their length.
/// Bytes that are not printable ASCII are escaped.
#[must_use]
pub fn shown(name: &HeaderName, value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    let left_out = || format!("({} bytes, left out)", bytes.len());
    match name.as_str() {
        known if HARMLESS.contains(&known) => escaped(bytes),
        "referer" => {
            let end = bytes.iter().position(|byte| matches!(byte, b'?' | b'#' | b'@'));
            match end {
                None => escaped(bytes),
                Some(end) if bytes.get(end) == Some(&b'@') => left_out(),
                Some(end) => format!("{}... (query left out)", escaped(&bytes[..end])),
            }
        }
        "cookie" => {
            let names = bytes.split(|byte| *byte == b';').map(|pair| {
                let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
                // A cookie without a name is all value.
                let has_name = pair.contains(&b'=');
                if has_name { escaped(name.trim_ascii()) } else { "(nameless)".to_owned() }
            });
            let names: Vec<String> = names.take(16).collect();
            format!("{} (values left out)", names.join(", "))
        }
        "authorization" | "proxy-authorization" => match bytes.split(|byte| *byte == b' ').next() {
            Some(scheme) if scheme.len() < bytes.len() && scheme.len() <= 16 => {
                format!("{} {}", escaped(scheme), left_out())
            }
            Some(_) | None => left_out(),
        },
        _ => left_out(),
    }
}

/// A query's names, without their values.
#[must_use]
pub fn query_names(query: &str) -> String {
    let fields = query.split('&').map(|field| match field.split_once('=') {
        Some((name, _)) => format!("{}=...", escaped(name.as_bytes())),
        // A field without a name is all value.
        None => "...".to_owned(),
    });
    fields.take(16).collect::<Vec<_>>().join("&")
}

/// Text for a terminal: printable ASCII, the rest as `\xNN`, at most `SHOWN_BYTES_MAX` bytes of it.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().min(SHOWN_BYTES_MAX));
    for byte in bytes.iter().take(SHOWN_BYTES_MAX) {
        match byte {
            b'\\' => out.push_str("\\\\"),
            0x20..=0x7e => out.push(char::from(*byte)),
            _ => out.extend(std::ascii::escape_default(*byte).map(char::from)),
        }
    }
    if bytes.len() > SHOWN_BYTES_MAX {
        out.push_str("...");
    }
    out
}

#[cfg(test)]
#[path = "explained_tests.rs"]
mod tests;
