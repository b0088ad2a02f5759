//! The lab: its sites on their ports, its taps, and what stands behind them while a story runs.

mod desk;
mod scene;

pub use scene::SceneError;
pub(crate) use scene::{Scene, Setting};

use crate::acts::{self, Acts, SharedActs, landing, nothing};
use crate::backend::Bank;
use crate::cache::Cache;
use crate::client::{Answered, Call, CallError, Client};
use crate::gate::{Key, Keys};
use crate::net::{Authority, AuthorityError, Body, Bound, Serving, serve};
use crate::paid_ai::PaidAi;
use crate::scenario::{Caller, Place, Side};
use crate::sites::{Listener, Naming, Ports, Sites, USUAL_PORTS};
use crate::wire::{Behind, Node, Peers, Tap, Wire};
use http::header::HOST;
use http::{Request, Response};
use hyper::body::Incoming;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// Why the lab does not start.
#[derive(Debug, Error)]
pub enum LabError {
    /// No port can be had.
    #[error("cannot listen on this machine's own addresses")]
    Listen(#[from] io::Error),
    /// TLS cannot be spoken.
    #[error("cannot make the throw-away authority")]
    Tls(#[from] AuthorityError),
    /// Calls cannot be made under TLS.
    #[error("cannot call under TLS")]
    Client(#[from] rustls::Error),
    /// A scenario of the lab's own cannot be read.
    #[error("a scenario is wrong\n{0}")]
    Scenario(#[from] crate::scenario::ScenarioError),
}

/// How a lab is started.
#[derive(Clone, Copy, Debug, Default)]
pub struct LabOptions {
    /// The lab's own port; none takes the usual one, or one after it.
    pub port: Option<u16>,
    /// The sites speak TLS, by an authority of the lab's own.
    pub tls: bool,
    /// All ports are free ones: for tests, and for runs without a person.
    pub any_ports: bool,
}

/// A running lab. Dropped, it closes all that it opened.
pub struct Lab {
    sites: Arc<RwLock<Sites>>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) acts: SharedActs,
    pub(crate) bank: Arc<Bank>,
    pub(crate) paid_ai: Arc<PaidAi>,
    key: Key,
    paid_key: String,
    pub(crate) client: Client,
    authority: Option<Authority>,
    taps: Taps,
    cache: Cache,
    /// Where the gate sends what it admits.
    inner_address: SocketAddr,
    /// Where it sends what is for the paid service.
    inner_paid_ai: SocketAddr,
    runs: AtomicU64,
    /// How many scenes were set.
    sets: AtomicU64,
    /// What the attacker's desk calls.
    standing: tokio::sync::Mutex<Option<desk::Standing>>,
    /// One story at a time: they share the taps.
    pub(crate) stage: tokio::sync::Mutex<()>,
    _serving: Vec<Serving>,
}

/// The taps, by what stands behind them.
struct Taps {
    /// Before the backend, for those who call it by its own address.
    api: Arc<Tap>,
    /// Before the gate.
    gate: Arc<Tap>,
    /// Before the cache.
    cdn: Arc<Tap>,
    /// Between gate and backend.
    inner: Arc<Tap>,
    /// Between the cache and what it stands before.
    fetched: Arc<Tap>,
}

/// The listeners of the sites, bound and not served yet.
struct Listeners {
    lab: Bound,
    sites: Vec<(Listener, Bound)>,
}

impl Listeners {
    async fn bind(options: &LabOptions) -> io::Result<Self> {
        let wanted = |usual: u16| if options.any_ports { 0 } else { usual };
        let lab = match options.port {
            Some(port) => Bound::at(port).await?,
            None => Bound::near(wanted(USUAL_PORTS.lab)).await?,
        };
        let mut sites = Vec::new();
        for listener in Listener::ALL {
            sites.push((listener, Bound::near(wanted(USUAL_PORTS.of(listener))).await?));
        }
        Ok(Self { lab, sites })
    }

    fn ports(&self) -> Ports {
        let of = |wanted| {
            let own = self.sites.iter().find(|(listener, _)| *listener == wanted);
            own.map_or(0, |(_, bound)| bound.port())
        };
        Ports {
            lab: self.lab.port(),
            shop: of(Listener::Shop),
            evil: of(Listener::Evil),
            promo: of(Listener::Promo),
            api: of(Listener::Api),
            gate: of(Listener::Gate),
            cdn: of(Listener::Cdn),
            paid_ai: of(Listener::PaidAi),
        }
    }
}

impl Lab {
    /// Starts everything but the lab's own page; its listener is handed out for that.
    ///
    /// # Errors
    /// When no port can be had, or TLS cannot be spoken.
    pub async fn start(options: LabOptions) -> Result<(Arc<Self>, Bound), LabError> {
        let authority = if options.tls { Some(Authority::new()?) } else { None };
        let listeners = Listeners::bind(&options).await?;
        let sites = Sites { naming: Naming::Names, ports: listeners.ports(), tls: options.tls };
        let sites = Arc::new(RwLock::new(sites));
        let (wire, peers) = (Arc::<Wire>::default(), Arc::<Peers>::default());
        let tap = |from| Tap::new(from, Arc::clone(&wire), Arc::clone(&peers));
        let taps = Taps {
            api: tap(Node::Caller),
            gate: tap(Node::Caller),
            cdn: tap(Node::Caller),
            inner: tap(Node::Gate),
            fetched: tap(Node::Cache),
        };
        let cache = Cache::start(Arc::clone(&taps.fetched)).await?;
        let (node, address) = (Node::Cache, cache.address());
        taps.cdn.put(Some(Behind { node, address, is_told_peers: false }));
        let inner = Bound::near(0).await?;
        let inner_address = SocketAddr::from((Ipv4Addr::LOCALHOST, inner.port()));
        let paid = Bound::near(0).await?;
        let inner_paid_ai = SocketAddr::from((Ipv4Addr::LOCALHOST, paid.port()));
        let paid_key = format!("sk-lab-{}", acts::nonce());
        let paid_ai = PaidAi::new(paid_key.clone());
        let open = Arc::<Acts>::default();
        let server = Server { sites: Arc::clone(&sites), acts: Arc::clone(&open) };
        let acceptor = authority.as_ref().map(Authority::acceptor);
        let paid = server.paid_ai(paid, None, Arc::clone(&paid_ai), (&wire, Node::Gate));
        let mut serving = vec![server.tapped(inner, None, Arc::clone(&taps.inner)), paid];
        for (listener, bound) in listeners.sites {
            let tls = acceptor.clone();
            serving.push(match listener {
                Listener::Shop | Listener::Evil | Listener::Promo => server.pages(bound, tls),
                Listener::Api => server.tapped(bound, tls, Arc::clone(&taps.api)),
                Listener::Gate => server.tapped(bound, tls, Arc::clone(&taps.gate)),
                Listener::Cdn => server.tapped(bound, tls, Arc::clone(&taps.cdn)),
                Listener::PaidAi => {
                    server.paid_ai(bound, tls, Arc::clone(&paid_ai), (&wire, Node::Caller))
                }
            });
        }
        let lab = Self {
            sites,
            client: Client::new(peers, authority.as_ref())?,
            wire,
            acts: open,
            bank: Arc::default(),
            paid_ai,
            key: Key::new(unix_s()),
            paid_key,
            authority,
            taps,
            cache,
            inner_address,
            inner_paid_ai,
            runs: AtomicU64::new(0),
            sets: AtomicU64::new(0),
            standing: tokio::sync::Mutex::default(),
            stage: tokio::sync::Mutex::default(),
            _serving: serving,
        };
        Ok((Arc::new(lab), listeners.lab))
    }

    /// The sites as they are named now.
    #[must_use]
    pub fn sites(&self) -> Sites {
        *self.sites.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names the sites in another way.
    pub fn rename(&self, naming: Naming) {
        self.sites.write().unwrap_or_else(PoisonError::into_inner).naming = naming;
    }

    /// The certificate of the lab's own authority, where it speaks TLS.
    #[must_use]
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority.as_ref().map(Authority::pem)
    }

    /// Every account of the bank with its balance.
    #[must_use]
    pub fn balances(&self) -> Vec<(&'static str, i64)> {
        self.bank.balances()
    }

    /// Everybody gets back what they had.
    pub fn reset_bank(&self) {
        self.bank.reset();
    }

    /// Opens an address at which a shared cache of another make fetches what stands behind it,
    /// until what is returned is dropped.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn open_to_cache(&self) -> io::Result<(SocketAddr, Serving)> {
        let bound = Bound::near(0).await?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, bound.port()));
        let tap = Arc::clone(&self.taps.fetched);
        let serving = serve(bound, None, move |peer| {
            let visitor = tap.visitor(peer);
            move |request| visitor.clone().pass(request)
        });
        Ok((address, serving))
    }

