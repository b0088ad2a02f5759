//! A real identity provider: its tokens are let in, and everything else that it signs is not; its
//! keys change under load, and nobody is refused wrongly; it breaks, and the gate bears it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_lab::backend::{Backend, BackendOptions};
use doorward_test::identity_provider::{
    AUDIENCE, BRIEF_CLIENT, BoundKey, GATE_CLIENT, IdentityProvider, OPAQUE_AUDIENCE, RSA_AUDIENCE,
    TokenOptions, part,
};
use doorward_test::running_gate::{GateOptions, RunningGate};
use http::StatusCode;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Shares are another layer's: here as much comes as can.
const NO_SHARES: &str = "[layers.quota]\nmode = \"off\"\n";

/// What a gate believes of a provider; `more` stands in the issuer's table.
fn config(provider: &IdentityProvider, more: &str) -> String {
    let (issuer, jwks) = (provider.issuer(), provider.jwks());
    let keys = format!("jwks = {jwks:?}, algorithms = [\"ES256\"]{more}");
    let jwt = format!("{{ issuer = {issuer:?}, audience = {AUDIENCE:?}, {keys} }}");
    let identity = format!("[layers.identity]\njwt = [{jwt}]\n");
    format!("profile = \"authenticated\"\n{NO_SHARES}{identity}")
}

async fn gate_before(backend: &Backend, config: &str) -> Outcome<RunningGate> {
    let upstream = format!("http://{}", backend.address());
    RunningGate::start(GateOptions { upstream: &upstream, config, ..GateOptions::default() }).await
}

/// One program's connection to the gate.
struct Caller(SendRequest<Empty<Bytes>>);

impl Caller {
    /// From an address of this machine, so that a crowd is one.
    async fn open(to: SocketAddr, from: [u8; 4]) -> Outcome<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        let (sender, connection) = handshake(TokioIo::new(socket.connect(to).await?)).await?;
        // It ends with the sender; what goes wrong shows at the next request.
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// What comes of a request with a token: `admit`, or the code of its refusal.
    async fn send(&mut self, token: Option<&str>) -> Outcome<String> {
        match token {
            Some(token) => self.say(&[("authorization", format!("Bearer {token}"))]).await,
            None => self.say(&[]).await,
        }
    }

    /// What comes of a request with these headers.
    async fn say(&mut self, headers: &[(&str, String)]) -> Outcome<String> {
        let mut request = http::Request::builder().uri("/api/data");
        if headers.iter().all(|(name, _)| *name != "host") {
            request = request.header("host", "localhost");
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.0.ready().await?;
        let answer = self.0.send_request(request.body(Empty::new())?).await?;
        let status = answer.status();
        let code =
            answer.headers().get("doorward-refusal").map(|code| code.to_str()).transpose()?;
        let said = match (status, code) {
            (StatusCode::OK, None) => "admit".to_owned(),
            (_, Some(code)) => code.to_owned(),
            (status, None) => return Err(format!("{status}, and no code").into()),
        };
        answer.into_body().collect().await?;
        Ok(said)
    }
}

const HOME: [u8; 4] = [127, 0, 0, 1];

fn text<'v>(said: &'v Value, name: &str) -> Outcome<&'v str> {
    said[name].as_str().ok_or_else(|| format!("no {name} in {said}").into())
}

/// The same token with another signature.
fn forged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("a JWT");
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{other}{}", &signature[1..])
}

