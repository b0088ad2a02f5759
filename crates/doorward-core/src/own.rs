//! The gate's own addresses that take a request's body: where passes and tickets are asked for.

use crate::gate::Gate;
use crate::header::{self, One};
use crate::layers::cors;
use crate::layers::pass::{No, Reason, canonical_authority, claim_key, mounts, page_origin};
use crate::moment::Moment;
use crate::pass::{
    Asked, BITS_MAX, Bound, MintError, Paid, Place, SKEW_S, SolutionError, TICKET_S, Ticket, Use,
    WINDOW_S_MAX, WORK_AGE_S, client_class, is_done, is_key, mint, read_request,
};
use crate::question::{Ask, Key, Question, Rate, Subject};
use crate::verdict::Reply;
use crate::visit::Visit;
use crate::{json, route};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// Bytes of a body at the most.
pub(crate) const BODY_BYTES_MAX: u64 = 16 * 1024;

/// An address of the gate's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// Passes are asked for.
    Pass,
    /// Tickets are asked for.
    Ticket,
    /// Work for a pass is asked for, in ALTCHA's form.
    Challenge,
    /// CSRF tokens are asked for.
    Csrf,
}

impl Own {
    /// All, with what stands behind the gate's prefix.
    pub(crate) const ALL: [(&'static str, Self); 4] = [
        ("/pass", Self::Pass),
        ("/ticket", Self::Ticket),
        ("/challenge", Self::Challenge),
        ("/csrf", Self::Csrf),
    ];

    /// Whether a gate has it.
    pub(crate) fn is_there(self, gate: &Gate) -> bool {
        match self {
            Self::Pass | Self::Ticket | Self::Challenge => gate.has_passes(),
            Self::Csrf => gate.has_csrf(),
        }
    }

    /// The method that it takes; GET with HEAD.
    pub(crate) const fn method(self) -> Method {
        match self {
            Self::Pass | Self::Ticket | Self::Challenge => Method::POST,
            Self::Csrf => Method::GET,
        }
    }
}

/// What an address of the gate's own comes to.
pub(crate) struct Ready {
    pub(crate) reply: Reply,
    /// What is claimed first.
    pub(crate) claim: Option<Question>,
}

/// A no, with what its refusal says about the work.
pub(crate) struct NoPass {
    pub(crate) no: No,
    pub(crate) bits: Option<u8>,
}

impl From<Reason> for NoPass {
    fn from(reason: Reason) -> Self {
        Self { no: No::from(reason), bits: None }
    }
}

/// Passes that one address may ask for: forty people behind one address must be able to.
const MINT_RATE: Rate = Rate::per_minute(120, 60);
/// How fast what an address asked for is forgotten again, for the price of the next pass.
const PRICE_RATE: Rate = Rate::per_minute(6, 60);
/// From so many passes on each step makes the next ones dearer by one bit.
const PRICE_STEPS: [u32; 3] = [15, 30, 60];
/// Tells this limit from the configured ones.
const MINT_LIMIT: u64 = 0x6d69_6e74_7061_7373;

/// Counts a pass that is asked for on its address.
pub(crate) fn mint_share(visit: &Visit<'_>) -> Question {
    let key = Key { limit: MINT_LIMIT, subject: Subject::Address(visit.prefix) };
    let ask = Ask::TakeTokens { key, rate: MINT_RATE, cost: 1 };
    Question { ask, always: false, watch: false }
}

/// Judges a request's body at one of the gate's own addresses.
pub(crate) fn with_body(
    own: Own,
    visit: &Visit<'_>,
    body: &[u8],
    at: Moment<'_>,
) -> Result<Ready, NoPass> {
    // A preflight that is left to the backend comes past `method`.
    if *visit.view.method != Method::POST {
        return Err(Reason::Malformed.into());
    }
    match own {
        Own::Pass => pass(visit, body, at),
        Own::Ticket => ticket(visit, body, at),
        Own::Challenge => challenge(visit, body, at),
        // It takes no body, and was answered without.
        Own::Csrf => Err(Reason::Malformed.into()),
    }
}

/// Zero bits that a pass costs here and now.
fn price(gate: &Gate, visit: &Visit<'_>, at: Moment<'_>) -> u8 {
    let is_over = |burst| {
        let rate = Rate { burst, ..PRICE_RATE };
        at.memory.mints.wait_ns(visit.prefix, rate, at.now).is_some()
    };
    let steps = PRICE_STEPS.iter().filter(|burst| is_over(**burst)).count();
    let steps = u8::try_from(steps).unwrap_or(u8::MAX);
    gate.pass.work_bits.saturating_add(steps).min(BITS_MAX.max(gate.pass.work_bits))
}

fn pass(visit: &Visit<'_>, body: &[u8], at: Moment<'_>) -> Result<Ready, NoPass> {
    let gate = &visit.gate;
    let asked = read_request(body).ok_or(Reason::Malformed)?;
    let origin = page_origin(visit).ok_or(Reason::NoOrigin)?;
    if asked.is_plain && !gate.pass.allows_plain {
        return Err(Reason::Plain.into());
    }
    let bits = paid(visit, &asked, &origin, at)?;
    let seals = gate.pass.seals.as_ref().ok_or(Reason::StoreAway)?;
    let place = Place {
        gate_id: &gate.pass.gate_id,
        origin: &origin,
        prefix: visit.prefix,
        class: class(visit),
        boot: at.memory.lives.boot(at.now),
        bits,
    };
    let minted = mint(&asked, &place, seals, at.now, at.chance).map_err(|error| match error {
        MintError::Malformed => Reason::Malformed,
        MintError::Failed => Reason::StoreAway,
    })?;
    at.memory.mints.strike(visit.prefix, PRICE_RATE, at.now);
    let until_unix_s = at.now.unix_s + WORK_AGE_S + SKEW_S;
    let key = claim_key(&[b"key", &asked.key_digest()]);
    let ask = Ask::ClaimOnce { key, until_unix_s };
    let claim = Some(Question { ask, always: false, watch: false });
    Ok(Ready { reply: reply(visit, &minted.json), claim })
}

/// The zero bits that were worked for a pass, where that is enough.
fn paid(visit: &Visit<'_>, asked: &Asked, origin: &str, at: Moment<'_>) -> Result<u8, NoPass> {
    let own = canonical_authority(visit);
    let bits = price(&visit.gate, visit, at);
    let (time_unix_s, work) = match &asked.paid {
        Paid::Work { time_unix_s, work } => (*time_unix_s, work),
        Paid::Solution(text) => {
            let bound = Bound { authority: &own, origin, key: asked.key_text() };
            let solved = visit.gate.pass.challenges.check(text, &bound, at.now);
            let solved = solved.map_err(|error| NoPass::from(of_solution(error)))?;
            // Challenges that were collected in advance do not get passes cheaper.
            let no = NoPass { no: Reason::Work.into(), bits: Some(bits) };
            return if solved < bits { Err(no) } else { Ok(solved) };
        }
    };
    if time_unix_s > at.now.unix_s.saturating_add(SKEW_S) {
        return Err(Reason::FromTheFuture.into());
    }
    if time_unix_s.saturating_add(WORK_AGE_S) < at.now.unix_s {
        return Err(Reason::Expired.into());
    }
    let fits = |name: &str| is_done(&asked.seed(name, origin, time_unix_s), work, bits);
    if fits(&own) {
        return Ok(bits);
    }
    // Work that is too little; or that was done for a name that a proxy between has changed.
    let named = origin.split_once("://").map(|(_, authority)| authority);
    let no = match named.filter(|named| fits(named)) {
        None => Reason::Work.into(),
        Some(named) => {
            let note = format!("It was worked for {named:?} and came in by {own:?}.");
            No::noted(Reason::OtherHost, note)
        }
    };
    Err(NoPass { no, bits: Some(bits) })
}

const fn of_solution(error: SolutionError) -> Reason {
    match error {
        SolutionError::Malformed => Reason::Malformed,
        SolutionError::Forged => Reason::Forged,
        SolutionError::Expired => Reason::Expired,
        SolutionError::Wrong => Reason::Work,
    }
}

/// A challenge. It counts for nothing before it is solved: a neighbour who asks for many makes
/// nobody's pass dearer.
fn challenge(visit: &Visit<'_>, body: &[u8], at: Moment<'_>) -> Result<Ready, NoPass> {
    let object = json::object(body).map_err(|_| Reason::Malformed)?;
    let key = json::member(&object, "key").and_then(Value::as_str).ok_or(Reason::Malformed)?;
    if !is_key(key) {
        return Err(Reason::Malformed.into());
    }
    let origin = page_origin(visit).ok_or(Reason::NoOrigin)?;
    let authority = canonical_authority(visit);
    let bound = Bound { authority: &authority, origin: &origin, key };
    let bits = price(&visit.gate, visit, at);
    let written = visit.gate.pass.challenges.write(&bound, bits, at.now, at.chance);
    let json = written.ok_or(Reason::StoreAway)?;
    Ok(Ready { reply: reply(visit, &json), claim: None })
}

fn ticket(visit: &Visit<'_>, body: &[u8], at: Moment<'_>) -> Result<Ready, NoPass> {
    let object = json::object(body).map_err(|_| Reason::Malformed)?;
    let text =
        |name| json::member(&object, name).map(|value| value.as_str().ok_or(Reason::Malformed));
    let url = text("url").ok_or(Reason::Malformed)??;
    let method = text("method").unwrap_or(Ok("GET"))?;
    let window_s = match json::member(&object, "for") {
        None => None,
        Some(value) => Some(value.as_u64().filter(|s| *s > 0).ok_or(Reason::Malformed)?),
    };
    let authority = canonical_authority(visit).into_owned();
    let is_asked_by =
        visit.known.is_some() || visit.held.as_ref().is_some_and(|held| held.is_signed);
    if !is_asked_by {
        return Err(Reason::Missing.into());
    }
    let target = of_gate(visit, &authority, url).ok_or_else(|| {
        let note = "A ticket is for an address of this gate, without a fragment.";
        No::noted(Reason::OtherRequest, note.to_owned())
    });
    let target = target.map_err(|no| NoPass { no, bits: None })?;
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query).filter(|query| !query.is_empty())),
        None => (target, None),
    };
    let is_safe = method == "GET" || method == "HEAD";
    let of_route = visit.gate.routes.route(visit.gate.routes.find(path)).tickets;
    let allows_window = is_safe && of_route == route::Tickets::Window;
    if !is_safe || (window_s.is_some() && !allows_window) {
        let note = "A ticket is for GET or HEAD, and for a time only where the route says \
                    tickets = \"window\".";
        let no = No::noted(Reason::OtherRequest, note.to_owned());
        return Err(NoPass { no, bits: None });
    }
    let mut nonce = [0; 16];
    at.chance.fill(&mut nonce);
    let life_s = window_s.map_or(TICKET_S, |seconds| seconds.min(WINDOW_S_MAX));
    let expires_unix_s = at.now.unix_s + life_s;
    let ends_unix_s = visit.known.as_ref().and_then(|known| known.identity.ends_unix_s());
    let origin = page_origin(visit).unwrap_or_default();
    let ticket = Ticket {
        issued_unix_s: at.now.unix_s,
        // It ends with the caller that asked for it.
        expires_unix_s: ends_unix_s.unwrap_or(u64::MAX).min(expires_unix_s),
        nonce,
        used: if window_s.is_some() { Use::Window } else { Use::Once },
        method,
        authority: &authority,
        path,
        query,
        origin: &origin,
        pass: visit.held.as_ref().and_then(|held| held.pass),
        user: visit.known.as_ref().map(|known| known.identity.user()),
        class: class(visit),
        boot: at.memory.lives.boot(at.now),
    };
    let expires = ticket.expires_unix_s;
    let text = visit.gate.pass.tickets.write(&ticket).ok_or(Reason::StoreAway)?;
    let claim = visit.held.as_ref().and_then(|held| held.question(false));
    Ok(Ready { reply: reply(visit, &json!({ "ticket": text, "expires": expires })), claim })
}

