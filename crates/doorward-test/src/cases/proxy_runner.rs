//! Runs cases over sockets: one proxy for all, before a backend that keeps what it was asked.
//! Each case has a network of its own on loopback, and a day of its own, so that no share or strike
//! of one is felt by the next.

use super::backend::Backend;
use super::compare::{Saw, Seen, differences};
use super::gate::{self, Made};
use super::wire::{self, Message};
use super::{Case, MEMORY_SEED, Need, Step, Verdict};
use doorward_core::memory::Memory;
use doorward_core::moment::Now;
use doorward_porter::chance::SeededChance;
use doorward_porter::clock::FixedClock;
use doorward_proxy::Proxy;
use doorward_proxy::settings::{
    Bounds, Forwarding, LogForm, ProxySettings, Upstream, UpstreamAddress, UpstreamHost,
    UpstreamHttp,
};
use doorward_store::{MemoryStore, Sizes, Store};
use serde_json::Value;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{self, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two cases: longer than any share of a rate is remembered.
const APART_NS: u64 = 40 * 24 * 3_600 * 1_000_000_000;

/// What cases send as credentials, cookies, queries and bodies, and what the gate adds: none of it
/// may be in the log.
const SECRETS: &[&str] = &[
    "session=ann",
    "secret-of-mine",
    "Bearer",
    "amount=100",
    "model-key-of-the-cases",
    "of no use elsewhere",
    // How every token and every API key begins.
    "eyJ",
    "dwk1_",
];

/// A proxy that cases are sent through.
pub struct ProxyRunner {
    proxy: Proxy,
    backend: Backend,
    memory: Arc<Memory>,
    clock: Arc<FixedClock>,
    log: Log,
    steady_ns: u64,
    cases: u8,
    to_be_logged: Vec<ToBeLogged>,
}

/// What the log must say of a request.
struct ToBeLogged {
    place: String,
    id: String,
    code: Option<String>,
    would_refuse: Vec<String>,
}

/// The log, as the proxy writes it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ProxyRunner {
    /// Starts the proxy and its backend.
    ///
    /// # Errors
    /// When one of them cannot be started.
    pub fn start() -> Result<Self, String> {
        let backend = Backend::start().map_err(|error| format!("the backend: {error}"))?;
        let clock = Arc::new(FixedClock::new(Now { steady_ns: 0, unix_s: 0 }));
        let log = Log::default();
        let sizes = Sizes { strangers_max: 10_000, known_max: 10, claims_max: 10_000 };
        let settings = ProxySettings {
            talk: Box::new(|_| {}),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            // Cases are written in HTTP/1; where that is all, HTTP/2's preface is a fault.
            http2: false,
            proxy_protocol: Vec::new(),
            threads: 1,
            upstreams: vec![Upstream {
                address: UpstreamAddress::Tcp {
                    host: backend.address().ip().to_string(),
                    port: backend.address().port(),
                },
                host: UpstreamHost::Keep,
                tls: None,
                http: UpstreamHttp::One,
            }],
            forwarding: Forwarding::default(),
            bounds: Bounds::default(),
            admin: None,
            log: LogForm::Json,
            log_to: Box::new(log.clone()),
            clock: Arc::clone(&clock) as _,
            chance: Arc::new(SeededChance::insecure(4)),
            outside: Arc::new(doorward_porter::Outside::unreachable()),
        };
        let Made { gate, .. } = gate::make("")?;
        let store = Arc::new(Store::Memory(MemoryStore::new(sizes, [5; 16])));
        let memory = Arc::new(Memory::new(10_000, MEMORY_SEED));
        let proxy = Proxy::start(settings, gate, store, Arc::clone(&memory));
        let proxy = proxy.map_err(|error| error.to_string())?;
        let to_be_logged = Vec::new();
        Ok(Self { proxy, backend, clock, log, memory, steady_ns: 0, cases: 0, to_be_logged })
    }

    /// Runs a case: every difference from what it wants, each a line.
    pub fn run(&mut self, case: &Case) -> Vec<String> {
        let made = match gate::make(&case.config) {
            Ok(made) => made,
            Err(error) => return vec![format!("the configuration: {error}")],
        };
        if let Err(error) = self.proxy.swap_gate(made.gate) {
            return vec![format!("the proxy does not take the gate: {error}")];
        }
        self.steady_ns += APART_NS;
        self.memory.insecure_rewind();
        self.cases = self.cases % 250 + 1;
        let mut latest_ns = 0;
        let begin_ns = case.steps.first().map_or(0, |step| step.given.unix_ns);
        let mut out = Vec::new();
        for step in case.steps.iter().filter(|step| !step.is_for_core_alone()) {
            let unix_ns = step.given.unix_ns;
            // The steady clock never goes back, though the wall clock may be set back.
            latest_ns = unix_ns.max(latest_ns);
            let steady_ns = self.steady_ns + latest_ns.saturating_sub(begin_ns);
            self.clock.set(Now { steady_ns, unix_s: unix_ns / 1_000_000_000 });
            self.backend.answers(&step.given.backend);
            for number in 1..=step.given.times {
                let found = match self.see(step) {
                    Ok(seen) => {
                        self.note(&format!("{} line {}", case.name, step.line), step, &seen);
                        differences(step, &seen, &made.proof)
                    }
                    Err(error) => vec![format!("no answer could be read: {error}")],
                };
                if !found.is_empty() {
                    let place = format!("line {}, time {number}", step.line);
                    out.extend(found.into_iter().map(|what| format!("{place}: {what}")));
                    break;
                }
            }
        }
        out
    }

    /// Stops the proxy; then every difference between the log and what was seen.
    #[must_use]
    pub fn stop(self) -> Vec<String> {
        self.proxy.stop();
        let log = self.log.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<Value> =
            text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let wanted = self.to_be_logged.iter();
        let mut out: Vec<String> = wanted.flat_map(|wanted| wanted.missing(&lines)).collect();
        let found = SECRETS.iter().filter(|secret| text.contains(**secret));
        out.extend(found.map(|secret| format!("{secret:?} stands in it")));
        out
    }

    fn see(&self, step: &Step) -> io::Result<Seen> {
        let mut stream = self.connect(step.given.from)?;
        // Who is refused early may not be read to the end.
        let _ = stream.write_all(&step.request);
        let mut reader = BufReader::new(&mut stream);
        let is_head = step.request.starts_with(b"HEAD ");
        let answer = wire::read_response(&mut reader, is_head)?;
        if step.given.needs == Some(Need::RawHead) {
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest)?;
            if !rest.is_empty() {
                let rest = String::from_utf8_lossy(&rest).into_owned();
                return Err(io::Error::other(format!("behind the refusal came {rest:?}")));
            }
        }
        Ok(self.seen(step, answer))
    }

    fn seen(&self, step: &Step, answer: Message) -> Seen {
        let mut contacts = self.backend.contacts();
        let (own, written) = (self.own(step.given.from).to_string(), step.given.from.to_string());
        for (_, value) in contacts.iter_mut().flat_map(|contact| &mut contact.headers) {
            // The case's own network stands for the one that it is written for.
            *value = value.replace(&own, &written);
        }
        let status = answer.status();
        let refusal =
            answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("doorward-refusal"));
        let verdict = match refusal {
            Some((_, code)) => Verdict::Refuse(code.clone()),
            None if contacts.is_empty() => Verdict::Reply(status),
            None => Verdict::Admit,
        };
        let Message { headers, body, .. } = answer;
        Seen { saw: Saw::Proxy, verdict, status, headers, body, contacts, would_refuse: None }
    }

    /// The address of the case's own network that stands for `from`.
    fn own(&self, from: IpAddr) -> IpAddr {
        match from {
            IpAddr::V4(from) => {
                let [first, _, third, fourth] = from.octets();
                IpAddr::from([first, self.cases, third, fourth])
            }
            IpAddr::V6(_) => from,
        }
    }

    /// Connects from the case's own network.
    fn connect(&self, from: IpAddr) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SockAddr::from(SocketAddr::from((self.own(from), 0))))?;
        socket.connect(&SockAddr::from(self.proxy.address()))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(socket.into())
    }

    /// Remembers what the log must say, wherever the request's id can be known.
    fn note(&mut self, place: &str, step: &Step, seen: &Seen) {
        let (id, code) = match &seen.verdict {
            Verdict::Refuse(code) => (id_of_refusal(&seen.body), Some(code.clone())),
            Verdict::Admit => (seen.contacts.first().and_then(id_of_proof), None),
            Verdict::Reply(_) => (None, None),
        };
        let Some(id) = id else { return };
        let would_refuse = step.want.would_refuse.clone();
        self.to_be_logged.push(ToBeLogged { place: place.to_owned(), id, code, would_refuse });
    }
}

impl ToBeLogged {
    fn missing(&self, lines: &[Value]) -> Option<String> {
        let place = &self.place;
        let mut found = lines.iter().filter(|line| line["id"].as_str() == Some(&*self.id));
        let Some(line) = found.next() else {
            return Some(format!("{place}: the log has no line of the id {}", self.id));
        };
        if found.next().is_some() {
            return Some(format!("{place}: the log has two lines of the id {}", self.id));
        }
        let noted: Vec<&str> = line["would_refuse"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if line["code"].as_str() != self.code.as_deref() || noted != self.would_refuse {
            return Some(format!("{place}: the log says {line}"));
        }
        None
    }
}

/// The id in a refusal: the last word of 24 hexadecimal digits, in JSON as in HTML.
fn id_of_refusal(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let is_id = |word: &&str| word.len() == 24 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split(|c: char| !c.is_ascii_alphanumeric()).rfind(is_id).map(str::to_owned)
}

/// The id in a proof of admission.
fn id_of_proof(contact: &super::Contact) -> Option<String> {
    contact.values("doorward-admitted").next()?.split('.').nth(2).map(str::to_owned)
}