#[tokio::test]
async fn its_access_tokens_are_let_in_and_nothing_else_that_it_signs() -> Outcome<()> {
    let (provider, other) = tokio::try_join!(IdentityProvider::start(), IdentityProvider::start())?;
    let backend = Backend::start(BackendOptions::default()).await?;
    let gate = gate_before(&backend, &config(&provider, "")).await?;
    let mut caller = Caller::open(gate.address(), HOME).await?;

    let own = provider.token().await?;
    let of_ann = TokenOptions { user: Some("ann"), ..TokenOptions::default() };
    let of_ann = provider.tokens(of_ann).await?;
    let for_another = |audience| TokenOptions { audience, ..TokenOptions::default() };
    let elsewhere = provider.tokens(for_another(Some("https://other.test"))).await?;
    let rsa = provider.tokens(for_another(Some(RSA_AUDIENCE))).await?;
    let opaque = provider.tokens(for_another(Some(OPAQUE_AUDIENCE))).await?;
    let key = provider.bound_key().await?;
    let bound = TokenOptions { proof: Some(&key.proof), ..TokenOptions::default() };
    let bound = provider.tokens(bound).await?;
    let answer = provider.introspect_signed(text(&opaque, "access_token")?).await?;

    let rows = [
        ("a program's", own.as_str(), "admit"),
        ("a user's", text(&of_ann, "access_token")?, "admit"),
        ("who signed in", text(&of_ann, "id_token")?, "identity/audience"),
        ("for another", text(&elsewhere, "access_token")?, "identity/audience"),
        ("of RS256", text(&rsa, "access_token")?, "identity/algorithm"),
        ("opaque", text(&opaque, "access_token")?, "identity/malformed"),
        ("bound to a key", text(&bound, "access_token")?, "identity/sender-bound"),
        ("an answer about a token", &answer, "identity/type"),
        ("of another issuer", &other.token().await?, "identity/issuer"),
        ("changed", &forged(&own), "identity/forged"),
        ("the first once more", &own, "admit"),
    ];
    for (what, token, want) in rows {
        assert_eq!(caller.send(Some(token)).await?, want, "{what}: {token}");
    }
    assert_eq!(caller.send(None).await?, "identity/missing");
    let admitted = rows.iter().filter(|(_, _, want)| *want == "admit").count();
    assert_eq!(backend.executed("/api/data").len(), admitted, "what is refused does not run");
    gate.stop().await
}

#[tokio::test]
async fn its_tokens_end_when_it_says() -> Outcome<()> {
    let provider = IdentityProvider::start().await?;
    let backend = Backend::start(BackendOptions::default()).await?;
    let exact = gate_before(&backend, &config(&provider, ", leeway = \"0s\"")).await?;
    let lenient = gate_before(&backend, &config(&provider, "")).await?;
    let mut at_exact = Caller::open(exact.address(), HOME).await?;
    let mut at_lenient = Caller::open(lenient.address(), HOME).await?;
    let lasting = provider.token().await?;
    let brief = TokenOptions { client: BRIEF_CLIENT, ..TokenOptions::default() };
    let brief = provider.tokens(brief).await?;
    let brief = text(&brief, "access_token")?;
    let begin = Instant::now();
    loop {
        match at_exact.send(Some(brief)).await?.as_str() {
            "identity/expired" => break,
            "admit" => assert!(begin.elapsed() < Duration::from_secs(5), "it does not end"),
            other => panic!("{other}"),
        }
    }
    assert_eq!(at_exact.send(Some(&lasting)).await?, "admit", "one that has not ended");
    assert_eq!(at_lenient.send(Some(brief)).await?, "admit", "clocks may differ by 30 seconds");
    Ok(())
}

/// Callers at once.
const CALLERS: u8 = 50;
/// Rotations of the keys.
const ROTATIONS: u32 = 3;
/// Requests of each caller, with each generation of keys.
const REQUESTS: u32 = 40;
/// Requests with one token.
const REQUESTS_OF_TOKEN: u32 = 10;
/// Look-ups because of requests that an issuer bears at once, and seconds from one to the next.
const LOOK_UPS: u64 = 5;
const LOOK_UP_EVERY_S: u64 = 4;