/// The path and query of an address of this gate.
fn of_gate<'u>(visit: &Visit<'_>, authority: &str, url: &'u str) -> Option<&'u str> {
    let target = match url.split_once("://") {
        Some((scheme, rest)) if scheme == "http" || scheme == "https" => {
            let end = rest.find('/')?;
            let (named, target) = rest.split_at_checked(end)?;
            (named == authority).then_some(target)?
        }
        Some(_) | None => url,
    };
    // Routes stand for what the gate sees: behind the path at which a proxy mounts it.
    let target = mounts(visit).find_map(|mount| target.strip_prefix(mount))?;
    let is_plain = target.starts_with('/')
        && !target.starts_with("//")
        && !target.contains('#')
        && target.bytes().all(|byte| byte.is_ascii_graphic());
    let path = target.split('?').next().unwrap_or_default();
    let is_own = crate::endpoints::is_own(&visit.gate, path);
    (is_plain && !is_own && crate::path::inspect(path).is_ok()).then_some(target)
}

fn class(visit: &Visit<'_>) -> u8 {
    match header::single(visit.view.headers, &USER_AGENT) {
        One::Value(text) => client_class(Some(text)),
        One::Absent | One::Repeated | One::Unreadable => client_class(None),
    }
}

/// The answer to a delivery that was taken before, and has succeeded. Senders count it as taken;
/// anything else would have them send it for days.
pub(crate) fn taken_before() -> Reply {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let body = Bytes::from_static(b"This delivery was taken before.\n");
    Reply { status: StatusCode::OK, headers, body }
}

fn reply(visit: &Visit<'_>, body: &Value) -> Reply {
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    cors::dress_own(&visit.gate.cors, cors::mirror(visit).as_ref(), &mut headers);
    Reply { status: StatusCode::OK, headers, body: Bytes::from(body.to_string()) }
}
