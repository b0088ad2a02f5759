//! What a program is going to send: the request as it is typed, or another step's with changes.

use crate::client::Call;
use crate::lab::{Lab, unix_s};
use crate::passes::{self, Asker, is_of_signature};
use crate::scenario::{Asks, Payload, Said, Side, Step};
use crate::webhooks;
use crate::wire::Mark;
use doorward_porter::chance::SystemChance;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Where the lab's programs seem to call from: a network for documentation (RFC 5737).
const ONE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);
/// Where many of them do.
const MANY: [u8; 3] = [198, 51, 100];
/// What belongs to a connection, not to the request that is copied from it.
const OF_CONNECTIONS: [&str; 4] = ["host", "connection", "content-length", "transfer-encoding"];

/// What a program does.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What is sent.
    pub(crate) source: Source,
    /// How often.
    pub(crate) times: u32,
    /// From where, in turns.
    pub(crate) addresses: Vec<IpAddr>,
    /// How many callers there are, in turns.
    pub(crate) visitors: u32,
    /// Each of them has a pass and signs.
    pub(crate) signed: bool,
    /// Each request has a token that was asked for first.
    pub(crate) with_token: bool,
    /// They ask for a pass, and that is all.
    pub(crate) asks: Option<Asks>,
    /// Time of the gate's clock that goes by between two requests.
    pub(crate) pause: Duration,
}

/// Where a request comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Somebody typed it.
    Typed(Call),
    /// It is another step's, from 0, and this is put in its place.
    Copied(usize, Changes),
}

/// What is put into a copy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    method: Option<String>,
    url: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Plan {
    pub(super) fn new(lab: &Lab, step: &Step, side: Side, mark: Mark) -> Self {
        let said = &step.request;
        let mut headers: Vec<(String, String)> = said
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), lab.fill(value, side)))
            .collect();
        if said.with_key {
            headers.push(("X-API-Key".to_owned(), lab.fill("{key}", side)));
        }
        let path = if said.asks.is_some() { passes::PATH } else { &said.path };
        let url = lab.address(step.to, side, &mark.on(path));
        let body = said.body.as_ref().map(bytes);
        if let Some(sender) = said.signed_as {
            let body = body.as_deref().unwrap_or_default();
            let signature = webhooks::sign(sender, body, unix_s(), &SystemChance);
            headers.extend(signature.into_iter().map(|(name, value)| (name.to_owned(), value)));
        }
        let source = match step.copied() {
            Some(of) => {
                let url = Some(url).filter(|_| !said.path.is_empty());
                Source::Copied(of, Changes { method: said.method.clone(), url, headers, body })
            }
            None => {
                let mut own = Vec::new();
                if let Some(agent) = step.caller.user_agent() {
                    put(&mut own, ("User-Agent", agent));
                }
                put(&mut own, ("Accept", "*/*"));
                headers.iter().for_each(|(name, value)| put(&mut own, (name, value)));
                let (method, body) = (step.method().to_owned(), body.unwrap_or_default());
                Source::Typed(Call { method, url, headers: own, body })
            }
        };
        let pause = Duration::from_secs(u64::from(step.over)) / step.times.max(1);
        Self {
            source,
            times: step.times,
            addresses: (0..step.addresses).map(|at| address(step, at)).collect(),
            visitors: step.visitors,
            signed: said.signed && side == Side::On,
            with_token: said.with_token,
            asks: said.asks,
            pause,
        }
    }

    /// From where the caller of that number calls.
    pub(crate) fn address(&self, at: u32) -> IpAddr {
        let count = self.addresses.len().max(1);
        let at = usize::try_from(at).unwrap_or_default() % count;
        self.addresses.get(at).copied().unwrap_or(IpAddr::V4(ONE))
    }

    /// How many callers take turns.
    pub(crate) fn callers(&self) -> u32 {
        let addresses = u32::try_from(self.addresses.len()).unwrap_or(1);
        addresses.max(self.visitors).max(1)
    }
}