    /// Has that cache answer in place of the lab's own.
    pub fn put_cache(&self, address: SocketAddr) {
        let node = Node::Cache;
        self.taps.cdn.put(Some(Behind { node, address, is_told_peers: false }));
    }

    /// What travelled.
    #[must_use]
    pub const fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    /// Sends one request to one of the scenarios' sites, as it is.
    ///
    /// # Errors
    /// When the address is none of theirs, or nothing comes back.
    pub async fn call(&self, call: &Call) -> Result<Answered, CallError> {
        self.client.call(&self.sites(), call).await
    }

    /// Puts names' values in: origins, the integration's key, the paid service's key.
    #[must_use]
    pub fn fill(&self, text: &str, side: Side) -> String {
        let text = self.sites().fill(text, side);
        text.replace("{paid-key}", &self.paid_key).replace("{key}", &self.key.text)
    }

    /// The number of the next run.
    pub(crate) fn next_run(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What a gate has in its files and its environment.
    fn keys(&self) -> Keys<'_> {
        Keys { integration: &self.key, paid_ai: &self.paid_key }
    }

    /// The origin that the gate and the backend allow.
    pub(crate) fn allowed(&self, caller: Caller) -> String {
        self.sites().page(caller, Side::Off).unwrap_or_default()
    }

