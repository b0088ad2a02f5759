//! A gate in this process whose callers' sessions are records, and requests at it.

use crate::sample::{self, PATH, Request};
use doorward_core::fault::Fault;
use doorward_core::gate::Gate;
use doorward_core::layers::identity::{
    AskUrl, CheckerSettings, How, Place, Record, Whoami, whoami_path,
};
use doorward_core::memory::Memory;
use doorward_core::moment::{Moment, RequestId};
use doorward_core::remote::{Remote, RemoteAt};
use doorward_core::verdict::Verdict;
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::{Clock, FixedClock};
use doorward_porter::outside::{Note, Outside, OutsideSettings};
use doorward_porter::{Hold, Reach, converse};
use doorward_store::{MemoryStore, Sizes, Store};
use http::Method;
use hyper::body::Bytes;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Seconds for which a record is remembered.
pub const REMEMBER_S: u64 = 10;

/// A gate with all that it needs, and a clock that stands still.
pub struct House {
    /// Looks outside for it.
    pub outside: Arc<Outside>,
    gate: Arc<Gate>,
    clock: Arc<FixedClock>,
    notes: Arc<Mutex<Vec<String>>>,
    store: Store,
    memory: Memory,
}

/// The server at a socket, with its first database and without a password.
#[must_use]
pub fn at_socket(socket: &Path) -> Remote {
    let at = RemoteAt::Socket(socket.to_string_lossy().into_owned());
    Remote { at, database: 0, user: None, password: None }
}

/// The server at a port of this machine.
#[must_use]
pub fn at_port(host: &str, port: u16, is_tls: bool) -> Remote {
    let at = RemoteAt::Port { host: host.to_owned(), port, is_tls };
    Remote { at, database: 0, user: None, password: None }
}

impl House {
    /// One that looks for its records there.
    ///
    /// # Panics
    /// When the kit's own settings are wrong.
    pub fn new(remote: &Remote, change: impl Fn(&mut OutsideSettings)) -> Self {
        let clock = Arc::new(FixedClock::new(sample::begin()));
        let mut settings =
            OutsideSettings::new(Arc::<FixedClock>::clone(&clock), Arc::new(SystemChance));
        let notes = Arc::new(Mutex::new(Vec::new()));
        let said = Arc::clone(&notes);
        settings.note = Box::new(move |note: &Note| {
            said.lock().unwrap_or_else(PoisonError::into_inner).push(note.to_string());
        });
        change(&mut settings);
        let outside = Outside::start(settings).expect("it starts");
        let way = |text: &str| whoami_path(text).expect("a path");
        let said = Whoami { subject: way("$.passport.user"), scopes: None };
        let record = Record {
            remote: remote.clone(),
            key: ["sess:".to_owned(), String::new()],
            secrets: None,
            said,
            expires: None,
        };
        let mut settings = sample::settings();
        settings.requires_identity = true;
        settings.identity.checkers = vec![CheckerSettings {
            place: Place::Cookie("session".to_owned()),
            with: Vec::new(),
            url: AskUrl { url: remote.to_string(), is_private: true },
            how: How::Record(Box::new(record)),
            remember_s: REMEMBER_S,
        }];
        let gate = Gate::new(&settings).expect("a gate");
        let store = Store::Memory(MemoryStore::new(Sizes::default(), [1; 16]));
        Self { outside, gate, clock, notes, store, memory: Memory::new(1_000, [2; 16]) }
    }

    /// Who a session is by a request from 203.0.113.7, or why it is refused.
    pub async fn who(&self, session: &str) -> String {
        self.who_from(IpAddr::from([203, 0, 113, 7]), session).await
    }

    /// The same, from elsewhere.
    pub async fn who_from(&self, peer: IpAddr, session: &str) -> String {
        let cookie = format!("session={session}");
        let headers = [("host", "api.shop.test"), ("cookie", cookie.as_str())];
        let fetch = [("sec-fetch-site", "same-origin")];
        let mut request = Request::new(Method::GET, PATH, &[&headers[..], &fetch[..]].concat());
        request.peer = peer;
        let id = RequestId::draw(&SystemChance);
        let (now, chance, memory) = (self.clock.now(), &SystemChance, &self.memory);
        let at = Moment { now, id, chance, memory };
        let reach = Reach { store: &self.store, outside: &self.outside, clock: &*self.clock };
        match converse(&self.gate, request.view(), at, reach, &mut NoBody).await {
            Verdict::Admit(admitted) => {
                let subject = admitted.identity().map(|identity| identity.subject().to_owned());
                subject.unwrap_or_else(|| "nobody".to_owned())
            }
            Verdict::Refuse(refused) => refused.reason().code().to_owned(),
            Verdict::Reply(_) => "a reply".to_owned(),
        }
    }

    /// Moves the clock.
    pub fn later_s(&self, seconds: u64) {
        self.clock.set(self.clock.now().later_s(seconds));
    }

    /// What was said since, and worth a line of the log; then a minute passes, so that the next
    /// is said too.
    pub fn notes(&self) -> String {
        self.later_s(61);
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *notes).join("\n")
    }
}

struct NoBody;

impl Hold for NoBody {
    async fn hold(&mut self, _bytes_max: usize) -> Result<Bytes, Fault> {
        Err(Fault::BodyCutOff)
    }
}