/// A crowd that calls without a pause, with tokens of the present keys.
async fn call(
    provider: Arc<IdentityProvider>,
    (to, from, number): (SocketAddr, [u8; 4], u8),
    mut generations: watch::Receiver<u32>,
    done: mpsc::UnboundedSender<()>,
) -> Outcome<u32> {
    let mut caller = Caller::open(to, from).await?;
    let (user, mut served) = (format!("user-{number}"), 0);
    loop {
        let generation = *generations.borrow_and_update();
        if generation > ROTATIONS {
            return Ok(served);
        }
        let mut token = provider.token_of(&user).await?;
        let mut sent = 0;
        // On and on, so that there is a load whatever the keys do.
        while !generations.has_changed()? {
            if sent > 0 && sent % REQUESTS_OF_TOKEN == 0 {
                token = provider.token_of(&user).await?;
            }
            let said = caller.send(Some(&token)).await?;
            if said != "admit" {
                let head = part(&token, 0)?;
                return Err(format!("{said}: {user}, generation {generation}, {head}").into());
            }
            served += 1;
            sent += 1;
            if sent == REQUESTS {
                done.send(())?;
            }
        }
    }
}

/// Rotates the keys under a crowd whose callers have the addresses `from`.
async fn rotate_under_load(from: impl Fn(u8) -> [u8; 4], mood: &str) -> Outcome<()> {
    let provider = Arc::new(IdentityProvider::start().await?);
    let backend = Backend::start(BackendOptions::default()).await?;
    let gate = gate_before(&backend, &config(&provider, "")).await?;
    provider.mood("jwks", mood).await?;
    let begin = Instant::now();
    let (next, generations) = watch::channel(0);
    let (done, mut dones) = mpsc::unbounded_channel();
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let who = (gate.address(), from(number), number);
        callers.spawn(call(Arc::clone(&provider), who, generations.clone(), done.clone()));
    }
    for rotation in 1..=ROTATIONS + 1 {
        for _ in 0..CALLERS {
            tokio::select! {
                _ = dones.recv() => {}
                // None is to leave before the end: it was refused.
                Some(ended) = callers.join_next() => {
                    return Err(format!("{:?} after {:?}", ended??, begin.elapsed()).into());
                }
            }
        }
        if rotation > 1 {
            // All have new tokens by now, and wait for nothing.
            provider.retire_keys().await?;
        }
        if rotation <= ROTATIONS {
            // The new keys sign at once: nobody has seen them yet.
            provider.publish_keys().await?;
            provider.use_keys().await?;
        }
        next.send_replace(rotation);
    }
    let mut served = 0;
    while let Some(ended) = callers.join_next().await {
        served += ended??;
    }
    let (asked, seconds) = (provider.asked("jwks").await?, begin.elapsed().as_secs());
    println!("{served} served in {seconds} s, the keys asked for {asked} times");
    let most = 1 + LOOK_UPS + seconds / LOOK_UP_EVERY_S + 1;
    assert!((1 + u64::from(ROTATIONS)..=most).contains(&asked), "{asked} of {most}");
    gate.stop().await
}

#[tokio::test]
async fn keys_rotate_under_load_and_nobody_is_refused() -> Outcome<()> {
    rotate_under_load(|number| [127, 0, 1, 1 + number], "well").await
}

#[tokio::test]
async fn keys_rotate_under_the_load_of_one_server_and_nobody_is_refused() -> Outcome<()> {
    rotate_under_load(|_| HOME, "slow").await
}

/// The bound of a refusal for want of keys, with what a busy machine adds.
const WAIT_MAX: Duration = Duration::from_secs(8);
/// The bound of a recovery: a look-up under way ends, then comes a pause, then another look-up.
const RECOVERY_MAX: Duration = Duration::from_secs(20);

/// Waits for a line of the gate's with these words.
async fn hears(gate: &mut RunningGate, words: &str) -> Outcome<()> {
    let mut heard = Vec::new();
    let search = async {
        while let Some(line) = gate.talk.recv().await {
            if line.contains(words) {
                return true;
            }
            heard.push(line);
        }
        false
    };
    let found = tokio::time::timeout(RECOVERY_MAX, search).await.unwrap_or(false);
    if found { Ok(()) } else { Err(format!("no {words:?} in {heard:#?}").into()) }
}

