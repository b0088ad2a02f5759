//! Three programs on one Valkey: what one of them gave is good at all, what was used at one is used
//! at all, and a share is one.

use doorward_test::exchange::send;
use doorward_test::own_page::{OWN, PATH, backend, get, pass, signed, ticket};
use doorward_test::remote_server::{Make, RemoteServer};
use doorward_test::running_gate::{GateOptions, RunningGate};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const GATES: usize = 3;
/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file of a test's own with a secret in it.
struct Secret(PathBuf);

impl Drop for Secret {
    fn drop(&mut self) {
        // It lies in the system's folder for such things.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Secret {
    fn new() -> std::io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("doorward-fleet-{}-{number}.key", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "a secret that all gates of this test have, 32 bytes or more")?;
        Ok(Self(path))
    }
}

/// Three gates, what they guard, and what they share.
struct Fleet {
    gates: Vec<RunningGate>,
    server: RemoteServer,
    ran: Arc<AtomicUsize>,
    upstream: String,
    config: String,
    _secret: Secret,
}

impl Fleet {
    async fn start(layers: &str, words: &str) -> Outcome<Self> {
        let server = RemoteServer::start(Make::Valkey, &[]).await?;
        let (ran, secret) = (Arc::new(AtomicUsize::new(0)), Secret::new()?);
        let upstream = format!("http://{}", backend(Arc::clone(&ran)).await?);
        let url = format!("unix:{}", server.socket().display());
        let file = format!("file:{}", secret.0.display());
        let config = format!(
            "external = [{OWN:?}]\n{layers}\n[secrets]\nsigning = [{file:?}]\n\
             [store]\nurl = {url:?}\n{words}\n"
        );
        let gates = Vec::new();
        let mut fleet = Self { gates, server, ran, upstream, config, _secret: secret };
        for _ in 0..GATES {
            let gate = fleet.gate().await?;
            fleet.gates.push(gate);
        }
        Ok(fleet)
    }

    async fn gate(&self) -> Outcome<RunningGate> {
        let (upstream, config) = (self.upstream.as_str(), self.config.as_str());
        RunningGate::start(GateOptions { upstream, config, ..GateOptions::default() }).await
    }

    fn ran(&self) -> usize {
        self.ran.load(Ordering::SeqCst)
    }
}

const PASSES: &str = "[layers.pass]\nmode = \"enforce\"";

/// Whether the gate says that it is ready.
async fn readiness(gate: &RunningGate) -> Outcome<u16> {
    Ok(send(gate.address(), "GET /.doorward/readyz", &[], "").await?.said().0)
}

/// Asks until it says so.
async fn until_ready(gate: &RunningGate, status: u16) -> Outcome<()> {
    let begun = Instant::now();
    while readiness(gate).await? != status {
        assert!(begun.elapsed() < PATIENCE, "{status} is never said");
    }
    Ok(())
}