    /// The address of a place with a path.
    pub(crate) fn address(&self, place: Place, side: Side, path: &str) -> String {
        format!("{}{path}", self.sites().place(place, side))
    }
}

/// What answers on the sites' ports.
struct Server {
    sites: Arc<RwLock<Sites>>,
    acts: SharedActs,
}

impl Server {
    /// Pages, and nothing behind them.
    fn pages(&self, bound: Bound, tls: Option<TlsAcceptor>) -> Serving {
        let (sites, acts) = (Arc::clone(&self.sites), Arc::clone(&self.acts));
        serve(bound, tls, move |_| {
            let (sites, acts) = (Arc::clone(&sites), Arc::clone(&acts));
            move |request| {
                let acts = Arc::clone(&acts);
                let sites = *sites.read().unwrap_or_else(PoisonError::into_inner);
                async move {
                    if is_labs(&request) {
                        return acts.answer(&sites, request).await;
                    }
                    page(&request)
                }
            }
        })
    }

    /// What stands behind a tap, and the lab's own pages of that origin.
    fn tapped(&self, bound: Bound, tls: Option<TlsAcceptor>, tap: Arc<Tap>) -> Serving {
        let (sites, acts) = (Arc::clone(&self.sites), Arc::clone(&self.acts));
        serve(bound, tls, move |peer| {
            let visitor = tap.visitor(peer);
            let (sites, acts) = (Arc::clone(&sites), Arc::clone(&acts));
            move |request| {
                let (acts, visitor) = (Arc::clone(&acts), visitor.clone());
                let sites = *sites.read().unwrap_or_else(PoisonError::into_inner);
                async move {
                    if is_labs(&request) {
                        return acts.answer(&sites, request).await;
                    }
                    visitor.pass(request).await
                }
            }
        })
    }

    /// The paid service, called by pages and programs themselves, or by the gate.
    fn paid_ai(
        &self,
        bound: Bound,
        tls: Option<TlsAcceptor>,
        paid_ai: Arc<PaidAi>,
        (wire, from): (&Arc<Wire>, Node),
    ) -> Serving {
        let wire = Arc::clone(wire);
        serve(bound, tls, move |_| {
            let (paid_ai, wire) = (Arc::clone(&paid_ai), Arc::clone(&wire));
            move |request| {
                let exchange = wire.note(&request, (from, Node::PaidAi));
                let answer = paid_ai.answer(&request, &wire);
                if let Some(exchange) = exchange {
                    wire.note_answer(exchange, &answer);
                }
                async move { answer }
            }
        })
    }
}

/// Whether a request is for the lab itself, on whatever site.
fn is_labs(request: &Request<Incoming>) -> bool {
    request.uri().path().starts_with(acts::PREFIX)
}

fn page(request: &Request<Incoming>) -> Response<Body> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if request.uri().path() == "/" { landing(host) } else { nothing() }
}

/// Seconds since 1970.
pub(crate) fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