/// A provider whose keys cannot be had any more, in one way.
async fn bear(mood: &str, words: &str) -> Outcome<()> {
    let provider = IdentityProvider::start().await?;
    let backend = Backend::start(BackendOptions::default()).await?;
    let mut gate = gate_before(&backend, &config(&provider, "")).await?;
    let mut caller = Caller::open(gate.address(), HOME).await?;
    let (known, unseen) = tokio::try_join!(provider.token_of("ann"), provider.token_of("bob"))?;
    assert_eq!(caller.send(Some(&known)).await?, "admit");
    provider.mood("jwks", mood).await?;
    provider.rotate().await?;
    let new = provider.token_of("ann").await?;
    let began = Instant::now();
    assert_eq!(caller.send(Some(&new)).await?, "identity/keys-away", "{mood}");
    assert!(began.elapsed() < WAIT_MAX, "{mood}: {:?}", began.elapsed());
    // Nobody else is held up, and what the gate knows it goes on believing.
    let began = Instant::now();
    assert_eq!(caller.send(Some(&known)).await?, "admit", "{mood}: remembered");
    assert_eq!(caller.send(Some(&unseen)).await?, "admit", "{mood}: by a key that is known");
    assert_eq!(caller.send(Some(&forged(&unseen))).await?, "identity/forged", "{mood}");
    assert!(began.elapsed() < WAIT_MAX / 4, "{mood}: {:?}", began.elapsed());
    hears(&mut gate, words).await?;
    provider.mood("jwks", "well").await?;
    let began = Instant::now();
    loop {
        match caller.send(Some(&new)).await?.as_str() {
            "admit" => break,
            "identity/keys-away" if began.elapsed() < RECOVERY_MAX => {}
            other => panic!("{mood}: {other} after {:?}", began.elapsed()),
        }
    }
    assert_eq!(caller.send(Some(&known)).await?, "identity/unknown-key", "by the keys of before");
    hears(&mut gate, "are had again").await?;
    gate.stop().await
}

#[tokio::test]
async fn keys_that_hang_are_borne() -> Outcome<()> {
    bear("hangs", "it took longer than").await
}

#[tokio::test]
async fn keys_that_are_elsewhere_are_borne() -> Outcome<()> {
    bear("redirects", "it redirects (302) to").await
}

#[tokio::test]
async fn keys_of_ten_megabytes_are_borne() -> Outcome<()> {
    bear("long", "its answer is longer than 256 KiB").await
}

#[tokio::test]
async fn keys_that_are_none_are_borne() -> Outcome<()> {
    bear("nonsense", "its answer is no set of keys").await
}

#[tokio::test]
async fn keys_that_fail_are_borne() -> Outcome<()> {
    bear("fails", "it answers 500 instead of 200").await
}

#[tokio::test]
async fn keys_that_break_off_are_borne() -> Outcome<()> {
    bear("closes", "no answer in HTTP/1.1").await
}