impl Changes {
    /// The copy.
    pub(crate) fn on(&self, copied: &Call) -> Call {
        let mut call = copied.clone();
        call.headers
            .retain(|(name, _)| !OF_CONNECTIONS.iter().any(|own| own.eq_ignore_ascii_case(name)));
        for (name, value) in &self.headers {
            put(&mut call.headers, (name, value));
        }
        call.method = self.method.clone().unwrap_or(call.method);
        call.url = self.url.clone().unwrap_or(call.url);
        call.body = self.body.clone().unwrap_or(call.body);
        call
    }
}

/// Who asks for a pass to sign a call with.
pub(crate) fn asker(call: &Call) -> Asker {
    let origin = call.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("origin"));
    let end = call
        .url
        .split_once("://")
        .map_or(0, |(scheme, rest)| scheme.len() + 3 + rest.find('/').unwrap_or(rest.len()));
    Asker {
        gate: call.url.get(..end).unwrap_or_default().to_owned(),
        origin: origin.map(|(_, origin)| origin.clone()).unwrap_or_default(),
    }
}

/// A call with the headers that sign it, in the place of those that it had.
pub(crate) fn signed(call: &Call, signature: Vec<(String, String)>) -> Call {
    let mut call = call.clone();
    call.headers.retain(|(name, _)| !is_of_signature(name));
    call.headers.extend(signature);
    call
}

/// A header, in the place of what it was.
fn put(headers: &mut Vec<(String, String)>, (name, value): (&str, &str)) {
    let own = headers.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name));
    match own {
        Some((_, own)) => value.clone_into(own),
        None => headers.push((name.to_owned(), value.to_owned())),
    }
}

/// The bytes of a body, as a program sends it, and a page where it is a text.
pub(crate) fn bytes(body: &Payload) -> Vec<u8> {
    match body {
        Payload::Text(text) => text.clone().into_bytes(),
        Payload::Bytes(bytes) => bytes.clone(),
        Payload::Fields(fields) | Payload::Encoded { fields, .. } => {
            let pairs = fields.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join("&").into_bytes()
        }
    }
}

/// The body of what somebody said.
pub(crate) fn body_of(said: &Said) -> Vec<u8> {
    said.body.as_ref().map(bytes).unwrap_or_default()
}

fn address(step: &Step, at: u32) -> IpAddr {
    if step.addresses == 1 {
        return IpAddr::V4(ONE);
    }
    let [a, b, c] = MANY;
    let last = u8::try_from(at + 1).unwrap_or(u8::MAX);
    IpAddr::V4(Ipv4Addr::new(a, b, c, last))
}

#[cfg(test)]
mod tests {
    use super::{Changes, asker, signed};
    use crate::client::Call;

    fn call() -> Call {
        let headers = [
            ("Host", "gate.shop.localhost:8080"),
            ("Origin", "http://shop.localhost:5173"),
            ("Content-Length", "2"),
            ("Signature", "doorward=:AAAA:"),
        ];
        Call {
            method: "POST".to_owned(),
            url: "http://gate.shop.localhost:8080/api/data?lab=1.0".to_owned(),
            headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec(),
            body: b"{}".to_vec(),
        }
    }

    #[test]
    fn a_copy_is_what_was_sent_but_for_what_is_put_in_its_place() {
        let same = Changes::default().on(&call());
        assert_eq!(
            (&same.method, &same.url, &same.body),
            (&call().method, &call().url, &call().body)
        );
        let names: Vec<&str> = same.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Origin", "Signature"], "what belongs to a connection stays there");
        let changes = Changes {
            headers: vec![("origin".to_owned(), "http://evil.localhost".to_owned())],
            body: Some(Vec::new()),
            ..Changes::default()
        };
        let other = changes.on(&call());
        assert_eq!(other.headers[0], ("Origin".to_owned(), "http://evil.localhost".to_owned()));
        assert!(other.body.is_empty());
    }

    #[test]
    fn who_asks_for_a_pass_is_read_from_what_is_to_be_signed() {
        let asker = asker(&call());
        assert_eq!(asker.gate, "http://gate.shop.localhost:8080");
        assert_eq!(asker.origin, "http://shop.localhost:5173");
        let again = signed(&call(), vec![("Signature".to_owned(), "other".to_owned())]);
        let own = again.headers.iter().filter(|(name, _)| name == "Signature");
        assert_eq!(own.count(), 1);
    }
}