#[tokio::test]
async fn what_one_gate_gave_is_good_at_all_and_once() -> Outcome<()> {
    let mut fleet = Fleet::start(PASSES, "deadline = \"5s\"").await?;
    let [one, two, three] = fleet.gates.as_slice() else { panic!("three gates") };
    let shared = pass(one).await?;
    let used = signed(&shared, 1);
    assert_eq!(get(two, PATH, &used).await?.said(), (200, ""));
    for gate in [one, two, three] {
        assert_eq!(get(gate, PATH, &used).await?.said(), (409, "pass/used"));
    }
    let link = ticket(two, &shared, 3).await?;
    assert_eq!(get(three, &link, &[]).await?.said(), (200, ""));
    for gate in [one, two, three] {
        assert_eq!(get(gate, &link, &[]).await?.said(), (409, "pass/used"));
    }
    assert_eq!(fleet.ran(), 2);
    // At the same instant too.
    for nonce in 10..40 {
        let signed = signed(&shared, nonce);
        let tries = tokio::join!(
            get(one, PATH, &signed),
            get(two, PATH, &signed),
            get(three, PATH, &signed),
        );
        let tries = [tries.0?.said().0, tries.1?.said().0, tries.2?.said().0];
        assert_eq!(tries.iter().filter(|status| **status == 200).count(), 1, "{tries:?}");
    }
    assert_eq!(fleet.ran(), 32);
    // A gate that begins later, or again, takes the pass, and knows what was used.
    let again = fleet.gate().await?;
    fleet.gates.remove(0).stop().await?;
    assert_eq!(get(&again, PATH, &used).await?.said(), (409, "pass/used"));
    assert_eq!(get(&again, PATH, &signed(&shared, 2)).await?.said(), (200, ""));
    again.stop().await?;
    for gate in fleet.gates {
        gate.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_forgets_ends_all_passes_and_nothing_else() -> Outcome<()> {
    let mut fleet = Fleet::start(PASSES, "deadline = \"2s\"").await?;
    let before = pass(&fleet.gates[0]).await?;
    let used = signed(&before, 1);
    assert_eq!(get(&fleet.gates[1], PATH, &used).await?.said(), (200, ""));
    fleet.server.tell(&[b"FLUSHALL"]).await?;
    for gate in &fleet.gates {
        assert_eq!(get(gate, PATH, &used).await?.said(), (403, "pass/other-instance"));
    }
    let after = pass(&fleet.gates[2]).await?;
    assert_eq!(get(&fleet.gates[0], PATH, &signed(&after, 1)).await?.said(), (200, ""));
    // It is away: nothing that must ask it is served, and that is said.
    fleet.server.kill().await?;
    let answer = get(&fleet.gates[0], PATH, &signed(&after, 2)).await?;
    let code = answer.said().1;
    assert!(["quota/store-away", "pass/store-away"].contains(&code), "{code}");
    for gate in &fleet.gates {
        until_ready(gate, 503).await?;
    }
    fleet.server.begin().await?;
    for gate in &fleet.gates {
        until_ready(gate, 200).await?;
    }
    assert_eq!(get(&fleet.gates[0], PATH, &used).await?.said(), (403, "pass/other-instance"));
    let last = pass(&fleet.gates[0]).await?;
    assert_eq!(get(&fleet.gates[1], PATH, &signed(&last, 1)).await?.said(), (200, ""));
    assert_eq!(fleet.ran(), 3);
    for gate in fleet.gates {
        gate.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_share_is_one_and_each_gate_goes_on_with_its_part() -> Outcome<()> {
    const SHARE: usize = 60;
    let layers = "[layers.quota]\n\
                  limits = [{ name = \"one\", by = [\"address\"], rate = \"1/hour\", burst = 60 }]";
    let words = "when_away = \"local\"\ninstances = 3\ndeadline = \"2s\"";
    let mut fleet = Fleet::start(layers, words).await?;
    let mut admitted = 0;
    for number in 0..3 * SHARE {
        let answer = get(&fleet.gates[number % GATES], PATH, &[]).await?;
        match answer.said() {
            (200, _) => admitted += 1,
            said => assert_eq!(said, (429, "quota/share")),
        }
    }
    assert_eq!((admitted, fleet.ran()), (SHARE, SHARE));
    fleet.server.kill().await?;
    for gate in &fleet.gates {
        let mut alone = 0;
        for _ in 0..SHARE {
            alone += usize::from(get(gate, PATH, &[]).await?.said().0 == 200);
        }
        assert_eq!(alone, SHARE / GATES);
        assert_eq!(readiness(gate).await?, 200, "it serves");
    }
    for gate in &mut fleet.gates {
        let mut said = String::new();
        while !said.contains("goes on alone") {
            said = tokio::time::timeout(PATIENCE, gate.talk.recv()).await?.ok_or("it ended")?;
        }
    }
    for gate in fleet.gates {
        gate.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_gate_does_not_start_on_a_server_that_forgets() -> Outcome<()> {
    let server = RemoteServer::start(Make::Valkey, &["--maxmemory-policy", "allkeys-lfu"]).await?;
    let secret = Secret::new()?;
    let config = format!(
        "external = [{OWN:?}]\n[secrets]\nsigning = [\"file:{}\"]\n[store]\nurl = \"unix:{}\"\n",
        secret.0.display(),
        server.socket().display(),
    );
    let upstream = "http://127.0.0.1:1";
    let options = GateOptions { upstream, config: &config, ..GateOptions::default() };
    let error = RunningGate::start(options).await.err().ok_or("it starts")?.to_string();
    assert!(error.contains("allkeys-lfu") && error.contains("insecure_evicting_store"), "{error}");
    let config = format!("{config}insecure_evicting_store = true\n");
    let options = GateOptions { upstream, config: &config, ..GateOptions::default() };
    RunningGate::start(options).await?.stop().await
}