/// Its opaque tokens are what it says of them, and it is asked once for a while.
#[tokio::test]
async fn its_opaque_tokens_are_let_in_until_they_are_revoked() -> Outcome<()> {
    let provider = IdentityProvider::start().await?;
    let backend = Backend::start(BackendOptions::default()).await?;
    let (issuer, secret) = (provider.issuer(), provider.secret());
    let asked = format!(
        "[layers.identity]\nintrospection = [{{ issuer = {issuer:?}, url = {:?}, client_id = \
         {GATE_CLIENT:?}, client_secret = {secret:?}, audience = {OPAQUE_AUDIENCE:?}, remember = \
         \"1s\" }}]\n[secrets]\ninsecure_literal_secret = true\n",
        provider.introspection()
    );
    let config = format!("profile = \"authenticated\"\n{NO_SHARES}{asked}");
    let gate = gate_before(&backend, &config).await?;
    let mut caller = Caller::open(gate.address(), HOME).await?;
    let opaque = TokenOptions { audience: Some(OPAQUE_AUDIENCE), ..TokenOptions::default() };
    let opaque = provider.tokens(opaque).await?;
    let opaque = text(&opaque, "access_token")?;
    assert_eq!(caller.send(Some(opaque)).await?, "admit");
    let begun = Instant::now();
    let mut count = 1_u64;
    while begun.elapsed() < Duration::from_secs(3) {
        assert_eq!(caller.send(Some(opaque)).await?, "admit");
        count += 1;
    }
    let questions = provider.asked("introspection").await?;
    assert!(questions <= 5, "asked {questions} times for {count} requests");
    // It says nothing of a JWT (400), and nothing is no yes.
    assert_eq!(caller.send(Some(&provider.token().await?)).await?, "identity/check-away");
    assert_eq!(caller.send(Some("made-up-by-somebody")).await?, "identity/token-inactive");
    provider.revoke(opaque).await?;
    let revoked = Instant::now();
    let mut heard = String::from("admit");
    while heard == "admit" && revoked.elapsed() < Duration::from_secs(10) {
        heard = caller.send(Some(opaque)).await?;
    }
    assert_eq!(heard, "identity/token-inactive", "after {:?}", revoked.elapsed());
    gate.stop().await
}

/// A proof for a request of the test's, by the key of a bound token.
fn proof(key: &BoundKey, token: &str, to: SocketAddr, id: u32) -> Outcome<String> {
    let pem = key.pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &STANDARD.decode(pem)?)?;
    let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    // SEC 1 2.3.3: 4, then both coordinates.
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": base64(x), "y": base64(y) });
    let head = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let hash = digest(&SHA256, token.as_bytes());
    let claims = json!({
        "htm": "GET", "htu": format!("http://localhost:{}/api/data", to.port()),
        "iat": now, "jti": format!("proof-{id}"), "ath": base64(hash.as_ref()),
    });
    let parts = [head, claims].map(|part| base64(part.to_string().as_bytes()));
    let signed = parts.join(".");
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes())?;
    Ok(format!("{signed}.{}", base64(signature.as_ref())))
}

/// A token that the provider has bound to a key opens nothing without proofs by that key.
#[tokio::test]
async fn its_bound_tokens_need_a_proof_each_time() -> Outcome<()> {
    let provider = IdentityProvider::start().await?;
    let backend = Backend::start(BackendOptions::default()).await?;
    let gate = gate_before(&backend, &config(&provider, "")).await?;
    let to = gate.address();
    let mut caller = Caller::open(to, HOME).await?;
    let (key, other) = (provider.bound_key().await?, provider.bound_key().await?);
    let bound = TokenOptions { proof: Some(&key.proof), ..TokenOptions::default() };
    let tokens = provider.tokens(bound).await?;
    let token = text(&tokens, "access_token")?;
    let mut show = async |proof: &str| {
        let host = ("host", format!("localhost:{}", to.port()));
        let shown = ("authorization", format!("DPoP {token}"));
        caller.say(&[host, shown, ("dpop", proof.to_owned())]).await
    };
    let first = proof(&key, token, to, 1)?;
    assert_eq!(show(&first).await?, "admit");
    assert_eq!(show(&first).await?, "identity/proof-used");
    assert_eq!(show(&proof(&key, token, to, 2)?).await?, "admit");
    assert_eq!(show(&proof(&other, token, to, 3)?).await?, "identity/proof-of-other");
    assert_eq!(show(&proof(&key, "another", to, 4)?).await?, "identity/proof-of-other");
    assert_eq!(show(&key.proof).await?, "identity/proof-of-other", "one for the provider");
    assert_eq!(backend.executed("/api/data").len(), 2, "what is refused does not run");
    gate.stop().await
}
